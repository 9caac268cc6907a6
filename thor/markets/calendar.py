"""A compiled calendar: when a market or a product group trades, from 2007 to its horizon, by bisection. A rule file.

Compiled once from libraries and our own overrides (``thor/markets/compile.py``), kept in the database, held by each
process as flat sorted arrays. Instants are epoch microseconds. Outside the table the answer is UNKNOWN, never a guess.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple


class Phase(StrEnum):
    """Where a market stands in its day."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    PRE_MARKET = "PRE_MARKET"
    POST_MARKET = "POST_MARKET"
    BREAK = "BREAK"
    UNKNOWN = "UNKNOWN"


class Status(StrEnum):
    """Whether a market's session is on. A lunch break does not close it; maintenance does."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    UNKNOWN = "UNKNOWN"


class TransitionKind(StrEnum):
    """What a transition does to the status."""

    OPEN = "OPEN"
    CLOSE = "CLOSE"


class IntervalPhase(StrEnum):
    """What an interval of the table is. Between intervals a market is CLOSED."""

    PRE = "pre"
    REGULAR = "regular"
    BREAK = "break"
    POST = "post"
    MAINTENANCE = "maintenance"


_PHASE_OF: Final[Mapping[IntervalPhase, Phase]] = {
    IntervalPhase.PRE: Phase.PRE_MARKET,
    IntervalPhase.REGULAR: Phase.OPEN,
    IntervalPhase.BREAK: Phase.BREAK,
    IntervalPhase.POST: Phase.POST_MARKET,
    IntervalPhase.MAINTENANCE: Phase.BREAK,
}
_IN_SESSION: Final = frozenset({IntervalPhase.REGULAR, IntervalPhase.BREAK})
_PHASES: Final = tuple(Phase)
# An attribute of an enum is looked up anew each time; these are asked for in the fast path.
_OPEN, _CLOSED, _BREAK = Status.OPEN, Status.CLOSED, Phase.BREAK
_TURNS_OPEN, _TURNS_CLOSE = TransitionKind.OPEN, TransitionKind.CLOSE


class Interval(NamedTuple):
    """One row of the table: half-open [open_us, close_us)."""

    trade_date: date
    phase: IntervalPhase
    open_us: int
    close_us: int


class DayNote(NamedTuple):
    """What is special about a local date. ``is_closed``: no session is held on it; a CME holiday may have one."""

    name: str
    is_holiday: bool
    is_closed: bool
    is_early_close: bool


class Transition(NamedTuple):
    """A calendar's status changes at ``at_us``. ``trade_date``: of the session that opens or closes."""

    kind: TransitionKind
    at_us: int
    trade_date: date


class Moment(NamedTuple):
    """How a calendar stands at an instant, and until when that holds.

    ``trade_date``: of the running session, or while closed of the next. ``resumes_us``: the end of a break.
    """

    phase: Phase
    status: Status
    trade_date: date | None
    since_us: int
    until_us: int
    next_transition: Transition | None
    resumes_us: int | None

    @property
    def is_open(self) -> bool:
        """Trading takes place: a lunch break is no trading though the session is on."""
        return self.phase is Phase.OPEN


class CalendarError(ValueError):
    """A table that is no calendar: intervals that overlap or are out of order."""


