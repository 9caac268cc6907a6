"""Durable jobs: there exactly when the transaction is, run once each, tried again, taken up from a worker that died."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import psycopg
import pytest
import redis
from django.db import connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from tests.desk_support import ALPHA, BEGIN, BEGIN_US, MINUTE_US, decoded, save_calendars
from tests.support import CHECKOUT, run_thor, wait_until
from thor.desk import summary, triggers
from thor.desk.job_worker import JobWorker
from thor.desk.jobs import job_counts
from thor.desk.triggers import Trigger, defer_first
from thor.markets.calendar import TransitionKind
from thor.markets.models import Market, MarketDataSnapshot
from thor.quotes.keys import Keys

CLOSE = Trigger(ALPHA, BEGIN_US + 5 * MINUTE_US, date(2025, 10, 9), "0-0")


@pytest.fixture
def keys(transactional_db: None, settings: Any, fresh_namespace: str) -> Keys:
    settings.THOR_NAMESPACE = fresh_namespace
    with connection.cursor() as cursor:  # not Django's tables: its flush leaves them
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_events, procrastinate_workers, ticks CASCADE")
    save_calendars(5)
    return Keys(fresh_namespace)


@contextmanager
def working(url: str, keys: Keys) -> Iterator[JobWorker]:
    """A worker in a thread of this process."""
    worker = JobWorker(url, keys.namespace)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(10)
        assert not thread.is_alive()


def defer_close() -> None:
    with transaction.atomic():
        defer_first(TransitionKind.CLOSE, CLOSE)


def states() -> dict[str, tuple[str, int]]:
    """Task -> status and attempts."""
    found = ProcrastinateJob.objects.order_by("id").values_list("task_name", "status", "attempts")
    return {task: (status, attempts) for task, status, attempts in found}


def all_ended() -> bool:
    return not ProcrastinateJob.objects.filter(status__in=("todo", "doing")).exists()


class UndoneError(Exception):
    """The transaction is given up."""


def test_a_job_exists_when_the_transaction_commits_and_once(keys: Keys) -> None:
    with pytest.raises(UndoneError), transaction.atomic():
        assert defer_first(TransitionKind.CLOSE, CLOSE)[0].is_new
        raise UndoneError
    assert states() == {}
    with transaction.atomic():
        [one] = defer_first(TransitionKind.CLOSE, CLOSE)
        [two] = defer_first(TransitionKind.CLOSE, CLOSE)
    assert (one.is_new, two.is_new, two.job_id) == (True, False, one.job_id)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'succeeded'")
    defer_close()
    assert ProcrastinateJob.objects.count() == 1


def test_two_who_defer_the_same_at_once_make_one_job(keys: Keys) -> None:
    is_new: list[bool] = []
    ready = threading.Barrier(4)

    def defer() -> None:
        try:
            with transaction.atomic():
                ready.wait(10)
                is_new.extend(each.is_new for each in defer_first(TransitionKind.CLOSE, CLOSE))
        finally:
            connection.close()

    threads = [threading.Thread(target=defer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(is_new) == [False, False, False, True]
    assert ProcrastinateJob.objects.count() == 1


def test_a_chain_runs_in_its_order_and_is_told(keys: Keys, valkey_url: str) -> None:
    market = Market.objects.get(country=ALPHA)
    taken = MarketDataSnapshot.objects.create(market=market, trade_date=date(2025, 10, 9), opened_at=BEGIN)
    with working(valkey_url, keys):
        defer_close()
        wait_until(lambda: "summarise_session" in states() and all_ended(), 10)
        assert job_counts().workers == 1
    assert states() == {"drain": ("succeeded", 1), "summarise_session": ("succeeded", 1)}
    taken.refresh_from_db()
    assert (taken.tick_count, taken.symbols) == (0, [])
    told = [decoded(fields) for _, fields in redis.Redis.from_url(valkey_url).xrange(keys.events)]
    assert [(kind, said["job"], said["market"], said["state"], said["progress"]) for kind, said in told] == [
        ("job", "drain", ALPHA, "running", 0.0),
        ("job", "drain", ALPHA, "succeeded", 1.0),
        ("job", "summarise_session", ALPHA, "running", 0.0),
        ("job", "summarise_session", ALPHA, "succeeded", 1.0),
    ]
    assert told[-1][1]["text"] == "0 ticks of 0 symbols"
    assert job_counts() == (0, 0, 0, 0)  # the worker has taken its leave


def test_a_job_that_fails_is_tried_three_times_and_says_why(
    keys: Keys, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: object) -> str:
        raise ValueError("no such luck\nwith a second line")

    monkeypatch.setattr(summary, "summarise_session", fails)
    monkeypatch.setattr("thor.desk.jobs.FIRST_WAIT_SECONDS", 0.01)
    with working(valkey_url, keys):
        defer_close()
        wait_until(lambda: states().get("summarise_session", ("", 0))[0] == "failed", 15)
    assert states()["summarise_session"] == ("failed", 3)
    told = [decoded(fields)[1] for _, fields in redis.Redis.from_url(valkey_url).xrange(keys.events)]
    ends = [said for said in told if said["job"] == "summarise_session" and said["state"] != "running"]
    assert [said["state"] for said in ends] == ["waiting", "waiting", "failed"]
    assert ends[-1]["text"] == "no such luck"
    assert job_counts().failed == 1


def test_jobs_run_while_the_bus_is_away(keys: Keys, settings: Any) -> None:
    """A job that needs the bus waits for it; one that does not is done, though nobody can be told."""
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    with transaction.atomic():
        defer_first(TransitionKind.CLOSE, CLOSE)
        triggers.defer("summarise_session", CLOSE)
    with working(settings.REDIS_URL, keys):
        wait_until(lambda: states()["summarise_session"][0] == "succeeded" and states()["drain"][1] >= 1, 20)
    assert states()["drain"][0] == "todo"


# --- a worker that dies ---------------------------------------------------------------------------------------------


@pytest.fixture
def start(fresh_thor: dict[str, str]) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start ``thor jobs`` on a database of its own."""
    started: list[subprocess.Popen[bytes]] = []

    def run() -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "thor", "jobs"]
        started.append(subprocess.Popen(words, env=fresh_thor, cwd=CHECKOUT, stderr=subprocess.DEVNULL))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()


