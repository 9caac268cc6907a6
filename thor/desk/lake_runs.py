"""Work on the lake that somebody asks for: a run, and the job that carries it out in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from procrastinate.contrib.django import app

from thor.desk.jobs import QUEUE
from thor.instruments.selectors import known_symbols
from thor.lake.models import ENDED, LakeRun, RunStatus
from thor.lake.runs import new_run, tell
from thor.runtime.problem import Problem

TASK: Final = "lake_run"
#: No question is about more; years are done a year at a time.
MOST_DAYS: Final = 4 * 366
#: One at a time: the other jobs of an open and a close must find a place.
LOCK: Final = "lake"


class RunKind(StrEnum):
    """What can be asked for over some trade dates. ``SESSION``: all of it, from files to quality."""

    SESSION = "session"
    EXPORT = "export"
    BARS = "bars"
    QUALITY = "quality"
    VERIFY = "verify"
    COMPACT = "compact"


_TITLES: Final[Mapping[RunKind, str]] = {
    RunKind.SESSION: "Export, bars and quality",
    RunKind.EXPORT: "Export",
    RunKind.BARS: "Bars",
    RunKind.QUALITY: "Quality report",
    RunKind.VERIFY: "Verify",
    RunKind.COMPACT: "Compact",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: trade dates ``first`` to ``last``, symbols (empty: all)."""

    kind: RunKind
    first: date
    last: date
    symbols: tuple[str, ...] = ()
    overwrite: bool = False

    def arguments(self) -> dict[str, Any]:
        """As a run keeps it."""
        return {
            "start": self.first.isoformat(),
            "end": self.last.isoformat(),
            "symbols": list(self.symbols),
            "overwrite": self.overwrite,
        }

    @classmethod
    def of(cls, run: LakeRun) -> Wish:
        """The inverse of :meth:`arguments`."""
        given = run.arguments
        first, last = date.fromisoformat(given["start"]), date.fromisoformat(given["end"])
        return cls(RunKind(run.kind), first, last, tuple(given["symbols"]), given["overwrite"])

    @property
    def title(self) -> str:
        """In words."""
        span = f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"
        return f"{_TITLES[self.kind]}, {span}{', ' + ' '.join(self.symbols) if self.symbols else ''}"


def ask(wish: Wish, by: str) -> LakeRun:
    """Keep a run and the job for it, both or none; the same that waits already is that one. Raises Problem 422."""
    _check(wish)
    with transaction.atomic():
        waiting = LakeRun.objects.filter(
            kind=wish.kind.value, arguments=wish.arguments(), status=RunStatus.WAITING, wants_cancel=False
        ).first()
        if waiting is not None:
            return waiting
        run = new_run(wish.kind.value, wish.title, wish.arguments(), by)
        app.configure_task(TASK, queue=QUEUE, lock=LOCK).defer(run_id=run.pk)
        transaction.on_commit(lambda: tell(run))
    return run


def _check(wish: Wish) -> None:
    if settings.THOR_NAMESPACE:
        raise Problem("a replay has no lake: ask without a namespace", status=422)
    if wish.last < wish.first:
        raise Problem("end is before start: give a later one", status=422)
    if (wish.last - wish.first).days >= MOST_DAYS:
        raise Problem(f"more than {MOST_DAYS:,} days: ask for a part of them", status=422)
    if unknown := sorted(set(wish.symbols) - known_symbols()):
        raise Problem(f"no such instrument: {', '.join(unknown)[:80]}. Choose others.", status=422)


def carry_out_apart(run_id: int) -> str:
    """Carry out a run in a process of its own: its memory is given back, and no other job waits for its processor.
    Returns what came of it. Raises RuntimeError with its last line."""
    run = LakeRun.objects.get(pk=run_id)
    if run.status in (RunStatus.DONE, RunStatus.CANCELLED):
        return f"{run.title}: {run.note}"
    # The child ends when its stdin does, which is when this process is gone, however that came.
    with subprocess.Popen(
        [sys.executable, "-m", "thor", "lake_run", f"--id={run_id}", "--while-stdin"],
        env={**os.environ, "THOR_NAMESPACE": ""},
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stderr is not None
        lines = child.stderr.read().strip().splitlines()
    run.refresh_from_db()
    if child.returncode or run.status not in ENDED:
        said = lines[-1].removeprefix("CommandError: ") if lines else f"it ended with {child.returncode}"
        raise RuntimeError(said[:300])
    return f"{run.title}: {run.note}"
