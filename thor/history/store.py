"""The database side of the ingestor: batches of COPY text into ``ticks``, once, whatever happened before.

The rule of exactly once: a batch that was never handed out before goes straight in; one that meets a stored row is
rolled back and goes through a staging table that skips what is there. Either way one batch is one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple, cast

import psycopg
from psycopg import sql

from thor.history.lease import TallyKey
from thor.history.queries import query
from thor.history.week import Week, week, week_number

#: Partitions are made for so many trade weeks before and after now.
WEEKS_BEHIND: Final = 2
WEEKS_AHEAD: Final = 4
#: What a row can do wrong: class 22 (its data), 23 (a constraint), 54 (too large for an index). Every other refusal is
#: the server's state, which passes, or a missing table or right, which a person mends: no row is to blame for it.
_ROW_ERRORS: Final = ("22", "23", "54")
_NO_PARTITION: Final = "23514"
#: Serialization failure and deadlock: the same statements, tried again, succeed.
_TRY_AGAIN: Final = ("40001", "40P01")
_TRIES: Final = 5
#: A batch is stored in milliseconds: a session that says nothing in its transaction for so long is frozen.
FROZEN_MS: Final = 10_000
#: The same in the middle of a COPY, where PostgreSQL 17 and later can tell.
LONGEST_TRANSACTION_MS: Final = 60_000
_HAS_TRANSACTION_TIMEOUT: Final = 170_000
#: A client that takes nothing for so long is gone.
LOST_MS: Final = 10_000

Connect = Callable[[], "psycopg.Connection[tuple[object, ...]]"]


class DuplicateRow(NamedTuple):
    """An entry whose key was stored from another entry before."""

    stream_id: str
    key: TallyKey


class Stored(NamedTuple):
    """``new`` rows are in ``ticks`` now; ``duplicates`` were there; ``conflicts`` of these had other values;
    ``duplicate_rows`` came from another entry than the stored row, so that a row stored before the acknowledgement of
    its own entry is none of them."""

    new: int = 0
    duplicates: int = 0
    conflicts: int = 0
    duplicate_rows: tuple[DuplicateRow, ...] = ()

    def plus(self, other: Stored) -> Stored:
        return Stored(
            self.new + other.new,
            self.duplicates + other.duplicates,
            self.conflicts + other.conflicts,
            self.duplicate_rows + other.duplicate_rows,
        )


class RowRefusedError(Exception):
    """The database refused one row for what it holds. ``reason`` is one line for a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TickStore:
    """A connection that stores ticks. Raises psycopg.Error for everything that is no row's fault; then nothing of the
    batch is stored, or it is not known, and a new store may be given the same batch as redelivered.

    ``are_entries``: the lines are of entries of the stream. ``again``: they are of rows that were stored before, and
    end with their ``created_at``."""

    def __init__(self, connect: Connect, *, are_entries: bool = True, again: bool = False) -> None:
        self._connection = connect()
        self._are_entries = are_entries
        self._copy_ticks, self._copy_staging = query("copy_ticks"), query("copy_staging")
        if again:
            self._copy_ticks, self._copy_staging = query("copy_ticks_again"), query("copy_staging_again")
        self._connection.autocommit = True
        self._weeks: set[int] = set()
        #: A replayed stream meets duplicates batch after batch: no use in trying the direct way each time.
        self._expects_duplicates = False
        self._connection.execute("SET client_min_messages = warning")
        self._end_if_frozen()
        self._connection.execute(query("create_staging"))

    def _end_if_frozen(self) -> None:
        """Let the server end this session, and free its rows, when the worker freezes in a transaction (a paused
        machine) or is unreachable (a lost one): who takes over would wait for ever. A worker that wakes starts anew."""
        limits = {"idle_in_transaction_session_timeout": FROZEN_MS, "tcp_user_timeout": LOST_MS}
        limits |= {"tcp_keepalives_idle": LOST_MS // 1000, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3}
        if self._connection.info.server_version >= _HAS_TRANSACTION_TIMEOUT:
            limits["transaction_timeout"] = LONGEST_TRANSACTION_MS
        for name, value in limits.items():
            self._connection.execute("SELECT set_config(%s, %s, false)", (name, str(value)))

    def close(self) -> None:
        self._connection.close()

    def cancel(self) -> None:
        """End a running statement; from another thread."""
        self._connection.cancel_safe(timeout=1.0)

    # --- partitions ---

    def prepare(self, now_us: int) -> None:
        """Make the partitions around now."""
        this = week_number(now_us)
        self.make_partitions(range(this - WEEKS_BEHIND, this + WEEKS_AHEAD + 1))

    def make_partitions(self, numbers: Sequence[int]) -> None:
        """Make the partitions of these week numbers where they are missing. Safe while others do the same."""
        with self._connection.transaction():
            self._connection.execute(query("lock_partitions"))
            there = {row[0] for row in self._connection.execute(query("list_partitions"))}
            for each in (week(number) for number in numbers):
                if each.name not in there:
                    self._create(each)
        self._weeks.update(numbers)

    def _create(self, each: Week) -> None:
        self._connection.execute(
            sql.SQL(query("create_partition")).format(
                partition=sql.Identifier(each.name),
                start=sql.Literal(each.start.isoformat()),
                end=sql.Literal(each.end.isoformat()),
            )
        )

    def _make_missing(self, first_us: int, last_us: int) -> None:
        """Partitions for a batch from ``first_us`` to ``last_us``; the time rules keep that within a few weeks."""
        first, last = week_number(first_us), week_number(last_us)
        if first not in self._weeks or last not in self._weeks:
            self.make_partitions([number for number in range(first, last + 1) if number not in self._weeks])

    # --- rows ---

    def store(self, data: memoryview | bytes, rows: int, first_us: int, last_us: int, *, redelivered: bool) -> Stored:
        """Store lines of COPY text, all or none, and commit. ``first_us`` and ``last_us``: their earliest and latest
        event time. Raises :class:`RowRefusedError` when a row is to blame."""
        self._make_missing(first_us, last_us)
        for tries_left in reversed(range(_TRIES)):
            try:
                return self._store(data, rows, redelivered=redelivered)
            except psycopg.Error as error:
                partition_is_missing = error.sqlstate == _NO_PARTITION and not error.diag.constraint_name
                if partition_is_missing and tries_left:
                    self._weeks.clear()  # somebody dropped it since: make it again
                    self._make_missing(first_us, last_us)
                elif error.sqlstate in _TRY_AGAIN and tries_left:
                    redelivered = True
                elif (error.sqlstate or "")[:2] in _ROW_ERRORS and not partition_is_missing:
                    raise RowRefusedError(_reason(error)) from error
                else:
                    raise
        raise AssertionError("the last try returns or raises")

    def _store(self, data: memoryview | bytes, rows: int, *, redelivered: bool) -> Stored:
        if not redelivered and not self._expects_duplicates:
            try:
                return self._copy(data)
            except psycopg.errors.UniqueViolation:
                pass  # some of it is there: nothing of this batch was stored, the staging table sorts it out
        stored = self._stage(data, rows)
        if not redelivered:
            self._expects_duplicates = stored.duplicates > 0
        return stored

    def _copy(self, data: memoryview | bytes) -> Stored:
        with self._connection.cursor() as cursor:
            with cursor.copy(self._copy_ticks) as copy:
                copy.write(data)
            return Stored(new=cursor.rowcount)

    def _stage(self, data: memoryview | bytes, rows: int) -> Stored:
        with self._connection.transaction(), self._connection.cursor() as cursor:
            with cursor.copy(self._copy_staging) as copy:
                copy.write(data)
            new = cursor.execute(query("insert_staged")).rowcount
            if new == rows:
                return Stored(new)
            found = cast("list[tuple[str, str, str, str]]", cursor.execute(query("duplicate_rows")).fetchall())
            # A row that was stored from its own entry, and is delivered again, cannot differ: rows of files have none.
            may_differ = found or not self._are_entries
            conflicts = cursor.execute(query("keep_conflicts")).rowcount if may_differ else 0
        return Stored(new, rows - new, conflicts, tuple(DuplicateRow(i, TallyKey(*key)) for i, *key in found))


def isolate(
    lines: Sequence[bytes], store: Callable[[Sequence[bytes]], Stored]
) -> Iterator[tuple[Stored, tuple[bytes, str] | None]]:
    """Store a refused batch in halves until each culprit stands alone: good halves as they are stored, culprits with
    the reason. ``store`` raises :class:`RowRefusedError`; the order of the lines is kept."""
    try:
        stored = store(lines)
    except RowRefusedError as error:
        if len(lines) == 1:
            yield Stored(), (lines[0], error.reason)
            return
        middle = len(lines) // 2
        yield from isolate(lines[:middle], store)
        yield from isolate(lines[middle:], store)
    else:
        yield stored, None


def newest_tick(connection: psycopg.Connection[tuple[object, ...]], symbols: Sequence[str]) -> datetime | None:
    """The event time of the newest tick of these symbols, aware UTC."""
    row = connection.execute(query("newest_tick"), {"symbols": list(symbols)}).fetchone()
    return row[0].astimezone(UTC) if row and isinstance(row[0], datetime) else None


def count_conflicts(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    """How many events lost against a stored tick of the same key."""
    row = connection.execute(query("count_conflicts")).fetchone()
    assert row is not None
    return int(str(row[0]))


def _reason(error: psycopg.Error) -> str:
    return f"{error.sqlstate} {error.diag.message_primary or error}".splitlines()[0]
