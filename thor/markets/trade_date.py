"""The exchange's session date of an instant: the one function that computes it (SPEC 1). A rule file.

A CME session begins 17:00 Chicago and belongs to the next business day (Sunday 17:00 is Monday's, the Thanksgiving
Thursday session is Friday's); the maintenance hour before still belongs to the old date. VX turns 17:00 Chicago too,
DX 20:00 New York, so that its Sunday 18:00 session is Monday's. A holiday's session belongs to the next business day.

Holidays are the exchange rules in force since 1998 (Juneteenth since 2022). Days that no rule foresees, mourning
closes for instance, need the compiled calendar.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

_CHICAGO: Final = ZoneInfo("America/Chicago")
_NEW_YORK: Final = ZoneInfo("America/New_York")
_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)

DEFAULT_GROUP: Final = "cme_equity"
GROUPS: Final = ("cme_equity", "cbot_rates", "cme_metals_energy", "cfe_vx", "ice_dx")
#: Good Fridays on which the employment report is published keep a (short) session and a trade date of their own.
_PAYROLL_GOOD_FRIDAYS: Final = frozenset({2010, 2012, 2015, 2021, 2023, 2026})


class Span(NamedTuple):
    """A trade date and the half-open interval [start_us, end_us) of epoch microseconds that belongs to it."""

    trade_date: date
    start_us: int
    end_us: int


def trade_date(at: datetime, group: str = DEFAULT_GROUP) -> date:
    """The session date of an aware instant for a product group. Raises ValueError for a naive time or unknown group."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone: the trade date of a local time is a guess")
    return trade_date_span(epoch_us(at), group).trade_date


def epoch_us(at: datetime) -> int:
    """An aware instant as epoch microseconds."""
    return (at - _EPOCH) // _US


def utc(at_us: int) -> datetime:
    """The inverse of :func:`epoch_us`."""
    return _EPOCH + timedelta(microseconds=at_us)


def trade_date_span(at_us: int, group: str = DEFAULT_GROUP) -> Span:
    """The trade date of an instant in epoch microseconds, with the interval in which the answer stays the same."""
    year = utc(at_us).year
    starts, dates = _turns(year, group)
    index = bisect_right(starts, at_us) - 1
    return Span(dates[index], starts[index], starts[index + 1])


@lru_cache(maxsize=256)
def _turns(year: int, group: str) -> tuple[tuple[int, ...], tuple[date, ...]]:
    """When the date turns around a year: sorted starts in epoch microseconds, and the date that begins at each."""
    if group not in GROUPS:
        raise ValueError(f"unknown product group {group!r}: one of {', '.join(GROUPS)}")
    days = [day for day in _days(date(year - 1, 12, 20), date(year + 1, 1, 12)) if _is_business_day(day)]
    return tuple(_opens_us(before, group) for before in days[:-1]), tuple(days[1:])


def _opens_us(before: date, group: str) -> int:
    """The instant on the evening of the business day ``before`` at which the next trade date begins."""
    zone, hour = (_NEW_YORK, 20) if group == "ice_dx" else (_CHICAGO, 17)
    return epoch_us(datetime.combine(before, time(hour), zone))


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _is_business_day(day: date) -> bool:
    return day.weekday() < 5 and day not in _holidays(day.year)


@lru_cache(maxsize=64)
def _holidays(year: int) -> frozenset[date]:
    """US exchange holidays of a year that have no trade date of their own."""
    found = {
        _nth(year, 1, 0, 3),  # Martin Luther King
        _nth(year, 2, 0, 3),  # Presidents
        _last_monday_of_may(year),  # Memorial
        _nth(year, 9, 0, 1),  # Labor
        _nth(year, 11, 3, 4),  # Thanksgiving
        _observed(date(year, 7, 4)),
        _observed(date(year, 12, 25)),
    }
    new_year = date(year, 1, 1)
    # A New Year's Day on a Saturday is not made up for on the Friday: that is the old year's last business day.
    found.add(new_year + _DAY if new_year.weekday() == 6 else new_year)
    if year >= 2022:
        found.add(_observed(date(year, 6, 19)))
    if year not in _PAYROLL_GOOD_FRIDAYS:
        found.add(_easter(year) - timedelta(days=2))
    return frozenset(found)


def _observed(day: date) -> date:
    return day + {5: -_DAY, 6: _DAY}.get(day.weekday(), timedelta(0))


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _last_monday_of_may(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())


def _easter(year: int) -> date:
    """Gregorian Easter Sunday (the anonymous algorithm, Nature 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)
