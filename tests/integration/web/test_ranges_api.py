"""Intraday metrics and the 52 weeks from a real web process."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.integration.web.conftest import Web
from tests.integration.web.test_markets_api import make_database
from tests.integration.web.test_web_api import assert_problem

#: Market, trade date, opened, and what is of the close or NULL.
SESSIONS = [
    ("USA", "2025-10-08", "2025-10-08 13:30Z", "'2025-10-08 20:00Z', 6719, 0.1, 0.2, -0.05, 12.5, 0.186, 1234567"),
    ("USA", "2025-10-09", "2025-10-09 13:30Z", "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL"),
    ("Japan", "2025-10-09", "2025-10-09 00:00Z", "'2025-10-09 06:30Z', 6719, 0.1, 0.2, -0.05, 12.5, 0.186, 1234567"),
]


@pytest.fixture(scope="module")
def api(database_url: str, valkey_url: str) -> Iterator[Web]:
    environ = make_database(database_url, valkey_url, "ranges_api").environ
    with psycopg.connect(environ["DATABASE_URL"]) as connection:
        for market, day, opened, closed in SESSIONS:
            connection.execute(
                "INSERT INTO indicators_intradaymetric (symbol, market, trade_date, opened, updated, market_open,"
                " market_high_open, market_high_pct_open, market_low_open, market_low_pct_open, closed, market_close,"
                " market_high_pct_close, market_low_pct_close, market_close_vs_open_pct, market_range,"
                f" market_range_pct, session_volume) VALUES ('ES', '{market}', '{day}', '{opened}', '{opened}',"
                f" 6719.50, 6720, 0.0074, 6719.10, 0, {closed})"
            )
        connection.execute(
            "INSERT INTO indicators_rolling52weekstats (symbol, high_52w, high_52w_date, low_52w, last_price_checked,"
            " all_time_high, all_time_low, all_time_low_date, last_updated)"
            " VALUES ('CL', 84.5, '2025-01-15', 55.25, 61.5, 147.27, -40.32, '2020-04-20', '2025-10-09 15:00Z')"
        )
    web = Web(environ, environ["THOR_NAMESPACE"], environ["REDIS_URL"]).start().ready()
    yield web
    assert web.stop() == 0


def test_the_newest_session_of_each_market_the_newest_first(api: Web) -> None:
    reply = api.get("/api/indicators/intraday?symbol=/es")
    assert reply.headers["cache-control"] == "no-store"
    answer = reply.json()
    assert (answer["symbol"], [row["market"] for row in answer["rows"]]) == ("ES", ["USA", "Japan"])
    assert answer["rows"][0] == {
        "market": "USA", "trade_date": "2025-10-09", "opened_at": "2025-10-09T13:30:00.000000Z",
        "updated_at": "2025-10-09T13:30:00.000000Z", "closed_at": None, "market_open": 6719.5,
        "market_high_open": 6720, "market_high_pct_open": 0.0074, "market_low_open": 6719.1, "market_low_pct_open": 0,
        "market_close": None, "market_high_pct_close": None, "market_low_pct_close": None,
        "market_close_vs_open_pct": None, "market_range": None, "market_range_pct": None, "session_volume": None,
    }  # fmt: skip
    assert (answer["rows"][1]["market_range"], answer["rows"][1]["session_volume"]) == (12.5, 1234567)


def test_one_market_and_an_instrument_without_rows(api: Web) -> None:
    rows = api.get("/api/indicators/intraday?symbol=ES&market=Japan").json()["rows"]
    assert [row["market"] for row in rows] == ["Japan"]
    assert api.get("/api/indicators/intraday?symbol=ZB").json() == {"symbol": "ZB", "rows": []}


def test_the_52_weeks_with_what_is_not_known_as_null(api: Web) -> None:
    assert api.get("/api/indicators/52w").json() == {
        "rows": [
            {
                "symbol": "CL", "high_52w": 84.5, "high_52w_date": "2025-01-15", "low_52w": 55.25,
                "low_52w_date": None, "all_time_high": 147.27, "all_time_high_date": None, "all_time_low": -40.32,
                "all_time_low_date": "2020-04-20", "last_price_checked": 61.5,
                "last_updated": "2025-10-09T15:00:00.000000Z",
            }
        ]
    }  # fmt: skip


@pytest.mark.parametrize(
    "query", ["", "symbol=XX", "symbol=ES&market=Atlantis", "symbol=ES&market=%0a", "symbol=", "symbol=ES&market="]
)
def test_a_wrong_question_is_one_line(api: Web, query: str) -> None:
    assert_problem(api.get(f"/api/indicators/intraday?{query}"), 422)
