"""CSV and Parquet of others: columns by name, times of any zone."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import polars as pl
import zstandard

from thor.history.recording_file import ALIASES, COLUMNS, RecordingError, typed
from thor.lake.import_formats.opened import FilePart, Opened, Wish, must_be_file
from thor.lake.import_formats.times import is_naive, utc_us_expr
from thor.quotes.quote import QuoteRefusedError

#: What ``--columns`` may name on its left side.
TARGETS: Final = tuple("ts" if name == "ts_us" else name for name in COLUMNS)
_SEPARATORS: Final = (",", ";", "\t", "|")
_LOOKED_AT: Final = 1000


def open_csv(path: Path, wish: Wish) -> Opened:
    """A CSV file with a header, also a compressed one (.gz, .zst). Raises RecordingError."""
    must_be_file(path)
    raw = pl.scan_csv(path, infer_schema=False, separator=_separator(path))
    return _opened(path, raw, wish)


def open_parquet(path: Path, wish: Wish) -> Opened:
    """A Parquet file. Raises RecordingError."""
    must_be_file(path)
    return _opened(path, pl.scan_parquet(path), wish)


def _separator(path: Path) -> str:
    head = _head(path)
    return max(_SEPARATORS, key=lambda each: (head.count(each), each == ","))


def _head(path: Path) -> str:
    openers: dict[str, Any] = {".gz": gzip.open, ".zst": zstandard.open}
    with openers.get(path.suffix.lower(), open)(path, "rt", encoding="utf-8", errors="replace") as file:
        return str(file.readline())


def _opened(path: Path, raw: pl.LazyFrame, wish: Wish) -> Opened:
    schema = raw.collect_schema()
    named, times = _named(raw, schema, wish, path.name)
    timed = _timed(named, times, wish, path.name)
    plain = timed.with_columns(
        *(_short(pl.col(name)) for name, dtype in timed.collect_schema().items() if dtype.is_decimal())
    )
    frame = typed(plain, plain.collect_schema(), path.name).with_row_index("place").with_columns(
        pl.col("place").cast(pl.Int64), vendor_seq=pl.lit(None, pl.Int64), part=pl.lit(0, pl.Int64),
        row=pl.col("place").cast(pl.Int64) + 1,
    )  # fmt: skip
    return Opened(path.name, frame, (FilePart(path.name, raw, times),))


def _named(
    raw: pl.LazyFrame, schema: Mapping[str, pl.DataType], wish: Wish, name: str
) -> tuple[pl.LazyFrame, tuple[str, ...]]:
    """The columns under the names that were asked for, and those that make the time."""
    given = dict(wish.columns)
    for target, source in given.items():
        if target not in TARGETS:
            raise RecordingError(f"--columns: {target} is no column of ours: one of {', '.join(TARGETS)}")
        for each in source.split("+") if target == "ts" else [source]:
            if each not in schema:
                raise RecordingError(f"{name} has no column {each}: it has {', '.join(schema)[:200]}")
    taken = {_plain(target) for target in given} | ({"symbol"} if wish.symbol else set())
    kept = [column for column in schema if _plain(column) not in taken]
    columns = [pl.col(source).alias(target) for target, source in given.items() if target != "ts"]
    if wish.symbol:
        columns.append(pl.lit(wish.symbol, pl.String).alias("symbol"))
    times = tuple(given["ts"].split("+")) if "ts" in given else tuple(each for each in schema if _plain(each) == "ts")
    if len(times) == 1:
        columns.append(pl.col(times[0]).alias("ts"))
    elif times:
        columns.append(pl.concat_str([pl.col(each).cast(pl.String) for each in times], separator=" ").alias("ts"))
    return raw.select([*(pl.col(each) for each in kept if _plain(each) != "ts"), *columns]), times


def _plain(column: str) -> str:
    plain = column.casefold().replace("_", "")
    return ALIASES.get(plain, plain).replace("_", "")


def _timed(frame: pl.LazyFrame, times: tuple[str, ...], wish: Wish, name: str) -> pl.LazyFrame:
    """``ts`` in UTC. Raises RecordingError for local times without a zone."""
    if not times:
        return frame  # the columns that a file must have are asked for in one place
    dtype = frame.collect_schema()["ts"]
    naive = isinstance(dtype, pl.Datetime) and dtype.time_zone is None
    if dtype == pl.String:
        texts = frame.select("ts").drop_nulls().head(_LOOKED_AT).collect()["ts"].to_list()
        naive = any(map(is_naive, texts))
    if naive and wish.times.zone is None:
        raise RecordingError(f"the times of {name} name no zone: give --tz, such as --tz America/New_York or --tz UTC")
    try:
        at_us = utc_us_expr(pl.col("ts"), dtype, wish.times)
    except QuoteRefusedError as error:
        raise RecordingError(f"{name}: {error.detail}") from None
    return frame.with_columns(ts=pl.from_epoch(at_us, time_unit="us").dt.replace_time_zone("UTC"))


def _short(column: pl.Expr) -> pl.Expr:
    """A column's scale says nothing of a number's digits: 1326.300000 is 1326.3."""
    text = column.cast(pl.String)
    return pl.when(text.str.contains(".", literal=True)).then(
        text.str.strip_chars_end("0").str.strip_chars_end(".")
    ).otherwise(text)  # fmt: skip
