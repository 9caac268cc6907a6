"""From the bytes of a leased read to a batch: rows as COPY text, what was refused, the leases it all belongs to.

Two parsers with one interface: :class:`SlowParser` (hiredis and ``tick.read_entry``; ready at once) and
:class:`FastParser` (``kernel.consume``, with ``tick.read_entry`` for each entry that the kernel is not sure of). The
reply they parse is that of ``MULTI; thor_lease_begin; XREADGROUP; thor_lease_end; EXEC`` (see ``leases.lua``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Final, Protocol, cast

import hiredis
import numpy as np
from numpy.typing import NDArray

from thor.history.lease import Lease, Letter, TallyKey, last_id_of, lease_of, tally_key
from thor.history.tick import Refused, id_ms, read_entry
from thor.quotes.quote import QuoteRefusedError, Reason
from thor.runtime.bus import BusReplyError

#: The reply's input window and a batch's first room for rows; both grow when one event asks for it.
WINDOW_BYTES: Final = 256 * 1024
ROOM_BYTES: Final = 1024 * 1024
#: The kernel copies 16 bytes at a time: so many behind the used part of a buffer must exist.
SLACK_BYTES: Final = 16
STAGE_READ: Final = "read"
_NO_TS: Final = 2**63 - 1


class Groups(Protocol):
    """The known symbols. ``current``: symbol -> product group. ``reload``: ask again, not too often; True: changed."""

    @property
    def current(self) -> Mapping[str, str]: ...

    def reload(self) -> bool: ...


class Batch:
    """One or more reads, parsed. The parser fills it, the worker stores it, then it is used again.

    ``rows`` lines of COPY text in stream order; ``row_ms`` the rows' stream times in epoch milliseconds; ``leases``
    what was read, with what was refused of it. ``as_recorded``: of a replay, whose events are as old as they are.
    """

    def __init__(self, most_entries: int, *, as_recorded: bool = False) -> None:
        self.most_entries = most_entries
        self.as_recorded = as_recorded
        self.out: NDArray[np.uint8] = np.empty(ROOM_BYTES, np.uint8)
        self.row_ms: NDArray[np.int64] = np.empty(most_entries, np.int64)
        self.clear()

    def clear(self, *, redelivered: bool = False) -> None:
        """Empty, for the next reply. ``redelivered``: handed out before, and perhaps stored already."""
        self.redelivered = redelivered
        self.leases: list[Lease] = []
        self._letters: list[Letter] = []
        self._tally: Counter[TallyKey] = Counter()
        if len(self.out) > 16 * ROOM_BYTES:
            self.out = np.empty(ROOM_BYTES, np.uint8)  # a monster passed: give its room back
        self.out_bytes = self.rows = self.entries = 0
        self.first_ts_us, self.last_ts_us = _NO_TS, -_NO_TS

    @property
    def data(self) -> memoryview:
        """The rows."""
        return self.out.data[: self.out_bytes]

    def end_of_read(self, lease: Lease | None) -> None:
        """One reply is complete: what it brought belongs to this lease. Another may follow."""
        if lease is not None:
            lease.found += sum(self._tally.values()) + len(self._letters)
            lease.letters += self._letters
            lease.tally += self._tally
            if not self.leases or self.leases[-1] is not lease:
                self.leases.append(lease)
        self._letters, self._tally = [], Counter()

    def lines(self) -> list[bytes]:
        """The rows one by one. A newline within a value is escaped, so a newline ends a row."""
        return bytes(self.data).splitlines(keepends=True) if self.rows else []

    def lease_of(self, stream_id: str) -> Lease:
        """The lease that an entry of this batch belongs to."""
        return next(lease for lease in self.leases if lease.holds(stream_id))

    def add_entry(self, stream_id: bytes, fields: Sequence[bytes], groups: Groups) -> int | None:
        """Judge one entry the slow way. Returns the event time of an accepted one in epoch microseconds."""
        name = stream_id.decode("ascii")
        self.entries += 1
        try:
            line, ts_us = _read_known(name, fields, groups, as_recorded=self.as_recorded)
        except QuoteRefusedError as error:
            event = fields[3] if len(fields) == 4 else b" ".join(fields)
            self._letters.append(Letter(Refused(name, event, str(error)), STAGE_READ))
            return None
        self.reserve(len(line))
        self.out[self.out_bytes : self.out_bytes + len(line)] = np.frombuffer(line, np.uint8)
        self.out_bytes += len(line)
        self.row_ms[self.rows] = id_ms(name)
        self.rows += 1
        self.first_ts_us, self.last_ts_us = min(self.first_ts_us, ts_us), max(self.last_ts_us, ts_us)
        self.count(tally_key(line), 1)
        return ts_us

    def count(self, key: TallyKey, rows: int) -> None:
        """So many rows of the read that is being parsed."""
        self._tally[key] += rows

    def reserve(self, more_bytes: int) -> None:
        """Make room for rows of so many bytes."""
        if self.out_bytes + more_bytes > len(self.out):
            grown = np.empty(max(2 * len(self.out), self.out_bytes + more_bytes), np.uint8)
            grown[: self.out_bytes] = self.out[: self.out_bytes]
            self.out = grown


def _read_known(stream_id: str, fields: Sequence[bytes], groups: Groups, *, as_recorded: bool) -> tuple[bytes, int]:
    """``read_entry``; before a symbol is refused as unknown the table of instruments is asked again."""
    try:
        return read_entry(stream_id, fields, groups.current, as_recorded=as_recorded)
    except QuoteRefusedError as error:
        if error.reason is not Reason.UNKNOWN_SYMBOL or not groups.reload():
            raise
        return read_entry(stream_id, fields, groups.current, as_recorded=as_recorded)


class Parser(Protocol):
    """Parses one reply at a time, in pieces as they come. ``leased_up_to``: the last id that the group has handed out,
    as of the last reply."""

    leased_up_to: str

    def begin(self, batch: Batch) -> None:
        """The next reply goes into ``batch``; some of its bytes may have come with the one before."""
        ...

    def room(self) -> memoryview:
        """Where to put the next bytes."""
        ...

    def received(self, count: int) -> bool:
        """So many bytes were put there; True when the reply is complete. Raises :class:`BusReplyError`."""
        ...

    def holds_more(self) -> bool:
        """Bytes of the next reply came with the last one."""
        ...


#: What comes before EXEC's reply: MULTI's and one for each of the three commands.
_QUEUED: Final = (b"OK", b"QUEUED", b"QUEUED", b"QUEUED")


class SlowParser:
    """The parser that needs nothing compiled."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self._window = bytearray(WINDOW_BYTES)
        self._reader = hiredis.Reader()
        self._batch: Batch | None = None
        self._queued = 0
        self.leased_up_to = ""

    def begin(self, batch: Batch) -> None:
        self._batch = batch
        self._queued = 0

    def room(self) -> memoryview:
        return memoryview(self._window)

    def received(self, count: int) -> bool:
        self._reader.feed(self._window, 0, count)  # type: ignore[arg-type] # takes any buffer
        while self._queued < len(_QUEUED):
            reply = self._reader.gets()
            if reply is False:
                return False
            _raise_error(reply)
            self._queued += 1
        reply = self._reader.gets()
        if reply is False:
            return False
        self._take(reply)
        return True

    def _take(self, reply: object) -> None:
        _raise_error(reply)
        parts = cast("list[object]", reply)
        for part in parts:
            _raise_error(part)
        assert self._batch is not None
        for stream_id, fields in entries_of(parts[1]):
            self._batch.add_entry(stream_id, fields, self._groups)
        text = cast(bytes, parts[2]).decode("ascii")
        self.leased_up_to = last_id_of(text)
        self._batch.end_of_read(lease_of(text))

    def holds_more(self) -> bool:
        return bool(self._reader.has_data())


