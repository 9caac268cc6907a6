"""Durable jobs: deferred in the caller's transaction, each once, and how patiently each is tried again.

A job is a row of PostgreSQL, so that it exists exactly when the transaction that asked for it commits. Its key is kept
as the queueing lock of its row, for as long as the row is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import redis
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from thor.runtime.backoff import backoff_seconds
from thor.runtime.bus import BusUnavailableError
from thor.runtime.schema import connection_for

QUEUE: Final = "triggers"
#: A job that fails is tried so often in all.
ATTEMPTS: Final = 3
#: A job that waits for something, or cannot reach its servers, is tried so often: about ten minutes.
PATIENT_ATTEMPTS: Final = 40
FIRST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 20.0
#: A worker that did not show life for so long is dead.
DEAD_SECONDS: Final = 5.0


class NotYetError(Exception):
    """What a job waits for is not there yet; its text says what."""


#: These are waited for; any other error counts as a failure of the job itself.
AWAY: Final = (
    NotYetError, BusUnavailableError, redis.ConnectionError, redis.TimeoutError, OperationalError, InterfaceError,
)  # fmt: skip


def wait_seconds(attempts: int) -> float:
    """How long to wait after so many attempts: doubled each time up to a limit."""
    return backoff_seconds(attempts, FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, lambda: 1.0)


class Backoff(BaseRetryStrategy):
    """Three attempts for a job that fails, many for one that waits; each wait twice as long as the one before."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        attempts = job.attempts + 1
        most = PATIENT_ATTEMPTS if isinstance(exception, AWAY) else ATTEMPTS
        if attempts >= most:
            return None
        return RetryDecision(retry_in={"milliseconds": round(wait_seconds(attempts) * 1000)})


@dataclass(frozen=True, slots=True)
class Deferred:
    """What became of a wish for a job. ``status``: todo, doing, succeeded, failed, cancelled or aborted."""

    task: str
    job_id: int
    status: str
    is_new: bool


def defer_once(task: str, key: str, arguments: Mapping[str, Any]) -> Deferred:
    """Defer a job in the open transaction, unless one of this key was ever deferred. Two callers do not cross: the
    second waits for the first one's commit. Must run in ``transaction.atomic``."""
    _lock(key)
    if (there := find(task, key)) is not None:
        return there
    job_id = app.configure_task(task, queue=QUEUE, queueing_lock=key).defer(**arguments)
    return Deferred(task, job_id, "todo", is_new=True)


def find(task: str, key: str) -> Deferred | None:
    """The newest job of a key; None when there is none."""
    job = ProcrastinateJob.objects.filter(queueing_lock=key).order_by("-id").first()
    return Deferred(task, job.id, job.status, is_new=False) if job else None


def retry(job_id: int) -> None:
    """Put a job that failed back into its queue."""
    app.job_manager.retry_job_by_id(job_id, timezone.now())


def _lock(key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || %s, 0))", [key])


class JobCounts(NamedTuple):
    """How many jobs wait, run and failed, and how many workers are alive."""

    waiting: int
    running: int
    failed: int
    workers: int


_COUNT = """
SELECT count(*) FILTER (WHERE status = 'todo'), count(*) FILTER (WHERE status = 'doing'),
       count(*) FILTER (WHERE status = 'failed'),
       (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s))
  FROM procrastinate_jobs
"""


def job_counts() -> JobCounts:
    """How the queue stands."""
    with connection_for(ProcrastinateJob).cursor() as cursor:
        cursor.execute(_COUNT, [DEAD_SECONDS])
        return JobCounts(*cursor.fetchone())
