"""What a person sets for signals: seeded once, kept with its history, read back as values, refused in one line."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from thor.instruments.models import BOARD, Instrument, WatchListEntry
from thor.instruments.selectors import load_instruments
from thor.instruments.services import save, seed_instruments
from thor.signals.config import SETTINGS, Signal, Thresholds
from thor.signals.models import ContractWeight, SignalStatValue, SignalWeight, TotalThresholds
from thor.signals.selectors import load_signal_settings
from thor.signals.services import seed_signals

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def seeded() -> None:
    seed_instruments()
    seed_signals()


def of(symbol: str) -> SignalStatValue:
    return SignalStatValue.objects.get(instrument__symbol=symbol)


def test_the_seeds_read_back_are_the_seeds() -> None:
    assert load_signal_settings() == SETTINGS
    assert hash(load_signal_settings()) == hash(SETTINGS)


def test_seeding_again_overwrites_nothing_and_brings_nothing_back() -> None:
    changed = of("ES")
    changed.buy = Decimal("1.5")
    save(changed, "the market is livelier")
    of("DX").delete()
    WatchListEntry.objects.get(instrument__symbol="SI").delete()
    assert seed_signals().created == 0
    assert seed_instruments() == (0, 11)
    found = {each.symbol: each for each in load_signal_settings().instruments}
    assert found["ES"].thresholds == Thresholds(Decimal(6), Decimal("1.5"), Decimal(-1), Decimal(-6))
    assert found["DX"].thresholds is None
    assert "SI" not in found
    assert "SI" in load_instruments()


def test_settings_follow_every_kind_of_edit() -> None:
    ContractWeight.objects.filter(instrument__symbol="VX").update(weight=Decimal("0.5"), is_bear=False)
    SignalWeight.objects.filter(signal="STRONG_BUY").update(weight=3)
    TotalThresholds.objects.update(minimum_count=6, max_quote_age_seconds=30)
    WatchListEntry.objects.filter(instrument__symbol="VX").update(position=0)
    WatchListEntry.objects.filter(instrument__symbol="YM").update(position=8)
    found = load_signal_settings()
    assert found.instruments[0].symbol == "VX"
    assert (found.instruments[0].contract_weight, found.instruments[0].is_bear) == (Decimal("0.5"), False)
    assert dict(found.weights)[Signal.STRONG_BUY] == 3
    assert (found.total.minimum_count, found.total.max_quote_age_us) == (6, 30_000_000)


def test_the_history_has_who_when_and_what() -> None:
    changed = of("ES")
    changed.strong_buy = Decimal(8)
    save(changed, "fires every day")
    newest, seed = changed.history.all()
    assert (seed.history_change_reason, seed.history_type) == ("seed", "+")
    assert newest.history_change_reason == "fires every day"
    assert newest.history_date > seed.history_date
    (change,) = newest.diff_against(seed).changes
    assert (change.field, change.old, change.new) == ("strong_buy", Decimal(6), Decimal(8))


@pytest.mark.parametrize(
    "values", [(1, 1, -1, -6), (6, -1, -2, -6), (6, 1, 0.5, -6), (6, 1, -6, -6), (1, 6, -1, -6)], ids=str
)
def test_thresholds_out_of_order_are_refused_in_one_line(values: tuple[float, ...]) -> None:
    wrong = of("ES")
    wrong.strong_buy, wrong.buy, wrong.sell, wrong.strong_sell = (Decimal(str(each)) for each in values)
    with pytest.raises(ValidationError) as refused:
        wrong.full_clean()
    assert refused.value.messages == ["Wanted: strong buy > buy >= 0 >= sell > strong sell."]
    with pytest.raises(IntegrityError), transaction.atomic():
        wrong.save()


def test_a_weight_has_its_signals_sign() -> None:
    sell = SignalWeight.objects.get(signal="SELL")
    sell.weight = 1
    with pytest.raises(ValidationError, match="sells at most 0"):
        sell.full_clean()


def test_total_has_one_row() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        TotalThresholds(id=2).save()


def test_without_any_row_the_seeds_hold_for_total_and_weights() -> None:
    for model in (TotalThresholds, SignalWeight):
        model.objects.all().delete()
    found = load_signal_settings()
    assert (found.total, found.weights) == (SETTINGS.total, SETTINGS.weights)


@pytest.mark.parametrize("words", [("seed_stat_values", "--create-instruments"), ("seed_symbol_config",)], ids=str)
def test_the_seed_commands_say_what_they_did(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thor.quotes.management.commands.seed_instruments.announce_instruments", lambda: 11)
    Instrument.objects.filter(symbol__in=("ES", "ZB")).delete()
    said = StringIO()
    call_command(*words, stdout=said)
    assert "instruments: 2 created, 9 already there" in said.getvalue()
    assert "signals: 4 values created, 24 already there" in said.getvalue()
    assert [each.symbol for each in load_signal_settings().instruments][-2:] == ["ES", "ZB"]


def test_the_settings_are_a_handful_of_queries(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(5):  # type: ignore[operator]
        load_signal_settings()
    assert connection.vendor == "postgresql"
    assert WatchListEntry.objects.filter(watch_list__name=BOARD).count() == 11
