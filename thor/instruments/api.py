"""Instruments over HTTP."""

from __future__ import annotations

from typing import Annotated

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from thor.instruments.answers import session_in
from thor.instruments.models import Instrument
from thor.instruments.selectors import board_symbols
from thor.markets.api import SessionAnswer, json_response
from thor.markets.market import DEFAULT_MARKET
from thor.runtime.asgi import query_fields
from thor.runtime.decimals import plain

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
    places = {symbol: place for place, symbol in enumerate(board_symbols())}
    found = sorted(Instrument.objects.all(), key=lambda each: places.get(each.symbol, len(places)))
    return [_facts(each, place, each.symbol in places) for place, each in enumerate(found)]


def _facts(each: Instrument, position: int, is_tracked: bool) -> InstrumentFacts:
    return InstrumentFacts(
        symbol=each.symbol,
        name=each.name,
        exchange=each.exchange,
        tick_size=plain(each.tick_size),
        tick_value_usd=plain(each.tick_value_usd),
        display_precision=each.display_precision,
        currency=each.currency,
        group=each.group,
        position=position,
        is_tracked=is_tracked,
        preferred_source=each.preferred_source or None,
    )


@sessions_router.get(
    "/session", response=SessionAnswer, operation_id="session", summary="How a market or a symbol's session stands"
)
async def session(request: HttpRequest, market: Market = None, symbol: Symbol = None, at: At = None) -> HttpResponse:
    """Now, or at any instant of its calendar; beyond the calendar's end the answer is UNKNOWN."""
    del market, symbol, at  # read from the query string itself, by the code that the hot path uses
    return json_response(await session_in(query_fields(request.META["QUERY_STRING"].encode())))
