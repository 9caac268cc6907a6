"""The one reader of the bus in a web process: it feeds the hubs from the unified stream, ``thor:events`` and the board.

One connection waits in XREAD for all streams; a second, pooled one answers what only the stream still holds (resuming
clients, latest hashes). While the bus is away the reader comes back by itself, continues where it stood, and says in
``state`` and ``reason`` how it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import redis.asyncio
from redis.exceptions import RedisError

from thor.quotes.enriched import BoardRows
from thor.quotes.frames import (
    BEGINNING,
    HEARTBEAT_SECONDS,
    Entry,
    board_entry,
    domain_entry,
    format_id,
    hash_entry,
    latest_acceptable,
    quote_entry,
    raw_id,
)
from thor.quotes.hub import Hub
from thor.quotes.keys import Keys
from thor.runtime.backoff import backoff_seconds
from thor.runtime.bus import address, connect_async
from thor.runtime.clock import Clock, SystemClock

BLOCK_MS: Final = 1_000
BATCH: Final = 1_000
PAGE: Final = 500
#: The server answers a blocked XREAD after BLOCK_MS at the latest; this much later it is gone.
ANSWER_SECONDS: Final = 5.0
#: How much of the stream's end a new process takes into its ring, so that returning browsers are served from memory.
PRELOAD: Final = 20_000
FIRST_BACKOFF_SECONDS: Final = 0.1
LONGEST_BACKOFF_SECONDS: Final = 2.0
#: Pause after a flush, per client: batches what comes meanwhile where a flush costs more than an event's wait. Measured
#: at 500 clients and 1,000 events a second (benchmarks/sse.py): 10 us cost 4 ms more at p99, 2 us drowns the clients.
PAUSE_SECONDS_PER_CLIENT: Final = 6e-6
LONGEST_PAUSE_SECONDS: Final = 0.010
FEWEST_TO_PAUSE: Final = 20
PAGES_AT_ONCE: Final = 8
STOP_SECONDS: Final = 1.0

_FAILURES: Final = (RedisError, OSError, asyncio.TimeoutError, EOFError)

logger = logging.getLogger(__name__)

Parse = Callable[[bytes, Mapping[bytes, bytes], str], Entry | None]


async def cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended, for at most STOP_SECONDS.

    Once is not always enough: before Python 3.12 ``asyncio.wait_for``, which redis-py uses, loses a cancellation that
    comes just as the answer does.
    """
    deadline = time.monotonic() + STOP_SECONDS
    while (left := [task for task in tasks if not task.done()]) and time.monotonic() < deadline:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=0.1)


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """A stream as the server describes it; all ids 0 for one that does not exist."""

    last_id: int
    first_id: int
    length: int
    added: int

    @property
    def removed(self) -> int:
        """Entries that the stream held once and does not hold any more."""
        return self.added - self.length


class Feed:
    """One stream of the bus and its hub. ``position`` counts the entries ever added up to where the hub stands."""

    def __init__(
        self, key: str, hub: Hub, parse: Parse, also: Callable[[Sequence[Entry]], None] = lambda _entries: None
    ) -> None:
        self._also = also
        self.key = key
        self.hub = hub
        self.parse = parse
        self.cursor = BEGINNING
        self.position = 0
        self.loaded = False
        #: Entries that no browser may see: the ingestor puts them to the dead letters.
        self.refused = 0

    def entries(self, raw: Sequence[Any], newest_ts: str) -> list[Entry]:
        """The entries of an XREAD or XRANGE reply that a browser may see."""
        found = [self.parse(entry_id, _pairs(fields), newest_ts) for entry_id, fields in raw if fields]
        good = [entry for entry in found if entry is not None]
        self.refused += len(raw) - len(good)
        return good

    def take(self, raw: Sequence[Any], newest_ts: str, now: float) -> None:
        """New entries of the stream, to the hub."""
        entries = self.entries(raw, newest_ts)
        self._also(entries)
        self.hub.publish(entries, now)
        self.cursor = raw_id(raw[-1][0])
        self.position += len(raw)


def _pairs(fields: Any) -> Mapping[bytes, bytes]:
    """Field names and values: a flat list in RESP2, a map in RESP3's Python form where the client made one."""
    return fields if isinstance(fields, dict) else dict(zip(fields[::2], fields[1::2], strict=True))


