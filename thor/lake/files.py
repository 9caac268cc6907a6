"""A file of the lake, written: rows in, a published Parquet file and its entry in the list out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from thor.lake import columns
from thor.lake.layout import Part
from thor.lake.line_kernel import rows_sha256
from thor.lake.models import FileState, LakeFile
from thor.lake.store import LakeStore, as_any

ROW_GROUP: Final = 65_536
_PAGE: Final = 1 << 20


class Written(NamedTuple):
    """What was published, and the hashes of its rows and of its bytes."""

    key: str
    rows: int
    size: int
    rows_sha256: str
    file_sha256: str
    exported_at: datetime


def write_table(store: LakeStore, part: Part, table: pa.Table, source: str, about: Mapping[str, str]) -> Written:
    """Publish a table that fits into memory. ``about``: further metadata. Does not list it: see :func:`list_file`."""
    digest = rows_sha256(table.to_batches())
    exported_at = datetime.now(UTC)
    with store.aside() as path:
        with pq.ParquetWriter(path, table.schema, **parquet_options()) as writer:
            writer.write_table(table, ROW_GROUP)
            writer.add_key_value_metadata(metadata(table.num_rows, digest, source, exported_at) | dict(about))
        size, file_digest = path.stat().st_size, file_sha256(path)
        store.publish(path, part.key)
    return Written(part.key, table.num_rows, size, digest, file_digest, exported_at)


def list_file(part: Part, written: Written, **more: Any) -> LakeFile:
    """Enter a published file into the list, in place of the one before. ``more``: ``made_of``, ``suspect``, ``state``,
    ``verified_at``."""
    file, _ = LakeFile.objects.update_or_create(
        key=written.key,
        defaults={
            "kind": part.kind.value,
            "trade_date": part.trade_date,
            "symbol": part.symbol,
            "timeframe": part.timeframe.value if part.timeframe else "",
            "rows": written.rows,
            "size": written.size,
            "rows_sha256": written.rows_sha256,
            "file_sha256": written.file_sha256,
            "exported_at": written.exported_at,
            "state": FileState.OK.value,
            "trouble": "",
            "verified_at": None,
            **more,
        },
    )
    return file


def begin_replacing(keys: Iterable[str]) -> None:
    """Say that other files are about to take these places: should this process end before they are listed, nobody
    takes what the list says for theirs."""
    LakeFile.objects.filter(key__in=list(keys)).update(file_sha256="")


def parquet_options() -> dict[str, Any]:
    """How every file of the lake is written."""
    compression = settings.THOR_PARQUET_COMPRESSION
    return {"compression": compression, "compression_level": 1 if compression == "zstd" else None}


def metadata(rows: int, rows_digest: str, source: str, exported_at: datetime) -> dict[str, str]:
    """What a file says of itself."""
    return {
        columns.SCHEMA: columns.VERSION,
        columns.EXPORTED_AT: exported_at.isoformat().replace("+00:00", "Z"),
        columns.SOURCE: source,
        columns.ROWS: str(rows),
        columns.SHA256: rows_digest,
    }


def read_metadata(store: LakeStore, key: str) -> dict[str, str]:
    """What a file says of itself, by reading its end only. Raises FileNotFoundError, and pa.ArrowInvalid or OSError for
    one that is no Parquet file."""
    with store.open(key) as file:
        found = pq.ParquetFile(as_any(file)).metadata.metadata or {}
    return {name.decode(): value.decode() for name, value in found.items() if name.startswith(b"thor.")}


def file_sha256(path: Path) -> str:
    """Of a local file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stored_sha256(store: LakeStore, key: str) -> str:
    """Of a stored file's bytes. Raises FileNotFoundError."""
    digest = hashlib.sha256()
    with store.open(key) as file:
        while page := file.read(_PAGE):
            digest.update(page)
    return digest.hexdigest()


def batches_of(store: LakeStore, key: str, names: Iterable[str] | None = None) -> Iterable[pa.RecordBatch]:
    """A file's rows, a row group at a time."""
    with store.open(key) as file:
        wanted = None if names is None else list(names)
        yield from pq.ParquetFile(as_any(file)).iter_batches(ROW_GROUP, columns=wanted)
