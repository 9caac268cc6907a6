"""Archive: weeks of ticks that leave PostgreSQL, because the lake has every row of them.

A week's partition is dropped only after every part of it was read twice, as the file has it and as the database has it,
and both are the same; in the transaction that drops, nobody can write to it any more and the counts must still agree.
What is not proven stays. Conflicts (``tick_conflicts``) stay as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from psycopg import errors, sql

from thor.history.queries import query as history_query
from thor.history.week import Week, week, week_number
from thor.lake.file_check import trouble_of
from thor.lake.files import batches_of
from thor.lake.layout import Part, ticks_part
from thor.lake.models import FileState, LakeFile
from thor.lake.queries import query
from thor.lake.runs import Progress
from thor.lake.store import LakeStore
from thor.lake.stored_parts import stored_parts
from thor.lake.tick_file import RowsHash
from thor.lake.tick_merge import as_ticks, merged
from thor.lake.ticks_source import TicksError, TicksSource, lock_of
from thor.markets.trade_date import epoch_us
from thor.runtime.problem import Problem

#: The bus takes quotes of seven days back: younger weeks may still grow.
FEWEST_DAYS: Final = 14
#: Shorter than the database takes to see a deadlock: who writes ticks never waits for this, or is chosen for it.
_LOCK_MS: Final = 500
_TRIES: Final = 20


class Archived(NamedTuple):
    """What came of it. ``weeks``: names of partitions that were dropped, or would be; ``kept``: a sentence for each
    that could not be."""

    weeks: tuple[str, ...]
    rows: int
    files: int
    kept: tuple[str, ...]
    dry_run: bool

    def said(self) -> str:
        """In one line."""
        if not self.weeks and not self.kept:
            return "no week of ticks is so old"
        done = "would be dropped" if self.dry_run else "dropped"
        said = f"{len(self.weeks):,} weeks {done}: {self.rows:,} rows that {self.files:,} files have"
        return said + (f"; {len(self.kept):,} weeks stay" if self.kept else "")


class _Held(NamedTuple):
    """A part of a week: how many rows of it are in the week, and in all of PostgreSQL."""

    part: Part
    in_week: int
    in_all: int


class _UnprovenError(Exception):
    """Why a week stays."""


def archive(store: LakeStore, older_than_days: int, progress: Progress, *, dry_run: bool) -> Archived:
    """Drop the weeks that ended so many days ago and are in the lake to the last row. Raises Problem."""
    if older_than_days < FEWEST_DAYS:
        raise Problem(f"ticks of the last {FEWEST_DAYS} days stay: give more than that", status=422)
    weeks = _weeks_until(timezone.now() - timedelta(days=older_than_days))
    progress.begin(len(weeks), "weeks")
    dropped, kept, rows, files = [], [], 0, 0
    for each in weeks:
        try:
            held = _archive_week(store, each, progress, dry_run=dry_run)
        except _UnprovenError as error:
            kept.append(f"{each.name} stays: {error}")
        else:
            dropped.append(each.name)
            rows, files = rows + sum(part.in_week for part in held), files + len(held)
        progress.advance(1, each.name)
    return Archived(tuple(dropped), rows, files, tuple(kept), dry_run)


def _weeks_until(end: datetime) -> list[Week]:
    """The partitions that were over by then, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(history_query("list_partitions"))
        there = {name for (name,) in cursor.fetchall()}
    first = date(1971, 1, 1)
    span = range(week_number(epoch_us(datetime(first.year, 1, 1, tzinfo=end.tzinfo))), week_number(epoch_us(end)))
    return [found for number in span if (found := week(number)).name in there and found.end <= end]


def _archive_week(store: LakeStore, each: Week, progress: Progress, *, dry_run: bool) -> Sequence[_Held]:
    held = _parts_of(each)
    listed = _listed(held)
    try:
        with TicksSource() as source:
            for part in held:
                progress.check()
                _prove(store, source, part, listed[part.part.key])
    except TicksError as error:
        raise Problem(str(error), status=503) from error
    if not dry_run:
        _drop(store, each, held)
    return held


