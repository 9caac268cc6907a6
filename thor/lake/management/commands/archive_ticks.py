"""``thor archive_ticks``: old weeks of ticks leave PostgreSQL, when the lake has every row of them."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand

from thor.lake.archive import FEWEST_DAYS, archive
from thor.lake.management.plainly import plainly
from thor.lake.management.told import told
from thor.lake.root import own_store


def _days(text: str) -> int:
    found = re.fullmatch(r"(\d{1,5})([dw])", text)
    if found is None or (days := int(found[1]) * (7 if found[2] == "w" else 1)) < FEWEST_DAYS:
        raise ArgumentTypeError(f"{text!r}: wanted days or weeks such as 90d or 26w, at least {FEWEST_DAYS}d")
    return days


class Command(BaseCommand):
    help = "Drop weeks of ticks from PostgreSQL whose every row is in the lake, read back and compared."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--older-than", type=_days, required=True, metavar="90d", help="weeks that ended before")
        parser.add_argument("--dry-run", action="store_true", help="prove it, say what would be dropped, drop nothing")
        parser.add_argument("--yes", action="store_true", help="really drop")

    def handle(self, *_args: Any, **options: Any) -> None:
        dry_run = options["dry_run"] or not options["yes"]
        with plainly(), told() as progress:
            done = archive(own_store(), options["older_than"], progress, dry_run=dry_run)
        for line in done.kept:
            self.stdout.write(line)
        self.stdout.write(done.said() + (". Nothing was: give --yes to do it." if dry_run and done.weeks else ""))
        if done.kept:
            sys.exit(1)
