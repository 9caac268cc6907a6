"""Questions of the web process to the lake's files: few at once, none for longer than somebody waits.

Imports DuckDB and pyarrow, so that it is imported itself only where a question is asked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import structlog
from django.conf import settings

from thor.lake.catalog import Copy, Sources, Stamp, choose
from thor.lake.copies import INDEX, read_copies, stamp_of
from thor.lake.layout import Kind, Part
from thor.lake.reader import open_duckdb, relation
from thor.lake.root import open_store
from thor.lake.store import LakeStore
from thor.lake.stored import PATIENCE_SECONDS, TooMuchError
from thor.runtime.problem import Problem

log = structlog.get_logger()

#: Of one web process, for all questions at once.
_MEMORY: Final = "512MB"
_THREADS: Final = 2
_BATCH_ROWS: Final = 20_000
#: The index of compacted files is looked at again after so long.
_LOOK_SECONDS: Final = 5.0


class _Shelf:
    """The lake that this process reads, what is compacted in it, and the engine that reads it."""

    def __init__(self, store: LakeStore) -> None:
        self.store = store
        self._engine = open_duckdb(store, _MEMORY, _THREADS)
        self._engine.execute("SET lock_configuration = true")
        self._copies: list[Copy] = []
        self._stamp: Stamp | None = None
        self._looked = 0.0
        self._lock = threading.Lock()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        return self._engine.cursor()

    def copies(self) -> list[Copy]:
        """The compacted files, as the index has them now."""
        with self._lock:
            if time.monotonic() - self._looked > _LOOK_SECONDS:
                found = self.store.find(INDEX)
                stamp = None if found is None else stamp_of(found)
                if stamp != self._stamp:
                    self._copies, self._stamp = read_copies(self.store), stamp
                self._looked = time.monotonic()
            return self._copies

    def forget_copies(self) -> None:
        """One that was named is not there: look again."""
        with self._lock:
            self._copies, self._stamp, self._looked = [], None, 0.0


@cache
def _shelf(root: str) -> _Shelf:
    return _Shelf(open_store(root))


def own_shelf() -> _Shelf:
    """Of THOR_DATA_DIR."""
    return _shelf(settings.THOR_DATA_DIR)


def rows(kind: Kind, there: dict[Part, Stamp], is_asked: Callable[[Part], bool], sql: str, *values: Any) -> list[Any]:
    """The rows of a statement over ``{rows}``, the rows of these parts. Raises TooMuchError, and Problem 503 where the
    files cannot be read."""
    with _running(kind, there, is_asked, sql, values) as cursor:
        return cursor.fetchall()


def batches(
    kind: Kind, there: dict[Part, Stamp], is_asked: Callable[[Part], bool], sql: str, *values: Any
) -> Iterator[pa.RecordBatch]:
    """The same batch by batch, without a limit of time: whoever takes them may be slow."""
    cursor = own_shelf().cursor()
    try:
        with _said_plainly():
            statement = sql.format(rows=_relation(kind, there, is_asked))
            reader: Any = cursor.execute(statement, list(values)).to_arrow_reader(_BATCH_ROWS)
            yield from reader
    finally:
        cursor.close()


@contextmanager
def _running(
    kind: Kind, there: dict[Part, Stamp], is_asked: Callable[[Part], bool], sql: str, values: Sequence[Any]
) -> Iterator[duckdb.DuckDBPyConnection]:
    cursor = own_shelf().cursor()
    timer = threading.Timer(PATIENCE_SECONDS, cursor.interrupt)
    timer.start()
    try:
        with _said_plainly():
            yield _executed(cursor, kind, there, is_asked, sql, list(values))
    finally:
        timer.cancel()
        cursor.close()


def _executed(
    cursor: duckdb.DuckDBPyConnection, kind: Kind, there: dict[Part, Stamp], is_asked: Callable[[Part], bool],
    sql: str, values: list[Any],
) -> duckdb.DuckDBPyConnection:  # fmt: skip
    try:
        return cursor.execute(sql.format(rows=_relation(kind, there, is_asked)), values)
    except duckdb.IOException:  # a copy may have been deleted since the index was read
        own_shelf().forget_copies()
        return cursor.execute(sql.format(rows=_relation(kind, there, is_asked)), values)


def _relation(kind: Kind, there: dict[Part, Stamp], is_asked: Callable[[Part], bool]) -> str:
    shelf = own_shelf()
    sources = choose(there, _of_kind(kind, shelf.copies(), there), is_asked) if there else Sources((), ())
    return f"({relation(shelf.store, kind, sources)})"


def _of_kind(kind: Kind, copies: Iterable[Copy], there: dict[Part, Stamp]) -> list[Copy]:
    """Only copies that can hold some of these parts are looked into."""
    any_part = next(iter(there))
    months = {f"month={part.trade_date:%Y-%m}" for part in there}
    about = f"symbol={any_part.symbol}" if kind is Kind.TICKS else f"timeframe={any_part.timeframe}"
    return [
        copy for copy in copies
        if (folders := copy.key.split("/"))[1] == kind.value and about in folders and months & set(folders)
    ]  # fmt: skip


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except duckdb.InterruptException:
        raise TooMuchError from None
    except duckdb.OutOfMemoryException:
        raise TooMuchError from None
    except duckdb.Error as error:
        log.error("lake.unreadable", error=(str(error).splitlines() or ["no reason"])[0])
        raise Problem(
            "files of the lake cannot be read: `thor lake verify` says which; the log has more", status=503
        ) from error


def written_aside(batches_: Iterable[pa.RecordBatch], schema: pa.Schema, path: Path) -> None:
    """A Parquet file of these batches: its beginning cannot be sent before its end is known."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
        for batch in batches_:
            writer.write_batch(batch)
