"""The desk's order: quotes and timers, one after the other, to every reactor. A rule file.

A timer at t comes after every quote with a time up to t and before the first with a later one (SPEC 15). What the time
of a quote is the caller says: live, when the bus took it; in a replay, its own ``ts``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from thor.desk.reactor import Effect, MarketTransitioned, Reactor, State, StatusesFound
from thor.markets.calendar import Calendar
from thor.markets.transition import MarketClock
from thor.quotes.quote import Quote

#: Before the first entry of a stream.
BEGINNING = "0-0"


class FiredTimer(NamedTuple):
    """At ``at_us`` something was due; it was told after the entry ``after_id`` at ``told_us``."""

    at_us: int
    after_id: str
    told_us: int


class Desk:
    """Feeds reactors. ``position_us``: the instant up to which every timer was told; ``cursor``: the last entry heard.

    ``effects`` and ``timers`` gather what follows until :meth:`take` empties them.
    """

    def __init__(
        self,
        calendars: Mapping[str, Calendar],
        reactors: Sequence[Reactor],
        position_us: int,
        cursor: str = BEGINNING,
    ) -> None:
        self.clock = MarketClock(calendars, position_us)
        self.reactors = tuple(reactors)
        self.cursor = cursor
        self.effects: list[Effect] = []
        self.timers: list[FiredTimer] = []
        self._due_us: int | None = None

    @property
    def position_us(self) -> int:
        return self.clock.position_us

    @property
    def due_us(self) -> int | None:
        """When the next timer or transition is due."""
        return self._due_us

    def start(self, states: Mapping[str, State]) -> None:
        """Take up the reactors' states, then tell them how the markets stand."""
        for reactor in self.reactors:
            if (state := states.get(reactor.name)) is not None:
                reactor.restore(state)
        statuses = self.clock.statuses()
        self.effects.append(StatusesFound(statuses, self.position_us))
        for reactor in self.reactors:
            self.effects.extend(reactor.on_start(statuses, self.position_us))
        self._look()

    def follow(self, calendars: Mapping[str, Calendar]) -> None:
        """Other calendars or markets from here on."""
        self.clock.follow(calendars)
        self.effects.append(StatusesFound(self.clock.statuses(), self.position_us))
        self._look()

    def hear(self, entry_id: str, quote: Quote | None, at_us: int, told_us: int) -> None:
        """One entry of the stream, whose time is ``at_us``; what is due before it comes first. None: an entry that is
        no quote moves the cursor only."""
        if self._due_us is not None and self._due_us < at_us:
            self.advance(at_us - 1, told_us)
        self.cursor = entry_id
        if quote is None:
            return
        moved = False
        for reactor in self.reactors:
            if effects := reactor.on_quote(quote):
                self.effects.extend(effects)
                moved = True
        if moved:
            self._look()

    def advance(self, to_us: int, told_us: int) -> None:
        """Every timer and transition up to ``to_us``, in order; every entry up to then was heard."""
        while self._due_us is not None and self._due_us <= to_us:
            self._fire(self._due_us, told_us)
            self._look()
        self.clock.advance(to_us)

    def take(self) -> tuple[list[Effect], list[FiredTimer]]:
        """What gathered since the last time."""
        effects, timers = self.effects, self.timers
        self.effects, self.timers = [], []
        return effects, timers

    def states(self) -> dict[str, State]:
        """What each reactor must remember."""
        return {reactor.name: reactor.state() for reactor in self.reactors}

    def _fire(self, at_us: int, told_us: int) -> None:
        told_us = max(told_us, at_us)
        self.timers.append(FiredTimer(at_us, self.cursor, told_us))
        # The transition first: a reactor's timer at the same instant sees the market as it is from then on.
        for transition in self.clock.advance(at_us):
            self.effects.append(MarketTransitioned(*transition, told_us=told_us, after_id=self.cursor))
            for reactor in self.reactors:
                self.effects.extend(reactor.on_transition(transition))
        for reactor in self.reactors:
            due_us = reactor.next_timer_us()
            if due_us is not None and due_us <= at_us:
                self.effects.extend(reactor.on_timer(at_us))
                _check_moved(reactor, at_us)

    def _look(self) -> None:
        due = [self.clock.next_us, *(reactor.next_timer_us() for reactor in self.reactors)]
        self._due_us = min((each for each in due if each is not None), default=None)


def _check_moved(reactor: Reactor, at_us: int) -> None:
    """A timer that stays due would hold the desk for ever."""
    due_us = reactor.next_timer_us()
    if due_us is not None and due_us <= at_us:
        raise RuntimeError(f"reactor {reactor.name} asks again for its timer at {due_us}, which it was just told")
