"""What a web process holds of the market: the bus reader with its hubs, the board, and the snapshot made of both."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextlib import nullcontext
from typing import Final

from django.conf import settings

from thor.instruments.instrument import INSTRUMENTS
from thor.instruments.live import catalogue
from thor.instruments.selectors import Catalogue
from thor.quotes.enriched import Enriched
from thor.quotes.keys import Keys
from thor.quotes.reader import BusReader, cancel
from thor.quotes.selectors import Board, Snapshot
from thor.runtime.clock import Clock, SystemClock
from thor.runtime.namespace import replayed, within
from thor.runtime.problem import Problem
from thor.runtime.visited import Visited

#: A look at what is in memory.
BOARD_SECONDS: Final = 0.1
READY_SECONDS: Final = 3.0

logger = logging.getLogger(__name__)


class LiveQuotes:
    """Started and stopped with the web server, in its event loop. A replay's are held as long as somebody looks."""

    def __init__(self, url: str, namespace: str, clock: Clock | None = None) -> None:
        self.namespace = namespace
        self.clock = clock or SystemClock()
        self.started_us = self.clock.now_us()
        self.reader = BusReader(url, Keys(namespace), self.clock)
        # Until the database has been read, the board is the one that every Thor begins with.
        symbols = tuple(facts.symbol for facts in INSTRUMENTS)
        self.snapshot = Snapshot(self.reader.quotes, Board(symbols, frozenset(symbols)), self.clock)
        self.enriched = Enriched(self.reader.board_rows, self.reader.quotes.newest)
        self._keeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.reader.start()
        self._keeper = asyncio.create_task(self._keep_board(), name="board")

    async def stop(self) -> None:
        if self._keeper is not None:
            await cancel([self._keeper])
        await self.reader.stop()

    async def ready(self) -> LiveQuotes:
        """As soon as the bus was read, or after a while without."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READY_SECONDS):
                while self.reader.state == "starting":
                    await asyncio.sleep(0.01)
        return self

    async def _keep_board(self) -> None:
        """Follow the instruments that the process keeps; as long as there are none the first board stands."""
        held: Catalogue | None = None
        while True:
            with contextlib.suppress(Problem):
                found = await self._catalogue()
                if found is not held:
                    await self._show(Board(found.board, frozenset(found.by_symbol)))
                held = found
            await asyncio.sleep(BOARD_SECONDS)

    async def _catalogue(self) -> Catalogue:
        is_own = self.namespace == settings.THOR_NAMESPACE
        with nullcontext() if is_own else within(self.namespace):
            return await catalogue()

    async def _show(self, board: Board) -> None:
        new = board.known - self.snapshot.board.known
        self.snapshot.board = board
        if new and self.reader.state == "reading":
            await self._load(sorted(new))

    async def _load(self, symbols: list[str]) -> None:
        try:
            await self.reader.load_latest(symbols)
        except (OSError, TimeoutError) as error:
            logger.warning("latest quotes of %s not loaded: %s", ", ".join(symbols), error)


_live: LiveQuotes | None = None


_replays = Visited(
    lambda namespace: LiveQuotes(settings.REDIS_URL, namespace), is_busy=lambda each: each.reader.streams() > 0
)


def begin() -> LiveQuotes:
    """Start this process's live quotes in the running event loop."""
    global _live
    _live = LiveQuotes(settings.REDIS_URL, settings.THOR_NAMESPACE)
    _live.start()
    return _live


def replays() -> Visited[LiveQuotes]:
    """Those of the replays that somebody looks at."""
    return _replays


async def looked_at() -> LiveQuotes:
    """The quotes that a request is about: of this process, or of a replay. Raises Problem 503."""
    here = live()
    namespace = replayed()
    return await _replays.get(namespace).ready() if namespace else here


def live() -> LiveQuotes:
    """This process's live quotes. Raises Problem 503 where none were started."""
    if _live is None:
        raise Problem("live quotes are served by `manage.py web`; this process does not read the bus", status=503)
    return _live
