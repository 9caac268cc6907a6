"""Which replay a request is about, and what time it is there."""

from __future__ import annotations

from functools import cache
from typing import Final

import redis
from django.conf import settings
from redis.exceptions import RedisError

from thor.quotes.replay_clock import ReplayState
from thor.quotes.replaying import read_replay
from thor.runtime.bus import connect
from thor.runtime.clock import SystemClock
from thor.runtime.namespace import WANTED, Present, is_name
from thor.runtime.problem import Problem

BUS_SECONDS: Final = 3.0

_clock = SystemClock()


def present_of(name: str) -> Present | None:
    """A replay's present; None for the namespace of this process itself. Raises Problem: 422 for what is no name, 404
    where there is no replay, 503 while the bus is away."""
    if name in ("", settings.THOR_NAMESPACE):
        return None
    if not is_name(name):
        raise Problem(f"namespace: give {WANTED}", status=422)
    wall_us = _clock.now_us()
    state = _read(name)
    if state is None:
        raise Problem(f"there is no replay {name}; /api/replays lists them", status=404)
    return Present(name, state.now_us(wall_us), state.pace(wall_us))


def _read(name: str) -> ReplayState | None:
    try:
        return read_replay(_client(), name)
    except (RedisError, OSError) as error:
        raise Problem("the bus does not answer, and it knows the replays", status=503) from error


@cache
def _client() -> redis.Redis:
    return connect(settings.REDIS_URL, BUS_SECONDS)
