"""Collectors that are killed and paused, two of one source, and a bus that hangs: real processes, real signals.

By hand, longer: ``KILLS=100 pytest tests/integration/quotes/test_collect_faults.py -k kills`` (about 5 s a kill).
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
import redis

from tests.support import CHECKOUT, wait_until
from thor.instruments.instrument import BY_SYMBOL
from thor.quotes.bus import LEASE_SECONDS, Published, ValkeyQuoteBus, outgoing
from thor.quotes.collector import BUS_TIMEOUT_SECONDS, Collector
from thor.quotes.provider import Event, Provider, ProviderSettings
from thor.quotes.quote import Quote
from thor.runtime.clock import SystemClock
from thor.runtime.servers import embedded_servers

KILLS = int(os.environ.get("KILLS", "4"))
#: What FAULTS and the lease promise from the death of a leader to its successor's first quote.
TAKE_OVER_SECONDS = 5.0

Process = subprocess.Popen[str]


def prepared(url: str, namespace: str) -> ValkeyQuoteBus:
    bus = ValkeyQuoteBus(url, namespace)
    bus.set_instruments({symbol: {} for symbol in BY_SYMBOL}, {})
    return bus


@pytest.fixture
def bus(valkey_url: str, fresh_namespace: str) -> Iterator[ValkeyQuoteBus]:
    found = prepared(valkey_url, fresh_namespace)
    yield found
    found._redis.delete(*found._redis.keys(f"{fresh_namespace}:*"))
    found.close()


@pytest.fixture
def hanging(fresh_namespace: str) -> Iterator[tuple[str, int]]:
    """A bus server of the test's own that it may stop: its address and process."""
    home = Path(tempfile.mkdtemp(prefix="thor-hang-"))
    with embedded_servers(home, postgres=False) as servers:
        assert servers.redis_url is not None
        bus = prepared(servers.redis_url, fresh_namespace)
        pid = bus._redis.info("server")["process_id"]
        bus.close()
        yield servers.redis_url, pid
        os.kill(pid, signal.SIGCONT)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def start() -> Iterator[Callable[[str, str], Process]]:
    """Start the simulator's collector on a bus; each that still runs at the end must stop within 5 s."""
    running: list[Process] = []

    def begin(url: str, namespace: str) -> Process:
        process = subprocess.Popen(
            [sys.executable, "-m", "thor", "mock_to_redis", "--rate", "400"],
            env=os.environ | {"REDIS_URL": url, "THOR_NAMESPACE": namespace}, cwd=CHECKOUT,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        running.append(process)
        return process

    yield begin
    for process in running:
        process.send_signal(signal.SIGCONT)
        process.terminate()
    for process in running:
        try:
            process.communicate(timeout=5)
        finally:
            process.kill()


def leader(bus: ValkeyQuoteBus) -> int | None:
    """The process that leads MOCK."""
    owner = (bus._redis.hget(bus.keys.lease("MOCK"), "owner") or b"").decode()
    return int(owner.split(":")[1]) if owner else None


def waiting(bus: ValkeyQuoteBus) -> int:
    return sum(health.standby for health in bus.health())


def published(bus: ValkeyQuoteBus) -> int:
    return int(bus._redis.xlen(bus.keys.source_stream("MOCK")))


def numbers(bus: ValkeyQuoteBus) -> dict[str, list[int]]:
    """All ``seq`` of the source stream by symbol, in the order of the stream."""
    found: dict[str, list[int]] = defaultdict(list)
    for _, fields in bus._redis.xrange(bus.keys.source_stream("MOCK")):
        found[fields[b"s"].decode()].append(json.loads(fields[b"e"])["seq"])
    return found


def assert_rising(bus: ValkeyQuoteBus) -> None:
    """Never back, never again, per symbol; and all of it went on to the unified stream."""
    for symbol, seqs in numbers(bus).items():
        assert all(a < b for a, b in itertools.pairwise(seqs)), symbol
    lengths = bus._redis.pipeline(transaction=True).xlen(bus.keys.source_stream("MOCK")).xlen(bus.keys.unified)
    of_the_source, unified = lengths.execute()
    assert of_the_source == unified


def grows(bus: ValkeyQuoteBus, seconds: float, by: int = 50) -> float:
    """Wait for more quotes; seconds until the first of them."""
    before, began = published(bus), time.monotonic()
    wait_until(lambda: published(bus) > before, seconds)
    first = time.monotonic() - began
    wait_until(lambda: published(bus) >= before + by, seconds)
    return first


def test_seq_rises_over_kills(bus: ValkeyQuoteBus, start: Callable[..., Process], valkey_url: str) -> None:
    namespace = bus.keys.namespace
    for _ in range(KILLS):
        process = start(valkey_url, namespace)
        grows(bus, 20)
        process.kill()
        process.wait()
    start(valkey_url, namespace)
    grows(bus, 20)
    assert len(numbers(bus)) == len(BY_SYMBOL)
    assert_rising(bus)


def test_the_one_that_waits_takes_over_from_a_killed_leader(
    bus: ValkeyQuoteBus, start: Callable[..., Process], valkey_url: str
) -> None:
    pair = [start(valkey_url, bus.keys.namespace) for _ in range(2)]
    grows(bus, 20)
    wait_until(lambda: waiting(bus) == 1, 10)
    first = next(process for process in pair if process.pid == leader(bus))
    first.kill()
    first.wait()
    assert grows(bus, 20) < TAKE_OVER_SECONDS
    assert leader(bus) in {process.pid for process in pair} - {first.pid}
    assert_rising(bus)


def test_a_leader_that_was_paused_steps_back_and_leads_again_when_the_other_stops(
    bus: ValkeyQuoteBus, start: Callable[..., Process], valkey_url: str
) -> None:
    pair = [start(valkey_url, bus.keys.namespace) for _ in range(2)]
    grows(bus, 20)
    wait_until(lambda: waiting(bus) == 1, 10)
    first, second = sorted(pair, key=lambda process: process.pid != leader(bus))
    first.send_signal(signal.SIGSTOP)
    assert grows(bus, 20) < TAKE_OVER_SECONDS
    assert leader(bus) == second.pid
    first.send_signal(signal.SIGCONT)
    wait_until(lambda: waiting(bus) == 1, 10)
    grows(bus, 10)
    assert leader(bus) == second.pid
    second.terminate()
    second.communicate(timeout=5)
    assert grows(bus, 20) < 1.5
    assert leader(bus) == first.pid
    assert_rising(bus)
    first.terminate()
    _, said = first.communicate(timeout=5)
    assert said.count("deposed: another collector leads the source") == 1


class Ticker(Provider):
    """A quote at every poll, and when it was polled."""

    name = "ticker"
    source = "MOCK"
    poll_seconds = 0.05

    def __init__(self) -> None:
        super().__init__(ProviderSettings(), SystemClock())
        self.polled: list[float] = []

    def connect(self) -> None:
        """Nothing to reach."""

    def poll(self) -> Sequence[Event]:
        self.polled.append(time.monotonic())
        return [Quote("ES", self.clock.now_us(), "MOCK", last=Decimal(len(self.polled)))]

    def close(self) -> None:
        """Nothing to let go of."""


def test_a_bus_that_hangs_neither_blinds_the_collector_nor_deposes_it_nor_loses_a_quote(
    hanging: tuple[str, int], fresh_namespace: str
) -> None:
    url, server = hanging
    pair = [Collector(Ticker(), lambda: ValkeyQuoteBus(url, fresh_namespace, BUS_TIMEOUT_SECONDS)) for _ in range(2)]
    first, second = pair
    threads = [threading.Thread(target=each.run, daemon=True) for each in pair]
    threads[0].start()
    wait_until(lambda: first.events > 10, 10)
    threads[1].start()
    wait_until(lambda: first.leadership.standby == 1, 10)
    os.kill(server, signal.SIGSTOP)
    hung = time.monotonic()
    before = first.events
    wait_until(lambda: time.monotonic() - hung > LEASE_SECONDS + 1.5, 10)
    assert first.events > before
    os.kill(server, signal.SIGCONT)
    wait_until(lambda: not first.spool and not first._bus_trouble, 10)
    at_last = first.events
    wait_until(lambda: first.events > at_last + 20, 10)
    for each in pair:
        each.stop()
    for thread in threads:
        thread.join(5)

    polled = first.provider.polled  # type: ignore[attr-defined]
    assert max(b - a for a, b in itertools.pairwise(polled)) < 1.5
    assert second.events == 0
    bus = ValkeyQuoteBus(url, fresh_namespace)
    lasts = [json.loads(fields[b"e"])["last"] for _, fields in bus._redis.xrange(bus.keys.unified)]
    assert lasts == list(range(1, len(polled) + 1)), "each quote once, in order, although some were published twice"
    assert first.spool.dropped == first.spool.superseded == 0
    bus.close()


def test_a_publish_whose_answer_never_came_may_be_repeated(hanging: tuple[str, int], fresh_namespace: str) -> None:
    url, server = hanging
    bus = ValkeyQuoteBus(url, fresh_namespace, timeout_seconds=0.3)
    now_us = SystemClock().now_us()
    batch = [outgoing(Quote("ES", now_us + n, "MOCK", last=Decimal(n), seq=n)) for n in range(1, 501)]
    os.kill(server, signal.SIGSTOP)
    with pytest.raises(redis.TimeoutError):
        bus.publish("MOCK", batch)
    os.kill(server, signal.SIGCONT)
    wait_until(lambda: bus._redis.xlen(bus.keys.unified) == len(batch), 5)  # it happened all the same
    assert bus.publish("MOCK", batch) == Published(won=0, late=len(batch))
    assert [fields[b"e"] for _, fields in bus._redis.xrange(bus.keys.unified)] == [event.payload for event in batch]
    bus.close()


def test_a_collector_started_while_the_bus_hangs_says_so_and_starts_when_it_is_back(
    hanging: tuple[str, int], fresh_namespace: str, start: Callable[..., Process]
) -> None:
    url, server = hanging
    os.kill(server, signal.SIGSTOP)
    process = start(url, fresh_namespace)
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "MOCK is not read until it is" in line
    os.kill(server, signal.SIGCONT)
    bus = ValkeyQuoteBus(url, fresh_namespace)
    assert grows(bus, 20) < TAKE_OVER_SECONDS + 1
    bus.close()
