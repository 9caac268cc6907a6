"""What the database adds up of rows of opens: the sums that rates are made of. One file of ``sql`` a statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, LiteralString, NamedTuple

from thor.market_open.analytics import DaySums, Insights, Sided, Sums, insights_of
from thor.market_open.filters import ALL, Filters
from thor.market_open.models import MarketSession
from thor.runtime.schema import connection_for
from thor.signals.composite import TOTAL

_LISTS: Final[dict[str, LiteralString]] = {
    "markets": "country = ANY(%(markets)s)",
    "days": "day = ANY(%(days)s)",
    "outcomes": "wndw = ANY(%(outcomes)s)",
    "signals": "bhs = ANY(%(signals)s)",
    "kinds": "capture_kind = ANY(%(kinds)s)",
}


class Group(NamedTuple):
    """Which rows. ``level``: overall, market, day, market_day, signal or month; what it does not group by is None."""

    level: str
    country: str | None = None
    day: str | None = None
    signal: str | None = None
    month: str | None = None


def rates(filters: Filters) -> dict[Group, Sums]:
    """Every group's sums; empty where nothing matches."""
    return {Group(*row[:5]): _sums(row[5:]) for row in _rows("rates", filters)}


def _sums(row: Sequence[Any]) -> Sums:
    counts, (pnl_usd, *floats), by_day = row[:9], row[9:13], row[13:]
    hits, values = DaySums(*by_day[:6]), DaySums(*by_day[6:])
    return Sums._make([*map(int, counts), pnl_usd, *floats, hits, values])


def medians(filters: Filters) -> dict[Group, float]:
    """Of each group with something decided: the median of the seconds to the outcome."""
    return {Group(*row[:5]): row[5] for row in _rows("medians", filters)}


def pnl_by_date(filters: Filters) -> list[tuple[date, Decimal, int]]:
    """(trade date, P&L in USD, entries) of each trade date with an entry, in their order."""
    return [(day, pnl_usd, entries) for day, pnl_usd, entries in _rows("pnl_by_date", filters)]


def insights(filters: Filters, symbols: Sequence[str] = ()) -> Insights:
    """Over the decided TOTAL rows that match: what each instrument, or only those named, told of the trade."""
    only = "AND symbol = ANY(%(symbols)s)" if symbols else ""
    rows = _rows("sides", filters._replace(symbol=TOTAL), {"symbols": list(symbols)}, symbols=only)
    days = (tuple(Sided(*row[1:]) for row in day) for _, day in groupby(rows, itemgetter(0)))
    return insights_of(days)


def _rows(
    name: str, filters: Filters, more: dict[str, Any] | None = None, **parts: LiteralString
) -> list[tuple[Any, ...]]:
    condition, values = condition_of(filters)
    with connection_for(MarketSession).cursor() as cursor:
        cursor.execute(query(name).format(condition=condition, **parts), values | (more or {}))
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def condition_of(filters: Filters) -> tuple[LiteralString, dict[str, Any]]:
    """The filters as SQL, and its parameters."""
    parts: list[LiteralString] = ["true"] if filters.symbol == ALL else ["symbol = %(symbol)s"]
    values: dict[str, Any] = {"symbol": filters.symbol}
    for name, text in _LISTS.items():
        if wanted := getattr(filters, name):
            parts.append(text)
            values[name] = list(wanted)
    if filters.start is not None:
        parts.append("trade_date >= %(start)s")
        values["start"] = filters.start
    if filters.end is not None:
        parts.append("trade_date <= %(end)s")
        values["end"] = filters.end
    return " AND ".join(parts), values


@cache
def query(name: str) -> LiteralString:
    """The text of ``sql/<name>.sql``, with a place for the condition. It ships with the package, so that it is as
    trusted as a literal."""
    text = resources.files("thor.market_open").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    return text