def _parts_of(each: Week) -> list[_Held]:
    """The parts that have rows in a week's partition. Raises _UnprovenError for rows that no part has."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(query("count_week")).format(sql.Identifier(each.name)))
        found = {(day, symbol): rows for day, symbol, rows in cursor.fetchall()}
    if not found:
        return []
    days = sorted(day for day, _ in found)
    in_all = {each.part.key: each.rows for each in stored_parts(days[0], days[-1])}
    held = []
    for (day, symbol), rows in sorted(found.items()):
        part = ticks_part(day, symbol)
        if in_all.get(part.key, 0) < rows:
            raise _UnprovenError(f"{rows:,} rows of {symbol} {day} are at times that are none of this trade date")
        held.append(_Held(part, rows, in_all[part.key]))
    return held


def _listed(held: Sequence[_Held]) -> dict[str, LakeFile]:
    """The entries of these parts. Raises _UnprovenError where one is not there or not up to date."""
    found = LakeFile.objects.in_bulk([each.part.key for each in held], field_name="key")
    for each in held:
        listed = found.get(each.part.key)
        if listed is None or listed.stored != each.in_all:
            has = 0 if listed is None else listed.stored
            raise _UnprovenError(
                f"{each.part.key} has {has:,} of {each.in_all:,} rows: run thor backfill_parquet first"
            )
    return found


def _prove(store: LakeStore, source: TicksSource, each: _Held, listed: LakeFile) -> None:
    """Raises _UnprovenError unless the file is sound and has every row that PostgreSQL has."""
    if (trouble := trouble_of(store, listed, rows=True)) is not None:
        raise _UnprovenError(trouble.said())
    seen, stored = RowsHash(), source.batches(each.part)
    if listed.archived_at is not None:  # the file has rows besides: then these must add none
        stored = merged(map(as_ticks, batches_of(store, each.part.key)), stored)
    for _ in seen.over(stored):
        pass
    if (seen.rows, seen.hexdigest()) != (listed.rows, listed.rows_sha256):
        raise _UnprovenError(f"{each.part.key} has other rows than PostgreSQL: export it with --overwrite")


# --- the transaction that drops -------------------------------------------------------------------------------------


def _drop(store: LakeStore, each: Week, held: Sequence[_Held]) -> None:
    """Raises _UnprovenError when anything changed since it was proven, Problem while the table is in use."""
    for _ in range(_TRIES):
        try:
            with transaction.atomic():
                _drop_now(store, each, held)
            return
        except OperationalError as error:
            if not isinstance(error.__cause__, errors.LockNotAvailable | errors.DeadlockDetected):
                raise
    raise Problem(f"{each.name} is in use all the time: try again later", status=503)


def _drop_now(store: LakeStore, each: Week, held: Sequence[_Held]) -> None:
    partition = sql.Identifier(each.name)
    with connection.cursor() as cursor:
        for part in held:
            cursor.execute(sql.SQL("SELECT pg_advisory_xact_lock({})").format(lock_of(part.part)))
        cursor.execute(f"SET LOCAL lock_timeout = {_LOCK_MS}")
        cursor.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(partition))
        if _parts_of(each) != list(held):
            raise _UnprovenError("ticks came meanwhile: export them, then try again")
        listed = _listed(held)
        for part in held:
            _still_there(store, listed[part.part.key])
            _mark(listed[part.part.key], part)
        cursor.execute(sql.SQL("DROP TABLE {}").format(partition))


def _still_there(store: LakeStore, listed: LakeFile) -> None:
    there = store.find(listed.key)
    if there is None or there.size != listed.size:
        raise _UnprovenError(f"{listed.key} was changed meanwhile")


def _mark(listed: LakeFile, held: _Held) -> None:
    more: dict[str, Any] = {"stored": held.in_all - held.in_week, "state": FileState.ARCHIVED.value}
    since = listed.archived_at or timezone.now()
    LakeFile.objects.filter(pk=listed.pk).update(archived_at=since, verified_at=timezone.now(), trouble="", **more)
