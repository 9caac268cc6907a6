"""A desk on the real servers, over two made markets, in the time of a recording that the test plays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import redis

from tests.desk_support import BEGIN_US, decoded, payload, save_calendars
from thor.desk.worker import DeskWorker
from thor.quotes.keys import Keys
from thor.runtime.clock import Clock


@dataclass
class DeskBench:
    """What a test of the desk works with."""

    redis_url: str
    namespace: str
    client: redis.Redis
    seq: int = 0

    @property
    def keys(self) -> Keys:
        return Keys(self.namespace)

    def worker(self, clock: Clock | None = None) -> DeskWorker:
        return DeskWorker(self.redis_url, self.namespace, clock=clock)

    def record(self, from_us: int = BEGIN_US) -> None:
        """A recording begins: from here on the desk's time is what :meth:`play` says."""
        self.client.hset(self.keys.replay, mapping={"from_us": from_us, "watermark_us": from_us - 1, "last_id": "0-0"})

    def play(self, until_us: int, *quotes: tuple[str, int]) -> list[str]:
        """Put quotes (symbol, ts) on the stream and say that everything up to ``until_us`` is there. Their ids."""
        ids = []
        for symbol, ts_us in quotes:
            self.seq += 1
            fields = {b"s": symbol.encode(), b"e": payload(symbol, ts_us, self.seq)}
            ids.append(self.client.xadd(self.keys.unified, fields).decode())
        mapping: dict[str, str | int] = {"watermark_us": until_us}
        if ids:
            mapping["last_id"] = ids[-1]
        self.client.hset(self.keys.replay, mapping=mapping)
        return ids

    def events(self) -> list[tuple[str, dict[str, object]]]:
        """What was told on ``thor:events``."""
        return [decoded(fields) for _, fields in self.client.xrange(self.keys.events)]


@pytest.fixture
def desk_bench(transactional_db: None, valkey_url: str, fresh_namespace: str) -> Iterator[DeskBench]:
    save_calendars(50)
    client = redis.Redis.from_url(valkey_url)
    yield DeskBench(valkey_url, fresh_namespace, client)
    client.close()


class Crash(BaseException):
    """Like kill -9: nothing catches it, nothing is tidied up."""


def crash_at(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, call: int, *, after: bool) -> None:
    original: Callable[..., Any] = getattr(owner, method)
    calls = 0

    def crashing(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call and not after:
            raise Crash
        done = original(*args, **kwargs)
        if calls == call:
            raise Crash
        return done

    monkeypatch.setattr(owner, method, crashing)
