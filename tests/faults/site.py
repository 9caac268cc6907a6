"""A database schema and a namespace of their own on servers that run, with an ingestor in this process."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import psycopg
import redis

from tests.faults.checker import Snapshot, Verdict, judge
from tests.faults.draft import Entry
from thor.history.queries import query
from thor.history.worker import Ingestor, Settings
from thor.instruments.instrument import INSTRUMENTS
from thor.quotes.keys import Keys

#: Longer than any test: a worker must not take over what it has just read itself.
CLAIM_IDLE_MS = 60_000
HOUR_MS = 3_600_000
GROUPS = {facts.symbol: facts.group for facts in INSTRUMENTS}


@dataclass
class Site:
    """What was sent is remembered, so that it can be judged. ``database_url`` may be changed to that of a proxy."""

    database_url: str
    redis_url: str
    namespace: str
    client: redis.Redis
    database: psycopg.Connection[tuple[Any, ...]]
    sent: list[Entry] = field(default_factory=list)
    ids: list[bytes | None] = field(default_factory=list)

    @property
    def keys(self) -> Keys:
        return Keys(self.namespace)

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self.database_url, options=f"-c search_path={self.namespace}", connect_timeout=3)

    def ingestor(self, consumer: str = "one", batch_size: int = 500, claim_idle_ms: int = CLAIM_IDLE_MS) -> Ingestor:
        settings = Settings(self.redis_url, self.namespace, consumer, batch_size, 3_600_000, 5, claim_idle_ms)
        return Ingestor(settings, self.connect, lambda: dict(GROUPS))

    def send(self, entries: Sequence[Entry]) -> None:
        pipe = self.client.pipeline(transaction=False)
        for entry in entries:
            pipe.xadd(self.keys.unified, dict(entry.fields))
        self.ids += pipe.execute()
        self.sent += entries

    def time_passes(self) -> None:
        """Whatever is pending has been so for an hour: whoever comes now takes it over."""
        found = self.client.xpending_range(self.keys.unified, self.keys.group, "-", "+", 10_000)
        for each in cast("list[dict[str, bytes]]", found):
            names = (self.keys.unified, self.keys.group, each["consumer"])
            self.client.xclaim(*names, 0, [each["message_id"]], idle=HOUR_MS, justid=True)

    def store_all(self) -> Ingestor:
        """By a worker that was never heard of before, much later."""
        if self.pending():
            self.time_passes()
        worker = self.ingestor(f"last-{uuid.uuid4().hex[:6]}")
        worker.run_until_idle()
        return worker

    def pending(self) -> int:
        """Batches that were handed out and not settled."""
        try:
            return int(self.client.xpending(self.keys.unified, self.keys.group)["pending"])
        except redis.ResponseError:  # no group yet
            return 0

    def count(self, table: str = "ticks") -> int:
        row = self.database.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert row is not None
        return int(row[0])

    def stream_ids(self) -> list[bytes]:
        found = cast("list[tuple[bytes, object]]", self.client.xrange(self.keys.unified))
        return [name for name, _ in found]

    def letters(self) -> list[dict[bytes, bytes]]:
        found = cast("list[tuple[bytes, dict[bytes, bytes]]]", self.client.xrange(self.keys.dead))
        return [fields for _, fields in found]

    def judge(self) -> Verdict:
        """What is wrong; entries that are still pending count as well."""
        verdict = judge(self.sent, self.ids, [Snapshot.of(self.client, self.keys.prefix)], self.database)
        if pending := self.pending():
            verdict.blame("pending", f"{pending} batches are not settled", pending)
        return verdict


@contextlib.contextmanager
def site(database_url: str, redis_url: str) -> Iterator[Site]:
    """A fresh one, gone afterwards."""
    namespace = f"f{uuid.uuid4().hex[:12]}"
    client = redis.Redis.from_url(redis_url)
    database = psycopg.connect(database_url, autocommit=True, options=f"-c search_path={namespace}")
    database.execute(f"CREATE SCHEMA {namespace}")
    try:
        database.execute(query("create_ticks"))
        yield Site(database_url, redis_url, namespace, client, database)
    finally:
        database.execute(f"DROP SCHEMA {namespace} CASCADE")
        database.close()
        for name in client.scan_iter(match=f"{namespace}:*"):
            client.delete(name)
        client.close()


def now_us() -> int:
    return time.time_ns() // 1000
