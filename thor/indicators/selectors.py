"""Reading what the desk wrote of the 52 weeks, and what people say of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from thor.indicators.daily import Stats
from thor.indicators.extremes import Day, ExtremesSeeds, Known, Seed
from thor.indicators.models import DailyRange, ExtremesSeed, Rolling52WeekStats


def load_extremes_seeds() -> ExtremesSeeds:
    """The newest seed of each symbol. Equal seeds are equal values."""
    newest = ExtremesSeed.objects.order_by("symbol", "-id").distinct("symbol")
    return ExtremesSeeds({each.symbol: _seed(each) for each in newest})


def held_stats(symbols: Sequence[str]) -> dict[str, Stats]:
    """Symbol -> the extremes as they are held; absent where there are none."""
    found = Rolling52WeekStats.objects.filter(symbol__in=symbols)
    return {each.symbol: _stats(each) for each in found}


def stored_days(symbols: Sequence[str]) -> dict[str, list[Day]]:
    """Symbol -> the ranges of all its trade dates, oldest first."""
    found: dict[str, list[Day]] = {symbol: [] for symbol in symbols}
    rows = DailyRange.objects.filter(symbol__in=symbols).order_by("trade_date")
    for symbol, *day in rows.values_list("symbol", "trade_date", "high", "low"):
        found[symbol].append(Day(*day))
    return found


def _stats(row: Rolling52WeekStats) -> Stats:
    return Stats(
        (row.high_52w, row.high_52w_date),
        (row.low_52w, row.low_52w_date),
        (row.all_time_high, row.all_time_high_date),
        (row.all_time_low, row.all_time_low_date),
    )


def _seed(row: ExtremesSeed) -> Seed:
    return Seed(
        row.id,
        (row.high_52w, row.high_52w_date),
        (row.low_52w, row.low_52w_date),
        _known(row.all_time_high, row.all_time_high_date),
        _known(row.all_time_low, row.all_time_low_date),
    )


def _known(price: Decimal | None, day: date | None) -> Known | None:
    return None if price is None else (price, day)
