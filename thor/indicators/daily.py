"""What the ranges of many days come to: the 52 weeks as of a date, and what should be held. A rule file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from thor.indicators.extremes import WINDOW, Day, Known, Side, highs, lows
from thor.markets.trade_date import is_business_day

_A_DAY: Final = timedelta(days=1)


class Stats(NamedTuple):
    """A symbol's extremes: of 52 weeks, and of all time."""

    high: Known
    low: Known
    all_time_high: Known
    all_time_low: Known


class Computed(NamedTuple):
    """What days come to. ``days``: in the 52 weeks; ``missing``: trade dates in them without a day; ``covers``: the
    days begin no later than the 52 weeks."""

    stats: Stats
    days: int
    missing: int
    covers: bool


def compute(days: Iterable[Day], as_of: date, group: str) -> Computed | None:
    """The extremes of days as of a date, which counts; of equals the oldest date. None without a day in 52 weeks."""
    known = sorted(each for each in days if each.day <= as_of)
    oldest = as_of - WINDOW
    recent = [each for each in known if each.day >= oldest]
    if not recent:
        return None
    trade_dates = [day for n in range(WINDOW.days + 1) if is_business_day(day := oldest + n * _A_DAY, group)]
    there = {each.day for each in recent}
    missing = sum(day not in there for day in trade_dates)
    covers = known[0].day <= trade_dates[0]
    stats = Stats(_most(highs(), recent), _most(lows(), recent), _most(highs(), known), _most(lows(), known))
    return Computed(stats, len(recent), missing, covers)


def correct(held: Stats | None, found: Computed, as_of: date) -> Stats:
    """What should be held, given what is. Something wider always is; something narrower only instead of an extreme with
    an earlier date, and where the days cover the 52 weeks: what was said without a date stays."""
    new = found.stats
    if held is None:
        return new
    before = as_of if found.covers else date.min
    return Stats(
        _better(highs(), held.high, new.high, before),
        _better(lows(), held.low, new.low, before),
        _better(highs(), held.all_time_high, new.all_time_high, date.min),
        _better(lows(), held.all_time_low, new.all_time_low, date.min),
    )


def merged(*several: Mapping[str, Sequence[Day]]) -> dict[str, list[Day]]:
    """Symbol -> days of several sources; of a day that more than one knows, the widest range."""
    found: dict[str, dict[date, Day]] = {}
    for each in several:
        for symbol, days in each.items():
            own = found.setdefault(symbol, {})
            for day in days:
                there = own.get(day.day, day)
                own[day.day] = Day(day.day, max(day.high, there.high), min(day.low, there.low))
    return {symbol: sorted(own.values()) for symbol, own in found.items()}


def _most(side: Side, days: Sequence[Day]) -> Known:
    side.look(days)
    assert side.held is not None
    return side.held


def _better(side: Side, held: Known, found: Known, before: date) -> Known:
    """``before``: something narrower takes the place of an extreme with a date before this one."""
    if side.beats(held[0], found[0]):
        return found if held[1] is not None and held[1] < before else held
    return found if side.beats(found[0], held[0]) or held[1] is None else held
