"""Sends the entries straight to the unified stream, as fast as the run lets it, and notes every id it was given."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence

import redis

from tests.faults.draft import Entry
from tests.faults.stack import UNIFIED

_AWAY_SECONDS = 0.02


class Producer(threading.Thread):
    """``acknowledged[n]``: the ids of entry ``n``. A pipeline whose answer was lost is sent again: then the stream may
    hold its entries twice, and only the second ids are known."""

    def __init__(self, client: redis.Redis, entries: Sequence[Entry], pieces: Iterator[int]) -> None:
        super().__init__(name="producer", daemon=True)
        self.acknowledged: list[bytes | None] = [None] * len(entries)
        self.retries = 0
        self.sent = 0
        self.failed: Exception | None = None
        self._client = client
        self._entries = entries
        self._pieces = pieces
        self._allowed = 0
        self._changed = threading.Condition()

    @property
    def left(self) -> int:
        """Entries that were not released yet."""
        return len(self._entries) - self._allowed

    @property
    def idle(self) -> bool:
        """Everything that was released is acknowledged."""
        if self.failed:
            raise RuntimeError("the producer failed") from self.failed
        return self.sent >= self._allowed

    def release(self, count: int) -> None:
        with self._changed:
            self._allowed = min(len(self._entries), self._allowed + count)
            self._changed.notify()

    def run(self) -> None:
        try:
            while self.sent < len(self._entries):
                with self._changed:
                    self._changed.wait_for(lambda: self._allowed > self.sent)
                    count = min(next(self._pieces), self._allowed - self.sent)
                self._send(self.sent, self.sent + count)
                self.sent += count
        except Exception as error:
            self.failed = error

    def _send(self, start: int, stop: int) -> None:
        while True:
            pipe = self._client.pipeline(transaction=False)
            for entry in self._entries[start:stop]:
                pipe.xadd(UNIFIED, dict(entry.fields))
            try:
                self.acknowledged[start:stop] = pipe.execute()
                return
            except (redis.ConnectionError, redis.TimeoutError):
                self.retries += 1
                time.sleep(_AWAY_SECONDS)
