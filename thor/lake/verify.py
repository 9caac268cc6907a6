"""Verify: every file against the list and against what it says of itself, and the list against PostgreSQL.

A file that is being replaced meanwhile is looked at again: only what stays wrong is told.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from django.utils import timezone

from thor.lake.file_check import Trouble, trouble_of
from thor.lake.layout import Part, part_of
from thor.lake.models import FileState, LakeFile
from thor.lake.runs import Progress
from thor.lake.store import LakeStore
from thor.lake.stored_parts import StoredPart, first_and_last_date, stored_parts

#: Where files may be that are not listed: copies for quick reading, which can be made anew.
_DERIVED: Final = "compact/"
#: So long may lie between a file and its entry in the list.
_SETTLE_SECONDS: Final = 0.5
_LOOKS: Final = 4


class Verified(NamedTuple):
    """What was found. ``damaged``: files that are not as they were listed, or gone. ``unlisted``: files that nobody
    listed. ``lost``: parts of which PostgreSQL has fewer rows than it had when they were exported. ``behind``: parts of
    which it has more, which the next export takes in; nothing is wrong with these."""

    files: int
    bytes: int
    rows: int
    seconds: float
    damaged: tuple[Trouble, ...]
    unlisted: tuple[str, ...]
    lost: tuple[str, ...]
    behind: tuple[StoredPart, ...]

    @property
    def is_good(self) -> bool:
        return not (self.damaged or self.unlisted or self.lost)

    def said(self) -> str:
        """In one line."""
        size = f"{self.bytes / (1 << 20):,.1f} MiB"
        found = [f"{len(self.damaged):,} damaged or missing"] * bool(self.damaged)
        found += [f"{len(self.unlisted):,} that nobody listed"] * bool(self.unlisted)
        found += [f"{len(self.lost):,} of which PostgreSQL lost rows"] * bool(self.lost)
        said = f"{self.files:,} files, {self.rows:,} rows, {size} in {self.seconds:.1f} s"
        said += f": {', '.join(found) or 'all good'}"
        return said + (f"; {len(self.behind):,} not exported or not all of it" if self.behind else "")


def verify(store: LakeStore, first: date | None, last: date | None, *, rows: bool, progress: Progress) -> Verified:
    """Look at all files of some trade dates (None: from the first, up to the last), every byte of them, and with
    ``rows`` also at every row. Writes what it finds into the list. Raises Problem where the store cannot be used."""
    began = time.monotonic()
    listed = _listed(first, last)
    progress.begin(len(listed), "files")
    wrong = []
    for each in listed:
        if trouble_of(store, each, rows=rows) is None:
            _keep(each, None)
        else:
            wrong.append(each)
        progress.advance(1, each.key)
    damaged = _look_again(store, wrong, rows=rows)
    behind, lost = _against_database(first, last)
    return Verified(
        files=len(listed),
        bytes=sum(each.size for each in listed),
        rows=sum(each.rows for each in listed),
        seconds=time.monotonic() - began,
        damaged=tuple(damaged),
        unlisted=tuple(_unlisted(store, first, last)),
        lost=tuple(lost),
        behind=tuple(behind),
    )


def _listed(first: date | None, last: date | None) -> Sequence[LakeFile]:
    found = LakeFile.objects.order_by("trade_date", "key")
    found = found if first is None else found.filter(trade_date__gte=first)
    return list(found if last is None else found.filter(trade_date__lte=last))


# --- a file ---------------------------------------------------------------------------------------------------------


def _look_again(store: LakeStore, wrong: Sequence[LakeFile], *, rows: bool) -> list[Trouble]:
    """What is still wrong: somebody may have published a file and not listed it yet, or both since."""
    if wrong:
        time.sleep(_SETTLE_SECONDS)
    found = []
    for each in wrong:
        for _ in range(_LOOKS):
            before = each.exported_at
            each.refresh_from_db()
            trouble = trouble_of(store, each, rows=rows)
            if trouble is None or (each.file_sha256 and each.exported_at == before):
                break
            time.sleep(_SETTLE_SECONDS)
        _keep(each, trouble)
        if trouble is not None:
            found.append(trouble)
    return found


def _keep(listed: LakeFile, trouble: Trouble | None) -> None:
    """Write it into the list, unless the file was replaced meanwhile."""
    good = FileState.ARCHIVED if listed.archived_at is not None else FileState.OK
    LakeFile.objects.filter(pk=listed.pk, file_sha256=listed.file_sha256).update(
        state=(trouble.state if trouble else good).value,
        trouble=trouble.what[:300] if trouble else "",
        verified_at=timezone.now(),
    )


# --- what no entry tells --------------------------------------------------------------------------------------------


def _unlisted(store: LakeStore, first: date | None, last: date | None) -> Iterator[str]:
    """Files that nobody listed; what names no trade date only where all are looked at."""
    is_all = first is None and last is None
    found = [each.key for each in store.list() if not each.key.startswith(_DERIVED)]
    known = set(LakeFile.objects.values_list("key", flat=True))  # after the files: what was published since is listed
    for key in found:
        part = part_of(key)
        if key not in known and (is_all if part is None else _is_within(part, first, last)):
            yield key


def _is_within(part: Part, first: date | None, last: date | None) -> bool:
    return (first is None or part.trade_date >= first) and (last is None or part.trade_date <= last)


def _against_database(first: date | None, last: date | None) -> tuple[list[StoredPart], list[str]]:
    """Parts of which PostgreSQL has more than was exported, and those of which it has less, each with a sentence."""
    span = _span(first, last)
    stored = {} if span is None else {each.part.key: each for each in stored_parts(*span)}
    listed = {each.key: each for each in _listed(first, last) if each.kind == "ticks"}
    behind = [each for key, each in stored.items() if key not in listed or each.rows > listed[key].stored]
    lost = [
        f"{key}: PostgreSQL has {rows:,} of the {each.stored:,} rows that it had"
        for key, each in listed.items()
        if (rows := stored[key].rows if key in stored else 0) < each.stored
    ]
    return behind, lost


def _span(first: date | None, last: date | None) -> tuple[date, date] | None:
    """The trade dates to compare: those that were asked for, as far as PostgreSQL has any."""
    there = first_and_last_date()
    if there is None:
        return None
    span = max(first or there[0], there[0]), min(last or there[1], there[1])
    return span if span[0] <= span[1] else None


# --- status ---------------------------------------------------------------------------------------------------------


class DayStatus(NamedTuple):
    """A trade date in the lake. ``rows`` of its ticks, ``bytes`` of all of its files; ``state``: the worst of its
    files; ``behind``: ticks that PostgreSQL has and the lake has not."""

    trade_date: date
    symbols: tuple[str, ...]
    files: int
    rows: int
    bytes: int
    state: str
    behind: int
    verified_at: datetime | None


_WORST: Final = (FileState.OK, FileState.ARCHIVED, FileState.DAMAGED, FileState.MISSING)


def lake_status(first: date | None = None, last: date | None = None) -> list[DayStatus]:
    """Each trade date that is in the lake or in PostgreSQL, oldest first. Looks at no file: :func:`verify` does."""
    files: dict[date, list[LakeFile]] = {}
    for each in _listed(first, last):
        files.setdefault(each.trade_date, []).append(each)
    span = _span(first, last)
    stored: dict[date, list[StoredPart]] = {}
    for part in [] if span is None else stored_parts(*span):
        stored.setdefault(part.part.trade_date, []).append(part)
    return [_day(day, files.get(day, []), stored.get(day, [])) for day in sorted({*files, *stored})]


def _day(day: date, files: Sequence[LakeFile], stored: Sequence[StoredPart]) -> DayStatus:
    ticks = {each.symbol: each for each in files if each.kind == "ticks"}
    behind = sum(
        max(0, each.rows - (ticks[each.part.symbol].stored if each.part.symbol in ticks else 0)) for each in stored
    )
    worst = max((_WORST.index(FileState(each.state)) for each in files), default=0)
    return DayStatus(
        day,
        tuple(sorted({*ticks, *(each.part.symbol for each in stored)})),
        len(files),
        sum(each.rows for each in ticks.values()),
        sum(each.size for each in files),
        _WORST[worst].value if files else "not exported",
        behind,
        min((each.verified_at for each in files if each.verified_at), default=None),
    )