def job_row(database: psycopg.Connection[Any]) -> tuple[str, int, int]:
    """Status, attempts, and how often it began."""
    row = database.execute(
        "SELECT status, attempts, (SELECT count(*) FROM procrastinate_events WHERE type = 'started')"
        " FROM procrastinate_jobs"
    ).fetchone()
    assert row is not None
    return row


def test_the_job_of_a_killed_worker_runs_again_and_its_effect_is_there_once(
    fresh_thor: dict[str, str], start: Callable[[], subprocess.Popen[bytes]]
) -> None:
    run_thor(fresh_thor, "seed_markets")
    with psycopg.connect(fresh_thor["DATABASE_URL"], autocommit=True) as database:
        database.execute(
            "INSERT INTO markets_marketdatasnapshot (market_id, trade_date, opened_at, baseline, symbols, quality,"
            " created_at) SELECT id, '2025-10-09', '2025-10-09T13:30Z', '{}', '[]', '{}', now() FROM markets_market"
            " WHERE country = 'USA'"
        )
        with psycopg.connect(fresh_thor["DATABASE_URL"]) as holder:
            holder.execute("SELECT FROM markets_marketdatasnapshot FOR UPDATE")
            database.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES ('triggers', 'summarise_session',"
                """ '{"market": "USA", "at_us": 1760040000000000, "trade_date": "2025-10-09", "after_id": "0-0"}')"""
            )
            killed = start()
            wait_until(lambda: job_row(database) == ("doing", 0, 1), 20)  # and waits for the row
            os.kill(killed.pid, signal.SIGKILL)
            begun = time.monotonic()
            stuck = start()
            wait_until(lambda: job_row(database) == ("doing", 1, 2), 20)
            print(f"taken up {time.monotonic() - begun:.1f} s after the kill, the start of the next worker included")
            # A job that does not end holds no stop up, and is taken up again as well.
            stuck.terminate()
            begun = time.monotonic()
            assert stuck.wait(6) == 0
            assert time.monotonic() - begun < 5
            start()
            wait_until(lambda: job_row(database) == ("doing", 2, 3), 20)
            holder.rollback()
        wait_until(lambda: job_row(database)[0] == "succeeded", 10)
        assert job_row(database) == ("succeeded", 3, 3)
        rows = database.execute("SELECT tick_count, closed_at IS NOT NULL FROM markets_marketdatasnapshot").fetchall()
        assert rows == [(0, True)]
