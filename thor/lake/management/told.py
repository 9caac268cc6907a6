"""How far a command is, as a bar on a terminal; nothing where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from thor.lake.runs import Progress, Silent


@contextmanager
def told() -> Iterator[Progress]:
    """What a service tells, on stderr."""
    if not sys.stderr.isatty():
        yield Silent()
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Bar(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        yield _Terminal(bar)


class _Terminal:
    """Ctrl-C ends a command: nobody has to be asked."""

    def __init__(self, bar: Bar) -> None:
        self._bar, self._task = bar, bar.add_task("", total=None)

    def begin(self, total: int | None, unit: str) -> None:
        self._bar.reset(self._task, total=total, description=unit)

    def advance(self, by: int = 1, note: str = "") -> None:
        self._bar.update(self._task, advance=by, description=note or None)

    def check(self) -> None:
        return
