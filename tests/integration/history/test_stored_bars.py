"""Bars from stored ticks: known answers, odd ticks, restarts of the volume, and the bars of a recorded day."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import polars as pl
import pyarrow as pa
import pytest

from tests.integration.history.conftest import Bench
from thor.history.queries import query
from thor.history.recording_file import open_recording
from thor.history.tape import FileTape
from thor.history.tick import copy_line
from thor.history.week import week, week_number
from thor.instruments.instrument import BY_SYMBOL
from thor.lake import columns
from thor.lake.bar_table import What, make_bars
from thor.lake.bars import session_of
from thor.lake.layout import Timeframe
from thor.lake.stored import Wanted, bars_of_date, stored_span
from thor.markets.calendar import Calendar, Interval, IntervalPhase
from thor.markets.trade_date import epoch_us, utc
from thor.quotes.quick import decode
from thor.quotes.quote import Quote

Row = tuple[Any, ...]
READ = ("symbol", "ts", "last", "bid", "ask", "last_size", "volume", "source", "seq", "created_at")


def us(text: str) -> int:
    return epoch_us(datetime.fromisoformat(f"2025-10-{text}").replace(tzinfo=UTC))


class Ticks:
    """Puts ticks into the store, as if they had arrived in this order."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.count, self.front = bench, 0, ""

    def add(self, *quotes: Quote) -> None:
        for name, begin, end in {week(week_number(quote.ts_us)) for quote in quotes}:
            self.bench.database.execute(
                f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF ticks FOR VALUES FROM ('{begin}') TO ('{end}')"
            )
        with self.bench.database.cursor().copy(query("copy_ticks")) as copy:
            for quote in quotes:
                self.count += 1
                group = BY_SYMBOL[quote.symbol].group
                copy.write(copy_line(quote, f"{quote.ts_us // 1000}-{self.count}", group))

    def at(self, time: str, last: str | None, volume: int | None = None, **more: Any) -> None:
        """One tick of ES, in October 2025: ``09 13:31:15``."""
        price = None if last is None else Decimal(last)
        fields = {"symbol": "ES", "source": "MOCK", "last": price, "volume": volume, "seq": self.count} | more
        self.add(Quote(ts_us=us(time), **fields))

    def bars(self, timeframe: str = "1m", symbol: str = "ES", calendar: Calendar | None = None) -> list[dict[str, Any]]:
        """Of all trade dates that have a tick."""
        facts = BY_SYMBOL[symbol]
        wanted = Wanted(facts, Timeframe(timeframe), calendar, lambda _day: self.front)
        with self.bench.database.cursor() as cursor:
            days = cursor.execute("SELECT DISTINCT trade_date FROM ticks ORDER BY 1").fetchall()
            return [bar for row in days for bar in bars_of_date(cursor, wanted, cast(date, row[0]))]

    def rows(self, timeframe: str = "1m", **more: Any) -> list[Row]:
        """Bars as (time without the month, open, high, low, close, volume, ticks)."""
        names = ("open", "high", "low", "close", "volume", "tick_count")
        return [(f"{bar['ts']:%d %H:%M}", *(bar[name] for name in names)) for bar in self.bars(timeframe, **more)]


@pytest.fixture
def ticks(bench: Bench) -> Ticks:
    return Ticks(bench)


def test_open_high_low_close_and_volume(ticks: Ticks) -> None:
    ticks.at("09 13:30:10", "5342.00", 1000)
    ticks.at("09 13:30:20", "5343.25", 1010)
    ticks.at("09 13:30:30", "5341.50", 1010)
    ticks.at("09 13:30:59.999999", "5342.50", 1025)
    ticks.at("09 13:31:00", "5342.75", 1030)
    ticks.at("09 13:33:00", "5340.00", 1030)
    assert ticks.rows("1m") == [
        ("09 13:30", 5342.0, 5343.25, 5341.5, 5342.5, 25, 4),
        ("09 13:31", 5342.75, 5342.75, 5342.75, 5342.75, 5, 1),
        ("09 13:33", 5340.0, 5340.0, 5340.0, 5340.0, 0, 1),
    ]
    assert [row[0] for row in ticks.rows("1s")] == ["09 13:30"] * 4 + ["09 13:31", "09 13:33"]
    assert ticks.rows("5m") == [("09 13:30", 5342.0, 5343.25, 5340.0, 5340.0, 30, 6)]
    assert ticks.rows("1h") == [("09 13:00", 5342.0, 5343.25, 5340.0, 5340.0, 30, 6)]
    assert ticks.bars("1m")[0]["trade_date"] == date(2025, 10, 9)
    assert ticks.bars("1m", symbol="YM") == []


