"""The one shape of everything that runs on: ``step()`` does one batch, the base owns signals, backoff and the end."""

from __future__ import annotations

import random
import signal
import time
from types import FrameType
from typing import Final

import structlog

from thor.runtime.backoff import backoff_seconds
from thor.runtime.clock import SystemClock

FIRST_BACKOFF_SECONDS: Final = 0.25

log = structlog.get_logger()


class Worker:
    """A loop around :meth:`step`. Subclasses give ``setup``, ``step`` and ``teardown``; tests call ``step`` themselves.

    ``step`` returns True when there may be more to do at once; False lets the base wait ``idle_seconds``. An exception
    of a step is logged (at most once a second), followed by ``teardown``, a wait with backoff and a new ``setup``:
    recovery is the same path as the start.
    """

    name = "worker"
    idle_seconds = 0.0
    #: The longest wait before a worker that keeps failing is started again.
    longest_backoff_seconds = 30.0

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.stopping = False
        self._last_logged = 0.0
        self._silenced = 0

    def setup(self) -> None:
        """Open what a step needs. Called before the first step and after each failure."""

    def step(self) -> bool:
        """Do one batch; True when there may be more."""
        raise NotImplementedError

    def teardown(self) -> None:
        """Close what ``setup`` opened. Called once for each setup, also after a failed one."""

    def stop(self) -> None:
        """Ask the loop to end after the running step; safe from another thread and from a signal handler."""
        self.stopping = True
        self.clock.wake()

    def run(self) -> None:
        """Run until :meth:`stop`. Interrupts (SIGTERM, SIGINT) must be handled by :meth:`run_until_signal`."""
        failures = 0
        while not self.stopping:
            try:
                self.setup()
                for more in iter(self._step_unless_stopping, None):
                    failures = 0
                    if not more and self.idle_seconds:
                        self.clock.sleep(self.idle_seconds)
            except Exception as error:  # noqa: BLE001 - the worker base is the one place that goes on after anything
                failures += 1
                wait = backoff_seconds(failures, FIRST_BACKOFF_SECONDS, self.longest_backoff_seconds, random.random)
                self._complain(error, failures, wait)
                self._close()
                self.clock.sleep(wait)
            else:
                self._close()

    def _step_unless_stopping(self) -> bool | None:
        return None if self.stopping else self.step()

    def run_until_signal(self) -> None:
        """Run in the main thread until SIGTERM or SIGINT, then end after the running step."""

        def on_signal(number: int, _frame: FrameType | None) -> None:
            log.info("stopping", worker=self.name, signal=signal.Signals(number).name)
            self.stop()

        before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            self.run()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _close(self) -> None:
        try:
            self.teardown()
        except Exception as error:  # noqa: BLE001 - closing a broken connection may fail in any way
            log.debug("teardown failed", worker=self.name, error=str(error))

    def _complain(self, error: Exception, failures: int, wait: float) -> None:
        now = time.monotonic()
        if now - self._last_logged < 1.0:
            self._silenced += 1
            return
        log.error(
            "step failed, trying again",
            worker=self.name,
            error=f"{type(error).__name__}: {error}".splitlines()[0][:300],
            failures=failures,
            wait_seconds=round(wait, 2),
            silenced=self._silenced,
        )
        self._last_logged, self._silenced = now, 0
