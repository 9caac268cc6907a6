"""Bars of Parquet files: Thor's pass against SQL and frames, in one run.

    python benchmarks/bars.py [--ticks 5000000] [--rounds 3] [--json]

A made day of the 11 instruments in 11 files as the lake's own writer makes them. Each measurement is a process of its
own that reads the files, makes the bars and forgets them; the first round is not counted (libraries load, kernels
compile).

- read: the limit; pyarrow reads ts, last, last_size on two threads, nothing else. read_own: the columns of Thor's pass
- thor: reads ts, last, bid, ask, volume; judges every tick as the desk's gate does, counts volume as the sources say
  it, keeps bid, ask and mean spread, labels sessions: all columns of the lake's bars
- duckdb: open, high, low, close, sum of size, VWAP and count over integer buckets; duckdb_bucket: time_bucket, as one
  writes it
- polars: group_by_dynamic a file, collect_all; polars_truncate: truncate and group_by, streaming
- pandas: resample a file

MiB: the most memory of the process. "a core": ticks by processor seconds, which other work on the machine does not
change. All give the same number of bars but for seconds in which every tick is suspect: Thor leaves those out.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import django
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from thor.instruments.instrument import INSTRUMENTS, InstrumentFacts
from thor.lake import columns
from thor.lake.bars import session_of
from thor.lake.layout import WIDTH_US, Timeframe

DAY = date(2025, 10, 9)
SECOND = 1_000_000
#: Ticks are not spread evenly over symbols: the busiest has a third of them.
SHARES = np.array([8, 33, 20, 8, 8, 3, 3, 7, 2, 1, 7]) / 100


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ticks", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", nargs=3, metavar=("NAME", "TIMEFRAMES", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        measure(options.only[0], options.only[1].split(","), Path(options.only[2]), options.rounds)
        return
    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own: what this one had in memory would count for every child.
        maker = multiprocessing.get_context("spawn").Process(target=make_files, args=(Path(folder), options.ticks))
        maker.start()
        maker.join()
        found = [run(name, timeframes, folder, options.rounds) for name, timeframes in PLAN]
    print(json.dumps(found, indent=1) if options.json else table(found, options.ticks))


# --- the files ------------------------------------------------------------------------------------------------------


def make_files(folder: Path, ticks: int) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "thor.config.settings"
    django.setup()
    from thor.lake.tick_file import write_ticks

    generator = np.random.default_rng(7)
    for facts, share in zip(INSTRUMENTS, SHARES, strict=True):
        made = made_ticks(generator, facts, int(ticks * share))
        write_ticks(folder / f"{facts.symbol}.parquet", made.to_batches(), "made")


def made_ticks(generator: np.random.Generator, facts: InstrumentFacts, count: int) -> pa.Table:
    """A day's walk: many ticks a second when busy, a spike in a hundred thousand."""
    session = session_of(facts.symbol, facts.group, DAY, None)
    tick = int(facts.tick_size * 10**6)
    at = np.sort(generator.integers(session.start_us, session.end_us - 3600 * SECOND, count))
    last = tick * (20_000 + np.cumsum(generator.integers(-1, 2, count)))
    last[generator.integers(1, count, max(1, count // 100_000))] *= 2
    volume = np.cumsum(generator.integers(0, 4, count))
    rows: dict[str, Any] = {
        "symbol": pa.repeat(facts.symbol, count), "ts": pa.array(at, columns.TIME), "last": prices(last),
        "bid": prices(last - tick), "ask": prices(last), "last_size": pa.array(1 + volume % 4),
        "bid_size": pa.array(generator.integers(1, 90, count)), "ask_size": pa.array(generator.integers(1, 90, count)),
        "volume": pa.array(volume), "source": pa.repeat("MOCK", count), "seq": pa.array(at * 10),
        "stream_id": pa.array([f"{each // 1000}-{n % 9}" for n, each in enumerate(at.tolist())]),
        "created_at": pa.array(at + 4_000, columns.TIME),
    }  # fmt: skip
    arrays = [rows.get(each.name, pa.nulls(count, each.type)) for each in columns.TICKS]
    return pa.Table.from_arrays(arrays, schema=columns.TICKS)


def prices(millionths: np.ndarray[Any, Any]) -> pa.Array:
    words = np.stack([millionths, millionths >> 63], axis=1)
    return pa.Array.from_buffers(columns.PRICE, len(millionths), [None, pa.py_buffer(np.ascontiguousarray(words))])


# --- the contestants: each gives how many bars there are -------------------------------------------------------------


def read(names: list[str], paths: list[Path]) -> int:
    def one(path: Path) -> int:
        batches = pq.ParquetFile(path).iter_batches(131_072, columns=names, use_threads=False)
        return sum(batch.num_rows for batch in batches)

    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(one, paths))


def thor(timeframes: list[Timeframe], paths: list[Path]) -> int:
    from thor.instruments.instrument import BY_SYMBOL
    from thor.lake.bar_table import What, batches_of_contract, contracts_of, make_bars, needed

    def one(path: Path) -> int:
        facts, file = BY_SYMBOL[path.stem], pq.ParquetFile(path)
        is_mixed = len(contracts_of(file)) > 1
        batches = batches_of_contract(file, needed(file, is_mixed=is_mixed), None, is_mixed=is_mixed)
        what = What(facts.symbol, session_of(facts.symbol, facts.group, DAY, None), facts)
        return sum(made.num_rows for made in make_bars(batches, what, timeframes).bars.values())

    # The largest first, so that both threads end at about the same time.
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(one, sorted(paths, key=lambda path: -path.stat().st_size)))


def duckdb_sql(bucket: str, paths: list[Path]) -> int:
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'; SET threads = 2")
    sql = f"""SELECT symbol, {bucket} AS start, arg_min(last, ts) AS open, max(last), min(last),
        arg_max(last, ts) AS close, sum(last_size) AS volume, sum(last * last_size) / sum(last_size) AS vwap, count(*)
        FROM read_parquet({[str(path) for path in paths]}) GROUP BY 1, 2"""
    return int(connection.sql(sql).to_arrow_table().num_rows)


def polars_dynamic(width: str, paths: list[Path]) -> int:
    import polars as pl

    def lazy(path: Path) -> pl.LazyFrame:
        ticks = pl.scan_parquet(path).select("ts", "last", "last_size").set_sorted("ts")
        return ticks.group_by_dynamic("ts", every=width).agg(*polars_columns())

    return sum(len(each) for each in pl.collect_all([lazy(path) for path in paths]))


def polars_truncate(width: str, paths: list[Path]) -> int:
    import polars as pl

    ticks = pl.scan_parquet(paths).select("symbol", "ts", "last", "last_size")
    grouped = ticks.group_by("symbol", pl.col("ts").dt.truncate(width).alias("start")).agg(*polars_columns())
    return len(grouped.collect(engine="streaming"))


def polars_columns() -> list[Any]:
    import polars as pl

    last, size = pl.col("last").cast(pl.Float64), pl.col("last_size")
    return [
        last.first().alias("open"), last.max().alias("high"), last.min().alias("low"), last.last().alias("close"),
        size.sum().alias("volume"), ((last * size).sum() / size.sum()).alias("vwap"), pl.len().alias("count"),
    ]  # fmt: skip


def pandas_resample(width: str, paths: list[Path]) -> int:
    import pandas as pd

    def one(path: Path) -> int:
        table = pq.read_table(path, columns=["ts", "last", "last_size"])
        table = table.set_column(1, "last", table["last"].cast(pa.float64()))
        frame = table.to_pandas().set_index("ts")
        frame["value"] = frame["last"] * frame["last_size"]
        grouped = frame.resample(width)
        made = pd.concat([grouped["last"].ohlc(), grouped[["last_size", "value"]].sum()], axis=1)
        made["count"] = grouped["last"].count()
        return int((made["count"] > 0).sum())

    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(one, paths))


