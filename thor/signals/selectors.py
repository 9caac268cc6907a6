"""Reading what a person set for signals."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from django.db.models import F, Window
from django.db.models.functions import RowNumber

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
from thor.signals.models import ContractWeight, SignalDay, SignalStatValue, SignalWeight, TotalThresholds
from thor.signals.never_fire import SESSIONS, Firing, firing

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
    return None if found is None else found.thresholds()


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


def past_net_changes(sessions: int) -> dict[str, list[Decimal]]:
    """Symbol -> net changes at the ends of its last classified sessions in points, newest first."""
    rank = Window(RowNumber(), partition_by=F("symbol"), order_by=F("trade_date").desc())
    rows = SignalDay.objects.filter(net_change__isnull=False).annotate(rank=rank).filter(rank__lte=sessions)
    found: dict[str, list[Decimal]] = {}
    for symbol, net_change in rows.order_by("symbol", "-trade_date").values_list("symbol", "net_change"):
        if net_change is not None:
            found.setdefault(symbol, []).append(net_change)
    return found


def load_thresholds() -> dict[str, Thresholds]:
    """Symbol -> thresholds, of every instrument that has some."""
    rows = SignalStatValue.objects.select_related("instrument")
    return {each.instrument.symbol: each.thresholds() for each in rows}


def firings() -> dict[str, Firing]:
    """Symbol -> how often its thresholds of now would have fired."""
    changes = past_net_changes(SESSIONS)
    thresholds = load_thresholds()
    return {symbol: firing(symbol, changes.get(symbol, ()), each) for symbol, each in thresholds.items()}
