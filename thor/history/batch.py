"""From the bytes of an XREADGROUP reply to a batch: rows as COPY text, what to acknowledge, what was refused.

Two parsers with one interface: :class:`SlowParser` (hiredis and ``tick.read_entry``; ready at once) and
:class:`FastParser` (``kernel.consume``, with ``tick.read_entry`` for each entry that the kernel is not sure of).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Final, Protocol

import hiredis
import numpy as np
from numpy.typing import NDArray

from thor.history.tick import Refused, id_ms, read_entry
from thor.quotes.quote import QuoteRefusedError, Reason
from thor.runtime.bus import BusReplyError

#: The reply's input window and a batch's first room for rows; both grow when one event asks for it.
WINDOW_BYTES: Final = 256 * 1024
ROOM_BYTES: Final = 1024 * 1024
#: An XACK argument: ``$41\r\n``, two 20-digit numbers with a dash, CR LF.
_MAX_ACK_BYTES: Final = 5 + 41 + 2
#: The kernel copies 16 bytes at a time: so many behind the used part of a buffer must exist.
SLACK_BYTES: Final = 16
_NO_TS: Final = 2**63 - 1


class Groups(Protocol):
    """The known symbols. ``current``: symbol -> product group. ``reload``: ask again, not too often; True: changed."""

    @property
    def current(self) -> Mapping[str, str]: ...

    def reload(self) -> bool: ...


class Batch:
    """One reply, parsed. The parser fills it, the worker stores it, then it is used again.

    ``rows`` lines of COPY text in stream order; ``acks`` ids as RESP arguments of an XACK, refused entries not among
    them; ``deleted`` of these were trimmed while pending; ``row_ms`` the rows' stream times in epoch milliseconds.
    """

    def __init__(self, most_entries: int) -> None:
        self.most_entries = most_entries
        self.out: NDArray[np.uint8] = np.empty(ROOM_BYTES, np.uint8)
        self.ack: NDArray[np.uint8] = np.empty(most_entries * _MAX_ACK_BYTES + SLACK_BYTES, np.uint8)
        self.row_ms: NDArray[np.int64] = np.empty(most_entries, np.int64)
        self.clear()

    def clear(self, *, redelivered: bool = False) -> None:
        """Empty, for the next reply. ``redelivered``: handed out before, and perhaps stored already."""
        self.redelivered = redelivered
        self.refused: list[Refused] = []
        self._reads: list[tuple[int, int]] = []
        if len(self.out) > 16 * ROOM_BYTES:
            self.out = np.empty(ROOM_BYTES, np.uint8)  # a monster passed: give its room back
        self.out_bytes = self.ack_bytes = self.rows = self.acks = self.deleted = 0
        self.first_ts_us, self.last_ts_us = _NO_TS, -_NO_TS

    @property
    def data(self) -> memoryview:
        """The rows."""
        return self.out.data[: self.out_bytes]

    def ack_chunks(self) -> list[tuple[int, memoryview]]:
        """The ids to acknowledge as RESP bulk strings, in the pieces they were read in: how many, and which."""
        found, acks, start = [], 0, 0
        for acks_then, bytes_then in [*self._reads, (self.acks, self.ack_bytes)]:
            if acks_then > acks:
                found.append((acks_then - acks, self.ack.data[start:bytes_then]))
            acks, start = acks_then, bytes_then
        return found

    @property
    def entries(self) -> int:
        """How many entries of the stream it holds, refused ones included."""
        return self.acks + len(self.refused)

    def end_of_read(self) -> None:
        """One reply is complete; another may follow."""
        self._reads.append((self.acks, self.ack_bytes))

    def lines(self) -> list[bytes]:
        """The rows one by one. A newline within a value is escaped, so a newline ends a row."""
        return bytes(self.data).splitlines(keepends=True) if self.rows else []

    def add_entry(self, stream_id: bytes, fields: Sequence[bytes] | None, groups: Groups) -> int | None:
        """Judge one entry the slow way. Returns the event time of an accepted one in epoch microseconds."""
        if fields is None:
            self._add_ack(stream_id)
            self.deleted += 1
            return None
        name = stream_id.decode("ascii")
        try:
            line, ts_us = _read_known(name, fields, groups)
        except QuoteRefusedError as error:
            event = fields[3] if len(fields) == 4 else b" ".join(fields)
            self.refused.append(Refused(name, event, str(error)))
            return None
        self.reserve(len(line))
        self.out[self.out_bytes : self.out_bytes + len(line)] = np.frombuffer(line, np.uint8)
        self.out_bytes += len(line)
        self.row_ms[self.rows] = id_ms(name)
        self.rows += 1
        self.first_ts_us, self.last_ts_us = min(self.first_ts_us, ts_us), max(self.last_ts_us, ts_us)
        self._add_ack(stream_id)
        return ts_us

    def drop_ack(self, stream_id: bytes) -> None:
        """Leave an entry of this batch unacknowledged after all."""
        block = b"$%d\r\n%s\r\n" % (len(stream_id), stream_id)
        kept = self.ack[: self.ack_bytes].tobytes().replace(block, b"", 1)
        self.acks -= len(kept) < self.ack_bytes
        self.ack_bytes = len(kept)
        self.ack[: self.ack_bytes] = np.frombuffer(kept, np.uint8)
        self._reads.clear()

    def reserve(self, more_bytes: int) -> None:
        """Make room for rows of so many bytes."""
        if self.out_bytes + more_bytes > len(self.out):
            grown = np.empty(max(2 * len(self.out), self.out_bytes + more_bytes), np.uint8)
            grown[: self.out_bytes] = self.out[: self.out_bytes]
            self.out = grown

    def _add_ack(self, stream_id: bytes) -> None:
        block = b"$%d\r\n%s\r\n" % (len(stream_id), stream_id)
        self.ack[self.ack_bytes : self.ack_bytes + len(block)] = np.frombuffer(block, np.uint8)
        self.ack_bytes += len(block)
        self.acks += 1


def _read_known(stream_id: str, fields: Sequence[bytes], groups: Groups) -> tuple[bytes, int]:
    """``read_entry``; before a symbol is refused as unknown the table of instruments is asked again."""
    try:
        return read_entry(stream_id, fields, groups.current)
    except QuoteRefusedError as error:
        if error.reason is not Reason.UNKNOWN_SYMBOL or not groups.reload():
            raise
        return read_entry(stream_id, fields, groups.current)


class Parser(Protocol):
    """Parses one reply at a time, in pieces as they come."""

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


class SlowParser:
    """The parser that needs nothing compiled. ``last_id``: of the reply's last entry, empty when it had none."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self._window = bytearray(WINDOW_BYTES)
        self._reader = hiredis.Reader()
        self._batch: Batch | None = None
        self.last_id = ""

    def begin(self, batch: Batch) -> None:
        self._batch = batch
        self.last_id = ""

    def room(self) -> memoryview:
        return memoryview(self._window)

    def received(self, count: int) -> bool:
        self._reader.feed(self._window, 0, count)  # type: ignore[arg-type] # takes any buffer
        reply = self._reader.gets()
        if reply is False:
            return False
        if isinstance(reply, hiredis.ReplyError):
            raise BusReplyError(str(reply))
        assert self._batch is not None
        for stream_id, fields in entries_of(reply):
            self._batch.add_entry(stream_id, fields, self._groups)
            self.last_id = stream_id.decode("ascii")
        return True

    def holds_more(self) -> bool:
        return bool(self._reader.has_data())


