"""``thor backfill_intraday --date``: a trade date's intraday metrics and ranges anew, of its stored ticks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from thor.desk.management.backfill import BackfillCommand
from thor.desk.ranges_backfill import remake_ranges


class Command(BackfillCommand):
    help = "Make the intraday metrics and the ranges of a trade date anew of its stored ticks. Safe to repeat."

    def lines(self, day: date, wanted: Sequence[str] | None, *, dry_run: bool) -> Iterator[str]:
        found = remake_ranges(day, wanted, only_look=dry_run)
        yield f"{day}: {found.quotes:,} ticks; metrics: {found.metrics.said()}; ranges: {found.ranges.said()}"
        if dry_run:
            yield "nothing was written: leave --dry-run out to write"
