"""``manage.py mock_to_redis``: the simulated exchange, source MOCK."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from thor.quotes.collecting import collect, collect_to_end, provider_settings
from thor.quotes.provider import make_provider
from thor.runtime.clock import SystemClock
from thor.runtime.problem import Problem


class Command(BaseCommand):
    help = "Publish simulated quotes of the 11 futures, source MOCK, until stopped or for a number of events."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rate", type=float, metavar="N", help="events a second, 1 to 100000 (default MOCK_RATE)")
        parser.add_argument("--seed", type=int, metavar="N", help="same seed, same market (default MOCK_SEED)")
        parser.add_argument("--symbols", metavar="ES,YM", help="only these (default: all 11)")
        parser.add_argument("--count", type=int, metavar="N", help="end after so many events")

    def handle(self, *_args: Any, **options: Any) -> None:
        symbols = options["symbols"]
        try:
            given = provider_settings(
                mock_rate=options["rate"],
                mock_seed=options["seed"],
                mock_count=options["count"],
                symbols=symbols and tuple(name.strip().upper() for name in symbols.split(",") if name.strip()),
            )
            if given.mock_count is None:
                collect(("mock",), given)
                return
            started = time.perf_counter()
            done = collect_to_end(make_provider("mock", given, SystemClock()))
        except Problem as error:
            raise CommandError(error.detail, returncode=2) from error
        seconds = time.perf_counter() - started
        self.stdout.write(
            f"{done.events:,} events published, {done.published.late:,} late, {seconds:.1f} s, "
            f"{done.events / seconds:,.0f} a second"
        )
