"""``thor backfill_parquet``: every stored trade date into the lake, oldest first."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from thor.lake.export import Wish, export
from thor.lake.management.asked import symbols, trade_date
from thor.lake.management.plainly import plainly
from thor.lake.management.told import told
from thor.lake.root import own_store
from thor.lake.stored_parts import first_and_last_date
from thor.runtime.problem import Problem


class Command(BaseCommand):
    help = "Export every stored trade date, oldest first. Goes on where one before it ended."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--start", type=trade_date, metavar="YYYY-MM-DD", help="not those before (the oldest)")
        parser.add_argument("--end", type=trade_date, metavar="YYYY-MM-DD", help="not those after (the newest)")
        parser.add_argument("--symbols", type=symbols, metavar="ES,YM", help="only these (all)")

    def handle(self, *_args: Any, **options: Any) -> None:
        with plainly():
            self._handle(options)

    def _handle(self, options: dict[str, Any]) -> None:
        store, there = own_store(), first_and_last_date()
        if there is None:
            self.stdout.write("PostgreSQL has no ticks: there is nothing to export")
            return
        start, end = options["start"], options["end"]
        if start and end and end < start:
            raise Problem(f"--end {end} is before --start {start}", status=422)
        first, last = max(start or there[0], there[0]), min(end or there[1], there[1])
        if last < first:
            self.stdout.write(f"PostgreSQL has ticks of {there[0]} to {there[1]}: there is nothing to export")
            return
        with told() as progress:
            done = export(store, Wish(first, last, options["symbols"]), progress)
        self.stdout.write(f"{first} to {last}: {done._replace(empty=0).said()}")
