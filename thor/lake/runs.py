"""Pieces of work on the lake: how far each is, for whoever waits at a terminal or looks at a page.

A service takes a :class:`Progress` and tells it; what becomes of that is not its business.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

import redis
import structlog
from django.conf import settings
from django.utils import timezone

from thor.lake.models import LakeRun, RunStatus
from thor.quotes.events import DomainEvent, publish
from thor.quotes.keys import Keys
from thor.runtime.bus import connect
from thor.runtime.problem import Problem

log = structlog.get_logger()

#: The domain event that tells of a run; its payload is :func:`told`.
RUN_EVENT: Final = "lake.run"
#: So often at most a run says how far it is.
TELL_SECONDS: Final = 0.5
#: One that said nothing for so long died with its process.
SILENT_SECONDS: Final = 60.0


class CancelledError(Exception):
    """Somebody asked for the end of it."""


class Progress(Protocol):
    """How far something is. ``check`` raises CancelledError when it is to end; whoever loops for long calls it."""

    def begin(self, total: int | None, unit: str) -> None: ...

    def advance(self, by: int = 1, note: str = "") -> None: ...

    def check(self) -> None: ...


class Silent:
    """Tells nobody."""

    def begin(self, total: int | None, unit: str) -> None:
        del total, unit

    def advance(self, by: int = 1, note: str = "") -> None:
        del by, note

    def check(self) -> None:
        return


class RunProgress:
    """Keeps the row of a run up to date and tells the bus; asks at the same pace whether it is to end."""

    def __init__(self, run: LakeRun) -> None:
        self._run = run
        self._told = 0.0
        self._changed = False

    def begin(self, total: int | None, unit: str) -> None:
        self._run.done, self._run.total, self._run.unit = 0, total, unit
        self._tell()

    def advance(self, by: int = 1, note: str = "") -> None:
        self._run.done += by
        self._run.note = note[:300] or self._run.note
        self._changed = True
        self.check()

    def check(self) -> None:
        if time.monotonic() - self._told < TELL_SECONDS:
            return
        if self._changed:
            self._tell()
        self._told, self._changed = time.monotonic(), False
        if LakeRun.objects.filter(pk=self._run.pk, wants_cancel=True).exists():
            raise CancelledError

    def _tell(self) -> None:
        self._run.heard_at = timezone.now()
        self._run.save(update_fields=["done", "total", "unit", "note", "heard_at"])
        tell(self._run)
        self._told, self._changed = time.monotonic(), False


def new_run(kind: str, title: str, arguments: Mapping[str, Any], asked_by: str = "") -> LakeRun:
    """A run that waits. ``arguments``: as JSON."""
    return LakeRun.objects.create(
        kind=kind, title=title[:200], arguments=dict(arguments), asked_by=asked_by, asked_at=timezone.now()
    )


def carry_out(run: LakeRun, work: Callable[[Progress], str]) -> LakeRun:
    """Do the work of a run, and keep what came of it: the line that ``work`` returns. Lets its errors out after they
    are kept; a run that was cancelled meanwhile ends as such, without one."""
    if run.wants_cancel or run.status == RunStatus.CANCELLED:
        return _end(run, RunStatus.CANCELLED, "cancelled before it began")
    run.status, run.started_at = RunStatus.RUNNING.value, timezone.now()
    run.heard_at, run.ended_at = run.started_at, None
    run.save()
    tell(run)
    try:
        said = work(RunProgress(run))
    except CancelledError:
        return _end(run, RunStatus.CANCELLED, f"cancelled at {run.done:,} {run.unit}".rstrip())
    except BaseException as error:
        line = (str(error) or type(error).__name__).splitlines()[0]
        _end(run, RunStatus.FAILED, line)
        raise
    return _end(run, RunStatus.DONE, said)


def _end(run: LakeRun, status: RunStatus, note: str) -> LakeRun:
    run.status, run.note, run.ended_at = status.value, note[:300], timezone.now()
    run.save()
    tell(run)
    return run


def cancel(run_id: int) -> LakeRun:
    """Ask for the end of a run; one that waits ends at once. Raises Problem 404."""
    run = LakeRun.objects.filter(pk=run_id).first()
    if run is None:
        raise Problem(f"there is no run {run_id}", status=404)
    LakeRun.objects.filter(pk=run_id).update(wants_cancel=True)
    run.wants_cancel = True
    return _end(run, RunStatus.CANCELLED, "cancelled before it began") if run.status == RunStatus.WAITING else run


def end_lost_runs(now: datetime | None = None) -> int:
    """Runs whose process died are failed: they said nothing for a minute. Returns how many."""
    before = (now or timezone.now()).timestamp() - SILENT_SECONDS
    lost = [
        run for run in LakeRun.objects.filter(status=RunStatus.RUNNING)
        if (run.heard_at or run.asked_at).timestamp() < before
    ]  # fmt: skip
    for run in lost:
        _end(run, RunStatus.FAILED, "its process ended before it did: start it again, it goes on where it was")
    return len(lost)


def told(run: LakeRun) -> dict[str, Any]:
    """A run as JSON, for the API and for the event."""
    times = {name: _text(getattr(run, name)) for name in ("asked_at", "started_at", "heard_at", "ended_at")}
    names = ("id", "kind", "title", "arguments", "status", "done", "total", "unit", "note", "asked_by")
    return {name: getattr(run, name) for name in names} | times


def _text(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None


def tell(run: LakeRun) -> None:
    """Say on the bus how a run stands; while the bus is away nobody hears, and the row is there."""
    try:
        with connect(settings.REDIS_URL) as client:
            publish(client, Keys(settings.THOR_NAMESPACE).events, [DomainEvent(RUN_EVENT, told(run))])
    except (redis.RedisError, OSError) as error:
        log.warning("lake.untold", run=run.pk, error=str(error).splitlines()[0])
