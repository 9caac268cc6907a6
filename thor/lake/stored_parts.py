"""Which parts PostgreSQL has, and which of them the lake has not or not all of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from django.db import connection

from thor.history.queries import query as history_query
from thor.history.week import Week, week, week_number
from thor.lake.layout import Kind, Part, ticks_part
from thor.lake.models import FileState, LakeFile
from thor.lake.queries import query
from thor.lake.store import Found
from thor.lake.ticks_source import window_of
from thor.markets.trade_date import epoch_us

#: In which a file is as it was listed.
_GOOD = (FileState.OK.value, FileState.ARCHIVED.value)


class StoredPart(NamedTuple):
    """A part and how many of its ticks PostgreSQL has, at least one."""

    part: Part
    rows: int


def stored_parts(first: date, last: date) -> list[StoredPart]:
    """All parts of these trade dates, by date, then symbol. Reads each week's partition once."""
    counts: dict[tuple[date, str], int] = {}
    with connection.cursor() as cursor:
        for each in _weeks(first, last):
            parameters = {"first": first, "last": last, "start": each.start, "end": each.end}
            cursor.execute(query("count_parts"), parameters)
            for day, symbol, rows in cursor.fetchall():
                counts[day, symbol] = counts.get((day, symbol), 0) + rows
    return [StoredPart(ticks_part(*key), counts[key]) for key in sorted(counts)]


def _weeks(first: date, last: date) -> Iterator[Week]:
    """The partitions that may have ticks of these trade dates, as far as they can."""
    start, end = window_of(first).start, window_of(last).end
    with connection.cursor() as cursor:
        cursor.execute(history_query("list_partitions"))
        there = {name for (name,) in cursor.fetchall()}
    for number in range(week_number(epoch_us(start)), week_number(epoch_us(end)) + 1):
        each = week(number)
        if each.name in there:
            yield each._replace(start=max(start, each.start), end=min(end, each.end))


def first_and_last_date() -> tuple[date, date] | None:
    """The oldest and the newest trade date that PostgreSQL has ticks of."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(trade_date), max(trade_date) FROM ticks")
        row = cursor.fetchone()
    return None if row is None or row[0] is None else (row[0], row[1])


def listed_ticks(first: date, last: date) -> dict[str, LakeFile]:
    """Key -> entry of the tick files of some trade dates."""
    found = LakeFile.objects.filter(kind=Kind.TICKS.value, trade_date__range=(first, last))
    return {each.key: each for each in found}


def is_up_to_date(stored: int, listed: LakeFile | None, there: Found | None) -> bool:
    """Whether the file has all that PostgreSQL has: rows are never changed, only added."""
    if there is None or listed is None:
        return False
    return _is_listed(stored, listed) and there.size == listed.size


def stale_parts(first: date, last: date) -> list[StoredPart]:
    """The parts of which PostgreSQL has more, or other, than what is listed. Looks at no file."""
    listed = listed_ticks(first, last)
    return [each for each in stored_parts(first, last) if not _is_listed(each.rows, listed.get(each.part.key))]


def _is_listed(stored: int, listed: LakeFile | None) -> bool:
    """Not while it is replaced, nor when who did that ended before it was listed."""
    if listed is None or not listed.file_sha256:
        return False
    return listed.stored == stored and listed.state in _GOOD
