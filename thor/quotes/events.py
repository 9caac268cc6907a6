"""Telling the world: entries of ``thor:events``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import redis

#: So many events are kept for those who resume.
EVENTS_KEPT: Final = 20_000


class DomainEvent(NamedTuple):
    """An entry of ``thor:events``: its type, what it says, and its symbol where it has one."""

    kind: str
    payload: Mapping[str, Any]
    symbol: str = ""


def publish(client: redis.Redis, key: str, events: Iterable[DomainEvent]) -> None:
    """Add events to the stream ``key``, in order. Raises redis.RedisError."""
    pipe = client.pipeline(transaction=False)
    for each in events:
        fields: dict[Any, Any] = {"t": each.kind, "e": json.dumps(each.payload, separators=(",", ":"))}
        if each.symbol:
            fields["s"] = each.symbol
        pipe.xadd(key, fields, maxlen=EVENTS_KEPT, approximate=True)
    pipe.execute()
