"""The worker that runs one provider: lead the source, judge, number, publish, report."""

from __future__ import annotations

import os
import socket
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Final

import redis
import structlog

from thor.quotes.bus import DeadLetter, FencedError, Outgoing, Published, QuoteBus
from thor.quotes.connection import Connection
from thor.quotes.health import SourceHealth, SourceState
from thor.quotes.leading import Leadership
from thor.quotes.provider import Event, Provider, ProviderHealth
from thor.quotes.quote import Quote, QuoteRefusedError, Reason, checked, encode, judge
from thor.quotes.spool import Spool
from thor.runtime.backoff import Pause
from thor.runtime.bus import BusUnavailableError
from thor.runtime.clock import Clock
from thor.runtime.problem import Problem
from thor.runtime.worker import Worker

#: Events of one round trip: large enough that the server does the work, small enough that nobody else waits for it.
BATCH: Final = 500
#: Quotes kept while the bus is away; the oldest are dropped first, and counted.
SPOOL_LIMIT: Final = 100_000
REPORT_SECONDS: Final = 1.0
REFRESH_SYMBOLS_SECONDS: Final = 5.0
#: The bus is tried again this soon after a failure: well within LEASE_SECONDS, so that a bus that comes back finds its
#: leader there with what it spooled, before one that waits may take over.
BUS_RETRY_SECONDS: Final = 0.5
#: While the collector waits for an answer it does not read its source.
BUS_TIMEOUT_SECONDS: Final = 1.0
#: Pause between two steps of one that waits to lead.
STANDBY_SECONDS: Final = 0.1
#: Batches that one step publishes before it looks at the source again.
BATCHES_PER_STEP: Final = 20
MAX_LETTERS: Final = 10_000

#: What a bus call raises while the server is away, hung or short of memory.
BUS_ERRORS: Final = (redis.RedisError, Problem, OSError)

log = structlog.get_logger()


