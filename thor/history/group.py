"""The bus side of the ingestor: its consumer group, dead letters, trimming, counters and health.

One promise runs through it: a lease is settled only when its ticks are committed; in the same step its dead letters are
written, and what the stream no longer had of it is counted.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple, cast

import redis

from thor.history.lease import Lease, Letter, id_key
from thor.history.link import command
from thor.history.tick import id_ms
from thor.history.watch import Watch
from thor.quotes.bus import DeadLetter
from thor.quotes.keys import Keys
from thor.quotes.quote import SOURCES
from thor.runtime.bus import load_functions

#: A lease idle for longer belongs to a worker that is gone, and is claimed.
CLAIM_IDLE_MS: Final = 30_000
CLAIM_COUNT: Final = 100
#: A worker reports each second; its report is forgotten so long after the last one.
HEALTH_TTL_SECONDS: Final = 60
#: A worker that has not reported for so long is taken for dead: its leases are claimed at once. Wrong only for a worker
#: that is paused or hangs, and then harmless: a lease is settled once.
SILENT_MS: Final = 5_000
#: One round of trimming takes at most so many entries, so that the server is not busy with it for long.
_TRIM_LIMIT: Final = 100_000

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


class Held(NamedTuple):
    """Leases that were taken up again, and how many pending entries were no longer in the stream at all."""

    leases: list[Lease]
    lost: int


class _Mark(NamedTuple):
    """An entry of the group's pending list."""

    id: str
    holder: str
    deliveries: int


class LeasedReads:
    """The raw requests of one consumer's reads (``leases.lua`` says what they do)."""

    def __init__(self, keys: Keys, names: Sequence[str], consumer: str) -> None:
        self._stream = keys.unified
        self._begin = command("FCALL", "thor_lease_begin", len(names), *names, keys.group)
        self._read = ("XREADGROUP", "GROUP", keys.group, consumer, "NOACK", "COUNT")
        self._end = command("FCALL", "thor_lease_end", len(names), *names, keys.group, consumer)

    def take(self, most: int) -> bytes:
        """Read at most so many entries and lease them, as one transaction; a parser of ``batch`` reads the reply."""
        read = command(*self._read, most, "STREAMS", self._stream, ">")
        return command("MULTI") + self._begin + read + self._end + command("EXEC")

    def wait(self, after: str, block_ms: int) -> bytes:
        """Wait for an entry above the id ``after``; the reply is None when none came in time."""
        return command("XREAD", "COUNT", 1, "BLOCK", block_ms, "STREAMS", self._stream, after)


