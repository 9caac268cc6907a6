"""Thresholds from a distribution: against numpy's quantiles, on the grid of ticks, always in order."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thor.instruments.instrument import BY_SYMBOL
from thor.runtime.problem import Problem
from thor.signals.closes import read_net_changes
from thor.signals.config import SEEDS, Signal, Thresholds
from thor.signals.suggestion import QUANTILES, TooFewError, quantile, shares, suggest

TICK = Decimal("0.25")
CHANGES = st.lists(st.decimals(-500, 500, places=2), min_size=20, max_size=300)


@given(CHANGES, st.integers(1, 99))
def test_quantiles_are_numpys(changes: list[Decimal], pct: int) -> None:
    assert float(quantile(sorted(changes), Decimal(pct))) == pytest.approx(
        np.percentile([float(each) for each in changes], pct), abs=1e-9
    )


@given(CHANGES, st.sampled_from(sorted(BY_SYMBOL)))
def test_what_is_proposed_is_in_order_and_on_the_grid(changes: list[Decimal], symbol: str) -> None:
    tick = BY_SYMBOL[symbol].tick_size
    found = suggest(symbol, changes, tick, None).proposed
    assert found.strong_buy > found.buy >= 0 >= found.sell > found.strong_sell
    for value in (found.strong_buy, found.buy, found.sell, found.strong_sell):
        assert value % tick == 0


@given(CHANGES)
def test_shares_add_up(changes: list[Decimal]) -> None:
    proposed = suggest("ES", changes, TICK, None)
    assert abs(sum(proposed.proposed_shares.values()) - 100) <= Decimal("0.25")
    assert proposed.present_shares == {}


def test_a_known_distribution() -> None:
    """-50 to 50 in ones: a quantile of p lies at p - 50."""
    found = suggest("ES", [Decimal(each) for each in range(-50, 51)], TICK, None)
    assert found.proposed == Thresholds(Decimal(30), Decimal(10), Decimal(-10), Decimal(-30))
    assert found.sessions == 101
    assert {signal.value: str(share) for signal, share in found.proposed_shares.items()} == {
        "STRONG_BUY": "19.8", "BUY": "19.8", "HOLD": "20.8", "SELL": "19.8", "STRONG_SELL": "19.8",
    }  # fmt: skip


def test_other_quantiles() -> None:
    quantiles = tuple(Decimal(each) for each in (10, 45, 55, 90))
    found = suggest("ES", [Decimal(each) for each in range(-50, 51)], TICK, None, quantiles)
    assert found.proposed == Thresholds(Decimal(40), Decimal(5), Decimal(-5), Decimal(-40))


@pytest.mark.parametrize(
    ("changes", "proposed"),
    [
        ([10] * 20, ("10", "10", "0", "-0.25")),
        ([0] * 20, ("0.25", "0", "0", "-0.25")),
        ([-7] * 20, ("0.25", "0", "-7", "-7.25")),
    ],
    ids=["only rose", "lay still", "only fell"],
)
def test_a_market_on_one_side(changes: list[int], proposed: tuple[str, ...]) -> None:
    found = suggest("ES", [Decimal(each) for each in changes], TICK, None).proposed
    wanted = Thresholds(*(Decimal(each) for each in proposed))
    assert (found.sell, found.strong_sell) == (wanted.sell, wanted.strong_sell)
    assert found.buy == wanted.buy
    assert found.strong_buy > found.buy


def test_half_a_tick_is_rounded_up() -> None:
    changes = [Decimal("-0.375")] * 10 + [Decimal("0.375")] * 10
    found = suggest("ES", changes, TICK, None).proposed
    assert (found.buy, found.sell) == (Decimal("0.5"), Decimal("-0.5"))


def test_too_few_sessions_are_refused() -> None:
    with pytest.raises(TooFewError, match="ES has 19 sessions with a net change: 20 are needed"):
        suggest("ES", [Decimal(1)] * 19, TICK, None)


def closes(folder: Path, text: str) -> Path:
    path = folder / "closes.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_closes_become_changes_newest_first(tmp_path: Path) -> None:
    path = closes(
        tmp_path,
        "date,symbol,close\n2026-01-06,ES,103\n2026-01-02,ES,100\n2026-01-05,ES,101.25\n2026-01-02,YM,5\n"
        "2026-01-05,YM,\n2026-01-06,YM,9\n",
    )
    assert read_net_changes(path, 250) == {"ES": [Decimal("1.75"), Decimal("1.25")], "YM": [Decimal(4)]}
    assert read_net_changes(path, 1)["ES"] == [Decimal("1.75")]


def test_a_change_of_the_contract_is_none_of_the_markets(tmp_path: Path) -> None:
    rows = "2026-03-12,ES,100,ESH26\n2026-03-13,ES,101,ESH26\n2026-03-16,ES,160,ESM26\n2026-03-17,ES,158,ESM26\n"
    found = read_net_changes(closes(tmp_path, f"date,symbol,close,contract\n{rows}"), 250)
    assert found == {"ES": [Decimal(-2), Decimal(1)]}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("date,symbol\n2026-01-02,ES\n", "has no column close: wanted are symbol, date, close"),
        ("date,symbol,close\n2026-01-02,ES,1\n2026-01-05,ES,n/a\n", "close of ES on 2026-01-05 is 'n/a': a number"),
        ("date,symbol,close\n2026-01-02,ES,1\n2026-01-05,ES,NaN\n", "is 'NaN': a number is wanted"),
        ("date,symbol,close\n2026-01-02,ES,1\n2026-01-02,ES,2\n", "two closes of ES on 2026-01-02"),
    ],
)
def test_a_file_that_is_wrong_says_why(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(Problem) as refused:
        read_net_changes(closes(tmp_path, text), 250)
    assert why in refused.value.detail
    assert "\n" not in refused.value.detail


def test_a_file_that_is_absent_says_so(tmp_path: Path) -> None:
    for name in ("none.csv", "none.parquet"):
        with pytest.raises(Problem, match="none"):
            read_net_changes(tmp_path / name, 250)


def test_a_year_of_real_closes(shared_data: Path) -> None:
    """What is proposed divides real sessions in fifths; ZB never leaves HOLD by its seeds."""
    changes = read_net_changes(shared_data / "bars" / "futures_daily_to_2012.parquet", 250)
    seeds = {each.symbol: each.thresholds for each in SEEDS}
    assert set(changes) == {"CL", "ES", "GC", "HG", "NQ", "VX", "ZB"}
    for symbol, found in changes.items():
        made = suggest(symbol, found, BY_SYMBOL[symbol].tick_size, seeds[symbol], QUANTILES)
        assert made.sessions == 250
        assert all(15 <= share <= 25 for share in made.proposed_shares.values()), (symbol, made.proposed_shares)
    zb = seeds["ZB"]
    assert zb is not None
    assert shares(changes["ZB"], zb)[Signal.HOLD] == 100