class Collector(Worker):
    """Runs one provider, once it leads the provider's source. ``step`` polls once and publishes what there is.

    Of several collectors of one source one leads and the others wait; a deposed one gives up what it had not published,
    counted, because its successor reads the same source. While the bus is away events wait, numbered, in a bounded
    spool, so that publishing one twice is harmless; while the source is away the collector connects again with backoff.
    No such loss leaves :meth:`step`. With ``stop_when_finished`` the loop ends after the last event of a provider that
    has one. ``on_step`` is called after each step, to show progress.
    """

    name = "collector"
    longest_backoff_seconds = 5.0

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
        self._now: Clock = clock or self.clock
        self.connection = Connection(provider)
        self.leadership = Leadership(provider.source, self._now)
        self.spool = Spool(spool_limit, self.leadership.owner)
        self.published = Published(0, 0)
        self.refused: Counter[Reason] = Counter()
        self.unknown: set[str] = set()
        self.events = 0
        self._open_bus = open_bus
        self._stop_when_finished = stop_when_finished
        self._on_step = on_step
        self._bus: QuoteBus | None = None
        self._letters: deque[DeadLetter] = deque(maxlen=MAX_LETTERS)
        self._next_seq: dict[str, int] = {}
        self._known: frozenset[str] = frozenset()
        self._refresh_pause = Pause()
        self._bus_pause = Pause()
        self._bus_trouble = ""
        self._alarmed = False
        self._state = SourceState.WAITING
        self._since_us = self._now.now_us()
        self._last_event_us: int | None = None
        self._report_pause = Pause()
        self._reported_at_us = 0
        self._reported_events = 0
        self._rate = 0.0

    # --- the worker ---------------------------------------------------------------------------------------------------

    def setup(self) -> None:
        """Open the bus and learn the symbols. Raises Problem when the bus is away or knows no instruments: without
        symbols, numbers and a lease nothing can be read yet."""
        try:
            self._bus = self._open_bus()
            self._known = self._bus.known_symbols() or self._known
        except BUS_ERRORS as error:
            raise BusUnavailableError(f"{error}; {self.provider.source} is not read until it is") from error
        if not self._known:
            raise Problem("The bus knows no instruments: run `manage.py seed_instruments`.")
        self.leadership.join(self._bus)

    def step(self) -> bool:
        now_us = self._now.now_us()
        self._ask(now_us)
        more = self._leads and self._collect(now_us)
        self.idle_seconds = self.provider.poll_seconds if self._leads else STANDBY_SECONDS
        if self._on_step is not None:
            self._on_step(self)
        if self.finished and self._stop_when_finished:
            self._report(now_us, last=True)
            self.stop()
            return False
        self._report(now_us)
        return more

    def _collect(self, now_us: int) -> bool:
        """Poll once and publish; True when there may be more at once."""
        events = self.connection.poll(now_us)
        if events:
            self._take(events, self._now.now_us())
        self._flush()
        return len(events) >= BATCH or bool(self.spool and not self._bus_trouble)

    def teardown(self) -> None:
        try:
            self.connection.close()
        finally:
            self._leave()

    def _leave(self) -> None:
        """Publish what is left and let another lead, where the bus is there; else the lease ends by its time."""
        while self._leads and self.spool and not self._bus_trouble:
            self._with_bus(self._publish)
        if self.stopping and self.spool:
            log.error("stopped while the bus is away: quotes lost", source=self.provider.source, lost=len(self.spool))
        if self._bus is not None and not self._bus_trouble:
            self._with_bus(lambda _: self.leadership.leave())
        self.leadership.end()
        if self._bus is not None:
            self._bus.close()
            self._bus = None

    @property
    def finished(self) -> bool:
        """The provider has given its last event and all of them are on the bus."""
        return self.provider.finished and not self.spool and not self._letters

    # --- who leads ----------------------------------------------------------------------------------------------------

    @property
    def _leads(self) -> bool:
        return self.leadership.fence is not None

    def _ask(self, now_us: int) -> None:
        """Renew the lease, or ask for it, when it is time to."""
        if self.leadership.is_due(now_us):
            self._with_bus(self._lead_or_wait)

    def _lead_or_wait(self, bus: QuoteBus) -> None:
        fence = self.leadership.ask()
        if fence is None:
            if self._leads:
                self._step_back()
            self._regain_bus()
        elif fence != self.leadership.fence:
            self._number_anew(bus)
            self.leadership.begin(fence)

    def _number_anew(self, bus: QuoteBus) -> None:
        """Numbers above all that a predecessor published; its lease is over, so that it can publish no more."""
        self._refresh_symbols(bus)
        fresh = bus.next_seq(self.provider.source, sorted(self._known))
        self._next_seq = {symbol: max(seq, self._next_seq.get(symbol, 0)) for symbol, seq in fresh.items()}

    def _step_back(self) -> None:
        """Another took over while this one was paused or cut off; what was not published is given up, and counted."""
        self.leadership.end()
        count = self.spool.supersede()
        log.warning("deposed: another collector leads the source", source=self.provider.source, superseded=count)
        self.connection.close()

    # --- the source ---------------------------------------------------------------------------------------------------

    def _take(self, events: Sequence[Event], now_us: int) -> None:
        """Judge and number what the source gave, into the spool."""
        known, next_seq = self._known, self._next_seq
        trusted, dropped_before = self.provider.checks_itself, self.spool.dropped
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
            self.spool.add(Outgoing(event.symbol, event.ts_us, seq, payload))
            self.events += 1
        self._last_event_us = now_us
        if self.spool.dropped > dropped_before and not self._alarmed:
            self._alarmed = True
            log.error("spool full: the oldest quotes are lost until the bus is back", source=self.provider.source)

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

    def _with_bus(self, work: Callable[[QuoteBus], None]) -> None:
        """Do it, or remember the trouble; nothing while it is too soon to try again."""
        if self._bus is None or not self._bus_pause.is_over(self._now.now_us()):
            return
        try:
            work(self._bus)
        except BUS_ERRORS as error:
            self._lose_bus(error)
        except FencedError:
            self._step_back()

    def _lose_bus(self, error: Exception) -> None:
        if not self._bus_trouble:
            log.warning("bus lost, quotes wait in the spool", source=self.provider.source, error=str(error))
        self._bus_trouble = str(error) or type(error).__name__
        self._bus_pause.begin(self._now.now_us(), BUS_RETRY_SECONDS)

    def _regain_bus(self) -> None:
        if self._bus_trouble:
            log.info("bus is back", source=self.provider.source, spooled=len(self.spool), dropped=self.spool.dropped)
        self._bus_trouble, self._alarmed = "", False
        self._bus_pause.end()

    def _flush(self) -> None:
        self._with_bus(self._publish)
        self._with_bus(self._tell)
        if self._refresh_pause.is_over(self._now.now_us()):
            self._with_bus(self._refresh_symbols)

    def _publish(self, bus: QuoteBus) -> None:
        for _ in range(BATCHES_PER_STEP):
            batch = self.spool.oldest(BATCH)
            if not batch:
                break
            won, late = bus.publish(self.provider.source, batch, fence=self.leadership.fence)
            self.published = Published(self.published.won + won, self.published.late + late)
            self.spool.remove(len(batch))
        self._regain_bus()

    def _tell(self, bus: QuoteBus) -> None:
        """What was refused and what was lost."""
        while self._letters:
            bus.dead_letter(self._letters[0])
            self._letters.popleft()
        if losses := self.spool.losses():
            bus.count_losses(self.provider.source, losses)
            self.spool.told()

    def _refresh_symbols(self, bus: QuoteBus) -> None:
        """Follow the instruments as they are edited; a symbol's numbers begin above all that the bus has seen."""
        known = bus.known_symbols()
        if not known and self._known:
            # A bus that lost its memory (FLUSHALL) knows no instruments until somebody announces them again: going on
            # with those of before is right, refusing every quote as unknown is not.
            known = self._known
        self._next_seq |= bus.next_seq(self.provider.source, sorted(known - self._next_seq.keys()))
        self._known = known
        self._refresh_pause.begin(self._now.now_us(), REFRESH_SYMBOLS_SECONDS)

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
            errors=own.errors + self.connection.errors + self.refused.total(),
            host=socket.gethostname(),
            pid=os.getpid(),
            standby=self.leadership.standby,
        )

    def _judge_source(self, own: ProviderHealth, now_us: int) -> tuple[SourceState, str]:
        said = [own.notice, *self._complaints()]
        if self.leadership.leader:
            return SourceState.WAITING, _sentence(f"another collector leads: {self.leadership.leader}", *said)
        if self.connection.lost:
            return SourceState.DOWN, _sentence(self.connection.lost, *said)
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
        if self.spool.dropped:
            said.append(f"{self.spool.dropped} quotes dropped while the bus was away")
        if self.spool.superseded:
            said.append(f"{self.spool.superseded} quotes given up to another collector")
        return said

    def _report(self, now_us: int, *, last: bool = False) -> None:
        if not last and not self._report_pause.is_over(now_us):
            return
        self._report_pause.begin(now_us, REPORT_SECONDS)
        passed_us = now_us - self._reported_at_us
        if self._reported_at_us:
            self._rate = round((self.events - self._reported_events) / max(passed_us, 1) * 1e6, 1)
        self._reported_at_us, self._reported_events = now_us, self.events
        if self._leads and not self._bus_trouble:  # the health is the leader's alone
            self._with_bus(lambda bus: bus.report_health(self.health(now_us)))


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
