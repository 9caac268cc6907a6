"""Instruments over HTTP."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from thor.instruments.answers import instruments_answer, session_in
from thor.instruments.contract import Anchor, RollMethod
from thor.markets.api import MarketSession, json_response
from thor.markets.market import DEFAULT_MARKET
from thor.runtime.asgi import query_fields

router = Router(tags=["instruments"])
sessions_router = Router(tags=["markets"])

Market = Annotated[str | None, Query(description=f"A market's key, such as {DEFAULT_MARKET}, the default.")]
Symbol = Annotated[str | None, Query(description="Instead: an instrument; its product group answers.")]
At = Annotated[
    str | None,
    Query(description="Another instant than now: ISO 8601 with a zone.", examples=["2026-11-27T18:00:00Z"]),
]


class RollAnswer(Schema):
    method: RollMethod
    days_before: int = Field(description="Business days before the anchor; by volume or open interest: at the latest")
    anchor: Anchor
    months: str = Field(description="Letters of the delivery months that are followed")


class ContractAnswer(Schema):
    contract: str = Field(examples=["ESZ26"])
    last_trading_day: str
    first_notice_day: str | None = Field(description="Where notice may be given while it still trades")
    left_on: str | None = Field(description="The trade date from which on it is in front no more")


class InstrumentAnswer(Schema):
    symbol: str
    name: str
    exchange: str
    tick_size: str = Field(description="Price points, decimal as text")
    tick_value_usd: str = Field(description="USD per contract, decimal as text")
    point_value_usd: str = Field(description="USD per contract for one point of price, decimal as text")
    target_ticks: int = Field(description="How many ticks of one contract come nearest to 100 USD")
    display_precision: int
    currency: str
    group: str = Field(description="Product group, whose trading hours and trade date it follows")
    preferred_source: str | None = Field(description="The source that wins while it is fresh")
    spike_limit_pct: str | None = Field(description="A quote further from the last good one is suspect; null: no limit")
    spike_limit_ticks: int | None
    spike_limit_atr: str | None = Field(description="In average true ranges")
    may_be_negative: bool = Field(description="A price below zero is not suspect")
    months: str = Field(description="Letters of the delivery months in which it trades")
    roll: RollAnswer | None
    position: int = Field(description="Its place in this answer; on the board, where it is tracked")
    is_tracked: bool = Field(description="On the board's watch list")
    front_contract: str | None = Field(description="On the trade date of now, by roll calendar and rule")
    contracts: list[ContractAnswer] = Field(description="The next ones that still trade")


class InstrumentsAnswer(Schema):
    instruments: list[InstrumentAnswer]


@router.get(
    "/instruments", response=InstrumentsAnswer, operation_id="instruments", summary="Instruments and their facts"
)
async def instruments(request: HttpRequest) -> HttpResponse:
    """All of them, the board's first and in its order."""
    del request
    return json_response(await instruments_answer({}))


@sessions_router.get(
    "/session", response=MarketSession, operation_id="session", summary="How a market or a symbol's session stands"
)
async def session(request: HttpRequest, market: Market = None, symbol: Symbol = None, at: At = None) -> HttpResponse:
    """Now, or at any instant of its calendar; beyond the calendar's end the answer is UNKNOWN."""
    del market, symbol, at  # read from the query string itself, by the code that the hot path uses
    return json_response(await session_in(query_fields(request.META["QUERY_STRING"].encode())))
