"""``thor generate_bars``: the bars of the lake's ticks."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from thor.lake.build_bars import ALL, build_bars
from thor.lake.layout import Timeframe
from thor.lake.management.asked import add_dates, dates_of, symbols
from thor.lake.management.told import told
from thor.lake.root import own_store
from thor.runtime.problem import Problem


def _timeframes(text: str) -> tuple[Timeframe, ...]:
    try:
        return tuple(Timeframe(each.strip()) for each in text.split(","))
    except ValueError:
        raise ArgumentTypeError(f"{text!r}: wanted timeframes of {', '.join(Timeframe)}, such as 1m,5m,1h") from None


class Command(BaseCommand):
    help = "Make the bars of exported ticks. Safe to repeat: what did not change is left alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_dates(parser)
        parser.add_argument("--symbols", type=symbols, metavar="ES,YM", help="only these (all)")
        parser.add_argument("--timeframes", type=_timeframes, default=ALL, metavar="1m,5m,1h", help="only these (all)")
        parser.add_argument("--overwrite", action="store_true", help="also what did not change")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            first, last = dates_of(options)
            asked = options["symbols"], options["timeframes"]
            with told() as progress:
                built = build_bars(own_store(), first, last, *asked, progress, overwrite=options["overwrite"])
        except Problem as problem:
            raise CommandError(problem.detail, returncode=2) from problem
        self.stdout.write(built.said())
