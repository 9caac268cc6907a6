"""Instruments, and how the session of a market or a symbol stands, from memory: no question asks the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from thor.instruments.contract import (
    Contract,
    ContractError,
    RollDays,
    chain,
    first_notice_day,
    front,
    last_trading_day,
    roll_date,
)
from thor.instruments.instrument import InstrumentFacts, target_ticks
from thor.instruments.live import catalogue
from thor.instruments.selectors import Listed
from thor.instruments.symbol import SymbolError, canonical
from thor.markets.calendar import Calendar
from thor.markets.live import market_table
from thor.markets.market import DEFAULT_MARKET
from thor.markets.now import market_now
from thor.markets.session import parse_instant, session_answer
from thor.markets.trade_date import trade_date_span
from thor.runtime.decimals import plain
from thor.runtime.problem import Problem

Fields = Mapping[str, str]
#: How many contracts of a chain are told.
CHAIN: Final = 4


async def instruments_answer(_fields: Fields) -> dict[str, Any]:
    """Every instrument, the board's first and in its order. Raises Problem 503."""
    listed, now_us = (await catalogue()).listed, market_now().now_us
    return {"instruments": [_row(each, now_us, position) for position, each in enumerate(listed)]}


async def session_in(fields: Fields) -> dict[str, Any]:
    """The answer to a query with ``market``, ``symbol`` or neither, and ``at``. Raises Problem 422 or 503."""
    market, symbol, at = fields.get("market"), fields.get("symbol"), fields.get("at")
    if market is not None and symbol is not None:
        raise Problem("market and symbol: give one of them", status=422)
    at_us = market_now().now_us if at is None else _instant(at)
    name, calendar = await _of_market(market) if symbol is None else await _of_symbol(symbol)
    return session_answer(calendar, at_us, name)._asdict()


ANSWERS: Final[dict[str, Callable[[Fields], Awaitable[dict[str, Any]]]]] = {
    "/api/instruments": instruments_answer,
    "/api/session": session_in,
}


def _row(each: Listed, now_us: int, position: int) -> dict[str, Any]:
    facts = each.facts
    chained = _contracts(each, trade_date_span(now_us, facts.group).trade_date)
    return _facts(each) | {"position": position, "is_tracked": each.place is not None} | chained


@lru_cache(maxsize=256)
def _facts(each: Listed) -> dict[str, Any]:
    facts = each.facts
    return {
        "symbol": facts.symbol,
        "name": facts.name,
        "exchange": facts.exchange,
        "tick_size": plain(facts.tick_size),
        "tick_value_usd": plain(facts.tick_value_usd),
        "point_value_usd": plain(facts.point_value_usd),
        "target_ticks": target_ticks(facts.tick_value_usd),
        "display_precision": facts.display_precision,
        "currency": each.currency,
        "group": facts.group,
        "preferred_source": each.preferred_source or None,
        "spike_limit_pct": _plain_or_none(facts.spike_limit_pct),
        "spike_limit_ticks": facts.spike_limit_ticks,
        "spike_limit_atr": _plain_or_none(facts.spike_limit_atr),
        "may_be_negative": facts.may_be_negative,
        "months": facts.months,
        "roll": _roll(each),
    }


def _plain_or_none(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _roll(each: Listed) -> dict[str, Any] | None:
    if (rule := each.roll) is None:
        return None
    return {
        "method": each.roll_method,
        "days_before": rule.days_before,
        "anchor": rule.anchor.value,
        "months": rule.months,
    }


@lru_cache(maxsize=256)
def _contracts(each: Listed, on: date) -> dict[str, Any]:
    """The chain on a trade date; nothing for a root whose contracts end by a rule that is not known."""
    rule, decided = each.roll, dict(each.decided)
    try:
        found = chain(each.facts.symbol, on, CHAIN, each.facts.months)
        leading = None if rule is None else front(each.facts.symbol, on, rule, decided).name
    except ContractError:
        return {"front_contract": None, "contracts": []}
    return {"front_contract": leading, "contracts": [_contract(contract, rule, decided) for contract in found]}


def _contract(contract: Contract, rule: RollDays | None, decided: Mapping[str, date]) -> dict[str, Any]:
    notice = first_notice_day(contract)
    leaves = decided.get(contract.name) or (None if rule is None else roll_date(contract, rule))
    return {
        "contract": contract.name,
        "last_trading_day": last_trading_day(contract).isoformat(),
        "first_notice_day": None if notice is None else notice.isoformat(),
        "left_on": None if leaves is None else leaves.isoformat(),
    }


def _instant(text: str) -> int:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise Problem(f"at: {error}", status=422) from None


async def _of_market(name: str | None) -> tuple[str, Calendar]:
    table = await market_table()
    found = table.market(DEFAULT_MARKET if name is None else name)
    return found.country, table.calendar(found.calendar)


async def instrument_named(raw: str) -> InstrumentFacts:
    """The instrument of a symbol in any spelling. Raises Problem 422 or 503."""
    try:
        symbol = canonical(raw[:40]).symbol
    except SymbolError as error:
        raise Problem(f"symbol: {error}", status=422) from None
    if (found := (await catalogue()).by_symbol.get(symbol)) is None:
        raise Problem(f"no such instrument: {symbol}; /api/instruments lists them", status=422)
    return found


async def _of_symbol(raw: str) -> tuple[str, Calendar]:
    """A symbol's product group, and the group's calendar."""
    group = (await instrument_named(raw)).group
    return group, (await market_table()).calendar(group)
