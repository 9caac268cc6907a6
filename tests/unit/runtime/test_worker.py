"""The worker's loop: it goes on after a failure, backs off, and ends after the running step."""

from __future__ import annotations

import os
import signal
import threading

from thor.runtime.fakes import FixedClock
from thor.runtime.worker import Worker


class Script(Worker):
    """Does what a list says, step by step, then stops."""

    name = "script"
    idle_seconds = 0.5

    def __init__(self, *script: object) -> None:
        super().__init__()
        self.fixed = FixedClock()
        self.clock = self.fixed  # type: ignore[assignment]
        self.script = list(script)
        self.calls: list[str] = []

    def stop(self) -> None:
        self.stopping = True

    def setup(self) -> None:
        self.calls.append("setup")

    def step(self) -> bool:
        self.calls.append("step")
        act = self.script.pop(0)
        if not self.script:
            self.stop()
        if isinstance(act, Exception):
            raise act
        return bool(act)

    def teardown(self) -> None:
        self.calls.append("teardown")


def test_steps_follow_each_other_and_wait_only_when_idle() -> None:
    worker = Script(True, False, True)
    worker.run()
    assert worker.calls == ["setup", "step", "step", "step", "teardown"]
    assert worker.fixed.slept == [0.5]


def test_a_failure_is_followed_by_backoff_and_the_start_again() -> None:
    worker = Script(RuntimeError("a\nb"), RuntimeError("c"), True)
    worker.run()
    assert worker.calls == ["setup", "step", "teardown", "setup", "step", "teardown", "setup", "step", "teardown"]
    assert len(worker.fixed.slept) == 2
    assert worker.fixed.slept[1] > worker.fixed.slept[0] / 2


def test_a_failing_teardown_does_not_end_the_worker() -> None:
    class Broken(Script):
        def teardown(self) -> None:
            super().teardown()
            raise OSError("already closed")

    worker = Broken(RuntimeError("x"), True)
    worker.run()
    assert worker.calls.count("step") == 2


def test_the_wait_after_a_failure_grows_to_the_longest() -> None:
    worker = Script(*[RuntimeError("x")] * 12, True)
    worker.longest_backoff_seconds = 2.0
    worker.run()
    assert worker.fixed.slept[0] <= 0.25
    assert all(1.0 <= wait <= 2.0 for wait in worker.fixed.slept[3:])


def test_a_signal_ends_a_waiting_worker_at_once() -> None:
    class Waiting(Worker):
        idle_seconds = 60.0

        def step(self) -> bool:
            threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGTERM)).start()
            return False

    before = signal.getsignal(signal.SIGTERM)
    worker = Waiting()
    worker.run_until_signal()
    assert worker.stopping
    assert signal.getsignal(signal.SIGTERM) is before
