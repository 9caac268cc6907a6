"""A trade date from its ticks to everything that is made of them, and what each step came to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from thor.desk.ranges_backfill import remake_ranges
from thor.desk.vwap_backfill import remake_vwap
from thor.lake.export import Wish
from thor.lake.root import own_store
from thor.lake.runs import Progress
from thor.lake.session import keep
from thor.lake.stored_parts import stored_parts
from thor.runtime.problem import Problem


def backfill_session(
    day: date, wanted: Sequence[str] | None, progress: Progress, *, only_look: bool = False
) -> Iterator[str]:
    """Files, baselines, bars and quality in the lake, then metrics, ranges and VWAP in their tables, of the stored
    ticks of a trade date that is over; a line for each. ``only_look``: what the tables would get; nothing is written.
    Safe to repeat, and goes on where it ended. Raises Problem."""
    parts = [each for each in stored_parts(day, day) if wanted is None or each.part.symbol in wanted]
    if not parts:
        raise Problem(f"no tick of {day} is stored as asked: bring some in with --file, or choose another --date.")
    symbols = " ".join(each.part.symbol for each in parts)
    yield f"ticks: {sum(each.rows for each in parts):,} stored of {symbols}"
    ranges = remake_ranges(day, wanted, only_look=only_look)
    vwap = remake_vwap(day, wanted, only_look=only_look)
    if not only_look:
        yield from keep(own_store(), Wish(day, day, tuple(wanted) if wanted else None), progress)
    yield f"metrics: {ranges.metrics.said()}; ranges: {ranges.ranges.said()}"
    yield f"VWAP minutes: {vwap.compared.said()}" + (f"; {vwap.gone:,} gone" if vwap.gone else "")
