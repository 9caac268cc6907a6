"""Twins of the doors, for tests and for replay in one process. They keep the same contract as the real ones."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from thor.runtime.clock import Clock, SystemClock
from thor.runtime.lease import WAITING_MS, Grant


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


@dataclass
class _Held:
    """One lease: its holder (empty when free), and who asked for it last when, in epoch milliseconds."""

    owner: str = ""
    number: int = 0
    version: int = 0
    waiting: dict[str, int] = field(default_factory=dict)


class MemoryLeases:
    """Leases in one process."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._held: dict[str, _Held] = defaultdict(_Held)

    def take(self, name: str, owner: str, dead_version: int | None) -> Grant:
        held, now_us = self._held[name], self._clock.now_us()
        now_ms = now_us // 1000
        if held.owner != owner:
            if held.owner and held.version != dead_version:
                held.waiting[owner] = now_ms
                return Grant(None, held.owner, held.version, 0)
            held.owner, held.number = owner, max(held.number + 1, now_us)
            held.waiting.pop(owner, None)
        held.version += 1
        waiting = sum(now_ms - asked <= WAITING_MS for asked in held.waiting.values())
        return Grant(held.number, owner, held.version, waiting)

    def release(self, name: str, owner: str) -> None:
        held = self._held[name]
        held.waiting.pop(owner, None)
        if held.owner == owner:
            held.owner = ""
            held.version += 1

    def number(self, name: str) -> int:
        """The newest fencing number; 0 when nobody ever held the lease."""
        return self._held[name].number
