"""What hears the market: a reactor hears quotes, transitions and timers, and answers with effects. A rule file.

A reactor reads no clock, no database and no network. What it must remember over a restart it gives as ``state``, which
the desk commits together with the effects and the stream id they rest on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final, TypeVar

from thor.markets.calendar import Status
from thor.markets.transition import MarketTransition
from thor.quotes.quote import Quote

#: Part -> JSON: objects with text keys, arrays, text, whole numbers, true, false, null. Decimals are kept as text.
#: Only parts that changed are written; one that is the very same value as before is not even looked at.
State = Mapping[str, Any]
#: What people set, one frozen value of each kind, by its type. Compared by value: an edit gives another one.
Config = Mapping[type[Any], Any]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that follows from what was heard. The desk writes it in the transaction of its checkpoint."""

    #: Is committed, and told, at once; else with what follows within a second.
    urgent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Row(Effect):
    """A row of a table as it is now, written over the one with the same ``key``; without a key it is added.

    Its fields are named as the columns; ``<column>_us`` is an instant in epoch microseconds.
    """

    urgent: ClassVar[bool] = False
    key: ClassVar[tuple[str, ...]] = ()


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

    ``next_timer_us`` may change in any call that is not ``on_quote`` or ``on_suspect``, and in one that answers
    effects: the desk looks at it then.
    """

    #: Under which its state is kept.
    name: ClassVar[str]
    #: It has no place where no quotes are to be expected, in a replay of time alone.
    needs_quotes: ClassVar[bool] = False

    def on_quote(self, quote: Quote, entry_id: str, at_us: int) -> Effects:
        """A good quote, in the order of the stream: the entry ``entry_id``, whose time at the desk is ``at_us``."""
        del quote, entry_id, at_us
        return NOTHING

    def on_suspect(self, quote: Quote, entry_id: str, at_us: int) -> Effects:
        """A quote that the gate found suspect: a sign of life, and nothing that may move a number."""
        del quote, entry_id, at_us
        return NOTHING

    def on_transition(self, transition: MarketTransition) -> Effects:
        """A market opened or closed; every quote that came before it was heard."""
        del transition
        return NOTHING

    def on_timer(self, at_us: int) -> Effects:
        """The instant that ``next_timer_us`` named has come."""
        del at_us
        return NOTHING

    def on_config(self, config: Config, at_us: int) -> Effects:
        """What people set: before anything else is heard, and at each edit."""
        del config, at_us
        return NOTHING

    def on_start(self, statuses: Mapping[str, Status], at_us: int) -> Effects:
        """The desk begins to hear, after ``restore`` and ``on_config``: how the markets stand."""
        del statuses, at_us
        return NOTHING

    def next_timer_us(self) -> int | None:
        """When it wants to be woken."""
        return None

    def rows(self) -> Sequence[Row]:
        """What its tables should say of everything that changed since this was last asked; of all after ``restore``."""
        return ()

    def state(self) -> State:
        """What it must remember, in parts."""
        return {}

    def restore(self, state: State) -> None:
        """Take up what ``state`` gave."""
        del state


def price_text(price: Decimal | None) -> str | None:
    """A price as a state keeps it."""
    return None if price is None else str(price)


def price_of(text: str | None) -> Decimal | None:
    """The inverse of :func:`price_text`, to the last digit."""
    return None if text is None else Decimal(text)


def setting(config: Config, kind: type[T]) -> T:
    """The value of a kind. Raises KeyError where the desk was given none."""
    value = config[kind]
    assert isinstance(value, kind)
    return value