def _raise_error(reply: object) -> None:
    if isinstance(reply, hiredis.ReplyError):
        raise BusReplyError(str(reply))


def entries_of(reply: object) -> list[tuple[bytes, list[bytes]]]:
    """The entries of a decoded XREADGROUP reply on one stream; none when there were none."""
    return [(entry[0], entry[1]) for entry in reply[0][1]] if isinstance(reply, list) and reply else []


_HEADER: Final = re.compile(
    rb"\+OK\r\n(?:\+QUEUED\r\n){3}\*3\r\n:\d+\r\n"
    rb"(?:\*-1\r\n|\*1\r\n\*2\r\n\$\d+\r\n[^\r\n]*\r\n\*(\d+)\r\n)"
)
_TRAILER: Final = re.compile(rb"\$\d+\r\n([^\r\n]*)\r\n")
_ERROR: Final = re.compile(rb"(?:^|\r\n)-([^\r\n]*)\r\n")
_LONGEST_HEADER: Final = 1024


class FastParser:
    """The compiled parser. ``kernel``: the module ``thor.history.kernel``, whose import takes a second."""

    #: So many entries of another trade date than the table's before it is turned back to an earlier one.
    MISSES = 100

    def __init__(self, kernel: ModuleType, groups: Groups) -> None:
        self._kernel = kernel
        self._groups = groups
        self._window: NDArray[np.uint8] = np.empty(WINDOW_BYTES, np.uint8)
        self._filled = 0
        self._in_header = True
        self._state: NDArray[np.int64] = np.zeros(kernel.STATE_SIZE, np.int64)
        self._batch: Batch | None = None
        self._known: Mapping[str, str] = {}
        self._table_us = 0
        self._misses = 0
        self.leased_up_to = ""
        self._make_table(0)

    def _make_table(self, at_us: int) -> None:
        self._known, self._table_us, self._misses = self._groups.current, at_us, 0
        self._symbols = self._kernel.symbols_table(self._known, at_us)
        shape = (len(self._symbols.lengths), len(self._kernel.SOURCE_NAMES))
        self._counts: NDArray[np.int64] = np.zeros(shape, np.int64)

    def begin(self, batch: Batch) -> None:
        k = self._kernel
        self._batch = batch
        self._in_header = True
        self._make_room(WINDOW_BYTES)
        self._state[:] = 0
        self._state[k.MIN_TS], self._state[k.MAX_TS] = _NO_TS, -_NO_TS
        if self._groups.current is not self._known:
            self._make_table(self._table_us)

    def room(self) -> memoryview:
        if self._filled == len(self._window) - SLACK_BYTES:
            self._make_room(len(self._window))
        return self._window.data[self._filled : -SLACK_BYTES]

    def _make_room(self, size: int) -> None:
        """Forget what was parsed; a window of at least ``size``, larger when one entry fills it."""
        start = int(self._state[self._kernel.POS])
        kept = self._filled - start
        while kept > size // 2:
            size *= 2
        window = self._window if size == len(self._window) else np.empty(size, np.uint8)
        window[:kept] = self._window[start : self._filled].copy()
        self._window, self._filled = window, kept
        self._state[self._kernel.POS] = 0

    def received(self, count: int) -> bool:
        self._filled += count
        if self._in_header and not self._read_header():
            return False
        if self._state[self._kernel.REMAINING] and not self._consume():
            return False
        return self._read_trailer()

    def holds_more(self) -> bool:
        return self._filled > int(self._state[self._kernel.POS])

    def _read_header(self) -> bool:
        """Past the part of a reply before its first entry, when it is all there."""
        k = self._kernel
        start = int(self._state[k.POS])
        head = self._window[start : min(self._filled, start + _LONGEST_HEADER)].tobytes()
        match = _HEADER.match(head)
        if not match:
            self._refuse_error(head)
            return False
        self._state[k.POS], self._state[k.REMAINING] = start + match.end(), int(match[1] or 0)
        self._in_header = False
        return True

    def _read_trailer(self) -> bool:
        """The lease, behind the last entry, when it is all there."""
        start = int(self._state[self._kernel.POS])
        tail = self._window[start : min(self._filled, start + _LONGEST_HEADER)].tobytes()
        match = _TRAILER.match(tail)
        if not match:
            self._refuse_error(tail)
            return False
        assert self._batch is not None
        self._state[self._kernel.POS] = start + match.end()
        text = match[1].decode("ascii")
        self.leased_up_to = last_id_of(text)
        self._count()
        self._batch.end_of_read(lease_of(text))
        return True

    def _refuse_error(self, raw: bytes) -> None:
        """Raise for an error of the server, and for what is no reply at all."""
        if error := _ERROR.search(raw):
            raise BusReplyError(error[1].decode("utf-8", "replace"))
        if len(raw) >= _LONGEST_HEADER:
            raise BusReplyError("the bus answered with something else than a stream's entries")

    def _count(self) -> None:
        """The kernel's counts since the last call, into the batch."""
        assert self._batch is not None
        symbols, names = self._symbols, self._kernel.SOURCE_NAMES
        for symbol, source in zip(*(axis.tolist() for axis in self._counts.nonzero()), strict=True):
            key = TallyKey(symbols.date(symbol), names[source], symbols.name(symbol))
            self._batch.count(key, int(self._counts[symbol, source]))
        self._counts[:] = 0

    def _consume(self) -> bool:
        k, state, batch = self._kernel, self._state, self._batch
        assert batch is not None
        while True:
            self._load()
            before = batch.rows
            why = k.consume(
                self._window, self._filled, state, self._symbols, batch.out, self._counts, batch.row_ms,
                batch.as_recorded,
            )  # fmt: skip
            self._unload()
            batch.entries += batch.rows - before
            if why == k.DONE:
                return True
            if why == k.NEED_INPUT:
                return False
            if why == k.NEED_OUTPUT:
                batch.reserve(2 * int(state[k.ENTRY_END] - state[k.POS]) + ROOM_BYTES)
            elif why in (k.SLOW, k.OTHER_DATE):
                self._judge_slowly(why)
            else:
                raise BusReplyError("the bus answered with something that is no RESP")

    def _load(self) -> None:
        """The batch's counters, which the slow path moves as well, into the kernel's state."""
        k, state, batch = self._kernel, self._state, self._batch
        assert batch is not None
        state[k.OUT], state[k.ROWS] = batch.out_bytes, batch.rows
        state[k.MIN_TS], state[k.MAX_TS] = batch.first_ts_us, batch.last_ts_us

    def _unload(self) -> None:
        k, batch = self._kernel, self._batch
        assert batch is not None
        numbers = self._state.tolist()
        batch.out_bytes, batch.rows = numbers[k.OUT], numbers[k.ROWS]
        batch.first_ts_us, batch.last_ts_us = numbers[k.MIN_TS], numbers[k.MAX_TS]

    def _judge_slowly(self, why: int) -> None:
        """The entry that the kernel was not sure of, through the twin."""
        k, batch = self._kernel, self._batch
        assert batch is not None
        reader = hiredis.Reader()
        reader.feed(self._window[self._state[k.POS] : self._state[k.ENTRY_END]].tobytes())
        stream_id, fields = reader.gets()
        ts_us = batch.add_entry(stream_id, fields, self._groups)
        self._state[k.POS] = self._state[k.ENTRY_END]
        self._state[k.REMAINING] -= 1
        turn_to = self._table_us
        if why == k.OTHER_DATE and ts_us is not None:
            self._misses += 1
            if ts_us > self._table_us or self._misses >= self.MISSES:
                turn_to = ts_us
        if turn_to != self._table_us or self._groups.current is not self._known:
            self._count()  # the counts are by the old table's symbols and dates
            self._make_table(turn_to)
