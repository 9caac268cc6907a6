"""The ingestor on real servers: each event once, whatever happens in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest
import redis
import structlog

from thor.history.batch import Batch
from thor.history.group import IngestGroup
from thor.history.lease import Letter, TallyKey
from thor.history.selectors import as_json, ingest_status
from thor.history.store import Stored, TickStore, newest_tick
from thor.history.tick import Refused
from thor.history.week import week, week_number
from thor.history.worker import Ingestor, Kernel

Bench = Any  # tests/integration/history/conftest.py; importlib mode has no package to import it from


def test_what_is_published_is_stored_and_acknowledged(bench: Bench) -> None:
    ids = bench.add(1200)
    worker = bench.store_all()
    assert bench.count() == 1200 == worker.counters.stored
    assert bench.pending() == 0
    found = bench.rows("last, seq, stream_id, source", "ORDER BY seq LIMIT 3")
    assert found == [
        (Decimal("5000.00"), 0, ids[0].decode(), "MOCK"),
        (Decimal("5001.25"), 1, ids[1].decode(), "MOCK"),
        (Decimal("5002.50"), 2, ids[2].decode(), "MOCK"),
    ]
    assert str(found[0][0]) == "5000.00"


def test_the_compiled_parser_stores_the_same(bench: Bench) -> None:
    bench.add(700)
    slow = bench.ingestor()
    slow.run_until_idle()
    columns = "symbol, ts, last, bid, last_size, source, seq, trade_date, stream_id, extra"
    before = bench.rows(columns, "ORDER BY seq")
    bench.client.xgroup_destroy(bench.keys.unified, bench.keys.group)
    bench.database.execute("TRUNCATE ticks")
    fast = bench.ingestor()
    fast.kernel = Kernel()
    fast.kernel.load()
    fast.run_until_idle()
    assert fast.kernel.state == "compiled"
    assert bench.rows(columns, "ORDER BY seq") == before
    assert len(before) == 700


class CrashError(Exception):
    """Stands for kill -9: nothing after it runs."""


def crash_before(owner: type, name: str) -> Callable[[pytest.MonkeyPatch], None]:
    def arm(patch: pytest.MonkeyPatch) -> None:
        def crash(*_args: object, **_options: object) -> None:
            raise CrashError

        patch.setattr(owner, name, crash)

    return arm


def crash_after(owner: type, name: str) -> Callable[[pytest.MonkeyPatch], None]:
    def arm(patch: pytest.MonkeyPatch) -> None:
        real = getattr(owner, name)

        def run(*args: object, **options: object) -> None:
            real(*args, **options)
            raise CrashError

        patch.setattr(owner, name, run)

    return arm


FAILPOINTS = {
    "after read": crash_before(Ingestor, "_process"),
    "after copy, before commit": crash_before(TickStore, "_copy"),
    "after commit, before acknowledge": crash_after(TickStore, "store"),
    "before acknowledge": crash_before(Ingestor, "_settle"),
    "after acknowledge": crash_after(Ingestor, "_settle"),
}


@pytest.mark.parametrize("failpoint", FAILPOINTS)
@pytest.mark.parametrize("successor", ["same name", "another name"])
def test_a_crash_at_any_point_neither_loses_nor_doubles(bench: Bench, failpoint: str, successor: str) -> None:
    bench.add(800)
    with pytest.MonkeyPatch.context() as patch:
        FAILPOINTS[failpoint](patch)
        with pytest.raises(CrashError):
            bench.store_all()
    bench.add(10, first=800)
    if successor == "same name":
        bench.store_all("one")
    else:
        bench.store_all("two", claim_idle_ms=0)
    assert bench.count() == 810
    assert bench.tally() == {"MOCK:ES:rows": 810}
    assert bench.pending() == 0
    assert bench.letters() == []


def test_a_replay_of_the_whole_stream_adds_nothing(bench: Bench) -> None:
    bench.add(1100)
    bench.store_all()
    bench.client.xgroup_destroy(bench.keys.unified, bench.keys.group)
    again = bench.store_all()
    assert bench.count() == 1100
    assert (again.counters.stored, again.counters.duplicates, again.counters.conflicts) == (0, 1100, 0)
    assert bench.tally() == {"MOCK:ES:rows": 1100}, "a new group counts from the beginning"


def test_duplicates_among_new_rows_are_skipped(bench: Bench) -> None:
    now_us = bench.now_us()
    for seq in (1, 2, 1, 3, 2):
        bench.add_raw(bench.event("ES", now_us, "5000.25", seq))
    bench.add_raw(bench.event("ES", now_us, "5000.25", 1).replace(b'Z","source"', b'+00:00","source"'))
    worker = bench.store_all()
    assert bench.rows("seq", "ORDER BY seq") == [(1,), (2,), (3,)]
    assert (worker.counters.stored, worker.counters.duplicates, worker.counters.conflicts) == (3, 3, 0)
    assert bench.tally() == {"MOCK:ES:rows": 6, "MOCK:ES:duplicates": 3}


def test_events_without_seq_are_one_by_their_time(bench: Bench) -> None:
    now_us = bench.now_us()
    for at in (0, 0, 1):
        bench.add_raw(bench.event("ES", now_us + at, "5000.25", "null"))
    bench.store_all()
    assert bench.count() == 2


def test_of_two_events_under_one_key_the_first_wins_and_the_other_is_kept_and_counted_once(bench: Bench) -> None:
    now_us = bench.now_us()
    bench.add_raw(bench.event("ES", now_us, "5000.25", 1))
    loser = bench.add_raw(bench.event("ES", now_us, "5000.50", 1))
    bench.add_raw(bench.event("ES", now_us, "5000.250", 1))  # the same value in another spelling is no conflict
    assert bench.store_all().counters.conflicts == 1
    bench.client.xgroup_destroy(bench.keys.unified, bench.keys.group)
    assert bench.store_all().counters.conflicts == 0
    assert bench.rows("last") == [(Decimal("5000.25"),)]
    kept = bench.database.execute("SELECT last, stream_id FROM tick_conflicts").fetchall()
    assert kept == [(Decimal("5000.50"), loser.decode())]


def test_a_bad_event_becomes_one_dead_letter_with_its_reason_and_blocks_nobody(bench: Bench) -> None:
    bench.add(5)
    bad = b'{"v":1,"symbol":"ES"'
    bad_id = bench.add_raw(bad)
    bench.add_raw(bench.event("ZZ", bench.now_us(), "1", 1), "ZZ")
    bench.client.xadd(bench.keys.unified, {"x": "y"})
    bench.add(5, first=5)
    worker = bench.store_all()
    assert bench.count() == 10
    assert bench.pending() == 0
    assert worker.counters.dead == 3
    letters = bench.letters()
    assert [letter[b"reason"].partition(b":")[0] for letter in letters] == [
        b"not_json",
        b"unknown_symbol",
        b"bad_entry",
    ]
    assert letters[0][b"event"] == bad
    assert letters[0][b"source_id"] == bad_id
    assert letters[0][b"stage"] == b"read"
    assert letters[0][b"at"].endswith(b"Z")
    bench.store_all()
    assert len(bench.letters()) == 3


def test_two_workers_that_hold_one_lease_settle_it_once(bench: Bench) -> None:
    group = IngestGroup(bench.client, bench.keys)
    group.ensure()
    bench.add_raw(b"nonsense")
    bench.take("one", 10)
    [lease] = group.mine("one").leases
    lease.letters.append(Letter(Refused(lease.first, b"nonsense", "not_json: x"), "read"))
    lease.tally[TallyKey("2025-10-09", "MOCK", "ES")] = 3
    assert group.settle(lease, 0)
    assert not group.settle(lease, 0)
    assert len(bench.letters()) == 1
    assert bench.tally() == {"MOCK:ES:rows": 3}
    assert bench.pending() == 0


def test_a_row_that_the_database_refuses_is_found_and_the_others_are_stored(bench: Bench) -> None:
    bench.database.execute("ALTER TABLE ticks ADD CONSTRAINT no_unlucky CHECK (last <> 13 OR last IS NULL)")
    bench.add(250)
    unlucky = bench.add_raw(bench.event("ES", bench.now_us(), "13", 1_000_000))
    bench.add(250, first=250)
    worker = bench.store_all()
    assert bench.count() == 500
    [letter] = bench.letters()
    assert letter[b"reason"].startswith(b"refused_by_database: 23514")
    assert letter[b"stage"] == b"store"
    assert letter[b"source_id"] == unlucky
    assert b'"last":13' in letter[b"event"]
    assert bench.pending() == 0
    assert worker.counters.stored == 500


@pytest.mark.parametrize("state", ["25006", "53100", "53300", "57P03"])
def test_trouble_of_the_database_is_nobodys_fault(bench: Bench, state: str) -> None:
    """Read-only, disk full, too many connections, starting up: no acknowledgement, no dead letter."""
    bench.add(20)
    error = psycopg.errors.lookup(state)("trouble")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TickStore, "_copy", lambda *_args: (_ for _ in ()).throw(error))
        with pytest.raises(type(error)):
            bench.store_all()
    assert bench.pending() == 20
    assert bench.letters() == []
    bench.store_all()
    assert bench.count() == 20
    assert bench.pending() == 0


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_serialization_failures_and_deadlocks_are_tried_again_at_once(bench: Bench, state: str) -> None:
    bench.add(20)
    failures = [psycopg.errors.lookup(state)("again")] * 2
    real = TickStore._store

    def store(self: TickStore, data: memoryview, rows: int, *, redelivered: bool) -> Stored:
        if failures:
            raise failures.pop()
        return real(self, data, rows, redelivered=redelivered)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TickStore, "_store", store)
        bench.store_all()
    assert bench.count() == 20


def test_a_connection_cut_by_the_server_is_opened_again(bench: Bench) -> None:
    worker = bench.ingestor()
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        bench.add(50)
        wait_for(lambda: bench.count() == 50)
        bench.database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE query LIKE 'COPY%' AND pid <> pg_backend_pid()"
        )
        bench.add(50, first=50)
        wait_for(lambda: bench.count() == 100 and bench.pending() == 0)
    finally:
        worker.stop()
        thread.join(10)
    assert not thread.is_alive()


def wait_for(found: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


@pytest.mark.parametrize("loss", ["group destroyed", "everything deleted"])
def test_the_group_is_made_again_while_running(bench: Bench, loss: str) -> None:
    worker = bench.ingestor()
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        bench.add(30)
        wait_for(lambda: bench.count() == 30)
        if loss == "group destroyed":
            bench.client.xgroup_destroy(bench.keys.unified, bench.keys.group)
        else:
            bench.client.delete(bench.keys.unified)
        bench.add(30, first=30)
        wait_for(lambda: bench.count() == 60 and bench.pending() == 0)
    finally:
        worker.stop()
        thread.join(10)


@pytest.mark.parametrize("how", ["leased", "one by one"])
def test_a_dead_workers_entries_are_claimed(bench: Bench, how: str) -> None:
    IngestGroup(bench.client, bench.keys).ensure()
    bench.add(39)
    bench.add_raw(b"nonsense")
    taken = bench.take("dead", 40) if how == "leased" else bench.take_singly("dead", 40)
    bench.client.xdel(bench.keys.unified, taken[7])
    bench.store_all()
    assert bench.count() == 0, "they are not idle long enough"
    bench.store_all(claim_idle_ms=0)
    assert bench.count() == 38
    assert bench.pending() == 0
    assert bench.tally() == {"MOCK:ES:rows": 38}
    assert len(bench.letters()) == 1
    assert IngestGroup(bench.client, bench.keys).losses() == 1


def test_a_silent_workers_leases_are_claimed_without_waiting_for_them_to_be_idle(bench: Bench) -> None:
    bench.store_all("dead")  # it has reported: it is one of ours
    bench.add(10)
    bench.take("dead", 10)
    bench.store_all("one")
    assert bench.count() == 0, "it reported a moment ago"
    bench.client.pexpire(bench.keys.ingest("dead"), 54_000)  # six seconds later
    bench.store_all("one")
    assert bench.count() == 10
    assert bench.pending() == 0


def test_a_servers_clock_that_was_set_back_stops_no_take_over(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """To such a server every lease looks fresh, and every report too: the watcher's own clock tells."""
    bench.store_all("dead")
    bench.add(10)
    bench.take("dead", 10)
    bench.add(10, first=10)
    bench.take("stranger", 10)
    group = IngestGroup(bench.client, bench.keys)
    began = time.monotonic()
    assert group.claim("one", 30_000).leases == []
    monkeypatch.setattr(time, "monotonic", lambda: began + 6)
    assert len(group.claim("one", 30_000).leases) == 1, "the one that reported before is silent"
    monkeypatch.setattr(time, "monotonic", lambda: began + 31)
    assert len(group.claim("one", 30_000).leases) == 1, "the stranger's stood still"
    assert group.claim("one", 30_000).leases == []


