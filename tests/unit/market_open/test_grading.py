"""What becomes of a trade against another program, DuckDB's SQL (``tests/answers/grading.sql``), over thousands of
them; and what must hold whatever is quoted."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb
import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.open_support import OPEN_US, made_settings
from tests.support import CHECKOUT
from thor.instruments.instrument import INSTRUMENTS, InstrumentFacts
from thor.market_open.capture import CaptureKind, Instant, View, both_sides
from thor.market_open.grading import Deciding, HitType, Outcome, Quality, Trade
from thor.market_open.targets import Side
from thor.quotes.quote import Quote

SQL: Final = (CHECKOUT / "tests" / "answers" / "grading.sql").read_text(encoding="utf-8")
SETTINGS: Final = made_settings()
SECOND: Final = 1_000_000
WINDOW_US: Final = 60 * SECOND
WALKS: Final = 1_320
STEPS: Final = 25
#: Such as lie on five seconds and beside it, and such as end with the window.
PAUSES: Final = (250_000, 1_000_000, 2_500_000, 4_999_999, 5_000_000, 5_000_001, 7_500_000)
UNTIL_US: Final = OPEN_US + WINDOW_US


class Walk(NamedTuple):
    """An instrument around an open: what is quoted at it, and the quotes after it."""

    facts: InstrumentFacts
    seen: Quote
    quotes: list[Quote]


def walks(seed: int, count: int) -> Iterator[Walk]:
    """Made ticks: a walk on the instrument's grid, now and then without a side."""
    chance = random.Random(seed)
    for number in range(count):
        facts = INSTRUMENTS[number % len(INSTRUMENTS)]
        at, spread = chance.randrange(2_000, 40_000), chance.randrange(1, 4)
        stride = max(1, round(100 / float(facts.tick_value_usd)) // chance.choice((2, 4, 8)))
        ts_us = OPEN_US - chance.choice((0, 1, 900_000, 4_000_000))
        seen = _quote(facts, ts_us, at, at + spread)
        quotes = []
        for _ in range(STEPS):
            pause = chance.choice(PAUSES if number % 2 else PAUSES[:5])
            # Every now and then exactly the window's end, or a microsecond after it.
            beyond = chance.choice((0, 1)) if ts_us < UNTIL_US <= ts_us + pause else None
            ts_us = ts_us + pause if beyond is None else UNTIL_US + beyond
            at += chance.randint(-stride, stride)
            sides = chance.choices(("both", "bid", "ask"), (12, 1, 1) if number % 20 else (0, 1, 0))[0]
            bid, ask = None if sides == "ask" else at, None if sides == "bid" else at + spread
            quotes.append(_quote(facts, ts_us, bid, ask))
        yield Walk(facts, seen, quotes)


def _quote(facts: InstrumentFacts, ts_us: int, bid: int | None, ask: int | None) -> Quote:
    prices = (None if each is None else each * facts.tick_size for each in (bid, ask))
    return Quote(facts.symbol, ts_us, "TOS", Decimal(1), *prices)


def begun(walk: Walk) -> dict[Side, Trade]:
    """Both trades of the walk's open."""
    instant = Instant(SETTINGS.markets[0], date(2025, 10, 9), OPEN_US, OPEN_US, UNTIL_US, CaptureKind.OPEN)
    return both_sides(View(walk.facts.symbol, walk.seen, "0-1", None), instant, walk.facts, SETTINGS)


def graded(trade: Trade, quotes: Sequence[Quote]) -> list[Any]:
    """Everything that came of a trade, in the columns of the SQL."""
    for number, quote in enumerate(quotes):
        trade.hear(quote, str(number))
    trade.expire()
    entry, found = trade.entry, trade.resolution
    assert found is not None
    return [
        *(millionths(each) for each in (entry.price, entry.target, entry.stop)), found.outcome.value, found.at_us,
        cents(found.pnl_usd), found.quality and found.quality.value, found.observations, millionths(found.price),
        cents(found.mark_to_market_usd), None if found.deciding is None else int(found.deciding.entry_id),
    ]  # fmt: skip


def millionths(price: Decimal | None) -> int | None:
    return None if price is None else int(price.scaleb(6))


def cents(usd: Decimal | None) -> int | None:
    return None if usd is None else int(usd.scaleb(2))


def by_sql(found: Sequence[Walk], folder: Path) -> list[list[Any]]:
    quotes = [
        (walk, n, each.ts_us, millionths(each.bid), millionths(each.ask), millionths(each.last))
        for walk, own in enumerate(found)
        for n, each in enumerate(own.quotes)
    ]
    trades = [
        (
            2 * walk + (side is Side.SELL), walk, own.facts.symbol, side.value, millionths(own.seen.bid),
            millionths(own.seen.ask), own.seen.ts_us, OPEN_US, UNTIL_US,
        )
        for walk, own in enumerate(found)
        for side in Side
    ]  # fmt: skip
    given = {
        "quotes": pl.DataFrame(quotes, ["walk", "n", "ts_us", "bid", "ask", "last"], orient="row"),
        "trades": pl.DataFrame(
            trades, ["id", "walk", "symbol", "side", "bid", "ask", "seen_us", "start_us", "until_us"], orient="row"
        ),
    }
    database = duckdb.connect()
    for name, table in given.items():
        table.write_parquet(folder / f"{name}.parquet")
        database.read_parquet(str(folder / f"{name}.parquet")).create_view(name)
    return [list(row[1:]) for row in database.execute(SQL).fetchall()]


def test_thousands_of_trades_end_as_another_program_says(tmp_path: Path) -> None:
    found = list(walks(5, WALKS))
    ours = [graded(trade, walk.quotes) for walk in found for trade in begun(walk).values()]
    theirs = by_sql(found, tmp_path)
    assert [(n, one, two) for n, (one, two) in enumerate(zip(ours, theirs, strict=True)) if one != two][:3] == []
    ends = Counter((row[3], row[6]) for row in ours)
    # Every end is among them, each often.
    assert len(ends) == 7 and min(ends.values()) > 30, ends
    at_the_end = {row[3] for row in ours if row[4] == UNTIL_US}
    assert at_the_end == {"WORKED", "DIDNT_WORK", "EXPIRED", "ERROR"}


#: A quote of YM: how long after the one before it, bid in points, spread.
Step = tuple[int, int, int]
STEPS_OF_YM: Final = st.lists(
    st.tuples(st.sampled_from(PAUSES), st.integers(47_355, 47_415), st.integers(0, 12)), min_size=1, max_size=12
)
ENTRY_BID: Final = 47_380
YM: Final = INSTRUMENTS[0]


def walk_of(steps: Sequence[Step], by: int = 0, *, mirrored: bool = False) -> Walk:
    """YM at 47380/47388 and what follows; ``by`` points higher, or all prices seen from below around 50,000."""
    ts_us, quotes = OPEN_US, []
    for pause, bid, spread in ((0, ENTRY_BID, 8), *steps):
        ts_us += pause
        low, high = bid + by, bid + by + spread
        if mirrored:
            low, high = 100_000 - high, 100_000 - low
        quotes.append(_quote(YM, ts_us, low, high))
    return Walk(YM, quotes[0], quotes[1:])


def told(walk: Walk, side: Side, shift: int = 0) -> list[Any]:
    """What came of it, prices less ``shift`` points."""
    found = graded(begun(walk)[side], walk.quotes)
    return [each - shift * 10**6 if n in (0, 1, 2, 8) and each is not None else each for n, each in enumerate(found)]


@given(STEPS_OF_YM, st.sampled_from(Side), st.integers(-40_000, 40_000))
def test_prices_that_are_shifted_shift_levels_and_change_nothing_else(steps: list[Step], side: Side, by: int) -> None:
    assert told(walk_of(steps, by), side, by) == told(walk_of(steps), side)


@given(STEPS_OF_YM)
def test_a_sell_is_a_buy_in_the_mirror(steps: list[Step]) -> None:
    buy, sell = told(walk_of(steps), Side.BUY), told(walk_of(steps, mirrored=True), Side.SELL)
    for place in (0, 1, 2, 8):
        buy[place] = None if buy[place] is None else 100_000 * 10**6 - buy[place]
    assert buy == sell


@given(STEPS_OF_YM, st.sampled_from(Side), st.integers(0, 11))
def test_a_quote_that_touches_nothing_changes_nothing_but_what_was_seen(
    steps: list[Step], side: Side, place: int
) -> None:
    """Between two of the others; it may end a silence."""
    walk = walk_of(steps)
    place = min(place, len(walk.quotes) - 1)
    before_us = (walk.quotes[place - 1] if place else walk.seen).ts_us
    calm = _quote(YM, (before_us + walk.quotes[place].ts_us) // 2, 47_384, 47_385)
    before = told(walk, side)
    after = told(walk._replace(quotes=[*walk.quotes[:place], calm, *walk.quotes[place:]]), side)
    if before[3] in ("WORKED", "DIDNT_WORK"):
        assert after[:6] == before[:6] and after[8] == before[8]
        assert after[6] == before[6] or (before[6], after[6]) == ("gap", "exact")
    else:
        assert after[3] in (before[3], "EXPIRED")


@given(STEPS_OF_YM, st.sampled_from(Side), st.integers(0, 12))
def test_a_trade_that_is_written_and_read_goes_on_as_it_was(steps: list[Step], side: Side, cut: int) -> None:
    walk = walk_of(steps)
    trade = begun(walk)[side]
    for number, quote in enumerate(walk.quotes[:cut]):
        trade.hear(quote, str(number))
    again = msgspec.convert(json.loads(json.dumps(msgspec.to_builtins(trade))), Trade)
    assert again == trade
    for number, quote in enumerate(walk.quotes[cut:], start=cut):
        assert again.hear(quote, str(number)) == trade.hear(quote, str(number))
    assert (again.expire(), again) == (trade.expire(), trade)


@given(st.integers(47_000, 47_368), st.integers(47_408, 48_000), st.sampled_from(Side), st.booleans())
def test_where_both_levels_are_covered_the_stop_counts(low: int, high: int, side: Side, is_bar: bool) -> None:
    """47388 +- 20 and 47380 +- 20: what spans 47360 to 47408 at least covers both, whichever side was taken."""
    trade = begun(walk_of([]))[side]
    deciding = None if is_bar else Deciding.of(walk_of([]).seen, "1-0")
    found = trade.observe(Decimal(min(low, 47_360)), Decimal(high), OPEN_US + SECOND, deciding)
    assert found is not None
    assert (found.outcome, found.hit_type, found.pnl_usd) == (Outcome.DIDNT_WORK, HitType.STOP, Decimal(-100))
    assert found.quality is (Quality.BAR_ONLY if is_bar else Quality.EXACT)
    assert "both levels" in found.reason


def test_a_bar_that_touches_one_level_says_the_end_that_did() -> None:
    trade = begun(walk_of([]))[Side.BUY]
    assert trade.observe(Decimal(47_369), Decimal(47_407), OPEN_US + SECOND, None) is None
    found = trade.observe(Decimal(47_369), Decimal(47_410), OPEN_US + 2 * SECOND, None)
    assert found is not None
    assert (found.outcome, found.quality, found.price) == (Outcome.WORKED, Quality.BAR_ONLY, Decimal(47_410))


@pytest.mark.parametrize("side", Side)
def test_it_is_told_once_how_a_trade_ended(side: Side) -> None:
    trade = begun(walk_of([]))[side]
    (first,) = walk_of([(SECOND, 47_300, 8)]).quotes
    (second,) = walk_of([(2 * SECOND, 47_500, 8)]).quotes
    found = trade.hear(first, "1-0")
    assert found is not None and trade.resolution is found
    assert trade.hear(second, "2-0") is None and trade.expire() is None and trade.resolution is found
