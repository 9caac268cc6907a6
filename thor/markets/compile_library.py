"""What the calendar libraries say: each calendar's sessions, a day at a time. The one file that knows pandas.

Only ``sync_calendars`` comes here: no running process imports it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from typing import Any, Final
from zoneinfo import ZoneInfo

import exchange_calendars
import pandas as pd
import pandas_market_calendars

from thor.markets.calendar import CalendarError, IntervalPhase
from thor.markets.hours import Piece, parse_hours, place

VERSIONS: Final = tuple((name, version(name)) for name in ("exchange-calendars", "pandas-market-calendars", "holidays"))
#: Product group -> its calendar in pandas-market-calendars, its zone.
_GROUPS: Final = {
    "cme_equity": ("CME Globex Equity", "America/Chicago"),
    "cbot_rates": ("CME Globex Interest Rate Products", "America/Chicago"),
    "cme_metals_energy": ("CMEGlobex_EnergyAndMetals", "America/Chicago"),
    "cfe_vx": ("CFE", "America/Chicago"),
    "ice_dx": ("ICEUS", "America/New_York"),
}
_NEW_YORK: Final = ZoneInfo("America/New_York")
_PRE_USA: Final = parse_hours("08:30 regular 09:30")
_REGULAR, _BREAK = IntervalPhase.REGULAR, IntervalPhase.BREAK


@dataclass(frozen=True, slots=True)
class LibrarySession:
    """A session as the library has it. ``early_us``: when all of it is over, if that is earlier than usual."""

    pieces: tuple[Piece, ...]
    early_us: int | None = None


@dataclass(frozen=True, slots=True)
class LibraryCalendar:
    """``sessions`` by local date, in order. ``last``: the last date that the library knows, or was asked for."""

    source: str
    zone: ZoneInfo
    last: date
    sessions: dict[date, LibrarySession]


def read_library(name: str, first: date, last: date) -> LibraryCalendar:
    """A calendar from ``first`` to ``last``, or to where the library's knowledge ends.

    Raises CalendarError when that is before ``first``.
    """
    if name in _GROUPS:
        return _group(name, first, last)
    if name == "XNYS":
        return _new_york(first, last)
    if name == "PRE_USA":
        return _pre_usa(first, last)
    return _exchange(name, first, last)


def _exchange(name: str, first: date, last: date) -> LibraryCalendar:
    dispatcher: Any = exchange_calendars.calendar_utils.global_calendar_dispatcher
    bound = dispatcher._calendar_factories[name].bound_max()
    last = last if bound is None else min(last, bound.date())
    if last < first:
        raise CalendarError(f"{name}: exchange-calendars knows nothing after {last}: take a newer one")
    calendar = exchange_calendars.get_calendar(name, start=str(first), end=str(last))
    schedule = calendar.schedule
    early = {day.date() for day in calendar.early_closes}
    columns = [_micros(schedule[column]) for column in ("open", "break_start", "break_end", "close")]
    sessions = {
        day.date(): LibrarySession(_pieces(*times), times[3] if day.date() in early else None)
        for day, *times in zip(schedule.index, *columns, strict=True)
    }
    return LibraryCalendar(f"exchange_calendars {name}", ZoneInfo(str(calendar.tz)), last, sessions)


def _pieces(open_us: int, break_us: int, resume_us: int, close_us: int) -> tuple[Piece, ...]:
    if break_us < open_us:  # NaT
        return (Piece(_REGULAR, open_us, close_us),)
    return (
        Piece(_REGULAR, open_us, break_us), Piece(_BREAK, break_us, resume_us), Piece(_REGULAR, resume_us, close_us)
    )  # fmt: skip


def _micros(column: Any) -> list[int]:
    """Epoch microseconds of a column of times; NaT is far below zero."""
    found: list[int] = (
        column.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[us]").astype("int64").tolist()
    )
    return found


def _market_schedule(name: str, first: date, last: date) -> Iterator[tuple[date, bool, dict[str, int]]]:
    """Days of pandas-market-calendars: date, whether it closes early, and its times by column."""
    calendar = pandas_market_calendars.get_calendar(name)
    schedule = calendar.schedule(str(first), str(last), market_times="all")
    early = {day.date() for day in calendar.early_closes(schedule).index}
    columns = {str(column): _micros(schedule[column]) for column in schedule}
    for row, day in enumerate(pd.DatetimeIndex(schedule.index)):
        yield day.date(), day.date() in early, {column: times[row] for column, times in columns.items()}


def _group(name: str, first: date, last: date) -> LibraryCalendar:
    library, zone = _GROUPS[name]
    sessions = {}
    for day, early, times in _market_schedule(library, first, last):
        piece = Piece(_REGULAR, times["market_open"], times["market_close"])
        sessions[day] = LibrarySession((piece,), times["market_close"] if early else None)
    return LibraryCalendar(f"pandas_market_calendars {library}", ZoneInfo(zone), last, sessions)


def _new_york(first: date, last: date) -> LibraryCalendar:
    """With its hours before and after; those after begin earlier on a half day, and are shorter."""
    sessions = {}
    for day, early, times in _market_schedule("NYSE", first, last):
        pieces = (
            Piece(IntervalPhase.PRE, times["pre"], times["market_open"]),
            Piece(_REGULAR, times["market_open"], times["market_close"]),
            Piece(IntervalPhase.POST, times["market_close"], times["post"]),
        )
        sessions[day] = LibrarySession(pieces, times["post"] if early else None)
    return LibraryCalendar("pandas_market_calendars NYSE", _NEW_YORK, last, sessions)


def _pre_usa(first: date, last: date) -> LibraryCalendar:
    """The hour before New York's open, on its days."""
    york = _new_york(first, last)
    sessions = {day: LibrarySession(place(_PRE_USA, day, _NEW_YORK)) for day in york.sessions}
    return LibraryCalendar(f"{york.source}, the hour before its open", _NEW_YORK, york.last, sessions)
