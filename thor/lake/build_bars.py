"""Bars of the lake's ticks: files by trade date, symbol and timeframe, of which only those are made that changed.

Bars are made of ticks and of a recipe: the instrument's limits, its regular hours, the session by the calendar, which
contract is in front, what was said last on the date before, and how this code counts. A file whose ticks and recipe are
as they were is left alone, so that a run goes on where one before it ended.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from thor.instruments.selectors import Listed, known_symbols, load_catalogue
from thor.lake import columns
from thor.lake.back_adjustment import front_contract
from thor.lake.bar_kernel import limits_of
from thor.lake.bar_table import (
    Made,
    OrderError,
    What,
    batches_of_contract,
    contracts_of,
    last_volume,
    make_bars,
    needed,
)
from thor.lake.bars import HOURS_EDITION, Session, session_of
from thor.lake.files import Written, begin_replacing, list_file, read_metadata, stored_sha256, write_table
from thor.lake.layout import Kind, Part, Timeframe, bars_part
from thor.lake.models import FileState, LakeFile
from thor.lake.runs import Progress
from thor.lake.store import Found, LakeStore, as_any
from thor.markets.calendar import Calendar
from thor.markets.selectors import load_calendars
from thor.markets.trade_date import DEFAULT_GROUP
from thor.runtime.problem import Problem

#: Another number is another way to count: all bars are made anew.
CODE: Final = 1
ALL: Final = tuple(Timeframe)
_AT_ONCE: Final = 2
#: How long before a trade date the last count may have been said: over any holiday.
_BEFORE: Final = timedelta(days=8)
_READABLE: Final = (FileState.OK.value, FileState.ARCHIVED.value)


class Built(NamedTuple):
    """What came of it: bar files made, and those that were up to date; ``bars`` in and ``ticks`` behind those made,
    ``suspect`` ticks left out."""

    files: int
    skipped: int
    bars: int
    ticks: int
    suspect: int
    seconds: float

    def said(self) -> str:
        """In one line."""
        rate = f" ({self.ticks / self.seconds:,.0f} ticks/s)" if self.ticks and self.seconds > 0 else ""
        said = f"{self.files:,} bar files, {self.bars:,} bars of {self.ticks:,} ticks in {self.seconds:.1f} s{rate}"
        said += f"; {self.suspect:,} suspect ticks left out" if self.suspect else ""
        return said + (f"; {self.skipped:,} files up to date" if self.skipped else "")


@dataclass(frozen=True, slots=True)
class _Job:
    """One tick file, and the bar files of it that are to be made. ``contract``: the one in front; ``before``: the key
    of the ticks of the date before, None where there are none."""

    key: str
    ticks_sha256: str
    symbol: str
    session: Session
    listed: Listed | None
    contract: str | None
    before: str | None
    recipe: str
    timeframes: tuple[Timeframe, ...]

    @property
    def made_of(self) -> str:
        return fingerprint(self.ticks_sha256, self.recipe)

    def part(self, timeframe: Timeframe) -> Part:
        return bars_part(self.session.trade_date, self.symbol, timeframe)


class _Done(NamedTuple):
    """A job's files, in the order of its timeframes, and what they were made of."""

    job: _Job
    written: list[Written]
    made: Made


def build_bars(
    store: LakeStore,
    first: date,
    last: date,
    symbols: Sequence[str] | None,
    timeframes: Sequence[Timeframe],
    progress: Progress,
    *,
    overwrite: bool = False,
) -> Built:
    """Make the bars of the trade dates ``first`` to ``last`` that are not up to date, of these symbols (None: all).
    Raises Problem, when all else is done also for tick files that cannot be read."""
    began = time.monotonic()
    _check(first, last, symbols)
    jobs = _jobs(first, last, symbols, timeframes)
    todo = jobs if overwrite else _to_do(store, jobs)
    progress.begin(sum(len(job.timeframes) for job in todo), "files")
    done, refused = _carry_out(store, todo, progress)
    if refused:
        more = f" (and {len(refused) - 1} more like it)" if len(refused) > 1 else ""
        raise Problem(f"{refused[0].detail}{more}")
    files = sum(len(each.written) for each in done)
    return Built(
        files=files,
        skipped=sum(len(job.timeframes) for job in jobs) - files,
        bars=sum(written.rows for each in done for written in each.written),
        ticks=sum(each.made.ticks for each in done),
        suspect=sum(each.made.suspect for each in done),
        seconds=time.monotonic() - began,
    )


