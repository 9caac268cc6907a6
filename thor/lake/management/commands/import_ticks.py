"""``thor import_ticks FILE...``: recordings into the table ticks."""

from __future__ import annotations

import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand, CommandError

from thor.history.services import connect_database
from thor.instruments.selectors import load_catalogue
from thor.instruments.symbol import SymbolError, canonical
from thor.lake.import_formats.opened import Wish
from thor.lake.import_formats.times import TimeRule
from thor.lake.import_report import write_report
from thor.lake.importing import ALL, FORMATS, How, import_files
from thor.lake.management.told import told
from thor.quotes.quote import SOURCES
from thor.runtime.problem import Problem


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ArgumentTypeError(f"{text!r}: wanted a time zone such as America/New_York or UTC") from None
    return text


def _columns(text: str) -> Mapping[str, str]:
    pairs = [each.partition("=") for each in text.split(",") if each.strip()]
    if not pairs or any(not left.strip() or not right.strip() for left, _, right in pairs):
        raise ArgumentTypeError(f"{text!r}: wanted our name=the file's, such as ts=Time,last=Price or ts=Date+Time")
    return {left.strip(): right.strip() for left, _, right in pairs}


def _symbol(text: str) -> str:
    try:
        return canonical(text).symbol if canonical(text).contract is None else text
    except SymbolError as error:
        raise ArgumentTypeError(str(error)) from None


def _contracts(text: str) -> tuple[str, ...]:
    return tuple(each.strip().upper() if each.strip() not in ("all", "front") else each for each in text.split(","))


def _report(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in (".csv", ".json"):
        raise ArgumentTypeError(f"{text!r}: wanted a name that ends with .csv or .json")
    if not path.absolute().parent.is_dir():
        raise ArgumentTypeError(f"{text!r}: its folder does not exist")
    return path


class Command(BaseCommand):
    help = "Bring recordings into the table ticks: held against the contract, numbered, each row once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--format", choices=sorted(FORMATS), help="of all files (by their names)")
        parser.add_argument("--symbol", type=_symbol, metavar="GC", help="the symbol of every row")
        parser.add_argument("--tz", type=_zone, metavar="ZONE", help="of times that name none: America/New_York")
        parser.add_argument("--ambiguous", choices=("refuse", "earliest", "latest"), default="refuse",
                            help="which is meant where clocks go back and a local time is twice (refuse)")  # fmt: skip
        parser.add_argument("--columns", type=_columns, default={}, metavar="ts=Time,last=Price",
                            help="our names=the file's; ts=Date+Time joins two")  # fmt: skip
        parser.add_argument("--source", choices=sorted(SOURCES), default="REPLAY", help="of rows without one (REPLAY)")
        parser.add_argument("--limit-contracts", type=_contracts, default=(ALL,), metavar="all|front|GCZ13",
                            help="all, the one in front on each trade date, or some by name (all)")  # fmt: skip
        parser.add_argument("--bars-as-ticks", action="store_true", help="take Lean's bars as ticks at their ends")
        parser.add_argument("--dry-run", action="store_true", help="say what would be stored, and store nothing")
        parser.add_argument("--report", type=_report, metavar="FILE.csv|json", help="write the refused rows to a file")

    def handle(self, *_args: Any, **options: Any) -> None:
        wish = Wish(options["symbol"], options["columns"], TimeRule(options["tz"], options["ambiguous"]),
                    options["bars_as_ticks"])  # fmt: skip
        how = How(options["format"], options["source"], options["limit_contracts"], options["dry_run"])
        now_us = time.time_ns() // 1000
        try:
            with told() as progress:
                done = import_files(options["files"], wish, how, load_catalogue(), connect_database, now_us, progress)
            if options["report"]:
                write_report(options["report"], done)
        except Problem as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(done.said())
        for line in done.reasons():
            self.stdout.write(line)
        if not done.good:
            raise CommandError("nothing was accepted", returncode=1)
