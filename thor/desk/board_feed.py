"""The board on the bus: each row's newest state, and a short stream of what changed, for every web process."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import redis

from thor.desk.board import Board, BoardChange
from thor.desk.desk import Desk
from thor.indicators.vwap import VwapReactor
from thor.quotes.keys import Keys
from thor.quotes.quote import encode_json

#: A page cannot show more; the numbers themselves move with every quote.
PUBLISH_SECONDS: Final = 0.1
#: A web process that was away for longer reads the rows anew.
KEPT_CHANGES: Final = 200


class BoardFeed:
    """Publishes a board at most ten times a second. The numbers are no facts to keep: after a crash they are made
    anew."""

    def __init__(self, client: redis.Redis, keys: Keys, board: Board, vwap: VwapReactor) -> None:
        self._client, self._keys, self._board, self._vwap = client, keys, board, vwap
        self._next_at = 0.0
        self._has_moved = True
        self._is_first = True

    def due_at(self) -> float | None:
        """The monotonic second at which there is something to publish; None while nothing has moved."""
        return self._next_at if self._has_moved else None

    def publish(self, at_us: int, *, has_moved: bool) -> None:
        """What changed since the last time, unless that was just now. Raises RedisError."""
        self._has_moved |= has_moved
        if not self._has_moved or time.monotonic() < self._next_at:
            return
        self._next_at = time.monotonic() + PUBLISH_SECONDS
        self._has_moved = False
        change = self._board.change(at_us)
        rolled = self._vwap.rolled()
        if not change.rows and not rolled:
            return
        pipe = self._client.pipeline(transaction=True)
        if self._is_first:
            pipe.delete(self._keys.board_latest)  # whoever is no longer on the board
            self._is_first = False
        self._put(pipe, change)
        for (symbol, minutes), value in rolled.items():
            pipe.set(self._keys.vwap_rolling(symbol, minutes), encode_json(value))
        pipe.execute()

    def _put(self, pipe: Any, change: BoardChange) -> None:
        if not change.rows:
            return
        rows: Mapping[str, str] = change.rows
        pipe.hset(self._keys.board_latest, mapping=dict(rows))
        pipe.xadd(self._keys.board, {"b": change.message()}, maxlen=KEPT_CHANGES, approximate=True)


def board_feed(client: redis.Redis, keys: Keys, desk: Desk) -> BoardFeed | None:
    """The feed of a desk at which everyone sits whom a board asks; None at another, as in a replay of time alone."""
    vwap = next((each for each in desk.reactors if isinstance(each, VwapReactor)), None)
    board = Board.of(desk.gate, desk.reactors)
    return None if vwap is None or board is None else BoardFeed(client, keys, board, vwap)
