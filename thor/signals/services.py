"""Changing what is set for signals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction
from django.db.models import Model

from thor.instruments.models import Instrument
from thor.instruments.selectors import load_instruments
from thor.instruments.services import SEED, save
from thor.runtime.problem import Problem
from thor.signals.config import SEEDS, SIGNAL_WEIGHTS, TOTAL, InstrumentSignals
from thor.signals.models import ContractWeight, SignalStatValue, SignalWeight, TotalThresholds
from thor.signals.selectors import load_thresholds
from thor.signals.suggestion import Suggestion, TooFewError, suggest


class Seeded(NamedTuple):
    """How many rows were made, and how many were there or had been taken away by a person."""

    created: int
    kept: int


@transaction.atomic
def seed_signals() -> Seeded:
    """Create what was never there. What a person edited is never overwritten, what one deleted stays away."""
    found = {each.symbol: each for each in Instrument.objects.all()}
    made = [_seed_instrument(found[each.symbol], each) for each in SEEDS if each.symbol in found]
    created = sum(made) + _seed_weights() + _seed_total()
    return Seeded(created, 2 * len(made) + len(SIGNAL_WEIGHTS) + 1 - created)


def _seed_instrument(instrument: Instrument, seed: InstrumentSignals) -> int:
    thresholds = seed.thresholds
    if thresholds is None:
        return 0
    return make_once(
        SignalStatValue(
            instrument=instrument,
            strong_buy=thresholds.strong_buy,
            buy=thresholds.buy,
            sell=thresholds.sell,
            strong_sell=thresholds.strong_sell,
        ),
        instrument=instrument,
    ) + make_once(
        ContractWeight(instrument=instrument, weight=seed.contract_weight, is_bear=seed.is_bear), instrument=instrument
    )


def _seed_weights() -> int:
    return sum(
        make_once(SignalWeight(signal=signal.value, weight=weight), signal=signal.value)
        for signal, weight in SIGNAL_WEIGHTS
    )


def _seed_total() -> int:
    return make_once(
        TotalThresholds(
            strong_buy=TOTAL.strong_buy,
            buy=TOTAL.buy,
            sell=TOTAL.sell,
            strong_sell=TOTAL.strong_sell,
            minimum_count=TOTAL.minimum_count,
            max_quote_age_seconds=TOTAL.max_quote_age_us // 1_000_000,
        ),
        id=1,
    )


def make_once(row: Model, **key: object) -> int:
    """1 when the row was made. Its history knows of one that is gone."""
    kind = type(row)
    there = kind._default_manager.filter(**key).exists() or kind.history.filter(**key).exists()  # type: ignore[attr-defined]
    if not there:
        save(row, SEED)
    return int(not there)


class Suggestions(NamedTuple):
    """What is proposed, and in one line each for whom nothing can be."""

    suggestions: list[Suggestion]
    refusals: list[str]


def suggest_thresholds(
    symbol: str | None, changes: Mapping[str, Sequence[Decimal]], quantiles: Sequence[Decimal]
) -> Suggestions:
    """From past net changes by symbol; for one instrument, or for all that have some. Raises Problem for nothing."""
    instruments = load_instruments()
    wanted = sorted(instruments.keys() & changes.keys()) if symbol is None else [symbol.upper()]
    if symbol is not None and symbol.upper() not in instruments:
        raise Problem(f"{symbol} is no instrument: {', '.join(sorted(instruments))} are.")
    present, found = load_thresholds(), Suggestions([], [])
    for each in wanted:
        try:
            made = suggest(each, changes.get(each, []), instruments[each].tick_size, present.get(each), quantiles)
            found.suggestions.append(made)
        except TooFewError as error:
            found.refusals.append(str(error))
    if not found.suggestions:
        raise Problem(f"{'; '.join(found.refusals) or 'no session has a net change yet'}. --closes reads others.")
    return found


@transaction.atomic
def apply_suggestions(suggestions: Iterable[Suggestion], reason: str) -> int:
    """Set what is proposed, with the reason in the history. Returns how many instruments changed."""
    changed = [each for each in suggestions if each.proposed != each.present]
    instruments = Instrument.objects.in_bulk([each.symbol for each in changed], field_name="symbol")
    for each in changed:
        instrument = instruments[each.symbol]
        row = SignalStatValue.objects.filter(instrument=instrument).first() or SignalStatValue(instrument=instrument)
        row.strong_buy, row.buy = each.proposed.strong_buy, each.proposed.buy
        row.sell, row.strong_sell = each.proposed.sell, each.proposed.strong_sell
        row.full_clean()
        save(row, f"suggest_thresholds: {reason}")
    return len(changed)