def entries_of(reply: object) -> list[tuple[bytes, list[bytes] | None]]:
    """The entries of a decoded XREADGROUP reply on one stream; none when it waited in vain."""
    return [(entry[0], entry[1]) for entry in reply[0][1]] if isinstance(reply, list) and reply else []


_HEADER: Final = re.compile(rb"\*1\r\n\*2\r\n\$\d+\r\n[^\r\n]*\r\n\*(\d+)\r\n")
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
        self._make_table(0)

    def _make_table(self, at_us: int) -> None:
        self._known, self._table_us, self._misses = self._groups.current, at_us, 0
        self._symbols = self._kernel.symbols_table(self._known, at_us)

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
        if not self._state[self._kernel.REMAINING]:
            return True
        return self._consume()

    def holds_more(self) -> bool:
        return self._filled > int(self._state[self._kernel.POS])

    def _read_header(self) -> bool:
        """Past the part of a reply before its first entry, when it is all there."""
        k = self._kernel
        head = self._window[: min(self._filled, _LONGEST_HEADER)].tobytes()
        match = _HEADER.match(head)
        if match:
            self._state[k.POS], self._state[k.REMAINING] = match.end(), int(match[1])
        elif head.startswith(b"-") and b"\r\n" in head:
            raise BusReplyError(head[1 : head.index(b"\r\n")].decode("utf-8", "replace"))
        elif head.startswith((b"*-1\r\n", b"*0\r\n")):
            self._state[k.POS] = head.index(b"\n") + 1
        else:
            if self._filled > _LONGEST_HEADER:
                raise BusReplyError("the bus answered with something else than a stream's entries")
            return False
        self._in_header = False
        return True

    def _consume(self) -> bool:
        k, state, batch = self._kernel, self._state, self._batch
        assert batch is not None
        while True:
            self._load()
            why = k.consume(self._window, self._filled, state, self._symbols, batch.out, batch.ack, batch.row_ms)
            self._unload()
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
        state[k.OUT], state[k.ACK], state[k.ROWS] = batch.out_bytes, batch.ack_bytes, batch.rows
        state[k.ACKS], state[k.DELETED] = batch.acks, batch.deleted
        state[k.MIN_TS], state[k.MAX_TS] = batch.first_ts_us, batch.last_ts_us

    def _unload(self) -> None:
        k, batch = self._kernel, self._batch
        assert batch is not None
        numbers = self._state.tolist()
        batch.out_bytes, batch.ack_bytes, batch.rows = numbers[k.OUT], numbers[k.ACK], numbers[k.ROWS]
        batch.acks, batch.deleted = numbers[k.ACKS], numbers[k.DELETED]
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
        if why == k.OTHER_DATE and ts_us is not None:
            self._misses += 1
            if ts_us > self._table_us or self._misses >= self.MISSES:
                self._make_table(ts_us)
        if self._groups.current is not self._known:
            self._make_table(self._table_us)
