"""The holidays of the exchanges of the United States by rule, since 2007. A rule file.

A holiday on a Saturday is kept on the Friday before, on a Sunday on the Monday after; a New Year's Day on a Saturday is
not made up for, because that Friday is the old year's last business day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final

_DAY: Final = timedelta(days=1)
_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6


def holiday(name: str, year: int) -> date | None:
    """The day on which a named holiday, or half day, is kept in a year; None when there is none that year.

    Raises KeyError for a name that is not in ``NAMES``.
    """
    return _RULES[name](year)


def good_friday(year: int) -> date:
    """The Friday before Easter Sunday."""
    return easter(year) - 2 * _DAY


def easter(year: int) -> date:
    """Gregorian Easter Sunday (the anonymous algorithm, Nature 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)


def _observed(day: date) -> date:
    return day + {_SATURDAY: -_DAY, _SUNDAY: _DAY}.get(day.weekday(), timedelta(0))


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _new_year(year: int) -> date | None:
    day = date(year, 1, 1)
    return None if day.weekday() == _SATURDAY else _observed(day)


def _memorial(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())


def _juneteenth(year: int) -> date | None:
    return _observed(date(year, 6, 19)) if year >= 2022 else None


def _christmas_eve(year: int) -> date | None:
    """A half day from Monday to Thursday; on a Friday it is the holiday itself."""
    day = date(year, 12, 24)
    return day if day.weekday() <= _THURSDAY else None


_RULES: Final[Mapping[str, Callable[[int], date | None]]] = {
    "New Year's Day": _new_year,
    "Martin Luther King Day": lambda year: _nth(year, 1, _MONDAY, 3),
    "Presidents' Day": lambda year: _nth(year, 2, _MONDAY, 3),
    "Good Friday": good_friday,
    "Memorial Day": _memorial,
    "Juneteenth": _juneteenth,
    "Independence Day": lambda year: _observed(date(year, 7, 4)),
    "Labor Day": lambda year: _nth(year, 9, _MONDAY, 1),
    "Thanksgiving": lambda year: _nth(year, 11, _THURSDAY, 4),
    "Day after Thanksgiving": lambda year: _nth(year, 11, _THURSDAY, 4) + _DAY,
    "Christmas Eve": _christmas_eve,
    "Christmas": lambda year: _observed(date(year, 12, 25)),
}
NAMES: Final = tuple(_RULES)
_HALF_DAYS: Final = frozenset({"Day after Thanksgiving", "Christmas Eve"})
#: The days on which no exchange of the United States holds a full session.
HOLIDAYS: Final = tuple(name for name in NAMES if name not in _HALF_DAYS)
