"""Export: the ticks of PostgreSQL as files of the lake, a file a trade date and symbol.

What is up to date is left alone, so that a run goes on where one before it ended. A part is held with a lock of the
database while it is read, written, checked, published and listed: of two exporters the second finds it done.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

import pyarrow as pa
from django.db import connection
from django.db.models import Sum

from thor.instruments.selectors import known_symbols
from thor.lake import columns
from thor.lake.files import Written, batches_of, begin_replacing, list_file, read_metadata, stored_sha256
from thor.lake.layout import Kind
from thor.lake.models import FileState, LakeFile
from thor.lake.root import is_own
from thor.lake.runs import CancelledError, Progress
from thor.lake.store import LakeStore
from thor.lake.stored_parts import StoredPart, is_up_to_date, listed_ticks, stale_parts, stored_parts
from thor.lake.tick_file import RowCount, RowsHash, write_ticks
from thor.lake.tick_merge import as_ticks, merged
from thor.lake.ticks_source import TicksError, TicksSource
from thor.runtime.problem import Problem

__all__ = ["Exported", "Wish", "export", "stale_parts"]

SOURCE: Final = "postgresql:ticks"
#: Parts at a time: while the database makes the rows of one, another is packed.
_AT_ONCE: Final = 2
#: Before the first file tells: of a row, and what stays free for all others.
_BYTES_A_ROW: Final = 40
_SPARE_BYTES: Final = 256 << 20
_LOOK_SECONDS: Final = 0.2
_FIRST, _LAST = date(1971, 1, 1), date(2199, 12, 31)


class Wish(NamedTuple):
    """What is to be exported: trade dates ``first`` to ``last``, of these symbols (None: all). ``overwrite``: also what
    is up to date."""

    first: date
    last: date
    symbols: tuple[str, ...] | None = None
    overwrite: bool = False


class Exported(NamedTuple):
    """What came of it: ``parts`` written, ``skipped`` up to date, ``empty`` trade dates without a tick. ``rows`` and
    ``bytes`` of what was written."""

    parts: int
    skipped: int
    rows: int
    bytes: int
    seconds: float
    empty: int

    def said(self) -> str:
        """In one line."""
        rate = f" ({self.rows / self.seconds:,.0f} rows/s)" if self.rows and self.seconds > 0 else ""
        size = f"{self.bytes / (1 << 20):,.1f} MiB"
        said = f"{self.parts:,} files, {self.rows:,} rows, {size} in {self.seconds:.1f} s{rate}"
        said += f"; {self.skipped:,} up to date" if self.skipped else ""
        return said + (f"; {self.empty:,} dates without ticks" if self.empty else "")


class RefusedError(Problem):
    """One part cannot be exported without losing something; the others can."""


@dataclass
class _Work:
    """What the threads of an export share."""

    store: LakeStore
    is_own: bool
    overwrite: bool
    todo: deque[StoredPart]
    #: What was done since: rows that were read, and parts that are done or refused.
    told: queue.SimpleQueue[int | Written | RefusedError | None] = field(default_factory=queue.SimpleQueue)
    stop: threading.Event = field(default_factory=threading.Event)

    def counted(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The same, telling of each."""
        for batch in batches:
            if self.stop.is_set():
                raise CancelledError
            yield batch
            self.told.put(len(batch))


def export(store: LakeStore, wish: Wish, progress: Progress) -> Exported:
    """Bring the lake up to what PostgreSQL has. A lake that is not this Thor's own gets files and no entries in the
    list. Raises Problem, when all else is done also for parts that could not be exported."""
    began = time.monotonic()
    _check(wish)
    found = _wanted(wish)
    own = is_own(store)
    todo = found if wish.overwrite else _to_do(store, found, own=own)
    _check_room(store, sum(each.rows for each in todo))
    written = _carry_out(_Work(store, own, wish.overwrite, deque(todo)), progress, todo)
    return Exported(
        parts=len(written),
        skipped=len(found) - len(written),
        rows=sum(each.rows for each in written),
        bytes=sum(each.size for each in written),
        seconds=time.monotonic() - began,
        empty=(wish.last - wish.first).days + 1 - len({each.part.trade_date for each in found}),
    )


# --- what is to be done ---------------------------------------------------------------------------------------------


def _check(wish: Wish) -> None:
    if wish.last < wish.first:
        raise Problem(f"the end {wish.last} is before the start {wish.first}: give a later one", status=422)
    if wish.first < _FIRST or wish.last > _LAST:
        raise Problem(f"trade dates are from {_FIRST} to {_LAST}: give others", status=422)
    if unknown := sorted(set(wish.symbols or ()) - known_symbols()):
        raise Problem(f"no such instrument: {', '.join(unknown)[:80]}. Choose others, or add it.", status=422)


