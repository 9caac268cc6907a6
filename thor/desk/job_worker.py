"""The worker of durable jobs: runs them, says how each goes, takes up what a dead worker left, forgets old ones."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import redis
import structlog
from procrastinate import App
from procrastinate.contrib.django import DjangoApp, app, connector_params
from procrastinate.exceptions import ConnectorException
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job, Status
from procrastinate.psycopg_connector import PsycopgConnector

from thor.desk.jobs import DEAD_SECONDS, PATIENT_ATTEMPTS
from thor.quotes.events import DomainEvent, publish
from thor.quotes.keys import Keys
from thor.quotes.quote import format_ts
from thor.runtime.bus import connect
from thor.runtime.problem import Problem
from thor.runtime.worker import Worker

log = structlog.get_logger()

CONCURRENCY: Final = 3
HEARTBEAT_SECONDS: Final = 1.0
#: A job that waits for its next attempt is looked for this often; a new one is heard of at once.
POLL_SECONDS: Final = 0.5
TAKE_UP_SECONDS: Final = 1.0
FORGET_SECONDS: Final = 3600.0
#: Jobs that ended well are forgotten after two weeks, others after two months.
KEEP_HOURS: Final = 14 * 24
KEEP_ALL_HOURS: Final = 60 * 24
#: Running jobs have so long to end after the order to stop; what runs on is left to the next worker.
GRACE_SECONDS: Final = 3.0
LEAVE_SECONDS: Final = 4.0


class JobWorker(Worker):
    """See the module. ``leave``: what ends the process when a job does not end in time; None waits for it."""

    name = "jobs"
    longest_backoff_seconds = 3.0

    def __init__(self, redis_url: str, namespace: str, leave: Callable[[int], Any] | None = None) -> None:
        super().__init__()
        self._teller = _Teller(redis_url, Keys(namespace).events)
        self._leave = leave
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """Take no more jobs and end with the running ones, or without those that take too long."""
        super().stop()
        if self._loop is not None and self._running is not None:
            self._loop.call_soon_threadsafe(self._running.cancel)
        if self._leave is not None:
            timer = threading.Timer(LEAVE_SECONDS, self._leave_running_jobs)
            timer.daemon = True
            timer.start()

    def _leave_running_jobs(self) -> None:
        log.warning("a job does not end: it is left to the next worker", worker=self.name)
        assert self._leave is not None
        self._leave(0)

    def step(self) -> bool:
        """Work until :meth:`stop`. Raises what ended the work before."""
        asyncio.run(self._work())
        return False

    def teardown(self) -> None:
        self._teller.close()

    async def _work(self) -> None:
        self._loop, self._running = asyncio.get_running_loop(), asyncio.current_task()
        try:
            if not self.stopping:
                with suppress(asyncio.CancelledError):
                    async with _worker_app().open_async() as own:
                        await self._run_jobs(own)
        finally:
            self._loop = self._running = None
        if not self.stopping:
            raise ConnectionError("the queue cannot be reached")

    async def _run_jobs(self, own: App) -> None:
        house = asyncio.create_task(_keep_house(own))
        try:
            log.info("works", worker=self.name, concurrency=CONCURRENCY)
            await own.run_worker_async(
                name=self.name,
                concurrency=CONCURRENCY,
                fetch_job_polling_interval=POLL_SECONDS,
                shutdown_graceful_timeout=GRACE_SECONDS,
                install_signal_handlers=False,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=DEAD_SECONDS,
                task_middleware=[*own.worker_defaults.get("task_middleware", ()), self._teller.follow],
            )
        finally:
            house.cancel()


def _worker_app() -> App:
    """The same tasks on connections of their own; the app of Django stays, so that a job defers others in Django's
    transaction."""
    own = DjangoApp(connector=PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=4, timeout=5.0))
    own.tasks.update(app.tasks)
    return own


# --- keeping house --------------------------------------------------------------------------------------------------


async def _keep_house(own: App) -> None:
    forget_at = 0.0
    while True:
        # While the database is away the worker itself ends, and with it this.
        with suppress(ConnectorException):
            await take_up_stalled(own)
            if time.monotonic() >= forget_at:
                await _forget_old(own)
                forget_at = time.monotonic() + FORGET_SECONDS
        await asyncio.sleep(TAKE_UP_SECONDS)


async def take_up_stalled(own: App) -> None:
    """Put the jobs of dead workers back into the queue; one that killed its workers again and again has failed."""
    for job in await own.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_SECONDS):
        with suppress(ConnectorException):  # another worker was faster
            await _take_up(own, job)


async def _take_up(own: App, job: Job) -> None:
    assert job.id is not None
    told = {"job": job.task_name, "id": job.id, "attempts": job.attempts + 1, **_market_of(job)}
    if job.attempts + 1 < PATIENT_ATTEMPTS:
        await own.job_manager.retry_job(job)
        log.warning("job of a dead worker is run again", **told)
    else:
        await own.job_manager.finish_job(job, Status.FAILED, delete_job=False)
        log.error("job failed: its workers died", **told)


async def _forget_old(own: App) -> None:
    await own.job_manager.delete_old_jobs(KEEP_HOURS)
    await own.job_manager.delete_old_jobs(
        KEEP_ALL_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )


# --- telling --------------------------------------------------------------------------------------------------------


class _Teller:
    """Says how each job goes: a line when it begins and ends, and an event for the browser."""

    def __init__(self, redis_url: str, key: str) -> None:
        self._url, self._key = redis_url, key
        self._client: redis.Redis | None = None
        self._lock = threading.Lock()

    def follow(self, run: Callable[[], Any], context: JobContext, _worker: object) -> Any:
        """Around each task, in its thread."""
        job, began = context.job, time.monotonic()
        told: dict[str, Any] = {"job": job.task_name, "id": job.id, "attempt": job.attempts + 1, **_market_of(job)}
        log.info("job begins", **told)
        self._tell(job, "running", 0.0, "")
        try:
            text = run() or ""
        except BaseException as error:
            state = "waiting" if _will_be_tried_again(error, job) else "failed"
            reason = f"{type(error).__name__}: {error}".splitlines()[0][:300]
            told |= {"seconds": round(time.monotonic() - began, 3), "error": reason}
            (log.error if state == "failed" else log.warning)(f"job {_WORDS[state]}", **told)
            self._tell(job, state, 0.0, str(error).split("\n", 1)[0][:300])
            raise
        log.info("job ended", seconds=round(time.monotonic() - began, 3), text=text, **told)
        self._tell(job, "succeeded", 1.0, text)
        return text

    def _tell(self, job: Job, state: str, progress: float, text: str) -> None:
        said = {
            "job": job.task_name,
            "market": _market_of(job).get("market", ""),
            "state": state,
            "progress": progress,
            "text": text,
            "at": format_ts(time.time_ns() // 1000),
        }
        # The row of the job is what counts; who looks misses a word while the bus is away.
        with suppress(redis.RedisError, Problem), self._lock:
            if self._client is None:
                self._client = connect(self._url, timeout_seconds=1.0)
            publish(self._client, self._key, [DomainEvent("job", said)])

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None


_WORDS: Final = {"waiting": "will be tried again", "failed": "failed"}


def _will_be_tried_again(error: BaseException, job: Job) -> bool:
    task = app.tasks.get(job.task_name)
    return task is not None and task.get_retry_exception(exception=error, job=job) is not None


def _market_of(job: Job) -> dict[str, str]:
    market = job.task_kwargs.get("market")
    return {"market": str(market)} if market else {}


def quiet_library() -> None:
    """The library tells how each job ended in its own way, with a traceback: the teller's lines say it."""
    logging.getLogger("procrastinate.worker").setLevel(logging.CRITICAL)
    logging.getLogger(f"procrastinate.worker.{JobWorker.name}").setLevel(logging.WARNING)


def leave_process(code: int) -> None:
    """End at once, whatever threads still do."""
    os._exit(code)
