"""What time it is at the desk: the system's clock, or the time of a recording that is played as recorded."""

from __future__ import annotations

from typing import ClassVar, Final, NamedTuple, Protocol, cast

import redis

from thor.quotes.keys import Keys
from thor.quotes.quote import Quote
from thor.quotes.replay_clock import BY_ARRIVAL, arrival_us
from thor.runtime.clock import Clock

#: A desk that never ran begins so far back: an open that was missed by less is still told, and taken up at once.
LOOK_BACK_US: Final = 5 * 60 * 1_000_000


class Limit(NamedTuple):
    """Timers up to ``until_us`` may be told once the entries up to ``last_id`` were heard (None: all that are there).
    ``told_us``: when they are told, by the clock of the machine; 0 in simulated time, where nothing is late."""

    until_us: int
    last_id: str | None
    told_us: int


class DeskTime(Protocol):
    """The desk's time. Asked before the stream is read."""

    #: Nothing happens at the pace of a clock: tables are brought up to date with every commit.
    is_simulated: ClassVar[bool]

    def begin_us(self) -> int:
        """Where a desk that never ran begins."""
        ...

    def has_quotes(self) -> bool:
        """Quotes are to be expected: a replay may be of time alone."""
        ...

    def limit(self) -> Limit: ...

    def entry_us(self, entry_ms: int, quote: Quote) -> int:
        """The time of an entry, against which timers are held."""
        ...


class LiveTime:
    """The machine's clock; an entry's time is when the bus took it."""

    is_simulated: ClassVar[bool] = False

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def begin_us(self) -> int:
        return self._clock.now_us() - LOOK_BACK_US

    def has_quotes(self) -> bool:
        return True

    def limit(self) -> Limit:
        now_us = self._clock.now_us()
        return Limit(now_us, None, now_us)

    def entry_us(self, entry_ms: int, quote: Quote) -> int:
        del quote
        return arrival_us(entry_ms)


class SimulatedTime:
    """The recording's time: its player says up to where everything is on the stream.

    An entry's time is its ``ts``; or, where a stored day is played with the ids that it had, the same as live.
    """

    is_simulated: ClassVar[bool] = True

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._key = keys.replay
        (order,) = self._read("order")
        self._by_arrival = order == BY_ARRIVAL.encode()

    def begin_us(self) -> int:
        from_us, *_ = self._read("from_us")
        # The first instant of a recording belongs to it: an open at that very time is told.
        return int(from_us or 0) - 1

    def has_quotes(self) -> bool:
        return self._read("rows") != [b"0"]

    def limit(self) -> Limit:
        until_us, last_id = self._read("watermark_us", "last_id")
        return Limit(int(until_us or 0), (last_id or b"0-0").decode(), 0)

    def entry_us(self, entry_ms: int, quote: Quote) -> int:
        return arrival_us(entry_ms) if self._by_arrival else quote.ts_us

    def _read(self, *names: str) -> list[bytes | None]:
        return cast("list[bytes | None]", self._client.hmget(self._key, list(names)))


def desk_time(client: redis.Redis, keys: Keys, clock: Clock) -> DeskTime:
    """Simulated time in a namespace in which a recording is played, else the clock's."""
    if keys.namespace and client.exists(keys.replay):
        return SimulatedTime(client, keys)
    return LiveTime(clock)
