"""What the bus and its producers can do to an ingestor."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.faults.draft import Good, iso
from tests.faults.events import entries
from tests.faults.site import Site, now_us, site
from tests.faults.test_database_faults import Running
from tests.support import wait_until
from thor.runtime.bus import BusUnavailableError

MIB = 1024 * 1024


@pytest.fixture
def place(database_url: str, valkey_url: str) -> Iterator[Site]:
    with site(database_url, valkey_url) as found:
        yield found


def event(ts_us: int, last: str, seq: int | None) -> bytes:
    number = "null" if seq is None else str(seq)
    return f'{{"v":1,"symbol":"ES","ts":"{iso(ts_us)}","source":"MOCK","last":{last},"seq":{number}}}'.encode()


def add(place: Site, payload: bytes) -> bytes:
    found = place.client.xadd(place.keys.unified, {"s": "ES", "e": payload})
    assert isinstance(found, bytes)
    return found


def test_a_full_bus_is_drained_and_bad_events_wait_for_room(place: Site) -> None:
    """With no memory left the good are stored, no bad one is acknowledged unwritten; with room all is well again,
    without a restart."""
    sent = list(entries(16, 3000, now_us()))
    keys = {each.event.row.key for each in sent if isinstance(each.event, Good)}
    place.send(sent[:500])
    with Running(place.ingestor(batch_size=50, claim_idle_ms=500)) as running, place.connect() as blocker:
        wait_until(lambda: place.count() > 0 and place.pending() == 0, 10)
        written = len(place.letters())
        blocker.execute("LOCK TABLE ticks IN SHARE MODE")
        place.send(sent[500:])
        place.client.config_set("maxmemory", 1)
        try:
            blocker.rollback()
            wait_until(lambda: place.count() == len(keys) and running.worker.counters.blocked > 0, 20)
            assert len(place.letters()) == written
            assert place.pending() > 0
        finally:
            place.client.config_set("maxmemory", 0)
        wait_until(lambda: place.judge().good, 30, lambda: str(place.judge().lines))


@pytest.mark.parametrize(
    ("setting", "wrong", "right"), [("appendonly", "no", "yes"), ("maxmemory-policy", "allkeys-lru", "noeviction")]
)
def test_a_bus_that_keeps_nothing_is_refused_with_what_to_do(place: Site, setting: str, wrong: str, right: str) -> None:
    """And is taken as soon as it is mended, without a restart."""
    place.send(list(entries(14, 100, now_us())))
    place.client.config_set(setting, wrong)
    try:
        worker = place.ingestor()
        with pytest.raises(BusUnavailableError, match=f"{setting} is {wrong}.*CONFIG SET {setting} {right}"):
            worker.run_until_idle()
        with Running(place.ingestor()):
            place.client.config_set(setting, right)
            wait_until(lambda: place.count() > 0 and place.pending() == 0, 20)
    finally:
        place.client.config_set(setting, right)
    place.store_all()
    assert place.judge().good


def test_what_is_trimmed_unread_and_what_is_deleted_while_pending_is_counted(place: Site) -> None:
    """Both at once: the counters are exact and nothing else is missing."""
    place.send(list(entries(17, 50, now_us())))
    place.ingestor().run_until_idle()
    add_many(place, 300)
    worker = place.ingestor("dies")
    worker.setup()
    wait_until(lambda: place.pending() > 0, 10)
    worker.teardown()
    place.client.xdel(place.keys.unified, *place.stream_ids()[-100:-93])
    add_many(place, 60, first=1000)
    place.client.xtrim(place.keys.unified, minid=place.stream_ids()[-40].decode(), approximate=False)
    place.store_all()
    place.store_all()
    lost = {name: int(count) for name, count in place.client.hgetall(place.keys.ingest_losses).items()}
    rows = place.database.execute("SELECT count(*) FROM ticks WHERE last = 5000.25 AND symbol = 'ES'").fetchone()
    assert rows is not None
    missing = 360 - rows[0]
    assert lost.get(b"lost_to_trim", 0) + lost.get(b"lost_pending", 0) == missing > 0


def add_many(place: Site, count: int, first: int = 0) -> None:
    now = now_us()
    pipe = place.client.pipeline(transaction=False)
    for n in range(first, first + count):
        pipe.xadd(place.keys.unified, {"s": "ES", "e": event(now + n, "5000.25", n)})
    pipe.execute()


def test_every_conflict_is_counted_and_the_first_wins(place: Site) -> None:
    """Fifty keys come again with another price, ten of them twice."""
    now = now_us()
    for n in range(50):
        add(place, event(now + n, "5000.25", n))
    for n in [*range(50), *range(10)]:
        add(place, event(now + n, f"5001.{n:02}", n))
    worker = place.store_all()
    assert worker.counters.conflicts == 60
    assert place.count("tick_conflicts") == 60
    assert place.database.execute("SELECT DISTINCT last FROM ticks").fetchall() == [(Decimal("5000.25"),)]


def test_a_hundred_resets_of_seq_and_events_without_one_are_all_stored(place: Site) -> None:
    now = now_us()
    for n in range(500):
        add(place, event(now + n, "5000.25", n % 5))
    for n in range(500):
        add(place, event(now + n, "5000.25", None))
    place.store_all()
    assert place.count() == 1000


@pytest.mark.parametrize(
    ("seconds", "outcome"),
    [
        (-3600, "stored"), (4, "stored"), (10, "flagged"), (290, "flagged"), (310, "too_far_ahead"),
        (86_400, "too_far_ahead"), (-6 * 86_400, "stored"), (-8 * 86_400, "too_old"),
    ],
)  # fmt: skip
def test_a_collectors_wrong_clock_is_flagged_or_refused_by_rule(place: Site, seconds: int, outcome: str) -> None:
    add(place, event(now_us() + seconds * 1_000_000, "5000.25", 1))
    place.store_all()
    reasons = [letter[b"reason"].decode().partition(":")[0] for letter in place.letters()]
    rows = place.database.execute("SELECT extra FROM ticks").fetchall()
    if outcome in ("stored", "flagged"):
        assert reasons == []
        assert rows == [({"meta": {"ahead": True}} if outcome == "flagged" else None,)]
    else:
        assert reasons == [outcome]
        assert rows == []


def test_monsters_are_refused_cheaply(place: Site) -> None:
    """Ten of each; the events behind them are there in a second, and the memory does not stay."""
    monsters = (
        b'{"v":1,"note":"' + b"x" * (10 * MIB) + b'"}',
        event(now_us(), "1", 1)[:-1] + b',"meta":{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}}",
        event(now_us(), "9" * 5000, 1),
    )
    with Running(place.ingestor()) as running:
        add_many(place, 10)
        wait_until(lambda: place.count() == 10, 10)
        before = resident_bytes()
        for monster in monsters * 10:
            add(place, monster)
        began = time.monotonic()
        add_many(place, 10, first=10)
        wait_until(lambda: place.count() == 20, 10)
        assert time.monotonic() - began < 1
        wait_until(lambda: running.worker.counters.dead == 30, 10)
        for n in range(2, 8):  # each of the worker's batches is used again
            add_many(place, 10, first=n * 10)
            wait_until(lambda want=n * 10 + 10: place.count() == want, 10)  # type: ignore[misc]
        assert resident_bytes() - before < 100 * MIB


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
