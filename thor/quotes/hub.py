"""One stream, many browsers: a ring of ready-made frames, and for each client no more than a place in it.

The hub is a plain synchronous value: entries come in with :meth:`Hub.publish`, bytes go out to sinks, time comes in as
an argument, nothing waits. The reader task feeds it, the web server's transports are its sinks.

Clients that ask for the same (symbols, conflation) form a group and share one place in the ring, so that a flush builds
its bytes once, however many listen. A client whose socket is full leaves its group for the laggards: it catches up from
the ring when its socket drains, and gets the newest quote of each symbol when it is too far behind. No client has a
queue; what it may hold is bounded by ``HIGH_WATER`` plus one flush.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from thor.quotes.frames import (
    BEGINNING,
    Entry,
    chunk,
    conflated,
    format_id,
    gap,
    heartbeat,
    id_ms,
    last_words,
    without_id,
)

#: A socket that holds more unsent bytes than this gets nothing more until it is below LOW_WATER.
HIGH_WATER: Final = 256 * 1024
LOW_WATER: Final = 32 * 1024
#: A laggard gets about this much at a time.
PAGE_BYTES: Final = 128 * 1024
#: A quote stream further behind than this is no longer live: the client is shown where the market is now.
MAX_LAG_MS: Final = 2_000
#: A client that takes nothing for so long is gone, or hostile.
STALL_SECONDS: Final = 30.0
PUMP_SECONDS: Final = 0.02
MAX_SYMBOLS: Final = 2_000


class Sink(Protocol):
    """Where a client's bytes go: a transport of the web server, or a list in a test."""

    def write(self, data: bytes) -> None: ...

    def get_write_buffer_size(self) -> int: ...

    def is_closing(self) -> bool: ...

    def close(self) -> None: ...

    def abort(self) -> None: ...


def part(sink: Sink, reason: str) -> None:
    """Say goodbye and close; a client that would not hear it is cut off."""
    if sink.get_write_buffer_size() > LOW_WATER:
        sink.abort()
    else:
        offer(sink, last_words(reason))
        sink.close()


def offer(sink: Sink, data: bytes) -> None:
    """Write, unless the client has gone. Its request notices a little later, and uvloop raises for a write to a closed
    connection: one browser that leaves must not end the stream of all."""
    if not sink.is_closing():
        sink.write(data)


