"""The world's markets over HTTP, as OpenAPI describes them. ``hot.py`` gives the same answers in front of Django."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import Field

from thor.markets.answers import composite_answer, encode, markets_answer
from thor.markets.calendar import Phase, Status, TransitionKind

router = Router(tags=["markets"])


class MarketSession(Schema):
    """How a market stands at an instant. What its calendar does not know is null, never a guess."""

    market: str = Field(description="Its key; of a symbol the product group whose hours it follows")
    status: Status = Field(description="Whether the session is on; a lunch break does not end it")
    phase: Phase
    is_open: bool | None = Field(description="Trading takes place: not in a break")
    resumes_at: str | None = Field(description="The end of a break")
    now: str = Field(description="The instant that is answered for, ISO 8601 UTC")
    current_time: str = Field(description="The same on the market's clocks, with its offset")
    next_transition: str | None = Field(description="When the status changes next")
    next_transition_at: str | None = Field(description="The same instant")
    next_transition_type: TransitionKind | None
    seconds_to_next: float | None
    is_trading_day: bool | None = Field(description="A session carries the local calendar date")
    is_weekend: bool = Field(description="The local calendar date is a Saturday or a Sunday")
    is_holiday: bool | None = Field(description="The local calendar date is a holiday, also where a session is held")
    holiday: str | None = Field(description="The holiday's name; null when it is none")
    holiday_name: str | None = Field(description="The name of the day, also of a half day or a special session")
    is_early_close: bool | None
    trade_date: str | None = Field(description="Of the running session; while closed of the next")
    timezone: str


class MarketRow(MarketSession):
    country: str = Field(description="The market's key")
    display_name: str
    region: Literal["Asia", "Europe", "Americas"]
    currency: str
    position: int
    weight: str = Field(description="Decimal as text")
    is_control_market: bool = Field(description="Counts in the composite")
    enable_futures_capture: bool = Field(description="Master switch of both captures")
    enable_open_capture: bool
    enable_close_capture: bool
    open_time: str = Field(description="Usual local hour, for people: the calendar decides", examples=["09:30"])
    close_time: str = Field(examples=["16:00"])


class ClockAnswer(Schema):
    simulated: bool = Field(description="A replay's time, not the present")
    speed: float | None = Field(description="How many times as fast as ours; null: as fast as it goes")
    namespace: str = Field(description="Whose time it is; empty is the live one")


class MarketsAnswer(Schema):
    now: str
    clock: ClockAnswer
    markets: list[MarketRow]


class RegionAnswer(Schema):
    region: str
    weight: str = Field(description="Of its control markets, decimal as text")
    open_weight: str
    open_share: str = Field(description="0 to 1, four places")
    is_open: bool = Field(description="At least one of them is open")
    open: list[str] = Field(description="Keys of those whose session is on; a lunch break does not end it")
    unknown: list[str] = Field(description="Keys of those whose calendar does not reach so far: not counted as open")
    markets: list[str]


class CompositeAnswer(Schema):
    now: str
    clock: ClockAnswer
    weight: str = Field(description="Of all control markets as given; it need not be 1")
    open_weight: str
    open_share: str
    regions: list[RegionAnswer]


@router.get("/markets", response=MarketsAnswer, operation_id="markets", summary="The world's markets, how each stands")
async def markets(request: HttpRequest) -> HttpResponse:
    """Those that the clock follows, in the order of their places."""
    del request
    return json_response(await markets_answer({}))


@router.get(
    "/timezones/markets/",
    response=MarketsAnswer,
    operation_id="timezones_markets",
    deprecated=True,
    summary="Old name of /api/markets",
)
async def timezones_markets(request: HttpRequest) -> HttpResponse:
    """The same answer."""
    return await markets(request)


@router.get(
    "/markets/composite",
    response=CompositeAnswer,
    operation_id="markets_composite",
    summary="How much of the world is open, by weight and region",
)
async def composite(request: HttpRequest) -> HttpResponse:
    """Over the control markets that the clock follows."""
    del request
    return json_response(await composite_answer({}))


def json_response(answer: Mapping[str, Any]) -> HttpResponse:
    """An answer that holds for this instant only. Its schema describes it; a test holds them together."""
    return HttpResponse(encode(answer), content_type="application/json", headers={"Cache-Control": "no-store"})
