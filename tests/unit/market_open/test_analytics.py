"""Rates, intervals and insights against another program's answers, and as they must be whatever comes."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thor.market_open.analytics import (
    DaySums,
    Sided,
    Sums,
    effective_n,
    insights_of,
    max_drawdown,
    mean_interval,
    rate_of,
    running_pnl,
    share_of,
    t_quantile,
    wilson,
)

ANSWERS = Path(__file__).resolve().parents[2] / "answers" / "intervals.csv"
Days = list[list[float]]


def cases() -> list[dict[str, str]]:
    with ANSWERS.open(encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def days_of(text: str) -> Days:
    return [[float(value) for value in day.split("/")] for day in text.split(" ")]


def hits(days: Days) -> DaySums:
    return DaySums.of((sum(value > 0 for value in day), len(day)) for day in days)


def values(days: Days) -> DaySums:
    return DaySums.of((sum(day), len(day)) for day in days)


def told(row: dict[str, str], *names: str) -> tuple[float, ...]:
    return tuple(float(row[name]) for name in names)


@pytest.mark.parametrize("row", [each for each in cases() if each["rate"]], ids=lambda row: row["case"])
def test_hit_rates_as_statsmodels_says(row: dict[str, str]) -> None:
    found = share_of(hits(days_of(row["trades"])))
    assert found is not None
    assert found.n == int(row["n"])
    assert found.rate == pytest.approx(float(row["rate"]))
    assert found.wilson == pytest.approx(told(row, "wilson_low", "wilson_high"), abs=1e-9)
    if row["clustered_low"]:
        assert found.effective_n == pytest.approx(float(row["effective_n"]), rel=1e-7)
        assert found.interval == pytest.approx(told(row, "clustered_low", "clustered_high"), abs=1e-8)


@pytest.mark.parametrize("row", cases(), ids=lambda row: row["case"])
def test_means_as_statsmodels_says(row: dict[str, str]) -> None:
    sums = values(days_of(row["trades"]))
    assert sums.ratio == pytest.approx(float(row["mean"]))
    interval = mean_interval(sums)
    if not row["mean_se"] or float(row["mean_se"]) == 0:
        assert interval is None  # of one day, and of days that are all the same
        return
    assert (sums.variance() or 0) ** 0.5 == pytest.approx(float(row["mean_se"]), rel=1e-7)
    assert interval == pytest.approx(told(row, "mean_low", "mean_high"), rel=1e-5)


def test_where_days_say_nothing_of_how_alike_they_are_each_is_one_draw() -> None:
    assert effective_n(hits([[1, 1, 0, 1, 0]])) == pytest.approx(1)
    assert effective_n(hits([[1] * 4] * 6)) == pytest.approx(6)
    assert effective_n(hits([[1], [0], [1], [1]])) <= 4
    one_each = share_of(hits([[1]] * 30))
    assert one_each is not None and one_each.interval == one_each.wilson


@pytest.mark.parametrize(("freedom", "t"), [(1, 12.7062047), (4, 2.7764451), (30, 2.0422725), (31, 2.0395134),
                                            (100, 1.9839715), (499, 1.9647294)])  # fmt: skip
def test_quantiles_of_t(freedom: int, t: float) -> None:
    assert t_quantile(freedom) == pytest.approx(t, abs=5e-6)


@settings(max_examples=60)
@given(st.lists(st.lists(st.integers(0, 1), max_size=8), max_size=40))
def test_intervals_hold_their_rate_and_clustering_never_narrows(days: list[list[int]]) -> None:
    found = share_of(DaySums.of((sum(day), len(day)) for day in days))
    if not any(days):
        assert found is None
        return
    assert found is not None
    (low, high), (plain_low, plain_high) = found.interval, found.wilson
    assert 0 <= low <= plain_low <= found.rate <= plain_high <= high <= 1
    assert 0 < found.effective_n <= found.n
    assert found.days == sum(map(bool, days))


@settings(max_examples=60)
@given(st.lists(st.lists(st.integers(-300, 300), min_size=1, max_size=8), min_size=2, max_size=30), st.integers(1, 50))
def test_a_mean_of_other_units_has_an_interval_of_other_units(days: list[list[int]], factor: int) -> None:
    one = mean_interval(values([list(map(float, day)) for day in days]))
    other = mean_interval(values([[float(value * factor) for value in day] for day in days]))
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert other == pytest.approx([factor * end for end in one], rel=1e-6, abs=1e-6)


def test_wilson_at_the_ends() -> None:
    assert wilson(0.0, 10)[0] == 0 and wilson(1.0, 10)[1] == 1
    assert wilson(0.5, 1e9) == pytest.approx((0.5, 0.5), abs=1e-4)


def test_a_rate_from_sums() -> None:
    sums = Sums(
        rows=10, worked=3, didnt_work=2, expired=1, no_entry=2, error=1, pending=1, gap=1, bar_only=1,
        pnl_usd=Decimal("100.00"), elapsed_sec=50.0, base=2.5, base_after_spread=2.0,
        hits=hits([[1, 1, 0], [1, 0]]), values=values([[100, 100, -100], [100, -100, 0]]),
    )  # fmt: skip
    found = rate_of(sums, 8.5)
    assert (found.decided, found.entries, found.days) == (5, 6, 2)
    rates = [found.hit_rate, found.hit_rate_of_entries, found.base_rate, found.base_rate_after_spread, found.gap_share]
    assert rates == pytest.approx([0.6, 0.5, 0.5, 0.4, 2 / 6])
    assert found.expected_value_per_contract == pytest.approx(100 / 6)
    assert found.expected_value_decided == pytest.approx(20)
    assert (found.mean_resolution_sec, found.median_resolution_sec) == (10, 8.5)
    assert found.low_sample


def test_a_rate_of_nothing() -> None:
    found = rate_of(Sums(rows=2, no_entry=2))
    nothing = [found.hit_rate, found.hit_rate_interval, found.base_rate, found.expected_value_per_contract]
    assert nothing == [None] * 4
    assert (found.sessions, found.total_pnl_usd, found.low_sample) == (2, Decimal(0), True)


def test_the_running_pnl_and_its_deepest_fall() -> None:
    curve = running_pnl(
        ("2025-10-0" + str(n), Decimal(pnl), 1) for n, pnl in enumerate((-100, 300, -200, -150, 100), 1)
    )
    assert [each.cumulative_usd for each in curve] == [-100, 200, 0, -150, -50]
    assert max_drawdown(curve) == 350
    assert max_drawdown(curve[:1]) == 100 and max_drawdown([]) == 0


def sided(symbol: str, signal: str, opens: dict[int, tuple[bool, bool | None]]) -> Sided:
    """``opens``: which of the day -> TOTAL worked, the instrument was right (None: it took no side)."""
    took = sum(1 << n for n, (_, right) in opens.items() if right is not None)
    right = sum(1 << n for n, (_, right) in opens.items() if right)
    agreed = sum(1 << n for n, (worked, right) in opens.items() if right is not None and right == worked)
    # Who agrees with TOTAL is right in 0.4 of the opens by chance.
    chance = 0.4 * agreed.bit_count() + 0.6 * (took ^ agreed).bit_count()
    return Sided(symbol, signal, len(opens), sum(worked for worked, _ in opens.values()), took, right, agreed, chance)


def test_instruments_are_compared_over_the_opens_in_which_both_took_a_side() -> None:
    day = (
        sided("ES", "BUY", {0: (True, True), 2: (False, False)}),
        sided("ES", "HOLD", {1: (True, None)}),
        sided("NQ", "SELL", {0: (True, False), 1: (True, True), 2: (False, False)}),
    )
    found = insights_of([day, day[:1], day])
    (pair,) = found.pairs
    assert (pair.a, pair.b, pair.right_a, pair.right_b) == ("ES", "NQ", 2, 0)
    assert (pair.difference.days, pair.difference.n, pair.difference.x) == (2, 4, 2)
    # ES took TOTAL's side in all four, NQ in two: by chance it is right in a tenth less of them.
    assert pair.agreed == 2 and pair.chance(0.4) == pytest.approx(-0.1)
    whole = {each.symbol: each for each in found.by_symbol}
    assert (whole["ES"].right.x, whole["ES"].right.n, whole["ES"].right.days) == (3, 6, 3)
    assert (whole["NQ"].worked.x, whole["NQ"].worked.n) == (4, 6)
    assert whole["ES"].base == pytest.approx(0.4) and whole["NQ"].base == pytest.approx((2 * 0.6 + 4 * 0.4) / 6)
    signals = {(each.symbol, each.signal): each for each in found.by_signal}
    assert (signals["ES", "HOLD"].worked.x, signals["ES", "HOLD"].right.n) == (2, 0)


@settings(max_examples=40)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["ES", "NQ", "YM"]),
            st.lists(st.tuples(st.booleans(), st.none() | st.booleans()), max_size=5),
        ),
        max_size=6,
    )
)
def test_bits_say_what_a_count_by_hand_says(days: list[dict[str, list[tuple[bool, bool | None]]]]) -> None:
    found = insights_of(
        tuple(sided(symbol, "BUY", dict(enumerate(opens))) for symbol, opens in day.items() if opens) for day in days
    )
    for pair in found.pairs:
        both = [
            (a, b)
            for day in days
            for (_, a), (_, b) in zip(day.get(pair.a, []), day.get(pair.b, []), strict=False)
            if a is not None and b is not None
        ]
        assert (pair.difference.n, pair.right_a, pair.right_b) == (
            len(both), sum(a for a, _ in both), sum(b for _, b in both)
        )  # fmt: skip
