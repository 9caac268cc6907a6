"""Recordings into ``ticks``: a file's rows held against the contract of the bus, numbered, and stored once.

Rows without a ``seq`` are numbered by their place in their own file, so that a file has the same keys whenever it is
imported: of equal keys the first stays, also the one of an earlier import.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import polars as pl
import psycopg

from thor.history.recording_file import SLICE, RecordingError
from thor.history.store import Connect, RowRefusedError, Stored, TickStore, isolate
from thor.instruments.contract import ContractError, front, parse_contract
from thor.instruments.selectors import Catalogue
from thor.instruments.symbol import SymbolError, canonical
from thor.lake.import_formats.lake_file import StoredLines, is_of_the_lake, open_lake_file
from thor.lake.import_formats.lean import open_lean
from thor.lake.import_formats.opened import Opened, Wish, why_no_time
from thor.lake.import_formats.table import open_csv, open_parquet
from thor.lake.runs import Progress
from thor.lake.tick_lines import FastLines, Given, Lines, Made, Refusal, trade_dates
from thor.markets.trade_date import utc
from thor.quotes.quote import Reason
from thor.runtime.problem import Problem

#: Endings -> format.
FORMATS: Final = {
    "csv": (".csv", ".csv.gz", ".csv.zst", ".txt"),
    "parquet": (".parquet",),
    "dbn": (".dbn", ".dbn.zst"),
    "lean": (".zip",),
}
#: So many refused rows are told one by one.
MOST_TOLD: Final = 10_000
ALL, FRONT = "all", "front"
_EXAMPLES: Final = 8


class How(NamedTuple):
    """``kind``: one of :data:`FORMATS`, None: by the file's name. ``source``: of rows that name none. ``contracts``:
    all, front, or some by name. ``dry_run``: store nothing."""

    kind: str | None = None
    source: str = "REPLAY"
    contracts: tuple[str, ...] = (ALL,)
    dry_run: bool = False


class Told(NamedTuple):
    """A refused row: where it stands, why, and what its file says."""

    file: str
    row: int
    reason: Reason
    detail: str
    values: Mapping[str, Any]


@dataclass
class Imported:
    """What came of it. ``good``: rows that a store takes; of these ``new`` are stored now, ``known`` were there before,
    and ``conflicts`` of them with other values (kept in ``tick_conflicts``). ``left_out``: of contracts not wanted."""

    is_dry: bool = False
    files: int = 0
    rows: int = 0
    good: int = 0
    new: int = 0
    known: int = 0
    conflicts: int = 0
    left_out: int = 0
    seconds: float = 0.0
    first_us: int | None = None
    last_us: int | None = None
    refused: Counter[Reason] = field(default_factory=Counter)
    told: list[Told] = field(default_factory=list)

    def said(self) -> str:
        """In a line."""
        parts = [f"{self.files} file{'s' if self.files != 1 else ''}, {self.rows:,} rows: "]
        if self.is_dry:
            parts.append(f"{self.good:,} would be stored (those that are there already with them)")
        else:
            parts.append(f"{self.new:,} stored, {self.known:,} already there")
        if self.conflicts:
            parts.append(f", {self.conflicts:,} of them with other values (they are in tick_conflicts)")
        if self.left_out:
            parts.append(f", {self.left_out:,} left out (other contracts)")
        parts.append(f", {sum(self.refused.values()):,} refused")
        if self.first_us is not None and self.last_us is not None:
            parts.append(f"; {_minute(utc(self.first_us))} to {_minute(utc(self.last_us))} UTC")
        rate = self.rows / self.seconds if self.seconds else 0
        return "".join(parts) + f"; {self.seconds:.1f} s, {rate:,.0f} rows/s"

    def reasons(self) -> Iterator[str]:
        """One line a reason, most frequent first, with examples."""
        for reason, count in self.refused.most_common():
            details = dict.fromkeys(each.detail for each in self.told if each.reason is reason)
            yield f"  {count:>10,} {reason}: {_examples(reason, list(details))}"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _examples(reason: Reason, details: Sequence[str]) -> str:
    if reason is Reason.UNKNOWN_SYMBOL:
        names = sorted(each.split()[1] for each in details)
        shown = ", ".join(names[:_EXAMPLES]) + (" and others" if len(names) > _EXAMPLES else "")
        return f"{shown}: no instruments of this Thor. Add them in the admin under Instruments, then import again."
    return details[0] + (f" (and {len(details) - 1} other details)" if len(details) > 1 else "") if details else ""


class _Maker(Protocol):
    def make(self, piece: pl.DataFrame) -> Made: ...


def import_files(
    paths: Sequence[Path], wish: Wish, how: How, catalogue: Catalogue, connect: Connect, now_us: int, progress: Progress
) -> Imported:
    """Store the rows of files. ``connect``: to the database, of this import alone. Raises Problem, in one line, for a
    file that cannot be read; what was stored by then stays."""
    began = time.monotonic()
    done = Imported(is_dry=how.dry_run)
    run = _Run(how, catalogue, connect, now_us, progress, done)
    try:
        for kind, group in _grouped(paths, how.kind):
            with _open(kind, group, wish) as opened:
                run.take(opened, wish)
            done.files += len(group)
    except RecordingError as error:
        raise Problem(str(error), status=422) from error
    except (OSError, pl.exceptions.PolarsError) as error:
        line = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise Problem(f"{', '.join(path.name for path in paths)[:100]} cannot be read: {line}", status=422) from error
    except psycopg.Error as error:
        line = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise Problem(
            f"the database does not take the rows: {line}. Run it again: what is stored is skipped."
        ) from error
    finally:
        run.close()
    done.seconds = time.monotonic() - began
    return done


def kind_of(path: Path) -> str:
    """The format that a file's name says. Raises Problem."""
    name = path.name.lower()
    for kind, endings in FORMATS.items():
        if name.endswith(endings):
            return kind
    raise Problem(f"{path.name} does not say its format: give --format {'|'.join(FORMATS)}", status=422)


