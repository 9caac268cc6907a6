"""A lease on the bus: of several processes that could do a thing, one does it, and a deposed one cannot harm.

Whoever holds a lease renews it well within its time to live. Another takes it once it saw no renewal for that long, by
its own clock and with the bus answering all along: no two clocks are compared, and a bus that was away or hung deposes
nobody. Each change of hands raises the **fencing number**; what a holder does to others must carry it, so that the one
who was paused and does not know yet is refused (``thor/quotes/merge.lua`` does so for quotes).
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol, cast

import redis

#: A waiting owner asks at least this often, or it is no longer counted as waiting.
WAITING_MS: Final = 5_000

# KEYS: the lease's hash, the sorted set of who waits. ARGV: owner, the version seen to stand still or '', WAITING_MS.
# The number never falls, even when the bus lost its memory: the clock is its floor.
_TAKE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local got = redis.call('HMGET', KEYS[1], 'owner', 'number', 'version')
local owner, number, version = got[1] or '', tonumber(got[2] or '0'), tonumber(got[3] or '0')
if owner ~= ARGV[1] then
  if owner ~= '' and got[3] ~= ARGV[2] then
    redis.call('ZADD', KEYS[2], now, ARGV[1])
    redis.call('PEXPIRE', KEYS[2], ARGV[3])
    return { 0, owner, version, 0 }
  end
  number = math.max(number + 1, time[1] * 1000000 + time[2])
  redis.call('ZREM', KEYS[2], ARGV[1])
end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'number', string.format('%.0f', number), 'version', version + 1)
return { number, ARGV[1], version + 1, redis.call('ZCOUNT', KEYS[2], now - ARGV[3], '+inf') }
"""

_RELEASE: Final = """
redis.call('ZREM', KEYS[2], ARGV[1])
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'owner', '')
return redis.call('HINCRBY', KEYS[1], 'version', 1)
"""


class Grant(NamedTuple):
    """The answer to who holds a lease. ``number``: the fencing number when the asker holds it, else None; ``holder``:
    who does; ``version`` rises with every renewal; ``waiting``: how many others ask for it, told to the holder only."""

    number: int | None
    holder: str
    version: int
    waiting: int


class Leases(Protocol):
    """Where leases are kept; each call is one atomic step."""

    def take(self, name: str, owner: str, dead_version: int | None) -> Grant:
        """Renew the owner's lease, or take one that is free or still at ``dead_version``."""
        ...

    def release(self, name: str, owner: str) -> None:
        """Free the owner's lease, or stop waiting for it; without effect when another holds it."""
        ...


class ValkeyLeases:
    """Leases on a Redis or Valkey server, each a hash ``owner``, ``number``, ``version`` named like the lease. Raises
    what the client raises while the server is away."""

    def __init__(self, client: redis.Redis) -> None:
        self._take = client.register_script(_TAKE)
        self._release = client.register_script(_RELEASE)

    def take(self, name: str, owner: str, dead_version: int | None) -> Grant:
        expected = "" if dead_version is None else dead_version
        reply: Any = self._take(keys=_keys(name), args=[owner, expected, WAITING_MS])
        number, holder, version, waiting = cast("tuple[int, bytes, int, int]", reply)
        return Grant(number or None, holder.decode(), version, waiting)

    def release(self, name: str, owner: str) -> None:
        self._release(keys=_keys(name), args=[owner])


class Lease:
    """One owner's claim on one lease. ``take`` again and again: to get it, and to keep it."""

    def __init__(
        self,
        leases: Leases,
        name: str,
        owner: str,
        ttl_seconds: float,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._leases = leases
        self._name = name
        self._owner = owner
        self._ttl_seconds = ttl_seconds
        self._seconds = seconds
        #: The version that another holds, and since when it stands still.
        self._seen: tuple[int, float] | None = None

    def take(self) -> Grant:
        """Get or renew the lease. Whatever the store raises leaves this, and the watch over the holder begins anew."""
        seen, self._seen = self._seen, None
        grant = self._leases.take(self._name, self._owner, self._dead_version(seen))
        if grant.number is None:
            stands_still = seen is not None and seen[0] == grant.version
            self._seen = seen if stands_still else (grant.version, self._seconds())
        return grant

    def _dead_version(self, seen: tuple[int, float] | None) -> int | None:
        if seen is None or self._seconds() - seen[1] < self._ttl_seconds:
            return None
        return seen[0]

    def release(self) -> None:
        """Let the next one have it at once."""
        self._leases.release(self._name, self._owner)


def new_owner() -> str:
    """A name that no other owner has or will have: ``host:pid:random``."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def _keys(name: str) -> list[str]:
    return [name, f"{name}:waiting"]
