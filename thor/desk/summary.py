"""The summary of a market's session: how many ticks of which symbols were stored, and how well."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from thor.history.queries import query
from thor.markets.models import MarketDataSnapshot
from thor.markets.trade_date import epoch_us
from thor.quotes.quote import format_ts


class SymbolQuality(NamedTuple):
    """What was stored of one symbol between open and close. ``longest_silence_seconds``: also before the first tick and
    after the last."""

    symbol: str
    ticks: int
    first: datetime
    last: datetime
    longest_silence_seconds: float

    def fields(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "ticks": self.ticks,
            "first": format_ts(epoch_us(self.first)),
            "last": format_ts(epoch_us(self.last)),
            "longest_silence_seconds": self.longest_silence_seconds,
        }


def summarise_session(market: str, trade_date: str, closed_at: datetime) -> str:
    """Complete the snapshot of the open that this close ends; again is the same. Returns a line for a person."""
    with transaction.atomic():
        snapshot = _snapshot(market, trade_date, closed_at)
        if snapshot is None:
            return "no snapshot was taken at this session's open: the desk was not there"
        found = session_quality(snapshot.opened_at, closed_at)
        snapshot.closed_at, snapshot.summarised_at = closed_at, timezone.now()
        snapshot.tick_count = sum(each.ticks for each in found)
        snapshot.symbols = [each.symbol for each in found]
        snapshot.quality = {each.symbol: each.fields() for each in found}
        snapshot.save(update_fields=["closed_at", "summarised_at", "tick_count", "symbols", "quality"])
    return f"{snapshot.tick_count:,} ticks of {len(found)} symbols"


def _snapshot(market: str, trade_date: str, closed_at: datetime) -> MarketDataSnapshot | None:
    """The newest one before the close; one that another close of its date ended (a holiday's halt) is none."""
    opened = MarketDataSnapshot.objects.select_for_update(of=("self",)).filter(
        market__country=market, trade_date=trade_date, opened_at__lt=closed_at
    )
    newest = opened.order_by("-opened_at").first()
    return newest if newest is not None and newest.closed_at in (None, closed_at) else None


def session_quality(opened_at: datetime, closed_at: datetime) -> list[SymbolQuality]:
    """Of each symbol that had ticks after the open and up to the close, by symbol."""
    with connection.cursor() as cursor:
        cursor.execute(query("summarise_session"), {"opened_at": opened_at, "closed_at": closed_at})
        return [
            SymbolQuality(symbol, ticks, first, last, round(float(silence), 3))
            for symbol, ticks, first, last, silence in cursor.fetchall()
        ]
