"""Intraday metrics and the 52 weeks over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from thor.indicators.ranges_answers import extremes, metrics
from thor.quotes.quote import encode_json

router = Router(tags=["indicators"])

Symbol = Annotated[str, Query(description="An instrument in any spelling, such as ES.")]
Market = Annotated[str | None, Query(description="Only of this market, by its key such as USA. Default: all.")]


class MetricAnswer(Schema):
    market: str
    trade_date: str = Field(description="The market's local date")
    opened_at: str
    updated_at: str = Field(description="When the last price moved last")
    closed_at: str | None = Field(description="Null while the market is open, as what follows from the close")
    market_open: float = Field(description="Points: the last in force at the open, or the first after it")
    market_high_open: float = Field(description="Highest last since the open")
    market_high_pct_open: float = Field(description="Of it above the open, per cent")
    market_low_open: float = Field(description="Lowest last since the open")
    market_low_pct_open: float = Field(description="Of the last above it, per cent")
    market_close: float | None
    market_high_pct_close: float | None = Field(description="How far the close is below the high, per cent")
    market_low_pct_close: float | None = Field(description="How far the close is above the low, per cent")
    market_close_vs_open_pct: float | None
    market_range: float | None = Field(description="Points")
    market_range_pct: float | None = Field(description="Of the open")
    session_volume: int | None = Field(description="Contracts from the open to the close")


class MetricsAnswer(Schema):
    symbol: str
    rows: list[MetricAnswer] = Field(description="The newest session of each market, the newest first")


class ExtremesRow(Schema):
    symbol: str
    high_52w: float = Field(description="Highest last of 364 days, points")
    high_52w_date: str | None = Field(description="Its trade date; null where nobody said it")
    low_52w: float
    low_52w_date: str | None
    all_time_high: float
    all_time_high_date: str | None
    all_time_low: float
    all_time_low_date: str | None
    last_price_checked: float | None
    last_updated: str


class ExtremesAnswer(Schema):
    rows: list[ExtremesRow] = Field(description="By symbol; an instrument without any price yet is absent")


@router.get(
    "/indicators/intraday",
    response=MetricsAnswer,
    operation_id="indicators_intraday",
    summary="Highs and lows of an instrument over each market's newest session",
)
async def indicators_intraday(request: HttpRequest, symbol: Symbol, market: Market = None) -> HttpResponse:
    """As the desk wrote them, at most a second ago."""
    del request
    return _json(await metrics(symbol, market))


@router.get(
    "/indicators/52w",
    response=ExtremesAnswer,
    operation_id="indicators_52w",
    summary="Highest and lowest of the last 364 days and of all time",
)
async def indicators_52w(request: HttpRequest) -> HttpResponse:
    """As the desk wrote them."""
    del request
    return _json(await extremes())


def _json(answer: dict[str, Any]) -> HttpResponse:
    return HttpResponse(encode_json(answer), content_type="application/json", headers={"Cache-Control": "no-store"})
