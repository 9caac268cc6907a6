"""VWAP over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from thor.indicators.vwap_answers import minutes_of, rolling, today
from thor.quotes.quote import encode_json

router = Router(tags=["indicators"])

Symbol = Annotated[str, Query(description="An instrument in any spelling, such as ES.")]
At = Annotated[
    str | None,
    Query(
        description="Another instant than now: ISO 8601 with a zone. Of one that is still to come: now.",
        examples=["2025-10-09T15:30:00Z"],
    ),
]


class VwapAnswer(Schema):
    symbol: str
    window: Literal["today", 5, 15, 30, 60] = Field(description="Minutes, or the trade date so far")
    vwap: float | None = Field(description="Points; null before the first minute in which contracts were traded")
    vwap_deviation_pct: float | None = Field(
        description="Of TOTAL alone, which has no volume: its instruments' mean distance from their own VWAP, weighed "
        "with their contract weights, in per cent"
    )
    ts: str | None = Field(
        description="The minute boundary up to which it counts, of TOTAL its newest quote; null where no desk spoke yet"
    )


class MinuteAnswer(Schema):
    ts: str = Field(description="The minute's end: it speaks of the minute before")
    last_price: float
    delta_volume: int = Field(description="Contracts traded in it")
    vwap: float = Field(description="Of the trade date up to it")


class MinutesAnswer(Schema):
    symbol: str
    trade_date: str
    minutes: list[MinuteAnswer] = Field(description="Oldest first; a minute in which nothing was traded has none")


@router.get("/vwap/today", response=VwapAnswer, operation_id="vwap_today", summary="VWAP of the trade date so far")
async def vwap_today(request: HttpRequest, symbol: Symbol, at: At = None) -> HttpResponse:
    """Up to the last minute boundary. `symbol=TOTAL` gives `vwap_deviation_pct`, of now only."""
    del request
    return _json(await today(symbol, at))


@router.get("/vwap/rolling", response=VwapAnswer, operation_id="vwap_rolling", summary="VWAP of the last minutes")
async def vwap_rolling(
    request: HttpRequest,
    symbol: Symbol,
    window: Annotated[str, Query(description="5, 15, 30 or 60 minutes.")] = "15",
    at: At = None,
) -> HttpResponse:
    """Of the clock minutes (T - window, T], T the last minute boundary."""
    del request
    return _json(await rolling(symbol, window, at))


@router.get("/vwap/minutes", response=MinutesAnswer, operation_id="vwap_minutes", summary="The minutes of a trade date")
async def vwap_minutes(
    request: HttpRequest,
    symbol: Symbol,
    trade_date: Annotated[str | None, Query(description="YYYY-MM-DD; default: the present one.")] = None,
) -> HttpResponse:
    """Each minute in which contracts were traded, with the VWAP so far."""
    del request
    return _json(await minutes_of(symbol, trade_date))


def _json(answer: dict[str, Any]) -> HttpResponse:
    return HttpResponse(encode_json(answer), content_type="application/json", headers={"Cache-Control": "no-store"})
