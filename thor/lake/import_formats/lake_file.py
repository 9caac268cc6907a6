"""Files of the lake's ticks, which go back as they were: with their stream ids, what they kept as JSON, and when they
were stored. Columns that a file of an older version has not are null."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl
import pyarrow.parquet as pq

from thor.history.tick import copy_line
from thor.lake import columns
from thor.lake.import_formats.opened import FilePart, Opened
from thor.lake.tick_lines import Given, Made, Refusal, by_week, check_time
from thor.markets.trade_date import epoch_us
from thor.quotes.quote import VERSION, Quote, QuoteRefusedError, Reason, format_ts, from_record, judge, parse
from thor.runtime.decimals import plain

#: Column -> its name in an event.
_NAMES: Final = {
    "symbol": "symbol", "last": "last", "bid": "bid", "ask": "ask", "last_size": "lastSize", "bid_size": "bidSize",
    "ask_size": "askSize", "volume": "volume", "source": "source", "cond": "condition", "venue": "venue", "seq": "seq",
}  # fmt: skip
_PRICES: Final = ("last", "bid", "ask")


def is_of_the_lake(path: Path) -> bool:
    """A Parquet file that says so itself."""
    return columns.SCHEMA.encode() in (pq.ParquetFile(path).metadata.metadata or {})


def open_lake_file(path: Path) -> Opened:
    """A ticks.parquet of any version."""
    raw = pl.scan_parquet(path, glob=False, hive_partitioning=False)
    there = raw.collect_schema()
    wanted = [pl.col(name) if name in there else pl.lit(None).alias(name) for name in columns.TICKS.names]
    frame = raw.select(wanted).with_columns(
        part=pl.lit(0, pl.Int64), row=pl.int_range(1, 1 + pl.len(), dtype=pl.Int64), ts_us=pl.col("ts").dt.epoch("us")
    )  # fmt: skip
    return Opened(path.name, frame, (FilePart(path.name, raw),), is_stored=True)


class StoredLines:
    """Rows that were stored before as lines that end with their ``created_at``."""

    def __init__(self, given: Given) -> None:
        self._given = given

    def make(self, piece: pl.DataFrame) -> Made:
        """The lines of a slice."""
        refusals: list[Refusal] = []
        found: list[tuple[bytes, int, int, int]] = []
        for row in piece.iter_rows(named=True):
            try:
                quote = self._quote(row)
                line = copy_line(quote, row["stream_id"], self._given.groups[quote.symbol])
                found.append((_with_time(line, row["created_at"], self._given), quote.ts_us, row["part"], row["row"]))
            except QuoteRefusedError as error:
                refusals.append(Refusal(row["part"], row["row"], error.reason, error.detail))
        return Made(list(by_week(found)), refusals)

    def _quote(self, row: Mapping[str, Any]) -> Quote:
        if row["ts_us"] is None:
            raise QuoteRefusedError(Reason.BAD_TIME, "the row has no time")
        record = {there: row[name] for name, there in _NAMES.items()}
        for name in _PRICES:
            if record[name] is not None:
                record[name] = _short(record[name])
        more = parse(row["extra"]) if row["extra"] else {}
        quote = from_record({**more, **record, "v": VERSION, "ts": format_ts(row["ts_us"])})
        if row["contract"] is not None and quote.meta.get("contract") is None:
            quote = msgspec.structs.replace(quote, meta={"contract": row["contract"], **quote.meta})
        check_time(quote.ts_us, self._given.now_us)
        return judge(quote, quote.ts_us, self._given.groups, as_recorded=True)


def _short(value: Decimal) -> Decimal:
    """A column's scale says nothing of a number's digits."""
    return Decimal(plain(value)) if value else Decimal(0)


def _with_time(line: bytes, created_at: Any, given: Given) -> bytes:
    created_us = given.now_us if created_at is None else epoch_us(created_at)
    return line[:-1] + b"\t" + format_ts(created_us).encode() + b"\n"
