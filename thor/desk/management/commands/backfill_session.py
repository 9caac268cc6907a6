"""``thor backfill_session --date``: a trade date from ticks to files, bars, quality, metrics and VWAP."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management import call_command

from thor.desk.management.backfill import BackfillCommand
from thor.desk.session_backfill import backfill_session
from thor.lake.management.told import told


class Command(BackfillCommand):
    help = "Make all of a trade date of its stored ticks: files, bars, quality, metrics, ranges, VWAP. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--file", nargs="+", type=Path, default=[], metavar="FILE",
            help="import these recordings first, as `thor import_ticks` does by itself",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        if options["file"]:
            files = map(str, options["file"])
            call_command("import_ticks", *files, dry_run=options["dry_run"], stdout=self.stdout, stderr=self.stderr)
        super().handle(*args, **options)

    def lines(self, day: date, wanted: Sequence[str] | None, *, dry_run: bool) -> Iterator[str]:
        with told() as progress:
            yield from backfill_session(day, wanted, progress, only_look=dry_run)
        if dry_run:
            yield "nothing was written: leave --dry-run out to write"
