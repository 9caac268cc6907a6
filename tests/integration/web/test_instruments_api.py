"""The instruments of a real web process: from memory, in the board's order, an edit within a second."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.integration.web.conftest import Web
from tests.support import run_thor, wait_until
from thor.instruments.answers import CHAIN
from thor.instruments.api import InstrumentsAnswer
from thor.instruments.live import LOOK_SECONDS

Row = dict[str, Any]


@pytest.fixture
def api(fresh_thor: dict[str, str]) -> Iterator[Web]:
    web = Web(fresh_thor, fresh_thor["THOR_NAMESPACE"], fresh_thor["REDIS_URL"]).start().ready()
    yield web
    assert web.stop() == 0


def rows(api: Web, query: str = "") -> dict[str, Row]:
    answer = api.get(f"/api/instruments{query}")
    assert answer.status_code == 200, answer.text
    InstrumentsAnswer.model_validate_json(answer.content)
    return {each["symbol"]: each for each in answer.json()["instruments"]}


def edit(api: Web, sql: str) -> None:
    with psycopg.connect(api.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(sql)


def test_the_facts_of_an_instrument(api: Web) -> None:
    zb = rows(api)["ZB"]
    contracts = zb.pop("contracts")
    assert zb.pop("front_contract") in [each["contract"] for each in contracts]
    assert zb == {
        "symbol": "ZB", "name": "30-year T-bond", "exchange": "CBOT", "tick_size": "0.03125",
        "tick_value_usd": "31.25", "point_value_usd": "1000", "target_ticks": 3, "display_precision": 5,
        "currency": "USD", "group": "cbot_rates", "preferred_source": None, "spike_limit_pct": "5",
        "spike_limit_ticks": None, "spike_limit_atr": None, "may_be_negative": False, "months": "HMUZ",
        "roll": {"method": "days_before", "days_before": 2, "anchor": "first_notice_day", "months": "HMUZ"},
        "position": 10, "is_tracked": True,
    }  # fmt: skip
    assert len(contracts) == CHAIN
    assert contracts[0].keys() == {"contract", "last_trading_day", "first_notice_day", "left_on"}
    assert contracts[0]["left_on"] < contracts[0]["first_notice_day"] < contracts[0]["last_trading_day"]


def test_an_edit_is_seen_within_a_second(api: Web) -> None:
    assert list(rows(api))[:2] == ["YM", "ES"]
    front = rows(api)["GC"]["front_contract"]
    started = time.monotonic()
    edit(api, "UPDATE instruments_instrument SET tick_value_usd = 100 WHERE symbol = 'ES'")
    edit(api, "DELETE FROM instruments_watchlistentry WHERE instrument_id = "
              "(SELECT id FROM instruments_instrument WHERE symbol = 'YM')")  # fmt: skip
    edit(api, "UPDATE instruments_rollrule SET days_before = 60 WHERE instrument_id = "
              "(SELECT id FROM instruments_instrument WHERE symbol = 'GC')")  # fmt: skip
    wait_until(lambda: rows(api)["GC"]["roll"]["days_before"] == 60, 5)
    # Three statements, one look, and the answer to the question.
    assert time.monotonic() - started < LOOK_SECONDS + 0.5
    found = rows(api)
    assert (found["ES"]["tick_value_usd"], found["ES"]["target_ticks"]) == ("100", 1)
    assert (next(iter(found)), list(found)[-1], found["YM"]["is_tracked"]) == ("ES", "YM", False)
    assert found["GC"]["front_contract"] != front
    quotes = wait_until(lambda: (each := api.get("/api/quotes").json())["missing"][0] == "ES" and each, 1)
    assert "YM" not in quotes["missing"]


def test_the_roll_calendar_wins_over_the_rule(api: Web) -> None:
    es = rows(api)["ES"]
    leaving = es["front_contract"]
    then = next(each for each in es["contracts"] if each["contract"] == leaving)
    edit(api, "INSERT INTO instruments_roll (instrument_id, from_contract, to_contract, effective, decided_by, reason)"
              f" SELECT id, '{leaving}', 'X', '2020-01-06', 'volume', '' FROM instruments_instrument"
              " WHERE symbol = 'ES'")  # fmt: skip
    found = wait_until(lambda: each if (each := rows(api)["ES"])["front_contract"] != leaving else None, 5)
    assert next(each for each in found["contracts"] if each["contract"] == leaving)["left_on"] == "2020-01-06"
    assert then["left_on"] > "2020-01-06"


def test_an_instrument_of_a_person_has_no_chain(api: Web) -> None:
    edit(api, "INSERT INTO instruments_instrument (symbol, name, exchange, tick_size, tick_value_usd,"
              " display_precision, currency, \"group\", months, may_be_negative, preferred_source)"
              " VALUES ('BTC', 'Bitcoin', 'CME', 5, 25, 0, 'USD', 'cme_equity', 'HMUZ', false, '')")  # fmt: skip
    btc = wait_until(lambda: rows(api).get("BTC"), 5)
    assert (btc["front_contract"], btc["contracts"], btc["roll"], btc["is_tracked"]) == (None, [], None, False)
    assert btc["position"] == 11


def test_behind_django_the_answer_is_the_same_and_the_database_may_be_away(api: Web) -> None:
    assert api.get("/api/instruments?namespace=").content == api.get("/api/instruments").content
    name = api.environ["DATABASE_URL"].rpartition("/")[2].partition("?")[0]
    before = rows(api)
    server = api.environ["DATABASE_URL"].replace(f"/{name}", "/postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            wait_until(lambda: api.get("/readyz").status_code == 503, 15)
            assert rows(api) == before
        finally:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    edit(api, "UPDATE instruments_instrument SET name = 'back' WHERE symbol = 'ES'")
    wait_until(lambda: rows(api)["ES"]["name"] == "back", 5)


def test_seeds_of_signals_are_there_after_prepare(api: Web) -> None:
    said = run_thor(api.environ, "seed_symbol_config").stdout
    assert "instruments: 0 created, 11 already there; 11 announced on the bus" in said
    assert "signals: 28 values created, 0 already there" in said
