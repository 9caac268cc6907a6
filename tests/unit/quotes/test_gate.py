"""The quality gate: what is suspect, what stays in force, and how a new level becomes good."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thor.instruments.instrument import BY_SYMBOL, InstrumentFacts, InstrumentTable
from thor.markets.trade_date import epoch_us
from thor.quotes.gate import MAX_AGE_US, REASONS, Gate, QuoteQuality, SymbolGate
from thor.quotes.quote import Quote

T0 = epoch_us(datetime(2025, 10, 9, 14, tzinfo=UTC))
SECOND = 1_000_000


def quote(
    last: object, bid: object = None, ask: object = None, at: float = 0, symbol: str = "ES", **more: Any
) -> Quote:
    prices = [None if each is None else Decimal(str(each)) for each in (last, bid, ask)]
    return Quote(symbol, T0 + round(at * SECOND), "MOCK", *prices, **more)


def verdicts(*quotes: Quote, facts: InstrumentFacts | None = None) -> list[tuple[str, ...]]:
    gate = SymbolGate(facts or BY_SYMBOL[quotes[0].symbol])
    return [gate.judge(each, each.ts_us) for each in quotes]


GOOD: tuple[str, ...] = ()


def edited(symbol: str, **changes: Any) -> InstrumentFacts:
    from dataclasses import replace

    return replace(BY_SYMBOL[symbol], **changes)


def test_an_ordinary_quote_is_good_also_the_first() -> None:
    assert verdicts(quote(5000, 4999.75, 5000), quote(5001, 5000.75, 5001), quote(4990, 4989, 4990)) == [GOOD] * 3


def test_a_locked_market_is_good_and_a_crossed_one_is_suspect() -> None:
    assert verdicts(quote(5000, 5000, 5000), quote(5000, 5000.25, 5000)) == [GOOD, ("crossed",)]


@pytest.mark.parametrize("prices", [(0, 4999.75, 5000), (5000, 0, 5000), (5000, 4999.75, 0)])
def test_a_zero_is_suspect_wherever_it_stands(prices: tuple[float, float, float]) -> None:
    _, found = verdicts(quote(5000, 4999.75, 5000), quote(*prices))
    assert "zero" in found


def test_a_negative_price_is_suspect_but_for_crude_oil_which_had_one() -> None:
    assert verdicts(quote(-1, -1.25, -1))[0] == ("negative",)
    assert verdicts(quote("-37.63", "-37.70", "-37.60", symbol="CL")) == [GOOD]


def test_a_zero_is_suspect_for_crude_oil_too() -> None:
    assert verdicts(quote(0, "-0.01", "0.01", symbol="CL")) == [("zero",)]


@pytest.mark.parametrize(
    ("symbol", "good", "limit"),
    [("ES", "5000", "250"), ("VX", "20", "6"), ("CL", "60", "9"), ("ZB", "118.5", "5.925"), ("GC", "4000", "200")],
)
def test_a_price_at_the_limit_is_good_and_beyond_it_a_spike(symbol: str, good: str, limit: str) -> None:
    first = quote(good, symbol=symbol)
    for sign in (1, -1):
        at_limit = Decimal(good) + sign * Decimal(limit)
        beyond = at_limit + sign * Decimal("0.000001")
        assert verdicts(first, quote(at_limit, symbol=symbol)) == [GOOD, GOOD]
        assert verdicts(first, quote(beyond, symbol=symbol)) == [GOOD, ("spike",)]


def test_bid_and_ask_spike_by_their_own_last_good_price() -> None:
    first = quote(5000, 4999, 5001)
    assert verdicts(first, quote(5000, 4700, 5001)) == [GOOD, ("spike",)]
    assert verdicts(first, quote(5000, 4999, 5300)) == [GOOD, ("spike",)]
    assert verdicts(first, quote(None, 4700, None)) == [GOOD, ("spike",)]


def test_what_a_quote_does_not_know_is_not_compared_and_not_forgotten() -> None:
    assert verdicts(quote(5000, 4999, 5001), quote(None, 4999, 5001), quote(5300)) == [GOOD, GOOD, ("spike",)]


def test_a_suspect_quote_leaves_the_last_good_one_in_force() -> None:
    assert verdicts(quote(5000), quote(5300), quote(5001), quote(5300), quote(5002)) == [
        GOOD, ("spike",), GOOD, ("spike",), GOOD,
    ]  # fmt: skip


def test_three_spikes_that_agree_make_a_level() -> None:
    assert verdicts(quote(5000), quote(5300), quote(5301), quote(5299), quote(5000)) == [
        GOOD, ("spike",), ("spike",), GOOD, ("spike",),
    ]  # fmt: skip


def test_spikes_that_do_not_agree_make_none() -> None:
    up_and_down = [quote(5000), quote(5300), quote(4700), quote(5300), quote(4700)]
    assert verdicts(*up_and_down) == [GOOD, *[("spike",)] * 4]
    # Two that agree after one that does not: the third of the new run is good.
    assert verdicts(quote(5000), quote(4000), quote(5300), quote(5301), quote(5302))[-2:] == [("spike",), GOOD]


def test_a_crossed_quote_breaks_a_run_of_spikes() -> None:
    run = [quote(5000), quote(5300), quote(5301), quote(5301, 5301, 5300), quote(5302)]
    assert verdicts(*run) == [GOOD, ("spike",), ("spike",), ("crossed", "spike"), ("spike",)]


def test_an_older_quote_is_out_of_order_and_one_of_the_same_time_is_not() -> None:
    assert verdicts(quote(5000, at=1), quote(5000, at=1), quote(5000, at=0.5)) == [GOOD, GOOD, ("out_of_order",)]


def test_a_quote_that_came_too_old_is_stale() -> None:
    gate = SymbolGate(BY_SYMBOL["ES"])
    assert gate.judge(quote(5000), T0 + MAX_AGE_US) == GOOD
    assert gate.judge(quote(5000), T0 + MAX_AGE_US + 1) == ("stale",)


def test_a_limit_in_ticks_is_narrower_than_the_percentage_but_never_wider() -> None:
    facts = edited("ES", spike_limit_ticks=40)  # 10 points
    assert verdicts(quote(5000), quote(5010), quote(5020.25), facts=facts) == [GOOD, GOOD, ("spike",)]
    wide = edited("ES", spike_limit_ticks=4000)
    assert verdicts(quote(5000), quote(5250.25), facts=wide) == [GOOD, ("spike",)]


def minutes_of_bars(ranges: list[int]) -> list[Quote]:
    """Each minute the price goes up by its range and back."""
    return [
        quote(5000 + price, at=60 * minute + second)
        for minute, wide in enumerate(ranges)
        for second, price in ((0, 0), (20, wide), (40, 0))
    ]


def test_a_limit_in_average_true_ranges_holds_from_the_fifteenth_minute_on() -> None:
    facts = edited("ES", spike_limit_atr=Decimal(5))
    quiet = minutes_of_bars([2] * 14)
    # The first quote of the fifteenth minute closes the fourteenth bar: an average of 2, a limit of 10.
    early = [*quiet, quote(5020, at=60 * 13 + 50)]
    assert verdicts(*early, facts=facts)[-1] == GOOD
    late = [*quiet, quote(5000, at=60 * 14), quote(5010, at=60 * 14 + 1), quote(5020.25, at=60 * 14 + 2)]
    assert verdicts(*late, facts=facts)[-2:] == [GOOD, ("spike",)]


def test_of_ticks_and_average_true_range_the_wider_is_the_limit() -> None:
    facts = edited("ES", spike_limit_atr=Decimal(5), spike_limit_ticks=80)  # 20 points
    late = [*minutes_of_bars([2] * 14), quote(5000, at=60 * 14), quote(5015, at=60 * 14 + 1)]
    assert verdicts(*late, facts=facts)[-1] == GOOD


def test_an_edit_of_the_limit_holds_from_the_next_quote_on() -> None:
    gate = Gate()
    assert not gate.suspects(quote(5000), T0)
    table = InstrumentTable({**BY_SYMBOL, "ES": edited("ES", spike_limit_pct=Decimal("0.1"))})
    gate.on_config({InstrumentTable: table}, T0)
    assert gate.suspects(quote(5006), T0) and gate.reasons("ES") == ("spike",)
    gate.on_config({InstrumentTable: InstrumentTable({"ES": edited("ES", spike_limit_pct=None)})}, T0)
    assert not gate.suspects(quote(9000), T0)


def test_what_is_suspect_is_counted_by_reason_and_trade_date() -> None:
    gate = Gate()
    for each in (quote(5000), quote(5000, 5000.25, 5000), quote(0), quote(5000)):
        gate.suspects(each, each.ts_us)
    (row,) = gate.rows()
    assert isinstance(row, QuoteQuality)
    assert (row.symbol, row.trade_date, row.good, row.suspect) == ("ES", date(2025, 10, 9), 2, 2)
    assert (row.crossed, row.zero, row.spike, row.levels) == (1, 1, 1, 0)  # 0 is also far from 5000
    assert (row.last_suspect_us, row.last_reasons) == (T0, "zero,spike")
    assert gate.rows() == [] and gate.reasons("ES") == () and gate.suspects_today("ES") == 2
    evening = quote(5000, at=9 * 3600)  # 18:00 in Chicago: the next trade date
    gate.suspects(evening, evening.ts_us)
    late = quote(5000, at=0.5)
    gate.suspects(late, evening.ts_us)
    today, tomorrow = gate.rows()[-1:], gate.rows()
    assert [(row.trade_date, row.good, row.suspect) for row in today] == [(date(2025, 10, 10), 1, 1)] and not tomorrow  # type: ignore[attr-defined]


ticks = st.integers(19_000, 21_500).map(lambda n: Decimal(n) / 4)
prices = st.one_of(st.none(), ticks, ticks, ticks, st.sampled_from([Decimal(0), Decimal(-3), Decimal(10_000)]))
walks = st.lists(st.tuples(prices, prices, prices, st.integers(-1, 30), st.integers(0, 12)), max_size=60)


def walked(steps: list[tuple[Any, Any, Any, int, int]]) -> list[tuple[Quote, int]]:
    """Quotes of a wild feed, and when each came."""
    at, found = 0, []
    for last, bid, ask, seconds, delay in steps:
        at += seconds
        if not last is bid is ask is None:
            found.append((Quote("ES", T0 + at * SECOND, "MOCK", last, bid, ask), T0 + (at + delay) * SECOND))
    return found


class NoBand(SymbolGate):
    """The gate without its short cut."""

    __slots__ = ()

    def _calm(self, around: Decimal | None) -> None:
        self._calm_low, self._calm_high = Decimal(1), Decimal(0)


LIMITS = [
    BY_SYMBOL["ES"],
    edited("ES", spike_limit_ticks=100),
    edited("ES", spike_limit_atr=Decimal(3)),
    edited("ES", spike_limit_ticks=30, spike_limit_atr=Decimal(2)),
    edited("ES", spike_limit_pct=None),
    edited("ES", spike_limit_pct=Decimal(100), may_be_negative=True),
]


@given(walks, st.sampled_from(LIMITS))
def test_the_short_cut_judges_as_the_whole_rule_does(steps: list[Any], facts: InstrumentFacts) -> None:
    quick, whole = SymbolGate(facts), NoBand(facts)
    for each, at_us in walked(steps):
        assert quick.judge(each, at_us) == whole.judge(each, at_us)


@given(walks, st.integers(0, 60))
def test_a_gate_that_was_restored_goes_on_as_if_it_had_never_stopped(steps: list[Any], cut: int) -> None:
    feed, gate, other = walked(steps), Gate(), Gate()
    for each, at_us in feed[:cut]:
        assert gate.suspects(each, at_us) == other.suspects(each, at_us)
    restored = Gate()
    restored.restore(other.state())
    for each, at_us in feed[cut:]:
        assert gate.suspects(each, at_us) == restored.suspects(each, at_us)
    assert gate.rows() == restored.rows() and gate.state() == restored.state()


def test_a_day_that_ended_before_its_row_was_asked_for_is_not_forgotten_at_a_restart() -> None:
    gate, restored = Gate(), Gate()
    for at in (0, 9 * 3600):
        gate.suspects(quote(5000, at=at), T0 + at * SECOND)
    restored.restore(gate.state())
    for each in (gate, restored):
        assert [row.trade_date.day for row in each.rows() if isinstance(row, QuoteQuality)] == [9, 10]
        assert each.rows() == []


@given(walks)
def test_every_quote_is_counted_once_and_reasons_are_known_ones(steps: list[Any]) -> None:
    gate, suspect = Gate(), 0
    feed = walked(steps)
    for each, at_us in feed:
        suspect += gate.suspects(each, at_us)
        assert set(gate.reasons("ES")) <= set(REASONS)
    rows = [row for row in gate.rows() if isinstance(row, QuoteQuality)]
    assert sum(row.good for row in rows) == len(feed) - suspect and sum(row.suspect for row in rows) == suspect
