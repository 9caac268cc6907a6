"""The life of a supervised process: every transition, without a process or a clock."""

from __future__ import annotations

import pytest

from thor.ops import life as lives
from thor.ops.life import Life, Phase, Policy

POLICY = Policy()


def no_chance() -> float:
    return 1.0


def running(since: float = 0.0) -> Life:
    return lives.became_ready(lives.started(Life(), 7, since), since)


def test_a_new_service_is_due_and_starts_once_it_serves() -> None:
    life = Life()
    assert lives.is_due(life, 0.0)
    life = lives.started(life, 7, 1.0)
    assert (life.phase, life.pid, life.restarts) == (Phase.STARTING, 7, 0)
    assert not lives.is_due(life, 100.0)
    life = lives.became_ready(life, 2.0)
    assert (life.phase, life.since) == (Phase.RUNNING, 2.0)
    assert lives.became_ready(life, 3.0) == life


def test_an_end_is_followed_by_a_wait_that_doubles_up_to_the_longest() -> None:
    life = running()
    waits = []
    now = 1.0
    for _ in range(8):
        life = lives.ended(life, 1, now, POLICY, no_chance)
        waits.append(life.retry_at - now)
        assert life.phase is Phase.BACKOFF
        assert not lives.is_due(life, life.retry_at - 0.001)
        assert lives.is_due(life, life.retry_at)
        now = life.retry_at
        life = lives.started(life, 8, now)
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]
    assert life.restarts == 8


def test_a_healthy_stretch_forgives_earlier_failures() -> None:
    life = lives.ended(running(), 1, 1.0, POLICY, no_chance)
    life = lives.ended(lives.became_ready(lives.started(life, 8, 2.0), 2.0), 1, 3.0, POLICY, no_chance)
    assert life.failures == 2
    life = lives.became_ready(lives.started(life, 9, 5.0), 5.0)
    life = lives.ended(life, 1, 5.0 + POLICY.healthy_after, POLICY, no_chance)
    assert life.failures == 1
    assert life.retry_at == 5.0 + POLICY.healthy_after + POLICY.first_backoff


def test_stopping_waits_for_the_process_and_then_kills() -> None:
    life = lives.asked_to_stop(running(), 10.0, POLICY)
    assert life.phase is Phase.STOPPING
    assert not lives.is_overdue(life, 14.9)
    assert lives.is_overdue(life, 15.0)
    assert lives.asked_to_stop(life, 12.0, POLICY) == life, "a second wish does not prolong the first"
    life = lives.ended(life, 0, 12.0, POLICY, no_chance)
    assert (life.phase, life.pid, life.exit_code) == (Phase.STOPPED, None, 0)


@pytest.mark.parametrize("life", [Life(), lives.ended(running(), 1, 1.0, POLICY, no_chance)])
def test_a_service_without_a_process_stops_at_once(life: Life) -> None:
    assert lives.asked_to_stop(life, 2.0, POLICY).phase is Phase.STOPPED


def test_a_renewed_service_is_due_at_once_and_has_not_failed() -> None:
    life = lives.renewed(running(), 5.0)
    assert lives.is_due(life, 5.0)
    assert life.failures == 0
