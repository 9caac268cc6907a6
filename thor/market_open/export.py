"""Rows of opens as CSV, Excel or Parquet: the database writes CSV, from which the other two are made.

For a process of its own: the web's never imports what writes Parquet. In CSV and Excel a text that a spreadsheet would
take for a formula has an apostrophe before it; numbers stay numbers, also below zero. Parquet keeps text as it is.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, LiteralString, NamedTuple, cast

from django.db import models

from thor.indicators.models import IntradayMetric
from thor.market_open.filters import Filters
from thor.market_open.grading import Outcome
from thor.market_open.models import MarketSession
from thor.market_open.selectors import METRICS
from thor.market_open.sums import condition_of, query
from thor.market_open.workbook import Column, write_workbook
from thor.runtime.schema import connection_for

if TYPE_CHECKING:
    import polars

#: What makes a spreadsheet calculate, also in the wide forms of East Asian text.
_FORMULA: Final[LiteralString] = r"^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]"
_TIME: Final[LiteralString] = '\'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\''


class Format(StrEnum):
    """Of a file."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


class Cell(NamedTuple):
    """A column of the file: its name, the SQL that makes it, and its field where a table has it."""

    name: str
    sql: str
    kind: Column
    field: models.Field[Any, Any] | None = None


def write(out: IO[bytes], filters: Filters, form: Format) -> None:
    """All rows that match."""
    if form is Format.CSV:
        for block in _csv(filters, is_safe=True):
            out.write(block)
    elif form is Format.XLSX:
        kinds = [(cell.name, cell.kind) for cell in cells()]
        write_workbook(out, kinds, _rows(_csv(filters, is_safe=True)))
    else:
        _write_parquet(out, filters)


# --- columns ---------------------------------------------------------------------------------------------------------


def cells() -> list[Cell]:
    """The columns of a row, then those that the API puts beside them."""
    own = [_of(field, "own") for field in MarketSession._meta.concrete_fields if not field.primary_key]
    metrics = [_of(IntradayMetric._meta.get_field(name), "metric") for name in METRICS]
    texts = " ".join(f"WHEN '{each.value}' THEN '{each.text.replace(chr(39), chr(39) * 2)}'" for each in Outcome)
    buys = "own.entry_side = 'BUY'"
    high, low = "trim_scale(own.target_high)", "trim_scale(own.target_low)"
    field = MarketSession._meta.get_field("target_high")
    return [
        *own,
        Cell("display_name", "market.display_name", Column.TEXT),
        Cell("outcome", f"CASE own.wndw {texts} END", Column.TEXT),
        Cell("target", f"CASE WHEN {buys} THEN {high} ELSE {low} END", Column.NUMBER, cast(Any, field)),
        Cell("stop", f"CASE WHEN {buys} THEN {low} ELSE {high} END", Column.NUMBER, cast(Any, field)),
        Cell("missing", "total.missing", Column.TEXT),
        *metrics,
    ]


def _of(field: Any, table: str) -> Cell:
    column = str(field.column)
    name = f"{table}.{column}"
    if isinstance(field, models.DecimalField):
        return Cell(column, f"trim_scale({name})", Column.NUMBER, field)
    if isinstance(field, models.IntegerField):
        return Cell(column, name, Column.NUMBER, field)
    if isinstance(field, models.DateTimeField):
        return Cell(column, f"to_char({name} AT TIME ZONE 'UTC', {_TIME})", Column.TIME, field)
    if isinstance(field, models.DateField):
        return Cell(column, f"to_char({name}, 'YYYY-MM-DD')", Column.DATE, field)
    return Cell(column, f"nullif({name}::text, '')", Column.TEXT, field)


def _select(filters: Filters, *, is_safe: bool) -> tuple[str, dict[str, Any]]:
    condition, values = condition_of(filters)
    columns = ",\n    ".join(f'{_text(cell, is_safe=is_safe)} AS "{cell.name}"' for cell in cells())
    return query("export").format(columns=columns, condition=condition), values | {"formula": _FORMULA}


def _text(cell: Cell, *, is_safe: bool) -> str:
    if not is_safe or cell.kind is not Column.TEXT:
        return cell.sql
    return f"CASE WHEN {cell.sql} ~ %(formula)s THEN '''' || {cell.sql} ELSE {cell.sql} END"


# --- files -----------------------------------------------------------------------------------------------------------


def _csv(filters: Filters, *, is_safe: bool) -> Iterator[bytes]:
    """The rows as the database writes them, with a head."""
    statement, values = _select(filters, is_safe=is_safe)
    connection = connection_for(MarketSession)
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        text = f"COPY ({statement}) TO STDOUT (FORMAT csv, HEADER)"
        with cursor.copy(text, values) as copied:
            for block in copied:
                yield bytes(block)


def _rows(blocks: Iterator[bytes]) -> Iterator[list[str]]:
    """Without the head."""
    rows = csv.reader(io.TextIOWrapper(cast(Any, _Blocks(blocks)), encoding="utf-8", newline=""))
    next(rows)
    return rows


class _Blocks(io.RawIOBase):
    """Blocks of bytes as a file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = block
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _write_parquet(out: IO[bytes], filters: Filters) -> None:
    """With decimals, dates and instants of their own types."""
    import polars as pl

    with tempfile.TemporaryDirectory(prefix="thor-export-") as folder:
        path = Path(folder) / "rows.csv"
        with path.open("wb") as file:
            file.writelines(_csv(filters, is_safe=False))
        frame = pl.read_csv(path, infer_schema=False)
    frame.select(_typed(cell) for cell in cells()).write_parquet(out)


def _typed(cell: Cell) -> polars.Expr:
    import polars as pl

    column, field = pl.col(cell.name), cell.field
    if isinstance(field, models.DecimalField):
        return column.cast(pl.Decimal(field.max_digits, field.decimal_places))
    if cell.kind is Column.NUMBER:
        return column.cast(pl.Int64)
    if cell.kind is Column.DATE:
        return column.str.to_date("%Y-%m-%d")
    if cell.kind is Column.TIME:
        return column.str.to_datetime("%Y-%m-%dT%H:%M:%S%.6fZ", time_unit="us", time_zone="UTC")
    return column
