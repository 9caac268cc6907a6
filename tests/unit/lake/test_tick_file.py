"""A tick file that reads otherwise than it was written is never published."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.lake_support import ticks_table
from tests.ticks_support import DAY
from thor.lake import columns, tick_file
from thor.lake.lines import rows_sha256
from thor.lake.tick_file import ColumnsHash, write_ticks
from thor.runtime.problem import Problem


def table(count: int = 50) -> pa.Table:
    return ticks_table("ES", DAY, count)


def found(rows: pa.Table, size: int) -> object:
    seen = ColumnsHash()
    for _ in seen.over(rows.to_batches(max_chunksize=size)):
        pass
    return seen.found()


def test_a_file_is_what_was_written(tmp_path: Path) -> None:
    draft = write_ticks(tmp_path / "x", table().to_batches(max_chunksize=7), "test")
    assert pq.read_table(tmp_path / "x").equals(table())
    assert (draft.rows, draft.rows_sha256) == (50, rows_sha256(table().to_batches()))
    assert pq.read_metadata(tmp_path / "x").metadata[columns.SHA256.encode()].decode() == draft.rows_sha256


def test_the_hashes_of_columns_do_not_depend_on_batches_and_tell_every_change_apart() -> None:
    rows = table()
    assert found(rows, 7) == found(rows, 50)
    for name in ("last", "bid", "venue", "source", "ts", "stream_id", "last_size"):
        place = rows.schema.get_field_index(name)
        other = rows.column(place).take(pa.array([1, 0, *range(2, 50)]))
        nulled = pa.chunked_array([pa.nulls(50, rows.schema.field(name).type)])
        changed = [rows.set_column(place, name, each) for each in (other, nulled)]
        assert [found(each, 9) == found(rows, 9) for each in changed] == [each.equals(rows) for each in changed]


def test_a_file_that_reads_otherwise_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = pq.ParquetWriter.write_table

    def change(writer: pq.ParquetWriter, rows: pa.Table, size: int) -> None:
        place = rows.schema.get_field_index("last_size")
        write(writer, rows.set_column(place, "last_size", pa.array([7] * len(rows))), size)

    monkeypatch.setattr(tick_file.pq.ParquetWriter, "write_table", change)
    with pytest.raises(Problem, match="reads otherwise"):
        write_ticks(tmp_path / "x", table().to_batches(), "test")
