"""``thor compact_lake``: the small files of months that are over, copied into few large ones."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from thor.lake.compact import compact, planned
from thor.lake.management.told import told
from thor.lake.root import own_store
from thor.runtime.problem import Problem


def _month(text: str) -> str:
    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text) is None:
        raise ArgumentTypeError(f"{text[:20]!r} is no month: give one such as 2025-10")
    return text


class Command(BaseCommand):
    help = "Copy the lake's small files of months that are over into few large ones. They stay; the copies can go."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--month", type=_month, metavar="2025-10", help="only this one (all that are over)")
        parser.add_argument("--dry-run", action="store_true", help="say what there is to do, and do nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            self._handle(options["month"], dry_run=options["dry_run"])
        except Problem as problem:
            raise CommandError(problem.detail, returncode=2) from problem

    def _handle(self, month: str | None, *, dry_run: bool) -> None:
        store, today = own_store(), datetime.now(UTC).date()
        if month is not None and month >= f"{today:%Y-%m}":
            raise Problem(f"{month} is not over: give an earlier month, or none for all that are over")
        if dry_run:
            for each in planned(store, today, month):
                state = "up to date" if store.find(each.key) else "to be written"
                self.stdout.write(f"{each.group.folder}  {len(each.parts):,} small files, {state}")
            return
        with told() as progress:
            done = compact(store, progress, today, month)
        self.stdout.write(done.said())
