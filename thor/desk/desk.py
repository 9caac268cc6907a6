"""The desk's order: quotes and timers, one after the other, to every reactor. A rule file.

A timer at t comes after every quote with a time up to t and before the first with a later one (SPEC 15). What the time
of a quote is the caller says: live, when the bus took it; in a replay, its own ``ts``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from thor.desk.effects import ConfigTaken, MarketTransitioned, StatusesFound
from thor.markets.calendar import Calendar
from thor.markets.transition import MarketClock
from thor.quotes.gate import Gate
from thor.quotes.quote import Quote
from thor.quotes.reactor import Config, Effect, Reactor, Row, State

#: Before the first entry of a stream.
BEGINNING = "0-0"


class FiredTimer(NamedTuple):
    """At ``at_us`` something was due; it was told after the entry ``after_id`` at ``told_us``."""

    at_us: int
    after_id: str
    told_us: int


class Desk:
    """Feeds reactors. ``position_us``: the instant up to which every timer was told; ``cursor``: the last entry heard.

    ``effects`` and ``timers`` gather what follows until :meth:`take` empties them; ``is_urgent``: some of it is to be
    committed at once.
    """

    def __init__(
        self,
        calendars: Mapping[str, Calendar],
        reactors: Sequence[Reactor],
        position_us: int,
        cursor: str = BEGINNING,
        gate: Gate | None = None,
    ) -> None:
        self.clock = MarketClock(calendars, position_us)
        self.gate = Gate() if gate is None else gate
        self.reactors = tuple(reactors)
        self.cursor = cursor
        self.effects: list[Effect] = []
        self.timers: list[FiredTimer] = []
        self._due_us: int | None = None
        self._config: Config = {}
        # Bound once, and only of those who listen: a call that does nothing costs as much as a rule.
        self._suspects = self.gate.suspects
        self._on_quote = [each.on_quote for each in self.reactors if _overrides(each, "on_quote")]
        self._on_suspect = [each.on_suspect for each in self.reactors if _overrides(each, "on_suspect")]

    @property
    def position_us(self) -> int:
        return self.clock.position_us

    @property
    def due_us(self) -> int | None:
        """When the next timer or transition is due."""
        return self._due_us

    @property
    def is_urgent(self) -> bool:
        """Something follows that is committed and told at once."""
        return bool(self.timers) or any(effect.urgent for effect in self.effects)

    def start(self, states: Mapping[str, State], config: Config | None = None) -> None:
        """Take up the reactors' states and what people set, then tell them how the markets stand."""
        for each in (self.gate, *self.reactors):
            if (state := states.get(each.name)) is not None:
                each.restore(state)
        if config is not None:
            self.configure(config)
        statuses = self.clock.statuses()
        self.effects.append(StatusesFound(statuses, self.position_us))
        for reactor in self.reactors:
            self.effects.extend(reactor.on_start(statuses, self.position_us))
        self._look()

    def configure(self, config: Config) -> None:
        """What people set, from here on. The same again changes nothing."""
        changed = tuple(sorted(kind.__name__ for kind, value in config.items() if self._config.get(kind) != value))
        if not changed:
            return
        self._config = config
        self.effects.append(ConfigTaken(self.position_us, self.cursor, changed))
        for reactor in (self.gate, *self.reactors):
            self.effects.extend(reactor.on_config(config, self.position_us))
        self._look()

    def follow(self, calendars: Mapping[str, Calendar]) -> None:
        """Other calendars or markets from here on."""
        self.clock.follow(calendars)
        self.effects.append(StatusesFound(self.clock.statuses(), self.position_us))
        self._look()

    def hear(self, entry_id: str, quote: Quote | None, at_us: int, told_us: int) -> None:
        """One entry of the stream, whose time is ``at_us``; what is due before it comes first. None: an entry that is
        no quote moves the cursor only."""
        due_us = self._due_us
        if due_us is not None and due_us < at_us:
            self.advance(at_us - 1, told_us)
        self.cursor = entry_id
        if quote is None:
            return
        moved = False
        for hear in self._on_suspect if self._suspects(quote, at_us) else self._on_quote:
            if effects := hear(quote, entry_id, at_us):
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

    def rows(self) -> list[Row]:
        """How the tables should stand, of everything that changed since the last time."""
        return [row for each in (self.gate, *self.reactors) for row in each.rows()]

    def states(self) -> dict[str, State]:
        """What each reactor must remember."""
        return {each.name: each.state() for each in (self.gate, *self.reactors)}

    def _fire(self, at_us: int, told_us: int) -> None:
        told_us = max(told_us, at_us)
        self.timers.append(FiredTimer(at_us, self.cursor, told_us))
        # The transition first: a reactor's timer at the same instant sees the market as it is from then on.
        for transition in self.clock.advance(at_us):
            told = transition._replace(told_us=told_us)
            self.effects.append(MarketTransitioned(*told, after_id=self.cursor))
            for reactor in self.reactors:
                self.effects.extend(reactor.on_transition(told))
        for reactor in self.reactors:
            due_us = reactor.next_timer_us()
            if due_us is not None and due_us <= at_us:
                self.effects.extend(reactor.on_timer(at_us))
                _check_moved(reactor, at_us)

    def _look(self) -> None:
        due = [self.clock.next_us, *(reactor.next_timer_us() for reactor in self.reactors)]
        self._due_us = min((each for each in due if each is not None), default=None)


def _overrides(reactor: Reactor, method: str) -> bool:
    return getattr(type(reactor), method) is not getattr(Reactor, method)


def _check_moved(reactor: Reactor, at_us: int) -> None:
    """A timer that stays due would hold the desk for ever."""
    due_us = reactor.next_timer_us()
    if due_us is not None and due_us <= at_us:
        raise RuntimeError(f"reactor {reactor.name} asks again for its timer at {due_us}, which it was just told")
