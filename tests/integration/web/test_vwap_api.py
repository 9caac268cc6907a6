"""VWAP from a real web process: now by what the desk keeps on the bus, earlier instants by the rows."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest

from tests.integration.web.conftest import Web
from tests.integration.web.test_markets_api import make_database
from tests.integration.web.test_web_api import assert_problem
from thor.markets.trade_date import trade_date, utc
from thor.runtime.clock import SystemClock

#: Minute, last, cumulative, delta, VWAP of the date so far; the last two are of the next trade date.
MINUTES = [
    ("2025-10-09T13:31:00Z", "5342.25", 100, 100, "5342.25", "2025-10-09"),
    ("2025-10-09T13:40:00Z", "5343.25", 200, 100, "5342.75", "2025-10-09"),
    ("2025-10-09T21:00:00Z", "5350", 300, 100, "5345.166667", "2025-10-09"),
    ("2025-10-09T22:01:00Z", "5360", 50, 50, "5360", "2025-10-10"),
    ("2025-10-09T22:02:00Z", "5361", 100, 50, "5360.5", "2025-10-10"),
]


@pytest.fixture(scope="module")
def api(database_url: str, valkey_url: str) -> Iterator[Web]:
    environ = make_database(database_url, valkey_url, "vwap_api").environ
    with psycopg.connect(environ["DATABASE_URL"]) as connection:
        connection.cursor().executemany(
            "INSERT INTO indicators_vwapminute"
            " (symbol, minute, last_price, cumulative_volume, delta_volume, vwap, trade_date, is_restart)"
            " VALUES ('ES', %s, %s, %s, %s, %s, %s, false)",
            MINUTES,
        )
    web = Web(environ, environ["THOR_NAMESPACE"], environ["REDIS_URL"]).start().ready()
    yield web
    assert web.stop() == 0


@pytest.mark.parametrize(
    ("at", "vwap", "ts"),
    [
        ("2025-10-09T13:30:59Z", None, "13:30"),
        ("2025-10-09T13:31:00Z", 5342.25, "13:31"),
        ("2025-10-09T08:45:30-05:00", 5342.75, "13:45"),
        ("2025-10-09T21:59:59.999999Z", 5345.166667, "21:59"),
        ("2025-10-09T22:00:00Z", None, "22:00"),
        ("2025-10-09T22:02:00Z", 5360.5, "22:02"),
    ],
)
def test_today_at_an_instant_is_that_of_its_trade_date(api: Web, at: str, vwap: float | None, ts: str) -> None:
    reply = api.get("/api/vwap/today", params={"symbol": "ES", "at": at})
    ts = f"2025-10-09T{ts}:00.000000Z"
    assert reply.json() == {"symbol": "ES", "window": "today", "vwap": vwap, "vwap_deviation_pct": None, "ts": ts}
    assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("at", "window", "vwap"),
    [
        ("2025-10-09T13:40:00Z", 5, 5343.25),
        ("2025-10-09T13:40:00Z", 15, 5342.75),
        ("2025-10-09T13:45:00Z", 5, None),
        ("2025-10-09T13:44:59Z", 5, 5343.25),
        ("2025-10-09T13:46:00Z", 15, 5343.25),
        ("2025-10-09T22:00:59Z", 60, None),
        ("2025-10-09T21:59:59Z", 60, 5350),
        ("2025-10-09T22:30:00Z", 30, 5360.5),
    ],
)
def test_a_window_is_the_clock_minutes_before_an_instant(api: Web, at: str, window: int, vwap: float | None) -> None:
    found = api.get("/api/vwap/rolling", params={"symbol": "/ES", "window": window, "at": at}).json()
    assert (found["symbol"], found["window"], found["vwap"]) == ("ES", window, vwap)


def test_the_minutes_of_a_trade_date_keep_their_digits(api: Web) -> None:
    reply = api.get("/api/vwap/minutes?symbol=ES&trade_date=2025-10-09")
    assert '"last_price":5343.25,"delta_volume":100,"vwap":5342.75}' in reply.text
    found = reply.json()
    assert (found["symbol"], found["trade_date"], len(found["minutes"])) == ("ES", "2025-10-09", 3)
    assert found["minutes"][2] == {
        "ts": "2025-10-09T21:00:00.000000Z", "last_price": 5350, "delta_volume": 100, "vwap": 5345.166667,
    }  # fmt: skip
    today = api.get("/api/vwap/minutes?symbol=ES").json()
    assert today["minutes"] == [] and today["trade_date"] >= "2025-10-10"


def keep(web: Web, **rows: object) -> None:
    """What a desk would have on the bus."""
    for name, value in rows.items():
        if name in {"board_ES", "board_TOTAL"}:
            web.bus.hset(f"{web.namespace}:board:latest", name.removeprefix("board_"), json.dumps(value))
        else:
            web.bus.set(f"{web.namespace}:vwap:rolling:{name.replace('_', ':')}", json.dumps(value))


def test_now_is_what_the_desk_says(api: Web) -> None:
    nothing = {"vwap": None, "vwap_deviation_pct": None, "ts": None}
    assert api.get("/api/vwap/today?symbol=ES").json() == {"symbol": "ES", "window": "today", **nothing}
    assert api.get("/api/vwap/rolling?symbol=ES").json() == {"symbol": "ES", "window": 15, **nothing}
    ts, day = "2025-10-09T13:45:00.000000Z", trade_date(utc(SystemClock().now_us())).isoformat()
    keep(api, ES_5={"vwap": 5343.25, "ts": ts}, ES_60={"vwap": None, "ts": ts})
    keep(api, board_ES={"symbol": "ES", "trade_date": day, "vwap": 5342.75})
    keep(api, board_TOTAL={"as_of": ts, "vwap_deviation_pct": -0.0125})
    today = api.get("/api/vwap/today?symbol=ES").json()
    assert (today["vwap"], today["ts"]) == (5342.75, ts)
    assert api.get("/api/vwap/rolling?symbol=ES&window=5").json()["vwap"] == 5343.25
    hour = api.get("/api/vwap/rolling?symbol=ES&window=60").json()
    assert (hour["vwap"], hour["ts"]) == (None, ts)
    total = api.get("/api/vwap/today?symbol=TOTAL").json()
    wanted = {"symbol": "TOTAL", "window": "today", "vwap": None, "vwap_deviation_pct": -0.0125, "ts": ts}
    assert total == wanted
    keep(api, board_ES={"symbol": "ES", "trade_date": "2025-10-09", "vwap": 5342.75})
    assert api.get("/api/vwap/today?symbol=ES").json()["vwap"] is None


def test_an_instant_to_come_is_now(api: Web) -> None:
    found = api.get("/api/vwap/today?symbol=ES&at=2199-01-01T00:00:00Z").json()
    assert found["vwap"] is None
    assert found["ts"] < "2100"


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("today", "symbol: "),
        ("today?symbol=XX", "no such instrument: XX; /api/instruments lists them"),
        ("today?symbol=ES&at=now", "at: 'now' is no instant"),
        ("today?symbol=TOTAL&at=2025-10-09T13:45:00Z", "at: TOTAL's VWAP is known of now only"),
        ("rolling?symbol=ES&window=7", "window: '7' is none that is kept: give 5, 15, 30 or 60 (minutes)"),
        ("rolling?symbol=ES&window=", "window: '' is none"),
        ("rolling?symbol=TOTAL", "symbol: TOTAL has no volume and so no window"),
        ("minutes?symbol=ES&trade_date=20251009", "trade_date: '20251009' is no date"),
        ("minutes?symbol=ES&trade_date=2025-13-01", "trade_date: '2025-13-01' is no date"),
        ("minutes?symbol=..", "symbol: "),
    ],
)
def test_a_wrong_question_is_one_line(api: Web, path: str, detail: str) -> None:
    found = assert_problem(api.get(f"/api/vwap/{path}"), 422)
    assert detail in found["detail"]
