"""Instruments over HTTP."""

from __future__ import annotations

from typing import Annotated

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from thor.instruments.live import product_groups
from thor.instruments.models import Instrument
from thor.instruments.symbol import SymbolError, canonical
from thor.markets.api import SessionAnswer, json_response
from thor.markets.calendar import Calendar
from thor.markets.live import market_table
from thor.markets.market import DEFAULT_MARKET
from thor.markets.now import market_now
from thor.markets.session import parse_instant, session_answer
from thor.runtime.decimals import plain
from thor.runtime.problem import Problem

router = Router(tags=["instruments"])
sessions_router = Router(tags=["markets"])

Market = Annotated[str | None, Query(description=f"A market's key, such as {DEFAULT_MARKET}, the default.")]
Symbol = Annotated[str | None, Query(description="Instead: an instrument; its product group answers.")]
At = Annotated[
    str | None,
    Query(description="Another instant than now: ISO 8601 with a zone.", examples=["2026-11-27T18:00:00Z"]),
]


class InstrumentFacts(Schema):
    symbol: str
    name: str
    exchange: str
    tick_size: str = Field(description="Price points, decimal as text")
    tick_value_usd: str = Field(description="USD per contract, decimal as text")
    display_precision: int
    currency: str
    group: str = Field(description="Product group, whose trading hours and trade date it follows")
    position: int
    is_tracked: bool
    preferred_source: str | None = Field(description="The source that wins while it is fresh")


class InstrumentsAnswer(Schema):
    instruments: list[InstrumentFacts]


@router.get(
    "/instruments", response=InstrumentsAnswer, operation_id="instruments", summary="Instruments and their facts"
)
async def instruments(request: HttpRequest) -> dict[str, list[InstrumentFacts]]:
    """All of them, in the board's order."""
    del request
    return {"instruments": await sync_to_async(_all)()}


def _all() -> list[InstrumentFacts]:
    return [_facts(each) for each in Instrument.objects.all()]


def _facts(each: Instrument) -> InstrumentFacts:
    return InstrumentFacts(
        symbol=each.symbol,
        name=each.name,
        exchange=each.exchange,
        tick_size=plain(each.tick_size),
        tick_value_usd=plain(each.tick_value_usd),
        display_precision=each.display_precision,
        currency=each.currency,
        group=each.group,
        position=each.position,
        is_tracked=each.is_tracked,
        preferred_source=each.preferred_source or None,
    )


@sessions_router.get(
    "/session", response=SessionAnswer, operation_id="session", summary="How a market or a symbol's session stands"
)
async def session(request: HttpRequest, market: Market = None, symbol: Symbol = None, at: At = None) -> HttpResponse:
    """Now, or at any instant of its calendar; beyond the calendar's end the answer is UNKNOWN."""
    del request
    if market is not None and symbol is not None:
        raise Problem("market and symbol: give one of them", status=422)
    at_us = market_now().now_us if at is None else _instant(at)
    name, calendar = await _of_symbol(symbol) if symbol is not None else await _of_market(market)
    return json_response(session_answer(calendar, at_us, name)._asdict())


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
