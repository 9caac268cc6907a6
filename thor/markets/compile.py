"""Compiles a calendar: the library's sessions, our overrides, the names of the days, the exchange's trade dates."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from thor.markets.calendar import Calendar, CalendarError, DayNote, Interval, IntervalPhase
from thor.markets.compile_library import LibraryCalendar, LibrarySession, read_library
from thor.markets.compile_names import half_day_name, name_of, names_of
from thor.markets.hours import Piece, instant, place, since, until
from thor.markets.overrides import Change, Override
from thor.markets.trade_date import GROUPS, is_business_day, trade_date_span, utc
from thor.markets.us_holidays import good_friday

_DAY: Final = timedelta(days=1)


class CompileError(CalendarError):
    """Library and overrides together make no calendar."""


class CompiledInterval(NamedTuple):
    """A row of the table."""

    interval: Interval
    name: str
    source: str


class CompiledDay(NamedTuple):
    """A special local date."""

    day: date
    note: DayNote
    source: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """One calendar, ready to be stored."""

    name: str
    zone: str
    first_us: int
    end_us: int
    intervals: tuple[CompiledInterval, ...]
    days: tuple[CompiledDay, ...]
    sessions: int
    last: date

    def calendar(self) -> Calendar:
        """The table as processes hold it. Raises CalendarError for one that overlaps or is out of order."""
        notes = {each.day: each.note for each in self.days}
        intervals = [each.interval for each in self.intervals]
        return Calendar(self.name, self.zone, intervals, notes, self.first_us, self.end_us)

    def interval_text(self) -> str:
        """What of the intervals goes into the database: lines of tab-separated values, for COPY and the digest."""
        return "".join(
            f"{self.name}\t{day}\t{phase}\t{utc(open_us)}\t{utc(close_us)}\t{name}\t{source}\n"
            for (day, phase, open_us, close_us), name, source in self.intervals
        )

    def day_text(self) -> str:
        """The same of the days."""
        return "".join(
            f"{self.name}\t{day}\t{name}\t{is_holiday}\t{is_closed}\t{is_early_close}\t{source}\n"
            for day, (name, is_holiday, is_closed, is_early_close), source in self.days
        )

    def digest_of(self, *texts: str) -> str:
        """Of all that is stored, given both texts: another digest is another table."""
        head = f"{self.zone} {self.first_us} {self.end_us}\n"
        return hashlib.sha256("".join((head, *texts)).encode()).hexdigest()

    def digest(self) -> str:
        """The same, made from scratch."""
        return self.digest_of(self.interval_text(), self.day_text())


@dataclass(slots=True)
class _Session:
    """A session while overrides are applied. ``whole``: before it is cut. ``is_short``: it closes early."""

    whole: tuple[Piece, ...]
    source: str
    early_us: int | None = None
    late_us: int | None = None
    is_short: bool = False
    is_special: bool = False

    @property
    def pieces(self) -> tuple[Piece, ...]:
        left = self.whole if self.early_us is None else until(self.whole, self.early_us)
        return left if self.late_us is None else since(left, self.late_us)

    def close(self, at_us: int) -> None:
        """End at an instant. It is a short session when trading time is lost, not when only maintenance is."""
        self.early_us = at_us
        self.is_short = any(each.phase is IntervalPhase.REGULAR and each.close_us > at_us for each in self.whole)


@dataclass(slots=True)
class _Draft:
    """A calendar while overrides are applied."""

    name: str
    zone: ZoneInfo
    first: date
    last: date
    sessions: dict[date, _Session]
    names: dict[date, str]
    sources: dict[date, str] = field(default_factory=dict)

    def follow(self, override: Override) -> None:
        zone = override.zone or self.zone
        for day in override.days(self.first, self.last):
            self._change(override, day, zone)
            if override.name:
                self.names[day] = override.name

    def _change(self, override: Override, day: date, zone: ZoneInfo) -> None:
        session, source = self.sessions.get(day), f"overrides.yaml: {override.reason}"[:200]
        if override.change is Change.CLOSED:
            self.sessions.pop(day, None)
            self.sources[day] = source
        elif override.change is Change.SESSION:
            self.sessions[day] = _Session(place(override.hours, day, zone), source, is_special=True)
        elif session is not None and override.change is Change.HOURS:
            session.whole, session.source = place(override.hours, day, zone), source
        elif session is not None and override.change is Change.CLOSE:
            session.close(instant(day, override.minute, zone))
            session.source = source
        elif session is not None and override.change is Change.OPEN:
            session.late_us, session.source = instant(day, override.minute, zone), source


def compile_calendar(name: str, first: date, last: date, overrides: Iterable[Override]) -> Compiled:
    """A calendar from the local date ``first`` to ``last``, or to its library's horizon.

    Raises CalendarError, such as :class:`CompileError`, when library and overrides make none.
    """
    library = read_library(name, first, last)
    names = names_of(name, range(first.year, library.last.year + 1))
    sessions = {day: _session(each, library.source) for day, each in library.sessions.items()}
    draft = _Draft(name, library.zone, first, library.last, sessions, names)
    for override in overrides:
        if name in override.calendars:
            draft.follow(override)
    return _finish(draft, library)


def _session(found: LibrarySession, source: str) -> _Session:
    return _Session(found.pieces, source, found.early_us, is_short=found.early_us is not None)


def _finish(draft: _Draft, library: LibraryCalendar) -> Compiled:
    days = tuple(_days(draft, library))
    names = {each.day: each.note.name for each in days}
    compiled = Compiled(
        draft.name,
        str(draft.zone),
        instant(draft.first, 0, draft.zone),
        instant(draft.last + _DAY, 0, draft.zone),
        tuple(_intervals(draft, names)),
        days,
        len(draft.sessions),
        draft.last,
    )
    compiled.calendar()
    return compiled


def _intervals(draft: _Draft, names: dict[date, str]) -> Iterator[CompiledInterval]:
    rows = [
        CompiledInterval(Interval(_date_of(draft.name, day, piece), *piece), names.get(day, ""), session.source)
        for day, session in sorted(draft.sessions.items())
        for piece in session.pieces
    ]
    opens = {row.interval.open_us for row in rows}
    for row in rows:
        # Maintenance is what stands between two sessions: before a weekend there is none.
        if row.interval.phase is not IntervalPhase.MAINTENANCE or row.interval.close_us in opens:
            yield row


def _date_of(name: str, day: date, piece: Piece) -> date:
    """The trade date of a part of a session: a group's by the exchange's rule, a market's its local date."""
    if name not in GROUPS:
        return day
    span = trade_date_span(piece.open_us, name)
    if piece.close_us > span.end_us:
        raise CompileError(f"{name}: the session of {day} runs over the turn of its trade date {span.trade_date}")
    return span.trade_date


def _days(draft: _Draft, library: LibraryCalendar) -> Iterator[CompiledDay]:
    """Every date that is not ordinary: weekdays without a session, short ones, sessions where none is usual."""
    day = draft.first
    while day <= draft.last:
        session = draft.sessions.get(day)
        if session is None and day.weekday() < 5:
            note = DayNote(name_of(day, draft.names), is_holiday=True, is_closed=True, is_early_close=False)
            yield CompiledDay(day, note, draft.sources.get(day, library.source))
        elif session is not None and (special := _note(draft, day, session)) is not None:
            yield CompiledDay(day, special, session.source)
        day += _DAY


def _note(draft: _Draft, day: date, session: _Session) -> DayNote | None:
    """What is special about a date with a session; None when nothing is."""
    if draft.name in GROUPS:
        is_holiday = not is_business_day(day, draft.name) or day == good_friday(day.year)
        is_short = session.is_short or (is_holiday and session.is_special)
    else:
        is_holiday, is_short = session.is_special and day.weekday() < 5, session.is_short
    if not (is_short or is_holiday or session.is_special):
        return None
    name = half_day_name(day, draft.names) if is_short else name_of(day, draft.names)
    return DayNote(name, is_holiday, is_closed=False, is_early_close=is_short)
