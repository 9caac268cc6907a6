"""The ladder of signals at and around each boundary, for all eleven instruments (SPEC 6)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thor.instruments.instrument import BY_SYMBOL
from thor.signals.classification import baseline, classify, stat_value
from thor.signals.config import SEEDS, Signal, Thresholds

#: SPEC 6's table, typed off it: STRONG_BUY / BUY / SELL / STRONG_SELL, and bear.
TABLE = {
    "YM": ("60", "10", "-10", "-60", False), "ES": ("6", "1", "-1", "-6", False),
    "NQ": ("15", "2.5", "-2.5", "-15", False), "RTY": ("15", "2.5", "-2.5", "-15", False),
    "CL": ("0.3", "0.05", "-0.05", "-0.3", False), "SI": ("0.06", "0.01", "-0.01", "-0.06", False),
    "HG": ("0.012", "0.002", "-0.002", "-0.012", False), "GC": ("3", "0.5", "-0.5", "-3", True),
    "VX": ("0.10", "0.05", "-0.05", "-0.10", True), "DX": ("30", "5", "-5", "-30", True),
    "ZB": ("30", "5", "-5", "-30", True),
}  # fmt: skip
SYMBOLS = sorted(TABLE)


def thresholds(symbol: str) -> Thresholds:
    return Thresholds(*(Decimal(text) for text in TABLE[symbol][:4]))


def test_the_seeds_are_the_table() -> None:
    found = {each.symbol: (each.thresholds, each.contract_weight, each.is_bear) for each in SEEDS if each.thresholds}
    assert found == {symbol: (thresholds(symbol), Decimal(1), TABLE[symbol][4]) for symbol in TABLE}


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_at_a_boundary_the_calmer_signal_holds_and_a_tick_beyond_it_the_stronger(symbol: str) -> None:
    levels, tick = thresholds(symbol), BY_SYMBOL[symbol].tick_size
    for step in (tick, Decimal("0.000001")):
        ladder = [
            (levels.strong_buy + step, Signal.STRONG_BUY), (levels.strong_buy, Signal.BUY),
            (levels.buy + step, Signal.BUY if levels.buy + step <= levels.strong_buy else Signal.STRONG_BUY),
            (levels.buy, Signal.HOLD), (Decimal(0), Signal.HOLD), (levels.sell, Signal.HOLD),
            (levels.sell - step, Signal.SELL if levels.sell - step >= levels.strong_sell else Signal.STRONG_SELL),
            (levels.strong_sell, Signal.SELL), (levels.strong_sell - step, Signal.STRONG_SELL),
        ]  # fmt: skip
        assert [classify(change, levels) for change, _ in ladder] == [signal for _, signal in ladder]


def test_on_its_own_grid_vx_can_show_every_signal() -> None:
    grid = [Decimal(n) * Decimal("0.05") for n in range(-4, 5)]
    found = [classify(change, thresholds("VX")) for change in grid]
    assert [each.value for each in found] == [
        "STRONG_SELL", "STRONG_SELL", "SELL", "HOLD", "HOLD", "HOLD", "BUY", "STRONG_BUY", "STRONG_BUY",
    ]  # fmt: skip


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_stat_value_is_the_threshold_of_the_signal(symbol: str) -> None:
    levels = thresholds(symbol)
    found = [stat_value(signal, levels) for signal in Signal]
    assert found == [levels.strong_buy, levels.buy, 0, levels.sell, levels.strong_sell]


@given(st.sampled_from(SYMBOLS), st.decimals(-100, 100, places=6))
def test_the_two_sides_mirror_each_other(symbol: str, change: Decimal) -> None:
    order = list(Signal)
    levels = thresholds(symbol)
    assert order.index(classify(-change, levels)) == len(order) - 1 - order.index(classify(change, levels))


def test_a_net_change_is_measured_from_the_settlement_before_the_close() -> None:
    assert baseline(Decimal(5), Decimal(6)) == (Decimal(5), "settlement")
    assert baseline(None, Decimal(6)) == (Decimal(6), "close")
    assert baseline(None, None) is None
