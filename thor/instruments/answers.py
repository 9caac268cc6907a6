"""How the session of a market or a symbol stands, from memory: no question asks the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from thor.instruments.live import product_groups
from thor.instruments.symbol import SymbolError, canonical
from thor.markets.calendar import Calendar
from thor.markets.live import market_table
from thor.markets.market import DEFAULT_MARKET
from thor.markets.now import market_now
from thor.markets.session import parse_instant, session_answer
from thor.runtime.problem import Problem

Fields = Mapping[str, str]


async def session_in(fields: Fields) -> dict[str, Any]:
    """The answer to a query with ``market``, ``symbol`` or neither, and ``at``. Raises Problem 422 or 503."""
    market, symbol, at = fields.get("market"), fields.get("symbol"), fields.get("at")
    if market is not None and symbol is not None:
        raise Problem("market and symbol: give one of them", status=422)
    at_us = market_now().now_us if at is None else _instant(at)
    name, calendar = await _of_market(market) if symbol is None else await _of_symbol(symbol)
    return session_answer(calendar, at_us, name)._asdict()


ANSWERS: Final[dict[str, Callable[[Fields], Awaitable[dict[str, Any]]]]] = {"/api/session": session_in}


def _instant(text: str) -> int:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise Problem(f"at: {error}", status=422) from None


async def _of_market(name: str | None) -> tuple[str, Calendar]:
    table = await market_table()
    found = table.market(DEFAULT_MARKET if name is None else name)
    return found.country, table.calendar(found.calendar)


async def _of_symbol(raw: str) -> tuple[str, Calendar]:
    """The product group of a symbol in any spelling, and the group's calendar."""
    try:
        symbol = canonical(raw[:40]).symbol
    except SymbolError as error:
        raise Problem(f"symbol: {error}", status=422) from None
    if (group := (await product_groups()).get(symbol)) is None:
        raise Problem(f"no such instrument: {symbol}; /api/instruments lists them", status=422)
    return group, (await market_table()).calendar(group)