def _grouped(paths: Sequence[Path], kind: str | None) -> Iterator[tuple[str, list[Path]]]:
    """One file at a time, all of Lean's together: its trades and quotes are in files of their own."""
    kinds = [(kind or kind_of(path), path) for path in paths]
    lean = [path for each, path in kinds if each == "lean"]
    yield from ((each, [path]) for each, path in kinds if each != "lean")
    if lean:
        yield "lean", lean


@contextmanager
def _open(kind: str, paths: Sequence[Path], wish: Wish) -> Iterator[Opened]:
    with _opener(kind, paths, wish) as opened:
        yield opened


def _opener(kind: str, paths: Sequence[Path], wish: Wish) -> Any:
    path = paths[0]
    if kind == "lean":
        return nullcontext(open_lean(paths, wish))
    if kind == "dbn":
        from thor.lake.import_formats.dbn import open_dbn

        return open_dbn(path, wish)
    if kind == "csv":
        return nullcontext(open_csv(path, wish))
    if path.is_file() and path.stat().st_size and is_of_the_lake(path):
        return nullcontext(open_lake_file(path))
    return nullcontext(open_parquet(path, wish))


class _Run:
    """One import, file after file."""

    def __init__(
        self, how: How, catalogue: Catalogue, connect: Connect, now_us: int, progress: Progress, done: Imported
    ) -> None:
        self._how, self._progress, self._done, self._now_us = how, progress, done, now_us
        self._connect = connect
        self._groups = {symbol: facts.group for symbol, facts in catalogue.by_symbol.items()}
        self._contracts = _Contracts(how.contracts, catalogue, self._groups)
        self._stores: dict[bool, TickStore] = {}
        self._pool = ThreadPoolExecutor(1, "import")
        self._pending: Future[tuple[Stored, list[Refusal]]] | None = None

    def close(self) -> None:
        self._pool.shutdown()
        for store in self._stores.values():
            store.close()

    def take(self, opened: Opened, wish: Wish) -> None:
        """A whole file."""
        facts = opened.frame.select(
            rows=pl.len(), in_order=pl.col("ts_us").is_sorted(),
            top_seq=pl.col("seq").cast(pl.Int64, strict=False).max(),
        ).collect().row(0, named=True)  # fmt: skip
        first_free = 0 if facts["top_seq"] is None else int(facts["top_seq"]) + 1
        given = Given(self._groups, first_free, self._how.source, self._now_us)
        maker: _Maker = StoredLines(given) if opened.is_stored else FastLines(given)
        frame = opened.frame
        if not facts["in_order"] and not opened.is_stored:
            frame = frame.sort("ts_us", maintain_order=True, nulls_last=True)
        self._progress.begin(int(facts["rows"]), "rows")
        kept: list[Refusal] = []
        for piece in frame.collect_batches(chunk_size=SLICE, maintain_order=True):
            self._slice(piece, maker, opened, kept)
            self._progress.advance(piece.height, opened.name)
        self._settle(kept)
        self._tell(kept, opened, wish)

    def _slice(self, piece: pl.DataFrame, maker: _Maker, opened: Opened, kept: list[Refusal]) -> None:
        done = self._done
        done.rows += piece.height
        wanted = self._contracts.wanted(piece)
        done.left_out += piece.height - wanted.height
        made = maker.make(wanted)
        self._refuse(made.refusals, kept)
        for lines in made.lines:
            done.good += len(lines.rows)
            done.first_us = lines.first_us if done.first_us is None else min(done.first_us, lines.first_us)
            done.last_us = lines.last_us if done.last_us is None else max(done.last_us, lines.last_us)
            if not self._how.dry_run:
                self._store(lines, self._store_for(opened.is_stored), kept)

    def _store_for(self, again: bool) -> TickStore:
        if again not in self._stores:
            self._stores[again] = TickStore(self._connect, are_entries=False, again=again)
        return self._stores[again]

    def _store(self, lines: Lines, store: TickStore, kept: list[Refusal]) -> None:
        """While the database takes one slice, the next is made."""
        self._settle(kept)
        self._pending = self._pool.submit(_put, lines, store)

    def _settle(self, kept: list[Refusal]) -> None:
        if self._pending is None:
            return
        pending, self._pending = self._pending, None
        stored, culprits = pending.result()
        self._count(stored)
        self._done.good -= len(culprits)
        self._refuse(culprits, kept)

    def _count(self, stored: Stored) -> None:
        done = self._done
        done.new, done.known = done.new + stored.new, done.known + stored.duplicates
        done.conflicts += stored.conflicts

    def _refuse(self, refusals: Sequence[Refusal], kept: list[Refusal]) -> None:
        self._done.refused.update(each.reason for each in refusals)
        room = MOST_TOLD - len(self._done.told) - len(kept)
        kept.extend(refusals[: max(room, 0)])

    def _tell(self, kept: Sequence[Refusal], opened: Opened, wish: Wish) -> None:
        """Look the refused rows up in their file."""
        for number, part in enumerate(opened.parts):
            mine = [each for each in kept if each.part == number]
            if not mine:
                continue
            rows = part.rows([each.row for each in mine])
            for each in mine:
                values = rows.get(each.row, {})
                detail = each.detail
                if each.reason is Reason.BAD_TIME and part.times:
                    detail = why_no_time(values, part.times, wish.times)
                self._done.told.append(Told(part.name, each.row, each.reason, detail, values))


