"""The simulated exchange: deterministic, on the grid, and alike enough to a market to build on."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from thor.instruments.instrument import BY_SYMBOL
from thor.markets.trade_date import trade_date_span
from thor.quotes.provider import ProviderSettings
from thor.quotes.providers.market_path import CHARACTERS, SYMBOLS, MarketPath
from thor.quotes.providers.mock import Exchange, MockEvent, MockProvider
from thor.quotes.quote import Quote, accept, encode
from thor.runtime.fakes import FixedClock

#: 2026-11-18 14:30 UTC, a Wednesday, 8:30 in Chicago.
OPEN_US = 1_795_012_200_000_000
HOUR_US = 3_600_000_000


def events(seed: int = 3, rate: float = 50, count: int = 3000, start_us: int = OPEN_US) -> list[MockEvent]:
    exchange = Exchange(seed, rate, SYMBOLS, start_us)
    return exchange.take(count, count)


@pytest.fixture(scope="module")
def sample() -> list[MockEvent]:
    return events()


@pytest.fixture(scope="module")
def quotes(sample: list[MockEvent]) -> list[Quote]:
    return [event.quote(number) for number, event in enumerate(sample)]


def test_the_fast_bytes_are_the_canonical_ones_and_acceptable(sample: list[MockEvent], quotes: list[Quote]) -> None:
    for number, (event, quote) in enumerate(zip(sample, quotes, strict=True)):
        payload = event.payload(number)
        assert payload == encode(quote)
        assert accept(payload, event.ts_us, frozenset(SYMBOLS)) == quote


def test_same_seed_and_timeline_same_bytes_however_polled() -> None:
    def run(step_seconds: float) -> list[bytes]:
        clock = FixedClock(OPEN_US)
        provider = MockProvider(ProviderSettings(mock_seed=11, mock_rate=200), clock)
        provider.connect()
        found = [event.payload(0) for event in provider.poll()]  # type: ignore[union-attr]
        for _ in range(round(20 / step_seconds)):
            clock.advance(step_seconds)
            found += [event.payload(0) for event in provider.poll()]  # type: ignore[union-attr]
        return found

    often, seldom = run(0.05), run(1)
    assert len(often) == 20 * 200 + 1
    assert often == seldom


def test_another_seed_is_another_market() -> None:
    assert [e.payload(0) for e in events(seed=4, count=50)] != [e.payload(0) for e in events(seed=5, count=50)]


def test_the_first_events_show_every_instrument_once() -> None:
    assert [event.symbol for event in events(count=11)] == list(SYMBOLS)


def test_prices_lie_on_the_tick_grid(quotes: list[Quote]) -> None:
    for quote in quotes:
        tick = BY_SYMBOL[quote.symbol].tick_size
        prices = [quote.last, quote.bid, quote.ask, quote.open, quote.high, quote.low, quote.close, quote.settlement]
        assert all(price is not None and price % tick == 0 for price in prices), quote


def test_a_bond_moves_in_32nds(quotes: list[Quote]) -> None:
    bonds = {quote.bid for quote in quotes if quote.symbol == "ZB"}
    assert len(bonds) > 1
    assert all(price is not None and price * 32 == int(price * 32) for price in bonds)


def test_a_quote_is_sound(quotes: list[Quote]) -> None:
    for q in quotes:
        assert q.bid is not None and q.ask is not None and q.last is not None
        assert q.high is not None and q.low is not None and q.close is not None
        tick = BY_SYMBOL[q.symbol].tick_size
        assert q.bid < q.ask
        assert q.ask - q.bid <= 3 * tick
        assert q.low <= q.last <= q.high
        assert q.change == q.last - q.settlement
        assert q.last_size and q.bid_size and q.ask_size and q.volume is not None


def test_volume_and_extremes_only_grow_within_a_session(quotes: list[Quote]) -> None:
    for symbol in SYMBOLS:
        mine = [q for q in quotes if q.symbol == symbol]
        for before, after in pairwise(mine):
            assert before.volume is not None and after.volume is not None
            assert after.volume >= before.volume
            assert after.high >= before.high and after.low <= before.low  # type: ignore[operator]


def test_time_goes_on_at_the_rate(sample: list[MockEvent]) -> None:
    assert [event.ts_us for event in sample[:4]] == [OPEN_US + n * 20_000 for n in range(4)]


def test_who_starts_later_finds_the_same_session() -> None:
    early, late = MarketPath(3), MarketPath(3)
    late.day(OPEN_US + 5 * HOUR_US)
    at = (OPEN_US, OPEN_US + HOUR_US)
    assert all((early.ticks(s, *at) == late.ticks(s, *at)).all() for s in SYMBOLS)
    first = {e.symbol: e for e in events(count=11, start_us=OPEN_US)}
    second = {e.symbol: e for e in events(count=11, start_us=OPEN_US + HOUR_US)}
    for symbol in SYMBOLS:
        a, b = first[symbol], second[symbol]
        assert (a.session.open, a.session.close) == (b.session.open, b.session.close)
        assert b.volume > a.volume
        assert b.high >= a.session.open and b.low <= a.session.open


def test_a_session_rolls_at_the_instruments_own_trade_date() -> None:
    span = trade_date_span(OPEN_US, BY_SYMBOL["ES"].group)
    around = events(rate=100, count=4000, start_us=span.end_us - 20_000_000)
    equity = [e for e in around if e.symbol == "ES"]
    dollar = [e for e in around if e.symbol == "DX"]
    before = [e for e in equity if e.ts_us < span.end_us][-1]
    after = next(e for e in equity if e.ts_us >= span.end_us)
    assert after.volume < before.volume
    assert abs(after.session.close - before.last) <= 12  # yesterday's close is where yesterday ended
    assert after.session.start_us == span.end_us
    assert len({e.session.start_us for e in dollar}) == 1  # its date turns two hours later
    assert dollar[-1].volume >= dollar[0].volume


@pytest.fixture(scope="module")
def returns() -> dict[str, np.ndarray]:
    """Minute returns over ten trade dates."""
    path = MarketPath(1)
    found: dict[str, list[np.ndarray]] = {symbol: [] for symbol in SYMBOLS}
    at_us = OPEN_US
    for _ in range(10):
        day = path.day(at_us)
        for row, symbol in enumerate(SYMBOLS):
            found[symbol].append(np.diff(np.log(day.ticks[row, ::60].astype(float))))
        at_us = day.end_us
    return {symbol: np.concatenate(parts) for symbol, parts in found.items()}


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("ES", "NQ", 0.75, 1.0), ("ES", "YM", 0.75, 1.0), ("ES", "RTY", 0.7, 1.0), ("ES", "VX", -1.0, -0.5),
        ("GC", "SI", 0.2, 0.9), ("GC", "DX", -0.8, -0.2), ("ES", "ZB", -0.6, 0.0),
    ],
)  # fmt: skip
def test_instruments_move_together_as_they_do(
    returns: dict[str, np.ndarray], one: str, other: str, least: float, most: float
) -> None:
    assert least < np.corrcoef(returns[one], returns[other])[0, 1] < most


def test_prices_jump_now_and_then(returns: dict[str, np.ndarray]) -> None:
    moves = np.abs(returns["ES"]) / np.std(returns["ES"])
    assert 3 < np.sum(moves > 6) < 200  # a normal walk of this length would hardly ever


def test_activity_is_u_shaped() -> None:
    path = MarketPath(1)
    half = HOUR_US // 2

    def traded(hours_after_open: float) -> int:
        start = OPEN_US + round(hours_after_open * HOUR_US)
        return path.volume("ES", start, start + half)

    at_open, midday, at_close, night = traded(0), traded(3), traded(6), traded(14)
    assert at_open > 1.5 * midday
    assert at_close > 1.5 * midday
    assert night < midday / 2


def test_prices_stay_near_their_level_for_years() -> None:
    path = MarketPath(9)
    for day in range(0, 3 * 365, 150):
        at_us = OPEN_US + day * 24 * HOUR_US
        for row, symbol in enumerate(SYMBOLS):
            level = path.day(at_us).ticks[row].mean() * float(BY_SYMBOL[symbol].tick_size)
            character = CHARACTERS[symbol]
            assert abs(np.log(level / character.level)) < 20 * character.daily_move


def test_the_market_never_sleeps() -> None:
    saturday = OPEN_US + 3 * 24 * HOUR_US
    prices = {e.bid for e in events(count=2000, start_us=saturday) if e.symbol == "ES"}
    assert len(prices) > 1


def test_a_machine_that_slept_skips_to_now() -> None:
    clock = FixedClock(OPEN_US)
    provider = MockProvider(ProviderSettings(mock_rate=100), clock)
    provider.connect()
    provider.poll()
    clock.advance(3600)
    late = provider.poll()
    assert 0 < len(late) <= 2 * 100 + 2
    assert late[0].ts_us >= clock.now_us() - 2_100_000


def test_count_is_the_end() -> None:
    clock = FixedClock(OPEN_US)
    provider = MockProvider(ProviderSettings(mock_rate=100, mock_count=15), clock)
    provider.connect()
    got = len(provider.poll())
    clock.advance(1)
    got += len(provider.poll())
    assert got == 15
    assert provider.finished


def test_the_numbers_on_the_wire_keep_their_digits() -> None:
    payload = json.loads(events(count=1)[0].payload(1), parse_float=Decimal)
    assert isinstance(payload["last"], int)  # YM trades in whole points
    es = json.loads(events(count=2)[1].payload(1), parse_float=Decimal)
    assert -es["last"].as_tuple().exponent == 2


def test_settings_reach_the_exchange() -> None:
    clock = FixedClock(OPEN_US)
    base = ProviderSettings(mock_seed=1, mock_rate=1000, symbols=("GC", "ES"))
    one, two = MockProvider(base, clock), MockProvider(replace(base, mock_seed=2), clock)
    for each in (one, two):
        each.connect()
    clock.advance(0.2)
    a, b = one.poll(), two.poll()
    assert {event.symbol for event in a} == {"GC", "ES"}
    assert [e.payload(0) for e in a] != [e.payload(0) for e in b]  # type: ignore[union-attr]
