"""``thor replay``: recorded ticks, as of now beside the live quotes, or as recorded in a namespace of their own."""

from __future__ import annotations

import math
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

import psycopg
from django.core.management.base import BaseCommand, CommandError
from redis.exceptions import RedisError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from thor.history.providers.replay import ReplayProvider
from thor.markets.session import parse_instant
from thor.ops import namespaces
from thor.ops.kept_replays import list_names
from thor.ops.replay import Done, Replay, connect_bus
from thor.ops.replay_plan import Asked, planned, unknown_instruments
from thor.ops.replay_progress import shown
from thor.quotes.collecting import collect_to_end, provider_settings, unknown_symbols
from thor.quotes.collector import Collector
from thor.quotes.provider import SourceLostError
from thor.quotes.quote import format_ts
from thor.quotes.replaying import read_replay
from thor.runtime.clock import SystemClock
from thor.runtime.problem import Problem

#: Options of a replay as recorded, which one as of now does not know.
_AS_RECORDED_ONLY: Final = ("date", "into", "from", "until")


def _speed(text: str) -> float:
    """A factor above 0; infinity is as fast as it goes."""
    if text == "max":
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not 0 < speed <= 1_000_000:
        raise ArgumentTypeError(f"{text!r}: give a number above 0, such as 60, or max")
    return speed


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise ArgumentTypeError("give at least one name")
    return names


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r}: give a date such as 2025-10-09") from None


def _instant(text: str) -> int:
    """Epoch microseconds of a time with a zone."""
    try:
        return parse_instant(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r}: give a time with its zone, such as 2025-10-09T13:30Z") from None


