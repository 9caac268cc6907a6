"""The worker that runs a provider: judging, numbering, the spool while the bus is away, and what it says of itself."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
import redis
from structlog.testing import capture_logs

from thor.quotes.bus import LEASE_SECONDS, Losses, Outgoing, Published
from thor.quotes.collecting import run_together
from thor.quotes.collector import BATCH, BATCHES_PER_STEP, BUS_RETRY_SECONDS, Collector
from thor.quotes.fakes import MemoryQuoteBus
from thor.quotes.health import SourceState
from thor.quotes.provider import Event, Provider, ProviderSettings, SourceLostError
from thor.quotes.quote import Quote, Reason, decode
from thor.runtime.bus import BusUnavailableError
from thor.runtime.fakes import FixedClock
from thor.runtime.lease import Grant, Lease
from thor.runtime.problem import Problem


class Script(Provider):
    """A provider that gives what the test puts in its queue; an exception in the queue is raised."""

    name = "script"
    source = "SCHWAB"
    poll_seconds = 0.001

    def __init__(self, clock: FixedClock) -> None:
        super().__init__(ProviderSettings(), clock)
        self.queue: list[Sequence[Event] | Exception] = []
        self.connects = self.closes = 0

    def connect(self) -> None:
        self.connects += 1

    def poll(self) -> Sequence[Event]:
        if not self.queue:
            return ()
        item = self.queue.pop(0)
        if isinstance(item, Exception):
            raise item
        return item

    def close(self) -> None:
        self.closes += 1


class FlakyBus(MemoryQuoteBus):
    """A bus that can be away; with ``answer_lost`` it does the work and then loses the answer."""

    away = False
    answer_lost = False

    def publish(
        self, source: str, events: Sequence[Outgoing], *, fence: int | None = None, now_us: int | None = None
    ) -> Published:
        if self.away:
            raise redis.ConnectionError("Connection refused")
        done = super().publish(source, events, fence=fence, now_us=now_us)
        if self.answer_lost:
            self.answer_lost = False
            raise redis.TimeoutError("Timeout reading from socket")
        return done

    def known_symbols(self) -> frozenset[str]:
        if self.away:
            raise BusUnavailableError("bus at 127.0.0.1:1 is not reachable")
        return super().known_symbols()

    def lease(self, source: str, owner: str) -> Lease:
        return Lease(Reachable(self), source, owner, LEASE_SECONDS, lambda: self._clock.now_us() / 1e6)

    def count_losses(self, source: str, losses: Losses) -> None:
        if self.away:
            raise redis.ConnectionError("Connection refused")
        super().count_losses(source, losses)
        if self.answer_lost:
            self.answer_lost = False
            raise redis.TimeoutError("Timeout reading from socket")

    def report_health(self, health: Any) -> None:
        if self.away:
            raise redis.ConnectionError("Connection refused")
        super().report_health(health)


@dataclass
class Reachable:
    """The leases of a flaky bus."""

    bus: FlakyBus

    def take(self, name: str, owner: str, dead_version: int | None) -> Grant:
        if self.bus.away:
            raise redis.ConnectionError("Connection refused")
        return self.bus._leases.take(name, owner, dead_version)

    def release(self, name: str, owner: str) -> None:
        self.bus._leases.release(name, owner)


@dataclass
class Bench:
    clock: FixedClock
    provider: Script
    bus: FlakyBus
    collector: Collector
    count: int = field(default=0)

    def quote(self, symbol: str = "ES", **fields: Any) -> Quote:
        self.count += 1
        return Quote(symbol, self.clock.now_us(), "SCHWAB", **{"last": Decimal(self.count), **fields})

    def give(self, *quotes: Quote) -> None:
        self.provider.queue.append(quotes)
        self.collector.step()

    def run(self, seconds: float, *others: Bench) -> None:
        """Step through time, a quarter of a second at once, together with others on the same clock."""
        for _ in range(round(seconds * 4)):
            self.clock.advance(0.25)
            for bench in (self, *others):
                bench.collector.step()

    @property
    def leads(self) -> bool:
        return self.collector.leadership.fence is not None

    def lasts(self) -> list[int]:
        return [int(decode(entry.payload).last or 0) for entry in self.bus.unified]


def make(clock: FixedClock, bus: FlakyBus | None = None, **options: Any) -> Bench:
    if bus is None:
        bus = FlakyBus(clock)
        bus.set_instruments({"ES": {}, "CL": {}}, {})
    provider = Script(clock)
    collector = Collector(provider, lambda: bus, clock, **options)
    collector.setup()
    return Bench(clock, provider, bus, collector)


@pytest.fixture
def bench() -> Bench:
    return make(FixedClock(1_795_000_000_000_000))


def test_quotes_are_judged_numbered_and_published(bench: Bench) -> None:
    bench.give(bench.quote(bid=Decimal(5), ask=Decimal(4)), bench.quote("CL", last=Decimal("-37.63")), bench.quote())
    es, cl, es2 = (decode(entry.payload) for entry in bench.bus.unified)
    assert es.meta == {"crossed": True}
    assert cl.meta == {"negative_price": True}
    assert es.seq is not None and es2.seq == es.seq + 1
    assert bench.collector.published == Published(3, 0)


def test_numbers_go_on_above_the_last_over_a_restart(bench: Bench) -> None:
    for _ in range(20):
        bench.give(bench.quote())
    top = decode(bench.bus.unified[-1].payload).seq
    bench.collector.teardown()
    again = Collector(bench.provider, lambda: bench.bus, bench.clock)
    again.setup()
    bench.provider.queue.append([bench.quote()])
    again.step()
    newest = decode(bench.bus.unified[-1].payload).seq
    assert top is not None and newest is not None and newest > top
    assert len(bench.bus.unified) == 21


def test_a_refused_quote_is_a_dead_letter_and_the_others_go_on(bench: Bench) -> None:
    old = Quote("ES", bench.clock.now_us() - 8 * 86_400_000_000, "SCHWAB", last=Decimal(1))
    bench.give(old, bench.quote())
    assert len(bench.bus.unified) == 1
    (letter,) = bench.bus.dead
    assert (letter.stage, letter.source_id) == ("collect", "SCHWAB/script")
    assert letter.reason.startswith("too_old: ")
    assert decode(letter.event).last == 1
    health = bench.collector.health(bench.clock.now_us())
    assert health.errors == 1
    assert health.reason == "1 quotes refused, see the dead letters"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"last": Decimal("NaN")}, "not_finite"),
        ({"last": Decimal("0.1234567")}, "out_of_range"),
        ({"last": None}, "no_price"),
        ({"bid_size": -1}, "negative_size"),
        ({"symbol": "ÄS"}, "bad_symbol"),
        ({"venue": "a\x00"}, "control_character"),
    ],
)
def test_what_a_careless_provider_built_is_refused(bench: Bench, fields: dict[str, Any], reason: str) -> None:
    bench.give(bench.quote(**fields), bench.quote())
    assert len(bench.bus.unified) == 1
    assert [letter.reason.partition(":")[0] for letter in bench.bus.dead] == [reason]


def test_an_unknown_symbol_is_said_in_health_and_kept_once(bench: Bench) -> None:
    for _ in range(3):
        bench.give(bench.quote("AAPL"), bench.quote())
    assert len(bench.bus.dead) == 1
    assert bench.collector.refused[Reason.UNKNOWN_SYMBOL] == 3
    health = bench.collector.health(bench.clock.now_us())
    assert health.state is SourceState.CONNECTED
    assert health.reason.startswith("unknown symbols AAPL: add them as instruments")


def test_an_instrument_added_later_is_taken(bench: Bench) -> None:
    bench.give(bench.quote("AAPL"))
    bench.bus.set_instruments({"ES": {}, "AAPL": {}}, {})
    bench.clock.advance(6)
    bench.collector.step()
    bench.give(bench.quote("AAPL"))
    assert [entry.symbol for entry in bench.bus.unified] == ["AAPL"]


def test_a_bus_without_instruments_is_said_at_the_start() -> None:
    clock = FixedClock()
    collector = Collector(Script(clock), lambda: MemoryQuoteBus(clock), clock)
    with pytest.raises(Problem, match=r"run `manage\.py seed_instruments`"):
        collector.setup()


def test_a_bus_that_lost_its_memory_does_not_make_every_symbol_unknown(bench: Bench) -> None:
    bench.bus.set_instruments({}, {})
    bench.clock.advance(60)
    bench.collector.step()
    bench.give(bench.quote())
    assert len(bench.bus.unified) == 1
    bench.bus.set_instruments({"CL": {}}, {})
    bench.clock.advance(60)
    bench.collector.step()
    bench.give(bench.quote("ES"), bench.quote("CL"))
    assert [entry.symbol for entry in bench.bus.unified] == ["ES", "CL"]
    assert bench.collector.refused == {Reason.UNKNOWN_SYMBOL: 1}


def test_while_the_bus_is_away_quotes_wait_and_lose_nothing(bench: Bench) -> None:
    bench.give(bench.quote())
    bench.bus.away = True
    for _ in range(BATCH * 3):
        bench.give(bench.quote())
        bench.clock.advance(0.001)
    assert len(bench.collector.spool) == BATCH * 3
    bench.bus.away = False
    bench.clock.advance(BUS_RETRY_SECONDS)
    bench.give(bench.quote())
    assert len(bench.collector.spool) == 0
    assert bench.lasts() == list(range(1, BATCH * 3 + 3))
    assert bench.collector.spool.dropped == 0


def test_beyond_the_spool_the_oldest_are_dropped_and_counted() -> None:
    bench = make(FixedClock(1_795_000_000_000_000), spool_limit=10)
    bench.collector.step()
    bench.bus.away = True
    with capture_logs() as logs:
        for n in range(25):
            bench.give(bench.quote("ES" if n % 5 else "CL"))
        bench.bus.away = False
        bench.run(1)
    assert bench.lasts() == list(range(16, 26))
    assert bench.collector.spool.dropped == 15
    assert "15 quotes dropped while the bus was away" in bench.collector.health(bench.clock.now_us()).reason
    assert bench.bus.losses == {"SCHWAB": 15, "SCHWAB:ES": 12, "SCHWAB:CL": 3}
    assert [line["event"] for line in logs if line["log_level"] == "error"] == [
        "spool full: the oldest quotes are lost until the bus is back"
    ]


def test_losses_are_counted_once_although_the_answer_is_lost_and_again_at_the_next_outage() -> None:
    bench = make(FixedClock(1_795_000_000_000_000), spool_limit=2)
    bench.collector.step()
    for outage in (1, 2):
        bench.bus.away = True
        for _ in range(5):
            bench.give(bench.quote())
        bench.bus.away, bench.bus.answer_lost = False, True
        bench.run(1)
        bench.bus.answer_lost = True
        bench.run(2)
        assert bench.bus.losses == {"SCHWAB": 3 * outage, "SCHWAB:ES": 3 * outage}


def test_a_stop_with_a_full_spool_says_what_is_lost(bench: Bench) -> None:
    bench.give(bench.quote())
    bench.bus.away = True
    bench.give(bench.quote(), bench.quote())
    bench.collector.stop()
    with capture_logs() as logs:
        bench.collector.teardown()
    assert [(line["event"], line["lost"]) for line in logs] == [("stopped while the bus is away: quotes lost", 2)]


def test_a_lost_answer_does_not_double_a_quote(bench: Bench) -> None:
    bench.give(bench.quote())
    bench.bus.answer_lost = True
    bench.give(bench.quote(), bench.quote())
    bench.clock.advance(1)
    bench.collector.step()
    assert bench.lasts() == [1, 2, 3]
    assert bench.collector.published == Published(1, 2)


def test_the_bus_is_not_asked_on_every_step_while_it_is_away(bench: Bench) -> None:
    bench.collector.step()
    bench.bus.away = True
    bench.give(bench.quote())
    bench.bus.away = False
    bench.collector.step()
    assert bench.bus.unified == []
    bench.clock.advance(BUS_RETRY_SECONDS)
    bench.collector.step()
    assert len(bench.bus.unified) == 1


def pair() -> tuple[Bench, Bench]:
    """Two collectors of one source on one bus; the first leads."""
    first = make(FixedClock(1_795_000_000_000_000))
    second = make(first.clock, first.bus)
    first.run(1, second)
    return first, second


def test_of_two_collectors_one_reads_the_source_and_the_other_waits() -> None:
    first, second = pair()
    first.run(20, second)
    assert (first.leads, second.leads) == (True, False)
    assert (first.provider.connects, second.provider.connects) == (1, 0)
    (health,) = first.bus.health()
    assert (health.state, health.reason, health.standby) == (SourceState.WAITING, "no quote yet", 1)
    standing_by = second.collector.health(second.clock.now_us())
    assert standing_by.reason == f"another collector leads: {first.collector.leadership.owner}"


def test_the_one_that_waits_says_so_once() -> None:
    first = make(FixedClock(1_795_000_000_000_000))
    second = make(first.clock, first.bus)
    with capture_logs() as logs:
        first.run(30, second)
    assert [(line["event"], line["leader"]) for line in logs] == [
        ("waits: another collector leads the source", first.collector.leadership.owner)
    ]


def test_the_one_that_waits_takes_over_when_the_leader_dies_and_numbers_on() -> None:
    first, second = pair()
    first.give(first.quote())
    second.run(4)
    assert second.leads
    second.give(first.quote(), first.quote())
    assert first.lasts() == [1, 2, 3]
    numbers = [decode(entry.payload).seq or 0 for entry in first.bus.unified]
    assert numbers == sorted(set(numbers))


def test_the_one_that_waits_takes_over_at_once_when_the_leader_stops() -> None:
    first, second = pair()
    first.collector.teardown()
    second.run(0.5)
    assert second.leads


def test_a_leader_that_was_paused_publishes_nothing_over_its_successor() -> None:
    first, second = pair()
    first.give(first.quote())
    second.run(4)
    first.give(first.quote())
    assert first.lasts() == [1], "it asked before it read"
    assert (first.leads, first.provider.closes) == (False, 1)
    second.collector.teardown()
    first.run(1)
    assert first.leads
    first.run(0.25)
    assert first.lasts() == [1, 2], "its source is read again"


def test_a_leader_that_was_paused_between_asking_and_publishing_is_refused_and_counts_what_it_gave_up() -> None:
    first, second = pair()
    first.give(first.quote())

    def pause() -> Sequence[Event]:
        second.run(4)
        second.give(first.quote(last=Decimal(7)))
        return [first.quote(last=Decimal(8)), first.quote(last=Decimal(9))]

    first.provider.poll = pause  # type: ignore[method-assign]
    first.collector.step()
    assert (first.leads, second.leads) == (False, True)
    assert first.lasts() == [1, 7]
    assert first.bus.losses == {"SCHWAB:superseded": 2}
    assert "2 quotes given up to another collector" in first.collector.health(first.clock.now_us()).reason


def test_a_bus_that_was_away_deposes_nobody_and_loses_nothing() -> None:
    first, second = pair()
    first.bus.away = True
    for _ in range(40):
        first.provider.queue.append([first.quote()])
        first.run(0.25, second)
    first.bus.away = False
    second.run(0.75)  # the one that waits is back first
    first.run(1, second)
    assert (first.leads, second.leads) == (True, False)
    assert first.lasts() == list(range(1, 41))
    assert first.bus.losses == {}


def test_a_clock_that_goes_back_an_hour_stops_neither_the_lease_nor_the_health_nor_the_bus() -> None:
    first, second = pair()
    first.give(first.quote())
    first.bus.away = True
    first.clock.advance(1)
    first.give(first.quote())
    first.bus.away = False
    first.clock.advance(-3600)
    first.run(1, second)
    assert first.leads
    assert first.lasts() == [1, 2]
    (health,) = first.bus.health()
    assert health.events == 2


def test_a_stop_publishes_what_is_left() -> None:
    bench = make(FixedClock(1_795_000_000_000_000))
    bench.provider.queue.append([bench.quote() for _ in range(BATCH * (BATCHES_PER_STEP + 2))])
    bench.collector.step()
    assert len(bench.collector.spool) == 2 * BATCH
    bench.collector.stop()
    bench.collector.teardown()
    assert len(bench.bus.unified) == BATCH * (BATCHES_PER_STEP + 2)


def test_a_bug_in_a_provider_hands_the_source_over() -> None:
    first, second = pair()
    first.provider.queue = [RuntimeError("a bug")]
    with pytest.raises(RuntimeError):
        first.collector.step()
    first.collector.teardown()
    second.run(1)
    assert second.leads


def test_a_collector_started_while_the_bus_is_away_says_why_it_reads_nothing() -> None:
    bench = make(FixedClock(1_795_000_000_000_000))
    bench.bus.away = True
    fresh = Collector(bench.provider, lambda: bench.bus, bench.clock)
    with pytest.raises(BusUnavailableError, match="is not reachable; SCHWAB is not read until it is"):
        fresh.setup()
    assert fresh.longest_backoff_seconds <= 5


def test_health_goes_to_the_bus_each_second(bench: Bench) -> None:
    bench.collector.step()
    (waiting,) = bench.bus.health()
    assert (waiting.state, waiting.reason, waiting.provider) == (SourceState.WAITING, "no quote yet", "script")
    for _ in range(20):
        bench.clock.advance(0.1)
        bench.give(bench.quote(), bench.quote())
    (health,) = bench.bus.health()
    assert health.state is SourceState.CONNECTED
    assert health.events == 40
    assert health.events_per_second == 20.0
    assert health.last_event_us == bench.clock.now_us()


def test_a_lost_source_is_tried_again_later_and_later(bench: Bench) -> None:
    bench.give(bench.quote())
    for _ in range(200):
        bench.provider.queue[:] = [SourceLostError("no socket")]
        bench.clock.advance(1)
        bench.collector.step()
    assert 5 <= bench.provider.connects <= 12
    assert bench.provider.closes == bench.collector.connection.errors
    health = bench.collector.health(bench.clock.now_us())
    assert (health.state, health.reason) == (SourceState.DOWN, "no socket")


def test_the_wait_for_a_source_is_between_one_second_and_its_longest(bench: Bench) -> None:
    bench.provider.max_backoff_seconds = 5.0
    tried: list[int] = []
    while len(tried) < 10:
        bench.provider.queue[:] = [SourceLostError("no socket")]
        bench.collector.step()
        if bench.collector.connection.errors > len(tried):
            tried.append(bench.clock.now_us())
        bench.clock.advance(0.05)
    waits = [(b - a) / 1e6 for a, b in itertools.pairwise(tried)]
    assert min(waits) >= 1.0
    assert 2.5 <= max(waits) <= 5.05


def test_a_large_poll_is_published_in_batches_and_asks_for_more(bench: Bench) -> None:
    quotes = [bench.quote() for _ in range(BATCH * 2 + 1)]
    bench.provider.queue.append(quotes)
    assert bench.collector.step() is True
    assert len(bench.bus.unified) == BATCH * 2 + 1
    assert bench.collector.step() is False


def test_a_finished_provider_ends_the_loop_when_asked_to() -> None:
    bench = make(FixedClock(1_795_000_000_000_000), stop_when_finished=True)
    bench.provider.queue.append([bench.quote()])
    bench.provider.finished = False

    def end(_collector: Collector) -> None:
        bench.provider.finished = True

    bench.collector._on_step = end
    bench.collector.run()
    assert len(bench.bus.unified) == 1
    (health,) = bench.bus.health()
    assert (health.state, health.reason) == (SourceState.DOWN, "the source has ended")


def test_one_source_that_breaks_does_not_stop_another(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FixedClock(1_795_000_000_000_000)
    broken, sound = make(clock), make(clock)
    broken.provider.queue = [RuntimeError("a bug")]
    sound.provider.queue = [[sound.quote()] for _ in range(5)]

    def stop_all(collector: Collector) -> None:
        if not sound.provider.queue and not broken.provider.queue:
            for each in (broken, sound):
                each.collector.stop()

    sound.collector._on_step = stop_all
    run_together([broken.collector, sound.collector])
    assert sound.lasts() == [1, 2, 3, 4, 5]
    assert broken.provider.closes >= 1
