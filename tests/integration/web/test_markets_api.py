"""The world clock of a real web process, over calendars written by hand into a database of its own."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from tests.integration.web.conftest import MakeWeb, Web
from tests.integration.web.test_web_api import LOG_IN, assert_problem
from tests.support import create_migrated, run_thor, wait_until
from thor.markets.market import MARKETS

ENDPOINTS = ["/api/session", "/api/markets", "/api/markets/composite", "/api/timezones/markets/"]
Span = tuple[str, str, str, str]
#: Thanksgiving week: trade date, phase, open and close in UTC.
NEW_YORK: list[Span] = [
    ("2026-11-25", "pre", "2026-11-25 09:00Z", "2026-11-25 14:30Z"),
    ("2026-11-25", "regular", "2026-11-25 14:30Z", "2026-11-25 21:00Z"),
    ("2026-11-25", "post", "2026-11-25 21:00Z", "2026-11-26 01:00Z"),
    ("2026-11-27", "regular", "2026-11-27 14:30Z", "2026-11-27 18:00Z"),
]
GLOBEX: list[Span] = [
    ("2026-11-25", "regular", "2026-11-24 23:00Z", "2026-11-25 22:00Z"),
    ("2026-11-25", "maintenance", "2026-11-25 22:00Z", "2026-11-25 23:00Z"),
    ("2026-11-27", "regular", "2026-11-25 23:00Z", "2026-11-26 19:30Z"),
]


@dataclass
class Database:
    """A migrated, seeded database and what a Thor on it has in its environment."""

    url: str
    environ: dict[str, str]

    def run(self, sql: str, *values: Any) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql, values)

    def compile(
        self, name: str, zone: str, spans: Sequence[Span], days: Sequence[tuple[Any, ...]] = (), *,
        first: str = "2026-11-24 06:00Z", end: str = "2026-12-01 06:00Z",
    ) -> None:  # fmt: skip
        """Write a calendar as sync_calendars does: in one transaction, under a new digest."""
        with psycopg.connect(self.url) as connection:
            for table in ("sessioninterval", "calendarday", "calendaredition"):
                connection.execute(f"DELETE FROM markets_{table} WHERE calendar = %s", [name])
            connection.cursor().executemany(
                "INSERT INTO markets_sessioninterval (calendar, trade_date, phase, open_utc, close_utc, holiday_name,"
                " source, library_version) VALUES (%s, %s, %s, %s, %s, '', 'test', '')",
                [(name, *span) for span in spans],
            )
            connection.cursor().executemany(
                "INSERT INTO markets_calendarday (calendar, date, name, is_holiday, is_closed, is_early_close, source)"
                " VALUES (%s, %s, %s, %s, %s, %s, 'test')",
                [(name, *day) for day in days],
            )
            connection.execute(
                "INSERT INTO markets_calendaredition (calendar, timezone_name, first_utc, end_utc, library_version,"
                " digest, compiled_at) VALUES (%s, %s, %s, %s, '', %s, now())",
                [name, zone, first, end, uuid.uuid4().hex],
            )


def make_database(database_url: str, valkey_url: str, name: str) -> Database:
    own = create_migrated(database_url, name)
    environ = {**os.environ, "DATABASE_URL": own, "REDIS_URL": valkey_url, "THOR_NAMESPACE": name}
    for command in (["seed_instruments"], ["seed_markets"]):
        run_thor(environ, *command)
    return Database(environ["DATABASE_URL"], environ)


@pytest.fixture(scope="module")
def database(database_url: str, valkey_url: str) -> Database:
    made = make_database(database_url, valkey_url, "markets_api")
    made.compile(
        "XNYS", "America/New_York", NEW_YORK,
        [
            ("2026-11-26", "Thanksgiving Day", True, True, False),
            ("2026-11-27", "Day after Thanksgiving", False, False, True),
        ],
    )  # fmt: skip
    holiday = [("2026-11-26", "Thanksgiving Day", True, False, True)]
    made.compile("cme_equity", "America/Chicago", GLOBEX, holiday)
    made.compile("cme_metals_energy", "America/Chicago", GLOBEX, holiday)
    return made


@pytest.fixture(scope="module")
def api(database: Database) -> Iterator[Web]:
    web = Web(database.environ, "markets_api", database.environ["REDIS_URL"]).start().ready()
    yield web
    assert web.stop() == 0


def test_a_session_at_any_instant(api: Web) -> None:
    assert api.get("/api/session?at=2026-11-27T15:00:00Z").json() == {
        "market": "USA", "status": "OPEN", "phase": "OPEN", "is_open": True, "resumes_at": None,
        "now": "2026-11-27T15:00:00.000000Z", "current_time": "2026-11-27T10:00:00.000000-05:00",
        "next_transition": "2026-11-27T18:00:00.000000Z", "next_transition_at": "2026-11-27T18:00:00.000000Z",
        "next_transition_type": "CLOSE", "seconds_to_next": 10800.0, "is_trading_day": True, "is_weekend": False,
        "is_holiday": False, "holiday": None, "holiday_name": "Day after Thanksgiving", "is_early_close": True,
        "trade_date": "2026-11-27", "timezone": "America/New_York",
    }  # fmt: skip


def test_a_market_in_any_case_and_a_symbol_in_any_spelling(api: Web) -> None:
    at = "&at=2026-11-26T12:00:00-06:00"
    globex = api.get(f"/api/session?market=cme_futures{at}").json()
    assert (globex["market"], globex["status"], globex["trade_date"]) == ("CME_Futures", "OPEN", "2026-11-27")
    assert (globex["is_holiday"], globex["is_trading_day"], globex["is_early_close"]) == (True, False, True)
    for symbol in ("GC", "gc", "%2FGC:XCEC", "/GCZ26"):
        gold = api.get(f"/api/session?symbol={symbol}{at}").json()
        assert (gold["market"], gold["status"]) == ("cme_metals_energy", "OPEN")


def test_beyond_the_calendar_the_answer_is_unknown(api: Web) -> None:
    answer = api.get("/api/session?at=2031-01-02T15:00:00Z").json()
    assert (answer["status"], answer["is_open"], answer["trade_date"]) == ("UNKNOWN", None, None)


def test_no_instant_given_means_now(api: Web) -> None:
    before = datetime.now(UTC)
    answer = api.get("/api/session?market=USA").json()
    assert before <= datetime.fromisoformat(answer["now"]) <= datetime.now(UTC)
    assert datetime.fromisoformat(answer["current_time"]) == datetime.fromisoformat(answer["now"])


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("market=USA&symbol=ES", 422, "one of them"),
        ("market=Atlantis", 422, "/api/markets lists them"),
        ("market=", 422, "no such market"),
        ("market=%00", 422, "no such market"),
        ("symbol=XX", 422, "/api/instruments lists them"),
        ("symbol=", 422, "is no symbol"),
        ("symbol=" + "A" * 5000, 422, "is no symbol"),
        ("symbol=%3Cscript%3E", 422, "is no symbol"),
        ("at=yesterday", 422, "ISO 8601 with a zone"),
        ("at=2026-11-27T18:00:00", 422, "ISO 8601 with a zone"),
        ("at=2026-11-27T18:00:00+01:00", 422, "%2B"),
        ("at=9999-12-31T23:59:59Z", 422, "out of reach"),
        ("at=", 422, "no instant"),
        ("market=Japan", 503, "sync_calendars"),
        ("symbol=DX", 503, "sync_calendars"),
    ],
)
def test_what_cannot_be_answered_is_said_in_one_line(api: Web, query: str, status: int, says: str) -> None:
    detail = assert_problem(api.get(f"/api/session?{query}"), status)["detail"]
    assert says in detail
    assert len(detail) < 250


def test_all_markets_with_their_sessions(api: Web) -> None:
    from thor.markets.api import MarketsAnswer

    reply = api.get("/api/markets")
    MarketsAnswer.model_validate_json(reply.content)
    answer = reply.json()
    assert reply.headers["cache-control"] == "no-store"
    assert answer["clock"] == {"simulated": False, "speed": 1.0, "namespace": "markets_api"}
    assert [each["country"] for each in answer["markets"]] == [facts.country for facts in MARKETS]
    tokyo, usa = answer["markets"][0], answer["markets"][7]
    assert (usa["country"], usa["market"], usa["weight"], usa["open_time"]) == ("USA", "USA", "0.25", "09:30")
    assert {each["now"] for each in answer["markets"]} == {answer["now"]}
    # Its calendar was never compiled: said so, without a guess.
    assert (tokyo["status"], tokyo["is_open"], tokyo["timezone"]) == ("UNKNOWN", None, "Asia/Tokyo")
    assert api.get("/api/timezones/markets/").json()["markets"][7]["country"] == "USA"


def test_the_answers_are_as_their_schemas_say(api: Web) -> None:
    from thor.markets.api import CompositeAnswer, MarketSession

    for path, schema in (("/api/markets/composite", CompositeAnswer), ("/api/session", MarketSession)):
        answer = api.get(path)
        schema.model_validate_json(answer.content)
        assert set(answer.json()) == set(schema.model_fields)


def around_now(hours: float) -> dict[str, str]:
    now = datetime.now(UTC)
    return {"first": str(now - timedelta(hours=hours)), "end": str(now + timedelta(hours=hours))}


def test_a_newly_compiled_calendar_and_what_a_person_edits_are_seen(api: Web, database: Database) -> None:
    before = api.get("/api/markets/composite").json()
    assert before["weight"] == "1"
    assert [each["region"] for each in before["regions"]] == ["Asia", "Europe", "Americas"]
    assert before["regions"][0]["unknown"] == ["Japan", "China", "India"]
    now = datetime.now(UTC)
    opens, closes = now - timedelta(hours=1), now + timedelta(hours=1)
    database.compile("XTKS", "Asia/Tokyo", [(str(now.date()), "regular", str(opens), str(closes))], **around_now(2))
    database.run("UPDATE markets_market SET is_active = false WHERE country = 'Canada'")
    database.run("UPDATE markets_market SET weight = 0.3 WHERE country = 'Mexico'")
    database.run("UPDATE markets_market SET calendar = 'XFOO' WHERE country = 'CME_Futures'")
    database.run("UPDATE instruments_instrument SET \"group\" = 'cme_equity' WHERE symbol = 'DX'")
    assert "0 created, 11 already there" in run_thor(database.environ, "seed_markets").stdout

    def asia() -> dict[str, Any] | None:
        found: dict[str, Any] = api.get("/api/markets/composite").json()["regions"][0]
        return found if found["open"] else None

    found = wait_until(asia, 15)
    assert (found["weight"], found["open_weight"], found["open_share"]) == ("0.4", "0.25", "0.6250")
    assert (found["open"], found["unknown"], found["is_open"]) == (["Japan"], ["China", "India"], True)
    rows = {each["country"]: each for each in api.get("/api/markets").json()["markets"]}
    assert "Canada" not in rows
    assert rows["Mexico"]["weight"] == "0.3"
    assert (rows["Japan"]["status"], rows["Japan"]["next_transition_type"]) == ("OPEN", "CLOSE")
    assert "XFOO was never compiled" in assert_problem(api.get("/api/session?market=CME_Futures"), 503)["detail"]
    wait_until(lambda: api.get("/api/session?symbol=DX").json()["market"] == "cme_equity", 15)


def test_a_field_given_twice_is_refused(api: Web) -> None:
    assert "give it once" in assert_problem(api.get("/api/session?market=USA&market=Japan"), 400)["detail"]


def test_behind_django_the_answers_are_the_same(api: Web) -> None:
    """``namespace`` leads a request to Django: with this process's own, it answers what memory does."""
    at = "at=2026-11-27T15:00:00Z"
    own = api.get(f"/api/session?{at}")
    behind = api.get(f"/api/session?{at}&namespace=")
    assert (behind.status_code, behind.content) == (200, own.content)
    assert behind.headers["cache-control"] == own.headers["cache-control"] == "no-store"
    assert behind.headers["content-type"] == own.headers["content-type"] == "application/json"
    for query in ("market=Atlantis", "at=noon", "market=a&symbol=b", "market=USA&market=Japan"):
        refused, same = api.get(f"/api/session?{query}"), api.get(f"/api/session?{query}&namespace=")
        assert (same.status_code, same.json()) == (refused.status_code, refused.json())


