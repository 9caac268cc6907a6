"""``GET /api/quotes/stream`` and ``/api/events/stream``: one open request, one client of a hub.

The request is answered over ASGI; once its client stands in the ring, the hub writes to the connection's transport
itself. That needs the transport in the scope (``extensions["thor.transport"]``), which Thor's web server puts there.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import Error as DatabaseError
from redis.exceptions import RedisError

from thor.quotes.frames import BEGINNING, chunk, format_id, gap, hello, parse_id
from thor.quotes.hub import STALL_SECONDS, Hub, Sink, Wish, joined, offer, part
from thor.quotes.live import LiveQuotes
from thor.quotes.reader import StreamInfo
from thor.quotes.selectors import symbols_of
from thor.runtime.asgi import SECURITY_HEADERS, Headers, Receive, Scope, Send, header, query_fields, refuse
from thor.runtime.problem import Problem
from thor.users.rights import RECHECK_SECONDS, Gate

SHORTEST_CONFLATION_MS: Final = 10
LONGEST_CONFLATION_MS: Final = 5_000
#: Browsers that lose their server come back spread over this span.
RETRY_MS: Final = (500, 2_000)
#: An id that another process has sent already may be ahead of this one's reader for a moment.
AHEAD_SECONDS: Final = 1.0

_CONFLATE: Final = re.compile(r"(\d{1,4})(?:ms)?", re.ASCII)
_HEADERS: Final[Headers] = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
    (b"transfer-encoding", b"chunked"),
    (b"connection", b"close"),
    *SECURITY_HEADERS,
]


@dataclass(frozen=True, slots=True)
class Start:
    """Where a stream begins. ``notice`` is said first; the ring serves from ``place`` on (None: where the others
    stand); when ``bus_after`` is given, the bus first serves what came after that id and is not in the ring."""

    place: int | None
    after: int = BEGINNING
    notice: bytes = b""
    bus_after: int | None = None


class Streams:
    """The door to both hubs. ``most_per_client``: open streams of one address, 0 for no limit; ``opened``: where
    they are counted."""

    def __init__(
        self,
        live: LiveQuotes,
        gate: Gate,
        most_per_client: int,
        recheck_seconds: float = RECHECK_SECONDS,
        opened: Counter[str] | None = None,
    ) -> None:
        self._live = live
        self._gate = gate
        self._most = most_per_client
        self._recheck_seconds = recheck_seconds
        self._open: Counter[str] = Counter() if opened is None else opened

    async def quotes(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI: the stream of quotes."""
        await self._serve(self._live.reader.quotes, scope, receive, send)

    async def events(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI: the stream of domain events."""
        await self._serve(self._live.reader.events, scope, receive, send)

    async def _serve(self, hub: Hub, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await send({"type": "http.response.body"})
            return
        try:
            fields = query_fields(scope["query_string"])
            wish = self._wish(hub, fields)
            with self._room(hub, scope):
                start = await self._start(hub, wish, header(scope, b"last-event-id") or fields.get("since", ""))
                await self._stream(hub, self._beside(hub, fields), wish, start, scope, receive, send)
        except Problem as problem:
            await refuse(scope, send, problem)

    def _wish(self, hub: Hub, fields: dict[str, str]) -> Wish:
        symbols = symbols_of(fields.get("symbols"))
        if symbols is not None:
            unknown = [symbol for symbol in symbols if symbol not in self._live.snapshot.board.known]
            if unknown:
                raise Problem(f"no such instrument: {', '.join(unknown)}; /api/instruments lists them", status=422)
        conflate = fields.get("conflate") if hub.conflatable else None
        return Wish(None if symbols is None else frozenset(symbols), conflation_seconds(conflate))

    def _beside(self, hub: Hub, fields: dict[str, str]) -> list[Hub]:
        """The hubs of domain events and of the board, where a stream of quotes asks for them too: a browser has six
        connections to a server at most, over all its windows. Raises Problem 422."""
        if not hub.conflatable:
            return []
        reader = self._live.reader
        offered = (("events", "domain events", reader.events), ("board", "the board", reader.board))
        found = []
        for name, what, other in offered:
            if (text := fields.get(name)) not in (None, "0", "1"):
                raise Problem(f"{name}: give 1 for {what} beside the quotes, or leave it out", status=422)
            if text == "1":
                found.append(other)
        return found

    @contextlib.contextmanager
    def _room(self, hub: Hub, scope: Scope) -> Iterator[None]:
        """One of the address's places, for as long as the stream is open. Raises Problem when there is none."""
        address = (scope.get("client") or ("",))[0]
        if scope["http_version"] != "1.1":
            raise Problem("streams need HTTP/1.1: set proxy_http_version 1.1 in the proxy", status=505)
        if hub.closing:
            raise Problem("the server is shutting down: come back in a moment", status=503)
        if self._most and self._open[address] >= self._most:
            raise Problem(
                f"{self._most} streams are open from this address: close some, or raise THOR_MAX_STREAMS_PER_CLIENT",
                status=429,
            )
        self._open[address] += 1
        try:
            yield
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]

    # --- where it begins --------------------------------------------------------------------------------------------

    async def _start(self, hub: Hub, wish: Wish, since_text: str) -> Start:
        """Decide from the client's last id. Raises Problem 503 when only the bus could tell and it is away."""
        if not since_text:
            return Start(None)
        since = parse_id(since_text)
        if since is None:
            return self._anew(hub, wish, _printable(since_text))
        if since > hub.last_id and not await self._will_come(hub, since):
            return self._anew(hub, wish, format_id(since))
        place = hub.ring.after(since)
        if place is not None:
            return Start(place, since, self._hole(hub, since))
        return self._from_bus(hub, wish, since, await self._info(hub))

    def _anew(self, hub: Hub, wish: Wish, since: str) -> Start:
        """The client's place means nothing here: a gap, then the present."""
        notice = gap(since, hub.ring.first_id, None)
        if hub.conflatable:
            notice += hub.current(wish)
        return Start(hub.ring.head, hub.last_id, notice)

    def _hole(self, hub: Hub, since: int) -> bytes:
        """An id older than a stream that has kept everything is of another stream: this one was emptied since."""
        first = hub.ring.first_id
        if since == BEGINNING or first is None or since >= first or hub.ring.floor != BEGINNING:
            return b""
        return gap(format_id(since), first, None)

    async def _will_come(self, hub: Hub, since: int) -> bool:
        """Wait for the reader to reach an id that is ahead of it, if the stream really holds that."""
        if since > (await self._info(hub)).last_id:
            return False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(AHEAD_SECONDS):
                while hub.last_id < since:
                    await asyncio.sleep(0.005)
        return hub.last_id >= since

    def _from_bus(self, hub: Hub, wish: Wish, since: int, info: StreamInfo) -> Start:
        """The ring does not reach back so far."""
        notice = b""
        if since < info.first_id and (since != BEGINNING or info.removed):
            notice = gap(format_id(since), info.first_id, info.removed if since == BEGINNING else None)
        if wish.conflate_seconds:
            return Start(hub.ring.head, hub.last_id, notice + hub.current(wish, since))
        return Start(None, since, notice, bus_after=since)

    async def _info(self, hub: Hub) -> StreamInfo:
        try:
            return await self._live.reader.info(hub)
        except (RedisError, OSError, TimeoutError) as error:
            raise Problem("the bus does not answer, and only it knows what was missed", status=503) from error

    # --- the stream -------------------------------------------------------------------------------------------------

    async def _stream(
        self, hub: Hub, beside: Sequence[Hub], wish: Wish, start: Start, scope: Scope, receive: Receive, send: Send
    ) -> None:
        sink: Sink = scope["extensions"]["thor.transport"]
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        last_id = hub.starting_id(wish) if start.place is None and start.bus_after is None else hub.last_id
        greeting = hello(self._live.clock.now_us(), last_id, random.randint(*RETRY_MS))
        offer(sink, chunk(greeting + start.notice))
        place, after = start.place, start.after
        if start.bus_after is not None:
            try:
                place, after = await self._replay(hub, wish, start.bus_after, sink, send)
            except (RedisError, OSError, TimeoutError):
                part(sink, "bus")
        if not sink.is_closing():
            client = hub.join(sink, wish, place, time.monotonic(), after)
            for other in beside:
                other.look(sink)
            self._live.reader.woken()
            try:
                if await self._is_signed_out(scope, receive):
                    hub.end(client, "signed_out")
            finally:
                hub.leave(client)
                for other in beside:
                    other.look_away(sink)
        await _disconnected(receive)

    async def _replay(self, hub: Hub, wish: Wish, after: int, sink: Sink, send: Send) -> tuple[int, int]:
        """Send what only the bus still holds, page by page at the client's pace; returns where the ring takes over."""
        while (place := hub.ring.after(after)) is None and not sink.is_closing():
            entries, page_end = await self._live.reader.page(hub, after)
            floor = hub.ring.floor
            data = joined(wish.wants(entry for entry in entries if entry.id <= floor))
            after = floor if page_end is None else min(page_end, floor)
            if data:
                async with asyncio.timeout(STALL_SECONDS):
                    await send({"type": "http.response.body", "body": data, "more_body": True})
        return hub.ring.head if place is None else place, after

    async def _is_signed_out(self, scope: Scope, receive: Receive) -> bool:
        """Waits until the client is gone (False) or may not read any more (True)."""
        host, cookies = header(scope, b"host"), header(scope, b"cookie")
        if self._gate.is_open_to(host):
            await _disconnected(receive)
            return False
        while True:
            try:
                async with asyncio.timeout(self._recheck_seconds):
                    await _disconnected(receive)
                return False
            except TimeoutError:
                if not await self._may_still_read(host, cookies):
                    return True

    async def _may_still_read(self, host: str, cookies: str) -> bool:
        """While the database is away nobody can be signed out, and nobody is."""
        with contextlib.suppress(DatabaseError):
            return await self._gate.may_read(host, cookies)
        return True


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def conflation_seconds(text: str | None) -> float:
    """``50ms`` or ``50``; 0 when not asked for. Raises Problem 422."""
    if text is None:
        return 0.0
    match = _CONFLATE.fullmatch(text)
    if match is None or not SHORTEST_CONFLATION_MS <= int(match[1]) <= LONGEST_CONFLATION_MS:
        detail = f"conflate: give {SHORTEST_CONFLATION_MS}ms to {LONGEST_CONFLATION_MS}ms, such as 50ms"
        errors: list[dict[str, Any]] = [{"in": "query", "name": "conflate", "detail": detail}]
        raise Problem(detail, status=422, errors=errors)
    return int(match[1]) / 1000


def _printable(text: str) -> str:
    return "".join(char if " " <= char <= "~" else "?" for char in text[:64])
