"""Thresholds from the distribution of past net changes. A rule file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from thor.signals.classification import classify
from thor.signals.config import Signal, Thresholds

#: Below it a distribution is no distribution.
FEWEST: Final = 20
#: Per cent of the net changes below which the thresholds lie: strong sell, sell, buy, strong buy.
QUANTILES: Final = (Decimal(20), Decimal(40), Decimal(60), Decimal(80))
Shares = Mapping[Signal, Decimal]


class TooFewError(ValueError):
    """Not enough sessions to say anything."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``present`` is None where nothing is set. Shares: per cent of the sessions in each signal, one digit."""

    symbol: str
    sessions: int
    present: Thresholds | None
    proposed: Thresholds
    present_shares: Shares
    proposed_shares: Shares


def suggest(
    symbol: str,
    net_changes: Sequence[Decimal],
    tick_size: Decimal,
    present: Thresholds | None,
    quantiles: Sequence[Decimal] = QUANTILES,
) -> Suggestion:
    """Thresholds at the quantiles of the net changes, in points on the grid of ticks. Raises TooFewError."""
    if len(net_changes) < FEWEST:
        raise TooFewError(f"{symbol} has {len(net_changes)} sessions with a net change: {FEWEST} are needed")
    proposed = _thresholds(sorted(net_changes), tick_size, quantiles)
    before = {} if present is None else shares(net_changes, present)
    return Suggestion(symbol, len(net_changes), present, proposed, before, shares(net_changes, proposed))


def shares(net_changes: Sequence[Decimal], thresholds: Thresholds) -> Shares:
    """Per cent of the net changes in each signal, half up to one digit."""
    signals = [classify(each, thresholds) for each in net_changes]
    counted = {signal: Decimal(100 * signals.count(signal)) / len(signals) for signal in Signal}
    return {signal: share.quantize(Decimal("0.1"), ROUND_HALF_UP) for signal, share in counted.items()}


def quantile(ordered: Sequence[Decimal], pct: Decimal) -> Decimal:
    """The value below which ``pct`` per cent lie, between two neighbours in proportion (Hyndman and Fan's type 7)."""
    place = pct / 100 * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _thresholds(ordered: Sequence[Decimal], tick_size: Decimal, quantiles: Sequence[Decimal]) -> Thresholds:
    """In order, also where the market only rose or lay still: no side crosses zero, strong lies a tick further out."""
    strong_sell, sell, buy, strong_buy = (_on_grid(quantile(ordered, pct), tick_size) for pct in quantiles)
    zero = 0 * tick_size
    buy, sell = max(buy, zero), min(sell, zero)
    return Thresholds(max(strong_buy, buy + tick_size), buy, sell, min(strong_sell, sell - tick_size))


def _on_grid(points: Decimal, tick_size: Decimal) -> Decimal:
    return (points / tick_size).to_integral_value(ROUND_HALF_UP) * tick_size
