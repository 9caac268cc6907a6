"""How patiently a job is tried again, which steps a transition has, and what a missing source is called."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import redis
from procrastinate.jobs import Job

from thor.desk.jobs import ATTEMPTS, AWAY, LONGEST_WAIT_SECONDS, PATIENT_ATTEMPTS, Backoff, NotYetError, wait_seconds
from thor.desk.sources import missing
from thor.desk.triggers import AFTER, Trigger, tasks_of
from thor.markets.calendar import TransitionKind
from thor.markets.market import MARKETS
from thor.quotes.health import SourceHealth, SourceState


def job(attempts: int) -> Job:
    return Job(id=1, queue="triggers", lock=None, queueing_lock=None, task_name="drain", attempts=attempts)


def attempts_until_failure(error: Exception) -> int:
    tried = 0
    while Backoff().get_retry_decision(exception=error, job=job(tried)) is not None:
        tried += 1
    return tried + 1


def test_a_job_that_fails_is_tried_three_times_one_that_waits_for_minutes() -> None:
    assert attempts_until_failure(ValueError("a bug")) == ATTEMPTS == 3
    for error in (NotYetError("lag"), redis.ConnectionError("away")):
        assert attempts_until_failure(error) == PATIENT_ATTEMPTS
    assert isinstance(redis.ConnectionError(), AWAY)
    assert 300 < sum(wait_seconds(n) for n in range(1, PATIENT_ATTEMPTS)) < 1200


def test_each_wait_is_twice_the_one_before_up_to_a_limit() -> None:
    waits = [wait_seconds(n) for n in range(1, 12)]
    assert waits[:4] == [0.5, 1.0, 2.0, 4.0]
    assert max(waits) == waits[-1] == LONGEST_WAIT_SECONDS
    assert wait_seconds(10**6) == LONGEST_WAIT_SECONDS


@pytest.mark.parametrize("market", [each.country for each in MARKETS])
def test_every_chained_step_follows_one_of_the_same_transition(market: str) -> None:
    for kind in TransitionKind:
        steps = tasks_of(market, kind)
        chained = [step for step in steps if step in AFTER and kind is TransitionKind.CLOSE]
        assert all(AFTER[step] in steps[: steps.index(step)] for step in chained)
    assert ("clear_previous_latest" in tasks_of(market, TransitionKind.OPEN)) == (market == "CME_Futures")


def test_a_step_of_a_transition_has_one_key_and_arguments_that_json_can_hold() -> None:
    trigger = Trigger("USA", 1_760_016_600_000_000, date(2025, 10, 9), "5-1")
    assert trigger.key("drain") == "drain:USA:1760016600000000"
    assert trigger.arguments() == {
        "market": "USA", "at_us": 1_760_016_600_000_000, "trade_date": "2025-10-09", "after_id": "5-1",
    }  # fmt: skip


def health(provider: str, state: SourceState, reason: str = "") -> SourceHealth:
    fields: dict[str, Any] = {"since_us": 0, "last_event_us": None, "events": 0, "events_per_second": 0.0}
    fields |= {"null_cells": 0, "errors": 0, "host": "here", "pid": 1, "standby": 0}
    return SourceHealth(source=provider.upper(), provider=provider, state=state, reason=reason, **fields)


@pytest.mark.parametrize(
    ("reports", "ingestors", "wanted"),
    [
        ([health("mock", SourceState.CONNECTED)], 1, ""),
        ([health("mock", SourceState.WAITING)], 2, ""),
        ([health("mock", SourceState.STALE)], 1, ""),
        ([], 1, "source mock reports nothing"),
        ([health("json", SourceState.CONNECTED)], 1, "source mock reports nothing"),
        ([health("mock", SourceState.DOWN, "no file")], 1, "source mock is down: no file"),
        ([health("mock", SourceState.CONNECTED)], 0, "no ingestor reports: quotes are not stored"),
        ([], 0, "source mock reports nothing; no ingestor reports: quotes are not stored"),
    ],
)
def test_what_does_not_report_is_named(reports: list[SourceHealth], ingestors: int, wanted: str) -> None:
    assert missing(["mock"], reports, ingestors) == wanted
