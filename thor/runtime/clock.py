"""Time as an argument: whoever needs now gets a Clock; tests and replays give another."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """``now_us``: microseconds since 1970-01-01 UTC. ``sleep``: wait, or return early once woken."""

    def now_us(self) -> int: ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clock. ``wake`` ends a running and every later sleep at once: a stopping process need not wait."""

    def __init__(self) -> None:
        self._awake = threading.Event()

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def sleep(self, seconds: float) -> None:
        self._awake.wait(seconds)

    def wake(self) -> None:
        self._awake.set()
