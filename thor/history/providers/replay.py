"""Recorded ticks as a source, re-based: events come as of now, source REPLAY, their own times in ``meta.recorded_ts``.

A recording cannot be mistaken for the market: it has a source of its own and never an older ``ts`` than the moment it
was published.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from thor.history.recording import SOURCE, Merger, Row
from thor.history.recording_file import Choice, RecordingError, open_recording, rows_of
from thor.quotes.provider import (
    Event,
    Provider,
    ProviderConfigError,
    ProviderHealth,
    ProviderSettings,
    SourceLostError,
)
from thor.quotes.quote import Quote, QuoteRefusedError, Reason
from thor.runtime.clock import Clock

MAX_PER_POLL: Final = 2_000
#: Further behind than this, the replay takes up its pace again from now instead of rushing.
MAX_BEHIND_US: Final = 1_000_000


class ReplayProvider(Provider):
    """Plays files in the order of their times. ``connect`` reads the heads and raises for what cannot be played."""

    name: ClassVar[str] = "replay"
    checks_itself: ClassVar[bool] = True
    source = SOURCE
    poll_seconds = 0.005

    def __init__(self, settings: ProviderSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        if not settings.replay_files:
            raise ProviderConfigError("replay needs files: run `manage.py replay --file FILE`.")
        if not settings.replay_speed > 0:
            raise ProviderConfigError(f"speed is {settings.replay_speed:g}: give a number above 0, such as 60, or max.")
        self.rows = 0
        self.rows_read = 0
        self.sorted_here = False
        self.symbols: frozenset[str] = frozenset()
        self.choices: list[Choice] = []
        self.refused: Counter[Reason] = Counter()
        self._merger = Merger()
        self._rows: Iterator[Row] | None = None
        self._ahead: Row | None = None
        self._anchor_us = 0
        self._first_us: int | None = None
        self._last_ts_us = 0

    def connect(self) -> None:
        if self._rows is not None:
            return
        given = self.settings
        try:
            found = open_recording(given.replay_files, given.symbols, given.replay_contracts)
        except RecordingError as error:
            raise SourceLostError(str(error)) from error
        self.rows, self.symbols, self.choices = found.rows, found.symbols, found.choices
        self.sorted_here = found.sorted_here
        self._rows = rows_of(found.frame.slice(self.rows_read))

    def poll(self) -> Sequence[Event]:
        if self._rows is None:
            return ()
        now_us = self.clock.now_us()
        quotes: list[Quote] = []
        while len(quotes) < MAX_PER_POLL:
            row = self._ahead or next(self._rows, None)
            self._ahead = None
            if row is None:
                self.finished = True
                break
            due_us = self._due_us(row, now_us)
            if due_us > now_us:
                self._ahead = row
                break
            self.rows_read += 1
            # Also when the clock goes back: the order of the file is the order on the bus.
            self._last_ts_us = max(due_us, self._last_ts_us)
            try:
                quotes.append(self._merger.quote(row, self._last_ts_us))
            except QuoteRefusedError as error:
                self.refused[error.reason] += 1
        return quotes

    def _due_us(self, row: Row, now_us: int) -> int:
        """When the row is to be published."""
        # A row without a time is refused in a moment; it must not hold up the others.
        if self.settings.replay_speed == math.inf or row.ts_us is None:
            return now_us
        if self._first_us is None:
            self._first_us, self._anchor_us = row.ts_us, now_us
        due_us = self._anchor_us + round((row.ts_us - self._first_us) / self.settings.replay_speed)
        if now_us - due_us > MAX_BEHIND_US:
            self._anchor_us += now_us - due_us
            due_us = now_us
        return due_us

    def health(self) -> ProviderHealth:
        return ProviderHealth(errors=self.refused.total(), notice=f"{self.rows_read} of {self.rows} rows replayed")

    def close(self) -> None:
        """Let go of the files; connected again, the replay goes on after the last row read."""
        self._rows = self._ahead = None
