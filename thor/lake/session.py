"""All that is kept of trade dates, in order: files, tables, bars, rolls, quality. Each step skips what is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from thor.lake.build_bars import build_bars
from thor.lake.day_tables import export_tables
from thor.lake.export import Wish, export
from thor.lake.layout import Timeframe
from thor.lake.quality_report import report
from thor.lake.roll_differences import roll_over
from thor.lake.runs import Progress
from thor.lake.store import LakeStore
from thor.runtime.problem import Problem


def keep(store: LakeStore, wish: Wish, progress: Progress) -> Iterator[str]:
    """Bring the lake up to date over some trade dates: what came of each step, in a line. A step that fails does not
    keep the next from what it can do. Raises Problem at the end: what went wrong first."""
    span, force = (wish.first, wish.last, wish.symbols), wish.overwrite
    steps: tuple[Callable[[], str], ...] = (
        lambda: export(store, wish, progress).said(),
        lambda: _tables(store, wish),
        lambda: build_bars(store, *span, tuple(Timeframe), progress, overwrite=force).said(),
        lambda: roll_over(store, *span, progress).said(),
        lambda: report(store, *span, progress, overwrite=force).said(),
    )
    refused: list[Problem] = []
    for step in steps:
        try:
            yield step()
        except Problem as problem:
            refused.append(problem)
    if refused:
        raise refused[0]


def _tables(store: LakeStore, wish: Wish) -> str:
    written = [key for day in _days(wish) for key in export_tables(store, day)]
    return f"{len(written)} table{'' if len(written) == 1 else 's'} of baselines"


def _days(wish: Wish) -> Iterator[date]:
    return (wish.first + timedelta(days=number) for number in range((wish.last - wish.first).days + 1))
