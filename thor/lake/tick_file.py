"""A tick file, written from batches that pass by and read back: memory of a row group or two, whatever its size."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from thor.lake import columns
from thor.lake.files import ROW_GROUP, file_sha256, metadata, parquet_options
from thor.lake.line_kernel import texts
from thor.lake.numbers import integers, is_valid, text_bytes
from thor.runtime.problem import Problem

_READ_ROWS: Final = 8_192
#: What was measured to be small, and quick to write and read (ADR 24).
_DELTA: Final = ("ts", "last", "bid", "ask", "volume", "seq", "created_at")
ENCODINGS: Final[dict[str, Any]] = {
    "store_decimal_as_integer": True,
    "use_dictionary": [name for name in columns.TICKS.names if name not in (*_DELTA, "stream_id")],
    "column_encoding": dict.fromkeys(_DELTA, "DELTA_BINARY_PACKED") | {"stream_id": "DELTA_BYTE_ARRAY"},
}


class Draft(NamedTuple):
    """A finished file that was not published yet."""

    rows: int
    size: int
    rows_sha256: str
    file_sha256: str
    exported_at: datetime


class RowCount:
    """How many rows passed by."""

    def __init__(self) -> None:
        self.rows = 0

    def over(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            self._take(batch)
            yield batch

    def _take(self, batch: pa.RecordBatch) -> None:
        self.rows += len(batch)


class RowsHash(RowCount):
    """How many, and their hash."""

    def __init__(self) -> None:
        super().__init__()
        self._digest = hashlib.sha256()

    def _take(self, batch: pa.RecordBatch) -> None:
        super()._take(batch)
        for text in texts(batch):
            self._digest.update(text)

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


class ColumnsHash(RowCount):
    """How many, and hashes of what is in each column, however the rows are cut into batches: a third of the work of the
    hash of their lines, and they differ when that does."""

    def __init__(self) -> None:
        super().__init__()
        self._digests: dict[tuple[int, str], Any] = {}

    def _take(self, batch: pa.RecordBatch) -> None:
        super()._take(batch)
        for place, column in enumerate(batch.columns):
            for name, piece in _pieces(column):
                self._digests.setdefault((place, name), hashlib.sha256()).update(piece)

    def found(self) -> dict[tuple[int, str], str]:
        """To be compared with another's."""
        return {key: digest.hexdigest() for key, digest in self._digests.items()}


def _pieces(column: pa.Array) -> Iterator[tuple[str, Any]]:
    """What makes a column: where it is null, and the bytes of its values that are none."""
    yield "there", is_valid(column).view(np.uint8)
    values = column.drop_null()
    if pa.types.is_string(values.type):
        yield "lengths", integers(pc.binary_length(values).cast(pa.int64()))
        yield "values", text_bytes(values)
    else:
        width = values.type.bit_width // 8
        raw = memoryview(values.buffers()[1] or b"")
        yield "values", raw[width * values.offset : width * (values.offset + len(values))]


def write_ticks(path: Path, batches: Iterable[pa.RecordBatch], source: str) -> Draft:
    """Write ``batches``, which have the columns of ``columns.TICKS`` and are in order, to a local file, and read all of
    it back. Raises Problem when that is not what was written."""
    lines, written, exported_at = RowsHash(), ColumnsHash(), datetime.now(UTC)
    with pq.ParquetWriter(path, columns.TICKS, **parquet_options(), **ENCODINGS) as writer:
        for group in _row_groups(written.over(lines.over(batches))):
            writer.write_table(group, ROW_GROUP)
        writer.add_key_value_metadata(metadata(lines.rows, lines.hexdigest(), source, exported_at))
    _check(path, written)
    return Draft(lines.rows, path.stat().st_size, lines.hexdigest(), file_sha256(path), exported_at)


def _check(path: Path, written: ColumnsHash) -> None:
    """Read all of it back."""
    read = ColumnsHash()
    for _ in read.over(pq.ParquetFile(path).iter_batches(_READ_ROWS, use_threads=False)):
        pass
    if (read.rows, read.found()) != (written.rows, written.found()):
        raise Problem("a file that was written reads otherwise: the disk or the memory of this machine is not sound")


def _row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The same rows, so many at a time as a row group has."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += len(batch)
        while count >= ROW_GROUP:
            table = pa.Table.from_batches(held)
            yield table.slice(0, ROW_GROUP)
            held = table.slice(ROW_GROUP).to_batches()
            count -= ROW_GROUP
    if count:
        yield pa.Table.from_batches(held)
