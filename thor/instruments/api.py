"""Instruments over HTTP."""

from __future__ import annotations

from decimal import Decimal

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from thor.instruments.models import Instrument

router = Router(tags=["instruments"])


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
        tick_size=_text(each.tick_size),
        tick_value_usd=_text(each.tick_value_usd),
        display_precision=each.display_precision,
        currency=each.currency,
        group=each.group,
        position=each.position,
        is_tracked=each.is_tracked,
        preferred_source=each.preferred_source or None,
    )


def _text(value: Decimal) -> str:
    """Without the column's trailing zeros: 0.250000 is 0.25."""
    return format(value.normalize(), "f")