def fingerprint(ticks_sha256: str, recipe: str) -> str:
    """What stands in the list for what a bar file was made of."""
    return hashlib.sha256(f"{ticks_sha256} {recipe}".encode()).hexdigest()


# --- what is to be done ---------------------------------------------------------------------------------------------


def _check(first: date, last: date, symbols: Sequence[str] | None) -> None:
    if last < first:
        raise Problem(f"the end {last} is before the start {first}: give a later one", status=422)
    if unknown := sorted(set(symbols or ()) - known_symbols()):
        raise Problem(f"no such instrument: {', '.join(unknown)[:80]}. Choose others, or add it.", status=422)


def _jobs(first: date, last: date, symbols: Sequence[str] | None, timeframes: Sequence[Timeframe]) -> list[_Job]:
    """One for each listed tick file."""
    catalogue = {each.facts.symbol: each for each in load_catalogue().listed}
    calendars, found = load_calendars(), []
    listed = _listed_ticks(first - _BEFORE, last, symbols)
    for number, file in enumerate(listed):
        if file.trade_date < first:
            continue
        before = listed[number - 1] if number and listed[number - 1].symbol == file.symbol else None
        found.append(_job(file, before, catalogue.get(file.symbol), calendars, tuple(timeframes)))
    return sorted(found, key=lambda job: job.key)


def _listed_ticks(first: date, last: date, symbols: Sequence[str] | None) -> list[LakeFile]:
    """By symbol, then date."""
    files = LakeFile.objects.filter(kind=Kind.TICKS.value, trade_date__range=(first, last))
    files = files.order_by("symbol", "trade_date")
    return list(files if symbols is None else files.filter(symbol__in=symbols))


def _job(
    file: LakeFile,
    before: LakeFile | None,
    listed: Listed | None,
    calendars: Mapping[str, Calendar],
    timeframes: tuple[Timeframe, ...],
) -> _Job:
    group = DEFAULT_GROUP if listed is None else listed.facts.group
    session = session_of(file.symbol, group, file.trade_date, calendars.get(group))
    contract = None
    if listed is not None:
        contract = front_contract(file.symbol, file.trade_date, listed.roll, dict(listed.decided))
    near = before if before is not None and file.trade_date - before.trade_date <= _BEFORE else None
    recipe = _recipe(session, listed, contract, near.rows_sha256 if near else "")
    return _Job(
        file.key, file.rows_sha256, file.symbol, session, listed, contract, near.key if near else None, recipe,
        timeframes,
    )  # fmt: skip


def _recipe(session: Session, listed: Listed | None, contract: str | None, before: str) -> str:
    """All but the ticks on which bars depend, as a hash of 16 digits."""
    limits = limits_of(listed.facts if listed else None).tolist()
    text = json.dumps([CODE, HOURS_EDITION, *session[1:], limits, contract, before])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _to_do(store: LakeStore, jobs: Sequence[_Job]) -> list[_Job]:
    """The jobs with those timeframes that are not up to date."""
    days = sorted({job.session.trade_date for job in jobs})
    if not days:
        return []
    files = LakeFile.objects.filter(kind=Kind.BARS.value, trade_date__range=(days[0], days[-1]))
    listed = {file.key: file for file in files}
    there = {found.key: found for day in days for found in store.list(f"bars/date={day}/")}
    left = [replace(job, timeframes=tuple(_left(store, job, listed, there))) for job in jobs]
    return [job for job in left if job.timeframes]


def _left(
    store: LakeStore, job: _Job, listed: Mapping[str, LakeFile], there: Mapping[str, Found]
) -> Iterator[Timeframe]:
    for timeframe in job.timeframes:
        part = job.part(timeframe)
        found = there.get(part.key)
        if found is None or not _is_current(store, job, part, listed.get(part.key), found):
            yield timeframe


def _is_current(store: LakeStore, job: _Job, part: Part, listed: LakeFile | None, there: Found) -> bool:
    """Whether a file is what would be made. One that a killed run published and did not list is listed."""
    if listed is not None and listed.file_sha256 and listed.made_of == job.made_of:
        return listed.state in _READABLE and listed.size == there.size
    return _adopted(store, job, part, there)


