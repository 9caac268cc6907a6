"""What the commands share that make rows anew of a stored day."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError

from thor.runtime.problem import Problem


def trade_date(text: str) -> date:
    """A date as it is written."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise ArgumentTypeError(f"{text!r}: wanted a trade date such as 2025-10-09") from None


def symbols(text: str) -> list[str]:
    """Comma-separated, each once."""
    found = list(dict.fromkeys(filter(None, (each.strip().upper() for each in text.split(",")))))
    if not found:
        raise ArgumentTypeError(f"{text!r}: wanted symbols such as ES,YM")
    return found


class BackfillCommand(BaseCommand):
    """Subclasses say what they make, line by line, in :meth:`lines`."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--date", type=trade_date, required=True, metavar="YYYY-MM-DD", help="the trade date")
        parser.add_argument("--symbols", type=symbols, metavar="ES,YM", help="only these (all)")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and write nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            for line in self.lines(options["date"], options["symbols"], dry_run=options["dry_run"]):
                self.stdout.write(line)
        except Problem as error:
            raise CommandError(str(error), returncode=2) from error
        except (psycopg.Error, DatabaseError) as error:
            raise CommandError(f"database: {str(error).splitlines()[0]}; check DATABASE_URL", returncode=2) from error

    def lines(self, day: date, wanted: Sequence[str] | None, *, dry_run: bool) -> Iterator[str]:
        """Do it, and say what was done. Raises Problem."""
        raise NotImplementedError
