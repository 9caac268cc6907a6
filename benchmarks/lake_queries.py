"""Questions to years of minute bars: small files, and compacted ones.

    python benchmarks/lake_queries.py [--dates 756] [--rounds 5] [--json]

A made lake of one-minute bars of the 11 instruments, a file a trade date and symbol (756 dates: three years, 8,316
files, 11.5 million bars), asked through ``thor.lake`` before and after ``compact_lake``. "a year": the last 252 dates.

ms: the median of the rounds after the first, on a connection that is open. connect: a new connection, its views, and
the first question to it. "a core": processor milliseconds of the process, which other work on the machine changes less.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import django
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

MINUTES = 1380
LAST = date(2025, 11, 28)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--dates", type=int, default=756)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "thor.config.settings"
    django.setup()
    with tempfile.TemporaryDirectory() as folder:
        dates = trade_dates(options.dates)
        make_lake(Path(folder), dates)
        small = measured(folder, dates, options.rounds)
        note = compacted(Path(folder))
        large = measured(folder, dates, options.rounds)
    print(json.dumps([small, large], indent=1) if options.json else table(small, large, note))


def trade_dates(count: int) -> list[date]:
    """The last so many weekdays."""
    found: list[date] = []
    day = LAST
    while len(found) < count:
        if day.weekday() < 5:
            found.append(day)
        day -= timedelta(days=1)
    return found[::-1]


def make_lake(root: Path, dates: list[date]) -> None:
    from thor.instruments.instrument import INSTRUMENTS
    from thor.lake.layout import Timeframe, bars_part

    rng = np.random.default_rng(5)
    for day in dates:
        for facts in INSTRUMENTS:
            path = root / bars_part(day, facts.symbol, Timeframe.MINUTE).key
            path.parent.mkdir(parents=True)
            pq.write_table(made_bars(facts.symbol, day, float(facts.tick_size), rng), path, compression="zstd")


def made_bars(symbol: str, day: date, tick: float, rng: np.random.Generator) -> pa.Table:
    from thor.lake.columns import BARS

    start_us = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() - 7200) * 1_000_000
    close = 20_000 * tick + np.cumsum(rng.integers(-2, 3, MINUTES)) * tick
    low, high = close - rng.integers(0, 4, MINUTES) * tick, close + rng.integers(0, 4, MINUTES) * tick
    regular = np.arange(MINUTES)
    columns: dict[str, Any] = {
        "symbol": [symbol] * MINUTES, "ts": pa.array(start_us + np.arange(MINUTES) * 60_000_000, BARS.field("ts").type),
        "open": np.roll(close, 1), "high": high, "low": low, "close": close, "volume": rng.integers(1, 900, MINUTES),
        "vwap": close + rng.normal(0, tick, MINUTES), "tick_count": rng.integers(1, 90, MINUTES), "bid_close": close,
        "ask_close": close + tick, "spread_mean": np.full(MINUTES, tick),
        "session": np.where((regular > 930) & (regular < 1320), "RTH", "ETH"), "timeframe": ["1m"] * MINUTES,
        "contract": [f"{symbol}Z25"] * MINUTES, "trade_date": [day] * MINUTES,
    }  # fmt: skip
    return pa.table(columns, schema=BARS)


def compacted(root: Path) -> str:
    """As the command does it, but for the database's list of files."""
    from thor.lake.compact import Listed, carry_out, planned
    from thor.lake.runs import Silent
    from thor.lake.store import LocalStore

    store = LocalStore(root)
    settled = time.time() - 60
    listed = {}
    for found in list(store.list("bars/")):
        os.utime(root / found.key, (settled, settled))
        digest = hashlib.sha256((root / found.key).read_bytes()).hexdigest()
        listed[found.key] = Listed(found.size, digest, digest)
    return carry_out(store, Silent(), planned(store, LAST + timedelta(days=31), listed=listed)).said()


# --- the questions --------------------------------------------------------------------------------------------------


def questions(dates: list[date]) -> dict[str, str]:
    year, day = f"date >= '{dates[-252 if len(dates) >= 252 else 0]}'", f"date = '{dates[-2]}'"
    hour = "epoch_us(ts) // 3600000000 % 24"
    return {
        "a day of a symbol, every bar": f"SELECT * FROM bars WHERE timeframe = '1m' AND symbol = 'ES' AND {day}",
        "a year of a symbol, by month": "SELECT date_trunc('month', date), min(low), max(high), sum(volume) FROM bars"
        f" WHERE timeframe = '1m' AND symbol = 'ES' AND {year} GROUP BY 1",
        "a year of 11 symbols, daily close and volume": "SELECT symbol, date, arg_max(close, ts), sum(volume) FROM bars"
        f" WHERE timeframe = '1m' AND {year} GROUP BY 1, 2",
        "a year of 11 symbols, volatility by hour": f"SELECT symbol, {hour}, stddev(close - open) FROM bars"
        f" WHERE timeframe = '1m' AND {year} GROUP BY 1, 2",
        "all of 11 symbols, volume by year": "SELECT symbol, year(date), sum(volume) FROM bars WHERE timeframe = '1m'"
        " GROUP BY 1, 2",
    }


def measured(root: str, dates: list[date], rounds: int) -> dict[str, tuple[float, float]]:
    """Question -> (milliseconds, processor milliseconds)."""
    import polars as pl

    import thor.lake

    found = {"connect and a first question": timed(lambda: thor.lake.connect(root).sql("SELECT 1").fetchall(), rounds)}
    with thor.lake.connect(root) as lake:
        for name, sql in questions(dates).items():
            found[name] = timed(lambda sql=sql: lake.sql(sql).fetchall(), rounds)  # type: ignore[misc]
    first = dates[-252 if len(dates) >= 252 else 0]

    def frames() -> pl.DataFrame:
        bars = thor.lake.scan_bars("1m", start=first, root=root)
        return bars.group_by("symbol", "date").agg(pl.col("close").last(), pl.col("volume").sum()).collect()

    found["a year of 11 symbols, daily, in Polars"] = timed(frames, rounds)
    return found


def timed(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    work()
    wall, cpu = [], []
    for _ in range(rounds):
        began, busy = time.perf_counter(), time.process_time()
        work()
        wall.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - busy) * 1000)
    return statistics.median(wall), statistics.median(cpu)


def table(small: dict[str, tuple[float, float]], large: dict[str, tuple[float, float]], note: str) -> str:
    lines = [
        note,
        f"{'':46}{'small files':>22}{'compacted':>22}",
        f"{'':46}{'ms':>11}{'a core':>11}{'ms':>11}{'a core':>11}",
    ]
    for name, (wall, cpu) in small.items():
        lines.append(f"{name:46}{wall:11,.1f}{cpu:11,.1f}{large[name][0]:11,.1f}{large[name][1]:11,.1f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
