"""What is played in simulated time: the rows of files, or the ticks of a day that is stored.

A tape gives its quotes in the order in which they are heard, ready for the bus. It knows how early the rest of it still
reaches, so that its player can say up to when everything was published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple, Protocol

import psycopg

from thor.history.queries import query
from thor.history.recording import Merger
from thor.history.recording_file import Recording, rows_of
from thor.quotes.quote import VERSION, Quote, QuoteRefusedError, Reason, encode, format_ts, from_record, judge, parse
from thor.quotes.replay_clock import BY_ARRIVAL, BY_TS, arrival_us
from thor.quotes.replaying import Recorded

_PAGE: Final = 5_000


class Cue(NamedTuple):
    """One event: ``due_us`` is when it is heard, no earlier than the one before; no event from here on has a ``ts``
    below ``floor_us``."""

    event: Recorded
    due_us: int
    floor_us: int


class Tape(Protocol):
    """``rows``: how many there are; ``rows_read``: so far. ``refused``: rows that are no quotes, by reason.
    ``repeated``: rows of a key (symbol, source, ts, seq) that came before. ``order``: by what timers fall among them,
    see :mod:`thor.quotes.replay_clock`."""

    rows: int
    rows_read: int
    refused: Counter[Reason]
    repeated: int
    order: str

    def cues(self) -> Iterator[Cue]:
        """The events, once."""
        ...


class _Counted:
    """The counters of a tape."""

    order = BY_TS

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.rows_read = 0
        self.refused: Counter[Reason] = Counter()
        self.repeated = 0


class EmptyTape(_Counted):
    """Pure time."""

    def __init__(self) -> None:
        super().__init__(0)

    def cues(self) -> Iterator[Cue]:
        """None."""
        return iter(())


class FileTape(_Counted):
    """The rows of a recording with times in ``[from_us, until_us]``. ``known``: the symbols of this Thor."""

    def __init__(self, recording: Recording, known: Container[str], from_us: int, until_us: int) -> None:
        super().__init__(recording.rows)
        self._recording = recording
        self._known = known
        self._from_us, self._until_us = from_us, until_us

    def cues(self) -> Iterator[Cue]:
        merger, keys = Merger(), _Keys()
        for row in rows_of(self._recording.frame):
            self.rows_read += 1
            try:
                # Also before the beginning: an event row says what later ones carry on.
                quote = merger.as_recorded(row, self._recording.first_free_seq)
                quote = judge(quote, quote.ts_us, self._known, as_recorded=True)
            except QuoteRefusedError as error:
                self.refused[error.reason] += 1
                continue
            if not self._from_us <= quote.ts_us <= self._until_us:
                continue
            if keys.is_repeated(quote):
                self.repeated += 1
            else:
                yield Cue(_ready(quote), quote.ts_us, quote.ts_us)


class StoredTape(_Counted):
    """The stored ticks of a trade date (``day`` None: of any), in the order of their arrival, sources as stored.

    Where a desk told timers among them (``has_timers``, SPEC 15), they keep their ids, and so every timer its place;
    else timers fall by the ticks' own times. ``last_us``: when the last one is heard.

    ``connection``: a plain one, whose transaction the reading is. Only ticks with times in ``[from_us, until_us]``.
    """

    def __init__(
        self,
        connection: psycopg.Connection[tuple[Any, ...]],
        day: date | None,
        from_us: int,
        until_us: int,
        known: Sequence[str],
        *,
        has_timers: bool,
    ) -> None:
        self._connection = connection
        self._known = known
        self._given = {"day": day, "from": format_ts(from_us), "until": format_ts(until_us), "symbols": list(known)}
        row = connection.execute(query("count_day"), self._given).fetchone()
        assert row is not None
        rows, all_arrived, last_ms = row
        super().__init__(int(rows))
        self.last_us = until_us
        if all_arrived and has_timers:
            self.order, self.last_us = BY_ARRIVAL, max(until_us, arrival_us(int(last_ms)))

    def cues(self) -> Iterator[Cue]:
        due_us = 0
        with self._connection.cursor(name="tape") as cursor:
            cursor.itersize = _PAGE
            cursor.execute(query("read_day"), self._given)
            for *values, extra, stream_id, floor_us in cursor:
                self.rows_read += 1
                try:
                    quote = judge(from_record(_record(values, extra)), 0, self._known, as_recorded=True)
                except QuoteRefusedError as error:
                    self.refused[error.reason] += 1
                    continue
                if self.order == BY_ARRIVAL:
                    heard_us = arrival_us(int(stream_id.partition("-")[0]))
                    yield Cue(_ready(quote, stream_id), heard_us, heard_us)
                else:
                    due_us = max(due_us, quote.ts_us)
                    yield Cue(_ready(quote), due_us, floor_us)


class _Keys:
    """The keys of one instant: of a recording in order of time, no others can repeat."""

    def __init__(self) -> None:
        self._ts_us = -1
        self._keys: set[tuple[str, str, int | None]] = set()

    def is_repeated(self, quote: Quote) -> bool:
        if quote.ts_us != self._ts_us:
            self._ts_us = quote.ts_us
            self._keys.clear()
        key = (quote.symbol, quote.source, quote.seq)
        if key in self._keys:
            return True
        self._keys.add(key)
        return False


def _ready(quote: Quote, entry_id: str = "*") -> Recorded:
    return Recorded(quote.source, quote.symbol, quote.ts_us, entry_id, encode(quote))


_FIELDS: Final = (
    "symbol", "ts", "source", "last", "bid", "ask", "lastSize", "bidSize", "askSize", "volume", "condition", "venue",
    "seq",
)  # fmt: skip


def _record(values: Sequence[Any], extra: str | None) -> Mapping[str, Any]:
    """A row of ``read_day`` as the JSON object that it was."""
    record = dict(zip(_FIELDS, values, strict=True))
    record["ts"] = format_ts(record["ts"])
    return {"v": VERSION, **record, **(parse(extra) if extra else {})}