def contestant(name: str, timeframes: list[Timeframe]) -> Callable[[list[Path]], int]:
    finest = timeframes[0]
    width = WIDTH_US[finest]
    polars_width, pandas_width = finest.value, {"1m": "1min", "1s": "1s"}.get(finest.value, "")
    own = ["ts", "last", "bid", "ask", "volume"]
    return {
        "read": lambda paths: read(["ts", "last", "last_size"], paths),
        "read_own": lambda paths: read(own, paths),
        "thor": lambda paths: thor(timeframes, paths),
        "duckdb": lambda paths: duckdb_sql(f"epoch_us(ts) // {width}", paths),
        "duckdb_bucket": lambda paths: duckdb_sql(f"time_bucket(INTERVAL {width // SECOND} SECOND, ts)", paths),
        "polars": lambda paths: polars_dynamic(polars_width, paths),
        "polars_truncate": lambda paths: polars_truncate(polars_width, paths),
        "pandas": lambda paths: pandas_resample(pandas_width, paths),
    }[name]


PEERS = ("duckdb", "duckdb_bucket", "polars", "polars_truncate", "pandas")
PLAN = [
    ("read", ["1m"]), ("read_own", ["1m"]), ("thor", ["1m"]), *((peer, ["1m"]) for peer in PEERS),
    ("thor", ["1s"]), *((peer, ["1s"]) for peer in PEERS), ("thor", [each.value for each in Timeframe]),
]  # fmt: skip


