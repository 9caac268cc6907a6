"""The worker that runs one provider: judge, number, publish, report. One per source."""

from __future__ import annotations

import os
import random
import socket
from collections import Counter, deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

import redis
import structlog

from thor.quotes.bus import DeadLetter, Outgoing, Published, QuoteBus
from thor.quotes.health import SourceHealth, SourceState
from thor.quotes.provider import Event, Provider, ProviderHealth, SourceLostError
from thor.quotes.quote import Quote, QuoteRefusedError, Reason, checked, encode, judge
from thor.runtime.backoff import backoff_seconds
from thor.runtime.clock import Clock
from thor.runtime.problem import Problem
from thor.runtime.worker import Worker

#: Events of one round trip: large enough that the server does the work, small enough that nobody else waits for it.
BATCH: Final = 500
#: Quotes kept while the bus is away; the oldest are dropped first, and counted.
SPOOL_LIMIT: Final = 100_000
REPORT_US: Final = 1_000_000
REFRESH_SYMBOLS_US: Final = 5_000_000
BUS_RETRY_US: Final = 500_000
#: Batches that one step publishes before it looks at the source again.
BATCHES_PER_STEP: Final = 20
MAX_LETTERS: Final = 10_000
#: The first wait for a lost source is between 1 s and this, the longest is the provider's.
FIRST_SOURCE_BACKOFF_SECONDS: Final = 2.0

#: What a bus call raises while the server is away, hung or short of memory.
BUS_ERRORS: Final = (redis.RedisError, Problem, OSError)

log = structlog.get_logger()