class IngestGroup:
    """The consumer group of one namespace, through a redis-py client that is not shared between threads."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self.keys = keys
        self._redis = client
        self._count_loss = client.register_script(_COUNT_LOSS)
        self._leases_watch, self._reports_watch = Watch(), Watch()
        self._names = (keys.unified, keys.leases, keys.leased_up_to, keys.ingest_losses, keys.dead)

    def ensure(self) -> bool:
        """Load the functions; create the group where it is missing, from the stream's first entry: what came before it
        is stored as well. True when it was made.

        Entries that were trimmed before are counted as read, else they would look like a loss. A new group settles
        everything again, so the tallies begin again with it.
        """
        load_functions(self._redis, _library())
        if self._group() is not None:
            return False
        tallies = self._redis.scan_iter(match=self.keys.tallies, count=1000)
        return bool(self._call("thor_lease_create", self._trimmed(), *tallies))

    def _call(self, function: str, *args: str | bytes | int) -> Any:
        return self._redis.fcall(function, len(self._names), *self._names, self.keys.group, *args)

    def _trimmed(self) -> int:
        if not self._redis.exists(self.keys.unified):
            return 0
        stream = self._stream()
        return int(stream["entries-added"]) - int(stream["length"])

    def _stream(self) -> dict[str, Any]:
        return _texts(self._redis.xinfo_stream(self.keys.unified))

    def last_id(self) -> str:
        """The id of the stream's newest entry; 0-0 before the first."""
        return _text(self._stream()["last-generated-id"]) if self._redis.exists(self.keys.unified) else "0-0"

    def _group(self) -> dict[str, Any] | None:
        if not self._redis.exists(self.keys.unified):
            return None
        groups = [_texts(group) for group in cast("list[Any]", self._redis.xinfo_groups(self.keys.unified))]
        return next((group for group in groups if _text(group["name"]) == self.keys.group), None)

    # --- leases ---

    def mine(self, consumer: str) -> Held:
        """What was leased to ``consumer`` before, and not settled."""
        return _held(self._call("thor_lease_mine", consumer, CLAIM_COUNT))

    def claim(self, consumer: str, idle_ms: int) -> Held:
        """Take over leases whose worker is gone: idle for so long, or held by one that no longer reports.

        By the server's clock, and by our own: a server whose clock was set back takes every lease for fresh."""
        now = time.monotonic()
        marks = self._marks()
        silent = {name for name in {each.holder for each in marks} - {consumer} if self._is_silent(name, now)}
        stuck = [each.id for each in marks if self._leases_watch.still_seconds(each.id, each, now) * 1000 >= idle_ms]
        taken = {*stuck, *(each.id for each in marks if each.holder in silent)}
        self._leases_watch.keep({each.id for each in marks} - taken)
        return _held(self._call("thor_lease_claim", consumer, idle_ms, CLAIM_COUNT, *sorted(taken)))

    def _marks(self) -> list[_Mark]:
        found = self._redis.xpending_range(self.keys.unified, self.keys.group, "-", "+", CLAIM_COUNT)
        return [_mark(each) for each in cast("list[dict[str, Any]]", found)]

    def _is_silent(self, consumer: str, now: float) -> bool:
        # One that never reported is not ours to judge: its entries are claimed when they are idle.
        key = self.keys.ingest(consumer)
        reported = self._redis.hget(key, "at_us")
        if reported is None:
            return False
        left_ms = int(self._redis.pttl(key))
        by_server = left_ms < HEALTH_TTL_SECONDS * 1000 - SILENT_MS
        return by_server or self._reports_watch.still_seconds(consumer, reported, now) * 1000 >= SILENT_MS

    def settle(self, lease: Lease, at_us: int) -> bool:
        """Acknowledge a lease, write its letters, count its rows, in one step. False when another worker did it before.
        Raises redis.exceptions.OutOfMemoryError: then nothing happened, and the lease stays pending."""
        function = "thor_lease_bury" if lease.letters else "thor_lease_settle"
        return bool(self._call(function, *settlement(self.keys, lease, at_us)))

    def settle_request(self, lease: Lease) -> bytes:
        """The same for a lease without letters, as a raw request; its reply is 1 or 0."""
        words = settlement(self.keys, lease, 0)
        return command("FCALL", "thor_lease_settle", len(self._names), *self._names, self.keys.group, *words)

    def reads(self, consumer: str) -> LeasedReads:
        """The raw requests that read for ``consumer``."""
        return LeasedReads(self.keys, self._names, consumer)

    def entries_request(self, after: str, last: str, count: int) -> bytes:
        """A raw request for at most ``count`` entries from ``after`` (an id; ``(id`` leaves it out) to ``last``."""
        return command("XRANGE", self.keys.unified, after, last, "COUNT", count)

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
        return Lag(int(count), self._pending(int(pending["pending"])), min(oldest, key=id_key, default=""))

    def _pending(self, marks: int) -> int:
        """Entries that were handed out and are not settled: those of the leases, and pending ones that are no lease's
        mark."""
        leases = cast("list[bytes]", self._redis.hvals(self.keys.leases))
        return max(0, marks - len(leases)) + sum(int(each.split(b" ")[1]) for each in leases)

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


def settlement(keys: Keys, lease: Lease, at_us: int) -> list[str | bytes | int]:
    """The words of a settlement: mark, missing entries, tallies (key, field, count), letters."""
    tallies = [(keys.tally(date.fromisoformat(key.trade_date)), key.name, n) for key, n in lease.tally.items() if n]
    letters = [_letter_words(letter, at_us) for letter in lease.letters]
    words: list[str | bytes | int] = [lease.first, lease.missing, len(tallies)]
    for tally in tallies:
        words += tally
    words += (len(letters), len(letters[0]) if letters else 0)
    for letter in letters:
        words += letter
    return words


def _letter_words(letter: Letter, at_us: int) -> list[str | bytes]:
    refused, stage = letter
    fields = DeadLetter(refused.event, refused.reason, stage, refused.stream_id, at_us).fields()
    return [word for pair in fields.items() for word in pair]


def _held(reply: list[Any]) -> Held:
    lost, *words = reply
    leases = [Lease(_text(f), _text(last), int(n)) for f, last, n in zip(*[iter(words)] * 3, strict=True)]
    return Held(sorted(leases, key=lambda lease: id_key(lease.first)), int(lost))


@cache
def _library() -> str:
    return resources.files("thor.history").joinpath("leases.lua").read_text(encoding="utf-8")


def _mark(entry: dict[str, Any]) -> _Mark:
    return _Mark(_text(entry["message_id"]), _text(entry["consumer"]), entry["times_delivered"])


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _texts(mapping: Any) -> dict[str, Any]:
    return {_text(name): value for name, value in mapping.items()}
