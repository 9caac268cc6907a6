"""The life of one supervised process, as a state machine without processes or clock.

    waiting -> starting -> running -> backoff -> starting ...
                               any -> stopping -> stopped

Times are seconds of a monotonic clock, given by the caller.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from thor.runtime.backoff import backoff_seconds


class Phase(StrEnum):
    WAITING = "waiting"  # for what it depends on
    STARTING = "starting"  # has a process that does not serve yet
    RUNNING = "running"
    BACKOFF = "restarting"  # its process ended; the next one is due at `retry_at`
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Policy:
    """How patiently a service is restarted and stopped. All in seconds."""

    first_backoff: float = 1.0
    longest_backoff: float = 30.0
    healthy_after: float = 30.0
    stop_timeout: float = 5.0


@dataclass(frozen=True)
class Life:
    """Where a service stands. `since` is when this phase began."""

    phase: Phase = Phase.WAITING
    since: float = 0.0
    pid: int | None = None
    restarts: int = 0
    failures: int = 0  # ends in a row without a healthy stretch between them
    exit_code: int | None = None
    retry_at: float = 0.0
    kill_at: float = 0.0

    @property
    def has_process(self) -> bool:
        """A process of this service is alive as far as we know."""
        return self.phase in (Phase.STARTING, Phase.RUNNING) or (self.phase is Phase.STOPPING and self.pid is not None)


def is_due(life: Life, now: float) -> bool:
    """A process should be started now, if what it depends on is there."""
    return life.phase is Phase.WAITING or (life.phase is Phase.BACKOFF and now >= life.retry_at)


def started(life: Life, pid: int, now: float) -> Life:
    """A process was started."""
    again = 1 if life.phase is Phase.BACKOFF else 0
    return replace(life, phase=Phase.STARTING, since=now, pid=pid, restarts=life.restarts + again)


def became_ready(life: Life, now: float) -> Life:
    """The process serves."""
    return replace(life, phase=Phase.RUNNING, since=now) if life.phase is Phase.STARTING else life


def ended(life: Life, exit_code: int, now: float, policy: Policy, rand: Callable[[], float]) -> Life:
    """The process ended: by our wish, or not."""
    if life.phase is Phase.STOPPING:
        return replace(life, phase=Phase.STOPPED, since=now, pid=None, exit_code=exit_code)
    was_healthy = life.phase is Phase.RUNNING and now - life.since >= policy.healthy_after
    failures = 1 if was_healthy else life.failures + 1
    retry_at = now + backoff_seconds(failures, policy.first_backoff, policy.longest_backoff, rand)
    return replace(
        life, phase=Phase.BACKOFF, since=now, pid=None, failures=failures, exit_code=exit_code, retry_at=retry_at
    )


def renewed(life: Life, now: float) -> Life:
    """The process was ended to be started anew: no failure, and due at once."""
    return replace(life, phase=Phase.WAITING, since=now, pid=None)


def asked_to_stop(life: Life, now: float, policy: Policy) -> Life:
    """Stopping begins; a service without a process is stopped at once."""
    if life.phase in (Phase.STOPPING, Phase.STOPPED):
        return life
    if not life.has_process:
        return replace(life, phase=Phase.STOPPED, since=now, pid=None)
    return replace(life, phase=Phase.STOPPING, since=now, kill_at=now + policy.stop_timeout)


def is_overdue(life: Life, now: float) -> bool:
    """It was asked to stop and did not in time: kill it."""
    return life.phase is Phase.STOPPING and now >= life.kill_at