class Collector(Worker):
    """Runs one provider. ``step`` polls once and publishes what there is.

    While the bus is away events wait, numbered, in a bounded spool, so that publishing one twice is harmless; while the
    source is away the collector connects again with backoff. Neither loss leaves :meth:`step`. With
    ``stop_when_finished`` the loop ends after the last event of a provider that has one. ``on_step`` is called after
    each step, to show progress.
    """

    name = "collector"

    def __init__(
        self,
        provider: Provider,
        open_bus: Callable[[], QuoteBus],
        clock: Clock | None = None,
        *,
        spool_limit: int = SPOOL_LIMIT,
        stop_when_finished: bool = False,
        on_step: Callable[[Collector], None] | None = None,
    ) -> None:
        super().__init__()
        self.provider = provider
        self.idle_seconds = provider.poll_seconds
        self.published = Published(0, 0)
        self.refused: Counter[Reason] = Counter()
        self.unknown: set[str] = set()
        self.dropped = 0
        self.events = 0
        self.source_errors = 0
        self._open_bus = open_bus
        self._now: Clock = clock or self.clock
        self._spool_limit = spool_limit
        self._stop_when_finished = stop_when_finished
        self._on_step = on_step
        self._bus: QuoteBus | None = None
        self._spool: deque[Outgoing] = deque()
        self._letters: deque[DeadLetter] = deque(maxlen=MAX_LETTERS)
        self._next_seq: dict[str, int] = {}
        self._known: frozenset[str] = frozenset()
        self._refresh_at_us = 0
        self._bus_retry_at_us = 0
        self._bus_trouble = ""
        self._connected = False
        self._lost = ""
        self._failures = 0
        self._retry_at_us = 0
        self._state = SourceState.WAITING
        self._since_us = self._now.now_us()
        self._last_event_us: int | None = None
        self._reported_at_us = 0
        self._reported_events = 0
        self._rate = 0.0

    # --- the worker ---------------------------------------------------------------------------------------------------

    def setup(self) -> None:
        """Open the bus and learn the symbols. Raises Problem when the bus is away or knows no instruments."""
        self._bus = self._open_bus()
        self._refresh_symbols(self._bus, self._now.now_us())
        if not self._known:
            raise Problem("The bus knows no instruments: run `manage.py seed_instruments`.")

    def step(self) -> bool:
        now_us = self._now.now_us()
        events = self._poll(now_us)
        if events:
            self._take(events, self._now.now_us())
        self._flush(now_us)
        if self._on_step is not None:
            self._on_step(self)
        if self.finished and self._stop_when_finished:
            self._report(now_us, last=True)
            self.stop()
            return False
        self._report(now_us)
        return len(events) >= BATCH or bool(self._spool and not self._bus_trouble)

    def teardown(self) -> None:
        self.provider.close()
        self._connected = False
        if self._bus is not None:
            self._bus.close()
            self._bus = None

    @property
    def finished(self) -> bool:
        """The provider has given its last event and all of them are on the bus."""
        return self.provider.finished and not self._spool and not self._letters

    @property
    def spooled(self) -> int:
        """Events that wait for the bus."""
        return len(self._spool)

    # --- the source ---------------------------------------------------------------------------------------------------

    def _poll(self, now_us: int) -> Sequence[Event]:
        if self.provider.finished or now_us < self._retry_at_us:
            return ()
        try:
            if not self._connected:
                self.provider.connect()
                self._connected = True
            events = self.provider.poll()
        except SourceLostError as error:
            self._lose_source(str(error), now_us)
            return ()
        if self._lost:
            log.info("source is back", source=self.provider.source, provider=self.provider.name)
        self._lost, self._failures = "", 0
        return events

    def _lose_source(self, reason: str, now_us: int) -> None:
        self.provider.close()
        self._connected = False
        self.source_errors += 1
        self._failures += 1
        longest = self.provider.max_backoff_seconds
        wait = backoff_seconds(self._failures, FIRST_SOURCE_BACKOFF_SECONDS, longest, random.random)
        self._retry_at_us = now_us + round(wait * 1_000_000)
        if reason != self._lost:  # the same trouble again is in the health, not once more in the log
            log.warning("source lost", source=self.provider.source, provider=self.provider.name, reason=reason)
        self._lost = reason

    def _take(self, events: Sequence[Event], now_us: int) -> None:
        """Judge and number what the source gave, into the spool."""
        spool, known, next_seq = self._spool, self._known, self._next_seq
        trusted = self.provider.checks_itself
        for event in events:
            try:
                if isinstance(event, Quote):
                    accepted = judge(event if trusted else checked(event), now_us, known)
                    seq = next_seq[event.symbol]
                    payload = encode(accepted, seq)
                else:
                    if event.symbol not in known:
                        raise QuoteRefusedError(Reason.UNKNOWN_SYMBOL, f"symbol {event.symbol} is no instrument")
                    seq = next_seq[event.symbol]
                    payload = event.payload(seq)
            except QuoteRefusedError as error:
                self._refuse(event, error, now_us)
                continue
            next_seq[event.symbol] = seq + 1
            spool.append(Outgoing(event.symbol, event.ts_us, seq, payload))
            self.events += 1
        self._last_event_us = now_us
        while len(spool) > self._spool_limit:
            spool.popleft()
            self.dropped += 1

    def _refuse(self, event: Event, error: QuoteRefusedError, now_us: int) -> None:
        self.refused[error.reason] += 1
        if error.reason is Reason.UNKNOWN_SYMBOL:
            # A sheet with a foreign row gives it again on every change: one letter says it all.
            if event.symbol in self.unknown:
                return
            self.unknown.add(event.symbol)
        source_id = f"{self.provider.source}/{self.provider.name}"
        self._letters.append(DeadLetter(_as_found(event), str(error), "collect", source_id, now_us))

    # --- the bus ------------------------------------------------------------------------------------------------------

    def _flush(self, now_us: int) -> None:
        if now_us < self._bus_retry_at_us:
            return
        try:
            bus = self._bus = self._bus or self._open_bus()
            for _ in range(BATCHES_PER_STEP):
                if not self._spool:
                    break
                self._publish(bus, list(islice(self._spool, BATCH)))
            while self._letters:
                bus.dead_letter(self._letters[0])
                self._letters.popleft()
            if now_us >= self._refresh_at_us:
                self._refresh_symbols(bus, now_us)
        except BUS_ERRORS as error:
            self._lose_bus(error, now_us)
        else:
            if self._bus_trouble:
                log.info("bus is back", source=self.provider.source)
            self._bus_trouble = ""

    def _publish(self, bus: QuoteBus, batch: list[Outgoing]) -> None:
        won, late = bus.publish(self.provider.source, batch)
        self.published = Published(self.published.won + won, self.published.late + late)
        for _ in batch:
            self._spool.popleft()

    def _lose_bus(self, error: Exception, now_us: int) -> None:
        if not self._bus_trouble:
            log.warning("bus lost, quotes wait in the spool", source=self.provider.source, error=str(error))
        self._bus_trouble = str(error) or type(error).__name__
        self._bus_retry_at_us = now_us + BUS_RETRY_US

    def _refresh_symbols(self, bus: QuoteBus, now_us: int) -> None:
        """Follow the instruments as they are edited; a symbol's numbers begin above all that the bus has seen."""
        known = bus.known_symbols()
        if not known and self._known:
            # A bus that lost its memory (FLUSHALL) knows no instruments until somebody announces them again: going on
            # with those of before is right, refusing every quote as unknown is not.
            known = self._known
        self._next_seq |= bus.next_seq(self.provider.source, sorted(known - self._next_seq.keys()))
        self._known = known
        self._refresh_at_us = now_us + REFRESH_SYMBOLS_US

    # --- health -------------------------------------------------------------------------------------------------------

    def health(self, now_us: int) -> SourceHealth:
        """How the source is at ``now_us``."""
        own = self.provider.health()
        state, reason = self._judge_source(own, now_us)
        if state is not self._state:
            self._state, self._since_us = state, now_us
        return SourceHealth(
            source=self.provider.source,
            provider=self.provider.name,
            state=state,
            reason=reason,
            since_us=self._since_us,
            last_event_us=self._last_event_us,
            events=self.events,
            events_per_second=self._rate,
            null_cells=own.null_cells,
            errors=own.errors + self.source_errors + self.refused.total(),
            host=socket.gethostname(),
            pid=os.getpid(),
        )

    def _judge_source(self, own: ProviderHealth, now_us: int) -> tuple[SourceState, str]:
        said = [own.notice, *self._complaints()]
        if self._lost:
            return SourceState.DOWN, _sentence(self._lost, *said)
        if self.provider.finished:
            return SourceState.DOWN, _sentence("the source has ended", *said)
        if self._last_event_us is None:
            return SourceState.WAITING, _sentence("no quote yet", *said)
        silent_seconds = (now_us - self._last_event_us) / 1e6
        if silent_seconds > self.provider.stale_after_seconds:
            return SourceState.STALE, _sentence(f"no new quote for {silent_seconds:.0f} s", *said)
        return SourceState.CONNECTED, _sentence(*said)

    def _complaints(self) -> list[str]:
        said = []
        if self.unknown:
            names = ", ".join(sorted(self.unknown)[:5])
            said.append(
                f"unknown symbols {names}: add them as instruments in the admin, or take them out of the source"
            )
        if others := self.refused.total() - self.refused[Reason.UNKNOWN_SYMBOL]:
            said.append(f"{others} quotes refused, see the dead letters")
        if self.dropped:
            said.append(f"{self.dropped} quotes dropped while the bus was away")
        return said

    def _report(self, now_us: int, *, last: bool = False) -> None:
        passed_us = now_us - self._reported_at_us
        if passed_us < REPORT_US and not last:
            return
        if self._reported_at_us:
            self._rate = round((self.events - self._reported_events) / max(passed_us, 1) * 1e6, 1)
        self._reported_at_us, self._reported_events = now_us, self.events
        if self._bus is None or self._bus_trouble:
            return
        try:
            self._bus.report_health(self.health(now_us))
        except BUS_ERRORS as error:
            self._lose_bus(error, now_us)


def _sentence(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _as_found(event: Event) -> bytes:
    """A refused event for its dead letter: as JSON, or as Python shows it when what is wrong has no JSON."""
    if not isinstance(event, Quote):
        return event.payload(0)
    try:
        return encode(event)
    except (ValueError, TypeError):
        return repr(event).encode("utf-8", "backslashreplace")
