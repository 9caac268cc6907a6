"""The events of a collector that wait for the bus, and what was lost of them."""

from __future__ import annotations

from collections import Counter, deque
from itertools import islice

from thor.quotes.bus import Losses, Outgoing


class Spool:
    """Numbered events, oldest first, at most ``limit``: beyond it the oldest is dropped and counted.

    ``dropped`` and ``superseded`` count since the start; :meth:`losses` is what the bus has not been told yet.
    """

    def __init__(self, limit: int, owner: str) -> None:
        self.dropped = 0
        self.superseded = 0
        self._events: deque[Outgoing] = deque()
        self._limit = limit
        self._owner = owner
        self._reports = 0
        self._report: Losses | None = None
        self._dropped: Counter[str] = Counter()
        self._superseded = 0

    def __len__(self) -> int:
        return len(self._events)

    def add(self, event: Outgoing) -> None:
        """Append an event; the oldest gives way when the spool is full."""
        self._events.append(event)
        if len(self._events) > self._limit:
            self._dropped[self._events.popleft().symbol] += 1
            self.dropped += 1

    def oldest(self, count: int) -> list[Outgoing]:
        """At most ``count`` events; they stay until :meth:`remove`."""
        return list(islice(self._events, count))

    def remove(self, count: int) -> None:
        """Forget the oldest ``count`` events: the bus has them."""
        for _ in range(count):
            self._events.popleft()

    def supersede(self) -> int:
        """Give all events up, because another collector leads; returns how many."""
        count = len(self._events)
        self._events.clear()
        self._superseded += count
        self.superseded += count
        return count

    def losses(self) -> Losses | None:
        """What to count on the bus, None when there is nothing. The same report until :meth:`told`, so that telling it
        twice counts once."""
        if self._report is None and (self._dropped or self._superseded):
            self._reports += 1
            self._report = Losses(f"{self._owner}-{self._reports}", dict(self._dropped), self._superseded)
            self._dropped.clear()
            self._superseded = 0
        return self._report

    def told(self) -> None:
        """The bus has counted :meth:`losses`."""
        self._report = None
