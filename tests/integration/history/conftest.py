"""A tick store of its own for each test: a fresh schema and a fresh namespace on the real servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
import redis

from thor.history.batch import entries_of
from thor.history.group import CLAIM_IDLE_MS, IngestGroup
from thor.history.link import Link
from thor.history.queries import query
from thor.history.worker import Ingestor, Settings
from thor.quotes.keys import Keys
from thor.quotes.quote import format_ts

GROUPS = {"ES": "cme_equity", "CL": "cme_metals_energy", "YM": "cme_equity"}


@dataclass
class Bench:
    """What a test of the ingestor works with."""

    database_url: str
    redis_url: str
    namespace: str
    client: redis.Redis
    database: psycopg.Connection[tuple[object, ...]]

    @property
    def keys(self) -> Keys:
        return Keys(self.namespace)

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection to the test's own schema."""
        return psycopg.connect(self.database_url, options=f"-c search_path={self.namespace}", connect_timeout=3)

    def ingestor(self, consumer: str = "one", batch_size: int = 500, claim_idle_ms: int = CLAIM_IDLE_MS) -> Ingestor:
        settings = Settings(self.redis_url, self.namespace, consumer, batch_size, 3_600_000, 20, claim_idle_ms)
        return Ingestor(settings, self.connect, lambda: dict(GROUPS))

    def store_all(self, consumer: str = "one", claim_idle_ms: int = CLAIM_IDLE_MS) -> Ingestor:
        worker = self.ingestor(consumer, claim_idle_ms=claim_idle_ms)
        worker.run_until_idle()
        return worker

    def now_us(self) -> int:
        seconds, micro = self.client.time()
        return int(seconds) * 1_000_000 + int(micro)

    def add(self, count: int, first: int = 0, **changes: object) -> list[bytes]:
        """``count`` good events with rising seq, straight to the unified stream; their ids."""
        now_us = self.now_us()
        pipe = self.client.pipeline(transaction=False)
        for n in range(first, first + count):
            event = {
                "symbol": "ES",
                "ts_us": now_us + n,
                "last": f"{5000 + n % 400}.{n % 4 * 25:02}",
                "seq": n,
            } | changes
            pipe.xadd(self.keys.unified, {"s": str(event["symbol"]), "e": self.event(**event)})
        return list(pipe.execute())

    def event(self, symbol: object, ts_us: object, last: object, seq: object) -> bytes:
        assert isinstance(ts_us, int)
        return (
            f'{{"v":1,"symbol":"{symbol}","ts":"{format_ts(ts_us)}","source":"MOCK","last":{last},"bid":null,"ask":null,'
            f'"lastSize":1,"bidSize":null,"askSize":null,"volume":null,"seq":{seq}}}'
        ).encode()

    def add_raw(self, event: bytes, symbol: str = "ES") -> bytes:
        found = self.client.xadd(self.keys.unified, {"s": symbol, "e": event})
        assert isinstance(found, bytes)
        return found

    def rows(self, columns: str = "count(*)", rest: str = "") -> list[tuple[object, ...]]:
        return self.database.execute(f"SELECT {columns} FROM ticks {rest}").fetchall()  # type: ignore[arg-type]

    def count(self) -> int:
        return int(str(self.rows()[0][0]))

    def pending(self) -> int:
        """Entries that were handed out and not settled; a lease is one mark on the group's list."""
        marks = int(self.client.xpending(self.keys.unified, self.keys.group)["pending"])
        leases = self.client.hvals(self.keys.leases)
        assert marks >= len(leases)
        return marks - len(leases) + sum(int(lease.split()[1]) for lease in leases)

    def tally(self) -> dict[str, int]:
        """What was acknowledged as rows, over all trade dates."""
        total: dict[str, int] = {}
        for key in self.client.scan_iter(match=self.keys.tallies):
            for name, value in self.client.hgetall(key).items():
                if name != b"since":
                    total[name.decode()] = total.get(name.decode(), 0) + int(value)
        return total

    def letters(self) -> list[dict[bytes, bytes]]:
        return [fields for _, fields in self.client.xrange(self.keys.dead)]

    def take(self, consumer: str, count: int) -> list[bytes]:
        """Lease entries to a consumer that will never store them: a worker that was killed after its read."""
        reads = IngestGroup(self.client, self.keys).reads(consumer)
        link = Link(self.redis_url)
        link.send(reads.take(count))
        reply = [link.reply() for _ in range(5)][-1]
        link.close()
        assert isinstance(reply, list)
        return [entry_id for entry_id, _ in entries_of(reply[1])]

    def take_singly(self, consumer: str, count: int) -> list[bytes]:
        """Hand out entries in the plain way, each pending for itself: a reader that is not Thor's."""
        reply = self.client.xreadgroup(self.keys.group, consumer, {self.keys.unified: ">"}, count=count)
        return [entry_id for entry_id, _ in reply[0][1]]


@pytest.fixture
def bench(database_url: str, valkey_url: str, fresh_namespace: str) -> Iterator[Bench]:
    client = redis.Redis.from_url(valkey_url)
    database = psycopg.connect(database_url, autocommit=True, options=f"-c search_path={fresh_namespace}")
    database.execute(f"CREATE SCHEMA {fresh_namespace}")  # type: ignore[arg-type]
    database.execute(query("create_ticks"))
    yield Bench(database_url, valkey_url, fresh_namespace, client, database)
    database.execute(f"DROP SCHEMA {fresh_namespace} CASCADE")  # type: ignore[arg-type]
    database.close()
    for name in client.scan_iter(match=f"{fresh_namespace}:*"):
        client.delete(name)
    client.close()
