"""The bus side of the ingestor: its consumer group, dead letters, trimming, counters and health.

One promise runs through it: an entry leaves the pending list only when its tick is committed, when its dead letter is
written, or when the stream no longer has it, which is counted.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple, cast

import redis

from thor.history.link import Link, command
from thor.history.tick import Refused, id_ms
from thor.quotes.bus import DeadLetter
from thor.quotes.keys import Keys
from thor.quotes.quote import SOURCES

#: An entry idle for longer belongs to a worker that is gone, and is claimed.
CLAIM_IDLE_MS: Final = 30_000
CLAIM_COUNT: Final = 1000
#: A worker reports each second; after this long without a report it is gone.
HEALTH_TTL_SECONDS: Final = 60
#: One round of trimming takes at most so many entries, so that the server is not busy with it for long.
_TRIM_LIMIT: Final = 100_000

# Write the letter and acknowledge its entry in one step, once: of two workers that hold the same entry (one was paused,
# the other claimed it) only the first finds it pending. The server keeps the two effects together as MULTI/EXEC.
_BURY: Final = """
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1) == 0 then return 0 end
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 3))
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
return 1
"""

# What the stream lost before anyone read it: entries ever added, less those still there, less those read. The mark
# keeps one loss from being counted at each look until the next read moves the group on.
_COUNT_LOSS: Final = """
local lost, mark = tonumber(ARGV[1]), ARGV[2]
local seen = redis.call('HMGET', KEYS[1], 'mark', 'at_mark')
local before = seen[1] == mark and tonumber(seen[2]) or 0
if lost <= before then return 0 end
redis.call('HSET', KEYS[1], 'mark', mark, 'at_mark', lost)
redis.call('HINCRBY', KEYS[1], 'lost_to_trim', lost - before)
return lost - before
"""


@dataclass(frozen=True, slots=True)
class IngestHealth:
    """One worker's report. Counts since its start; ``rate`` in ticks a second over the last ten seconds; ``lag_ms``
    from the stream's time of the last batch's first row to its commit; ``kernel``: compiled, slow or failed."""

    consumer: str
    host: str
    pid: int
    since_us: int
    at_us: int
    kernel: str
    rate: float
    lag_ms: int
    read: int
    stored: int
    duplicates: int
    conflicts: int
    dead: int
    blocked: int
    lost: int
    batches: int
    last_tick_us: int

    def to_fields(self) -> dict[str, str]:
        """As hash fields on the bus."""
        return {name: str(value) for name, value in asdict(self).items()}

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> IngestHealth:
        """The inverse of :meth:`to_fields`. Raises KeyError or ValueError for a foreign hash."""
        texts = {name: fields[name] for name in ("consumer", "host", "kernel")}
        numbers = {name: int(fields[name]) for name in cls.__slots__ if name not in texts and name != "rate"}
        return cls(**texts, **numbers, rate=float(fields["rate"]))  # type: ignore[arg-type]


class Lag(NamedTuple):
    """What is not stored yet. ``unread``: entries nobody was given; ``pending``: given but not acknowledged;
    ``oldest_id``: the first of either, empty when there is none."""

    unread: int
    pending: int
    oldest_id: str

    @property
    def entries(self) -> int:
        return self.unread + self.pending


class IngestGroup:
    """The consumer group of one namespace, through a redis-py client that is not shared between threads."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self.keys = keys
        self._redis = client
        self._bury = client.register_script(_BURY)
        self._count_loss = client.register_script(_COUNT_LOSS)

    def ensure(self) -> bool:
        """Create the group where it is missing, from the stream's first entry: what came before it is stored as well.

        Entries that were trimmed before are counted as read, else they would look like a loss. True when it was made.
        """
        try:
            self._redis.xgroup_create(
                self.keys.unified, self.keys.group, id="0", mkstream=True, entries_read=self._trimmed()
            )
        except redis.ResponseError as error:
            if "BUSYGROUP" in str(error):
                return False
            raise
        return True

    def _trimmed(self) -> int:
        if not self._redis.exists(self.keys.unified):
            return 0
        stream = self._stream()
        return int(stream["entries-added"]) - int(stream["length"])

    def _stream(self) -> dict[str, Any]:
        return _texts(self._redis.xinfo_stream(self.keys.unified))

    def _group(self) -> dict[str, Any] | None:
        if not self._redis.exists(self.keys.unified):
            return None
        groups = [_texts(group) for group in cast("list[Any]", self._redis.xinfo_groups(self.keys.unified))]
        return next((group for group in groups if _text(group["name"]) == self.keys.group), None)

    def claim(self, link: Link, consumer: str) -> tuple[str, int]:
        """Take over entries whose worker is gone; they are then pending for ``consumer``.

        Returns (the highest id taken, empty when none; how many were no longer in the stream).
        """
        highest, deleted, cursor = "", 0, "0-0"
        while True:
            link.send(
                command(
                    "XAUTOCLAIM", self.keys.unified, self.keys.group, consumer, CLAIM_IDLE_MS, cursor,
                    "COUNT", CLAIM_COUNT, "JUSTID",
                )
            )  # fmt: skip
            reply = cast("list[Any]", link.reply())
            cursor, ids = _text(reply[0]), reply[1]
            deleted += len(reply[2])
            highest = _text(ids[-1]) if ids else highest
            if cursor == "0-0":
                return highest, deleted

    def bury(self, refused: Refused, stage: str, at_us: int) -> bool:
        """Write a dead letter and acknowledge its entry, together. False when another worker did. Raises ResponseError
        (out of memory): then neither happened, and the entry stays pending."""
        letter = DeadLetter(refused.event, refused.reason, stage, refused.stream_id, at_us).fields()
        words = [word for pair in letter.items() for word in pair]
        done = self._bury(keys=[self.keys.unified, self.keys.dead], args=[self.keys.group, refused.stream_id, *words])
        return bool(done)

    def event_of(self, stream_id: str) -> bytes:
        """The payload of an entry; empty when the stream no longer has it."""
        found = cast("list[Any]", self._redis.xrange(self.keys.unified, stream_id, stream_id))
        return cast(bytes, found[0][1].get(b"e", b"")) if found and found[0][1] else b""

    def lag(self) -> Lag:
        """What the group has not stored yet: the whole stream when there is no group."""
        group = self._group()
        if group is None:
            first = cast("list[Any]", self._redis.xrange(self.keys.unified, count=1))
            return Lag(int(self._redis.xlen(self.keys.unified)), 0, _text(first[0][0]) if first else "")
        last = _text(group["last-delivered-id"])
        unread = self._redis.xrange(self.keys.unified, f"({last}", "+", count=1)
        oldest = [_text(entry[0]) for entry in cast("list[Any]", unread)]
        pending = self._redis.xpending(self.keys.unified, self.keys.group)
        if pending["min"] is not None:
            oldest.append(_text(pending["min"]))
        count = group.get("lag")
        if count is None:  # entries in the middle were deleted: the server no longer knows, so count
            count = len(cast("list[Any]", self._redis.xrange(self.keys.unified, f"({last}", "+", count=100_000)))
        return Lag(int(count), int(pending["pending"]), min(oldest, key=id_key, default=""))

    def count_loss(self) -> int:
        """Count what was trimmed away before it was read. Returns the newly found."""
        group = self._group()
        if group is None or group.get("entries-read") is None:
            return 0
        stream = self._stream()
        read = int(group["entries-read"])
        lost = int(stream["entries-added"]) - int(stream["length"]) - read
        if lost <= 0:
            return 0
        return int(self._count_loss(keys=[self.keys.ingest_losses], args=[lost, read]))

    def count_deleted(self, count: int) -> None:
        """Count entries that were deleted after they had been handed out and before they were stored."""
        if count:
            self._redis.hincrby(self.keys.ingest_losses, "lost_pending", count)

    def losses(self) -> int:
        """How many entries were ever lost before they were stored."""
        fields = cast("dict[bytes, bytes]", self._redis.hgetall(self.keys.ingest_losses))
        return int(fields.get(b"lost_to_trim", 0)) + int(fields.get(b"lost_pending", 0))

    def trim(self, retention_ms: int) -> int:
        """Forget what is older than the retention, in the unified stream nothing that a group has not acknowledged.

        Returns how many entries went. Whole nodes of the stream go at a time, so that a few older ones may stay.
        """
        seconds, micro = self._redis.time()
        horizon = f"{int(seconds) * 1000 + int(micro) // 1000 - retention_ms}-0"
        gone = sum(self._trim(self.keys.source_stream(source), horizon) for source in sorted(SOURCES))
        unacknowledged = self._lowest_unacknowledged()
        if unacknowledged is not None:
            gone += self._trim(self.keys.unified, min(horizon, unacknowledged, key=id_key))
        return gone

    def _trim(self, stream: str, minimum_id: str) -> int:
        return int(self._redis.xtrim(stream, minid=minimum_id, approximate=True, limit=_TRIM_LIMIT))

    def _lowest_unacknowledged(self) -> str | None:
        """The id below which every group has acknowledged all; None when no group reads the stream."""
        if not self._redis.exists(self.keys.unified):
            return None
        lowest = []
        for raw in cast("list[Any]", self._redis.xinfo_groups(self.keys.unified)):
            group = _texts(raw)
            pending = self._redis.xpending(self.keys.unified, _text(group["name"]))
            lowest.append(_text(pending["min"] if pending["min"] is not None else group["last-delivered-id"]))
        return min(lowest, key=id_key) if lowest else None

    def report(self, health: IngestHealth) -> None:
        """Say how a worker is."""
        key = self.keys.ingest(health.consumer)
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(key, mapping=health.to_fields())  # type: ignore[arg-type]
        pipe.expire(key, HEALTH_TTL_SECONDS)
        pipe.execute()

    def reports(self) -> list[IngestHealth]:
        """How each living worker is, by consumer name."""
        names = sorted(cast("Iterable[bytes]", self._redis.scan_iter(match=self.keys.ingest("*"), count=1000)))
        pipe = self._redis.pipeline(transaction=False)
        for name in names:
            pipe.hgetall(name)
        fields = [{_text(k): _text(v) for k, v in each.items()} for each in pipe.execute() if each]
        return [IngestHealth.from_fields(each) for each in fields]

    def dead(self) -> int:
        """How many dead letters there are."""
        return int(self._redis.xlen(self.keys.dead))

    def now_ms(self) -> int:
        """The server's clock, by which stream ids are made."""
        seconds, micro = self._redis.time()
        return int(seconds) * 1000 + int(micro) // 1000


def default_consumer() -> str:
    """The same name after a restart, so that a worker finds its own pending entries at once."""
    return f"{socket.gethostname()}-1"


def age_seconds(stream_id: str, now_ms: int) -> float:
    """How old an entry is by the server's clock; 0 for no entry."""
    return max(0.0, (now_ms - id_ms(stream_id)) / 1000) if stream_id else 0.0


def id_key(stream_id: str) -> tuple[int, int]:
    """A stream id as numbers, which compare as the ids do."""
    ms, _, number = stream_id.partition("-")
    return int(ms), int(number or 0)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _texts(mapping: Any) -> dict[str, Any]:
    return {_text(name): value for name, value in mapping.items()}
