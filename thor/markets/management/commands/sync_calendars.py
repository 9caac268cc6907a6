"""``manage.py sync_calendars``: compile the markets' calendars into the database."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, date, datetime
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from thor.markets.calendar import CalendarError
from thor.markets.editions import State, Synced, sync_calendars
from thor.markets.horizon import short_horizons
from thor.markets.overrides import CALENDARS, OverrideError

#: Our overrides and the rules of the trade date begin here.
_FIRST_YEAR: Final = 2007


def _from_year(text: str) -> int:
    year = int(text) if text.isascii() and text.isdigit() else 0
    if not _FIRST_YEAR <= year <= datetime.now(UTC).year:
        raise ArgumentTypeError(f"{text!r}: wanted a year from {_FIRST_YEAR} to this one")
    return year


def _years_ahead(text: str) -> int:
    years = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= years <= 10:
        raise ArgumentTypeError(f"{text!r}: wanted a number of years from 0 to 10")
    return years


class Command(BaseCommand):
    help = "Compile every market's and product group's calendar into the database. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="first", type=_from_year, default=_FIRST_YEAR, metavar="YEAR",
                            help=f"the first year ({_FIRST_YEAR})")  # fmt: skip
        parser.add_argument("--years-ahead", type=_years_ahead, default=2, metavar="N",
                            help="full years after this one (2), or less where a library knows less")  # fmt: skip
        parser.add_argument("--only", action="append", choices=CALENDARS, metavar="NAME",
                            help=f"this calendar alone; may be repeated; one of {', '.join(CALENDARS)}")  # fmt: skip
        parser.add_argument("--check", action="store_true",
                            help="write nothing; exit 1 when a table is out of date or ends soon")  # fmt: skip

    def handle(self, *_args: Any, **options: Any) -> None:
        now, began = datetime.now(UTC), time.monotonic()
        first, last = date(options["first"], 1, 1), date(now.year + options["years_ahead"], 12, 31)
        names = options["only"] or list(CALENDARS)
        found = []
        try:
            for each in sync_calendars(names, first, last, now, only_check=options["check"]):
                found.append(each)
                self.stderr.write(f"{len(found)}/{len(names)} {_line(each)}")
        except (OverrideError, CalendarError) as error:
            raise CommandError(str(error), returncode=2) from error
        counts = ", ".join(f"{n} {state}" for state in State if (n := sum(each.state is state for each in found)))
        self.stdout.write(f"calendars: {counts} in {time.monotonic() - began:.1f} s")
        self._horizons(now, options["check"], any(each.state is State.DIFFERS for each in found))

    def _horizons(self, now: datetime, is_check: bool, differs: bool) -> None:
        """Which calendars end soon; a check ends with 1 for them, and for tables that are not what they would be."""
        soon = short_horizons(now)
        for horizon in soon:
            end, left = f"{horizon.end:%Y-%m-%d %H:%M} UTC", horizon.days_left(now)
            self.stderr.write(
                f"{horizon.calendar} ends {end}, in {left} days: take a newer exchange-calendars, then run this again"
            )
        if is_check and differs:
            self.stderr.write("tables differ from what they would be: run `thor sync_calendars`")
        if is_check and (soon or differs):
            sys.exit(1)


def _line(each: Synced) -> str:
    size = f", {each.sessions:,} sessions to {each.last}" if each.sessions is not None else ""
    return f"{each.calendar}: {each.state}{size}"
