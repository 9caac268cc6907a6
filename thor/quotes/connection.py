"""A collector's connection to its provider: made when it is needed, made again with backoff after it was lost."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

import structlog

from thor.quotes.provider import Event, Provider, SourceLostError
from thor.runtime.backoff import Pause, backoff_seconds

#: The first wait for a lost source is between 1 s and this; the longest is the provider's.
FIRST_BACKOFF_SECONDS: Final = 2.0

log = structlog.get_logger()


class Connection:
    """``lost``: why the source cannot be read now, empty while it can; ``errors``: how often it was lost."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.lost = ""
        self.errors = 0
        self._connected = False
        self._failures = 0
        self._pause = Pause()

    def poll(self, now_us: int) -> Sequence[Event]:
        """What the provider gives; nothing while it has ended, is lost, or it is too soon to try again."""
        if self.provider.finished or not self._pause.is_over(now_us):
            return ()
        try:
            events = self._poll_connected()
        except SourceLostError as error:
            self._lose(str(error), now_us)
            return ()
        if self.lost:
            log.info("source is back", source=self.provider.source, provider=self.provider.name)
        self.lost, self._failures = "", 0
        return events

    def _poll_connected(self) -> Sequence[Event]:
        if not self._connected:
            self.provider.connect()
            self._connected = True
        return self.provider.poll()

    def _lose(self, reason: str, now_us: int) -> None:
        self.close()
        self.errors += 1
        self._failures += 1
        wait = backoff_seconds(self._failures, FIRST_BACKOFF_SECONDS, self.provider.max_backoff_seconds, random.random)
        self._pause.begin(now_us, wait)
        if reason != self.lost:  # the same trouble again is in the health, not once more in the log
            log.warning("source lost", source=self.provider.source, provider=self.provider.name, reason=reason)
        self.lost = reason

    def close(self) -> None:
        """Let go of the source; the next poll connects again."""
        self._connected = False
        self.provider.close()