def test_own_pending_entries_that_were_deleted_are_counted(bench: Bench) -> None:
    IngestGroup(bench.client, bench.keys).ensure()
    bench.add(3)
    taken = bench.take("one", 3)
    bench.client.xdel(bench.keys.unified, taken[1])
    worker = bench.store_all()
    assert (bench.count(), bench.pending(), worker.counters.lost) == (2, 0, 1)


@pytest.mark.parametrize("mark", ["trimmed", "acknowledged by hand", "consumer deleted"])
def test_a_lease_that_lost_its_mark_is_not_lost(bench: Bench, mark: str) -> None:
    IngestGroup(bench.client, bench.keys).ensure()
    bench.add(20)
    taken = bench.take("dead", 20)
    if mark == "trimmed":
        bench.client.xtrim(bench.keys.unified, minid=taken[5], approximate=False)
    elif mark == "acknowledged by hand":
        bench.client.xack(bench.keys.unified, bench.keys.group, taken[0])
    else:
        bench.client.xgroup_delconsumer(bench.keys.unified, bench.keys.group, "dead")
    worker = bench.store_all(claim_idle_ms=0)
    gone = 5 if mark == "trimmed" else 0
    assert (bench.count(), bench.pending(), worker.counters.lost) == (20 - gone, 0, gone)


