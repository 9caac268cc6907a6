"""Highs and lows over each market's session: SPEC 9's values, and properties."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thor.indicators.intraday import IntradayMetric, IntradayReactor, percent
from thor.markets.calendar import Calendar, Interval, IntervalPhase, MarketCalendars, Status, TransitionKind
from thor.markets.trade_date import spans_of, utc
from thor.markets.transition import MarketTransition
from thor.quotes.quote import Quote

DAY = date(2025, 10, 9)
SECOND = 1_000_000
#: 13:30 UTC: New York opens.
T0 = spans_of(DAY)[0].start_us + (15 * 3600 + 1800) * SECOND
USA, GERMANY, CME = "USA", "Germany", "CME_Futures"


def quote(ts_us: int, last: str | None, volume: int | None = None, symbol: str = "ES", source: str = "TOS") -> Quote:
    return Quote(symbol, ts_us, source, None if last is None else Decimal(last), volume=volume)


def hear(reactor: IntradayReactor, *quotes: Quote) -> None:
    for each in quotes:
        assert not reactor.on_quote(each, "1-0", each.ts_us)


def turn(reactor: IntradayReactor, kind: str, at_us: int, market: str = USA, day: date = DAY) -> None:
    reactor.on_transition(MarketTransition(market, TransitionKind(kind), at_us, day))


def table(reactor: IntradayReactor) -> dict[tuple[str, str], IntradayMetric]:
    """(market, symbol) -> the row."""
    found: dict[tuple[str, str], IntradayMetric] = {}
    for row in reactor.rows():
        assert isinstance(row, IntradayMetric)
        found[row.market, row.symbol] = row
    return found


def only(reactor: IntradayReactor) -> IntradayMetric:
    (row,) = table(reactor).values()
    return row


def told(*values: object) -> tuple[object, ...]:
    return values


def started(at_us: int = T0) -> IntradayReactor:
    reactor = IntradayReactor()
    turn(reactor, "OPEN", at_us)
    return reactor


# --- known values -----------------------------------------------------------------------------------------------------


def test_the_high_side_as_the_specification_counts_it() -> None:
    reactor = started()
    hear(reactor, quote(T0 + 1, "6719.50"), quote(T0 + 2, "6719.25"))
    row = only(reactor)
    assert (row.market_open, row.market_high_open, str(row.market_high_pct_open)) == (
        Decimal("6719.50"), Decimal("6719.50"), "0.0000",
    )  # fmt: skip
    hear(reactor, quote(T0 + 3, "6720.00"))
    assert (only_high := only(reactor)).market_high_open == 6720 and str(only_high.market_high_pct_open) == "0.0074"
    hear(reactor, quote(T0 + 4, "6700.00"))
    assert str(only(reactor).market_high_pct_open) == "0.0074"


def test_the_low_side_as_the_specification_counts_it() -> None:
    reactor = started()
    hear(reactor, quote(T0 + 1, "6719.50"), quote(T0 + 2, "6719.75"))
    assert str(only(reactor).market_low_pct_open) == "0.0037"
    hear(reactor, quote(T0 + 3, "6719.10"))
    row = only(reactor)
    assert (row.market_low_open, str(row.market_low_pct_open)) == (Decimal("6719.10"), "0.0000")


def test_what_a_close_says() -> None:
    reactor = started()
    for n, (last, volume) in enumerate([("100", 1000), ("104", 1500), ("98", 1700), ("101", 2000)]):
        hear(reactor, quote(T0 + n, last, volume))
    turn(reactor, "CLOSE", T0 + 10)
    row = only(reactor)
    # By hand: high 104, low 98, close 101, of an open of 100.
    assert told(row.closed_us, row.market_close, row.market_range) == (T0 + 10, 101, 6)
    assert str(row.market_high_pct_close) == "2.8846"
    assert str(row.market_low_pct_close) == "3.0612"
    assert str(row.market_close_vs_open_pct) == "1.0000"
    assert str(row.market_range_pct) == "6.0000"
    assert row.session_volume == 1000
    assert (row.opened_us, row.updated_us, row.trade_date) == (T0, T0 + 3, DAY)


def test_before_the_close_nothing_of_it_is_said() -> None:
    reactor = started()
    hear(reactor, quote(T0 + 1, "100", 5))
    row = only(reactor)
    assert (row.closed_us, row.market_close, row.market_range, row.session_volume) == (None, None, None, None)


def test_per_cent_is_rounded_half_up_and_of_the_size() -> None:
    assert str(percent(Decimal("0.00005"), Decimal(100))) == "0.0001"
    assert str(percent(Decimal("-0.00005"), Decimal(100))) == "-0.0001"
    assert percent(Decimal(7), Decimal(-37)) == Decimal("18.9189")
    assert percent(Decimal(1), Decimal(0)) == 0
    assert percent(Decimal(10) ** 11, Decimal("0.000001")) == Decimal("99999999.9999")


@given(st.integers(-(10**18), 10**18), st.integers(1, 10**18))
def test_per_cent_is_exact_before_it_is_rounded(part: int, whole: int) -> None:
    scaled = Fraction(part, whole) * 1_000_000
    size = (abs(scaled) + Fraction(1, 2)) // 1
    wanted = Decimal(int(size) if part >= 0 else -int(size)).scaleb(-4)
    if abs(wanted) < 10**8:
        assert percent(Decimal(part), Decimal(whole)) == wanted


# --- the open -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age_us", "wanted"), [(10 * SECOND, "100"), (10 * SECOND + 1, "102")])
def test_a_session_opens_at_the_last_in_force_while_that_is_fresh(age_us: int, wanted: str) -> None:
    reactor = IntradayReactor()
    hear(reactor, quote(T0 - age_us, "100"), quote(T0 - 1, None))
    turn(reactor, "OPEN", T0)
    hear(reactor, quote(T0 + 1, "102"))
    assert only(reactor).market_open == Decimal(wanted)


def test_a_stale_last_that_is_said_again_opens_the_session() -> None:
    reactor = IntradayReactor()
    hear(reactor, quote(T0 - 60 * SECOND, "100"))
    turn(reactor, "OPEN", T0)
    assert table(reactor) == {}
    hear(reactor, quote(T0 + 5, "100"))
    assert told(only(reactor).market_open, only_updated(reactor)) == (100, None)


def only_updated(reactor: IntradayReactor) -> int | None:
    """None: nothing changed since."""
    return next((row.updated_us for row in table(reactor).values()), None)


def test_a_session_without_a_last_has_no_row() -> None:
    reactor = started()
    hear(reactor, quote(T0 + 1, None, 7))
    turn(reactor, "CLOSE", T0 + 2)
    assert table(reactor) == {}


def test_every_instrument_is_measured_at_every_open_market_and_no_other_symbol() -> None:
    reactor = started()
    turn(reactor, "OPEN", T0 + 5, GERMANY)
    for symbol in ("ES", "ZB", "AAPL"):
        hear(reactor, quote(T0 + 6, "100", symbol=symbol))
    assert set(table(reactor)) == {(market, symbol) for market in (USA, GERMANY) for symbol in ("ES", "ZB")}
    assert set(reactor.open_markets()) == {USA, GERMANY}
    turn(reactor, "CLOSE", T0 + 9)
    assert reactor.open_markets() == (GERMANY,)


def test_one_market_closes_and_another_goes_on() -> None:
    reactor = started()
    turn(reactor, "OPEN", T0, GERMANY)
    hear(reactor, quote(T0 + 1, "100"))
    turn(reactor, "CLOSE", T0 + 2)
    hear(reactor, quote(T0 + 3, "110"))
    rows = table(reactor)
    assert told(rows[USA, "ES"].market_high_open, rows[GERMANY, "ES"].market_high_open) == (100, 110)
    assert told(rows[USA, "ES"].market_close, rows[USA, "ES"].updated_us) == (100, T0 + 1)
    hear(reactor, quote(T0 + 4, "111"))
    assert set(table(reactor)) == {(GERMANY, "ES")}  # a closed session's row is told once


def test_a_halt_does_not_end_the_session_whose_trade_date_goes_on() -> None:
    reactor = IntradayReactor()
    turn(reactor, "OPEN", T0, CME)
    hear(reactor, quote(T0 + 1, "100", 50), quote(T0 + 2, "105", 80))
    turn(reactor, "CLOSE", T0 + 3, CME)
    assert only(reactor).session_volume == 30
    turn(reactor, "OPEN", T0 + 100 * SECOND, CME)
    assert only(reactor).market_close is None
    hear(reactor, quote(T0 + 101 * SECOND, "99", 90))
    turn(reactor, "CLOSE", T0 + 200 * SECOND, CME)
    row = only(reactor)
    assert told(row.opened_us, row.market_open, row.market_high_open, row.market_low_open) == (T0, 100, 105, 99)
    assert (row.session_volume, row.closed_us) == (40, T0 + 200 * SECOND)


def test_what_is_said_during_a_halt_does_not_count_before_trading_goes_on() -> None:
    reactor = IntradayReactor()
    turn(reactor, "OPEN", T0, CME)
    hear(reactor, quote(T0 + 1, "100"))
    turn(reactor, "CLOSE", T0 + 2, CME)
    hear(reactor, quote(T0 + 3, "50"))
    turn(reactor, "OPEN", T0 + 100 * SECOND, CME)
    row = only(reactor)
    assert (row.market_low_open, str(row.market_low_pct_open), row.updated_us) == (Decimal(100), "0.0000", T0 + 1)
    hear(reactor, quote(T0 + 101 * SECOND, "50"))
    assert only(reactor).market_low_open == 50
    turn(reactor, "CLOSE", T0 + 102 * SECOND, CME)
    turn(reactor, "OPEN", T0 + 200 * SECOND, CME)
    turn(reactor, "CLOSE", T0 + 300 * SECOND, CME)
    assert only(reactor).market_close == 50


def test_a_restart_between_a_halt_and_the_next_price_changes_nothing() -> None:
    reactor, other = IntradayReactor(), IntradayReactor()
    turn(reactor, "OPEN", T0, CME)
    hear(reactor, quote(T0 + 1, "100"))
    turn(reactor, "CLOSE", T0 + 2, CME)
    hear(reactor, quote(T0 + 3, "50"))
    turn(reactor, "OPEN", T0 + 100 * SECOND, CME)
    other.restore(json.loads(json.dumps(reactor.state())))
    assert only(other) == only(reactor)


def test_the_next_day_begins_anew() -> None:
    reactor = started()
    hear(reactor, quote(T0 + 1, "100"))
    turn(reactor, "CLOSE", T0 + 2)
    turn(reactor, "OPEN", T0 + 86_400 * SECOND, day=DAY + timedelta(days=1))
    hear(reactor, quote(T0 + 86_401 * SECOND, "90"))
    row = [each for each in reactor.rows() if isinstance(each, IntradayMetric)][-1]
    assert told(row.trade_date, row.market_open, row.market_high_open) == (DAY + timedelta(days=1), 90, 90)


# --- volume -----------------------------------------------------------------------------------------------------------


def volume_of(*said: tuple[int, int, str], opened_us: int = T0, market: str = USA) -> int | None:
    """(microseconds after the open, volume, source), one last each, then the close."""
    reactor = IntradayReactor()
    before = [each for each in said if each[0] <= 0]
    hear(reactor, *(quote(opened_us + at, "100", volume, source=source) for at, volume, source in before))
    turn(reactor, "OPEN", opened_us, market)
    after = [each for each in said if each[0] > 0]
    hear(reactor, *(quote(opened_us + at, "101", volume, source=source) for at, volume, source in after))
    turn(reactor, "CLOSE", opened_us + 3600 * SECOND, market)
    return only(reactor).session_volume


def test_contracts_are_counted_from_what_was_in_force_at_the_open() -> None:
    assert volume_of((-5, 1000, "TOS"), (1, 1200, "TOS"), (2, 1500, "TOS")) == 500


def test_a_count_of_the_trade_date_before_is_no_base() -> None:
    assert volume_of((-86_400 * SECOND, 1000, "TOS"), (1, 1200, "TOS"), (2, 1500, "TOS")) == 300


def test_a_count_that_falls_began_anew() -> None:
    assert volume_of((-5, 1000, "TOS"), (1, 1200, "TOS"), (2, 30, "TOS"), (3, 50, "TOS")) == 250


def test_another_source_that_says_less_is_behind_and_no_restart() -> None:
    assert volume_of((-5, 1000, "TOS"), (1, 1200, "TOS"), (2, 1100, "SCHWAB"), (3, 1300, "SCHWAB")) == 300


def test_nothing_is_missed_where_the_session_begins_with_the_trade_date() -> None:
    start = spans_of(DAY)[0].start_us
    said = ((-3600 * SECOND, 900_000, "TOS"), (5, 12, "TOS"), (6, 40, "TOS"))
    assert volume_of(*said, opened_us=start, market=CME) == 40
    # A count that goes on from the day before says nothing of this one yet.
    said = ((-3600 * SECOND, 900, "TOS"), (5, 900, "TOS"), (6, 12, "TOS"))
    assert volume_of(*said, opened_us=start, market=CME) == 12


def test_without_any_volume_there_is_none() -> None:
    reactor = started()
    hear(reactor, quote(T0 + 1, "100"))
    turn(reactor, "CLOSE", T0 + 2)
    assert only(reactor).session_volume is None


# --- a desk that begins while a market is open ----------------------------------------------------------------------


def calendars() -> MarketCalendars:
    hours = [Interval(DAY, IntervalPhase.REGULAR, T0, T0 + 3600 * SECOND)]
    return MarketCalendars({USA: Calendar(USA, "UTC", hours, {}, T0 - 10**12, T0 + 10**12)}, ((USA, "1"),))


def test_who_begins_in_the_middle_measures_from_the_first_quote_on() -> None:
    reactor = IntradayReactor()
    reactor.on_config({MarketCalendars: calendars()}, T0)
    reactor.on_start({USA: Status.OPEN, GERMANY: Status.OPEN, CME: Status.CLOSED}, T0 + 60 * SECOND)
    assert reactor.open_markets() == (USA,)  # of Germany nobody knows the trade date
    hear(reactor, quote(T0 + 61 * SECOND, "100"))
    row = only(reactor)
    assert told(row.opened_us, row.trade_date, row.market_open) == (T0, DAY, 100)


def test_a_close_that_was_missed_ends_the_session_at_the_start() -> None:
    reactor, other = started(), IntradayReactor()
    hear(reactor, quote(T0 + 1, "100"))
    other.restore(json.loads(json.dumps(reactor.state())))
    other.on_start({USA: Status.CLOSED}, T0 + 50)
    assert (only(other).closed_us, other.open_markets()) == (T0 + 50, ())


# --- properties -------------------------------------------------------------------------------------------------------

PRICES = st.integers(1, 400).map(lambda ticks: Decimal(ticks * 25) / 100)
STEPS = st.one_of(
    st.tuples(st.just("quote"), st.sampled_from(["ES", "DX"]), st.one_of(st.none(), PRICES),
              st.one_of(st.none(), st.integers(0, 50)), st.sampled_from(["TOS", "SCHWAB"])),
    st.tuples(st.just("turn"), st.sampled_from([USA, GERMANY, CME])),
    st.tuples(st.just("rows")),
)  # fmt: skip
RUNS = st.lists(st.tuples(st.integers(0, 9 * 3600 * SECOND), STEPS), max_size=50)


class Player:
    """Plays steps into a reactor. ``table``: how the rows stand."""

    def __init__(self) -> None:
        self.reactor = IntradayReactor()
        self.at_us = T0
        self.open: set[str] = set()
        self.table: dict[tuple[Any, ...], IntradayMetric] = {}

    def play(self, run: list[tuple[int, Any]]) -> None:
        for later_us, step in run:
            self.at_us += later_us
            if step[0] == "quote":
                _, symbol, last, volume, source = step
                given = Quote(symbol, self.at_us, source, last, Decimal(1), volume=volume)
                self.reactor.on_quote(given, "1-0", self.at_us)
            elif step[0] == "rows":
                self.look()
            else:
                self.turn(step[1])
            self.check()

    def turn(self, market: str) -> None:
        is_open = market in self.open
        day = utc(T0).date() + timedelta(days=(self.at_us - T0) // (86_400 * SECOND))
        turn(self.reactor, "CLOSE" if is_open else "OPEN", self.at_us, market, day)
        self.open ^= {market}

    def restart(self) -> None:
        state = json.loads(json.dumps(self.reactor.state()))
        self.reactor = IntradayReactor()
        self.reactor.restore(state)
        statuses = dict.fromkeys((USA, GERMANY, CME), Status.CLOSED) | dict.fromkeys(self.open, Status.OPEN)
        self.reactor.on_start(statuses, self.at_us)

    def look(self) -> None:
        for row in self.reactor.rows():
            assert isinstance(row, IntradayMetric)
            self.table[row.market, row.trade_date, row.symbol] = row

    def check(self) -> None:
        """No high is below an open, no low above it, and neither percentage below zero."""
        for row in self.table.values():
            assert row.market_low_open <= row.market_open <= row.market_high_open
            assert row.market_high_pct_open >= 0 and row.market_low_pct_open >= 0


@settings(max_examples=120, deadline=None)
@given(RUNS, st.integers(0, 50))
def test_a_restart_anywhere_changes_nothing(run: list[tuple[int, Any]], cut: int) -> None:
    straight, broken = Player(), Player()
    straight.play(run)
    broken.play(run[:cut])
    broken.restart()
    broken.play(run[cut:])
    straight.look()
    broken.look()
    assert straight.table == broken.table
    assert straight.reactor.state() == broken.reactor.state()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.none(), PRICES), min_size=1, max_size=40))
def test_high_and_low_are_those_of_all_lasts_and_the_high_never_falls(lasts: list[Decimal | None]) -> None:
    reactor, heard, highest = started(), [], Decimal(0)
    for n, last in enumerate(lasts):
        reactor.on_quote(Quote("ES", T0 + n, "TOS", last, Decimal(1)), "1-0", T0)
        heard += [] if last is None else [last]
        for row in table(reactor).values():
            assert (row.market_open, row.market_high_open, row.market_low_open) == (heard[0], max(heard), min(heard))
            wanted = ((heard[-1] - min(heard)) / min(heard) * 100).quantize(Decimal("0.0001"), ROUND_HALF_UP)
            assert row.market_low_pct_open == wanted
            assert row.market_high_pct_open >= highest
            highest = row.market_high_pct_open
    assert bool(heard) == bool(reactor.state()["ES"][0])


def test_a_session_whose_market_opens_again_before_its_row_was_asked_for_keeps_its_row() -> None:
    reactor, next_day = started(), DAY + timedelta(days=1)
    hear(reactor, quote(T0 + 1, "6719.50"))
    turn(reactor, "CLOSE", T0 + 10)
    turn(reactor, "OPEN", T0 + 20, day=next_day)
    restored = IntradayReactor()
    restored.restore(json.loads(json.dumps(reactor.state())))
    for each in (reactor, restored):
        days = {row.trade_date: row.market_close for row in each.rows() if isinstance(row, IntradayMetric)}
        assert days == {DAY: Decimal("6719.50"), next_day: None}
        assert DAY not in [row.trade_date for row in each.rows() if isinstance(row, IntradayMetric)]
