"""``thor quality_report``: how good the lake's ticks are, by trade date and symbol."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from thor.lake.management.asked import add_dates, dates_of, symbols
from thor.lake.management.told import told
from thor.lake.models import QualityDay
from thor.lake.quality import GAP_SECONDS
from thor.lake.quality_report import as_record, report
from thor.lake.root import own_store
from thor.runtime.problem import Problem

_HEAD: Final = (
    "trade date", "symbol", "ticks", "covered", "gaps", "longest s", "crossed", "zero", "negative", "spikes",
    "duplicates", "conflicts", "late", "sources",
)  # fmt: skip


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.001 <= seconds <= 86_400:
        raise ArgumentTypeError(f"{text!r}: wanted seconds, from 0.001 to 86400")
    return seconds


class Command(BaseCommand):
    help = "Look at the ticks of the lake: gaps in open hours, odd prices, duplicates, disorder. Stores what it finds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_dates(parser)
        parser.add_argument("--symbols", type=symbols, metavar="ES,YM", help="only these (all)")
        parser.add_argument("--gap-seconds", type=_seconds, default=GAP_SECONDS, metavar="N",
                            help=f"a longer silence is a gap ({GAP_SECONDS:g})")  # fmt: skip
        parser.add_argument("--overwrite", action="store_true", help="also where nothing changed since")
        parser.add_argument("--json", action="store_true", help="print the rows as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        wanted, more = options["symbols"], {name: options[name] for name in ("gap_seconds", "overwrite")}
        try:
            first, last = dates_of(options)
            with told() as progress:
                done = report(own_store(), first, last, wanted, progress, **more)
        except Problem as error:
            raise CommandError(str(error), returncode=2) from error
        rows = QualityDay.objects.filter(trade_date__range=(first, last))
        rows = rows.filter(symbol__in=wanted) if wanted else rows
        if options["json"]:
            self.stdout.write(json.dumps([as_record(each) for each in rows]))
            return
        for line in _table(rows):
            self.stdout.write(line)
        self.stdout.write(done.said())


def _table(rows: Iterable[QualityDay]) -> list[str]:
    cells = [_HEAD, *map(_cells, rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEAD))]
    left = (0, 1, len(_HEAD) - 1)
    return [
        "  ".join(
            text.ljust(width) if column in left else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ] if len(cells) > 1 else []  # fmt: skip


def _cells(day: QualityDay) -> tuple[str, ...]:
    covered = f"{day.covered_seconds / day.open_seconds:.2%}" if day.open_seconds else "-"
    longest = "-" if day.longest_gap_seconds is None else f"{day.longest_gap_seconds:,.0f}"
    counts = (day.crossed, day.zero, day.negative, day.spikes, day.duplicates, day.conflicts, day.out_of_order)
    sources = " ".join(f"{name} {count / day.ticks:.0%}" for name, count in day.sources.items()) if day.ticks else ""
    return (
        day.trade_date.isoformat(), day.symbol, f"{day.ticks:,}", covered, f"{day.gaps:,}", longest,
        *(f"{count:,}" for count in counts), sources,
    )  # fmt: skip
