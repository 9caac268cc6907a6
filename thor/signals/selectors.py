"""Reading what a person set for signals."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from thor.instruments.models import BOARD, WatchListEntry
from thor.signals.config import (
    SIGNAL_WEIGHTS,
    TOTAL,
    InstrumentSignals,
    Signal,
    SignalSettings,
    Thresholds,
    TotalSettings,
)
from thor.signals.models import ContractWeight, SignalStatValue, SignalWeight, TotalThresholds

_SECOND_US: Final = 1_000_000


def load_signal_settings() -> SignalSettings:
    """What is set now, for the board's instruments in its order. Equal settings are equal values."""
    entries = WatchListEntry.objects.filter(watch_list__name=BOARD).select_related("instrument")
    thresholds = {each.instrument_id: each for each in SignalStatValue.objects.all()}
    weights = {each.instrument_id: each for each in ContractWeight.objects.all()}
    return SignalSettings(
        tuple(
            _instrument(each.instrument.symbol, thresholds.get(each.instrument_id), weights.get(each.instrument_id))
            for each in entries
        ),
        _weights(),
        _total(),
    )


def _instrument(symbol: str, found: SignalStatValue | None, weight: ContractWeight | None) -> InstrumentSignals:
    counted = ContractWeight() if weight is None else weight
    return InstrumentSignals(symbol, _thresholds(found), Decimal(counted.weight), counted.is_bear)


def _thresholds(found: SignalStatValue | None) -> Thresholds | None:
    return None if found is None else Thresholds(found.strong_buy, found.buy, found.sell, found.strong_sell)


def _weights() -> tuple[tuple[Signal, int], ...]:
    found = dict(SignalWeight.objects.values_list("signal", "weight"))
    return tuple((signal, found.get(signal.value, seed)) for signal, seed in SIGNAL_WEIGHTS)


def _total() -> TotalSettings:
    if (found := TotalThresholds.objects.first()) is None:
        return TOTAL
    return TotalSettings(
        found.strong_buy,
        found.buy,
        found.sell,
        found.strong_sell,
        found.minimum_count,
        found.max_quote_age_seconds * _SECOND_US,
    )
