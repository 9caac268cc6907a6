"""Trade weeks: the partitions of ``ticks``. A rule file.

A week runs from Saturday 00:00 UTC to the next. Every market that Thor follows is shut then: the last futures session
of a week ends Friday 23:00 UTC at the latest, the first of the next begins Sunday 22:00 UTC at the earliest, whatever
the daylight saving. So no session is ever cut, and a partition can be archived as soon as its Saturday has come.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

WEEK_US: Final = 7 * 86_400 * 1_000_000
#: 1970-01-03 was a Saturday.
_FIRST_SATURDAY_US: Final = 2 * 86_400 * 1_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Week(NamedTuple):
    """One partition: its name, after the week's Monday, and its half-open interval of aware UTC times."""

    name: str
    start: datetime
    end: datetime


def week_number(ts_us: int) -> int:
    """The number of the trade week of an instant in epoch microseconds; consecutive weeks have consecutive numbers."""
    return (ts_us - _FIRST_SATURDAY_US) // WEEK_US


def week(number: int) -> Week:
    """The partition of a week number."""
    start = _EPOCH + timedelta(microseconds=number * WEEK_US + _FIRST_SATURDAY_US)
    monday = start + timedelta(days=2)
    return Week(f"ticks_w{monday:%Y%m%d}", start, start + timedelta(days=7))