def test_the_oldest_and_the_newest_tick(ticks: Ticks) -> None:
    ticks.at("10 13:30:10", "1.00")
    ticks.at("02 13:30:10", "1.00")
    with ticks.bench.database.cursor() as cursor:
        found = stored_span(cursor, "ES")
        assert found is not None
        assert [epoch_us(each) for each in found] == [us("02 13:30:10"), us("10 13:30:10")]
        assert stored_span(cursor, "YM") is None


def test_vwap_quotes_and_spread(ticks: Ticks) -> None:
    ticks.at("09 13:30:10", "100.00", 10, bid=Decimal("99.75"), ask=Decimal("100.25"))
    ticks.at("09 13:30:20", "101.00", 12, bid=Decimal("100.75"))
    ticks.at("09 13:30:30", "103.00", 16, ask=Decimal("103.25"))
    bar = ticks.bars()[0]
    assert bar["vwap"] == pytest.approx((101 * 2 + 103 * 4) / 6)
    assert (bar["bid_close"], bar["ask_close"], bar["spread_mean"]) == (100.75, 103.25, 0.5)
    ticks.at("09 13:31:30", "103.00", 16)
    bar = ticks.bars()[1]
    assert (bar["vwap"], bar["volume"], bar["bid_close"], bar["spread_mean"]) == (None, 0, None, None)


def test_the_contract_in_front_else_the_unknown_one_else_the_one_with_most_ticks(ticks: Ticks) -> None:
    for second, contract in enumerate(("ESZ25", "ESH26", "ESH26", None)):
        meta = {} if contract is None else {"contract": contract}
        ticks.at(f"09 13:30:0{second}", f"{second + 1}.00", meta=meta)
    ticks.front = "ESZ25"
    assert [(bar["contract"], bar["close"]) for bar in ticks.bars()] == [("ESZ25", 1.0)]
    ticks.front = "ESM26"
    assert [(bar["contract"], bar["close"]) for bar in ticks.bars()] == [(None, 4.0)]
    ticks.bench.database.execute("DELETE FROM ticks WHERE last = 4")
    assert [(bar["contract"], bar["tick_count"]) for bar in ticks.bars()] == [("ESH26", 2)]


def test_the_size_of_a_recorded_trade_counts_where_no_volume_is_said(ticks: Ticks) -> None:
    for second in range(3):
        ticks.at(f"09 13:30:0{second}", "2.00", last_size=5, meta={"event": "trade"})
    assert ticks.rows()[0][5] == 15


def test_a_volume_that_falls_began_anew_and_one_that_is_not_said_is_skipped(ticks: Ticks) -> None:
    for second, volume in enumerate((500, None, 510, 7, None, 12)):
        ticks.at(f"09 13:30:{second:02}", "1.00", volume)
    assert ticks.rows()[0][5] == 10 + 7 + 5


def test_no_volume_at_all_is_null(ticks: Ticks) -> None:
    ticks.at("09 13:30:10", "5342.00")
    assert ticks.rows() == [("09 13:30", 5342.0, 5342.0, 5342.0, 5342.0, None, 1)]


