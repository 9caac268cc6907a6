"""``thor audit verify|head``: does the chain of records hold, and which record is its last."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from thor.market_open import chain
from thor.market_open.verify import Head, verify


def _head(text: str) -> Head:
    number, _, digest = text.partition(":")
    if not (number.isascii() and number.isdigit() and re.fullmatch("[0-9a-f]{64}", digest)):
        raise ArgumentTypeError(f"{text!r}: wanted NUMBER:HASH, as `thor audit head` printed it")
    return Head(int(number), digest)


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise ArgumentTypeError(f"{text!r}: wanted a day such as 2025-10-09") from None


class Command(BaseCommand):
    help = "The chain of audit records: is it whole, does every row say what its records say, and which is its head."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="verify|head")
        checking = actions.add_parser("verify", help="the whole chain and all rows; exit 1 with a line per fault")
        checking.add_argument("--head", type=_head, metavar="NUMBER:HASH", help="a head that was kept elsewhere")
        newest = actions.add_parser("head", help="print the newest record as NUMBER:HASH, to be kept elsewhere")
        newest.add_argument("--date", type=_day, metavar="YYYY-MM-DD", help="the last one up to the end of a UTC day")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["action"] == "head":
            self._print_head(options["date"])
            return
        found = verify(options["head"])
        for line in found.faults:
            self.stdout.write(line)
        self.stdout.write(f"{found.records:,} records, {found.rows:,} rows: {_verdict(len(found.faults))}")
        if found.faults:
            sys.exit(1)

    def _print_head(self, day: date | None) -> None:
        newest = chain.head(day)
        if newest is None:
            raise CommandError("there is no record yet: the first capture makes one.", returncode=2)
        self.stdout.write(str(Head(newest.number, newest.hash)))


def _verdict(faults: int) -> str:
    return f"{faults:,} {'fault' if faults == 1 else 'faults'}" if faults else "all is as it was recorded"
