"""Ranges of the trade date, of 52 weeks and of all time: boundaries, seeds, and a plain recomputation beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thor.indicators.extremes import (
    DailyRange,
    ExtremesReactor,
    ExtremesSeeds,
    Known,
    Rolling52WeekStats,
    Seed,
)
from thor.markets.calendar import Status, TransitionKind
from thor.markets.market import ControlMarkets
from thor.markets.trade_date import is_business_day, spans_of
from thor.markets.transition import MarketTransition
from thor.quotes.quote import NOTHING, Quote
from thor.quotes.reactor import Row

DAY = date(2025, 10, 9)
SECOND = 1_000_000
USA, NETHERLANDS = "USA", "Netherlands"


def noon_us(day: date, symbol: str = "ES") -> int:
    """An instant of a trade date, twelve hours after its beginning."""
    return spans_of(day, ("ice_dx" if symbol == "DX" else "cme_equity",))[0].start_us + 12 * 3600 * SECOND


def hear(
    reactor: ExtremesReactor, day: date, *lasts: object, symbol: str = "ES", extra: Mapping[str, Any] = NOTHING
) -> None:
    for n, last in enumerate(lasts):
        price = None if last is None else Decimal(str(last))
        given = Quote(symbol, noon_us(day, symbol) + n * SECOND, "TOS", price, Decimal(1), extra=extra)
        assert not reactor.on_quote(given, "1-0", given.ts_us)


def turn(reactor: ExtremesReactor, kind: str, market: str = USA, day: date = DAY) -> None:
    reactor.on_transition(MarketTransition(market, TransitionKind(kind), noon_us(day), day))


def watching(**options: Any) -> ExtremesReactor:
    """New York is open."""
    reactor = ExtremesReactor(**options)
    reactor.on_start({USA: Status.OPEN}, 0)
    return reactor


def sow(reactor: ExtremesReactor, *seeds: Seed, symbol: str = "ES") -> None:
    for seed in seeds:
        reactor.on_config({ExtremesSeeds: ExtremesSeeds({symbol: seed})}, noon_us(DAY))


def known(price: object, day: date | None = None) -> Known:
    return Decimal(str(price)), day


def seen(reactor: ExtremesReactor, symbol: str = "ES") -> tuple[object, ...] | None:
    view = reactor.view(symbol)
    return None if view is None else tuple(str(each) if isinstance(each, Decimal) else each for each in view)


def told(*values: object) -> tuple[object, ...]:
    return values


def stats(rows: Sequence[Row]) -> Rolling52WeekStats:
    (found,) = [row for row in rows if isinstance(row, Rolling52WeekStats)]
    return found


def later(days: int) -> date:
    return DAY + timedelta(days=days)


# --- the trade date ---------------------------------------------------------------------------------------------------


def test_the_range_of_a_trade_date_is_that_of_its_lasts_and_the_next_one_begins_anew() -> None:
    reactor = ExtremesReactor()
    hear(reactor, DAY, 100, None, 103, 99, 101)
    assert told(*reactor.session("ES") or ()) == (103, 99)
    hear(reactor, later(1), 50)
    assert told(*reactor.session("ES") or ()) == (50, 50)
    ranges = [row for row in reactor.rows() if isinstance(row, DailyRange)]
    assert ranges == [
        DailyRange("ES", DAY, Decimal(103), Decimal(99), Decimal(101)),
        DailyRange("ES", later(1), Decimal(50), Decimal(50), Decimal(50)),
    ]
    assert reactor.rows() == []


def test_an_older_quote_does_not_turn_the_date_back() -> None:
    reactor = ExtremesReactor()
    hear(reactor, DAY, 100)
    reactor.on_quote(Quote("ES", noon_us(DAY) - 86_400 * SECOND, "TOS", Decimal(90)), "1-0", 0)
    assert [row.trade_date for row in reactor.rows() if isinstance(row, DailyRange)] == [DAY]
    assert told(*reactor.session("ES") or ()) == (100, 90)


def test_the_date_turns_with_the_symbols_own_group_and_what_is_no_instrument_has_none() -> None:
    reactor = ExtremesReactor()
    at_us = spans_of(DAY)[0].end_us  # DX turns two hours later
    for symbol in ("ES", "DX", "AAPL"):
        reactor.on_quote(Quote(symbol, at_us, "TOS", Decimal(100)), "1-0", at_us)
    found = {row.symbol: row.trade_date for row in reactor.rows() if isinstance(row, DailyRange)}
    assert found == {"ES": later(1), "DX": DAY}


# --- 52 weeks ---------------------------------------------------------------------------------------------------------


def test_the_extremes_begin_with_the_first_price_and_follow_each_new_one() -> None:
    reactor = watching()
    hear(reactor, DAY, 100)
    assert seen(reactor) == ("100", DAY, "100", DAY)
    hear(reactor, DAY, 103, 99)
    hear(reactor, later(1), 101, 99)
    assert seen(reactor) == ("103", DAY, "99", DAY)
    row = stats(reactor.rows())
    assert told(row.all_time_high, row.all_time_high_date, row.all_time_low) == (103, DAY, 99)
    assert reactor.view("ZB") is None and reactor.session("ZB") is None


def test_while_no_control_market_is_open_they_stand_still() -> None:
    reactor = ExtremesReactor()
    hear(reactor, DAY, 100)
    turn(reactor, "OPEN", NETHERLANDS)  # has no weight
    hear(reactor, DAY, 110, 90)
    assert seen(reactor) == ("100", DAY, "100", DAY)
    assert told(*reactor.session("ES") or ()) == (110, 90)
    turn(reactor, "OPEN")
    assert seen(reactor) == ("110", DAY, "90", DAY)
    turn(reactor, "CLOSE")
    hear(reactor, DAY, 120)
    assert seen(reactor) == ("110", DAY, "90", DAY)
    reactor.on_config({ControlMarkets: ControlMarkets(frozenset({NETHERLANDS}))}, 0)
    assert seen(reactor) == ("120", DAY, "90", DAY)


def test_what_happened_while_none_was_open_counts_when_its_date_ends() -> None:
    reactor = ExtremesReactor()
    hear(reactor, DAY, 100, 120)
    hear(reactor, later(1), 90)
    assert seen(reactor) == ("120", DAY, "100", DAY)


@pytest.mark.parametrize(("age", "wanted"), [(364, ("200", DAY)), (365, ("150", date(2025, 11, 7)))])
def test_an_extreme_of_exactly_364_days_counts_and_an_older_one_expires(age: int, wanted: tuple[str, date]) -> None:
    reactor = watching()
    hear(reactor, DAY, 200)
    hear(reactor, date(2025, 11, 7), 150, 100)
    hear(reactor, later(age), 120)
    assert seen(reactor) == (*wanted, "100", date(2025, 11, 7))
    row = stats(reactor.rows())
    assert told(row.all_time_high, row.all_time_high_date) == (200, DAY)


def test_after_a_year_of_silence_nothing_of_before_is_left() -> None:
    reactor = watching()
    hear(reactor, DAY, 200, 50)
    hear(reactor, date(2026, 11, 2), 120)
    assert seen(reactor) == ("120", date(2026, 11, 2), "120", date(2026, 11, 2))
    row = stats(reactor.rows())
    assert told(row.all_time_high, row.all_time_low) == (200, 50)


def test_switched_off_only_the_ranges_are_kept() -> None:
    reactor = watching(is_on=False)
    hear(reactor, DAY, 100, 101)
    assert [type(row) for row in reactor.rows()] == [DailyRange]
    assert reactor.view("ES") is None and told(*reactor.session("ES") or ()) == (101, 100)


def test_the_last_that_was_checked_is_told_at_most_every_interval() -> None:
    reactor = watching(interval_us=10 * SECOND)
    hear(reactor, DAY, 100, 90)
    assert stats(reactor.rows()).last_price_checked == 90
    hear(reactor, DAY, *[91 + n % 3 for n in range(9)])  # seconds 0 to 8: too early
    assert [type(row) for row in reactor.rows()] == [DailyRange]
    hear(reactor, DAY, *[91 + n % 3 for n in range(14)])
    row = stats(reactor.rows())
    assert told(row.last_price_checked, row.last_updated_us) == (91 + 11 % 3, noon_us(DAY) + 11 * SECOND)


# --- seeds ------------------------------------------------------------------------------------------------------------


def test_a_seed_is_taken_once_and_prices_extend_it() -> None:
    reactor = watching()
    sow(reactor, Seed(7, known(200, date(2025, 3, 3)), known(50)))
    row = stats(reactor.rows())
    assert told(row.high_52w, row.high_52w_date, row.low_52w, row.low_52w_date) == (200, date(2025, 3, 3), 50, None)
    assert (row.last_price_checked, row.last_updated_us) == (None, noon_us(DAY))
    hear(reactor, DAY, 210, 100)
    sow(reactor, Seed(7, known(200, date(2025, 3, 3)), known(50)), Seed(6, known(300), known(1)))
    assert seen(reactor) == ("210", DAY, "50", None)


def test_a_seed_is_the_truth_for_the_days_before_it() -> None:
    reactor = watching()
    hear(reactor, DAY, 999, 100)  # a slip that came through
    hear(reactor, later(1), 110)
    sow(reactor, Seed(1, known(150, DAY), known(90, date(2025, 9, 9))))
    assert seen(reactor) == ("150", DAY, "90", date(2025, 9, 9))
    hear(reactor, later(4), 120)
    assert seen(reactor) == ("150", DAY, "90", date(2025, 9, 9))


def test_all_time_extremes_are_a_seeds_own_or_its_52_weeks() -> None:
    reactor = watching()
    sow(reactor, Seed(1, known(200, DAY), known(50, DAY), known(300, date(2020, 1, 2)), known("-37.63")))
    row = stats(reactor.rows())
    assert told(row.all_time_high, row.all_time_high_date) == (300, date(2020, 1, 2))
    assert (row.all_time_low, row.all_time_low_date) == (Decimal("-37.63"), None)
    sow(reactor, Seed(2, known(400, DAY), known(60, DAY)))
    row = stats(reactor.rows())
    assert told(row.high_52w, row.all_time_high, row.low_52w, row.all_time_low) == (400, 400, 60, Decimal("-37.63"))


def test_a_dated_seed_expires_once_a_whole_year_is_known_and_one_without_a_date_never() -> None:
    old = date(2025, 1, 6)
    reactor = watching()
    sow(reactor, Seed(1, known(200, old), known(50)))
    hear(reactor, DAY, 100)
    # 364 days after the seed's, but only three months are known: the highest of them would be no 52 weeks' high.
    hear(reactor, date(2026, 1, 14), 110)
    assert seen(reactor) == ("200", old, "50", None)
    hear(reactor, date(2026, 10, 8), 105)
    assert seen(reactor) == ("110", date(2026, 1, 14), "50", None)


def test_what_the_sheet_says_seeds_and_goes_when_it_says_less() -> None:
    reactor = watching()
    hear(reactor, DAY, 100, extra={"high52w": Decimal("150.5"), "low52w": 60})
    assert seen(reactor) == ("150.5", None, "60", None)
    hear(reactor, DAY, 100, extra={"high52w": Decimal("90"), "low52w": Decimal(95)})
    assert seen(reactor) == ("100", DAY, "95", None)
    row = stats(reactor.rows())
    assert (row.all_time_high, row.all_time_high_date) == (Decimal("150.5"), None)


def test_what_the_sheet_still_says_after_a_seed_counts_again() -> None:
    reactor, sheet = watching(), {"high52w": Decimal(150)}
    hear(reactor, DAY, 100, extra=sheet)
    sow(reactor, Seed(1, known(120, DAY), known(90, DAY)))
    assert seen(reactor) == ("120", DAY, "90", DAY)
    hear(reactor, DAY, 100, extra=sheet)
    assert seen(reactor) == ("150", None, "90", DAY)


def test_a_price_with_a_date_is_better_than_the_same_without() -> None:
    reactor = watching()
    hear(reactor, DAY, 100, 150, extra={"high52w": Decimal(150)})
    assert seen(reactor) == ("150", DAY, "100", DAY)


@pytest.mark.parametrize("said", [None, "150", True, Decimal(0), Decimal("1E+20"), Decimal("150.1234567"), 10**30, [1]])
def test_what_can_be_no_price_is_not_read_from_a_sheet(said: object) -> None:
    reactor = watching()
    hear(reactor, DAY, 100, extra={"high52w": said, "low52w": said})
    assert seen(reactor) == ("100", DAY, "100", DAY)


# --- properties -------------------------------------------------------------------------------------------------------

PRICES = st.integers(1, 60).map(lambda ticks: Decimal(ticks * 25) / 100)
YEARS = st.lists(st.tuples(st.integers(1, 120), st.lists(PRICES, min_size=1, max_size=4)), min_size=1, max_size=30)


def placed(years: list[tuple[int, list[Decimal]]]) -> list[tuple[date, list[Decimal]]]:
    """Trade dates so many days after each other, at least."""
    found, day = [], DAY
    for gap, prices in years:
        day += timedelta(days=gap)
        while not is_business_day(day):
            day += timedelta(days=1)
        found.append((day, prices))
    return found


@settings(max_examples=100, deadline=None)
@given(YEARS)
def test_years_of_days_against_a_plain_recomputation(years: list[tuple[int, list[Decimal]]]) -> None:
    reactor = watching()
    days = placed(years)
    for n, (day, prices) in enumerate(days):
        hear(reactor, day, *prices)
        counted = [(each, price) for each, there in days[: n + 1] for price in there if (day - each).days <= 364]
        high, low = max(price for _, price in counted), min(price for _, price in counted)
        first_high = min(each for each, price in counted if price == high)
        first_low = min(each for each, price in counted if price == low)
        assert reactor.view("ES") == (high, first_high, low, first_low)
    everything = [price for _, there in days for price in there]
    row = stats(reactor.rows())
    assert (row.all_time_high, row.all_time_low) == (max(everything), min(everything))


EXTRAS = st.one_of(st.just(NOTHING), st.fixed_dictionaries({"high52w": PRICES, "low52w": PRICES}))
STEPS = st.one_of(
    st.tuples(st.just("quote"), st.sampled_from(["ES", "DX"]), st.one_of(st.none(), PRICES), EXTRAS),
    st.tuples(st.just("turn"), st.sampled_from([USA, NETHERLANDS, "Japan"])),
    st.tuples(st.just("seed"), st.integers(1, 9), PRICES, PRICES, st.one_of(st.none(), st.integers(-400, 0))),
    st.tuples(st.just("rows")),
)  # fmt: skip
RUNS = st.lists(st.tuples(st.integers(0, 60 * 86_400), STEPS), max_size=40)


class Player:
    """Plays steps into a reactor. ``table``: how the rows stand."""

    def __init__(self) -> None:
        self.reactor = ExtremesReactor()
        self.at_us = noon_us(DAY)
        self.open: set[str] = set()
        self.table: dict[tuple[object, ...], Row] = {}

    def play(self, run: list[tuple[int, Any]]) -> None:
        for seconds, (kind, *said) in run:
            self.at_us += seconds * SECOND
            getattr(self, kind)(*said)

    def quote(self, symbol: str, last: Decimal | None, extra: Mapping[str, Any]) -> None:
        given = Quote(symbol, self.at_us, "TOS", last, Decimal(1), extra=extra)
        self.reactor.on_quote(given, "1-0", self.at_us)

    def turn(self, market: str) -> None:
        kind = TransitionKind.CLOSE if market in self.open else TransitionKind.OPEN
        self.reactor.on_transition(MarketTransition(market, kind, self.at_us, DAY))
        self.open ^= {market}

    def seed(self, number: int, one: Decimal, other: Decimal, age: int | None) -> None:
        day = None if age is None else DAY + timedelta(days=age)
        seed = Seed(number, (max(one, other), day), (min(one, other), None))
        self.reactor.on_config({ExtremesSeeds: ExtremesSeeds({"ES": seed})}, self.at_us)

    def rows(self) -> None:
        for row in self.reactor.rows():
            self.table[type(row), *(getattr(row, name) for name in row.key)] = row

    def restart(self) -> None:
        state = json.loads(json.dumps(self.reactor.state()))
        self.reactor = ExtremesReactor()
        self.reactor.restore(state)
        self.reactor.on_start(dict.fromkeys(self.open, Status.OPEN), self.at_us)


@settings(max_examples=150, deadline=None)
@given(RUNS, st.integers(0, 40))
def test_a_restart_anywhere_changes_nothing(run: list[tuple[int, Any]], cut: int) -> None:
    straight, broken = Player(), Player()
    straight.play(run)
    broken.play(run[:cut])
    broken.restart()
    broken.play(run[cut:])
    straight.rows()
    broken.rows()
    assert straight.table == broken.table
    assert straight.reactor.state() == broken.reactor.state()


def test_the_days_are_the_same_object_until_another_is_there() -> None:
    reactor = watching()
    hear(reactor, DAY, 100)
    hear(reactor, later(1), 101, 102)
    before = reactor.state()["ES:days"]
    hear(reactor, later(1), 103)
    assert reactor.state()["ES:days"] is before
    hear(reactor, later(4), 104)
    assert reactor.state()["ES:days"] is not before


# --- real closes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("symbol", ["ES", "CL", "VX"])
def test_closes_of_many_years_against_the_rolling_extremes_of_polars(shared_data: Path, symbol: str) -> None:
    bars = pl.read_parquet(shared_data / "bars" / "futures_daily_to_2012.parquet")
    closes = bars.filter(pl.col("symbol") == symbol, pl.col("close").is_not_null()).sort("date").tail(1300)
    closes = closes.filter(pl.Series([is_business_day(day) for day in closes["date"]]))
    assert closes.height > 1200
    wanted = closes.with_columns(
        high=pl.col("close").rolling_max_by("date", window_size="365d"),
        low=pl.col("close").rolling_min_by("date", window_size="365d"),
    )
    reactor = watching()
    for day, close, high, low in wanted.select("date", "close", "high", "low").iter_rows():
        hear(reactor, day, close)
        view = reactor.view("ES")
        assert view is not None and (view[0], view[2]) == (Decimal(str(high)), Decimal(str(low))), day