def _wanted(wish: Wish) -> list[StoredPart]:
    found = stored_parts(wish.first, wish.last)
    return [each for each in found if wish.symbols is None or each.part.symbol in wish.symbols]


def _to_do(store: LakeStore, found: Sequence[StoredPart], *, own: bool) -> list[StoredPart]:
    """Those that are not up to date."""
    if not own:
        return [each for each in found if not _says_all(store, each)]
    if not found:
        return []
    listed = listed_ticks(found[0].part.trade_date, found[-1].part.trade_date)
    days = {each.part.trade_date for each in found}
    there = {file.key: file for day in sorted(days) for file in store.list(f"ticks/date={day}/")}
    return [
        each
        for each in found
        if not is_up_to_date(each.rows, listed.get(each.part.key), there.get(each.part.key))
    ]  # fmt: skip


def _says_all(store: LakeStore, each: StoredPart) -> bool:
    """Of a lake without a list: whether the file's own words are of as many rows."""
    try:
        return read_metadata(store, each.part.key).get(columns.ROWS) == str(each.rows)
    except (FileNotFoundError, OSError, pa.ArrowException):
        return False


def _check_room(store: LakeStore, rows: int) -> None:
    """Raises Problem before anything is written when it would not all find room."""
    free = store.free_bytes()
    if free is None or not rows:
        return
    so_far = LakeFile.objects.filter(kind=Kind.TICKS.value, rows__gt=0).aggregate(rows=Sum("rows"), size=Sum("size"))
    a_row = so_far["size"] / so_far["rows"] if so_far["rows"] else _BYTES_A_ROW
    if free < (wanted := round(rows * a_row) + _SPARE_BYTES):
        raise Problem(
            f"no room in the lake {store.root}: {rows:,} rows take about {wanted / (1 << 20):,.0f} MiB with what stays"
            f" free for others, and {free / (1 << 20):,.0f} MiB are free. Free space or set THOR_DATA_DIR.",
            status=507,
        )


# --- doing it -------------------------------------------------------------------------------------------------------


def _carry_out(work: _Work, progress: Progress, todo: Sequence[StoredPart]) -> list[Written]:
    progress.begin(sum(each.rows for each in todo), "rows")
    pa.set_memory_pool(pa.system_memory_pool())  # which gives back at once what Arrow's own would keep
    count = min(_AT_ONCE, len(todo))
    if not count:
        return []
    with ThreadPoolExecutor(count, "export") as pool:
        futures = [pool.submit(_work_off, work) for _ in range(count)]
        try:
            written, refused = _follow(work, progress, futures)
        except BaseException:
            work.stop.set()
            wait(futures)
            raise
    if refused:
        raise RefusedError(f"{refused[0]}" + (f" And {len(refused) - 1} more." if refused[1:] else ""), status=409)
    return written


def _follow(
    work: _Work, progress: Progress, futures: Sequence[Future[None]]
) -> tuple[list[Written], list[RefusedError]]:  # fmt: skip
    """Tell how far it is until all threads have ended. Raises what one of them raised."""
    written: list[Written] = []
    refused: list[RefusedError] = []
    running = len(futures)
    while running:
        try:
            told = work.told.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            progress.check()
            continue
        if told is None:
            running -= 1
            _raise_of(futures)
        elif isinstance(told, Written):
            written.append(told)
            progress.advance(0, told.key)
        elif isinstance(told, RefusedError):
            refused.append(told)
        else:
            progress.advance(told)
    return written, refused


def _raise_of(futures: Sequence[Future[None]]) -> None:
    for each in futures:
        if each.done():
            each.result()


def _work_off(work: _Work) -> None:
    """A thread: parts until none is left."""
    try:
        with TicksSource() as source:
            while work.todo and not work.stop.is_set():
                try:
                    each = work.todo.popleft()
                except IndexError:  # the other thread took the last
                    break
                _export_one(work, source, each)
    except TicksError as error:
        raise Problem(str(error), status=503) from error
    finally:
        connection.close()
        work.told.put(None)


def _export_one(work: _Work, source: TicksSource, each: StoredPart) -> None:
    with source.alone_with(each.part):
        try:
            written = _publish(work, source, each)
        except RefusedError as error:
            work.told.put(error)
        else:
            work.told.put(written if written is not None else each.rows)