class Calendar:
    """The compiled table of one calendar. Immutable; about a microsecond a question.

    ``first_us`` to ``end_us`` (exclusive): the span the table knows.
    """

    __slots__ = (
        "_dates", "_days", "_phases", "_seen", "_starts", "_trading", "_turn_dates", "_turn_of", "_turns", "end_us",
        "first_us", "name", "zone",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        zone: str,
        intervals: Sequence[Interval],
        days: Mapping[date, DayNote],
        first_us: int,
        end_us: int,
    ) -> None:
        """Raises :class:`CalendarError` for intervals that are empty, overlap, or reach out of the span."""
        self.name, self.zone, self.first_us, self.end_us = name, zone, first_us, end_us
        self._days = dict(days)
        self._trading = frozenset(each.trade_date for each in intervals if each.phase is IntervalPhase.REGULAR)
        _check(name, intervals, first_us, end_us)
        self._turns, self._turn_dates = _turns_of(intervals)
        self._starts, self._phases, self._dates = self._segments(intervals)
        # A status changes only where a segment begins, so that a segment's moment is the same all through.
        self._turn_of = array("i", (bisect_right(self._turns, start_us) for start_us in self._starts))
        self._seen: tuple[int, Moment | None] = (-1, None)

    def _segments(self, intervals: Sequence[Interval]) -> tuple[array[int], bytes, list[date | None]]:
        """Without a gap from ``first_us`` on: where each segment begins, its phase, and its trade date."""
        starts, phases = array("q"), bytearray()
        dates: list[date | None] = []

        def add(start_us: int, phase: Phase, day: date | None) -> None:
            starts.append(start_us)
            phases.append(_PHASES.index(phase))
            dates.append(day)

        at = self.first_us
        for each in intervals:
            if each.open_us > at:
                add(at, Phase.CLOSED, self._next_date(at))
            own = each.phase in _IN_SESSION
            add(each.open_us, _PHASE_OF[each.phase], each.trade_date if own else self._next_date(each.open_us))
            at = each.close_us
        if at < self.end_us:
            add(at, Phase.CLOSED, self._next_date(at))
        return starts, bytes(phases), dates

    def _next_date(self, at_us: int) -> date | None:
        """Of the first session that opens at or after an instant; None beyond the table."""
        index = bisect_right(self._turns, at_us - 1)
        index += index % 2  # an OPEN is at an even place
        return self._turn_dates[index] if index < len(self._turns) else None

    # --- questions ------------------------------------------------------------------------------------------------

    def at(self, at_us: int) -> Moment:
        """How the calendar stands at an instant."""
        if not self.first_us <= at_us < self.end_us:
            return Moment(Phase.UNKNOWN, Status.UNKNOWN, None, at_us, at_us, None, None)
        index = bisect_right(self._starts, at_us) - 1
        seen, moment = self._seen
        if seen != index or moment is None:
            moment = self._moment(index)
            self._seen = (index, moment)
        return moment

    def _moment(self, index: int) -> Moment:
        """A segment's answer."""
        starts, turn = self._starts, self._turn_of[index]
        phase = _PHASES[self._phases[index]]
        until = starts[index + 1] if index + 1 < len(starts) else self.end_us
        return Moment(
            phase,
            _OPEN if turn % 2 else _CLOSED,
            self._dates[index],
            starts[index],
            until,
            self._turn(turn),
            until if phase is _BREAK else None,
        )

    def status(self, at_us: int) -> Status:
        """Whether the session is on."""
        if not self.first_us <= at_us < self.end_us:
            return Status.UNKNOWN
        return _OPEN if bisect_right(self._turns, at_us) % 2 else _CLOSED

    def phase(self, at_us: int) -> Phase:
        """Where the calendar stands in its day."""
        if not self.first_us <= at_us < self.end_us:
            return Phase.UNKNOWN
        return _PHASES[self._phases[bisect_right(self._starts, at_us) - 1]]

    def trade_date(self, at_us: int) -> date | None:
        """The running session's date, or while closed the next one's; None where the table does not know."""
        if not self.first_us <= at_us < self.end_us:
            return None
        return self._dates[bisect_right(self._starts, at_us) - 1]

    def next_transition(self, after_us: int) -> Transition | None:
        """The first transition later than an instant; None beyond the table."""
        if not self.first_us <= after_us < self.end_us:
            return None
        return self._turn(bisect_right(self._turns, after_us))

    def last_transition(self, at_us: int) -> Transition | None:
        """The newest transition at or before an instant; None where the table does not know."""
        if not self.first_us <= at_us < self.end_us:
            return None
        index = bisect_right(self._turns, at_us) - 1
        return self._turn(index) if index >= 0 else None

    def transitions(self, after_us: int, until_us: int) -> list[Transition]:
        """Those with ``after_us < at_us <= until_us``, in order."""
        first, last = bisect_right(self._turns, after_us), bisect_right(self._turns, until_us)
        found = (self._turn(index) for index in range(first, last))
        return [turn for turn in found if turn is not None]

    def is_trading_day(self, day: date) -> bool:
        """A session carries this date. A CME holiday's session carries the next day's."""
        return day in self._trading

    def is_special(self, trade_date: date) -> bool:
        """A session outside the market's usual days, such as a ceremonial hour on a holiday or a budget day on a
        Saturday: open, but nothing is captured (SPEC 7)."""
        note = self._days.get(trade_date)
        return trade_date in self._trading and (trade_date.weekday() > 4 or (note is not None and note.is_holiday))

    def note(self, day: date) -> DayNote | None:
        """What is special about a local date; None for an ordinary one."""
        return self._days.get(day)

    def _turn(self, index: int) -> Transition | None:
        if index >= len(self._turns):
            return None
        kind = _TURNS_CLOSE if index % 2 else _TURNS_OPEN
        return Transition(kind, self._turns[index], self._turn_dates[index])


@dataclass(frozen=True, slots=True)
class GroupCalendars:
    """Product group -> its calendar: what a desk is told. ``editions`` tell one compilation from another."""

    by_group: Mapping[str, Calendar] = field(compare=False)
    editions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MarketCalendars:
    """Market -> its calendar: what a desk is told."""

    by_market: Mapping[str, Calendar] = field(compare=False)
    editions: tuple[tuple[str, str], ...]


def _check(name: str, intervals: Sequence[Interval], first_us: int, end_us: int) -> None:
    before = first_us
    for each in intervals:
        if each.open_us < before or each.close_us <= each.open_us:
            raise CalendarError(f"{name}: the interval {each} is empty or begins before the one before it ends")
        before = each.close_us
    if before > end_us:
        raise CalendarError(f"{name}: the interval {intervals[-1]} reaches beyond the table's end")


def _turns_of(intervals: Sequence[Interval]) -> tuple[array[int], list[date]]:
    """OPEN and CLOSE in turn: instants, and the sessions' dates. Touching intervals of one session
    (morning, lunch, afternoon) are one."""
    turns = array("q")
    dates: list[date] = []
    for each in intervals:
        if each.phase not in _IN_SESSION:
            continue
        if turns and turns[-1] == each.open_us and dates[-1] == each.trade_date:
            turns[-1] = each.close_us
            continue
        turns.extend((each.open_us, each.close_us))
        dates.extend((each.trade_date,) * 2)
    return turns, dates
