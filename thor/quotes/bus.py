"""The quote bus: one atomic publish, and what everyone reads. The port and its Redis/Valkey side.

``thor/quotes/fakes.py`` holds the in-memory twin; both pass the same contract tests.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Final, NamedTuple, Protocol, cast

import redis

from thor.quotes.health import SourceHealth
from thor.quotes.keys import Keys
from thor.quotes.quote import Quote, encode, format_ts
from thor.runtime.bus import TIMEOUT_SECONDS, BusUnavailableError, connect, load_functions, server_problems
from thor.runtime.lease import Lease, ValkeyLeases

SERIES_LENGTH: Final = 300
SERIES_STEP_MS: Final = 1000
#: A collector reports each second; after this long without a report it is gone.
HEALTH_TTL_SECONDS: Final = 60
#: A collector that was not heard for so long no longer leads its source. It renews each second.
LEASE_SECONDS: Final = 3.0
#: One dead letter keeps at most this much of a refused event.
MAX_DEAD_EVENT_BYTES: Final = 64 * 1024


class Outgoing(NamedTuple):
    """One event ready to publish: ``payload`` is its canonical JSON, the rest what the merge needs of it."""

    symbol: str
    ts_us: int
    seq: int | None
    payload: bytes


class Published(NamedTuple):
    """``won``: events that went to the unified stream. ``late``: events that went to the source's stream only."""

    won: int
    late: int


class DeadLetter(NamedTuple):
    """An event nobody will store: what it was, why, and who said so. ``at_us``: epoch microseconds."""

    event: bytes
    reason: str
    stage: str
    source_id: str
    at_us: int

    def fields(self) -> dict[str, bytes | str]:
        """The stream entry of SPEC 3."""
        return {
            "event": self.event[:MAX_DEAD_EVENT_BYTES],
            "reason": self.reason,
            "stage": self.stage,
            "source_id": self.source_id,
            "at": format_ts(self.at_us),
        }


class Losses(NamedTuple):
    """Quotes of a source that no one will see, to be counted on the bus. ``report``: a name of its own, so that telling
    it twice counts once; ``dropped``: by symbol, beyond the spool; ``superseded``: another collector led by then."""

    report: str
    dropped: Mapping[str, int]
    superseded: int

    def fields(self, source: str) -> dict[str, int]:
        """As counters: ``<source>`` is all that was dropped."""
        by_symbol = {f"{source}:{symbol}": count for symbol, count in self.dropped.items()}
        totals = {source: sum(self.dropped.values()), f"{source}:superseded": self.superseded}
        return {name: count for name, count in (totals | by_symbol).items() if count}


class FencedError(Exception):
    """Another collector took the source's lease since: nothing was published, and nothing more will be."""


class QuoteBus(Protocol):
    """What collectors and readers ask of the bus."""

    def publish(self, source: str, events: Sequence[Outgoing], *, fence: int | None = None) -> Published:
        """Publish a batch of one source: source stream, merge, unified stream, latest and series, all or nothing.

        ``fence`` is the fencing number of the source's lease; raises :class:`FencedError` when it is not the newest.
        Without one (tools, tests) nobody is refused."""
        ...

    def lease(self, source: str, owner: str) -> Lease:
        """An owner's claim to lead a source."""
        ...

    def count_losses(self, source: str, losses: Losses) -> None:
        """Add to the durable counters of what was lost; the same report again changes nothing."""
        ...

    def next_seq(self, source: str, symbols: Iterable[str]) -> dict[str, int]:
        """The first free ``seq`` of each symbol: above all that the bus has seen of the source, over any restart."""
        ...

    def latest(self, symbols: Sequence[str]) -> dict[str, dict[str, str]]:
        """The latest quote's fields as text; symbols without one are absent."""
        ...

    def series(self, symbols: Sequence[str]) -> dict[str, list[tuple[int, str]]]:
        """Sparkline points (epoch milliseconds, last as text), oldest first."""
        ...

    def set_instruments(self, facts: Mapping[str, Mapping[str, object]], preferred: Mapping[str, str]) -> None:
        """Tell collectors which symbols exist, and the merge which source each prefers."""
        ...

    def known_symbols(self) -> frozenset[str]:
        """The symbols of :meth:`set_instruments`."""
        ...

    def dead_letter(self, letter: DeadLetter) -> None:
        """Keep a refused event for a person."""
        ...

    def report_health(self, health: SourceHealth) -> None:
        """Say how a source's collector is."""
        ...

    def health(self) -> list[SourceHealth]:
        """How each source's collector is, by source; silent ones are absent."""
        ...

    def close(self) -> None: ...


def outgoing(quote: Quote) -> Outgoing:
    """A quote ready to publish."""
    return Outgoing(quote.symbol, quote.ts_us, quote.seq, encode(quote))


def first_seq(seen: int | None, now_us: int) -> int:
    """The first free ``seq`` after ``seen``. The clock is the floor, so that a bus that lost its memory (FLUSHALL, a
    new server) does not start again below what the tick store holds."""
    return max(now_us, 0 if seen is None else seen + 1)


# ARGV: the field that remembers the newest report, the report's name, then counter and increment in turn.
_COUNT_ONCE: Final = """
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
for i = 3, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 1
"""


@cache
def library() -> str:
    """The functions that the server must have, as source."""
    return resources.files("thor.quotes").joinpath("merge.lua").read_text(encoding="utf-8")