class Ring:
    """The newest entries of a stream, bounded by count and bytes; places in it are absolute and never reused.

    Every entry of the stream with an id above ``floor`` is in the ring.
    """

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self.floor = BEGINNING
        self.base = 0
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: list[Entry] = []
        self._ids: list[int] = []
        self._bytes = 0

    @property
    def head(self) -> int:
        """The place after the newest entry."""
        return self.base + len(self._entries)

    @property
    def last_id(self) -> int:
        """The newest id; the floor when the ring is empty."""
        return self._ids[-1] if self._ids else self.floor

    @property
    def first_id(self) -> int | None:
        """The oldest id, None when the ring is empty."""
        return self._ids[0] if self._ids else None

    def append(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._ids.append(entry.id)
        self._bytes += len(entry.frame)
        if len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            self._drop(max(1, len(self._entries) // 10))

    def _drop(self, count: int) -> None:
        """Forget the oldest; a tenth at once, because a list's front is dear to cut."""
        self._bytes -= sum(len(entry.frame) for entry in self._entries[:count])
        self.floor = self._ids[count - 1]
        del self._entries[:count], self._ids[:count]
        self.base += count

    def clear(self, floor: int) -> None:
        """Forget everything; the stream goes on after ``floor``. Old places stay invalid."""
        self.base = self.head
        self.floor = floor
        self._entries.clear()
        self._ids.clear()
        self._bytes = 0

    def after(self, stream_id: int) -> int | None:
        """The place of the first entry above ``stream_id``; None when some of those are not in the ring any more."""
        return None if stream_id < self.floor else self.base + bisect_right(self._ids, stream_id)

    def between(self, start: int, end: int) -> list[Entry]:
        """The entries at places ``start`` (not before ``base``) to ``end``."""
        return self._entries[start - self.base : end - self.base]

    def id_at(self, place: int) -> int:
        """The id of the entry at a place in the ring."""
        return self._ids[place - self.base]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asked for: its symbols (None: all) and the conflation interval in seconds (0: every event)."""

    symbols: frozenset[str] | None = None
    conflate_seconds: float = 0.0

    def wants(self, entries: Iterable[Entry]) -> Iterable[Entry]:
        symbols = self.symbols
        return entries if symbols is None else (entry for entry in entries if entry.symbol in symbols)


def newest_per_symbol(entries: Iterable[Entry]) -> list[Entry]:
    """Of each symbol the entry with the greatest event time, of equal ones the last; in stream order."""
    newest: dict[str, Entry] = {}
    for entry in entries:
        known = newest.get(entry.symbol)
        if known is None or entry.ts >= known.ts:
            newest[entry.symbol] = entry
    return sorted(newest.values())


def joined(entries: Iterable[Entry]) -> bytes:
    return b"".join([entry.frame for entry in entries])


@dataclass(eq=False, slots=True)
class Client:
    """One open stream. ``place`` (in the ring) and ``after`` (the id of the last entry it has or did not want) count
    only while it lags; live clients stand where their group stands."""

    sink: Sink
    wish: Wish
    place: int = 0
    after: int = BEGINNING
    resuming: bool = False
    blocked_since: float | None = None


@dataclass(eq=False, slots=True)
class Group:
    """The live clients of one wish, and their common place in the ring."""

    wish: Wish
    place: int
    after: int
    due: float = 0.0
    live: dict[Client, None] = field(default_factory=dict)


class Hub:
    """See the module. ``conflatable``: a newer entry of a symbol makes its older ones obsolete (quotes: yes)."""

    def __init__(self, *, conflatable: bool, max_entries: int = 50_000, max_bytes: int = 32 * 1024 * 1024) -> None:
        self.ring = Ring(max_entries, max_bytes)
        self.conflatable = conflatable
        #: Per symbol the entry with the greatest event time: never set back. Only of conflatable streams.
        self.newest: dict[str, Entry] = {}
        #: Changes whenever ``newest`` does.
        self.version = 0
        self.closing = False
        self.dropped = 0
        self._groups: dict[Wish, Group] = {}
        self._laggards: dict[Client, None] = {}
        self._onlookers: dict[Sink, None] = {}

    def __len__(self) -> int:
        return len(self._laggards) + sum(len(group.live) for group in self._groups.values())

    @property
    def last_id(self) -> int:
        return self.ring.last_id

    @property
    def laggards(self) -> int:
        return len(self._laggards)

    # --- entries ----------------------------------------------------------------------------------------------------

    def load(self, entries: Iterable[Entry], floor: int) -> None:
        """Fill the ring of a hub that begins: every entry of the stream above ``floor``."""
        self.ring.clear(floor)
        for entry in entries:
            self.ring.append(entry)
            self.note(entry)
        self._move_groups_to_head()

    def _move_groups_to_head(self) -> None:
        for group in self._groups.values():
            group.place, group.after = self.ring.head, self.ring.last_id

    def note(self, entry: Entry) -> None:
        """Keep the newest quote of a symbol; one with an older event time than the known one changes nothing."""
        known = self.newest.get(entry.symbol)
        if known is None:
            if not self.conflatable or len(self.newest) >= MAX_SYMBOLS:
                return
        elif entry.ts < known.ts:
            return
        self.newest[entry.symbol] = entry
        self.version += 1

    def publish(self, entries: Sequence[Entry], now: float) -> None:
        """New entries in stream order, to every client that may have them now."""
        for entry in entries:
            self.ring.append(entry)
            self.note(entry)
        self.flush(now)
        if self._onlookers and entries:
            self._show(entries)

    def lose(self, since: int, oldest: int | None, missed: int | None) -> None:
        """Tell everyone that entries after ``since`` are gone for good."""
        self._tell(gap(format_id(since), oldest, missed))

    def reset(self, floor: int = BEGINNING, oldest: int | None = None) -> None:
        """The stream began anew (its ids went back, or it is empty): forget all, and tell everyone. ``floor`` and
        ``oldest``: what comes next is every entry above the one and begins with the other."""
        since = self.last_id
        self.ring.clear(floor)
        self.newest.clear()
        self.version += 1
        for client in self._laggards:
            client.place, client.after = self.ring.head, BEGINNING
        self._move_groups_to_head()
        self.lose(since, oldest, None)

    # --- clients ----------------------------------------------------------------------------------------------------

    def join(self, sink: Sink, wish: Wish, place: int | None, now: float, after: int = BEGINNING) -> Client:
        """Add a client that has everything before ``place`` (None: it begins where its group stands)."""
        client = Client(sink, wish)
        group = self._groups.setdefault(wish, Group(wish, self.ring.head, self.last_id))
        if place is not None and place > group.place:
            # Between the group's place and the head: the group's next flush would repeat what the client has.
            self._flush_group(group, now)
        if place is None or place >= group.place:
            group.live[client] = None
            return client
        client.place, client.after, client.resuming = place, after, True
        self._laggards[client] = None
        self._catch_up(client, group)
        return client

    def starting_id(self, wish: Wish) -> int:
        """The id after which a client that joins now with this wish gets everything."""
        group = self._groups.get(wish)
        return self.last_id if group is None else group.after

    def leave(self, client: Client) -> None:
        """Forget a client; harmless when it is already gone."""
        self._laggards.pop(client, None)
        group = self._groups.get(client.wish)
        if group is None:
            return
        group.live.pop(client, None)
        if not group.live and not any(other.wish == client.wish for other in self._laggards):
            del self._groups[client.wish]

    def look(self, sink: Sink) -> None:
        """Show a client of another stream what comes from now on, beside its own entries and without their ids."""
        self._onlookers[sink] = None

    def look_away(self, sink: Sink) -> None:
        """The inverse of :meth:`look`; harmless when it no longer looks."""
        self._onlookers.pop(sink, None)

    def _show(self, entries: Sequence[Entry]) -> None:
        """To every onlooker; one whose socket is full is ended: it comes back, and asks for how things stand."""
        framed = chunk(b"".join([without_id(entry.frame) for entry in entries]))
        for sink in list(self._onlookers):
            if sink.get_write_buffer_size() > HIGH_WATER:
                self.look_away(sink)
                sink.abort()
            else:
                offer(sink, framed)

    def end(self, client: Client, reason: str) -> None:
        """Say goodbye to a client and forget it."""
        self.leave(client)
        part(client.sink, reason)

    def close(self, reason: str) -> None:
        """End every stream, and take no new ones."""
        self.closing = True
        for client in self._clients():
            self.end(client, reason)

    def _clients(self) -> Iterator[Client]:
        yield from list(self._laggards)
        for group in list(self._groups.values()):
            yield from list(group.live)

    def _tell(self, data: bytes) -> None:
        """To everyone. It is short and rare: also a full socket has room for it."""
        framed = chunk(data)
        for client in self._clients():
            offer(client.sink, framed)

    def beat(self, now_us: int, bus: str) -> None:
        """A sign of life to every client."""
        self._tell(heartbeat(now_us, bus))

    # --- sending ----------------------------------------------------------------------------------------------------

    def flush(self, now: float) -> None:
        """Send what is new to every group that is due."""
        head = self.ring.head
        for group in self._groups.values():
            if group.place < head and now >= group.due:
                self._flush_group(group, now)

    def next_due(self, now: float) -> float | None:
        """Seconds until :meth:`flush` or :meth:`pump` has something to do; None when only new entries matter."""
        head = self.ring.head
        dues = [max(0.0, group.due - now) for group in self._groups.values() if group.place < head]
        if self._laggards:
            dues.append(PUMP_SECONDS)
        return min(dues, default=None)

    def _flush_group(self, group: Group, now: float) -> None:
        start, after, wish = group.place, group.after, group.wish
        group.place, group.after = self.ring.head, self.ring.last_id
        group.due = now + wish.conflate_seconds
        data = joined(self._selected(wish, start, group.place, after))
        if not data:
            return
        framed = chunk(data)
        full: list[Client] = []
        for client in group.live:
            if client.sink.get_write_buffer_size() > HIGH_WATER:
                full.append(client)
            else:
                offer(client.sink, framed)
        for client in full:
            del group.live[client]
            client.place, client.after, client.blocked_since = start, after, now
            self._laggards[client] = None

    def _selected(self, wish: Wish, start: int, end: int, after: int) -> Iterable[Entry]:
        """What a client with this wish gets of the ring's places ``start`` (after the id ``after``) to ``end``."""
        if start < self.ring.base:
            # A group that conflates slowly while the ring turns over: the newest of each symbol is all it is owed.
            return self._current(wish, after)
        wanted = wish.wants(self.ring.between(start, end))
        return newest_per_symbol(wanted) if wish.conflate_seconds else wanted

    def _current(self, wish: Wish, above: int) -> list[Entry]:
        """The newest entry of each wanted symbol, as far as it came after ``above``; in stream order."""
        return sorted(entry for entry in wish.wants(self.newest.values()) if entry.id > above)

    def current(self, wish: Wish, above: int = BEGINNING) -> bytes:
        """Frames of the newest quote of each wanted symbol that came after the id ``above``."""
        return joined(self._current(wish, above))

    def pump(self, now: float) -> None:
        """Serve the laggards whose sockets have drained; drop the ones that take nothing at all."""
        for client in list(self._laggards):
            if client.sink.is_closing():
                self.leave(client)
            elif client.sink.get_write_buffer_size() <= LOW_WATER:
                client.blocked_since = None
                self._catch_up(client, self._groups[client.wish])
            elif client.blocked_since is None:
                client.blocked_since = now
            elif now - client.blocked_since > STALL_SECONDS:
                self.dropped += 1
                self.leave(client)
                client.sink.abort()

    def _catch_up(self, client: Client, group: Group) -> None:
        """One page from the ring, or the jump to now for a client that is too far behind to be live."""
        ring, target = self.ring, group.place
        if client.place < ring.base or self._is_too_late(client):
            self._jump(client, group)
        elif client.wish.conflate_seconds:
            self._write(client, joined(self._selected(client.wish, client.place, target, client.after)))
            client.place, client.after = target, group.after
        else:
            end = self._page_end(client.place, target)
            self._write(client, joined(client.wish.wants(ring.between(client.place, end))))
            if end > client.place:
                client.place, client.after = end, ring.id_at(end - 1)
        if client.place >= target:
            self._laggards.pop(client, None)
            client.resuming = False
            group.live[client] = None

    def _is_too_late(self, client: Client) -> bool:
        """A client that resumes is owed every event; one that was live and fell behind is owed the present."""
        if client.resuming or not self.conflatable:
            return False
        if client.place == self.ring.head:
            return False
        return id_ms(self.ring.last_id) - id_ms(self.ring.id_at(client.place)) > MAX_LAG_MS

    def _jump(self, client: Client, group: Group) -> None:
        """From too far behind to the present, or for a stream of which every event counts to the oldest one left."""
        ring = self.ring
        if self.conflatable:
            data = conflated(client.after, group.place - client.place) + self.current(client.wish, client.after)
            client.place, client.after = group.place, group.after
        else:
            data = gap(format_id(client.after), ring.first_id, ring.base - client.place)
            client.place, client.after = ring.base, ring.floor
        self._write(client, data)

    def _page_end(self, start: int, target: int) -> int:
        size, end = 0, start
        for entry in self.ring.between(start, target):
            size += len(entry.frame)
            end += 1
            if size >= PAGE_BYTES:
                break
        return end

    def _write(self, client: Client, data: bytes) -> None:
        if data:
            offer(client.sink, chunk(data))
