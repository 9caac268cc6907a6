"""``thor capture_market_open --market USA --reason TEXT``: ask the desk for a capture of a market that is open."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from thor.market_open.management.words import add_who, reason
from thor.market_open.requests import Became, ask
from thor.runtime.problem import Problem


class Command(BaseCommand):
    help = "Ask the desk that leads for a capture of a market that is open now; exit 1 where it refuses."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--market", required=True, metavar="NAME", help="its key, such as USA")
        parser.add_argument("--reason", type=reason, required=True, metavar="TEXT", help="why; it is kept for good")
        add_who(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            found = ask(options["market"], options["user"], options["reason"])
        except Problem as error:
            raise CommandError(error.detail, returncode=2) from error
        if found.status is Became.REFUSED:
            self.stdout.write(f"refused: {found.answer}")
            sys.exit(1)
        self.stdout.write(f"{found.session_id}: {found.answer}")