def test_a_lease_of_which_nothing_is_left_is_counted_and_forgotten(bench: Bench) -> None:
    IngestGroup(bench.client, bench.keys).ensure()
    bench.add(20)
    bench.take("dead", 20)
    bench.client.xtrim(bench.keys.unified, maxlen=0, approximate=False)
    worker = bench.store_all(claim_idle_ms=0)
    assert (bench.count(), bench.pending(), worker.counters.lost) == (0, 0, 20)
    assert bench.client.hlen(bench.keys.leases) == 0


def test_entries_that_were_handed_out_without_a_lease_are_stored(bench: Bench) -> None:
    """A server that lost the leases, or Thor's functions in the middle of a read."""
    IngestGroup(bench.client, bench.keys).ensure()
    bench.add(30)
    read = {bench.keys.unified: ">"}
    bench.client.xreadgroup(bench.keys.group, "one", read, count=20, noack=True)
    bench.store_all()
    bench.store_all()
    assert (bench.count(), bench.pending()) == (30, 0)
    assert bench.tally() == {"MOCK:ES:rows": 30}


def test_trimming_stops_at_what_is_not_acknowledged(bench: Bench) -> None:
    group = IngestGroup(bench.client, bench.keys)
    group.ensure()
    bench.add(1000)
    bench.take("slow", 400)
    first_pending = bench.client.xpending(bench.keys.unified, bench.keys.group)["min"]
    group.trim(0)
    assert bench.client.xrange(bench.keys.unified, count=1)[0][0] <= first_pending
    bench.client.xgroup_create(bench.keys.unified, "another", id="0")
    bench.store_all("slow")
    kept = bench.client.xlen(bench.keys.unified)
    group.trim(0)
    assert bench.client.xlen(bench.keys.unified) == kept, "the other group has read nothing yet"
    bench.client.xgroup_destroy(bench.keys.unified, "another")
    group.trim(0)
    assert bench.client.xlen(bench.keys.unified) < 200
    assert bench.count() == 1000


