"""What the world clock answers, from memory: no question asks the database."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from thor.markets.composite import RegionShare, Weighed, by_region, share
from thor.markets.live import MarketTable, market_table
from thor.markets.models import Market
from thor.markets.now import MarketNow, market_now
from thor.markets.session import instant_text, session_answer
from thor.runtime.decimals import plain

Fields = Mapping[str, str]


async def markets_answer(_fields: Fields) -> dict[str, Any]:
    """The active markets with their sessions. Raises Problem 503 where there is nothing to answer from."""
    now, table = market_now(), await market_table()
    return _head(now) | {"markets": [_row(each, table, now) for each in table.active()]}


async def composite_answer(_fields: Fields) -> dict[str, Any]:
    """The active control markets by weight and region. Raises Problem 503 where there is nothing to answer from."""
    now, table = market_now(), await market_table()
    regions = by_region(_weighed(table, now))
    weight = sum((each.weight for each in regions), Decimal(0))
    opened = sum((each.open_weight for each in regions), Decimal(0))
    total = {"weight": plain(weight), "open_weight": plain(opened), "open_share": str(share(opened, weight))}
    return _head(now) | total | {"regions": [_region(each) for each in regions]}


def encode(answer: Mapping[str, Any]) -> bytes:
    """An answer as JSON."""
    return msgspec.json.encode(answer)


def _head(now: MarketNow) -> dict[str, Any]:
    clock = {"simulated": now.simulated, "speed": now.speed, "namespace": now.namespace}
    return {"now": instant_text(now.now_us), "clock": clock}


def _row(market: Market, table: MarketTable, now: MarketNow) -> dict[str, Any]:
    facts = {
        "country": market.country,
        "display_name": market.display_name,
        "region": market.region,
        "currency": market.currency,
        "position": market.position,
        "weight": plain(market.weight),
        "is_control_market": market.is_control_market,
        "enable_futures_capture": market.enable_futures_capture,
        "enable_open_capture": market.enable_open_capture,
        "enable_close_capture": market.enable_close_capture,
        "open_time": f"{market.open_time:%H:%M}",
        "close_time": f"{market.close_time:%H:%M}",
    }
    return facts | session_answer(table.calendar_of(market), now.now_us, market.country)._asdict()


def _weighed(table: MarketTable, now: MarketNow) -> list[Weighed]:
    return [
        Weighed(each.country, each.region, each.weight, table.calendar_of(each).status(now.now_us))
        for each in table.active()
        if each.is_control_market
    ]


def _region(each: RegionShare) -> dict[str, Any]:
    return {
        "region": each.region,
        "weight": plain(each.weight),
        "open_weight": plain(each.open_weight),
        "open_share": str(each.open_share),
        "is_open": bool(each.open),
        "open": each.open,
        "unknown": each.unknown,
        "markets": each.markets,
    }
