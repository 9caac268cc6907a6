"""``manage.py roll_calendar``: the rolls that a rule gives, beside those that the calendar has."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from thor.instruments.services import plan_rolls, write_rolls
from thor.runtime.problem import Problem

#: From here on the business days of the exchanges are known.
_FIRST: Final = date(2007, 1, 1)
_LAST: Final = date(2069, 12, 31)
_YEAR: Final = timedelta(days=365)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r}: wanted a trade date such as 2025-12-15") from None
    if not _FIRST <= day <= _LAST:
        raise ArgumentTypeError(f"{text!r}: wanted a trade date from {_FIRST} to {_LAST}")
    return day


class Command(BaseCommand):
    help = "Show the rolls that each instrument's rule gives; --write adds those that the roll calendar has not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--symbol", metavar="ES", help="one instrument (default: all that roll by days)")
        parser.add_argument("--from", dest="first", type=_day, metavar="YYYY-MM-DD", help="default: today")
        parser.add_argument("--to", dest="last", type=_day, metavar="YYYY-MM-DD", help="default: a year later")
        parser.add_argument("--write", action="store_true", help="add what is missing; nothing is ever changed")

    def handle(self, *_args: Any, **options: Any) -> None:
        first: date = options["first"] or datetime.now(UTC).date()
        last: date = options["last"] or first + _YEAR
        try:
            if last < first:
                raise Problem(f"--to {last} is before --from {first}.")
            planned = plan_rolls(options["symbol"], first, last)
        except Problem as error:
            raise CommandError(error.detail, returncode=2) from error
        for each in planned:
            self.stdout.write(f"{each.symbol:<4} {each.old:>6} -> {each.new:<6} {each.effective}  {each.state}")
        missing = sum(each.is_missing for each in planned)
        if options["write"]:
            self.stdout.write(f"{write_rolls(planned)} rolls written, {len(planned) - missing} were there")
        else:
            self.stdout.write(f"{len(planned)} rolls, {missing} of them not in the calendar: --write adds them")
