"""What is stored, over HTTP."""

from __future__ import annotations

from typing import Annotated

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from thor.history.bar_reader import PATIENCE_SECONDS, TooManyTicksError, read_bars
from thor.history.bars import MOST_BARS, SpanError, Timeframe
from thor.instruments.answers import instrument_named
from thor.markets.live import market_table
from thor.markets.session import parse_instant
from thor.quotes.quote import encode_json
from thor.runtime.problem import Problem

router = Router(tags=["history"])

Symbol = Annotated[str, Query(description="An instrument in any spelling, such as ES.")]
Start = Annotated[
    str | None,
    Query(description="From the bar that holds this instant, ISO 8601 with a zone. Default: as early as may be."),
]
End = Annotated[
    str | None,
    Query(description="Up to the last bar that begins before this instant. Default: that of the newest stored tick."),
]


class Bar(Schema):
    ts: str = Field(description="When its interval begins, ISO 8601 UTC; of a day, when the session opened")
    trade_date: str
    open: float
    high: float
    low: float
    close: float
    volume: int | None = Field(description="Contracts traded in it; null where the source says no volume")
    tick_count: int


class BarsAnswer(Schema):
    symbol: str
    timeframe: Timeframe
    bars: list[Bar] = Field(description=f"At most {MOST_BARS}, oldest first; intervals without a last price have none")


@router.get("/history/bars", response=BarsAnswer, operation_id="history_bars", summary="Bars of stored ticks")
async def bars(
    request: HttpRequest, symbol: Symbol, timeframe: Timeframe, start: Start = None, end: End = None
) -> HttpResponse:
    """Open, high, low and close of the last price, in order of event time. Crossed ticks and ticks with a price of zero
    are left out. One question may be about at most 1,500 intervals and 31 days."""
    del request
    facts = await instrument_named(symbol)
    calendar = (await market_table()).calendars.get(facts.group)
    span = _instant("start", start), _instant("end", end)
    try:
        found = await sync_to_async(read_bars)(facts, timeframe, *span, calendar)
    except SpanError as error:
        raise Problem(str(error), status=422) from None
    except TooManyTicksError:
        raise Problem(
            f"so many ticks cannot be read within {PATIENCE_SECONDS} s: give a later start", status=422
        ) from None
    body = encode_json({"symbol": facts.symbol, "timeframe": timeframe.value, "bars": found})
    return HttpResponse(body, content_type="application/json", headers={"Cache-Control": "no-store"})


def _instant(name: str, text: str | None) -> int | None:
    try:
        return None if text is None else parse_instant(text)
    except ValueError as error:
        raise Problem(f"{name}: {error}", status=422) from None