def _publish(work: _Work, source: TicksSource, each: StoredPart) -> Written | None:
    """Make the part's file and list it; None where it is up to date by now."""
    if not work.is_own:
        return _write(work, source, each, None)
    listed = LakeFile.objects.filter(key=each.part.key).first()
    there = work.store.find(each.part.key)
    if is_up_to_date(each.rows, listed, there) and not work.overwrite:
        return None
    if listed is None and there is not None and (adopted := _adopt(work, each, there.size)) is not None:
        return adopted
    return _write(work, source, each, _to_keep(work.store, each, listed))


def _adopt(work: _Work, each: StoredPart, size: int) -> Written | None:
    """List a file that was published and not listed: whoever made it ended between the two. None where it is not what
    it says of itself, to the last row, or says of other rows."""
    try:
        said = read_metadata(work.store, each.part.key)
        if said.get(columns.ROWS) != str(each.rows):
            return None
        read = RowsHash()
        for _ in read.over(batches_of(work.store, each.part.key)):
            pass
    except (pa.ArrowException, OSError):
        return None
    if (read.rows, read.hexdigest()) != (each.rows, said.get(columns.SHA256)):
        return None
    made = datetime.fromisoformat(said.get(columns.EXPORTED_AT, datetime.now(UTC).isoformat()))
    digest = stored_sha256(work.store, each.part.key)
    written = Written(each.part.key, read.rows, size, read.hexdigest(), digest, made)
    list_file(each.part, written, stored=each.rows)
    return written


def _write(work: _Work, source: TicksSource, each: StoredPart, kept: _Kept | None) -> Written:
    """Publish the rows of PostgreSQL, with those of the file that is to be kept, and list them."""
    stored = RowCount()
    rows = stored.over(work.counted(source.batches(each.part)))
    with work.store.aside() as path:
        draft = write_ticks(path, rows if kept is None else merged(kept.batches(), rows), SOURCE)
        if stored.rows < each.rows:
            raise Problem(f"the database gave {stored.rows:,} of {each.rows:,} rows of {each.part.key}", status=503)
        if work.is_own:
            begin_replacing([each.part.key])
        work.store.publish(path, each.part.key)
    written = Written(each.part.key, *draft)
    if work.is_own:
        list_file(each.part, written, **_about(written, stored.rows, kept))
    return written


def _about(written: Written, stored: int, kept: _Kept | None) -> dict[str, Any]:
    """What the list says besides: whether PostgreSQL has all of it."""
    if written.rows == stored:
        return {"stored": stored, "archived_at": None}
    since = (kept and kept.archived_at) or datetime.now(UTC)
    return {"stored": stored, "archived_at": since, "state": FileState.ARCHIVED.value}


# --- a file that has rows which PostgreSQL has not ------------------------------------------------------------------


class _Kept(NamedTuple):
    """A file whose rows go into the new one. ``listed``: what is known of it, None where nobody listed it."""

    store: LakeStore
    key: str
    listed: LakeFile | None

    @property
    def archived_at(self) -> datetime | None:
        return self.listed.archived_at if self.listed else None

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Its rows. Raises RefusedError when they are not what was written, before anything takes its place."""
        read = RowsHash()
        try:
            said = read_metadata(self.store, self.key).get(columns.SHA256)
            yield from map(as_ticks, read.over(batches_of(self.store, self.key)))
        except (pa.ArrowException, OSError) as error:
            raise self._refused() from error
        if read.hexdigest() != said or not self._is_known(read):
            raise self._refused()

    def _is_known(self, read: RowsHash) -> bool:
        """Whether it is the file that is listed, or the one that took its place before its exporter ended."""
        if self.listed is None or read.hexdigest() == self.listed.rows_sha256:
            return True
        return not self.listed.file_sha256 and read.rows >= self.listed.rows

    def _refused(self) -> RefusedError:
        return RefusedError(
            f"{self.key} is damaged or gone and has rows that PostgreSQL has not: nothing was written over it."
            " Bring it back from a backup, then export again.",
            status=409,
        )


def _to_keep(store: LakeStore, each: StoredPart, listed: LakeFile | None) -> _Kept | None:
    """The file that is there, unless PostgreSQL has all of its rows."""
    if listed is not None:
        has_all = listed.archived_at is None and each.rows >= listed.stored
        return None if has_all else _Kept(store, each.part.key, listed)
    try:
        read_metadata(store, each.part.key)
    except (FileNotFoundError, pa.ArrowException, OSError):
        return None
    return _Kept(store, each.part.key, None)
