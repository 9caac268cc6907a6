"""A trade date's intraday metrics and ranges made anew of its stored ticks, and written over what is there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from thor.desk.backfill import Compared, compare, feed, write
from thor.indicators.extremes import DailyRange, ExtremesReactor
from thor.indicators.intraday import IntradayMetric, IntradayReactor


class Remade(NamedTuple):
    """How many ticks were heard, and how the rows compare with those that were there."""

    quotes: int
    metrics: Compared
    ranges: Compared


def remake_ranges(day: date, symbols: Sequence[str] | None = None, *, only_look: bool = False) -> Remade:
    """Make a trade date's rows anew, of the markets that open in it, and write them unless ``only_look``. Raises
    Problem for a date that is none, that is not over, or of which no tick is stored, and for an unknown symbol."""
    fed = feed(day, [IntradayReactor(), ExtremesReactor(is_on=False)], symbols)
    _, start_us, end_us = fed.span
    metrics = [row for row in fed.rows if isinstance(row, IntradayMetric) and start_us <= row.opened_us < end_us]
    ranges = [row for row in fed.rows if isinstance(row, DailyRange) and row.trade_date == day]
    keep = compare if only_look else write
    return Remade(fed.quotes, keep(metrics), keep(ranges))
