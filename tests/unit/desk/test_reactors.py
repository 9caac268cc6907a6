"""The reactors of the world clock: the baseline at an open, and silence while futures trade."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.desk_support import payload
from thor.desk.effects import SnapshotTaken
from thor.desk.silence import SilenceReactor
from thor.desk.snapshot import SnapshotReactor
from thor.markets.calendar import Status, TransitionKind
from thor.markets.market import CME_MARKET
from thor.markets.transition import MarketTransition
from thor.quotes.quote import Quote, decode
from thor.quotes.reactor import AlertEnded, AlertRaised, Effects, Reactor

DAY = date(2025, 10, 9)
SECOND = 1_000_000
T0 = 1_760_000_000 * SECOND


def opened(market: str = CME_MARKET, at_us: int = T0) -> MarketTransition:
    return MarketTransition(market, TransitionKind.OPEN, at_us, DAY)


def closed(at_us: int) -> MarketTransition:
    return MarketTransition(CME_MARKET, TransitionKind.CLOSE, at_us, DAY)


def quote(ts_us: int, symbol: str = "ES", **changes: object) -> Quote:
    return decode(payload(symbol, ts_us, 1, **changes))


def timers_until(reactor: Reactor, until_us: int) -> list[Effects]:
    """What the timers say up to an instant."""
    found = []
    while (at_us := reactor.next_timer_us()) is not None and at_us <= until_us:
        if effects := reactor.on_timer(at_us):
            found.append(effects)
    return found


def test_an_open_takes_the_last_baseline_of_each_symbol_and_a_close_none() -> None:
    reactor = SnapshotReactor()
    reactor.on_quote(quote(T0 - 3, "YM", close=47000, settlement=47010.5), "1-0", T0)
    reactor.on_quote(quote(T0 - 2, "ES", close=None), "1-0", T0)
    reactor.on_quote(quote(T0 - 1, "YM", close=47001, settlement=None), "1-0", T0)
    (taken,) = reactor.on_transition(opened("USA"))
    assert isinstance(taken, SnapshotTaken)
    assert (taken.market, taken.trade_date, taken.opened_us, list(taken.baselines)) == ("USA", DAY, T0, ["ES", "YM"])
    ym = taken.baselines["YM"]
    assert (ym.close, ym.settlement, ym.ts_us) == (Decimal(47001), None, T0 - 1)
    assert taken.baselines["ES"].close is None
    assert reactor.on_transition(closed(T0)) == ()


def test_a_baseline_survives_its_state_to_the_last_digit() -> None:
    reactor, other = SnapshotReactor(), SnapshotReactor()
    reactor.on_quote(quote(T0, "SI", close=None, last=None, bid=31.005), "1-0", T0)
    reactor.on_quote(decode(payload("CL", T0, 1).replace(b"98.5", b"-37.630000")), "1-0", T0)
    other.restore(reactor.state())
    assert other.on_transition(opened()) == reactor.on_transition(opened())
    assert str(other.on_transition(opened())[0].baselines["CL"].close) == "-37.630000"  # type: ignore[attr-defined]


def test_thirty_seconds_without_a_quote_raise_one_alarm_and_a_quote_ends_it() -> None:
    reactor = SilenceReactor()
    reactor.on_transition(opened())
    reactor.on_quote(quote(T0 + 5 * SECOND), "1-0", T0)
    assert timers_until(reactor, T0 + 30 * SECOND) == []
    ((raised,),) = timers_until(reactor, T0 + 120 * SECOND)
    assert isinstance(raised, AlertRaised) and raised.at_us == T0 + 40 * SECOND and "35 s" in raised.text
    (ended,) = reactor.on_quote(quote(T0 + 121 * SECOND), "1-0", T0)
    assert isinstance(ended, AlertEnded) and ended.alert == raised.alert
    assert timers_until(reactor, T0 + 150 * SECOND) == []


def test_an_open_without_any_quote_is_silent_too_and_a_close_ends_the_alarm() -> None:
    reactor = SilenceReactor()
    reactor.on_transition(opened())
    assert len(timers_until(reactor, T0 + 60 * SECOND)) == 1
    (ended,) = reactor.on_transition(closed(T0 + 61 * SECOND))
    assert isinstance(ended, AlertEnded)
    assert reactor.next_timer_us() is None


def test_a_feed_that_repeats_an_old_quote_is_silent() -> None:
    reactor = SilenceReactor()
    reactor.on_transition(opened())
    reactor.on_quote(quote(T0 - 600 * SECOND), "1-0", T0)
    assert len(timers_until(reactor, T0 + 31 * SECOND)) == 1
    assert reactor.on_quote(quote(T0 - 600 * SECOND), "1-0", T0) == ()


def test_other_markets_and_closed_hours_raise_nothing() -> None:
    reactor = SilenceReactor()
    reactor.on_start({CME_MARKET: Status.CLOSED}, T0)
    reactor.on_transition(opened("USA"))
    assert reactor.next_timer_us() is None


def test_a_desk_that_begins_while_cme_trades_watches_and_a_restored_one_goes_on_as_if_never_away() -> None:
    reactor, other = SilenceReactor(), SilenceReactor()
    reactor.on_start({CME_MARKET: Status.OPEN}, T0)
    assert reactor.next_timer_us() == T0 + 10 * SECOND
    timers_until(reactor, T0 + 50 * SECOND)
    other.restore(reactor.state())
    other.on_start({CME_MARKET: Status.OPEN}, T0 + 55 * SECOND)
    assert other.state() == reactor.state()