@pytest.mark.parametrize("path", ENDPOINTS)
def test_other_methods_are_not_allowed(api: Web, path: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        reply = httpx.request(method, f"{api.url}{path}")
        assert_problem(reply, 405)
        assert "GET" in reply.headers["allow"]
    assert httpx.head(f"{api.url}{path}").content == b""


def test_without_markets_or_calendars_the_answer_says_what_to_do(
    make_web: MakeWeb, database_url: str, valkey_url: str
) -> None:
    empty = make_database(database_url, valkey_url, "markets_empty")
    web = make_web(DATABASE_URL=empty.url).ready()
    for path in ENDPOINTS:
        assert "thor sync_calendars" in assert_problem(web.get(path), 503)["detail"]
    empty.run("DELETE FROM markets_market")
    web.stop()
    assert "thor seed_markets" in assert_problem(web.start().get("/api/markets"), 503)["detail"]


def test_while_the_database_is_away_the_last_table_stands(
    make_web: MakeWeb, database: Database, database_url: str
) -> None:
    web = make_web(DATABASE_URL=database.url).ready()
    assert web.get("/api/markets").status_code == 200
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER DATABASE markets_api ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'markets_api'")
        try:
            wait_until(lambda: web.get("/api/alerts").status_code == 503, 15)
            assert [web.get(path).status_code for path in ENDPOINTS] == [200] * 4
            away = make_web(DATABASE_URL=database.url)
            for path in ENDPOINTS:
                assert "database" in assert_problem(away.get(path), 503)["detail"]
        finally:
            connection.execute("ALTER DATABASE markets_api ALLOW_CONNECTIONS true")
    wait_until(lambda: away.get("/api/markets").status_code == 200, 15)


def test_login_is_required_where_it_is(make_web: MakeWeb, database: Database) -> None:
    web = make_web(DATABASE_URL=database.url, THOR_REQUIRE_LOGIN="1").ready()
    key = run_thor(web.environ, "shell", "--no-imports", "-c", LOG_IN).stdout.strip().splitlines()[-1]
    for path in ENDPOINTS:
        assert_problem(web.get(path), 401)
        assert web.get(path, cookies={"sessionid": key}).status_code == 200


def test_openapi_describes_them(api: Web) -> None:
    document = json.loads(api.get("/api/openapi.json").content)
    assert set(ENDPOINTS) <= set(document["paths"])
    row = document["components"]["schemas"]["MarketRow"]["properties"]
    assert row["status"] == {"$ref": "#/components/schemas/Status", "description": row["status"]["description"]}
