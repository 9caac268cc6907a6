"""``thor backfill_vwap --date``: a trade date's VWAP anew, of its stored ticks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from thor.desk.management.backfill import BackfillCommand
from thor.desk.vwap_backfill import remake_vwap


class Command(BackfillCommand):
    help = "Make the VWAP minutes of a trade date anew of its stored ticks. Safe to repeat."

    def lines(self, day: date, wanted: Sequence[str] | None, *, dry_run: bool) -> Iterator[str]:
        found = remake_vwap(day, wanted, only_look=dry_run)
        gone = f", {found.gone:,} that the ticks do not give" if found.gone else ""
        yield f"{day}: {found.quotes:,} ticks; minutes: {found.compared.said()}{gone}"
        if dry_run:
            yield "nothing was written: leave --dry-run out to write"
