"""How far a replay is: a bar on a terminal, else a line every few seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from thor.ops.replay import Plan, Show, Standing
from thor.quotes.quote import format_ts
from thor.quotes.replay_clock import ReplayState

LINE_SECONDS: Final = 5.0


@contextmanager
def shown(plan: Plan) -> Iterator[Show]:
    """Where a replay shows how far it is."""
    if not sys.stderr.isatty():
        yield _Lines(plan.name)
        return
    columns = (TextColumn(plan.name), BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("starting", total=plan.until_us - plan.from_us)

        def show(state: ReplayState, standing: Standing) -> None:
            bar.update(task, completed=state.watermark_us - plan.from_us, description=_said(state, standing))

        yield show


class _Lines:
    """Plain lines, for a file or a pipe."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._next_at = time.monotonic() + LINE_SECONDS

    def __call__(self, state: ReplayState, standing: Standing) -> None:
        if time.monotonic() < self._next_at:
            return
        self._next_at = time.monotonic() + LINE_SECONDS
        sys.stderr.write(f"{self._name}: {_said(state, standing)}\n")
        sys.stderr.flush()


def _said(state: ReplayState, standing: Standing) -> str:
    rows = f", {state.rows_done:,} of {state.rows:,} rows" if state.rows else ""
    behind = max(standing.ingestor, standing.desk)
    late = f", {behind:,} entries behind" if behind else ""
    jobs = f", {standing.jobs:,} jobs" if standing.jobs else ""
    return f"{format_ts(state.watermark_us)[:19]}Z{rows}{late}{jobs}"