def test_source_streams_are_trimmed_by_age(bench: Bench) -> None:
    stream = bench.keys.source_stream("MOCK")
    now_ms = bench.now_us() // 1000
    for n in range(500):
        bench.client.xadd(stream, {"s": "ES", "e": "{}"}, id=f"{now_ms - 10_000_000}-{n + 1}")
    bench.client.xadd(stream, {"s": "ES", "e": "{}"})
    IngestGroup(bench.client, bench.keys).trim(3_600_000)
    assert 1 <= bench.client.xlen(stream) <= 101


def test_what_was_trimmed_unread_is_counted_exactly_and_once(bench: Bench) -> None:
    group = IngestGroup(bench.client, bench.keys)
    bench.add(10)
    bench.store_all()
    bench.add(20, first=10)
    bench.client.xtrim(bench.keys.unified, maxlen=15, approximate=False)
    assert group.count_loss() == 5
    assert group.count_loss() == 0
    bench.store_all()
    assert bench.count() == 25
    assert group.losses() == 5
    bench.client.xtrim(bench.keys.unified, maxlen=0, approximate=False)
    assert group.count_loss() == 0, "what is stored is no loss"


PARTITIONS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'ticks'::regclass"


def test_a_partition_is_made_when_a_row_needs_it(bench: Bench) -> None:
    bench.store_all()
    now_us = bench.now_us()
    names = {week(week_number(now_us) + n).name for n in range(-2, 5)}
    assert {name for (name,) in bench.database.execute(PARTITIONS)} == names
    for name in names:
        bench.database.execute(f"DROP TABLE {name}")
    bench.add(10)
    bench.store_all()
    assert bench.count() == 10