def _put(lines: Lines, store: TickStore) -> tuple[Stored, list[Refusal]]:
    """Store the lines of a slice; what the database refuses stands alone."""

    def put(data: bytes, rows: int) -> Stored:
        return store.store(data, rows, lines.first_us, lines.last_us, redelivered=False)

    try:
        return put(lines.data, len(lines.rows)), []
    except RowRefusedError:
        each_line = lines.data.splitlines(keepends=True)
    places = dict(zip(each_line, zip(lines.parts, lines.rows, strict=True), strict=True))
    total, culprits = Stored(), list[Refusal]()
    for stored, culprit in isolate(each_line, lambda some: put(b"".join(some), len(some))):
        total = total.plus(stored)
        if culprit is not None:
            culprits.append(Refusal(*places[culprit[0]], Reason.REFUSED_BY_DATABASE, culprit[1]))
    return total, culprits


class _Contracts:
    """Which rows are wanted."""

    def __init__(self, wanted: tuple[str, ...], catalogue: Catalogue, groups: Mapping[str, str]) -> None:
        self._wanted, self._groups = wanted, groups
        self._listed = {each.facts.symbol: each for each in catalogue.listed}

    def wanted(self, piece: pl.DataFrame) -> pl.DataFrame:
        """Rows of the contracts that are wanted, and those that name none."""
        if ALL in self._wanted:
            return piece
        names = piece["symbol"].unique().drop_nulls().to_list()
        raw = pl.col("symbol")
        found = piece.select(
            "ts_us",
            symbol=raw.replace_strict({name: _root(name)[0] for name in names}, default=None, return_dtype=pl.String),
            contract=pl.coalesce(
                "contract",
                raw.replace_strict({name: _root(name)[1] for name in names}, default=None, return_dtype=pl.String),
            ),
        )
        found = found.with_columns(trade_dates(found.with_columns(pl.col("ts_us").fill_null(0)), self._groups))
        keys = found.select("symbol", "contract", "trade_date").unique()
        kept = keys.with_columns(
            is_wanted=pl.Series([self._is_wanted(*key) for key in keys.iter_rows()], dtype=pl.Boolean)
        )
        on = ["symbol", "contract", "trade_date"]
        is_wanted = found.join(kept, on=on, how="left", nulls_equal=True, maintain_order="left")["is_wanted"]
        return piece.filter(is_wanted)

    def _is_wanted(self, symbol: str | None, contract: str | None, day: str | None) -> bool:
        if contract is None or symbol is None or day is None:
            return True
        if FRONT not in self._wanted:
            return contract in self._wanted
        listed = self._listed.get(symbol)
        if listed is None or listed.roll is None:
            return True
        on = datetime.fromisoformat(day).date()
        try:
            return front(symbol, on, listed.roll, dict(listed.decided)).name == parse_contract(contract, on).name
        except ContractError:
            return False


def _root(raw: str) -> tuple[str | None, str | None]:
    try:
        return canonical(raw)
    except SymbolError:
        return None, None
