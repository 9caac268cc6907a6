"""Databento's DBN files, by its own library: trades, top of book, and snapshots of it.

The time of a row is ``ts_recv``: it orders the records of a file, and of snapshots it is the moment that they show,
where ``ts_event`` is that of the last trade, however old. ``sequence`` belongs to packets, several records share one:
it is kept as ``meta.vendor_seq``, and rows are numbered by their place.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import databento_dbn as dbn
import polars as pl
import zstandard

from thor.history.recording_file import COLUMNS, RecordingError
from thor.instruments.contract import ContractError, parse_contract
from thor.instruments.symbol import SymbolError, canonical
from thor.lake.import_formats.opened import FilePart, Opened, Wish, must_be_file

#: Of each: whether its records are events (a trade, or a new top of the book) or say how the market stood.
SCHEMAS: Final = {"trades": True, "tbbo": True, "mbp-1": True, "bbo-1s": False, "bbo-1m": False}
_BLOCK: Final = 1 << 20
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
#: Whose order met what stood in the book.
_AGGRESSORS: Final = {"B": "buy", "A": "sell"}
_TRADE: Final = "T"


@contextmanager
def open_dbn(path: Path, wish: Wish) -> Iterator[Opened]:
    """A .dbn or .dbn.zst file. Raises RecordingError. While it is open, its rows are in a temporary file as text."""
    must_be_file(path)
    with tempfile.TemporaryFile() as text:
        schema = _transcode(path, cast(BinaryIO, text))
        text.seek(0)
        raw = pl.scan_csv(text, infer_schema=False)
        yield Opened(path.name, _typed(raw, schema, wish), (FilePart(path.name, raw, ("ts_recv",)),))


def _transcode(path: Path, out: BinaryIO) -> str:
    """DBN to CSV with symbols and decimal prices. Returns the schema."""
    transcoder = dbn.Transcoder(
        out,
        cast(Any, dbn.Encoding.CSV),
        cast(Any, dbn.Compression.NONE),
        pretty_px=True,
        pretty_ts=False,
        map_symbols=True,
    )
    try:
        with _plain(path) as file:
            head = file.read(_BLOCK)
            schema = _schema(head, path.name)
            while head:
                transcoder.write(head)
                head = file.read(_BLOCK)
        transcoder.flush()
    except (dbn.DBNError, zstandard.ZstdError) as error:
        raise RecordingError(f"{path.name} cannot be read: {str(error).splitlines()[0][:160]}") from error
    if transcoder.buffer():
        raise RecordingError(f"{path.name} ends within a record: it is cut off")
    return schema


@contextmanager
def _plain(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as file:
        is_packed = file.read(4) == _ZSTD_MAGIC
        file.seek(0)
        if is_packed:
            with zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True) as reader:
                yield io.BufferedReader(cast(io.RawIOBase, reader), _BLOCK)
        else:
            yield file


def _schema(head: bytes, name: str) -> str:
    try:
        schema = dbn.Metadata.decode(head).schema
    except dbn.DBNError as error:
        raise RecordingError(f"{name} is no DBN file: {str(error).splitlines()[0][:160]}") from error
    if schema not in SCHEMAS:
        raise RecordingError(f"{name} holds {schema or 'records of several schemas'}: {', '.join(SCHEMAS)} are taken")
    return str(schema)


def _typed(raw: pl.LazyFrame, schema: str, wish: Wish) -> pl.LazyFrame:
    there = raw.collect_schema()
    bid, ask, price = (_price(name, there) for name in ("bid_px_00", "ask_px_00", "price"))
    is_trade = (pl.col("action") == _TRADE) if "action" in there else pl.lit(True)
    roots, contracts = _symbols(raw, wish)
    at_ns = pl.col("ts_recv").cast(pl.Int64, strict=False)
    key = pl.concat_str("symbol", pl.lit(" "), _year(at_ns))
    given: dict[str, Any] = {
        "symbol": key.replace_strict(roots, default=pl.col("symbol"), return_dtype=pl.String),
        "contract": key.replace_strict(contracts, default=None, return_dtype=pl.String),
        "ts_us": at_ns // 1000,
        "event": pl.when(is_trade).then(pl.lit("trade")).otherwise(pl.lit("quote")) if SCHEMAS[schema] else None,
        "last": pl.when(is_trade).then(price),
        "last_size": pl.when(is_trade & price.is_not_null()).then(pl.col("size")),
        "bid": bid, "ask": ask,
        "bid_size": _size("bid_sz_00", bid, there), "ask_size": _size("ask_sz_00", ask, there),
        "condition": pl.when(is_trade).then(pl.col("side").replace_strict(_AGGRESSORS, default=None)),
        "place": pl.int_range(pl.len(), dtype=pl.Int64),
        "vendor_seq": pl.col("sequence") if "sequence" in there else None,
        "part": pl.lit(0, pl.Int64), "row": pl.int_range(1, 1 + pl.len(), dtype=pl.Int64),
    }  # fmt: skip
    nothing = pl.lit(None, pl.String)
    names = (*COLUMNS, "place", "vendor_seq", "part", "row")
    return raw.select((nothing if given.get(name) is None else given[name]).alias(name) for name in names)


def _price(name: str, there: Any) -> pl.Expr:
    """Of nine digits those that say something; what is undefined is empty."""
    if name not in there:
        return pl.lit(None, pl.String)
    return pl.col(name).str.strip_chars_end("0").str.strip_chars_end(".")


def _size(name: str, price: pl.Expr, there: Any) -> pl.Expr:
    return pl.when(price.is_not_null()).then(pl.col(name)) if name in there else pl.lit(None, pl.String)


def _year(at_ns: pl.Expr) -> pl.Expr:
    return pl.from_epoch(at_ns, time_unit="ns").dt.year().cast(pl.String)


def _symbols(raw: pl.LazyFrame, wish: Wish) -> tuple[dict[str, str], dict[str, str | None]]:
    """'GCZ3 2013' -> GC, and -> GCZ13: one digit names a year by when it is traded."""
    at_ns = pl.col("ts_recv").cast(pl.Int64, strict=False)
    found = raw.select("symbol", year=_year(at_ns), day=pl.from_epoch(at_ns, time_unit="ns").dt.date())
    first = found.drop_nulls().group_by("symbol", "year").agg(pl.col("day").min()).collect()
    roots, contracts = {}, {}
    for symbol, year, day in first.iter_rows():
        root, contract = _names(symbol, day)
        roots[f"{symbol} {year}"], contracts[f"{symbol} {year}"] = wish.symbol or root, contract
    return roots, contracts


def _names(symbol: str, day: date) -> tuple[str, str | None]:
    """ES.c.0, ES.FUT -> ES, whose contract nobody says."""
    try:
        contract = parse_contract(symbol, day)
    except ContractError:
        try:
            return canonical(symbol.partition(".")[0]).symbol, None
        except SymbolError:
            return symbol, None
    return contract.root, contract.name