def test_a_partition_that_is_dropped_meanwhile_is_made_again(bench: Bench) -> None:
    worker = bench.ingestor()
    worker.setup()
    try:
        for (name,) in bench.database.execute(PARTITIONS).fetchall():
            bench.database.execute(f"DROP TABLE {name}")
        bench.add(10)
        while worker.counters.stored < 10:
            worker.step()
        assert bench.count() == 10
    finally:
        worker.teardown()


def test_partitions_are_made_by_several_at_once(bench: Bench) -> None:
    stores = [TickStore(bench.connect) for _ in range(4)]
    failed: list[BaseException] = []

    def prepare(store: TickStore) -> None:
        try:
            store.prepare(bench.now_us())
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=prepare, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()
    assert failed == []


def test_a_bad_letter_that_cannot_be_written_stays_pending(bench: Bench) -> None:
    bench.add_raw(b"nonsense")
    bench.add(3)
    with pytest.MonkeyPatch.context() as patch:
        error = redis.exceptions.OutOfMemoryError("command not allowed when used memory > 'maxmemory'.")
        patch.setattr(IngestGroup, "settle", lambda *_args: (_ for _ in ()).throw(error))
        worker = bench.store_all()
    assert (bench.count(), bench.pending(), worker.counters.blocked) == (3, 4, 1)
    bench.store_all()
    assert bench.pending() == 0
    assert len(bench.letters()) == 1


