"""The bus of a replay: its player's side, and what everyone else reads of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

import redis

from thor.quotes.bus import library
from thor.quotes.keys import Keys
from thor.quotes.replay_clock import ReplayState
from thor.runtime.bus import BusUnavailableError, load_functions

_PAGE: Final = 1_000


class Recorded(NamedTuple):
    """One recorded event, ready to go onto the bus: ``payload`` is its canonical JSON. ``entry_id``: the one that it
    had when it was recorded; ``*`` where there was none."""

    source: str
    symbol: str
    ts_us: int
    entry_id: str
    payload: bytes


class DisplacedError(Exception):
    """Another player has the namespace, or it was dropped: nothing was published, and nothing more will be."""


class ReplayBus:
    """Publishes a recording into a namespace. Raises redis errors while the bus is away."""

    def __init__(self, client: redis.Redis, namespace: str) -> None:
        self.keys = Keys(namespace)
        self._redis = client
        try:
            load_functions(client, library())
        except redis.ResponseError as error:
            raise BusUnavailableError(f"the server cannot load Thor's publish function: {error}") from error

    def begin(self, state: ReplayState) -> None:
        """From now on this run's word counts in the namespace."""
        self._redis.hset(self.keys.replay, mapping=cast("dict[Any, Any]", state.to_fields()))

    def play(self, state: ReplayState, events: Sequence[Recorded]) -> str:
        """Publish in this order, then say how far the replay is: all of it or nothing. Returns the newest entry's id.
        Raises :class:`DisplacedError`."""
        args: list[str | bytes | int] = [state.run, len(events)]
        for event in events:
            args += event
        fields = state.to_fields()
        del fields["last_id"]  # the server's word
        args += [part for pair in fields.items() for part in pair]
        try:
            found = self._redis.fcall("thor_replay", 1, self.keys.prefix, *args)
        except redis.ResponseError as error:
            if str(error).startswith("GONE"):
                raise DisplacedError(str(error)) from None
            raise
        return cast(bytes, found).decode()


def read_replay(client: redis.Redis, namespace: str) -> ReplayState | None:
    """How a replay stands; None where none is."""
    return state_of(cast("dict[bytes, bytes]", client.hgetall(Keys(namespace).replay)))


def state_of(fields: Mapping[bytes, bytes]) -> ReplayState | None:
    """A replay of its hash; None for one that is empty or somebody else's."""
    try:
        return ReplayState.from_fields({name.decode(): value.decode() for name, value in fields.items()})
    except (ValueError, KeyError):
        return None


def forget(client: redis.Redis, namespace: str) -> int:
    """Delete all keys of a namespace, the replay's own first, so that a player is displaced. Returns how many."""
    if not namespace:
        raise ValueError("the live namespace is not a replay's")
    removed = client.delete(Keys(namespace).replay)
    names = cast("Iterable[bytes]", client.scan_iter(match=f"{Keys(namespace).prefix}*", count=_PAGE))
    page: list[bytes] = []
    for name in names:
        page.append(name)
        if len(page) >= _PAGE:
            removed += client.unlink(*page)
            page.clear()
    return removed + (client.unlink(*page) if page else 0)
