"""What `thor replay` is asked to play as recorded: its tape, from and until when, and into which namespace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

import psycopg
from django.db.models import Max, Min

from thor.desk.models import FiredTimer
from thor.history.recording_file import RecordingError, open_recording
from thor.history.services import connect_database, known_groups
from thor.history.tape import EmptyTape, FileTape, StoredTape
from thor.markets.models import CalendarEdition
from thor.markets.trade_date import DEFAULT_GROUP, spans_of, trade_date_span, utc
from thor.ops.replay import Plan
from thor.quotes.quote import format_ts
from thor.runtime.problem import Problem


class Asked(NamedTuple):
    """The command line. ``speed`` None: as fast as it goes; times in epoch microseconds."""

    files: tuple[Path, ...]
    day: date | None
    symbols: tuple[str, ...]
    contracts: tuple[str, ...]
    speed: float | None
    into: str
    from_us: int | None
    until_us: int | None


@contextmanager
def planned(asked: Asked, say: Callable[[str], None]) -> Iterator[Plan]:
    """The plan, with the database open where the tape is read from it. Raises Problem."""
    if asked.from_us is not None and asked.until_us is not None and asked.from_us >= asked.until_us:
        raise Problem(f"--from {format_ts(asked.from_us)} is not before --until {format_ts(asked.until_us)}.")
    if asked.files:
        yield _of_files(asked, say)
    elif asked.day is not None:
        with connect_database() as database:
            yield _of_day(asked, asked.day, database)
    else:
        yield _of_time(asked)


def _of_files(asked: Asked, say: Callable[[str], None]) -> Plan:
    try:
        recording = open_recording(asked.files, asked.symbols, asked.contracts)
    except RecordingError as error:
        raise Problem(str(error)) from error
    groups = known_groups()
    _require_known(recording.symbols, groups)
    if recording.first_us is None or recording.last_us is None:
        raise Problem(f"{asked.files[0].name}: no row has a time in UTC, so nothing can be replayed.")
    for choice in recording.choices:
        say(choice.said())
    if recording.sorted_here:
        say("the rows are not in order of time: sorted")
    from_us = recording.first_us if asked.from_us is None else asked.from_us
    until_us = _end_of_day(recording.last_us, groups, recording.symbols) if asked.until_us is None else asked.until_us
    tape = FileTape(recording, groups, from_us, until_us)
    day = trade_date_span(recording.first_us, DEFAULT_GROUP).trade_date
    return _plan(asked, tape, from_us, until_us, day)


def _of_day(asked: Asked, day: date, database: psycopg.Connection[tuple[object, ...]]) -> Plan:
    groups = known_groups()
    symbols = asked.symbols or tuple(sorted(groups))
    _require_known(symbols, groups)
    spans = spans_of(day, {groups[symbol] for symbol in symbols})
    if not spans:
        raise Problem(f"{day} is no trade date: no session belongs to it.")
    from_us = min(span.start_us for span in spans) if asked.from_us is None else asked.from_us
    until_us = max(span.end_us for span in spans) - 1 if asked.until_us is None else asked.until_us
    has_timers = FiredTimer.objects.filter(at_us__gte=from_us, at_us__lte=until_us).exists()
    tape = StoredTape(database, day, from_us, until_us, symbols, has_timers=has_timers)
    if not tape.rows:
        raise Problem(f"no tick of {day} is stored as asked: choose another --date, or other --symbols.")
    # The last ones of a session arrive a moment after its end.
    until_us = max(until_us, tape.last_us)
    return _plan(asked, tape, from_us, until_us, day)


def _of_time(asked: Asked) -> Plan:
    if asked.from_us is None or asked.until_us is None:
        raise Problem("nothing to replay: give --file FILE, --date YYYY-MM-DD, or --from and --until for time alone.")
    return _plan(asked, EmptyTape(), asked.from_us, asked.until_us, utc(asked.from_us).date())


def _plan(asked: Asked, tape: FileTape | StoredTape | EmptyTape, from_us: int, until_us: int, day: date) -> Plan:
    if from_us >= until_us:
        raise Problem(f"nothing lies between {format_ts(from_us)} and {format_ts(until_us)}: check --from and --until.")
    _require_calendars(from_us, until_us)
    name = asked.into or f"replay_{day:%Y%m%d}"
    return Plan(name, tape, from_us, until_us, asked.speed, keeps_pace_to_end=asked.until_us is not None)


def _require_calendars(from_us: int, until_us: int) -> None:
    """No calendar of this time: nothing would ever open."""
    reach = CalendarEdition.objects.aggregate(first=Min("first_utc"), end=Max("end_utc"))
    if reach["first"] and not (utc(from_us) < reach["end"] and utc(until_us) >= reach["first"]):
        raise Problem(
            f"no calendar knows {utc(from_us):%Y-%m-%d}: they reach from {reach['first']:%Y-%m-%d} to "
            f"{reach['end']:%Y-%m-%d}."
        )


def _end_of_day(at_us: int, groups: Mapping[str, str], symbols: Iterable[str]) -> int:
    """The last microsecond of the trade date of ``at_us``, of the group that ends last."""
    return max(trade_date_span(at_us, groups[symbol]).end_us for symbol in symbols) - 1


def _require_known(symbols: Iterable[str], groups: Mapping[str, str]) -> None:
    if unknown := sorted(set(symbols) - groups.keys()):
        raise unknown_instruments(unknown)


def unknown_instruments(names: Sequence[str]) -> Problem:
    """Symbols that are no instruments here."""
    return Problem(
        f"No instrument of this Thor: {', '.join(names)}. Add what is missing under Instruments in the admin, or "
        "choose others with --symbols."
    )
