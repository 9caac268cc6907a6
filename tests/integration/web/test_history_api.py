"""The history API at a real web process: what is not in the lake yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import psycopg
import pytest

from tests.integration.web.conftest import Web
from tests.integration.web.test_markets_api import make_database
from tests.integration.web.test_web_api import assert_problem
from thor.lake.layout import Timeframe

NEWEST = datetime.fromisoformat("2025-10-09T13:33:10Z")


@pytest.fixture(scope="module")
def api(database_url: str, valkey_url: str) -> Iterator[Web]:
    environ = make_database(database_url, valkey_url, "bars_api").environ
    with psycopg.connect(environ["DATABASE_URL"]) as connection:
        connection.execute(
            "CREATE TABLE ticks_made PARTITION OF ticks FOR VALUES FROM ('2025-10-04 00:00Z') TO ('2025-10-11 00:00Z')"
        )
        connection.cursor().executemany(
            "INSERT INTO ticks (symbol, ts, last, volume, source, seq, trade_date, stream_id)"
            " VALUES ('ES', %s, %s, %s, 'MOCK', %s, '2025-10-09', %s)",
            [
                ("2025-10-09T13:31:10Z", "5342.00", 100, 1, "1760016670000-0"),
                ("2025-10-09T13:31:50Z", "5342.50", 130, 2, "1760016710000-0"),
                (NEWEST.isoformat(), "5341.75", 131, 3, "1760016790000-0"),
            ],
        )
    web = Web(environ, environ["THOR_NAMESPACE"], environ["REDIS_URL"]).start().ready()
    yield web
    assert web.stop() == 0


def test_bars_up_to_the_newest_tick(api: Web) -> None:
    reply = api.get("/api/history/bars?symbol=ES&timeframe=1m")
    assert reply.headers["cache-control"] == "no-store"
    more = {"trade_date": "2025-10-09", "bid_close": None, "ask_close": None, "spread_mean": None, "contract": None}
    assert reply.json() == {
        "symbol": "ES", "timeframe": "1m", "adjust": "none", "rolls": [], "truncated": False,
        "newest": "2025-10-09T13:33:10.000000Z",
        "bars": [
            {"ts": "2025-10-09T13:31:00.000000Z", "open": 5342.0, "high": 5342.5, "low": 5342.0, "close": 5342.5,
             "volume": 30, "vwap": 5342.5, "tick_count": 2, "session": "RTH"} | more,
            {"ts": "2025-10-09T13:33:00.000000Z", "open": 5341.75, "high": 5341.75, "low": 5341.75, "close": 5341.75,
             "volume": 1, "vwap": 5341.75, "tick_count": 1, "session": "RTH"} | more,
        ],
    }  # fmt: skip


@pytest.mark.parametrize("timeframe", Timeframe)
def test_every_timeframe_answers(api: Web, timeframe: Timeframe) -> None:
    bars = api.get(f"/api/history/bars?symbol=%2Fes&timeframe={timeframe}").json()["bars"]
    assert sum(bar["tick_count"] for bar in bars) == 3
    assert api.get(f"/api/history/bars?symbol=YM&timeframe={timeframe}").json()["bars"] == []


def test_a_span(api: Web) -> None:
    asked = "/api/history/bars?symbol=ES&timeframe=1m"
    found = {
        "&start=2025-10-09T13:32:00Z": ["13:33"],
        "&end=2025-10-09T13:33:00Z": ["13:31"],
        "&start=2025-10-09T08:31:30-05:00&end=2025-10-09T13:33:01Z": ["13:31", "13:33"],
        "&start=2001-10-09T08:00:00Z&end=2099-10-09T13:33:01Z": ["13:31", "13:33"],
        "&start=2025-10-10T08:00:00Z": [],
    }
    for span, times in found.items():
        assert [bar["ts"][11:16] for bar in api.get(asked + span).json()["bars"]] == times, span


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("timeframe=1m", "symbol: Field required"),
        ("symbol=ES", "timeframe: Field required"),
        ("symbol=ES&timeframe=2m", "timeframe: Input should be '1s', '5s', '1m', '5m', '15m', '1h' or '1d'"),
        ("symbol=ZZ&timeframe=1m", "no such instrument: ZZ; /api/instruments lists them"),
        ("symbol=%20&timeframe=1m", "symbol: "),
        ("symbol=ES&timeframe=1m&start=noon", "start: 'noon' is no instant: give ISO 8601 with a zone"),
        ("symbol=ES&timeframe=1m&end=2025-10-09T13:31:00", "end: '2025-10-09T13:31:00' is no instant"),
        (
            "symbol=ES&timeframe=1m&start=2025-10-09T13:31:00Z&end=2025-10-09T13:31:00Z",
            "end is not after start: give a later one",
        ),
    ],
)
def test_a_wrong_question_is_told_in_one_line(api: Web, query: str, detail: str) -> None:
    problem = assert_problem(api.get(f"/api/history/bars?{query}"), 422)
    assert problem["detail"].startswith(detail)
