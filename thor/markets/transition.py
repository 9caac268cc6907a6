"""The world clock: given the time, each market's transitions exactly once, in one order. A rule file.

The clock has a position, the instant up to which every transition was told. It never goes back, so a wall clock that
does tells nothing twice; a leap forward, or a start after an absence, tells what lies between.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from thor.markets.calendar import Calendar, Status, Transition, TransitionKind

#: At the same instant a session ends before another begins: Pre_USA closes as USA opens.
_ORDER = {TransitionKind.CLOSE: 0, TransitionKind.OPEN: 1}


class MarketTransition(NamedTuple):
    """A market's status changed at ``at_us`` (epoch microseconds). ``trade_date``: of the session that it bounds;
    ``told_us``: when it is told, where that is known to be later."""

    market: str
    kind: TransitionKind
    at_us: int
    trade_date: date
    told_us: int = 0


class MarketClock:
    """Tells the transitions of several markets. ``calendars``: market -> its calendar, in the markets' order."""

    def __init__(self, calendars: Mapping[str, Calendar], position_us: int) -> None:
        self._calendars = dict(calendars)
        self.position_us = position_us
        self._next_us = self._find_next()

    @property
    def next_us(self) -> int | None:
        """The next transition of any market; None when no table reaches so far."""
        return self._next_us

    def advance(self, to_us: int) -> list[MarketTransition]:
        """The transitions after the position up to ``to_us``, which becomes the position; none when it lies behind."""
        if to_us <= self.position_us:
            return []
        found: list[tuple[int, int, int, MarketTransition]] = []
        if self._next_us is not None and self._next_us <= to_us:
            for place, (market, calendar) in enumerate(self._calendars.items()):
                for turn in calendar.transitions(self.position_us, to_us):
                    told = MarketTransition(market, turn.kind, turn.at_us, turn.trade_date)
                    found.append((turn.at_us, _ORDER[turn.kind], place, told))
        self.position_us = to_us
        if found:
            self._next_us = self._find_next()
        return [told for *_, told in sorted(found)]

    def follow(self, calendars: Mapping[str, Calendar]) -> None:
        """Go on with other tables or markets from the same position."""
        self._calendars = dict(calendars)
        self._next_us = self._find_next()

    def status(self, market: str) -> Status:
        """A market's status at the position; UNKNOWN for one that is not followed."""
        calendar = self._calendars.get(market)
        return calendar.status(self.position_us) if calendar else Status.UNKNOWN

    def next_of(self, market: str) -> Transition | None:
        """A market's next transition after the position."""
        calendar = self._calendars.get(market)
        return calendar.next_transition(self.position_us) if calendar else None

    def statuses(self) -> dict[str, Status]:
        """Every market's status at the position."""
        return {market: calendar.status(self.position_us) for market, calendar in self._calendars.items()}

    def _find_next(self) -> int | None:
        following = (calendar.next_transition(self.position_us) for calendar in self._calendars.values())
        return min((turn.at_us for turn in following if turn is not None), default=None)
