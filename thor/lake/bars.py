"""What a bar is: where intervals begin, which are in regular hours, when a trade date's session is. A rule file.

Bars shorter than a day begin at whole multiples of their width in UTC: no trade date turns within one. A day's bar is
all of its trade date and is known by the session's open.

Regular hours are those that the exchanges call so, or those of the floor where there was one, in local time:

- ES NQ RTY YM: 8:30 to 15:15 Chicago, since 2021-06-28 to 15:00. CME's floor hours and the cash session, then the
  session without the halt of 15:15 (CME Globex notice 2021-06-21, which the calendar follows too).
- CL: 9:00 to 14:30 New York, NYMEX's floor. GC 8:20 to 13:30, SI 8:25 to 13:25, HG 8:10 to 13:00, COMEX's floor.
- ZB: 7:20 to 14:00 Chicago, CBOT's floor.
- VX: 8:30 to 15:15 Chicago ("regular trading hours", CFE circular of June 2014, cfe.cboe.com/tradecfe/ETH.aspx).
  Newer pages are said to end 15:00; no dated source was found, as in the calendar.
- DX: 8:00 to 15:00 New York, the floor hours of ICE Futures US's dollar index; its closing session is 14:59 to 15:00.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from thor.lake.layout import WIDTH_US, Timeframe
from thor.markets.calendar import Calendar, TransitionKind
from thor.markets.hours import instant, parse_time
from thor.markets.trade_date import DEFAULT_GROUP, GROUPS, Span, epoch_us, spans_of, trade_date_span

#: Labels of a bar: all of its interval is in regular hours, or not.
RTH, ETH = "RTH", "ETH"
#: Another number is another table of regular hours: bars are built anew.
HOURS_EDITION: Final = 1
#: Whoever was heard so soon after the open saw the session from its start.
START_US: Final = 60_000_000

_CHICAGO: Final = ZoneInfo("America/Chicago")
_NEW_YORK: Final = ZoneInfo("America/New_York")


class Regular(NamedTuple):
    """Regular hours up to the trade date ``until``: minutes of the local day."""

    until: date
    zone: ZoneInfo
    start: int
    end: int


def _hours(zone: ZoneInfo, text: str, until: date = date.max) -> Regular:
    start, _, end = text.partition("-")
    return Regular(until, zone, parse_time(start), parse_time(end))


_EQUITY: Final = (_hours(_CHICAGO, "08:30-15:15", date(2021, 6, 25)), _hours(_CHICAGO, "08:30-15:00"))
_BONDS: Final = (_hours(_CHICAGO, "07:20-14:00"),)
_VOLATILITY: Final = (_hours(_CHICAGO, "08:30-15:15"),)
_DOLLAR: Final = (_hours(_NEW_YORK, "08:00-15:00"),)
REGULAR_HOURS: Final[Mapping[str, tuple[Regular, ...]]] = {
    **dict.fromkeys(("YM", "ES", "NQ", "RTY"), _EQUITY),
    "CL": (_hours(_NEW_YORK, "09:00-14:30"),),
    "SI": (_hours(_NEW_YORK, "08:25-13:25"),),
    "HG": (_hours(_NEW_YORK, "08:10-13:00"),),
    "GC": (_hours(_NEW_YORK, "08:20-13:30"),),
    "VX": _VOLATILITY,
    "DX": _DOLLAR,
    "ZB": _BONDS,
}
#: Of an instrument that people added: its group's, where all of the group have the same.
_GROUP_HOURS: Final[Mapping[str, tuple[Regular, ...]]] = {
    "cme_equity": _EQUITY, "cbot_rates": _BONDS, "cfe_vx": _VOLATILITY, "ice_dx": _DOLLAR,
}  # fmt: skip


class Session(NamedTuple):
    """A symbol's trade date: from ``start_us`` to before ``end_us``; ``open_us``: when its session opened; regular
    hours from ``regular_start_us`` to before ``regular_end_us``, which are equal where it had none. Epoch
    microseconds."""

    trade_date: date
    start_us: int
    end_us: int
    open_us: int
    regular_start_us: int
    regular_end_us: int


def session_of(symbol: str, group: str, day: date, calendar: Calendar | None) -> Session:
    """A symbol's trade date by its product group's calendar; without one the session is all of the trade date."""
    span = _span(day, group if group in GROUPS else DEFAULT_GROUP)
    pieces = _pieces(span, calendar)
    start_us, end_us = _regular(symbol, group, span.trade_date, pieces)
    return Session(span.trade_date, span.start_us, span.end_us, pieces[0][0], start_us, end_us)


def _span(day: date, group: str) -> Span:
    """A date that is none of the group's belongs to the next one that is."""
    found = spans_of(day, [group])
    return found[0] if found else trade_date_span(epoch_us(datetime.combine(day, time(12), UTC)), group)


def _pieces(span: Span, calendar: Calendar | None) -> list[tuple[int, int]]:
    """When the session was on: more than once where it halted in between. All of the trade date where it had none."""
    turns = () if calendar is None else calendar.transitions(span.start_us - 1, span.end_us)
    own = [turn for turn in turns if turn.trade_date == span.trade_date]
    pairs = [(one.at_us, two.at_us) for one, two in pairwise(own) if one.kind is TransitionKind.OPEN]
    return pairs or [(span.start_us, span.end_us)]


def _regular(symbol: str, group: str, day: date, pieces: list[tuple[int, int]]) -> tuple[int, int]:
    """Regular hours of a date, cut to the session: a half day's end where it ends."""
    hours = REGULAR_HOURS.get(symbol) or _GROUP_HOURS.get(group)
    if hours is None:
        return 0, 0
    own = next(each for each in hours if day <= each.until)
    start_us, end_us = instant(day, own.start, own.zone), instant(day, own.end, own.zone)
    inside = [(max(start_us, opened), min(end_us, closed)) for opened, closed in pieces]
    found = [(begin, end) for begin, end in inside if begin < end]
    return (found[0][0], found[-1][1]) if found else (0, 0)


def label_of(session: Session, start_us: int, end_us: int) -> str:
    """RTH where all of an interval is in regular hours."""
    return RTH if session.regular_start_us <= start_us and end_us <= session.regular_end_us else ETH


def start_of(timeframe: Timeframe, at_us: int, session: Session) -> int:
    """When the interval of an instant begins, as bars are known by."""
    if timeframe is Timeframe.DAY:
        return session.open_us
    return at_us - at_us % WIDTH_US[timeframe]


def in_order(timeframes: tuple[Timeframe, ...]) -> tuple[Timeframe, ...]:
    """The finest first, each once: every one can be made of the one before it."""
    return tuple(each for each in Timeframe if each in timeframes)
