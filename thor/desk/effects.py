"""What follows from what the desk itself hears: transitions, statuses, the baseline at an open. A rule file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from thor.markets.calendar import Status, TransitionKind
from thor.quotes.reactor import Effect


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
class ConfigTaken(Effect):
    """What people set was taken up, for every entry after ``after_id``. ``kinds``: which of it is new."""

    at_us: int
    after_id: str
    kinds: tuple[str, ...]


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
