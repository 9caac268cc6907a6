"""Reading quotes: what a query asks for, and the snapshot as ready-made bytes.

Memory answers the snapshot (the hub's newest quotes); the bus answers series and health, through one connection pool a
process, so that a bus that hangs costs a request three seconds and no more.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from redis.exceptions import RedisError

from thor.quotes.bus import QuoteBus, ValkeyQuoteBus
from thor.quotes.frames import Entry, format_id, id_ms
from thor.quotes.hub import Hub
from thor.quotes.quote import SOURCES, encode_json, format_ts
from thor.runtime.asgi import query_fields, shown
from thor.runtime.clock import Clock
from thor.runtime.problem import Problem
from thor.runtime.schema import current_namespace

MAX_QUERY_SYMBOLS: Final = 100
BUS_SECONDS: Final = 3.0
_MOST_CACHED: Final = 256
_MOST_BUSES: Final = 4
_SYMBOL: Final = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,23}", re.ASCII)

T = TypeVar("T")


# --- queries --------------------------------------------------------------------------------------------------------


def symbols_of(text: str | None) -> tuple[str, ...] | None:
    """The symbols of a comma-separated list, in order, each once; None when none are asked for. Raises Problem 422."""
    if text is None:
        return None
    if len(text) > 32 * MAX_QUERY_SYMBOLS:
        raise _bad("symbols", f"symbols is too long: ask for at most {MAX_QUERY_SYMBOLS}")
    symbols = [symbol.strip().upper() for symbol in text.split(",")]
    if not any(symbols):
        raise _bad("symbols", "symbols is empty: leave it out for all, or give symbols such as ES,YM")
    if len(symbols) > MAX_QUERY_SYMBOLS:
        raise _bad("symbols", f"{len(symbols)} symbols: ask for at most {MAX_QUERY_SYMBOLS}")
    for symbol in symbols:
        if not _SYMBOL.fullmatch(symbol):
            raise _bad("symbols", f"{shown(symbol)} is no symbol: give upper-case roots such as ES,YM")
    return tuple(dict.fromkeys(symbols))


def source_of(text: str | None) -> str | None:
    """The source that a query names. Raises Problem 422."""
    if text is not None and text not in SOURCES:
        raise _bad("source", f"{shown(text)} is no source: give one of {', '.join(sorted(SOURCES))}")
    return text


def _bad(name: str, detail: str) -> Problem:
    return Problem(detail, status=422, errors=[{"in": "query", "name": name, "detail": detail}])


# --- the board ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Board:
    """Which symbols exist, and which are shown when nothing else is asked for, in their order."""

    tracked: tuple[str, ...]
    known: frozenset[str]


class Snapshot:
    """Answers of ``GET /api/quotes``, kept until a quote or the board changes."""

    def __init__(self, hub: Hub, board: Board, clock: Clock) -> None:
        self._hub = hub
        self._board = board
        self._clock = clock
        self._version = -1
        self._answers: dict[tuple[bytes, str | None], bytes] = {}
        self._records: dict[str, tuple[Entry, bytes]] = {}

    @property
    def board(self) -> Board:
        return self._board

    @board.setter
    def board(self, board: Board) -> None:
        if board != self._board:
            self._board = board
            self._answers.clear()

    def answer(self, query: bytes, source: str | None = None) -> bytes:
        """The JSON answer to a query string; ``source`` is the one that the path names. Raises Problem."""
        if self._version != self._hub.version:
            self._version = self._hub.version
            self._answers.clear()
        body = self._answers.get((query, source))
        if body is None:
            body = self._build(query_fields(query) if query else {}, source)
            if len(self._answers) < _MOST_CACHED:
                self._answers[query, source] = body
        return body

    def _build(self, fields: Mapping[str, str], source: str | None) -> bytes:
        source = source_of(fields.get("source", source))
        asked = symbols_of(fields.get("symbols"))
        board, newest = self._board, self._hub.newest
        symbols = board.tracked if asked is None else [symbol for symbol in asked if symbol in board.known]
        unknown = [] if asked is None else [symbol for symbol in asked if symbol not in board.known]
        found = [
            entry for symbol in symbols if (entry := newest.get(symbol)) is not None and source in (None, entry.source)
        ]
        present = {entry.symbol for entry in found}
        as_of_us = max((id_ms(entry.id) * 1000 for entry in found), default=self._clock.now_us())
        rest = {
            "unknown": unknown,
            "missing": [symbol for symbol in symbols if symbol not in present],
            "as_of": format_ts(as_of_us),
        }
        records = b",".join(map(self._record, found))
        return b'{"quotes":[%b],%b' % (records, encode_json(rest).encode()[1:])

    def _record(self, entry: Entry) -> bytes:
        """The event with what the latest hash adds to it."""
        kept = self._records.get(entry.symbol)
        if kept is not None and kept[0] is entry:
            return kept[1]
        updated_at = format_ts(id_ms(entry.id) * 1000)
        added = {"active_source": entry.source, "updated_at": updated_at, "stream_id": format_id(entry.id)}
        record = b"%b,%b" % (entry.payload[:-1], encode_json(added).encode()[1:])
        self._records[entry.symbol] = entry, record
        return record


# --- the bus --------------------------------------------------------------------------------------------------------

_buses: dict[str, QuoteBus] = {}
_bus_lock = threading.Lock()


def quote_bus() -> QuoteBus:
    """The bus of what is looked at, connected at first use. Raises BusUnavailableError."""
    namespace = current_namespace()
    with _bus_lock:
        if namespace not in _buses:
            _forget_oldest_bus()
            _buses[namespace] = ValkeyQuoteBus(settings.REDIS_URL, namespace)
        return _buses[namespace]


def _forget_oldest_bus() -> None:
    """Of the replays' buses some are kept, the process's own always. One in use ends with its last user."""
    others = [namespace for namespace in _buses if namespace != settings.THOR_NAMESPACE]
    if len(others) >= _MOST_BUSES:
        del _buses[others[0]]


async def from_bus(question: Callable[[QuoteBus], T]) -> T:
    """Ask the quote bus. Raises Problem 503 when it does not answer."""
    return await in_time(lambda: question(quote_bus()))


async def in_time(question: Callable[[], T]) -> T:
    """Ask the bus's server something, in a thread. Raises Problem 503 when it does not answer."""
    try:
        async with asyncio.timeout(BUS_SECONDS):
            return await sync_to_async(question, thread_sensitive=False)()
    except (RedisError, OSError, TimeoutError) as error:
        raise Problem("the quote bus does not answer; it is asked again at the next request", status=503) from error


def floats(points: Mapping[str, Sequence[tuple[int, str]]]) -> dict[str, list[tuple[int, float]]]:
    """Sparkline points for drawing."""
    return {symbol: [(ms, float(last)) for ms, last in series] for symbol, series in points.items()}
