"""``thor start_market_grader``: a desk that says a line for each outcome."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from thor.desk.management.opens_desk import OUTCOMES, OpensDesk
from thor.desk.management.words import seconds


class Command(BaseCommand):
    help = "Run a desk, and say what becomes of each trade, until SIGTERM. Where another desk leads it waits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--interval", type=seconds, default=60.0, metavar="SECONDS",
            help="a line says what is pending this often; 0: never (default: 60). Every quote is graded as it comes",
        )  # fmt: skip

    def handle(self, *_args: Any, **options: Any) -> None:
        OpensDesk(OUTCOMES, self.stdout.write, options["interval"]).run_until_signal()
