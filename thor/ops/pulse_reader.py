"""Reads the stack's pulse from the bus. Imported once the stack runs, which is up sooner without Redis' client."""

from __future__ import annotations

from typing import Any

import redis

from thor.desk.health import DeskHealth
from thor.ops.pulse import Pulse
from thor.quotes.bus import HEALTH_TTL_SECONDS
from thor.quotes.health import SourceHealth
from thor.quotes.keys import Keys
from thor.runtime.bus import BusUnavailableError, connect

TIMEOUT_SECONDS = 0.5
#: A collector reports each second; one that has not for so long does not work.
FRESH_SECONDS = 10.0


class PulseReader:
    """Reads the bus of one Thor; a bus that is away costs half a second."""

    def __init__(self, redis_url: str, namespace: str) -> None:
        self._url, self._keys = redis_url, Keys(namespace)
        self._client: redis.Redis | None = None

    def read(self) -> Pulse | None:
        """None while the bus is away."""
        try:
            self._client = self._client or connect(self._url, TIMEOUT_SECONDS)
            return self._read(self._client)
        except (redis.RedisError, OSError, BusUnavailableError):
            self.close()
            return None

    def close(self) -> None:
        """Let go of the connection."""
        if self._client is not None:
            self._client.close()
        self._client = None

    def _read(self, client: redis.Redis) -> Pulse:
        desk = DeskHealth.from_fields(_texts(client.hgetall(self._keys.desk_health)))
        reports = [_texts(client.hgetall(name)) for name in self._names(client, "health") if _is_fresh(client, name)]
        lags = [_texts(client.hgetall(name)).get("lag_ms", "") for name in self._names(client, "ingest")]
        return Pulse(
            desk,
            tuple(SourceHealth.from_fields(each) for each in reports if each),
            max((int(lag) for lag in lags if lag), default=None),
        )

    def _names(self, client: redis.Redis, kind: str) -> list[bytes]:
        pattern = self._keys.health("*") if kind == "health" else self._keys.ingest("*")
        return list(client.scan_iter(match=pattern, count=1000))


def _is_fresh(client: redis.Redis, name: bytes) -> bool:
    """Reported just now: its time to live has hardly begun to run."""
    left_ms: Any = client.pttl(name)
    return bool(left_ms > (HEALTH_TTL_SECONDS - FRESH_SECONDS) * 1000)


def _texts(fields: Any) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in fields.items()}
