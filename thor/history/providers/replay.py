"""Recorded ticks as a source, re-based: events come as of now, source REPLAY, their own times in ``meta.recorded_ts``.

A recording cannot be mistaken for the market: it has a source of its own and never an older ``ts`` than the moment it
was published.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

import polars as pl

from thor.history.recording import SOURCE, Merger, Row, symbol_of
from thor.history.recording_file import Choice, RecordingError, choose_contracts, scan
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

#: Rows in memory at once; a recording may be larger than the machine.
SLICE: Final = 20_000
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
        try:
            frame = self._open()
        except RecordingError as error:
            raise SourceLostError(str(error)) from error
        except (OSError, pl.exceptions.PolarsError) as error:
            raise SourceLostError(f"{self._names()} cannot be read: {_first_line(error)}") from error
        self._rows = _rows(frame.slice(self.rows_read))

    def _open(self) -> pl.LazyFrame:
        """The rows to play, in order of time. Sets ``rows``, ``symbols`` and ``choices``."""
        frame = pl.concat([scan(path) for path in self.settings.replay_files], how="vertical_relaxed")
        frame = self._wanted(frame)
        facts = frame.select(
            rows=pl.len(), in_order=pl.col("ts_us").is_sorted(), raw=pl.col("symbol").unique().implode()
        ).collect()
        self.rows = int(facts["rows"][0])
        if self.rows == 0:
            raise RecordingError(f"{self._names()} has no rows to replay: check the file, --symbols and --contract")
        self.symbols = frozenset(_symbols(facts["raw"][0].to_list()))
        self.sorted_here = not facts["in_order"][0]
        return frame.sort("ts_us", maintain_order=True, nulls_last=True) if self.sorted_here else frame

    def _wanted(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The rows of the symbols and contracts asked for."""
        if self.settings.symbols:
            raw = frame.select(pl.col("symbol").unique()).collect()["symbol"].to_list()
            frame = frame.filter(
                pl.col("symbol").is_in([name for name in raw if _is_one_of(name, self.settings.symbols)])
            )
        counts = frame.group_by("symbol", "contract").agg(
            rows=pl.len(), traded=pl.col("last_size").cast(pl.Float64, strict=False).sum()
        )
        self.choices = choose_contracts(counts.collect(), self.settings.replay_contracts)
        for choice in self.choices:
            frame = frame.filter(
                (pl.col("symbol") != choice.symbol).fill_null(True)
                | pl.col("contract").is_in(choice.contracts)
                | pl.col("contract").is_null()
            )
        return frame

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

    def _names(self) -> str:
        return ", ".join(path.name for path in self.settings.replay_files)


def _rows(frame: pl.LazyFrame) -> Iterator[Row]:
    for piece in frame.collect_batches(chunk_size=SLICE, maintain_order=True):
        columns = [piece[name].to_list() for name in Row._fields]
        yield from map(Row._make, zip(*columns, strict=True))


def _symbols(raw: Sequence[str | None]) -> Iterator[str]:
    for name in raw:
        try:
            yield symbol_of(name)[0]
        except QuoteRefusedError as error:
            raise RecordingError(f"column symbol: {error.detail}") from None


def _is_one_of(raw: str | None, symbols: Sequence[str]) -> bool:
    try:
        return symbol_of(raw)[0] in symbols
    except QuoteRefusedError:
        return False


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
