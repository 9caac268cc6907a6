"""The lake's daily bars as days: what was traded before a desk was there to see it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Final

from thor.indicators.extremes import Day
from thor.lake.reader import connect

_PLACES: Final = 6


_DAYS: Final = """
SELECT symbol, date, high, low FROM bars
WHERE timeframe = '1d' AND date <= $until AND symbol IN (SELECT unnest($symbols))
ORDER BY symbol, date
"""


def lake_days(until: date, symbols: Collection[str]) -> dict[str, list[Day]]:
    """Symbol -> its days up to a trade date, oldest first, of those that have any. Raises Problem."""
    found: dict[str, list[Day]] = {}
    with connect() as lake:
        for symbol, day, high, low in lake.execute(_DAYS, {"until": until, "symbols": sorted(symbols)}).fetchall():
            found.setdefault(symbol, []).append(Day(day, _price(high), _price(low)))
    return found


def _price(value: float) -> Decimal:
    """The shortest decimal that is this number."""
    return round(Decimal(str(value)), _PLACES)
