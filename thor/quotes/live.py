"""What a web process holds of the market: the bus reader with its hubs, the board, and the snapshot made of both."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections

from thor.instruments import selectors as instruments
from thor.instruments.instrument import INSTRUMENTS
from thor.quotes.keys import Keys
from thor.quotes.reader import BusReader, cancel
from thor.quotes.selectors import Board, Snapshot
from thor.runtime.clock import Clock, SystemClock
from thor.runtime.problem import Problem

BOARD_SECONDS: Final = 5.0

logger = logging.getLogger(__name__)


class LiveQuotes:
    """Started and stopped with the web server, in its event loop."""

    def __init__(self, url: str, namespace: str, clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock()
        self.started_us = self.clock.now_us()
        self.reader = BusReader(url, Keys(namespace), self.clock)
        # Until the database has been read, the board is the one that every Thor begins with.
        symbols = tuple(facts.symbol for facts in INSTRUMENTS)
        self.snapshot = Snapshot(self.reader.quotes, Board(symbols, frozenset(symbols)), self.clock)
        self._keeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.reader.start()
        self._keeper = asyncio.create_task(self._keep_board(), name="board")

    async def stop(self) -> None:
        if self._keeper is not None:
            await cancel([self._keeper])
        await self.reader.stop()

    async def _keep_board(self) -> None:
        """Follow the instrument table; while the database is away the last board stands."""
        while True:
            with contextlib.suppress(DatabaseError):
                board = await sync_to_async(_read_board, thread_sensitive=False)()
                new = board.known - self.snapshot.board.known
                self.snapshot.board = board
                if new and self.reader.state == "reading":
                    await self._load(sorted(new))
            await asyncio.sleep(BOARD_SECONDS)

    async def _load(self, symbols: list[str]) -> None:
        try:
            await self.reader.load_latest(symbols)
        except (OSError, TimeoutError) as error:
            logger.warning("latest quotes of %s not loaded: %s", ", ".join(symbols), error)


def _read_board() -> Board:
    try:
        tracked = tuple(each.symbol for each in instruments.tracked())
        return Board(tracked, instruments.known_symbols())
    finally:
        close_old_connections()


_live: LiveQuotes | None = None


def begin() -> LiveQuotes:
    """Start this process's live quotes in the running event loop."""
    global _live
    _live = LiveQuotes(settings.REDIS_URL, settings.THOR_NAMESPACE)
    _live.start()
    return _live


def live() -> LiveQuotes:
    """This process's live quotes. Raises Problem 503 where none were started."""
    if _live is None:
        raise Problem("live quotes are served by `manage.py web`; this process does not read the bus", status=503)
    return _live
