"""From a net change to a signal (SPEC 6). A rule file."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from thor.signals.config import Signal, Thresholds

_ZERO: Final = Decimal(0)
_STRONG_BUY, _BUY, _HOLD, _SELL, _STRONG_SELL = Signal  # an enum's attributes are looked up anew each time


class Baseline(NamedTuple):
    """What a net change is measured from, in points. ``source_field``: ``settlement`` or ``close``."""

    price: Decimal
    source_field: str


def baseline(settlement: Decimal | None, previous_close: Decimal | None) -> Baseline | None:
    """The prior settlement where the source gives one, else its previous close (SPEC 1); None without either."""
    if settlement is not None:
        return Baseline(settlement, "settlement")
    return None if previous_close is None else Baseline(previous_close, "close")


def classify(net_change: Decimal, thresholds: Thresholds) -> Signal:
    """The signal of a net change in points. The two sides mirror each other: a threshold itself belongs to the calmer
    signal."""
    if net_change > thresholds.buy:
        return _STRONG_BUY if net_change > thresholds.strong_buy else _BUY
    if net_change >= thresholds.sell:
        return _HOLD
    return _SELL if net_change >= thresholds.strong_sell else _STRONG_SELL


def stat_value(signal: Signal, thresholds: Thresholds) -> Decimal:
    """The threshold value of a signal, in points; 0 of HOLD."""
    return {
        _STRONG_BUY: thresholds.strong_buy,
        _BUY: thresholds.buy,
        _HOLD: _ZERO,
        _SELL: thresholds.sell,
        _STRONG_SELL: thresholds.strong_sell,
    }[signal]
