"""Twins of the doors, for tests and for replay in one process. They keep the same contract as the real ones."""

from __future__ import annotations


class FixedClock:
    """A clock that moves only when told to, or when somebody sleeps on it."""

    def __init__(self, now_us: int = 1_760_016_675_000_000) -> None:
        self._now_us = now_us
        self.slept: list[float] = []

    def now_us(self) -> int:
        return self._now_us

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self._now_us += round(seconds * 1_000_000)