def test_ticks_that_may_move_nothing_are_left_out(ticks: Ticks) -> None:
    ticks.at("09 13:30:01", "10.00", 10)
    ticks.at("09 13:30:02", "99.00", 20, bid=Decimal("2.00"), ask=Decimal("1.00"))
    ticks.at("09 13:30:03", "0", 20)
    ticks.at("09 13:30:04", "98.00", 20, bid=Decimal("0.00"))
    ticks.at("09 13:30:05", "97.00", 20, ask=Decimal(0))
    ticks.at("09 13:30:06", "-1.00", 20)
    ticks.at("09 13:30:07", None, 20, bid=Decimal("1.00"))
    ticks.at("09 13:30:08", "11.00", 30, bid=Decimal("11.00"), ask=Decimal("11.00"))
    assert ticks.rows() == [("09 13:30", 10.0, 11.0, 10.0, 11.0, 20, 2)]


def test_oil_may_be_below_zero(ticks: Ticks) -> None:
    ticks.at("09 13:30:01", "-37.63", symbol="CL")
    ticks.at("09 13:30:02", "0.00", symbol="CL")
    assert ticks.rows(symbol="CL") == [("09 13:30", -37.63, -37.63, -37.63, -37.63, None, 1)]


def test_of_the_same_time_the_order_of_arrival_counts(ticks: Ticks) -> None:
    """Nine and ten are told apart as numbers, and the source's name says nothing."""
    for n in range(12):
        ticks.at("09 13:30:01", f"{n + 1}.00", source="TOS" if n % 2 else "MOCK", seq=100 - n)
    assert ticks.rows() == [("09 13:30", 1.0, 12.0, 1.0, 12.0, None, 12)]


# --- days -----------------------------------------------------------------------------------------------------------


def globex(*sessions: tuple[int, str, str]) -> Calendar:
    """A calendar of sessions: the day of October that is the trade date, open and close."""
    intervals = [
        Interval(date(2025, 10, day), IntervalPhase.REGULAR, us(begin), us(end)) for day, begin, end in sessions
    ]
    return Calendar("cme_equity", "America/Chicago", intervals, {}, us("01 00:00"), us("31 00:00"))


WEEK = globex((10, "09 22:00", "10 21:00"), (13, "12 22:00", "13 17:00"), (13, "13 22:30", "13 22:40"))


def test_a_day_is_a_trade_date_and_begins_with_its_session(ticks: Ticks) -> None:
    ticks.at("10 13:00:00", "5.00", 400)
    ticks.at("10 20:59:00", "6.00", 500)
    ticks.at("10 21:30:00", "6.25", 500)  # maintenance: the old date still
    ticks.at("12 21:45:00", "6.50", 500)  # before the open, and already Monday's
    ticks.at("12 22:00:30", "7.00", 40)
    ticks.at("13 16:00:00", "8.00", 90)
    assert ticks.rows("1d", calendar=WEEK) == [
        ("09 22:00", 5.0, 6.25, 5.0, 6.25, 100, 3),
        ("12 22:00", 6.5, 8.0, 6.5, 8.0, 90, 3),
    ]
    assert [f"{bar['trade_date']}" for bar in ticks.bars("1d")] == ["2025-10-10", "2025-10-13"]
    assert [row[0] for row in ticks.rows("1d")] == ["09 22:00", "10 22:00"]


@pytest.mark.parametrize(
    ("first", "wanted"),
    [("12 22:00:00", 15), ("12 22:00:59", 15), ("12 22:01:10", 5), ("12 23:00:00", 5), ("13 22:30:10", 5)],
)
def test_the_first_volume_of_a_session_that_was_seen_from_its_start_counts(
    ticks: Ticks, first: str, wanted: int
) -> None:
    ticks.at("10 20:59:00", "5.00", 30)  # less than Monday's first: it has not begun anew
    ticks.at(first, "6.00", 40)
    ticks.at(f"{first[:-1]}9.5", "6.00", 45)
    assert ticks.bars("1d", calendar=WEEK)[-1]["volume"] == wanted