def test_a_bus_without_memory_is_drained_and_keeps_what_cannot_be_written(bench: Bench) -> None:
    """maxmemory reached: good events are stored and acknowledged, a bad one is neither lost nor acknowledged."""
    bench.store_all()
    bench.add(600)
    bench.add_raw(b"nonsense")
    bench.add(100, first=600)
    bench.client.config_set("maxmemory", "1")
    try:
        worker = bench.store_all()
        assert bench.letters() == []
        assert bench.count() == 700
        assert 1 <= bench.pending() <= 201, "the lease with the bad event"
        assert (worker.counters.stored, worker.counters.blocked) == (700, 1)
    finally:
        bench.client.config_set("maxmemory", "0")
    bench.store_all(claim_idle_ms=0)
    assert (bench.count(), bench.pending(), len(bench.letters())) == (700, 0, 1)
    assert bench.tally() == {"MOCK:ES:rows": 700}


def test_storing_once_ends_while_events_keep_coming(bench: Bench) -> None:
    bench.add(100)
    worker, stop = bench.ingestor(), threading.Event()

    def feed() -> None:
        first = 100
        while not stop.wait(0.002):
            bench.add(5, first=first)
            first += 5

    feeding, storing = threading.Thread(target=feed), threading.Thread(target=worker.run_until_idle)
    feeding.start()
    storing.start()
    storing.join(10)
    ended = not storing.is_alive()
    stop.set()
    feeding.join()
    worker.stop()
    storing.join(10)
    assert ended
    assert bench.count() >= 100


def test_a_bus_that_may_lose_what_it_acknowledged_is_told_of_once(bench: Bench) -> None:
    worker = bench.ingestor()
    with structlog.testing.capture_logs() as logs:
        bench.store_all()
        assert not [each for each in logs if "caution" in each]
        bench.client.config_set("appendfsync", "everysec")
        try:
            worker.run_until_idle()
            worker.run_until_idle()
        finally:
            bench.client.config_set("appendfsync", "no")
    cautions = [each["caution"] for each in logs if "caution" in each]
    assert len(cautions) == 1
    assert "set it to always" in cautions[0]


def test_a_store_that_is_behind_says_so(bench: Bench) -> None:
    waiting_since_ms = bench.now_us() // 1000 - 20_000
    bench.client.xadd(bench.keys.unified, {"s": "ES", "e": b"{}"}, id=f"{waiting_since_ms}-0")
    with structlog.testing.capture_logs() as logs:
        bench.store_all()
        bench.add(1)
        bench.store_all()
    alarms = [each for each in logs if each["event"] == "the store is behind"]
    assert [each["entries"] for each in alarms] == [1]
    assert alarms[0]["seconds"] >= 20


def test_status_tells_lag_and_workers(bench: Bench) -> None:
    before = ingest_status(bench.client, bench.namespace)
    assert (before.lag_entries, before.rate) == (0, None)
    bench.add(12)
    behind = ingest_status(bench.client, bench.namespace)
    assert behind.lag_entries == 12
    assert behind.lag_seconds >= 0
    bench.store_all()
    after = ingest_status(bench.client, bench.namespace)
    assert (after.lag_entries, after.pending, after.dead) == (0, 0, 0)
    assert after.workers[0].stored == 12
    newest = newest_tick(bench.database, ["ES", "CL"])
    assert newest is not None
    assert newest == bench.rows("max(ts)")[0][0]
    assert as_json(after, newest, 0)["last_tick"] == newest.isoformat()


def test_a_batch_forgets_a_monsters_room() -> None:
    batch = Batch(1)
    batch.reserve(20 * 1024 * 1024)
    batch.clear()
    assert len(batch.out) == 1024 * 1024
