"""Compaction: the small files of months that are over, copied into few large ones that are quick to read.

The small files stay: a compacted file is a copy, and ``compact/`` can be deleted at any time
(docs/adr/0026-compacted-files-are-a-copy.md). A copy has a name of its own for what is in it, so that a reader that has
the older one in its hands keeps it; it counts from the moment on that the index names it.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from django.db import connection

from thor.lake import columns
from thor.lake.catalog import Copy, Group, Stamp, plan
from thor.lake.copies import INDEX, parts_there, read_copies, stamp_of, write_copies
from thor.lake.files import ROW_GROUP, parquet_options
from thor.lake.layout import Kind, Part
from thor.lake.models import FileState, LakeFile
from thor.lake.reader import copy_schema
from thor.lake.runs import Progress
from thor.lake.store import LakeStore, as_any
from thor.lake.tick_file import ENCODINGS
from thor.markets.trade_date import epoch_us
from thor.runtime.problem import Problem

#: Files of so many bytes and more are large enough.
LARGEST: Final = 8 << 20
#: Of a copy: what is in it, as JSON: [date, symbol, size, hash of its rows] each.
PARTS: Final = "thor.parts"
#: The index is written so often while files are added; what a killed run did not enter is taken up by the next.
_INDEX_SECONDS: Final = 5.0
#: A file that was changed so lately is left to the next run: stores tell its time to the second.
_SETTLED: Final = timedelta(seconds=10)
#: Copies that nobody names are deleted when the index has been without them for so long: whoever reads them is done.
_GRACE: Final = timedelta(hours=1)


#: Of bars: half the time to read ``ts``, and two fifths less bytes.
_SPLIT: Final = ("vwap", "spread_mean")
_BAR_ENCODINGS: Final[dict[str, Any]] = {
    "use_dictionary": [name for name in columns.BARS.names if name not in ("ts", *_SPLIT)],
    "column_encoding": {"ts": "DELTA_BINARY_PACKED"} | dict.fromkeys(_SPLIT, "BYTE_STREAM_SPLIT"),
}


class Compacted(NamedTuple):
    """What came of it: ``files`` written of ``parts`` small ones, ``skipped`` up to date, ``deleted`` superseded ones.
    ``damaged``: keys of small files that are not what was listed, which were left out."""

    files: int
    parts: int
    skipped: int
    deleted: int
    rows: int
    bytes: int
    damaged: tuple[str, ...]
    seconds: float

    def said(self) -> str:
        """One line for a person."""
        line = (
            f"{self.parts:,} small files copied into {self.files:,} ({self.rows:,} rows, {self.bytes / 1e6:,.1f} MB) "
            f"in {self.seconds:.1f} s; {self.skipped:,} were up to date"
        )
        return line + (f"; LEFT OUT, run `thor lake verify`: {', '.join(self.damaged[:3])}" if self.damaged else "")


class Planned(NamedTuple):
    """A compacted file to be: its key, and the parts in it as they are now, in the order of their rows. ``hashes``: of
    their bytes."""

    group: Group
    key: str
    parts: Mapping[Part, Stamp]
    hashes: Mapping[Part, str]


class _ChangedError(Exception):
    """A small file is not what it was: it was exported again, or is damaged."""

    def __init__(self, key: str, *, is_damaged: bool) -> None:
        super().__init__(key)
        self.key, self.is_damaged = key, is_damaged


def planned(
    store: LakeStore, today: date, month: str | None = None, listed: Mapping[str, Listed] | None = None
) -> list[Planned]:
    """What :func:`compact` would see to, up to date or not. ``listed``: key -> what the list says, by default ours."""
    listed = listed_files() if listed is None else listed
    settled_us = epoch_us(datetime.now(UTC) - _SETTLED)
    there = {
        part: Stamp(stamp.size, stamp.changed_us, own.rows_sha256)
        for kind in (Kind.TICKS, Kind.BARS)
        for part, stamp in parts_there(store, kind).items()
        if (own := listed.get(part.key)) is not None and own.size == stamp.size and stamp.changed_us < settled_us
    }
    return [
        _planned(group, {part: there[part] for part in parts}, listed)
        for group, parts in plan(there, today, LARGEST).items()
        if month is None or group.month == month
    ]


class Listed(NamedTuple):
    """What the list says of a file."""

    size: int
    rows_sha256: str
    file_sha256: str


def listed_files() -> dict[str, Listed]:
    """All that are as they were published, by key."""
    good = (FileState.OK.value, FileState.ARCHIVED.value)
    rows = LakeFile.objects.filter(state__in=good, file_sha256__gt="").values_list(
        "key", "size", "rows_sha256", "file_sha256"
    )
    return {key: Listed(size, rows_hash, file_hash) for key, size, rows_hash, file_hash in rows}


def _planned(group: Group, parts: Mapping[Part, Stamp], listed: Mapping[str, Listed]) -> Planned:
    return Planned(group, _key(group, parts), parts, {part: listed[part.key].file_sha256 for part in parts})


def _key(group: Group, parts: Mapping[Part, Stamp]) -> str:
    """The place of a compacted file: its name says what is in it."""
    digest = hashlib.sha256()
    for part, stamp in parts.items():
        digest.update(f"{part.key} {stamp.size} {stamp.changed_us} {stamp.rows_sha256}\n".encode())
    return f"{group.folder}/{group.kind.value}-{digest.hexdigest()[:12]}.parquet"


def compact(store: LakeStore, progress: Progress, today: date, month: str | None = None) -> Compacted:
    """Bring the compacted files of the months before ``today``'s up to date; of one ``month`` (``2025-10``) where it is
    given. Raises Problem where another process is at it."""
    with _alone():
        return carry_out(store, progress, planned(store, today, month), month)


def carry_out(store: LakeStore, progress: Progress, wanted: Sequence[Planned], month: str | None = None) -> Compacted:
    """The same of what was planned, by who knows that nobody else is at it."""
    return _Run(store, progress).carry_out(wanted, month)


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('thor.lake.compact'))")
        row = cursor.fetchone()
        if row is None or not row[0]:
            raise Problem("the lake is being compacted already: wait for that to end", status=409)
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('thor.lake.compact'))")


class _Run:
    """One compaction."""

    def __init__(self, store: LakeStore, progress: Progress) -> None:
        self._store, self._progress = store, progress
        self._copies = {copy.key: copy for copy in read_copies(store)}
        self._told = time.monotonic()
        self._files = self._parts = self._skipped = self._rows = self._bytes = 0
        self._damaged: list[str] = []

    def carry_out(self, wanted: Sequence[Planned], month: str | None) -> Compacted:
        begun = time.monotonic()
        unnamed = self._unnamed()
        self._progress.begin(len(wanted), "files")
        for each in wanted:
            self._progress.check()
            self._see_to(each)
            self._progress.advance(1, each.key)
        self._drop_superseded(wanted, month)
        write_copies(self._store, self._copies.values())
        deleted = self._delete(unnamed)
        return Compacted(
            self._files, self._parts, self._skipped, deleted, self._rows, self._bytes, tuple(self._damaged),
            time.monotonic() - begun,
        )  # fmt: skip

    def _see_to(self, each: Planned) -> None:
        if each.key in self._copies:
            self._skipped += 1
            return
        try:
            size, rows = self._there(each) or self._write(each)
        except _ChangedError as error:
            if error.is_damaged:
                self._damaged.append(error.key)
            return
        self._files, self._parts = self._files + 1, self._parts + len(each.parts)
        self._rows, self._bytes = self._rows + rows, self._bytes + size
        for key in [key for key in self._copies if key.startswith(f"{each.group.folder}/")]:
            del self._copies[key]
        self._copies[each.key] = Copy(each.key, size, dict(each.parts))
        if time.monotonic() - self._told > _INDEX_SECONDS:
            write_copies(self._store, self._copies.values())
            self._told = time.monotonic()

    def _there(self, each: Planned) -> tuple[int, int] | None:
        """A copy that a run wrote before it was killed: its name says that it is this one."""
        found = self._store.find(each.key)
        if found is None:
            return None
        with self._store.open(each.key) as file:
            about: Any = pq.ParquetFile(as_any(file)).metadata
        return found.size, about.num_rows

    def _write(self, each: Planned) -> tuple[int, int]:
        schema = copy_schema(each.group.kind)
        options = parquet_options() | (_BAR_ENCODINGS if each.group.kind is Kind.BARS else ENCODINGS)
        rows = 0
        with self._store.aside() as path:
            with pq.ParquetWriter(path, schema, **options) as writer:
                for table in _by_symbol(self._tables(each)):
                    writer.write_table(table, ROW_GROUP)
                    rows += table.num_rows
                writer.add_key_value_metadata({columns.SCHEMA: columns.VERSION, PARTS: _parts_json(each.parts)})
            self._check(each)
            size = path.stat().st_size
            self._store.publish(path, each.key)
        return size, rows

    def _tables(self, each: Planned) -> Iterator[tuple[str, pa.Table]]:
        for part, stamp in each.parts.items():
            self._progress.check()
            yield part.symbol, _read(self._store, part, stamp, each.hashes[part])

    def _check(self, each: Planned) -> None:
        """What was read is what is still there."""
        for part, stamp in each.parts.items():
            found = self._store.find(part.key)
            if found is None or not stamp_of(found).is_of(Stamp(stamp.size, stamp.changed_us)):
                raise _ChangedError(part.key, is_damaged=False)

    def _drop_superseded(self, wanted: Sequence[Planned], month: str | None) -> None:
        """Copies of which nothing is wanted any more."""
        folders = {each.group.folder for each in wanted}
        for key in list(self._copies):
            folder = key.rpartition("/")[0]
            if folder not in folders and (month is None or f"month={month}" in key):
                del self._copies[key]

    def _unnamed(self) -> list[str]:
        """Copies that no index has named for a while."""
        index = self._store.find(INDEX)
        if index is None or datetime.now(UTC) - index.modified_at < _GRACE:
            return []
        return [found.key for found in self._store.list("compact/") if found.key not in {*self._copies, INDEX}]

    def _delete(self, unnamed: Iterable[str]) -> int:
        gone = [key for key in unnamed if key not in self._copies]
        for key in gone:
            self._store.delete(key)
        return len(gone)


def _read(store: LakeStore, part: Part, stamp: Stamp, file_sha256: str) -> pa.Table:
    """A small file's rows, if its bytes are those that were listed."""
    try:
        with store.open(part.key) as file:
            data = file.read()
    except FileNotFoundError:
        raise _ChangedError(part.key, is_damaged=False) from None
    if len(data) != stamp.size:
        raise _ChangedError(part.key, is_damaged=False)
    if hashlib.sha256(data).hexdigest() != file_sha256:
        raise _ChangedError(part.key, is_damaged=True)
    table = pq.ParquetFile(io.BytesIO(data)).read()
    if part.kind is Kind.TICKS:
        day = pa.repeat(pa.scalar(part.trade_date, pa.date32()), table.num_rows)
        table = table.append_column("trade_date", day)
    return table.select(copy_schema(part.kind).names).cast(copy_schema(part.kind))


def _by_symbol(tables: Iterable[tuple[str, pa.Table]]) -> Iterator[pa.Table]:
    """The same rows in tables of one symbol and about a row group each: who asks for one symbol skips the others."""
    kept: list[pa.Table] = []
    of = ""
    for symbol, table in tables:
        if kept and (symbol != of or sum(each.num_rows for each in kept) >= ROW_GROUP):
            yield pa.concat_tables(kept)
            kept = []
        of = symbol
        kept.append(table)
    if kept:
        yield pa.concat_tables(kept)


def _parts_json(parts: Mapping[Part, Stamp]) -> str:
    rows = [[part.trade_date.isoformat(), part.symbol, stamp.size, stamp.rows_sha256] for part, stamp in parts.items()]
    return json.dumps(rows, separators=(",", ":"))