# --- measuring ------------------------------------------------------------------------------------------------------


def run(name: str, timeframes: list[str], folder: str, rounds: int) -> dict[str, Any]:
    words = [sys.executable, __file__, "--rounds", str(rounds), "--only", name, ",".join(timeframes), folder]
    return dict(json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout))


def measure(name: str, timeframes: list[str], folder: Path, rounds: int) -> None:
    paths = sorted(folder.glob("*.parquet"))
    work, bars = contestant(name, [Timeframe(each) for each in timeframes]), 0
    seconds, processor = [], []
    for _ in range(rounds + 1):
        began, worked = time.perf_counter(), time.process_time()
        bars = work(paths)
        seconds.append(time.perf_counter() - began)
        processor.append(time.process_time() - worked)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    said = {"name": name, "timeframes": timeframes, "seconds": statistics.median(seconds[1:]), "bars": bars}
    print(json.dumps(said | {"processor_seconds": statistics.median(processor[1:]), "peak_mib": round(peak)}))


def table(found: list[dict[str, Any]], ticks: int) -> str:
    lines = [f"{'':<18}{'':<8}{'ticks/s':>14}{'a core':>14}{'of limit':>10}{'bars':>12}{'MiB':>7}"]
    limit = found[0]["seconds"]
    for each in found:
        widths = each["timeframes"][0] if len(each["timeframes"]) == 1 else "all"
        lines.append(
            f"{each['name']:<18}{widths:<8}{ticks / each['seconds']:>14,.0f}"
            f"{ticks / each['processor_seconds']:>14,.0f}{limit / each['seconds']:>10.2f}"
            f"{each['bars']:>12,}{each['peak_mib']:>7,}"
        )
    for width in ("1m", "1s"):
        of = {each["name"]: each for each in found if each["timeframes"] == [width]}
        lines.append(f"{width}: {ratios(of)}; bars {sorted({of[name]['bars'] for name in ('thor', *PEERS)})}")
    return "\n".join(lines)


def ratios(of: dict[str, dict[str, Any]]) -> str:
    """Against the best of DuckDB and Polars, by the clock and by processor time (which others on the machine do not
    change)."""
    said = []
    for measure_name, what in (("seconds", "by the clock"), ("processor_seconds", "by processor time")):
        best = min((name for name in PEERS if name != "pandas"), key=lambda name: of[name][measure_name])
        said.append(f"{of[best][measure_name] / of['thor'][measure_name]:.2f} times {best} {what}")
    return "Thor is " + ", ".join(said)


if __name__ == "__main__":
    main()
