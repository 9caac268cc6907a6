"""Writes compiled calendars into the database: one transaction each, nothing when nothing changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django.db import connection, transaction

from thor.markets.models import CalendarDay, CalendarEdition, CalendarOverride, SessionInterval
from thor.markets.overrides import Override, load_overrides
from thor.markets.trade_date import utc

if TYPE_CHECKING:
    from thor.markets.compile import Compiled

#: The advisory lock under which one process at a time writes calendars ("cal" as bytes).
_LOCK: Final = 0x63616C
_HERE: Final = Path(__file__).parent
#: What a table is made from besides the libraries: our rules and their overrides.
INPUTS: Final = (
    "overrides.yaml", "overrides.py", "compile.py", "compile_library.py", "compile_names.py", "hours.py",
    "trade_date.py", "us_holidays.py", "market.py",
)  # fmt: skip
_LIBRARIES: Final = (("exchange_calendars", "exchange-calendars"), ("pmc", "pandas-market-calendars"))
_INTERVALS: Final = """
COPY markets_sessioninterval (calendar, trade_date, phase, open_utc, close_utc, holiday_name, source, library_version)
FROM STDIN"""
_DAYS: Final = """
COPY markets_calendarday (calendar, date, name, is_holiday, is_closed, is_early_close, source) FROM STDIN"""


class State(StrEnum):
    """What became of a calendar. ``CURRENT``: made from the same before, not compiled. ``DIFFERS``: only looked at."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    CURRENT = "up to date"
    DIFFERS = "differs"


class Synced(NamedTuple):
    """One calendar's outcome. ``sessions`` and ``last``, the last local date, are None when it was not compiled."""

    calendar: str
    state: State
    sessions: int | None
    last: date | None


def sync_calendars(
    names: Sequence[str], first: date, last: date, now: datetime, *, only_check: bool = False
) -> Iterator[Synced]:
    """Compile calendars over local dates and store those that changed; a result each as it is done.

    Raises OverrideError and CalendarError, each with a sentence; what was yielded before is stored.
    """
    recipe = recipe_of(first, last)
    held = {each.calendar: each for each in CalendarEdition.objects.filter(calendar__in=names)}
    overrides = load_overrides()
    for name in names:
        edition = held.get(name)
        if edition is not None and edition.library_version == recipe and not only_check:
            yield Synced(name, State.CURRENT, None, None)
            continue
        compiled = _compile(name, first, last, overrides)
        if only_check:
            same = edition is not None and edition.digest == compiled.digest()
            state = State.UNCHANGED if same else State.DIFFERS
        else:
            state = store(compiled, [each for each in overrides if name in each.calendars], recipe, now)
        yield Synced(name, state, compiled.sessions, compiled.last)


def recipe_of(first: date, last: date) -> str:
    """What tables are made from, in at most 80 characters: the libraries' versions, and our own inputs' digest."""
    digest = hashlib.sha256(f"{first} {last} {version('tzdata')}".encode())
    for name in INPUTS:
        digest.update((_HERE / name).read_bytes())
    libraries = ", ".join(f"{short} {version(package)}" for short, package in _LIBRARIES)
    return f"{libraries}, holidays {version('holidays')}, rules {digest.hexdigest()[:12]}"


def _compile(name: str, first: date, last: date, overrides: Sequence[Override]) -> Compiled:
    # Here, not above: a run that finds everything up to date need not load pandas.
    from thor.markets.compile import compile_calendar

    return compile_calendar(name, first, last, overrides)


def store(compiled: Compiled, overrides: Sequence[Override], recipe: str, now: datetime) -> State:
    """Replace a calendar's rows, all or none. The same table as before is left alone, and only its recipe noted."""
    intervals, days = compiled.interval_text(), compiled.day_text()
    digest = compiled.digest_of(intervals, days)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        _write_overrides(compiled.name, overrides)
        same = CalendarEdition.objects.filter(calendar=compiled.name, digest=digest)
        if same.update(library_version=recipe):
            return State.UNCHANGED
        _write_rows(compiled.name, intervals.replace("\n", f"\t{recipe}\n"), days)
        CalendarEdition.objects.update_or_create(
            calendar=compiled.name,
            defaults={
                "timezone_name": compiled.zone,
                "first_utc": utc(compiled.first_us),
                "end_utc": utc(compiled.end_us),
                "library_version": recipe,
                "digest": digest,
                "compiled_at": now,
            },
        )
    return State.WRITTEN


def _write_rows(name: str, intervals: str, days: str) -> None:
    SessionInterval.objects.filter(calendar=name).delete()
    CalendarDay.objects.filter(calendar=name).delete()
    with connection.cursor() as cursor:
        _copy(cursor, _INTERVALS, intervals)
        _copy(cursor, _DAYS, days)


def _copy(cursor: Any, statement: str, lines: str) -> None:
    with cursor.copy(statement) as copy:
        copy.write(lines.replace("\\", "\\\\"))


def _write_overrides(name: str, overrides: Sequence[Override]) -> None:
    CalendarOverride.objects.filter(calendar=name).delete()
    CalendarOverride.objects.bulk_create(
        CalendarOverride(
            calendar=name, what=each.text[:200], reason=_reason(each), source=each.source, dated=each.dated
        )
        for each in overrides
    )


def _reason(override: Override) -> str:
    doubt = f". Uncertain: {override.uncertain}" if override.uncertain else ""
    return f"{override.reason}{doubt}"[:300]
