"""Where a trade takes its profit and its loss, against figures worked out by hand (SPEC 6 and 8)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thor.instruments.instrument import BY_SYMBOL, INSTRUMENTS, InstrumentFacts
from thor.market_open.config import TargetMode, TargetRule
from thor.market_open.targets import Levels, Side, levels, side_of, usd
from thor.signals.config import Signal

#: (points, USD) of the default distance: SPEC 6's ticks times its tick size and value.
DISTANCES = {
    "YM": ("20", "100"), "ES": ("2.00", "100"), "NQ": ("5.00", "100"), "RTY": ("2.00", "100"), "CL": ("0.10", "100"),
    "SI": ("0.020", "100"), "HG": ("0.0040", "100"), "GC": ("1.00", "100"), "VX": ("0.10", "100"),
    "DX": ("0.100", "100"), "ZB": ("0.09375", "93.75"),
}  # fmt: skip
GRID = st.tuples(st.sampled_from(INSTRUMENTS), st.integers(1, 10**6))


@pytest.mark.parametrize("symbol", DISTANCES)
def test_a_hundred_dollars_of_each_instrument(symbol: str) -> None:
    points, worth = map(Decimal, DISTANCES[symbol])
    facts, entry = BY_SYMBOL[symbol], 1_000 * BY_SYMBOL[symbol].tick_size
    assert levels(entry, facts) == Levels(entry + points, entry - points)
    assert usd(points, facts) == worth and usd(-points, facts) == -worth


def test_spec_s_own_example() -> None:
    bought, sold = levels(Decimal(47388), BY_SYMBOL["YM"]), levels(Decimal(47380), BY_SYMBOL["YM"])
    assert bought is not None and (bought.target(Side.BUY), bought.stop(Side.BUY)) == (47408, 47368)
    assert sold is not None and (sold.target(Side.SELL), sold.stop(Side.SELL)) == (47360, 47400)


@pytest.mark.parametrize(
    ("symbol", "entry", "mode", "up", "down", "high", "low"),
    [
        ("YM", "47388", "POINTS", "30", "15", "47418", "47373"),
        ("ES", "6705.25", "POINTS", "1.125", "1.12", "6706.50", "6704.25"),  # 4.5 -> 5 ticks; 4.48 -> 4
        ("ES", "6705.25", "POINTS", "0.01", "0.01", "6705.50", "6705.00"),  # a tick at least
        ("YM", "47388", "PERCENT", "0.1", "0.05", "47435", "47364"),  # 47.388 and 23.694 ticks
        ("CL", "-37.63", "PERCENT", "1", "2", "-37.25", "-38.38"),  # of 37.63: 37.63 and 75.26 ticks
        ("ZB", "117", "PERCENT", "0.1", "0.1", "117.125", "116.875"),  # 0.117 is 3.744 ticks: 4
    ],
)
def test_an_instrument_s_own_levels(
    symbol: str, entry: str, mode: str, up: str, down: str, high: str, low: str
) -> None:  # fmt: skip
    rule = TargetRule(TargetMode(mode), Decimal(up), Decimal(down))
    assert levels(Decimal(entry), BY_SYMBOL[symbol], rule) == Levels(Decimal(high), Decimal(low))


def test_disabled_is_no_level() -> None:
    assert levels(Decimal(5), BY_SYMBOL["YM"], TargetRule(TargetMode.DISABLED, Decimal(1), Decimal(1))) is None


@given(
    GRID, st.decimals("0.000001", 1_000, places=6), st.decimals("0.000001", 99, places=6), st.sampled_from(TargetMode)
)
def test_levels_lie_around_an_entry_on_its_grid(
    of: tuple[InstrumentFacts, int], up: Decimal, down: Decimal, mode: TargetMode
) -> None:
    facts, ticks = of
    found = levels(ticks * facts.tick_size, facts, TargetRule(mode, up, down))
    if found is None:
        assert mode is TargetMode.DISABLED
        return
    assert found.low < ticks * facts.tick_size < found.high
    assert found.low % facts.tick_size == found.high % facts.tick_size == 0


def test_only_a_signal_with_a_direction_takes_a_side() -> None:
    assert [side_of(each) for each in (*Signal, None)] == [Side.BUY, Side.BUY, None, Side.SELL, Side.SELL, None]
