"""How good the ticks of the lake are: a row a trade date and symbol, made anew when its ticks changed.

The counting is DuckDB's, over the file, in bounded memory; what is counted stands in ``quality.py`` and in
``sql/quality_*.sql``, whose slow twin is ``tests/unit/lake/quality_twin.py``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django.db import connection
from django.utils import timezone

from thor.instruments.instrument import InstrumentFacts
from thor.instruments.selectors import known_symbols, load_instruments
from thor.lake.layout import Kind
from thor.lake.models import FileState, LakeFile, QualityDay
from thor.lake.quality import GAP_SECONDS, SPIKE_RANGES, Gaps, Piece, gaps_of, open_pieces, open_us
from thor.lake.queries import query
from thor.lake.reader import open_duckdb
from thor.lake.runs import Progress
from thor.lake.store import LakeStore
from thor.markets.calendar import Calendar
from thor.markets.selectors import load_calendars
from thor.markets.trade_date import DEFAULT_GROUP, epoch_us, spans_of, utc
from thor.quotes.quote import format_ts
from thor.runtime.problem import Problem

if TYPE_CHECKING:
    import duckdb

_READABLE: Final = (FileState.OK.value, FileState.ARCHIVED.value)
_MEMORY: Final = "1GB"
#: Of a symbol that is no instrument (any more).
_SMALLEST_TICK: Final = Decimal("0.000001")


class Reported(NamedTuple):
    """What came of it: rows made, those that were up to date, and the ticks behind those made."""

    days: int
    skipped: int
    ticks: int
    seconds: float

    def said(self) -> str:
        """In a line."""
        rate = f" ({self.ticks / self.seconds:,.0f} ticks/s)" if self.ticks and self.seconds > 0 else ""
        said = f"quality of {self.days:,} files, {self.ticks:,} ticks in {self.seconds:.1f} s{rate}"
        return said + (f"; {self.skipped:,} up to date" if self.skipped else "")


class Context(NamedTuple):
    """What a file's ticks are held against. ``pieces``: the open hours of its trade date."""

    facts: InstrumentFacts | None
    pieces: list[Piece]
    gap_seconds: float


def report(
    store: LakeStore,
    first: date,
    last: date,
    symbols: Sequence[str] | None,
    progress: Progress,
    *,
    gap_seconds: float = GAP_SECONDS,
    overwrite: bool = False,
) -> Reported:
    """Write the quality of the trade dates ``first`` to ``last``, of these symbols (None: all), where it is not that of
    the ticks as they are. Raises Problem, when all else is done also for files that cannot be read."""
    began = time.monotonic()
    _check(first, last, symbols)
    files = _files(first, last, symbols)
    todo = files if overwrite else _to_do(files, first, last, gap_seconds)
    progress.begin(len(todo), "files")
    instruments, calendars = load_instruments(), load_calendars()
    conflicts = _conflicts(first, last)
    refused: list[str] = []
    ticks = 0
    for file in todo:
        progress.check()
        context = _context(file, instruments.get(file.symbol), calendars, gap_seconds)
        try:
            _write(file, measure(store, file.key, context), conflicts.get((file.trade_date, file.symbol), 0))
            ticks += file.rows
        except Problem as error:
            refused.append(error.detail)
        progress.advance(1, f"{file.symbol} {file.trade_date}")
    _follow_conflicts(first, last, conflicts)
    if refused:
        raise Problem(refused[0] + (f" (and {len(refused) - 1} more like it)" if len(refused) > 1 else ""))
    return Reported(len(todo), len(files) - len(todo), ticks, time.monotonic() - began)


def measure(store: LakeStore, key: str, context: Context) -> dict[str, Any]:
    """The fields of a QualityDay that follow from a file's ticks. Raises Problem for a file that cannot be read."""
    import duckdb

    try:
        with open_duckdb(store, _MEMORY) as database:
            return _measured(database, store.uri(key), context)
    except (duckdb.Error, OSError) as error:
        line = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise Problem(f"{key} cannot be read: {line}. `thor lake verify` says what is wrong with the lake.") from error


def _measured(database: duckdb.DuckDBPyConnection, uri: str, context: Context) -> dict[str, Any]:
    facts, path = context.facts, {"path": uri}
    negative = {"may_be_negative": facts is not None and facts.may_be_negative}
    cursor = database.execute(query("quality_counts"), path | negative)
    names = [each[0] for each in cursor.description or []]
    fields = dict(zip(names, cursor.fetchone() or (), strict=True))
    first_us, last_us = fields.pop("first_us"), fields.pop("last_us")
    tick = _SMALLEST_TICK if facts is None else facts.tick_size
    spikes = path | negative | {"ranges": SPIKE_RANGES, "tick": tick}
    return {
        **fields,
        "first_at": None if first_us is None else utc(first_us),
        "last_at": None if last_us is None else utc(last_us),
        "spikes": _one(database, "quality_spikes", spikes),
        "out_of_order": _one(database, "quality_order", path),
        "sources": dict(database.execute(query("quality_sources"), path).fetchall()),
        **_gap_fields(_gaps(database, uri, context), context),
    }


