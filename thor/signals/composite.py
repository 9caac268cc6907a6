"""TOTAL: one signal over all instruments of the board (SPEC 6). A rule file.

A pure function of the instruments' signals and of what people set; who counts and who does not, and why, is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

from thor.signals.config import Signal, SignalSettings, TotalSettings

TOTAL: Final = "TOTAL"
_THREE_DECIMALS: Final = Decimal("0.001")
_ZERO: Final = Decimal(0)


class Missing(StrEnum):
    """Why an instrument does not count."""

    NO_QUOTE = "no quote"
    CLOSED = "closed"
    SUSPECT = "suspect"
    STALE = "stale"
    NO_BASELINE = "no baseline"
    NO_THRESHOLDS = "no thresholds"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one instrument stands: its signal, or None with the reason; a signal with a reason does not count either.

    ``stat_value``: points; ``ts_us``: its newest good quote."""

    symbol: str
    signal: Signal | None
    missing: Missing | None
    stat_value: Decimal | None
    contract_weight: Decimal
    is_bear: bool
    ts_us: int | None

    @property
    def counts(self) -> bool:
        """It is one of the classified rows of the composite."""
        return self.signal is not None and self.missing is None


@dataclass(frozen=True, slots=True)
class Contribution:
    """What an instrument adds. ``weighted``: stat_value x contract_weight, in its own points."""

    symbol: str
    signal: Signal
    signal_weight: int
    stat_value: Decimal
    contract_weight: Decimal
    weighted: Decimal


@dataclass(frozen=True, slots=True)
class Composite:
    """The signal over all. ``avg_weighted``: None without a weight; ``as_of_us``: the newest quote that was used."""

    signal: Signal
    composite_signal_weight: int
    signal_weight_sum: int
    sum_weighted: Decimal
    avg_weighted: Decimal | None
    count: int
    as_of_us: int | None
    status: str
    missing: tuple[tuple[str, Missing], ...]
    contributions: tuple[Contribution, ...]


def signal_weight(signal: Signal, is_bear: bool, weights: Mapping[Signal, int]) -> int:
    """The weight of an instrument's signal; a bear instrument's sign is turned."""
    return -weights[signal] if is_bear else weights[signal]


def total_signal(weight_sum: int, count: int, total: TotalSettings) -> Signal:
    """Of the sum of signal weights. With too few rows HOLD: a trade on half the picture is worse than none."""
    if count < total.minimum_count or total.sell <= weight_sum <= total.buy:
        return Signal.HOLD
    if weight_sum > 0:
        return Signal.STRONG_BUY if weight_sum > total.strong_buy else Signal.BUY
    return Signal.STRONG_SELL if weight_sum < total.strong_sell else Signal.SELL


def composite(standings: Sequence[Standing], settings: SignalSettings) -> Composite:
    """TOTAL of a board. Order of ``standings``: the board's."""
    weights = dict(settings.weights)
    found = tuple(_contribution(each, weights) for each in standings if each.counts)
    weight_sum = sum(each.signal_weight for each in found)
    signal = total_signal(weight_sum, len(found), settings.total)
    sum_weighted = sum((each.weighted for each in found), _ZERO)
    missing = tuple((each.symbol, each.missing) for each in standings if each.missing is not None)
    return Composite(
        signal,
        weights[signal],
        weight_sum,
        sum_weighted,
        average(sum_weighted, (each.contract_weight for each in found)),
        len(found),
        max((each.ts_us for each in standings if each.counts and each.ts_us is not None), default=None),
        status(len(found), standings),
        missing,
        found,
    )


def average(sum_weighted: Decimal, contract_weights: Iterable[Decimal]) -> Decimal | None:
    """``sum_weighted`` over the sum of the weights' sizes, to 3 decimals, half up; None where that is 0."""
    sizes = sum((abs(weight) for weight in contract_weights), _ZERO)
    return (sum_weighted / sizes).quantize(_THREE_DECIMALS, ROUND_HALF_UP) if sizes else None


def status(count: int, standings: Sequence[Standing]) -> str:
    """``LIVE TOTAL`` when all count, ``STALE`` when none does and one is only too old, else ``PARTIAL n/11``."""
    if count == len(standings) and count:
        return "LIVE TOTAL"
    if not count and any(each.missing is Missing.STALE for each in standings):
        return "STALE"
    return f"PARTIAL {count}/{len(standings)}"


def _contribution(each: Standing, weights: Mapping[Signal, int]) -> Contribution:
    assert each.signal is not None and each.stat_value is not None
    return Contribution(
        each.symbol,
        each.signal,
        signal_weight(each.signal, each.is_bear, weights),
        each.stat_value,
        each.contract_weight,
        each.stat_value * each.contract_weight,
    )
