"""Signals at the desk: baselines, changes, who counts in TOTAL and when, edits, and restarts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from thor.desk.desk import Desk
from thor.markets.calendar import Calendar, GroupCalendars, Interval, IntervalPhase
from thor.markets.trade_date import epoch_us
from thor.quotes.quote import Quote
from thor.quotes.reactor import Effect, Row
from thor.signals.composite import TOTAL, Missing
from thor.signals.config import SETTINGS, SignalSettings
from thor.signals.reactor import SessionBaseline, SignalChange, SignalDay, SignalReactor

T0 = epoch_us(datetime(2025, 10, 9, 14, tzinfo=UTC))
SECOND = 1_000_000
DAY = date(2025, 10, 9)
BULLS = ("YM", "ES", "NQ", "RTY", "CL", "SI", "HG")


def quote(symbol: str, last: object, at: float = 0, settlement: object = 100, **more: Any) -> Quote:
    price = None if last is None else Decimal(str(last))
    base = None if settlement is None else Decimal(str(settlement))
    source = more.pop("source", "MOCK")
    return Quote(symbol, T0 + round(at * SECOND), source, price, settlement=base, **more)


def started(**config: Any) -> tuple[Desk, SignalReactor]:
    reactor = SignalReactor()
    desk = Desk({}, [reactor], T0)
    desk.start({}, {SignalSettings: SETTINGS, **config})
    desk.take()
    return desk, reactor


def heard(desk: Desk, *quotes: Quote) -> list[Effect]:
    """What follows from these quotes, each at its own time."""
    desk.take()
    for number, each in enumerate(quotes, start=1):
        desk.hear(f"{each.ts_us // 1000}-{number}", each, each.ts_us, 0)
    return desk.take()[0]


def changes(effects: Sequence[Effect]) -> list[tuple[str, str, str]]:
    found = [each for each in effects if isinstance(each, SignalChange)]
    return [(each.symbol, each.signal_from, each.signal_to) for each in found]


def test_a_quote_moves_its_signal_and_every_move_is_told_once() -> None:
    desk, reactor = started()
    effects = heard(
        desk, quote("ES", 101), quote("ES", "101.25", 1), quote("ES", "101.25", 2), quote("ES", "106.25", 3)
    )
    assert changes(effects) == [("ES", "", "HOLD"), ("ES", "HOLD", "BUY"), ("ES", "BUY", "STRONG_BUY")]
    assert reactor.net_change("ES") == (Decimal("6.25"), (Decimal(100), "settlement"))


def test_what_the_source_says_at_the_start_is_kept_and_a_correction_adds_a_row() -> None:
    desk, reactor = started()
    effects = heard(
        desk,
        quote("ES", 101, close=Decimal(99)),
        quote("ES", 101, 1, close=Decimal(99)),
        quote("ES", 101, 2, settlement=None),  # says nothing: nothing is forgotten
        quote("ES", 101, 3, settlement="100.5", close=Decimal(99)),
    )
    rows = [each for each in effects if isinstance(each, SessionBaseline)]
    assert [(row.settlement, row.previous_close, row.trade_date) for row in rows] == [
        (Decimal(100), Decimal(99), DAY), (Decimal("100.5"), Decimal(99), DAY),
    ]  # fmt: skip
    assert rows[1].from_stream_id.endswith("-4") and rows[1].at_us == T0 + 3 * SECOND
    assert reactor.net_change("ES")[0] == Decimal("0.5")


def test_a_settlement_of_one_source_stands_before_another_ones_close() -> None:
    desk, reactor = started()
    heard(desk, quote("ES", 101, source="SCHWAB"), quote("ES", 101, 1, None, close=Decimal(90), source="TOS"))
    assert reactor.net_change("ES") == (Decimal(1), (Decimal(100), "settlement"))


def test_without_a_baseline_or_a_last_there_is_no_signal_and_the_reason_is_said() -> None:
    desk, reactor = started()
    heard(desk, quote("ES", 101, settlement=None))
    assert (reactor.standing("ES").signal, reactor.standing("ES").missing) == (None, Missing.NO_BASELINE)
    heard(desk, quote("ES", 101, 1), quote("ES", None, 2, bid=Decimal(100)))
    assert (reactor.standing("ES").signal, reactor.standing("ES").missing) == (None, Missing.NO_QUOTE)
    assert reactor.standing("YM").missing is Missing.NO_QUOTE


def test_a_new_trade_date_begins_without_a_baseline_and_keeps_the_old_days_row() -> None:
    desk, reactor = started()
    heard(desk, quote("ES", 107))
    effects = heard(desk, quote("ES", 107, 9 * 3600, settlement=None))
    assert changes(effects)[0] == ("ES", "STRONG_BUY", "")
    rows = [row for row in reactor.rows() if isinstance(row, SignalDay)]
    assert [(row.trade_date, row.signal, row.net_change) for row in rows] == [
        (DAY, "STRONG_BUY", Decimal(7)), (date(2025, 10, 10), "", None),
    ]  # fmt: skip


def test_a_day_that_ended_before_its_row_was_asked_for_is_not_forgotten_at_a_restart() -> None:
    desk, reactor = started()
    heard(desk, quote("ES", 107), quote("ES", 108, 9 * 3600))
    restored = SignalReactor()
    restored.restore(reactor.state())
    for each in (reactor, restored):
        rows = [row for row in each.rows() if isinstance(row, SignalDay)]
        assert [(row.trade_date.day, row.net_change, row.signal) for row in rows] == [
            (9, 7, "STRONG_BUY"), (10, 8, "STRONG_BUY"),
        ]  # fmt: skip


def whole_board(at: float = 0) -> list[Quote]:
    """Every bull up by much, every bear as it was."""
    return [quote(symbol, 200 if symbol in BULLS else 100, at) for symbol in SignalReactor().symbols]


def test_total_follows_and_tells_its_own_moves() -> None:
    desk, reactor = started()
    effects = heard(desk, *whole_board())
    # With eight of eleven the sum of seven strong buys counts for the first time.
    assert [each for each in changes(effects) if each[0] == TOTAL] == [(TOTAL, "HOLD", "STRONG_BUY")]
    found = reactor.composite()
    assert (found.signal_weight_sum, found.status, found.as_of_us) == (14, "LIVE TOTAL", T0)


def test_an_instrument_grows_stale_after_ten_seconds_and_counts_again_with_its_next_quote() -> None:
    desk, reactor = started()
    heard(desk, *whole_board())
    fresh = [each for each in whole_board(8) if each.symbol != "VX"]
    heard(desk, *fresh)
    desk.advance(T0 + 10 * SECOND, 0)
    assert reactor.composite().status == "LIVE TOTAL"
    desk.advance(T0 + 10 * SECOND + 1, 0)
    assert reactor.composite().status == "PARTIAL 10/11"
    assert reactor.standing("VX").missing is Missing.STALE and reactor.standing("VX").signal == "HOLD"
    heard(desk, quote("VX", 100, 11))
    assert reactor.composite().status == "LIVE TOTAL"


def test_who_only_says_suspect_things_is_suspect_not_stale() -> None:
    desk, reactor = started()
    heard(desk, *whole_board())
    crossed = [quote("VX", 100, at, bid=Decimal(101), ask=Decimal(100)) for at in (3, 6, 9)]
    heard(desk, *crossed)
    assert reactor.standing("VX").missing is None  # the last good quote stays in force
    desk.advance(T0 + 12 * SECOND, 0)
    assert reactor.standing("VX").missing is Missing.SUSPECT


def test_when_everything_falls_silent_total_is_stale_and_hold() -> None:
    desk, reactor = started()
    heard(desk, *whole_board())
    desk.advance(T0 + 60 * SECOND, 0)
    effects, _ = desk.take()
    assert reactor.composite().status == "STALE"
    assert changes(effects) == [(TOTAL, "STRONG_BUY", "HOLD")]


def test_an_instrument_whose_session_closes_is_left_out_at_that_instant() -> None:
    close_us = T0 + 5 * SECOND
    hours = [Interval(DAY, IntervalPhase.REGULAR, T0 - 3600 * SECOND, close_us)]
    calendar = Calendar("ice_dx", "UTC", hours, {}, T0 - 7200 * SECOND, T0 + 7200 * SECOND)
    desk, reactor = started()
    desk.configure({SignalSettings: SETTINGS, GroupCalendars: GroupCalendars({"ice_dx": calendar}, (("ice_dx", "1"),))})
    heard(desk, *whole_board())
    assert reactor.composite().status == "LIVE TOTAL"
    heard(desk, quote("DX", 100, 5))  # at the very instant: a timer comes after it
    assert reactor.standing("DX").missing is None
    desk.advance(close_us, 0)
    assert reactor.composite().missing == (("DX", Missing.CLOSED),)
    heard(desk, quote("DX", 140, 5.5), quote("DX", 140, 6), quote("DX", 140, 7))
    assert (reactor.standing("DX").signal, reactor.composite().status) == ("STRONG_BUY", "PARTIAL 10/11")


def test_an_edit_of_thresholds_classifies_anew_at_once() -> None:
    desk, reactor = started()
    heard(desk, quote("ES", 103))
    es = next(each for each in SETTINGS.instruments if each.symbol == "ES")
    assert es.thresholds is not None
    narrow = replace(es, thresholds=replace(es.thresholds, strong_buy=Decimal(2)))
    edited = replace(SETTINGS, instruments=tuple(narrow if each is es else each for each in SETTINGS.instruments))
    desk.configure({SignalSettings: edited})
    assert changes(desk.take()[0]) == [("ES", "BUY", "STRONG_BUY")]
    without = replace(SETTINGS, instruments=tuple(replace(each, thresholds=None) for each in SETTINGS.instruments))
    desk.configure({SignalSettings: without})
    assert reactor.standing("ES").missing is Missing.NO_THRESHOLDS
    desk.configure({SignalSettings: SETTINGS})
    assert (reactor.standing("ES").missing, reactor.standing("ES").signal) == (None, "BUY")


def test_an_instrument_that_leaves_the_board_leaves_total() -> None:
    desk, reactor = started()
    heard(desk, *whole_board())
    desk.configure({SignalSettings: replace(SETTINGS, instruments=SETTINGS.instruments[1:])})
    assert (reactor.composite().count, reactor.composite().signal_weight_sum) == (10, 12)
    desk.configure({SignalSettings: SETTINGS})
    assert reactor.standing("YM").missing is Missing.NO_QUOTE


steps = st.lists(
    st.tuples(
        st.sampled_from(["YM", "ES", "VX", "DX", "CL", "ZB", "GC", "NQ"]), st.integers(90, 112), st.integers(0, 14),
        st.sampled_from([100, 100, 100, 101, None]), st.booleans(),
    ),
    max_size=80,
)  # fmt: skip


def run(moves: list[Any], cut: int | None) -> tuple[list[Effect], list[Row], Any]:
    """Everything that follows, with a desk that is lost and recovered after ``cut`` quotes."""
    desk, reactor = started()
    at, effects, rows = 0, [], []
    for number, (symbol, price, seconds, settlement, is_crossed) in enumerate(moves):
        if number == cut:
            effects += desk.take()[0]
            rows += desk.rows()
            reactor = SignalReactor()
            restored = Desk({}, [reactor], desk.position_us, desk.cursor)
            restored.start(desk.states(), {SignalSettings: SETTINGS})
            desk = restored
            effects += [each for each in desk.take()[0] if isinstance(each, Row)]
        at += seconds
        sides = {"bid": Decimal(price), "ask": Decimal(price - 1)} if is_crossed else {}
        made = quote(symbol, price, at, settlement, **sides)
        desk.hear(f"{number + 1}-0", made, made.ts_us, 0)
    desk.advance(T0 + (at + 30) * SECOND, 0)
    effects += desk.take()[0]
    latest = {(type(row), *(getattr(row, name) for name in row.key)): row for row in [*rows, *desk.rows()]}
    return effects, sorted(latest.values(), key=repr), (reactor.state(), reactor.composite())


@given(steps, st.integers(0, 80))
@settings(max_examples=60)
def test_a_restart_anywhere_changes_nothing(moves: list[Any], cut: int) -> None:
    assert run(moves, cut) == run(moves, None)