def _one(database: duckdb.DuckDBPyConnection, name: str, given: Mapping[str, Any]) -> int:
    row = database.execute(query(name), dict(given)).fetchone()
    assert row is not None
    return int(row[0])


def _gaps(database: duckdb.DuckDBPyConnection, uri: str, context: Context) -> Gaps:
    if not context.pieces:
        return gaps_of([])
    opens, closes = zip(*context.pieces, strict=True)
    given = {"path": uri, "opens": list(opens), "closes": list(closes), "gap_us": round(context.gap_seconds * 1e6)}
    return gaps_of(database.execute(query("quality_gaps"), given).fetchall())


def _gap_fields(gaps: Gaps, context: Context) -> dict[str, Any]:
    whole_us = open_us(context.pieces)
    return {
        "gaps": gaps.number,
        "gap_seconds": context.gap_seconds,
        "longest_gap_seconds": None if gaps.longest_us is None else gaps.longest_us / 1e6,
        "open_seconds": whole_us / 1e6,
        "covered_seconds": (whole_us - gaps.total_us) / 1e6,
        "gap_list": [[format_ts(start), format_ts(end)] for start, end in gaps.listed],
    }


# --- what is to be done -----------------------------------------------------------------------------------------------


def _check(first: date, last: date, symbols: Sequence[str] | None) -> None:
    if last < first:
        raise Problem(f"the end {last} is before the start {first}: give a later one", status=422)
    if unknown := sorted(set(symbols or ()) - known_symbols()):
        raise Problem(f"no such instrument: {', '.join(unknown)[:80]}. Choose others, or add it.", status=422)


def _files(first: date, last: date, symbols: Sequence[str] | None) -> list[LakeFile]:
    files = LakeFile.objects.filter(
        kind=Kind.TICKS.value, trade_date__range=(first, last), state__in=_READABLE
    ).order_by("trade_date", "symbol")
    return list(files if symbols is None else files.filter(symbol__in=symbols))


def _to_do(files: Sequence[LakeFile], first: date, last: date, gap_seconds: float) -> list[LakeFile]:
    made = QualityDay.objects.filter(trade_date__range=(first, last), gap_seconds=gap_seconds)
    there = {(day, symbol): digest for day, symbol, digest in made.values_list("trade_date", "symbol", "made_of")}
    return [each for each in files if there.get((each.trade_date, each.symbol)) != each.rows_sha256]


def _context(
    file: LakeFile, facts: InstrumentFacts | None, calendars: Mapping[str, Calendar], gap_seconds: float
) -> Context:
    """Open hours end where the file was written: of what came later it says nothing."""
    group = DEFAULT_GROUP if facts is None else facts.group
    spans = spans_of(file.trade_date, [group])
    until_us = epoch_us(file.exported_at)
    pieces = open_pieces(spans[0], file.trade_date, calendars.get(group), until_us) if spans else []
    return Context(facts, pieces, gap_seconds)


def _write(file: LakeFile, fields: Mapping[str, Any], conflicts: int) -> None:
    QualityDay.objects.update_or_create(
        symbol=file.symbol,
        trade_date=file.trade_date,
        defaults={**fields, "conflicts": conflicts, "made_of": file.rows_sha256, "made_at": timezone.now()},
    )


def _conflicts(first: date, last: date) -> dict[tuple[date, str], int]:
    with connection.cursor() as cursor:
        cursor.execute(query("count_conflicts"), {"first": first, "last": last})
        return {(day, symbol): count for day, symbol, count in cursor.fetchall()}


def _follow_conflicts(first: date, last: date, conflicts: Mapping[tuple[date, str], int]) -> None:
    """They come without a new tick, so that the files do not tell of them."""
    for each in QualityDay.objects.filter(trade_date__range=(first, last)).only("trade_date", "symbol", "conflicts"):
        count = conflicts.get((each.trade_date, each.symbol), 0)
        if count != each.conflicts:
            QualityDay.objects.filter(pk=each.pk).update(conflicts=count)


def as_record(day: QualityDay) -> dict[str, Any]:
    """A row as JSON."""
    names = [field.name for field in QualityDay._meta.fields if field.name != "id"]
    return {name: _plain(getattr(day, name)) for name in names}


def _plain(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, date | datetime) else value
