"""The compiled pass over ticks: it judges as the gate does, and counts as its slow twin."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.lake import bar_twins
from tests.unit.lake.bar_twins import OPEN, SECOND, SESSION, Tick, day_of, kernels_suspects, rows, table_of
from thor.instruments.instrument import BY_SYMBOL, InstrumentFacts
from thor.lake.bar_table import OrderError, What, make_bars
from thor.lake.bars import Session, session_of, start_of
from thor.lake.layout import Timeframe

ALL = tuple(Timeframe)
FOLDED = ("ts", "open", "high", "low", "close", "volume", "tick_count", "vwap")

limits = st.builds(
    lambda pct, ticks, atr, negative: replace(
        BY_SYMBOL["ES"], spike_limit_pct=pct, spike_limit_ticks=ticks, spike_limit_atr=atr, may_be_negative=negative
    ),
    st.sampled_from([None, Decimal(5), Decimal("0.37"), Decimal(100)]),
    st.sampled_from([None, 8]),
    st.sampled_from([None, Decimal(2), Decimal("0.75")]),
    st.booleans(),
)


days = st.builds(
    day_of, st.sampled_from([-SECOND, 0, 61 * SECOND]), st.lists(st.integers(0, 2**31), min_size=20, max_size=60)
)


@given(days, st.one_of(st.none(), limits))
@settings(max_examples=40, deadline=None)
def test_what_the_kernel_doubts_is_what_the_gate_doubts(ticks: list[Tick], facts: InstrumentFacts | None) -> None:
    assert kernels_suspects(ticks, facts) == bar_twins.suspects(ticks, facts)


def walk(steps: list[int], spikes: dict[int, int]) -> list[Tick]:
    """A price that goes by ticks of a quarter, a tick each twenty seconds, with spikes here and there."""
    found, price = [], 24_000
    for number, step in enumerate(steps):
        price += step
        last = Decimal(price + spikes.get(number, 0)) / 4
        found.append(Tick(OPEN + number * 20 * SECOND, last, last - Decimal("0.25"), last, number))
    return found


@given(
    st.lists(st.integers(-9, 9), min_size=60, max_size=90),
    st.dictionaries(st.integers(40, 90), st.sampled_from([-40, -16, 16, 24, 1_200, 5_000]), max_size=12),
    limits,
)
@settings(max_examples=15, deadline=None)
@example([2] * 90, {50: 1}, replace(BY_SYMBOL["ES"], spike_limit_atr=Decimal(1), spike_limit_pct=None))
def test_true_ranges_and_new_levels_are_the_gates_own(
    steps: list[int], spikes: dict[int, int], facts: InstrumentFacts
) -> None:
    ticks = walk(steps, spikes)
    assert kernels_suspects(ticks, facts) == bar_twins.suspects(ticks, facts)


def check(ticks: list[Tick], session: Session, facts: InstrumentFacts, before: int = 0, size: int = 7) -> None:
    """The kernel's bars, made of batches of ``size`` ticks, and the twin's."""
    what = What("ES", session, facts, "ESZ25", before)
    made = make_bars(table_of(ticks).to_batches(size), what, ALL)
    assert made.suspect == sum(bar_twins.suspects(ticks, facts))
    for timeframe in ALL:
        wanted = bar_twins.bars(ticks, session, facts, timeframe, before)
        assert rows(made.bars[timeframe]) == [
            each | {name: pytest.approx(each[name], rel=1e-12) for name in ("vwap", "spread_mean") if each[name]}
            for each in wanted
        ], timeframe


@given(days, limits, st.sampled_from([0, 5, 400]), st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_bars_of_every_timeframe_are_those_of_the_slow_twin(
    ticks: list[Tick], facts: InstrumentFacts, before: int, size: int
) -> None:
    check(ticks, SESSION, facts, before, size)


def test_a_timeframe_is_the_same_whichever_others_are_asked_for() -> None:
    ticks = walk([1, -2, 3] * 40, {70: 9_000})
    ticks[30] = ticks[30]._replace(last=None)
    what = What("ES", SESSION, BY_SYMBOL["ES"])
    together = make_bars(table_of(ticks).to_batches(), what, ALL).bars
    for timeframe in ALL:
        assert make_bars(table_of(ticks).to_batches(), what, [timeframe]).bars[timeframe] == together[timeframe]


def test_ticks_out_of_order_are_refused() -> None:
    ticks = walk([0] * 5, {})
    ticks[3] = ticks[3]._replace(ts=OPEN)
    with pytest.raises(OrderError, match="row 3"):
        make_bars(table_of(ticks).to_batches(), What("ES", SESSION, None), ALL)


def test_no_tick_makes_no_bar_and_the_columns_stay() -> None:
    made = make_bars([], What("ES", SESSION, None), ALL)
    assert [table.num_rows for table in made.bars.values()] == [0] * 7
    assert made.bars[Timeframe.MINUTE].schema.names[0] == "symbol"


def test_absurd_volumes_make_no_absurd_average() -> None:
    ticks = [Tick(OPEN + n, Decimal(6000), volume=n * 2**60) for n in range(4)]
    table = make_bars(table_of(ticks).to_batches(), What("ES", SESSION, None), [Timeframe.DAY]).bars[Timeframe.DAY]
    assert table["vwap"].to_pylist() == [pytest.approx(6000)]


def average(bars: list[dict[str, Any]]) -> Any:
    volume = sum(each["volume"] for each in bars)
    value = sum((each["vwap"] or 0) * each["volume"] for each in bars)
    return pytest.approx(value / volume, rel=1e-9) if volume else None


def folded(bars: list[dict[str, Any]], timeframe: Timeframe, session: Session) -> list[dict[str, Any]]:
    """Longer bars of bars of a second, by hand."""
    found: dict[int, list[dict[str, Any]]] = {}
    for each in bars:
        found.setdefault(start_of(timeframe, each["ts"], session), []).append(each)
    return [
        {
            "ts": start,
            "open": some[0]["open"],
            "high": max(each["high"] for each in some),
            "low": min(each["low"] for each in some),
            "close": some[-1]["close"],
            "volume": sum(each["volume"] for each in some),
            "tick_count": sum(each["tick_count"] for each in some),
            "vwap": average(some),
        }
        for start, some in found.items()
    ]


@pytest.mark.parametrize(
    ("symbol", "day"),
    [
        ("ES", date(2025, 3, 10)), ("ES", date(2025, 11, 3)), ("GC", date(2013, 10, 7)), ("VX", date(2025, 10, 9)),
        ("DX", date(2025, 10, 13)), ("DX", date(2025, 3, 10)),
    ],
)  # fmt: skip
def test_seconds_to_days_agree_with_each_other(symbol: str, day: date) -> None:
    """A whole trade date over midnight and clock changes, with a gap of hours and a count that began anew."""
    facts = BY_SYMBOL[symbol]
    session = session_of(symbol, facts.group, day, None)
    step = (session.end_us - session.start_us) // 900
    ticks = [
        Tick(session.start_us + n * step + n % 7 * 100_000, 100 + facts.tick_size * (n * n % 13), volume=(n * 3) % 2000)
        for n in range(900)
        if not 300 < n < 420
    ]
    made = make_bars(table_of(ticks).to_batches(97), What(symbol, session, facts), ALL).bars
    seconds = rows(made[Timeframe.SECOND])
    for timeframe in ALL[1:]:
        bars = [{name: each[name] for name in FOLDED} for each in rows(made[timeframe])]
        assert bars == folded(seconds, timeframe, session), timeframe
    assert made[Timeframe.DAY]["volume"].to_pylist() == [1998 + 697]
