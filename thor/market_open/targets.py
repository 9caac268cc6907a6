"""Where a theoretical trade of one contract takes its profit and its loss (SPEC 8). A rule file."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final, NamedTuple, TypeVar

from thor.instruments.instrument import InstrumentFacts, target_ticks
from thor.market_open.config import TargetMode, TargetRule
from thor.signals.config import Signal

T = TypeVar("T")
_HUNDRED: Final = Decimal(100)


class Side(StrEnum):
    """Which way a trade goes."""

    BUY = "BUY"
    SELL = "SELL"


class Levels(NamedTuple):
    """The two prices at which a trade ends, in points: for a BUY the high is the target and the low the stop."""

    high: Decimal
    low: Decimal

    def target(self, side: Side) -> Decimal:
        return target_and_stop(side, *self)[0]

    def stop(self, side: Side) -> Decimal:
        return target_and_stop(side, *self)[1]


def target_and_stop(side: str, high: T, low: T) -> tuple[T, T]:
    """Of two levels: a BUY's target is the high. Without a side both are unknown, in whichever order."""
    return (high, low) if side == Side.BUY else (low, high)


def side_of(signal: Signal | None) -> Side | None:
    """The side that a signal takes; None for HOLD and for no signal."""
    if signal in (Signal.BUY, Signal.STRONG_BUY):
        return Side.BUY
    return Side.SELL if signal in (Signal.SELL, Signal.STRONG_SELL) else None


def levels(entry: Decimal, facts: InstrumentFacts, rule: TargetRule | None = None) -> Levels | None:
    """High and low of an entry, on the instrument's grid of ticks seen from it; None where targets are disabled.

    Without a rule both are so many ticks away as come nearest to $100. A distance is at least one tick.
    """
    if rule is None:
        distance = target_ticks(facts.tick_value_usd) * facts.tick_size
        return Levels(entry + distance, entry - distance)
    if rule.mode is TargetMode.DISABLED:
        return None
    whole = abs(entry) / _HUNDRED if rule.mode is TargetMode.PERCENT else Decimal(1)
    return Levels(entry + _on_grid(rule.high * whole, facts), entry - _on_grid(rule.low * whole, facts))


def _on_grid(distance: Decimal, facts: InstrumentFacts) -> Decimal:
    ticks = (distance / facts.tick_size).to_integral_value(ROUND_HALF_UP)
    return max(Decimal(1), ticks) * facts.tick_size


def usd(points: Decimal, facts: InstrumentFacts) -> Decimal:
    """What a move of one contract is worth, to the cent."""
    return (points / facts.tick_size * facts.tick_value_usd).quantize(Decimal("0.01"), ROUND_HALF_UP)
