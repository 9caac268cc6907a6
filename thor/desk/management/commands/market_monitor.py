"""``thor market_monitor``: run the desk, which follows the markets and does what their opens and closes ask for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from thor.desk.management.words import seconds
from thor.desk.worker import DeskWorker
from thor.runtime.problem import Problem


class Command(BaseCommand):
    help = "Follow the markets: hear every quote and transition in order, until SIGTERM. One desk leads, others wait."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due now and end")
        parser.add_argument(
            "--interval", type=seconds, default=60.0, metavar="SECONDS",
            help="a line says how the desk stands this often; 0: never (default: 60)",
        )  # fmt: skip

    def handle(self, *_args: Any, **options: Any) -> None:
        worker = DeskWorker(settings.REDIS_URL, settings.THOR_NAMESPACE, tell_seconds=options["interval"])
        if not options["once"]:
            worker.run_until_signal()
            return
        try:
            worker.drain()
        except Problem as error:
            raise CommandError(error.detail, returncode=2) from error