def _adopted(store: LakeStore, job: _Job, part: Part, there: Found) -> bool:
    """Whether an unlisted file says that it was made of just this; it is listed then."""
    try:
        says = read_metadata(store, part.key)
    except (OSError, pa.ArrowInvalid):
        return False
    if (says.get(columns.TICKS_SHA256), says.get(columns.RECIPE)) != (job.ticks_sha256, job.recipe):
        return False
    exported_at = datetime.fromisoformat(says[columns.EXPORTED_AT])
    rows, digest = int(says[columns.ROWS]), says[columns.SHA256]
    written = Written(part.key, rows, there.size, digest, stored_sha256(store, part.key), exported_at)
    list_file(part, written, made_of=job.made_of, suspect=int(says[columns.SUSPECT]))
    return True


# --- doing it -------------------------------------------------------------------------------------------------------


def _carry_out(store: LakeStore, todo: Sequence[_Job], progress: Progress) -> tuple[list[_Done], list[Problem]]:
    """Two files at a time: the work leaves the interpreter free. The list is written here, in one thread."""
    done: list[_Done] = []
    refused: list[Problem] = []
    jobs, running = iter(todo), set[Future[_Done]]()
    with ThreadPoolExecutor(_AT_ONCE, "bars") as pool:
        while running or len(done) + len(refused) < len(todo):
            progress.check()
            for job in islice(jobs, _AT_ONCE - len(running)):
                begin_replacing(job.part(each).key for each in job.timeframes)
                running.add(pool.submit(_build, store, job))
            ready, running = wait(running, return_when=FIRST_COMPLETED)
            for each in ready:
                try:
                    done.append(_list(each.result()))
                except Problem as problem:
                    refused.append(problem)
                    continue
                job = done[-1].job
                progress.advance(len(job.timeframes), f"{job.symbol} {job.session.trade_date}")
    return done, refused


def _list(done: _Done) -> _Done:
    for timeframe, written in zip(done.job.timeframes, done.written, strict=True):
        list_file(done.job.part(timeframe), written, made_of=done.job.made_of, suspect=done.made.suspect)
    return done


def _build(store: LakeStore, job: _Job) -> _Done:
    """Raises Problem for a tick file that cannot be read."""
    try:
        made = _make(store, job)
    except (OSError, pa.ArrowInvalid, OrderError) as error:
        said = (str(error).splitlines() or ["no reason"])[0]
        raise Problem(f"{job.key} cannot be read: {said[:160]}. Run `thor lake verify`, and export it anew.") from error
    about = {
        columns.TICKS_SHA256: job.ticks_sha256,
        columns.RECIPE: job.recipe,
        columns.SUSPECT: str(made.suspect),
    }
    written = [write_table(store, job.part(each), made.bars[each], job.key, about) for each in job.timeframes]
    return _Done(job, written, made)


def _make(store: LakeStore, job: _Job) -> Made:
    before = None if job.before is None else _last_volume(store, job.before)
    with store.open(job.key) as opened:
        file = pq.ParquetFile(as_any(opened))
        if (file.metadata.metadata or {}).get(columns.SHA256.encode(), b"").decode() != job.ticks_sha256:
            raise Problem(f"{job.key} is not the file that is listed: run `thor lake verify`, or export it anew.")
        contracts = contracts_of(file)
        contract = chosen(contracts, job.contract)
        what = What(job.symbol, job.session, job.listed.facts if job.listed else None, contract, before)
        return make_bars(_batches(file, contract, is_mixed=len(contracts) > 1), what, job.timeframes)


def _batches(file: pq.ParquetFile, contract: str | None, *, is_mixed: bool) -> Iterator[pa.RecordBatch]:
    return batches_of_contract(file, needed(file, is_mixed=is_mixed), contract, is_mixed=is_mixed)


def chosen(contracts: Mapping[str | None, int], front: str | None) -> str | None:
    """Whose bars a date's are: the contract in front if its ticks are there, else the ticks of an unknown one, else the
    one with the most."""
    if front in contracts or None in contracts:
        return front if front in contracts else None
    return max(contracts, key=lambda each: (contracts[each], each or ""), default=None)


def _last_volume(store: LakeStore, key: str) -> int | None:
    """What was said last on the date before; None where its file is gone."""
    try:
        with store.open(key) as opened:
            return last_volume(pq.ParquetFile(as_any(opened)))
    except FileNotFoundError:
        return None