class BusReader:
    """Feeds three hubs from the bus at ``url``. Used by one event loop: :meth:`start`, then :meth:`stop`."""

    def __init__(self, url: str, keys: Keys, clock: Clock | None = None) -> None:
        self.keys = keys
        self.quotes = Hub(conflatable=True)
        self.events = Hub(conflatable=False, max_entries=10_000, max_bytes=8 * 1024 * 1024)
        #: What the desk makes of the quotes; browsers see it beside these, it is never resumed.
        self.board = Hub(conflatable=False, max_entries=16)
        self.board_rows = BoardRows()
        self.state = "starting"
        self.reason = "the bus has not been read yet"
        self._url = url
        self._clock = clock or SystemClock()
        self._quote_feed = Feed(keys.unified, self.quotes, quote_entry)
        self._event_feed = Feed(keys.events, self.events, domain_entry)
        self._board_feed = Feed(keys.board, self.board, board_entry, self.board_rows.take)
        self._feeds = (self._quote_feed, self._event_feed, self._board_feed)
        self._tasks: list[asyncio.Task[None]] = []
        self._wake = asyncio.Event()
        self._client: redis.asyncio.Redis | None = None
        self._pages = asyncio.Semaphore(PAGES_AT_ONCE)

    def start(self) -> None:
        """Begin reading, beating and pumping in the running event loop."""
        self._client = connect_async(self._url)
        self._tasks = [asyncio.create_task(job(), name=job.__name__) for job in (self._read, self._pump, self._beat)]
        for task in self._tasks:
            task.add_done_callback(self._on_task_end)

    def _on_task_end(self, task: asyncio.Task[None]) -> None:
        """None of them ends by itself: say so where readiness is asked, and in the log with the cause."""
        if not task.cancelled():
            self.state, self.reason = (
                "down",
                f"the bus reader's task {task.get_name()} has ended; restart the web process",
            )
            logger.error(self.reason, exc_info=task.exception())

    async def stop(self) -> None:
        """End the streams and the tasks."""
        self.end_streams()
        await cancel(self._tasks)
        if self._client is not None:
            with contextlib.suppress(*_FAILURES):
                await self._client.aclose()

    def end_streams(self) -> None:
        """Say goodbye to every browser; it comes back by itself."""
        self.quotes.close("shutdown")
        self.events.close("shutdown")

    def streams(self) -> int:
        """Open streams."""
        return len(self.quotes) + len(self.events)

    def woken(self) -> None:
        """A client has joined: the pump looks again at what is due."""
        self._wake.set()

    # --- what only the bus knows ------------------------------------------------------------------------------------

    def feed_of(self, hub: Hub) -> Feed:
        return self._quote_feed if hub is self.quotes else self._event_feed

    async def info(self, hub: Hub) -> StreamInfo:
        """The stream as it is now. Raises redis errors, OSError or TimeoutError while the bus is away."""
        async with self._pages, asyncio.timeout(ANSWER_SECONDS):
            return await _info(self._bus(), self.feed_of(hub).key)

    async def page(self, hub: Hub, after: int) -> tuple[list[Entry], int | None]:
        """The stream's next entries after an id, and the id after which the page after this one begins (None: this
        was the last). Raises like :meth:`info`."""
        feed = self.feed_of(hub)
        async with self._pages, asyncio.timeout(ANSWER_SECONDS):
            raw = await self._bus().execute_command(
                "XRANGE", feed.key, f"({format_id(after)}", "+", "COUNT", PAGE, NEVER_DECODE=True
            )
        if not raw:
            return [], None
        return feed.entries(raw, self._newest_ts()), raw_id(raw[-1][0])

    async def load_latest(self, symbols: Sequence[str]) -> None:
        """Take the latest hashes of these symbols into the hub, as far as they are newer than what it has."""
        pipe = self._bus().pipeline(transaction=False)
        for symbol in symbols:
            pipe.hgetall(self.keys.latest(symbol))
        async with asyncio.timeout(ANSWER_SECONDS):
            hashes = await pipe.execute()
        newest_ts = self._newest_ts()
        for fields in hashes:
            text = {name.decode("utf-8", "replace"): value.decode("utf-8", "replace") for name, value in fields.items()}
            if text and (entry := hash_entry(text, newest_ts)) is not None:
                self.quotes.note(entry)

    def _bus(self) -> Any:
        assert self._client is not None, "start() comes first"
        return self._client

    def _newest_ts(self) -> str:
        return latest_acceptable(self._clock.now_us())

    # --- reading ----------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        failures = 0
        while True:
            try:
                async for _ in self._batches():
                    failures = 0
            except _FAILURES as error:
                self.state = "down"
                self.reason = f"bus at {address(self._url)} is not reachable: {str(error) or type(error).__name__}"
            failures += 1
            await asyncio.sleep(
                backoff_seconds(failures, FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS, random.random)
            )

    async def _batches(self) -> Any:
        """Read until something breaks. Yields after each answer of the server."""
        connection = self._bus().connection_pool.make_connection()
        try:
            await connection.connect()
            for feed in self._feeds:
                await self._synchronise(feed)
            self.state, self.reason = "reading", ""
            while True:
                reply = await self._xread(connection)
                if reply:
                    self._take(reply)
                    await self._pause()
                else:
                    for feed in self._feeds:
                        await self._synchronise(feed)
                yield
        finally:
            await connection.disconnect(nowait=True)

    async def _xread(self, connection: Any) -> Any:
        """One XREAD on the connection itself: the client's command layer would cost more than the command."""
        cursors = (format_id(feed.cursor) for feed in self._feeds)
        keys = (feed.key for feed in self._feeds)
        await connection.send_command("XREAD", "BLOCK", BLOCK_MS, "COUNT", BATCH, "STREAMS", *keys, *cursors)
        return await connection.read_response(disable_decoding=True, timeout=BLOCK_MS / 1000 + ANSWER_SECONDS)

    def _take(self, reply: Any) -> None:
        newest_ts, now = self._newest_ts(), time.monotonic()
        by_key = {feed.key.encode(): feed for feed in self._feeds}
        for key, raw in reply.items() if isinstance(reply, dict) else reply:
            by_key[key].take(raw, newest_ts, now)
        if self._next_due(now) is not None:
            self._wake.set()

    async def _pause(self) -> None:
        clients = self.streams()
        if clients >= FEWEST_TO_PAUSE:
            await asyncio.sleep(min(LONGEST_PAUSE_SECONDS, clients * PAUSE_SECONDS_PER_CLIENT))

    async def _synchronise(self, feed: Feed) -> None:
        """Is the stream still the one the hub stands in? Loads a new hub, notices a reset and what a trim took."""
        info = await _info(self._bus(), feed.key)
        if not feed.loaded or info.last_id < feed.cursor:
            await self._load(feed)
        elif info.added < feed.position:
            # Emptied and filled again while it was being read, ids rising: what is read is read.
            feed.position = info.added
        elif info.removed > feed.position:
            # Entries that were trimmed before this reader came back to them.
            feed.hub.lose(feed.cursor, info.first_id, info.removed - feed.position)
            feed.position = info.removed
            if feed is self._board_feed:
                await self._load_board()

    async def _load(self, feed: Feed) -> None:
        """The stream's end into the ring, in one transaction, so that the count is exact; then the latest hashes.

        Clients of a stream that began anew are told, and get what it holds.
        """
        pipe = self._bus().pipeline(transaction=True)
        pipe.execute_command("XINFO", "STREAM", feed.key, NEVER_DECODE=True)
        pipe.execute_command("XREVRANGE", feed.key, "+", "-", "COUNT", PRELOAD + 1, NEVER_DECODE=True)
        described, newest_first = await pipe.execute(raise_on_error=False)
        info = _described(described)
        raw = newest_first[::-1]
        floor = BEGINNING
        if len(raw) > PRELOAD or info.removed:
            floor, raw = raw_id(raw[0][0]), raw[1:]
        entries = feed.entries(raw, self._newest_ts())
        if feed.loaded:
            feed.hub.reset(floor, entries[0].id if entries else None)
            feed.hub.publish(entries, time.monotonic())
        else:
            feed.hub.load(entries, floor)
        feed.cursor = info.last_id
        feed.position = info.added
        feed.loaded = True
        if feed is self._quote_feed:
            await self._load_known()
        elif feed is self._board_feed:
            self.board_rows.take(entries[-1:])
            await self._load_board()

    async def _load_board(self) -> None:
        """All rows as they are: newer than, or as new as, the last change that was read."""
        async with asyncio.timeout(ANSWER_SECONDS):
            fields = await self._bus().hgetall(self.keys.board_latest)
        self.board_rows.load(fields)

    async def _load_known(self) -> None:
        names = await self._bus().hkeys(self.keys.instruments)
        await self.load_latest([name.decode() for name in names])

    # --- time -------------------------------------------------------------------------------------------------------

    async def _pump(self) -> None:
        """Flush conflated groups when they are due, and serve laggards as their sockets drain."""
        hubs = (self.quotes, self.events)
        while True:
            self._wake.clear()
            now = time.monotonic()
            for hub in hubs:
                hub.flush(now)
                hub.pump(now)
            with contextlib.suppress(asyncio.TimeoutError):
                async with asyncio.timeout(self._next_due(now)):
                    await self._wake.wait()

    def _next_due(self, now: float) -> float | None:
        return min((due for hub in (self.quotes, self.events) if (due := hub.next_due(now)) is not None), default=None)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            for hub in (self.quotes, self.events):
                hub.beat(self._clock.now_us(), self.state)


async def _info(client: Any, key: str) -> StreamInfo:
    try:
        return _described(await client.execute_command("XINFO", "STREAM", key, NEVER_DECODE=True))
    except redis.ResponseError as error:
        return _described(error)


def _described(reply: Any) -> StreamInfo:
    if isinstance(reply, redis.ResponseError):
        if "no such key" not in str(reply):
            raise reply
        return StreamInfo(BEGINNING, BEGINNING, 0, 0)
    facts = reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=True))
    facts = {name.decode() if isinstance(name, bytes) else name: value for name, value in facts.items()}
    first = facts["first-entry"]
    return StreamInfo(
        last_id=raw_id(facts["last-generated-id"]),
        first_id=raw_id(first[0]) if first else BEGINNING,
        length=facts["length"],
        added=facts["entries-added"],
    )
