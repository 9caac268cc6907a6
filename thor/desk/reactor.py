"""What sits at the desk: reactors hear quotes, transitions and timers, and answer with effects. A rule file.

A reactor reads no clock, no database and no network. What it must remember over a restart it gives as ``state``, which
the desk commits together with the effects and the stream id they rest on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Final

from thor.markets.calendar import Status, TransitionKind
from thor.markets.transition import MarketTransition
from thor.quotes.quote import Quote

#: JSON: objects with text keys, arrays, text, whole numbers, true, false, null. Decimals are kept as text.
State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that follows from what the desk heard. Its handler writes it in the desk's transaction."""


@dataclass(frozen=True, slots=True)
class MarketTransitioned(Effect):
    """A market opened or closed at ``at_us``; the desk told it at ``told_us`` (later after an absence), having heard
    the stream up to ``after_id``."""

    market: str
    kind: TransitionKind
    at_us: int
    trade_date: date
    told_us: int
    after_id: str

    @property
    def late_us(self) -> int:
        """How much later than the transition it was told."""
        return self.told_us - self.at_us


@dataclass(frozen=True, slots=True)
class StatusesFound(Effect):
    """How each market stands when the desk begins, without a transition being told."""

    statuses: Mapping[str, Status]
    at_us: int


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the source said of the session before: prices in points, None where it did not say."""

    source: str
    close: Decimal | None
    settlement: Decimal | None
    last: Decimal | None
    ts_us: int


@dataclass(frozen=True, slots=True)
class SnapshotTaken(Effect):
    """The baseline of every symbol heard so far, as a market opened."""

    market: str
    trade_date: date
    opened_us: int
    baselines: Mapping[str, Baseline]


@dataclass(frozen=True, slots=True)
class AlertRaised(Effect):
    """Something is wrong since ``at_us``. ``alert`` is its name: the same one is raised once until it ends."""

    alert: str
    severity: str
    text: str
    at_us: int


@dataclass(frozen=True, slots=True)
class AlertEnded(Effect):
    """It is well again."""

    alert: str
    text: str
    at_us: int


Effects = Sequence[Effect]
NOTHING: Final[Effects] = ()


class Reactor:
    """A small state machine. Subclasses override what they hear.

    ``next_timer_us`` may change in any call that is not ``on_quote``, and in an ``on_quote`` that answers effects: the
    desk looks at it then.
    """

    #: Under which its state is kept.
    name: ClassVar[str]
    #: It has no place where no quotes are to be expected, in a replay of time alone.
    needs_quotes: ClassVar[bool] = False

    def on_quote(self, quote: Quote) -> Effects:
        """A quote, in the order of the stream."""
        del quote
        return NOTHING

    def on_transition(self, transition: MarketTransition) -> Effects:
        """A market opened or closed; every quote that came before it was heard."""
        del transition
        return NOTHING

    def on_timer(self, at_us: int) -> Effects:
        """The instant that ``next_timer_us`` named has come."""
        del at_us
        return NOTHING

    def on_start(self, statuses: Mapping[str, Status], at_us: int) -> Effects:
        """The desk begins to hear, after ``restore``: how the markets stand."""
        del statuses, at_us
        return NOTHING

    def next_timer_us(self) -> int | None:
        """When it wants to be woken."""
        return None

    def state(self) -> State:
        """What it must remember."""
        return {}

    def restore(self, state: State) -> None:
        """Take up what ``state`` gave."""
        del state
