"""Files of recorded ticks: which columns they may have, and which of their rows are replayed (SPEC 15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

from thor.history.recording import Row, symbol_of
from thor.quotes.quote import QuoteRefusedError

FORMATS: Final = (".parquet", ".csv")
TEXTS: Final = ("symbol", "contract", "event", "venue", "condition", "source")
PRICES: Final = ("last", "bid", "ask", "open", "high", "low", "close", "change", "settlement")
SIZES: Final = ("last_size", "bid_size", "ask_size", "volume", "seq")
#: Other spellings of a column; all are compared in lower case and without underscores.
ALIASES: Final = {"cumvolume": "volume", "cond": "condition"}
#: The columns of a file; the place of a row is counted over all files.
COLUMNS: Final = tuple(name for name in Row._fields if name != "place")
#: Rows in memory at once; a recording may be larger than the machine.
SLICE: Final = 20_000


class RecordingError(ValueError):
    """A file that cannot be replayed; one line: what is wrong and what to do."""


def scan(path: Path) -> pl.LazyFrame:
    """The typed rows of a file, nothing read but its head. Raises :class:`RecordingError`."""
    if path.suffix.lower() not in FORMATS:
        raise RecordingError(f"{path} is neither .parquet nor .csv: convert it")
    if not path.is_file():
        raise RecordingError(f"{path} does not exist: check the path")
    if path.stat().st_size == 0:
        raise RecordingError(f"{path} is empty")
    # Text keeps the digits of a CSV: 5342.00 stays 5342.00.
    frame = pl.scan_parquet(path) if path.suffix.lower() == ".parquet" else pl.scan_csv(path, infer_schema=False)
    return typed(frame, frame.collect_schema(), path.name)


def typed(frame: pl.LazyFrame, schema: Mapping[str, pl.DataType], name: str) -> pl.LazyFrame:
    """The frame with exactly the columns of a file, absent ones null. Raises :class:`RecordingError`."""
    found: dict[str, str] = {}
    for column in schema:
        plain = column.casefold().replace("_", "")
        wanted = _BY_PLAIN.get(plain)
        if wanted is None:
            continue
        if wanted in found:
            raise RecordingError(f"{name} has two columns for {wanted}: {found[wanted]} and {column}; drop one")
        found[wanted] = column
    _require(found, list(schema), name)
    columns = []
    for field in COLUMNS:
        source = "ts" if field == "ts_us" else field
        if source not in found:
            columns.append(pl.lit(None, pl.String).alias(field))
            continue
        dtype = schema[found[source]]
        cell = pl.col(found[source])
        if field == "ts_us":
            columns.append(_epoch_us(cell, dtype, name).alias(field))
        elif field in TEXTS:
            columns.append(cell.cast(pl.String).alias(field))
        elif dtype == pl.Float32:
            # Widened to 64 bits 0.1 would become 0.10000000149: the shortest text of the 32 bits is what was meant.
            columns.append(cell.fill_nan(None).cast(pl.String).alias(field))
        elif dtype == pl.Float64:
            columns.append(cell.fill_nan(None).alias(field))
        elif dtype == pl.String:
            text = cell.str.strip_chars()
            columns.append(pl.when(text.is_in(["", "NaN", "nan", "null"])).then(None).otherwise(text).alias(field))
        elif dtype.is_integer() or dtype.is_decimal() or dtype == pl.Null:
            columns.append(cell.alias(field))
        else:
            raise RecordingError(f"{name}: column {found[source]} holds {dtype}, wanted numbers")
    return frame.select(columns)


_BY_PLAIN: Final = {
    name.replace("_", ""): name for name in (*TEXTS, *PRICES, *SIZES, "ts")
} | ALIASES  # fmt: skip


def _require(found: Mapping[str, str], columns: Sequence[str], name: str) -> None:
    missing = [column for column in ("symbol", "ts") if column not in found]
    if not found.keys() & {"last", "bid", "ask"}:
        missing.append("last, bid or ask")
    if missing:
        raise RecordingError(
            f"{name} has no column {' and no '.join(missing)}: it has {', '.join(columns)[:200]}; "
            "rename them as in docs/howto/replay.md"
        )


def _epoch_us(column: pl.Expr, dtype: pl.DataType, name: str) -> pl.Expr:
    """Epoch microseconds; nanoseconds are cut."""
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is None:
            raise RecordingError(f"{name}: the times have no zone, so they may be hours off; write them in UTC")
        return column.dt.epoch("us")
    if dtype == pl.String:
        # A text without a zone does not match and is refused row by row, as on the bus.
        return (
            column.str.strip_chars().str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False).dt.epoch("us")
        )
    if dtype.is_integer():
        return column.cast(pl.Int64) * 1000
    raise RecordingError(f"{name}: column ts holds {dtype}, wanted UTC times, ISO 8601 texts or epoch milliseconds")


class Choice(NamedTuple):
    """Which contracts of a symbol are replayed. ``rows_left_out`` belong to its ``others``."""

    symbol: str
    contracts: tuple[str, ...]
    others: tuple[str, ...]
    rows_left_out: int

    def said(self) -> str:
        """In a line for a person."""
        return (
            f"{self.symbol}: {', '.join(self.contracts)} is replayed; {self.rows_left_out:,} rows of "
            f"{len(self.others)} other contracts are left out (--contract all replays them too)"
        )


def choose_contracts(counts: pl.DataFrame, wanted: Sequence[str]) -> list[Choice]:
    """One line for each symbol that has several contracts, of ``counts`` (symbol, contract, rows, traded).

    A symbol has one price on the bus, and ten contracts of it would jump between ten prices: unless ``wanted`` names
    some (or ``all``), the most traded is replayed. Raises :class:`RecordingError` for a wanted one that is not there.
    """
    there = {contract for contract in counts["contract"] if contract is not None}
    if missing := [contract for contract in wanted if contract != "all" and contract not in there]:
        raise RecordingError(f"contract {missing[0]} is not in the file: it has {', '.join(sorted(there)) or 'none'}")
    choices = []
    for (symbol,), group in counts.sort("traded", "rows", descending=True).group_by("symbol", maintain_order=True):
        names = [name for name in group["contract"] if name is not None]
        if "all" in wanted or len(names) < 2:
            continue
        kept = tuple(name for name in names if name in wanted) or (names[0],)
        others = tuple(name for name in names if name not in kept)
        left_out = int(group.filter(pl.col("contract").is_in(others))["rows"].sum())
        choices.append(Choice(str(symbol), kept, others, left_out))
    return choices


class Recording(NamedTuple):
    """Files opened as one. ``frame``: the rows to play, in order of time; ``sorted_here``: they were not.

    ``first_us`` and ``last_us``: the first and last time, None where no row has one. ``first_free_seq``: above every
    ``seq`` in the files.
    """

    frame: pl.LazyFrame
    rows: int
    symbols: frozenset[str]
    choices: list[Choice]
    sorted_here: bool
    first_us: int | None
    last_us: int | None
    first_free_seq: int


def open_recording(paths: Sequence[Path], symbols: Sequence[str], contracts: Sequence[str]) -> Recording:
    """The rows of these symbols and contracts; of all where none are named. Raises :class:`RecordingError`."""
    names = ", ".join(path.name for path in paths)
    try:
        return _open(paths, names, symbols, contracts)
    except (OSError, pl.exceptions.PolarsError) as error:
        line = (str(error).splitlines() or [type(error).__name__])[0][:160]
        raise RecordingError(f"{names} cannot be read: {line}") from error


def _open(paths: Sequence[Path], names: str, symbols: Sequence[str], contracts: Sequence[str]) -> Recording:
    whole = pl.concat([scan(path) for path in paths], how="vertical_relaxed").with_row_index("place")
    frame, choices = _wanted(whole, symbols, contracts)
    found = frame.select(
        rows=pl.len(),
        in_order=pl.col("ts_us").is_sorted(),
        raw=pl.col("symbol").unique().implode(),
        first_us=pl.col("ts_us").min(),
        last_us=pl.col("ts_us").max(),
        top_seq=pl.col("seq").cast(pl.Int64, strict=False).max(),
    ).collect()
    facts = found.row(0, named=True)
    if facts["rows"] == 0:
        raise RecordingError(f"{names} has no rows to replay: check the file, --symbols and --contract")
    return Recording(
        frame=frame if facts["in_order"] else frame.sort("ts_us", maintain_order=True, nulls_last=True),
        rows=int(facts["rows"]),
        symbols=frozenset(_symbols(facts["raw"])),
        choices=choices,
        sorted_here=not facts["in_order"],
        first_us=facts["first_us"],
        last_us=facts["last_us"],
        first_free_seq=0 if facts["top_seq"] is None else int(facts["top_seq"]) + 1,
    )


def _wanted(frame: pl.LazyFrame, symbols: Sequence[str], contracts: Sequence[str]) -> tuple[pl.LazyFrame, list[Choice]]:
    if symbols:
        raw = frame.select(pl.col("symbol").unique()).collect()["symbol"].to_list()
        frame = frame.filter(pl.col("symbol").is_in([name for name in raw if _is_one_of(name, symbols)]))
    counts = frame.group_by("symbol", "contract").agg(
        rows=pl.len(), traded=pl.col("last_size").cast(pl.Float64, strict=False).sum()
    )
    choices = choose_contracts(counts.collect(), contracts)
    for choice in choices:
        frame = frame.filter(
            (pl.col("symbol") != choice.symbol).fill_null(True)
            | pl.col("contract").is_in(choice.contracts)
            | pl.col("contract").is_null()
        )
    return frame, choices


def rows_of(frame: pl.LazyFrame) -> Iterator[Row]:
    """The rows one by one, a slice in memory at a time."""
    for piece in frame.collect_batches(chunk_size=SLICE, maintain_order=True):
        columns = [piece[name].to_list() for name in Row._fields]
        yield from map(Row._make, zip(*columns, strict=True))


def _symbols(raw: Sequence[str | None]) -> Iterator[str]:
    for name in raw:
        try:
            yield symbol_of(name)[0]
        except QuoteRefusedError as error:
            raise RecordingError(f"column symbol: {error.detail}") from None


def _is_one_of(raw: str | None, symbols: Sequence[str]) -> bool:
    try:
        return symbol_of(raw)[0] in symbols
    except QuoteRefusedError:
        return False