class ValkeyQuoteBus:
    """The bus on a Redis or Valkey server.

    Raises :class:`BusUnavailableError` at construction when the server is away or breaks a rule of SPEC 3, and from
    every call while it is away. A publish that raised may have happened: repeating it is harmless, because the merge
    and the tick store know an event by its ``seq``. ``timeout_seconds``: the longest wait for an answer.
    """

    def __init__(self, url: str, namespace: str = "", timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.keys = Keys(namespace)
        self._redis = connect(url, timeout_seconds)
        self._count_once = self._redis.register_script(_COUNT_ONCE)
        if problems := server_problems(self._redis):
            self._redis.close()
            raise BusUnavailableError("; ".join(problems))
        self._load()

    def _load(self) -> None:
        try:
            load_functions(self._redis, library())
        except redis.ResponseError as error:
            raise BusUnavailableError(f"the server cannot load Thor's publish function: {error}") from error

    def publish(
        self, source: str, events: Sequence[Outgoing], *, fence: int | None = None, now_us: int | None = None
    ) -> Published:
        if not events:
            return Published(0, 0)
        args: list[str | bytes | int] = [
            source, "" if now_us is None else now_us, "" if fence is None else fence, len(events),
        ]  # fmt: skip
        for symbol, ts_us, seq, payload in events:
            args += (symbol, ts_us, "" if seq is None else seq, payload)
        won, late = cast("list[int]", self._call_publish(args))
        return Published(won, late)

    def _call_publish(self, args: Sequence[str | bytes | int]) -> object:
        try:
            return self._redis.fcall("thor_publish", 1, self.keys.prefix, *args)
        except redis.ResponseError as error:
            if str(error).startswith("FENCED"):
                raise FencedError(str(error)) from None
            if "Function not found" not in str(error):
                raise
        self._load()  # a server that was emptied or replaced has forgotten it
        return self._call_publish(args)

    def lease(self, source: str, owner: str) -> Lease:
        return Lease(ValkeyLeases(self._redis), self.keys.lease(source), owner, LEASE_SECONDS)

    def count_losses(self, source: str, losses: Losses) -> None:
        counters = [str(part) for pair in losses.fields(source).items() for part in pair]
        self._count_once(keys=[self.keys.collect_losses], args=[f"{source}:report", losses.report, *counters])

    def next_seq(self, source: str, symbols: Iterable[str]) -> dict[str, int]:
        names = list(symbols)
        pipe = self._redis.pipeline(transaction=False)
        for name in names:
            pipe.hget(self.keys.merge(name), f"seq:{source}")
        now_us = time.time_ns() // 1000
        return {
            name: first_seq(None if seen is None else int(seen), now_us)
            for name, seen in zip(names, pipe.execute(), strict=True)
        }

    def latest(self, symbols: Sequence[str]) -> dict[str, dict[str, str]]:
        pipe = self._redis.pipeline(transaction=False)
        for symbol in symbols:
            pipe.hgetall(self.keys.latest(symbol))
        return {
            symbol: {name.decode(): value.decode() for name, value in fields.items()}
            for symbol, fields in zip(symbols, pipe.execute(), strict=True)
            if fields
        }

    def series(self, symbols: Sequence[str]) -> dict[str, list[tuple[int, str]]]:
        pipe = self._redis.pipeline(transaction=False)
        for symbol in symbols:
            pipe.lrange(self.keys.series(symbol), 0, -1)
        return {symbol: [_point(raw) for raw in points] for symbol, points in zip(symbols, pipe.execute(), strict=True)}

    def set_instruments(self, facts: Mapping[str, Mapping[str, object]], preferred: Mapping[str, str]) -> None:
        pipe = self._redis.pipeline(transaction=True)
        pipe.delete(self.keys.instruments, self.keys.preferred)
        if facts:
            pipe.hset(self.keys.instruments, items=_flat({s: json.dumps(fact) for s, fact in facts.items()}))
        if preferred:
            pipe.hset(self.keys.preferred, items=_flat(preferred))
        pipe.execute()

    def known_symbols(self) -> frozenset[str]:
        names = cast("list[bytes]", self._redis.hkeys(self.keys.instruments))
        return frozenset(name.decode() for name in names)

    def dead_letter(self, letter: DeadLetter) -> None:
        self._redis.xadd(self.keys.dead, letter.fields())  # type: ignore[arg-type]

    def report_health(self, health: SourceHealth) -> None:
        key = self.keys.health(health.source)
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(key, items=_flat(health.to_fields()))
        pipe.expire(key, HEALTH_TTL_SECONDS)
        pipe.execute()

    def health(self) -> list[SourceHealth]:
        names = sorted(cast("Iterable[bytes]", self._redis.scan_iter(match=self.keys.health("*"), count=1000)))
        pipe = self._redis.pipeline(transaction=False)
        for name in names:
            pipe.hgetall(name)
        return [
            SourceHealth.from_fields({name.decode(): value.decode() for name, value in fields.items()})
            for fields in pipe.execute()
            if fields
        ]

    def close(self) -> None:
        self._redis.close()


def _flat(fields: Mapping[str, str]) -> list[str]:
    return [part for pair in fields.items() for part in pair]


def _point(raw: bytes) -> tuple[int, str]:
    ms, _, last = raw.decode().partition(",")
    return int(ms), last