class Command(BaseCommand):
    help = "Replay recorded ticks: as of now, or as recorded, through a stack of its own in simulated time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--file", type=Path, nargs="+", default=(), help="recordings, played as one")
        parser.add_argument("--date", type=_day, metavar="YYYY-MM-DD", help="the stored ticks of a trade date")
        parser.add_argument("--symbols", type=_names, default=(), metavar="ES,YM", help="only these")
        parser.add_argument("--speed", type=_speed, default=1.0, metavar="60|max", help="times the recorded speed (1)")
        parser.add_argument(
            "--contract", type=_names, default=(), metavar="GCZ13|all",
            help="where a file has several contracts of a symbol: these, or all (default: the most traded)",
        )  # fmt: skip
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--rebase", action="store_true", help="as of now, source REPLAY: the default for files")
        how.add_argument(
            "--as-recorded",
            action="store_true",
            help="at their own times, in a namespace of their own",
        )
        parser.add_argument("--into", default="", metavar="NAME", help="the namespace (default: replay_ and the date)")
        parser.add_argument("--from", type=_instant, metavar="ISO", help="simulated time begins here")
        parser.add_argument("--until", type=_instant, metavar="ISO", help="and ends here (default: with the day)")
        parser.add_argument("--list", action="store_true", help="show the replays that were kept, and end")
        parser.add_argument("--drop", metavar="NAME", help="delete a replay, and end")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            if options["list"]:
                self._list()
            elif options["drop"] is not None:
                self._drop(options["drop"])
            elif options["as_recorded"] or options["date"] or not options["file"]:
                self._as_recorded(options)
            else:
                self._as_of_now(options)
        except (Problem, SourceLostError) as error:
            raise CommandError(str(error), returncode=2) from error
        except RedisError as error:
            raise CommandError(f"the bus went away: {error}; check REDIS_URL", returncode=2) from error
        except psycopg.Error as error:
            raise CommandError(f"database: {str(error).splitlines()[0]}; check DATABASE_URL", returncode=2) from error

    # --- as recorded ----------------------------------------------------------------------------------------------

    def _as_recorded(self, options: dict[str, Any]) -> None:
        asked = _asked(options)
        if options["rebase"]:
            raise Problem("--rebase plays files as of now: give --file, or leave --rebase out.")
        if options["file"] and options["date"]:
            raise Problem("--file and --date: give one of them.")
        if asked.into:
            namespaces.check_name(asked.into)
        client = connect_bus()
        try:
            with planned(asked, self.stderr.write) as plan, shown(plan) as show:
                done = Replay(plan, client, self.stderr.write, show).run()
        finally:
            client.close()
        self.stdout.write(_told(plan.name, done))

    def _list(self) -> None:
        client = connect_bus()
        try:
            names = list_names()
            if not names:
                self.stdout.write("no replay is kept")
            for name in names:
                state = read_replay(client, name)
                seen = state and state.seen_from(time.time_ns() // 1000)
                said = (
                    f"{seen.state}, {format_ts(seen.from_us)} to {format_ts(seen.until_us)}, {seen.rows_done:,} of "
                    f"{seen.rows:,} rows"
                    if seen
                    else "its keys are gone from the bus"
                )
                self.stdout.write(f"{name}: {said}")
        finally:
            client.close()

    def _drop(self, name: str) -> None:
        namespaces.check_name(name)
        client = connect_bus()
        try:
            with namespaces.held(name):
                if not namespaces.drop(name, client):
                    raise Problem(f"there is no replay {name}: `thor replay --list` shows what there is.")
        finally:
            client.close()
        self.stdout.write(f"{name} is dropped")

    # --- as of now ------------------------------------------------------------------------------------------------

    def _as_of_now(self, options: dict[str, Any]) -> None:
        if given := [f"--{name}" for name in _AS_RECORDED_ONLY if options[name]]:
            raise Problem(f"{given[0]} belongs to a replay as recorded: add --as-recorded.")
        provider = self._open(options)
        started = time.perf_counter()
        with _progress(provider) as on_step:
            done = collect_to_end(provider, on_step)
        self.stdout.write(_summary(provider, done, time.perf_counter() - started))

    def _open(self, options: dict[str, Any]) -> ReplayProvider:
        given = provider_settings(
            replay_files=tuple(options["file"]),
            replay_contracts=options["contract"],
            replay_speed=options["speed"],
            symbols=tuple(name.upper() for name in options["symbols"]),
        )
        provider = ReplayProvider(given, SystemClock())
        provider.connect()
        if unknown := unknown_symbols(sorted(provider.symbols)):
            raise unknown_instruments(unknown)
        for choice in provider.choices:
            self.stderr.write(choice.said())
        if provider.sorted_here:
            self.stderr.write("the rows are not in order of time: sorted")
        return provider


def _asked(options: dict[str, Any]) -> Asked:
    return Asked(
        files=tuple(options["file"]),
        day=options["date"],
        symbols=tuple(name.upper() for name in options["symbols"]),
        contracts=options["contract"],
        speed=None if options["speed"] == math.inf else options["speed"],
        into=options["into"],
        from_us=options["from"],
        until_us=options["until"],
    )


@contextmanager
def _progress(provider: ReplayProvider) -> Iterator[Any]:
    """A bar on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("replay"), BarColumn(), MofNCompleteColumn(), TextColumn("rows"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("replay", total=provider.rows)

        def show(_collector: Collector) -> None:
            bar.update(task, completed=provider.rows_read)

        yield show


def _summary(provider: ReplayProvider, done: Collector, seconds: float) -> str:
    refused = provider.refused + done.refused
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in refused.most_common())
    published = done.published.won + done.published.late
    return (
        f"{provider.rows_read:,} of {provider.rows:,} rows read, {published:,} published, "
        f"{done.published.late:,} late, {refused.total():,} refused{f' ({reasons})' if reasons else ''}, "
        f"{seconds:.1f} s, {provider.rows_read / seconds:,.0f} rows/s"
    )


def _told(name: str, done: Done) -> str:
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in done.tape.refused.most_common())
    return (
        f"{name}: {done.tape.rows_read:,} of {done.tape.rows:,} rows read, {done.published:,} published, "
        f"{done.tape.repeated:,} repeated, {done.tape.refused.total():,} refused{f' ({reasons})' if reasons else ''}; "
        f"{done.ticks:,} ticks stored, {done.transitions:,} transitions, {done.jobs:,} jobs; "
        f"{done.seconds:.1f} s, x{done.speed:,.0f}. Look at it with ?namespace={name}"
    )
