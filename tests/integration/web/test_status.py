"""``GET /api/status`` and ``thor status``: the desk and its jobs."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.integration.web.conftest import Web
from thor.ops.status import status_lines
from thor.quotes.keys import Keys

HEALTH = {
    "owner": "here:1:ab", "standby": "1", "position": "2025-10-09T17:46:30.000000Z", "lag_ms": "2",
    "next_market": "USA", "next_kind": "CLOSE", "next_at": "2025-10-09T20:00:00.000000Z", "transitions": "4",
    "open": "USA", "updated_at": "2025-10-09T17:46:30.000000Z", "cursor": "1-1", "quotes": "9", "refused": "0",
}  # fmt: skip


def told(answer: dict[str, Any]) -> list[str]:
    """What `thor status` says of it."""
    status = {"running": True, "pid": 1, "home": "/h", "url": "http://x", "ready": True, "services": []}
    lines = status_lines({**status, "feed": {**answer, "sources": []}})
    return [line for line in lines if line.startswith(("desk", "jobs"))]


def test_the_status_knows_the_desk_and_its_jobs(web: Web) -> None:
    before = web.get("/api/status").json()
    assert before["desk"] is None
    assert told(before)[0] == "desk      none leads"
    web.bus.hset(Keys(web.namespace).desk_health, mapping=HEALTH)
    with psycopg.connect(web.environ["DATABASE_URL"], autocommit=True) as database:
        database.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('q', 'x', 'todo'),"
            " ('q', 'x', 'doing'), ('q', 'x', 'failed'), ('q', 'x', 'failed'), ('q', 'x', 'succeeded')"
        )
        try:
            answer = web.get("/api/status").json()
        finally:
            database.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'x'")
    assert answer["jobs"] == {"waiting": 1, "running": 1, "failed": 2, "workers": 0}
    assert answer["desk"] == {
        "leader": "here:1:ab", "standby": 1, "position": "2025-10-09T17:46:30.000000Z", "lag_ms": 2,
        "next_market": "USA", "next_kind": "CLOSE", "next_at": "2025-10-09T20:00:00.000000Z", "transitions": 4,
        "updated_at": "2025-10-09T17:46:30.000000Z",
    }  # fmt: skip
    assert told(answer) == [
        "desk      here:1:ab leads, 1 on standby, lag 2 ms, next USA CLOSE at 2025-10-09T20:00:00Z",
        "jobs      1 waiting, 1 running, 2 failed, 0 workers",
    ]


def test_without_a_database_the_status_still_answers(make_web: Any) -> None:
    web = make_web(DATABASE_URL="postgresql://thor@127.0.0.1:9/thor")
    answer = web.get("/api/status").json()
    assert answer["jobs"] is None
    assert told(answer)[1] == "jobs      not known: the database does not answer"