def test_a_count_that_began_anew_at_the_open_counts_whole(ticks: Ticks) -> None:
    ticks.at("10 20:59:00", "5.00", 300)
    ticks.at("12 22:00:00", "6.00", 40)
    ticks.at("12 22:00:01", "6.00", 45)
    assert ticks.bars("1d", calendar=WEEK)[-1]["volume"] == 45


@pytest.mark.parametrize("timeframe", [Timeframe.SECOND, Timeframe.MINUTE, Timeframe.HOUR, Timeframe.DAY])
def test_they_are_the_bars_that_the_lake_will_have(ticks: Ticks, timeframe: Timeframe) -> None:
    """But for spikes, of which there are none here."""
    chance, made = random.Random(7), []
    price, volume, at_us = 400, 90, us("12 21:50:00")
    for _ in range(700):
        at_us += chance.choice((0, 1, 250_000, 3_000_000, 59_000_000, 400_000_000))
        price += chance.choice((-1, 0, 0, 1))
        volume = chance.choice((volume, volume + 3, volume + 3, 2)) if at_us > us("12 22:00:00") else volume
        last = None if chance.random() < 0.1 else Decimal(price) / 4
        bid = None if chance.random() < 0.2 else Decimal(price - 1) / 4
        said = None if chance.random() < 0.2 else volume
        made.append(Quote("ES", at_us, "MOCK", last, bid, Decimal(price + 1) / 4, volume=said, seq=len(made)))
    ticks.at("10 20:59:00", "100.00", 60)
    ticks.add(*[each for each in made if each.ts_us < us("13 21:00:00")])
    session = session_of("ES", "cme_equity", date(2025, 10, 13), WEEK)
    with ticks.bench.database.cursor() as cursor:
        names = ", ".join(f"{name}::numeric(18, 6)" if name in ("last", "bid", "ask") else name for name in READ)
        cursor.execute(f"SELECT {names} FROM ticks WHERE trade_date = '2025-10-13' ORDER BY ts, seq")  # type: ignore[arg-type]
        rows = [dict(zip(READ, row, strict=True)) for row in cursor.fetchall()]
    table = pa.Table.from_pylist(rows, schema=columns.TICKS)
    what = What("ES", session, BY_SYMBOL["ES"], None, 60)
    wanted = make_bars(table.to_batches(), what, [timeframe]).bars[timeframe].to_pylist()
    found = [bar for bar in ticks.bars(timeframe.value, calendar=WEEK) if bar["trade_date"] == session.trade_date]
    assert len(found) == len(wanted) > 0
    for one, two in zip(found, wanted, strict=True):
        assert one.keys() == two.keys()
        for name, value in one.items():
            assert two[name] == (pytest.approx(value) if isinstance(value, float) else value), (one["ts"], name)


# --- a recorded day -------------------------------------------------------------------------------------------------


def quotes_of(path: Path) -> Iterator[Quote]:
    tape = FileTape(open_recording([path], ["GC"], []), {"GC"}, 0, 2**62)
    for cue in tape.cues():
        yield decode(cue.event.payload)


@pytest.mark.parametrize("day", ["20131007", "20131008"])
def test_the_minutes_of_a_recorded_day_are_those_that_were_published(ticks: Ticks, shared_data: Path, day: str) -> None:
    ticks.add(*quotes_of(shared_data / "ticks" / f"gc_trades_{day}.parquet"))
    wanted = {
        utc(epoch_us(row[0])): tuple(map(float, row[1:]))
        for row in pl.read_parquet(shared_data / "bars" / "gc_1m_trade.parquet")
        .filter((pl.col("contract") == "GCZ13") & (pl.col("ts").dt.strftime("%Y%m%d") == day))
        .select("ts", "open", "high", "low", "close")
        .iter_rows()
    }
    names = ("open", "high", "low", "close")
    ticks.front = "GCZ13"
    found = {
        bar["ts"]: tuple(bar[name] for name in names) for bar in ticks.bars(symbol="GC") if f"{bar['ts']:%Y%m%d}" == day
    }
    assert len(found) == {"20131007": 1314, "20131008": 1377}[day]
    assert found == wanted
