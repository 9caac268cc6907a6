"""The exchange's session date of an instant: the one function that computes it (SPEC 1). A rule file.

A CME session begins 17:00 Chicago and belongs to the next business day (Sunday 17:00 is Monday's, the Thanksgiving
Thursday session is Friday's); the maintenance hour before still belongs to the old date. VX turns 17:00 Chicago too,
DX 20:00 New York, so that its Sunday 18:00 session is Monday's. A holiday's session belongs to the next business day.

Business days are a matter of the product group: those of the exchanges' rules, less the days on which the group's
market was shut or held no session of its own. Without a database: collectors and the ingestor's kernel use it, and the
compiled calendars take their dates from it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from thor.markets.us_holidays import HOLIDAYS, good_friday, holiday

_CHICAGO: Final = ZoneInfo("America/Chicago")
_NEW_YORK: Final = ZoneInfo("America/New_York")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)

DEFAULT_GROUP: Final = "cme_equity"
GROUPS: Final = ("cme_equity", "cbot_rates", "cme_metals_energy", "cfe_vx", "ice_dx")
#: Good Fridays on which the employment report is published: the group has a short session with a date of its own.
#: VX trades on them too, but for Monday (CFE, 2015); metals, energy and DX do not.
_PAYROLL: Final = frozenset({2010, 2012, 2015, 2021, 2023, 2026})
_GOOD_FRIDAYS: Final[Mapping[str, frozenset[int]]] = {"cme_equity": _PAYROLL, "cbot_rates": _PAYROLL | {2007}}
_FORD, _BUSH, _CARTER = date(2007, 1, 2), date(2018, 12, 5), date(2025, 1, 9)
_SANDY: Final = date(2012, 10, 29)
#: Days that no rule foresees: mourning, and Hurricane Sandy, which CME settled and CFE and ICE did not.
#: Sources: thor/markets/overrides.yaml.
_SHUT: Final[Mapping[str, frozenset[date]]] = {
    "cme_equity": frozenset({_FORD, _BUSH, _CARTER}),
    "cbot_rates": frozenset({_BUSH}),
    "cme_metals_energy": frozenset({_FORD}),
    "cfe_vx": frozenset({_FORD, _SANDY, _SANDY + timedelta(days=1), _BUSH, _CARTER}),
    "ice_dx": frozenset({_FORD, _SANDY}),
}


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


def spans_of(day: date, groups: Iterable[str] = GROUPS) -> list[Span]:
    """When a trade date is, of each product group that has it."""
    noon_us = epoch_us(datetime.combine(day, time(12), UTC))
    return [span for group in groups if (span := trade_date_span(noon_us, group)).trade_date == day]


@lru_cache(maxsize=256)
def _turns(year: int, group: str) -> tuple[tuple[int, ...], tuple[date, ...]]:
    """When the date turns around a year: sorted starts in epoch microseconds, and the date that begins at each."""
    if group not in GROUPS:
        raise ValueError(f"unknown product group {group!r}: one of {', '.join(GROUPS)}")
    days = [day for day in _days(date(year - 1, 12, 20), date(year + 1, 1, 12)) if is_business_day(day, group)]
    return tuple(_opens_us(before, group) for before in days[:-1]), tuple(days[1:])


def _opens_us(before: date, group: str) -> int:
    """The instant on the evening of the business day ``before`` at which the next trade date begins."""
    zone, hour = (_NEW_YORK, 20) if group == "ice_dx" else (_CHICAGO, 17)
    return epoch_us(datetime.combine(before, time(hour), zone))


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@lru_cache(maxsize=16384)
def is_business_day(day: date, group: str = DEFAULT_GROUP) -> bool:
    """Whether a session of the product group carries this date."""
    return day.weekday() < 5 and day not in _holidays(day.year, group) and day not in _SHUT[group]


@lru_cache(maxsize=512)
def _holidays(year: int, group: str) -> frozenset[date]:
    """The holidays of a year that have no trade date of their own."""
    found = {holiday(name, year) for name in HOLIDAYS}
    if year in _GOOD_FRIDAYS.get(group, ()):
        found.discard(good_friday(year))
    return frozenset(day for day in found if day is not None)
