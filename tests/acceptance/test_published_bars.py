"""Bars of real ticks against bars that others published, and against SQL in DuckDB."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.lake.bar_twins import TRADE
from thor.instruments.instrument import BY_SYMBOL
from thor.lake import columns
from thor.lake.back_adjustment import RollPoint, offset_on, offsets
from thor.lake.bar_table import Made, Weigher, What, batches_of_contract, contracts_of, make_bars, needed
from thor.lake.bars import session_of
from thor.lake.layout import WIDTH_US, Timeframe
from thor.markets.trade_date import trade_date_span
from thor.quotes.gate import SymbolGate
from thor.quotes.quote import Quote

OHLC = ["open", "high", "low", "close"]


def as_ticks(path: Path, symbol: str) -> pa.Table:
    """A recording as a tick file holds it."""
    found = pq.read_table(path)
    found = found.filter(pa.compute.equal(found["symbol"], symbol))
    trades = pa.compute.equal(found["event"], "trade")
    told: dict[str, Any] = {name: found[name] for name in ("symbol", "contract", "venue", "cond", "last_size")}
    told |= {"ts": found["ts"].cast(columns.TIME, safe=False), "volume": found["cum_volume"]}
    told |= {name: found[name].cast(columns.PRICE) for name in ("last", "bid", "ask")}
    told["extra"] = pa.compute.if_else(trades, TRADE, pa.scalar(None, pa.string()))
    arrays = [told.get(each.name, pa.nulls(len(found), each.type)) for each in columns.TICKS]
    return pa.table([each.cast(field.type) for each, field in zip(arrays, columns.TICKS, strict=True)], columns.TICKS)


def by_trade_date(ticks: pa.Table, symbol: str) -> dict[date, pa.Table]:
    """As the lake cuts them."""
    at, found, start = ticks["ts"].cast(pa.int64()).to_numpy(), {}, 0
    while start < len(at):
        span = trade_date_span(int(at[start]), BY_SYMBOL[symbol].group)
        end = int(np.searchsorted(at, span.end_us))
        found[span.trade_date] = ticks.slice(start, end - start)
        start = end
    return found


def made_of(
    ticks: pa.Table, symbol: str, day: date, contract: str | None, folder: Path, *wanted: Timeframe,
    before: int | None = None,
) -> Made:  # fmt: skip
    """Through a file, as the lake has them."""
    path = folder / f"{symbol}-{day}.parquet"
    pq.write_table(ticks, path)
    file = pq.ParquetFile(path)
    is_mixed = len(contracts_of(file)) > 1
    batches = batches_of_contract(file, needed(file, is_mixed=is_mixed), contract, is_mixed=is_mixed)
    session = session_of(symbol, BY_SYMBOL[symbol].group, day, None)
    return make_bars(batches, What(symbol, session, BY_SYMBOL[symbol], contract, before), wanted)


def published(folder: Path, name: str, contract: str, first: str, last: str) -> pl.DataFrame:
    bars = pl.read_parquet(folder / "bars" / name).filter(pl.col("contract") == contract)
    days = pl.col("ts").dt.strftime("%Y-%m-%d")
    return bars.filter(days.is_between(pl.lit(first), pl.lit(last))).with_columns(pl.col("ts").dt.cast_time_unit("us"))


def test_minutes_of_gold_are_the_published_ones(shared_data: Path, tmp_path: Path) -> None:
    files = [as_ticks(shared_data / "ticks" / f"gc_trades_201310{day}.parquet", "GC") for day in ("07", "08")]
    days = by_trade_date(pa.concat_tables(files), "GC")
    assert list(days) == [date(2013, 10, 7), date(2013, 10, 8), date(2013, 10, 9)]
    made = [made_of(ticks, "GC", day, "GCZ13", tmp_path, Timeframe.MINUTE) for day, ticks in days.items()]
    assert sum(each.suspect for each in made) == 0
    ours = pl.concat([pl.DataFrame(each.bars[Timeframe.MINUTE]) for each in made])
    theirs = published(shared_data, "gc_1m_trade.parquet", "GCZ13", "2013-10-07", "2013-10-08")
    assert len(ours) == len(theirs) == 1_314 + 1_377
    assert ours.select("ts", *OHLC).equals(theirs.select("ts", *OHLC))
    # One minute a day has another volume in the source, as its notes say.
    other = ours.filter(ours["volume"] != theirs["volume"])
    assert other["ts"].dt.date().to_list() == [date(2013, 10, 7), date(2013, 10, 8)]


@pytest.mark.parametrize(
    ("symbol", "contract", "name", "lost"), [("ES", "ESZ13", "es_1m", 0), ("GC", "GCZ13", "gc_1m", 2)]
)
def test_what_a_cumulative_volume_gives_is_what_the_minutes_traded(
    shared_data: Path, tmp_path: Path, symbol: str, contract: str, name: str, lost: int
) -> None:
    """A snapshot at a minute's end says the minute's close, and a volume that goes on from session to session and
    begins anew at midnight in UTC. A crossed one is in no bar; what was traded in its minute counts in the next."""
    files = [as_ticks(shared_data / "ticks" / f"snapshots_201310{day}.parquet", symbol) for day in ("07", "08")]
    found, crossed, before = [], 0, None
    for day, ticks in by_trade_date(pa.concat_tables(files), symbol).items():
        made = made_of(ticks, symbol, day, contract, tmp_path, Timeframe.MINUTE, before=before)
        found.append(pl.DataFrame(made.bars[Timeframe.MINUTE]))
        crossed, before = crossed + made.suspect, ticks["volume"].drop_null()[-1].as_py()
    ours = pl.concat(found).with_columns(pl.col("ts").dt.offset_by("-1m"))
    theirs = published(shared_data, f"{name}_trade.parquet", contract, "2013-10-07", "2013-10-08")
    both = theirs.join(ours, on="ts", how="left", suffix="_ours")
    assert both["close_ours"].null_count() == lost <= crossed
    assert both.filter(pl.col("close") != pl.col("close_ours")).is_empty()
    # The recording begins within a session: its first count is only the base.
    assert both["volume_ours"][0] == 0
    assert both["volume_ours"].sum() == both["volume"][1:].sum()
    assert len(both.filter(pl.col("volume") != pl.col("volume_ours").fill_null(-1))) == 1 + 2 * lost


def test_the_trades_of_a_day_make_the_same_bars_in_duckdb(shared_data: Path, tmp_path: Path) -> None:
    (day, ticks), *more = by_trade_date(
        as_ticks(shared_data / "ticks" / "es_trades_20130903.parquet", "ES"), "ES"
    ).items()
    assert (day, more) == (date(2013, 9, 3), [])
    made = made_of(ticks, "ES", day, None, tmp_path, *Timeframe)
    assert (made.ticks, made.suspect) == (444_201, 0)
    with duckdb.connect() as connection:
        connection.register("ticks", ticks.append_column("place", pa.array(range(len(ticks)))))
        for timeframe in (Timeframe.SECOND, Timeframe.MINUTE, Timeframe.HOUR):
            sql = """SELECT make_timestamp(epoch_us(ts) // $1 * $1), arg_min(last, place)::DOUBLE,
                max(last)::DOUBLE, min(last)::DOUBLE, arg_max(last, place)::DOUBLE, sum(last_size), count(*)
                FROM ticks GROUP BY 1 ORDER BY 1"""
            told = connection.execute(sql, [WIDTH_US[timeframe]]).fetchall()
            ours = pl.DataFrame(made.bars[timeframe]).select("ts", *OHLC, "volume", "tick_count")
            assert ours.with_columns(pl.col("ts").dt.replace_time_zone(None)).rows() == told
    whole = made.bars[Timeframe.DAY].to_pylist()[0]
    assert (whole["volume"], whole["tick_count"]) == (1_655_449, 444_201)


def test_the_kernel_doubts_of_a_real_opening_what_the_gate_doubts(shared_data: Path) -> None:
    ticks = as_ticks(shared_data / "ticks" / "esh24_l1_20231225.parquet", "ES")
    gate = SymbolGate(BY_SYMBOL["ES"])
    rows = zip(*(ticks[name].to_pylist() for name in ("ts", "last", "bid", "ask")), strict=True)
    at = ticks["ts"].cast(pa.int64()).to_pylist()
    wanted = [
        bool(gate.judge(Quote("ES", us, "TOS", last, bid, ask), us))
        for us, (_, last, bid, ask) in zip(at, rows, strict=True)
    ]
    verdicts = np.zeros(len(ticks), np.uint8)
    session = session_of("ES", "cme_equity", date(2023, 12, 26), None)
    weigher = Weigher(What("ES", session, BY_SYMBOL["ES"]), [Timeframe.SECOND])
    for batch in ticks.combine_chunks().to_batches():
        weigher.take(batch, verdicts)
    assert verdicts.astype(bool).tolist() == wanted
    assert sum(wanted) == 16, "crossed in the auction before the open"


@pytest.mark.parametrize("symbol", ["ES", "NQ", "ZB", "GC"])
def test_an_adjusted_series_moves_as_another_programs_does(shared_data: Path, symbol: str) -> None:
    """Given the other program's difference at each roll, our offsets give its series on every date. Where a day has
    both contracts' closes, the differences are near: it measured them at other moments."""
    rows = pl.read_parquet(shared_data / "bars" / "futures_daily_to_2012.parquet").filter(pl.col("symbol") == symbol)
    days = rows.drop_nulls(["close", "price_contract", "adj_close"]).sort("date").to_dicts()
    rolls, near = [], []
    for old, new in pairwise(days):
        if old["price_contract"] == new["price_contract"]:
            continue
        moved = (old["adj_close"] - old["close"]) - (new["adj_close"] - new["close"])
        contracts = str(int(old["price_contract"])), str(int(new["price_contract"]))
        rolls.append(RollPoint(old["date"], *contracts, Decimal(repr(round(moved, 6)))))
        if old["carry_contract"] == new["price_contract"] and old["carry_close"] is not None:
            near.append(abs(moved - (old["carry_close"] - old["close"])) / old["close"])
    found, newest = offsets(rolls), days[-1]["adj_close"] - days[-1]["close"]
    for each in days:
        points = offset_on(each["date"], found)
        assert points is not None
        assert each["close"] + float(points) + newest == pytest.approx(each["adj_close"], abs=2e-3), each["date"]
    assert len(rolls) > 50
    assert len(near) >= 50
    assert float(np.median(near)) < 0.004
