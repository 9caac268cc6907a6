"""The endpoints over a table in memory. A unit test may not touch a database, so no request asks it."""

from __future__ import annotations

import asyncio
from datetime import time
from decimal import Decimal
from typing import Any

import pytest
from django.test import AsyncClient

from tests.unit.markets.test_session import CME, NEW_YORK, us
from thor.config import api as config_api
from thor.instruments import live as instruments_live
from thor.instruments.instrument import BY_SYMBOL
from thor.instruments.selectors import Catalogue, Listed
from thor.markets import answers
from thor.markets import live as markets_live
from thor.markets.live import MarketTable
from thor.markets.models import Market
from thor.markets.now import MarketNow

NOW = us("2026-11-26 15:00")


def market(country: str, calendar: str, weight: str, **given: Any) -> Market:
    facts: dict[str, Any] = {
        "country": country, "display_name": country, "region": "Americas", "timezone_name": "America/New_York",
        "calendar": calendar, "open_time": time(9, 30), "close_time": time(16), "currency": "USD",
        "weight": Decimal(weight), "is_control_market": Decimal(weight) > 0,
    }  # fmt: skip
    return Market(**facts | given)


TABLE = MarketTable(
    (
        market("USA", "XNYS", "0.2500"),
        market("CME_Futures", "cme_equity", "0.7500"),
        market("Off", "XNYS", "0.5", is_active=False),
    ),
    {"XNYS": NEW_YORK, "cme_equity": CME},
)


ES = Listed(BY_SYMBOL["ES"], "USD", "", 0, None, None, ())


class Holding:
    """Stands where a process keeps a value."""

    def __init__(self, value: Any) -> None:
        self.value = value

    async def table(self) -> Any:
        return self.value

    async def get(self) -> Any:
        return self.value

    async def may_read(self, _host: str, _cookies: str) -> bool:
        """Who may is tested on a real web process."""
        return True


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_api, "gate", lambda: Holding(None))
    monkeypatch.setattr(markets_live, "_live", Holding(TABLE))
    monkeypatch.setattr(instruments_live, "_kept", Holding(Catalogue((ES,))))
    replay = MarketNow(NOW, simulated=True, speed=None, namespace="r1")
    monkeypatch.setattr(answers, "market_now", lambda: replay)


def get(path: str) -> Any:
    answer = asyncio.run(AsyncClient().get(path))
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_sessions_without_a_query() -> None:
    at = "at=2026-11-26T17:00:00Z"
    assert get(f"/api/session?{at}")["holiday"] == "Thanksgiving Day"
    assert get(f"/api/session?symbol=/ESZ26&{at}")["status"] == "OPEN"
    # One that the clock does not follow can still be asked for.
    assert get(f"/api/session?market=off&{at}")["market"] == "Off"


def test_markets_without_a_query_in_whose_time_it_is() -> None:
    answer = get("/api/markets")
    assert answer["clock"] == {"simulated": True, "speed": None, "namespace": "r1"}
    assert answer["now"] == "2026-11-26T15:00:00.000000Z"
    assert [(each["country"], each["status"]) for each in answer["markets"]] == [
        ("USA", "CLOSED"), ("CME_Futures", "OPEN"),
    ]  # fmt: skip


def test_the_composite_without_a_query() -> None:
    answer = get("/api/markets/composite")
    assert (answer["weight"], answer["open_weight"], answer["open_share"]) == ("1", "0.75", "0.7500")
    assert [each["open"] for each in answer["regions"]] == [["CME_Futures"]]
