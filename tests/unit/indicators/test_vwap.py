"""VWAP: hand-made minutes, sessions that begin, halt and turn, and a desk that dies in the middle."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thor.indicators.vwap import MINUTE_US, WINDOWS, VwapMinute, VwapReactor, vwap_deviation, vwap_of
from thor.markets.calendar import Calendar, GroupCalendars, Interval, IntervalPhase
from thor.markets.trade_date import epoch_us
from thor.quotes.quote import Quote

#: Thursday 2025-10-09's session of the futures begins Wednesday 17:00 Chicago.
OPEN = epoch_us(datetime(2025, 10, 8, 22, 0, tzinfo=UTC))
DAY = date(2025, 10, 9)
NEXT_OPEN = epoch_us(datetime(2025, 10, 9, 22, 0, tzinfo=UTC))
SECOND = 1_000_000


def quote(
    ts_us: int, last: str | None, volume: int | None, symbol: str = "ES", source: str = "TOS", **more: Any
) -> Quote:
    price = None if last is None else Decimal(last)
    return Quote(symbol, ts_us, source, last=price, bid=Decimal(1), volume=volume, **more)


class Tape:
    """A reactor and its time: quotes and boundaries in the desk's order."""

    def __init__(self, begin_us: int = OPEN - 1, reactor: VwapReactor | None = None) -> None:
        self.reactor = VwapReactor() if reactor is None else reactor
        self.reactor.on_start({}, begin_us)
        self.rows: list[VwapMinute] = []

    def hear(self, each: Quote, at_us: int | None = None) -> None:
        at_us = each.ts_us if at_us is None else at_us
        self.until(at_us - 1)
        self.reactor.on_quote(each, "1-0", at_us)

    def until(self, to_us: int) -> None:
        while (due_us := self.reactor.next_timer_us()) is not None and due_us <= to_us:
            self.reactor.on_timer(due_us)

    def minutes(self, to_us: int) -> list[tuple[int, int, str]]:
        """(minutes since the open, contracts, vwap) of every row up to an instant."""
        self.until(to_us)
        self.rows += [row for row in self.reactor.rows() if isinstance(row, VwapMinute)]
        return [((row.minute_us - OPEN) // MINUTE_US, row.delta_volume, str(row.vwap)) for row in self.rows]


def played(*quotes: tuple[float, str | None, int | None], begin_us: int = OPEN - 1) -> Tape:
    """Seconds since the open, last, volume."""
    tape = Tape(begin_us)
    for seconds, last, volume in quotes:
        tape.hear(quote(OPEN + round(seconds * SECOND), last, volume))
    return tape


# --- minutes --------------------------------------------------------------------------------------------------------


def test_a_minute_weighs_the_last_in_force_with_what_was_traded_in_it() -> None:
    tape = played((1, "100", 4), (30, "101", 10), (61, "103", 20), (100, "102", 30))
    assert tape.minutes(OPEN + 3 * MINUTE_US) == [(1, 10, "101.000000"), (2, 20, "101.666667")]
    first, second = tape.rows
    assert (first.last_price, first.cumulative_volume, first.trade_date) == (Decimal(101), 10, DAY)
    assert (second.last_price, second.cumulative_volume) == (Decimal(102), 30)
    assert tape.reactor.vwap("ES") == Decimal("101.666667")


def test_a_minute_in_which_nothing_was_traded_has_no_row() -> None:
    tape = played((1, "100", 10), (61, "105", 10), (121, "106", 11))
    assert [minute for minute, *_ in tape.minutes(OPEN + 5 * MINUTE_US)] == [1, 3]


def test_a_quote_at_the_boundary_belongs_to_the_minute_that_ends() -> None:
    tape = played((1, "100", 10), (60, "104", 20))
    assert tape.minutes(OPEN + MINUTE_US) == [(1, 20, "104.000000")]


def test_a_quote_without_last_or_volume_changes_nothing_of_what_it_lacks() -> None:
    tape = played((1, "100", 10), (20, None, 30), (40, "102", None), (70, None, None), (80, None, 40))
    assert tape.minutes(OPEN + 2 * MINUTE_US) == [(1, 30, "102.000000"), (2, 10, "102.000000")]


def test_contracts_without_a_price_are_weighed_when_there_is_one() -> None:
    tape = played((1, None, 10), (61, None, 15), (121, "100", 20))
    assert tape.minutes(OPEN + 3 * MINUTE_US) == [(3, 20, "100.000000")]


def test_a_count_that_falls_began_anew_and_is_flagged() -> None:
    tape = played((1, "100", 10), (61, "110", 4), (121, "110", 6))
    assert tape.minutes(OPEN + 3 * MINUTE_US) == [(1, 10, "100.000000"), (2, 4, "102.857143"), (3, 2, "103.750000")]
    assert [row.is_restart for row in tape.rows] == [False, True, False]
    assert [row.cumulative_volume for row in tape.rows] == [10, 4, 6]


def test_no_restart_within_a_minute_is_missed() -> None:
    """10, then 50; it falls to 5, rises to 60, falls to 7: 40 + 5 + 55 + 7 were traded, whatever the end is."""
    tape = played((1, "100", 10), (61, "100", 50), (70, "100", 5), (80, "100", 60), (90, "100", 7))
    assert tape.minutes(OPEN + 2 * MINUTE_US)[1] == (2, 107, "100.000000")
    assert tape.rows[1].is_restart


def test_a_restart_at_nothing_is_flagged_in_the_next_row() -> None:
    tape = played((1, "100", 10), (61, "100", 0), (121, "100", 3))
    assert tape.minutes(OPEN + 3 * MINUTE_US) == [(1, 10, "100.000000"), (3, 3, "100.000000")]
    assert [row.is_restart for row in tape.rows] == [False, True]


def test_an_average_is_rounded_half_up_away_from_zero() -> None:
    assert str(vwap_of([(Decimal("0.000001"), 1), (Decimal("0.000002"), 1)])) == "0.000002"
    assert str(vwap_of([(Decimal("-0.000001"), 1), (Decimal("-0.000002"), 1)])) == "-0.000002"
    assert vwap_of([(Decimal(5), 0)]) is None


def test_volumes_at_the_edge_of_the_contract_lose_no_digit() -> None:
    tape = played((1, "123456789012.123456", 2**63 - 1))
    assert tape.minutes(OPEN + MINUTE_US) == [(1, 2**63 - 1, "123456789012.123456")]


# --- where a session begins -----------------------------------------------------------------------------------------


def test_a_session_that_was_seen_late_has_its_first_count_as_base_only() -> None:
    tape = played((61, "100", 1000), (70, "101", 1010), begin_us=OPEN + 61 * SECOND - 1)
    assert tape.minutes(OPEN + 2 * MINUTE_US) == [(2, 10, "101.000000")]


def test_a_symbol_that_speaks_late_was_seen_from_the_start_when_another_one_was() -> None:
    tape = Tape()
    tape.hear(quote(OPEN + SECOND, "6700", 5))
    tape.hear(quote(OPEN + 600 * SECOND, "20", 7, symbol="VX"))
    tape.minutes(OPEN + 11 * MINUTE_US)
    assert [(row.symbol, row.delta_volume) for row in tape.rows] == [("ES", 5), ("VX", 7)]


def test_what_came_before_the_desk_began_is_of_no_minute() -> None:
    """A first desk reads the stream from its beginning: hours without timers."""
    tape = Tape(OPEN + 30 * MINUTE_US)
    for minute, volume in ((1, 10), (20, 500), (29, 800)):
        tape.reactor.on_quote(quote(OPEN + minute * MINUTE_US, "100", volume), "1-0", OPEN + minute * MINUTE_US)
    tape.hear(quote(OPEN + 31 * MINUTE_US, "102", 810))
    tape.hear(quote(OPEN + 31 * MINUTE_US + SECOND, "103", 815))
    assert tape.minutes(OPEN + 40 * MINUTE_US) == [(32, 5, "103.000000")]


def test_a_count_said_before_the_session_opens_is_the_base() -> None:
    """On a Saturday a workbook still shows Friday's volume; Monday's date has begun by then, its session has not."""
    saturday = epoch_us(datetime(2025, 10, 11, 12, 0, tzinfo=UTC))
    sunday = epoch_us(datetime(2025, 10, 12, 22, 0, tzinfo=UTC))
    reactor = VwapReactor()
    reactor.on_config(
        {GroupCalendars: GroupCalendars({"cme_equity": hours((sunday, sunday + 23 * 3600 * SECOND))}, ())}, 0
    )
    tape = Tape(saturday - 1, reactor)
    tape.hear(quote(saturday, "100", 1_500_000))
    tape.hear(quote(sunday + SECOND, "101", 1_500_000))
    tape.hear(quote(sunday + 2 * SECOND, "102", 12))
    tape.minutes(sunday + MINUTE_US)
    (row,) = tape.rows
    assert (row.delta_volume, row.vwap, row.trade_date, row.is_restart) == (12, Decimal(102), date(2025, 10, 13), True)


def hours(*sessions: tuple[int, int]) -> Calendar:
    intervals = [Interval(date(2025, 10, 13), IntervalPhase.REGULAR, *each) for each in sessions]
    return Calendar("cme_equity", "America/Chicago", intervals, {}, OPEN, OPEN + 30 * 24 * 60 * MINUTE_US)


def test_without_a_calendar_a_session_begins_with_its_date() -> None:
    tape = played((60, "100", 10))
    assert tape.minutes(OPEN + 2 * MINUTE_US) == [(1, 10, "100.000000")]
    late = played((60.000001, "100", 10))
    assert late.minutes(OPEN + 2 * MINUTE_US) == []


def test_a_new_trade_date_begins_anew() -> None:
    tape = played((1, "100", 10), (120, "110", 40))
    tape.hear(quote(NEXT_OPEN + SECOND, "200", 5))
    tape.minutes(NEXT_OPEN + MINUTE_US)
    row = tape.rows[-1]
    assert (row.delta_volume, row.vwap, row.is_restart, row.trade_date) == (5, Decimal(200), False, DAY + timedelta(1))


def test_a_count_that_does_not_fall_as_the_date_turns_has_not_begun_anew() -> None:
    """The old session's volume is shown until the first trade of the new one."""
    tape = played((1, "100", 1000))
    tape.hear(quote(NEXT_OPEN, "100", 1000))
    tape.hear(quote(NEXT_OPEN + 70 * SECOND, "101", 3))
    tape.minutes(NEXT_OPEN + 2 * MINUTE_US)
    assert [(row.delta_volume, row.is_restart) for row in tape.rows] == [(1000, False), (3, True)]


def test_what_was_said_before_it_began_is_carried_over() -> None:
    tape = Tape()
    tape.reactor.carry_over("ES", 1000)
    tape.hear(quote(OPEN + SECOND, "100", 1000))
    tape.hear(quote(OPEN + 2 * SECOND, "101", 1004))
    tape.hear(quote(OPEN + 2 * SECOND, "20", 7, symbol="VX"))
    tape.minutes(OPEN + MINUTE_US)
    assert [(row.symbol, row.delta_volume) for row in tape.rows] == [("ES", 4), ("VX", 7)]


def test_what_was_open_as_the_date_turned_is_a_row_of_the_old_date() -> None:
    """The last quotes of a date and the first of the next within one minute, and at its very boundary."""
    tape = played((1, "100", 10))
    tape.hear(quote(NEXT_OPEN - SECOND, "102", 16))
    tape.hear(quote(NEXT_OPEN, "104", 2))
    tape.minutes(NEXT_OPEN)
    assert [(row.trade_date, row.minute_us, row.delta_volume) for row in tape.rows[1:]] == [
        (DAY, NEXT_OPEN, 6), (DAY + timedelta(1), NEXT_OPEN, 2),
    ]  # fmt: skip
    assert tape.rows[-1].vwap == Decimal(104)


def test_a_quote_that_came_late_is_of_the_minute_in_which_it_came() -> None:
    """Of the old date, heard after its end: its row stands beside the new date's of the same minute."""
    tape = played((1, "100", 10))
    tape.hear(quote(NEXT_OPEN - SECOND, "102", 16), NEXT_OPEN + SECOND)
    tape.hear(quote(NEXT_OPEN + SECOND, "104", 2), NEXT_OPEN + 2 * SECOND)
    tape.minutes(NEXT_OPEN + MINUTE_US)
    assert [(row.trade_date, row.minute_us - NEXT_OPEN, row.delta_volume) for row in tape.rows[1:]] == [
        (DAY, MINUTE_US, 6), (DAY + timedelta(1), MINUTE_US, 2),
    ]  # fmt: skip


def test_an_older_quote_turns_no_date_back() -> None:
    tape = Tape()
    tape.hear(quote(NEXT_OPEN + SECOND, "100", 5))
    tape.hear(quote(NEXT_OPEN - SECOND, "99", 6), NEXT_OPEN + 2 * SECOND)
    tape.minutes(NEXT_OPEN + MINUTE_US)
    assert [(row.trade_date, row.delta_volume) for row in tape.rows] == [(DAY + timedelta(1), 6)]


def test_a_session_goes_on_after_a_holiday_halt() -> None:
    """Thanksgiving: halted at noon, open again at 17:00 Chicago, one trade date."""
    begin = epoch_us(datetime(2025, 11, 26, 23, 0, tzinfo=UTC))
    again = epoch_us(datetime(2025, 11, 27, 23, 0, tzinfo=UTC))
    tape = Tape(begin - 1)
    tape.hear(quote(begin + SECOND, "100", 30))
    tape.hear(quote(again + SECOND, "110", 40))
    tape.hear(quote(again + 61 * SECOND, "120", 5))
    tape.minutes(again + 2 * MINUTE_US)
    assert [(row.trade_date, row.delta_volume, str(row.vwap)) for row in tape.rows] == [
        (date(2025, 11, 28), 30, "100.000000"), (date(2025, 11, 28), 10, "102.500000"),
        (date(2025, 11, 28), 5, "104.444444"),
    ]  # fmt: skip


# --- two sources ----------------------------------------------------------------------------------------------------


def test_another_source_that_is_behind_adds_nothing_until_it_has_caught_up() -> None:
    tape = Tape()
    said = ((1, 1000, "TOS"), (61, 990, "SCHWAB"), (62, 995, "SCHWAB"), (121, 1004, "SCHWAB"), (181, 1003, "TOS"))
    for seconds, volume, source in said:
        tape.hear(quote(OPEN + seconds * SECOND, "100", volume, source=source))
    assert tape.minutes(OPEN + 5 * MINUTE_US) == [(1, 1000, "100.000000"), (3, 4, "100.000000")]


def test_another_source_that_is_behind_may_begin_anew() -> None:
    tape = Tape()
    for seconds, volume, source in ((1, 1000, "TOS"), (61, 990, "SCHWAB"), (62, 3, "SCHWAB"), (121, 5, "SCHWAB")):
        tape.hear(quote(OPEN + seconds * SECOND, "100", volume, source=source))
    assert tape.minutes(OPEN + 5 * MINUTE_US) == [
        (1, 1000, "100.000000"), (2, 3, "100.000000"), (3, 2, "100.000000")
    ]  # fmt: skip


# --- views ----------------------------------------------------------------------------------------------------------


def test_a_window_is_the_clock_minutes_up_to_the_boundary() -> None:
    """One contract a minute at the minute's number: the last five of seven are 3 to 7."""
    tape = played(*((60 * minute + 1, str(minute + 1), minute + 1) for minute in range(7)))
    tape.until(OPEN + 7 * MINUTE_US)
    found = {minutes: tape.reactor.rolling("ES", minutes) for minutes in WINDOWS}
    assert found == {5: Decimal(5), 15: Decimal(4), 30: Decimal(4), 60: Decimal(4)}
    tape.until(OPEN + 11 * MINUTE_US)
    assert tape.reactor.rolling("ES", 5) == Decimal(7)
    tape.until(OPEN + 12 * MINUTE_US)
    assert tape.reactor.rolling("ES", 5) is None
    assert tape.reactor.vwap("ES") == Decimal(4)


def test_windows_are_told_once_a_boundary() -> None:
    tape = played((1, "100", 10))
    assert tape.reactor.boundary_us == OPEN
    assert {each["vwap"] for each in tape.reactor.rolled().values()} == {None}
    tape.until(OPEN + MINUTE_US)
    told = {"vwap": Decimal(100), "ts": "2025-10-08T22:01:00.000000Z"}
    assert tape.reactor.rolled() == {("ES", minutes): told for minutes in WINDOWS}
    assert tape.reactor.rolled() == {}


def test_before_the_first_minute_there_is_nothing() -> None:
    tape = Tape()
    assert tape.reactor.vwap("ES") is None and tape.reactor.rolling("ES", 5) is None
    tape.hear(quote(OPEN + SECOND, "100", 10))
    assert tape.reactor.vwap("ES") is None and tape.reactor.rolling("ES", 5) is None


def test_the_rows_of_an_hour_are_remembered_and_no_more() -> None:
    tape = played(*((60 * minute + 1, "100", minute + 1) for minute in range(90)))
    assert len(tape.minutes(OPEN + 90 * MINUTE_US)) == 90
    kept = tape.reactor.state()["ES:minutes"]
    assert len(kept) == 60
    assert tape.reactor.state()["ES:minutes"] is kept
    tape.hear(quote(OPEN + 90 * MINUTE_US + SECOND, "100", 91))
    tape.minutes(OPEN + 91 * MINUTE_US)
    newer = tape.reactor.state()["ES:minutes"]
    assert newer[:59] == kept[1:] and len(newer) == 60


def test_rows_that_nobody_asked_for_are_remembered_however_old() -> None:
    tape = played(*((60 * minute + 1, "100", minute + 1) for minute in range(90)))
    tape.until(OPEN + 90 * MINUTE_US)
    other = VwapReactor()
    other.restore(tape.reactor.state())
    assert len(other.rows()) == 90


def test_total_is_the_weighted_mean_of_the_distances() -> None:
    rows = [(Decimal(1), Decimal(101), Decimal(100)), (Decimal(-3), Decimal(99), Decimal(100))]
    assert vwap_deviation(rows) == Decimal("-0.5000")
    gaps = [(Decimal(1), None, Decimal(100)), (Decimal(1), Decimal(7), None), (Decimal(1), Decimal(7), Decimal(0))]
    assert vwap_deviation([*rows, *gaps]) == Decimal("-0.5000")
    assert vwap_deviation(gaps) is None
    assert vwap_deviation([(Decimal(0), Decimal(101), Decimal(100))]) is None
    assert vwap_deviation([(Decimal(1), Decimal(-36), Decimal(-40))]) == Decimal("10.0000")


# --- a desk that dies -----------------------------------------------------------------------------------------------

event = st.tuples(
    st.sampled_from(["ES", "DX", "VX"]),
    st.sampled_from(["TOS", "SCHWAB"]),
    st.integers(0, 20_000),
    st.one_of(st.none(), st.integers(90_00, 110_00)),
    st.one_of(st.none(), st.integers(0, 50)),
)


def in_order(events: Sequence[tuple[Any, ...]]) -> list[Quote]:
    """Quotes whose times rise by up to 20 s, from half an hour before a date turns."""
    found, at_us = [], NEXT_OPEN - 30 * MINUTE_US
    for symbol, source, step_ms, cents, volume in events:
        at_us += step_ms * 1000
        last = None if cents is None else str(Decimal(cents) / 100)
        found.append(quote(at_us, last, volume, symbol=symbol, source=source))
    return found


@settings(max_examples=60, deadline=None)
@given(
    st.lists(event, max_size=200), st.integers(0, 200), st.integers(0, 90), st.lists(st.integers(0, 200), max_size=5)
)
def test_who_dies_and_goes_on_says_the_same(
    events: Sequence[tuple[Any, ...]], cut: int, waited: int, asked: Sequence[int]
) -> None:
    quotes = in_order(events)
    whole, first = Tape(NEXT_OPEN - 31 * MINUTE_US), Tape(NEXT_OPEN - 31 * MINUTE_US)
    for number, each in enumerate(quotes):
        whole.hear(each)
        if number in asked:
            whole.minutes(0)
            whole.reactor.state()
    for number, each in enumerate(quotes[:cut]):
        first.hear(each)
        if number in asked:
            first.minutes(0)
    died_us = (quotes[cut - 1].ts_us if 0 < cut <= len(quotes) else 0) + waited * SECOND
    due_us = quotes[cut].ts_us - 1 if cut < len(quotes) else died_us
    first.until(min(died_us, due_us))
    second = VwapReactor()
    second.restore(json.loads(json.dumps(first.reactor.state())))
    again = Tape(NEXT_OPEN, second)
    for each in quotes[cut:]:
        again.hear(each)
    end_us = max([died_us, NEXT_OPEN, *(each.ts_us for each in quotes)]) + 2 * MINUTE_US
    whole.minutes(end_us)
    again.minutes(end_us)
    key = lambda row: (row.symbol, row.minute_us, row.trade_date)  # noqa: E731
    written = {key(row): row for row in [*first.rows, *again.rows]}
    assert written == {key(row): row for row in whole.rows}
    assert json.dumps(whole.reactor.state(), sort_keys=True) == json.dumps(second.state(), sort_keys=True)
    for symbol in ("ES", "DX", "VX"):
        assert whole.reactor.vwap(symbol) == second.vwap(symbol)
        assert [whole.reactor.rolling(symbol, n) for n in WINDOWS] == [second.rolling(symbol, n) for n in WINDOWS]


@given(st.lists(st.tuples(st.integers(1, 20_000), st.integers(0, 500), st.integers(1, 10**9)), min_size=1, max_size=80))
def test_the_rows_account_for_every_contract(steps: Sequence[tuple[int, int, int]]) -> None:
    """Whatever is traced, the minutes sum up to it, and an average lies between the prices."""
    tape, at_us, volume = Tape(), OPEN, 0
    for step_ms, traded, ticks in steps:
        at_us, volume = at_us + step_ms * 1000, volume + traded
        tape.hear(quote(at_us, str(Decimal(ticks) / 100), volume))
    tape.minutes(at_us + MINUTE_US)
    assert sum(row.delta_volume for row in tape.rows) == volume
    prices: list[Decimal] = []
    for row in tape.rows:
        prices.append(row.last_price)
        assert min(prices) <= row.vwap <= max(prices)


@pytest.mark.parametrize("minutes", WINDOWS)
def test_a_window_of_unbroken_trading_is_the_difference_of_two_sums(minutes: int) -> None:
    tape = played(*((60 * n + 1, str(100 + n % 7), (n + 1) * 3) for n in range(80)))
    tape.minutes(OPEN + 80 * MINUTE_US)
    rows = tape.rows[-minutes:]
    wanted = sum(row.last_price * row.delta_volume for row in rows) / sum(row.delta_volume for row in rows)
    assert tape.reactor.rolling("ES", minutes) == wanted.quantize(Decimal("0.000001"))
