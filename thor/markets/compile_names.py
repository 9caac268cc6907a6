"""What the days off are called: the ``holidays`` package's exchanges first, then its countries."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

import holidays

FALLBACK: Final = "Exchange holiday"
FALLBACK_EARLY: Final = "Early close"
#: What a name has room for.
LONGEST: Final = 120
#: Calendar -> exchanges and country in the package, the best first.
_SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "XTKS": ("XJPX", "JP"),
    "XSHG": ("XSHG", "CN"),
    "XBOM": ("XBOM", "XNSE", "IN"),
    "XFRA": ("XFRA", "DE"),
    "XAMS": ("NL",),
    "XLON": ("XLON", "GB"),
    "XTSE": ("TSX", "CA"),
    "XMEX": ("XMEX", "MX"),
}
_USA: Final = ("XNYS", "US")
_EVES: Final = {(12, 24): "Christmas Eve", (12, 31): "New Year's Eve"}


def names_of(calendar: str, years: range) -> dict[date, str]:
    """Date -> the name of its holiday, for the years of a range."""
    found: dict[date, str] = {}
    for source in _SOURCES.get(calendar, _USA):
        for day, name in _names(source, years).items():
            found.setdefault(day, name)
    return found


def name_of(day: date, names: Mapping[date, str]) -> str:
    """What a day without a session is called."""
    return _fit(_own(day, names) or FALLBACK)


def half_day_name(day: date, names: Mapping[date, str]) -> str:
    """What a short day is called, after the holiday that it stands before or after, weekends aside."""
    if own := _own(day, names):
        return _fit(own)
    before, after = _own(_next_to(day, -1), names), _own(_next_to(day, 1), names)
    if before:
        return _fit(f"Day after {before}")
    return _fit(f"Day before {after}") if after else FALLBACK_EARLY


def _fit(name: str) -> str:
    return textwrap.shorten(name, LONGEST, placeholder=" ...")


def _own(day: date, names: Mapping[date, str]) -> str:
    return names.get(day) or _EVES.get((day.month, day.day), "")


def _next_to(day: date, step: int) -> date:
    """The weekday before or after."""
    day += timedelta(days=step)
    while day.weekday() > 4:
        day += timedelta(days=step)
    return day


@lru_cache(maxsize=64)
def _names(source: str, years: range) -> dict[date, str]:
    is_country = len(source) == 2
    make: Callable[..., Any] = holidays.country_holidays if is_country else holidays.financial_holidays
    return {day: _tidy(name) for day, name in make(source, years=years, language="en_US").items()}


def _tidy(name: str) -> str:
    """Without the date that a day off in lieu was worked on."""
    return re.sub(r" \(substituted from [^)]*\)", " in lieu", name)
