"""``manage.py replay``: recorded ticks as of now, source REPLAY."""

from __future__ import annotations

import math
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from thor.history.providers.replay import ReplayProvider
from thor.quotes.collecting import collect_to_end, provider_settings, unknown_symbols
from thor.quotes.collector import Collector
from thor.quotes.provider import SourceLostError
from thor.runtime.clock import SystemClock
from thor.runtime.problem import Problem


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


class Command(BaseCommand):
    help = "Publish recorded ticks (Parquet or CSV) as of now, source REPLAY, at their own pace or another."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--file", type=Path, nargs="+", required=True, help="recordings, played as one")
        parser.add_argument("--symbols", type=_names, default=(), metavar="ES,YM", help="only these")
        parser.add_argument("--speed", type=_speed, default=1.0, metavar="60|max", help="times the recorded speed (1)")
        parser.add_argument(
            "--contract", type=_names, default=(), metavar="GCZ13|all",
            help="where a file has several contracts of a symbol: these, or all (default: the most traded)",
        )  # fmt: skip
        parser.add_argument("--rebase", action="store_true", help="as of now: the default, said out loud")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            provider = self._open(options)
            started = time.perf_counter()
            with _progress(provider) as on_step:
                done = collect_to_end(provider, on_step)
        except (Problem, SourceLostError) as error:
            raise CommandError(str(error), returncode=2) from error
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
            raise Problem(
                f"No instrument of this Thor: {', '.join(unknown)}. Add what is missing under Instruments in the "
                "admin, or choose others with --symbols."
            )
        for choice in provider.choices:
            self.stderr.write(
                f"{choice.symbol}: {', '.join(choice.contracts)} is replayed; {choice.rows_left_out:,} rows of "
                f"{len(choice.others)} other contracts are left out (--contract all replays them too)"
            )
        if provider.sorted_here:
            self.stderr.write("the rows are not in order of time: sorted")
        return provider


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
