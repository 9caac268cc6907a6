"""The in-memory twin of the quote bus: same contract, no server. It decides with the readable rule of ``merge.py``."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from thor.quotes.bus import (
    LEASE_SECONDS,
    SERIES_LENGTH,
    SERIES_STEP_MS,
    DeadLetter,
    FencedError,
    Losses,
    Outgoing,
    Published,
    first_seq,
)
from thor.quotes.health import SourceHealth
from thor.quotes.merge import MergeState, merge
from thor.quotes.quote import encode_json, format_ts, parse
from thor.runtime.clock import Clock, SystemClock
from thor.runtime.fakes import MemoryLeases
from thor.runtime.lease import Lease


class Entry(NamedTuple):
    """One entry of an in-memory stream."""

    id: str
    symbol: str
    payload: bytes


class MemoryQuoteBus:
    """A bus in one process. Streams are lists; nothing is trimmed."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self.streams: dict[str, list[Entry]] = defaultdict(list)
        self.unified: list[Entry] = []
        self.dead: list[DeadLetter] = []
        self.losses: Counter[str] = Counter()
        self._merge: dict[str, MergeState] = defaultdict(MergeState)
        self._top_seq: dict[tuple[str, str], int] = {}
        self._latest: dict[str, dict[str, str]] = {}
        self._series: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._known: frozenset[str] = frozenset()
        self._preferred: dict[str, str] = {}
        self._health: dict[str, SourceHealth] = {}
        self._leases = MemoryLeases(self._clock)
        self._newest_report: dict[str, str] = {}

    def publish(
        self, source: str, events: Sequence[Outgoing], *, fence: int | None = None, now_us: int | None = None
    ) -> Published:
        if fence is not None and fence < self._leases.number(source):
            raise FencedError(f"FENCED another collector leads {source}")
        now_us = self._clock.now_us() if now_us is None else now_us
        won = 0
        shown: dict[str, Entry] = {}
        for symbol, ts_us, seq, payload in events:
            stream = self.streams[source]
            stream.append(Entry(f"{now_us // 1000}-{len(stream)}", symbol, payload))
            if seq is not None:
                self._top_seq[source, symbol] = max(seq, self._top_seq.get((source, symbol), seq))
            verdict = merge(self._merge[symbol], source, ts_us, seq, now_us, self._preferred.get(symbol))
            self._merge[symbol] = verdict.state
            if verdict.wins:
                won += 1
                entry = Entry(f"{now_us // 1000}-{len(self.unified)}", symbol, payload)
                self.unified.append(entry)
                if verdict.shows:
                    shown[symbol] = entry
        for entry in shown.values():
            self._show(entry, source, now_us)
        return Published(won, len(events) - won)

    def _show(self, entry: Entry, source: str, now_us: int) -> None:
        record = parse(entry.payload)
        fields = {
            name: value if isinstance(value, str) else encode_json(value)
            for name, value in record.items()
            if value is not None
        }
        fields |= {"active_source": source, "updated_at": format_ts(now_us), "stream_id": entry.id}
        self._latest[entry.symbol] = fields
        points = self._series[entry.symbol]
        if "last" in fields and (not points or now_us // 1000 - points[-1][0] >= SERIES_STEP_MS):
            points.append((now_us // 1000, fields["last"]))
            del points[:-SERIES_LENGTH]

    def lease(self, source: str, owner: str) -> Lease:
        return Lease(self._leases, source, owner, LEASE_SECONDS, lambda: self._clock.now_us() / 1e6)

    def count_losses(self, source: str, losses: Losses) -> None:
        if self._newest_report.get(source) != losses.report:
            self._newest_report[source] = losses.report
            self.losses.update(losses.fields(source))

    def next_seq(self, source: str, symbols: Iterable[str]) -> dict[str, int]:
        now_us = self._clock.now_us()
        return {symbol: first_seq(self._top_seq.get((source, symbol)), now_us) for symbol in symbols}

    def latest(self, symbols: Sequence[str]) -> dict[str, dict[str, str]]:
        return {symbol: dict(self._latest[symbol]) for symbol in symbols if symbol in self._latest}

    def series(self, symbols: Sequence[str]) -> dict[str, list[tuple[int, str]]]:
        return {symbol: list(self._series.get(symbol, ())) for symbol in symbols}

    def set_instruments(self, facts: Mapping[str, Mapping[str, object]], preferred: Mapping[str, str]) -> None:
        self._known, self._preferred = frozenset(facts), dict(preferred)

    def known_symbols(self) -> frozenset[str]:
        return self._known

    def dead_letter(self, letter: DeadLetter) -> None:
        self.dead.append(letter)

    def report_health(self, health: SourceHealth) -> None:
        self._health[health.source] = health

    def health(self) -> list[SourceHealth]:
        return [self._health[source] for source in sorted(self._health)]

    def close(self) -> None:
        """Nothing to close; the streams stay readable."""
