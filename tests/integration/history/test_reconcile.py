"""Reconciliation on the real servers: whatever is missing, changed, extra or late is found and named."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest

from tests.support import run_thor, wait_until
from thor.history.account import Account
from thor.history.dead_letters import DeadLetters, Retrial
from thor.history.group import IngestGroup
from thor.history.letter import Entry
from thor.history.reconcile import Reconciliation, reconcile
from thor.markets.trade_date import trade_date_span

Bench = Any  # tests/integration/history/conftest.py; importlib mode has no package to import it from
GROUPS = {"ES": "cme_equity", "CL": "cme_metals_energy", "YM": "cme_equity"}
COUNTS = (
    "published",
    "stored",
    "duplicates",
    "conflicts",
    "dead",
    "waiting",
    "missing",
    "surplus",
    "changed",
    "earlier",
)


def today(bench: Bench) -> date:
    return trade_date_span(bench.now_us(), "cme_equity").trade_date


def examine(bench: Bench, wait_seconds: float = 0.0, day: date | None = None) -> Reconciliation:
    with bench.connect() as database:
        return reconcile(bench.client, bench.keys, database, GROUPS, day or today(bench), wait_seconds)


def total(found: Reconciliation) -> dict[str, int]:
    """What is not 0, over all accounts."""
    sums = {name: sum(getattr(each, name) for each in found.accounts) for name in COUNTS}
    return {name: count for name, count in sums.items() if count}


def account(found: Reconciliation, symbol: str) -> Account:
    [each] = [each for each in found.accounts if each.symbol == symbol]
    return each


def test_all_is_well(bench: Bench) -> None:
    bench.add(700)
    bench.add(20, symbol="CL", last="-37.63")
    bench.store_all()
    found = examine(bench)
    assert total(found) == {"published": 720, "stored": 720}
    assert found.is_done
    assert (found.held, found.since) == (720, bench.client.xrange(bench.keys.unified, count=1)[0][0].decode())


def test_duplicates_and_conflicts_are_accounted_for(bench: Bench) -> None:
    now_us = bench.now_us()
    for last, seq in (("5000.25", 1), ("5000.25", 1), ("5000.250", 1), ("5000.50", 1), ("5000.25", "null")):
        bench.add_raw(bench.event("ES", now_us, last, seq))
    bench.add_raw(bench.event("ES", now_us, "5000.25", 1).replace(b'Z","source"', b'+00:00","source"'))
    bench.store_all()
    bench.add_raw(bench.event("ES", now_us, "5000.25", "null"))
    bench.store_all()
    found = examine(bench)
    assert total(found) == {"published": 7, "stored": 2, "duplicates": 5, "conflicts": 1}
    assert found.is_done


def test_dead_letters_are_accounted_for_under_what_can_be_read(bench: Bench) -> None:
    bench.add(5)
    bench.add_raw(b'{"v":1,"symbol":"ES"')
    bench.add_raw(bench.event("ZZ", bench.now_us(), "1", 1), "ZZ")
    bench.client.xadd(bench.keys.unified, {"x": "y"})
    bench.store_all()
    found = examine(bench)
    assert total(found) == {"published": 8, "stored": 5, "dead": 3}
    assert sorted((each.source, each.symbol, each.dead) for each in found.accounts) == [
        ("?", "?", 1),
        ("?", "ES", 1),
        ("MOCK", "ES", 0),
        ("MOCK", "ZZ", 1),
    ]
    assert found.is_done


def test_a_letter_put_back_or_purged_is_still_accounted_for(bench: Bench) -> None:
    for seq in range(4):
        bench.add_raw(bench.event("ZZ", bench.now_us(), "1", seq), "ZZ")
    bench.store_all()
    box = DeadLetters(bench.client, bench.keys)
    [[first, second, *_]] = box.oldest_first(box.last_id())
    box.retry([Retrial(first, Entry("ZZ", first.event))])
    box.remove(second.id, second.id)
    bench.store_all()
    found = examine(bench)
    assert total(found) == {"published": 5, "dead": 5}
    assert account(found, "ZZ").letters_removed == 2
    assert found.is_done


def lose_a_row(bench: Bench) -> None:
    bench.database.execute("DELETE FROM ticks WHERE seq = 7")


def change_a_value(bench: Bench) -> None:
    bench.database.execute("UPDATE ticks SET last = last + 0.25 WHERE seq = 7")


def change_the_extra(bench: Bench) -> None:
    bench.database.execute("UPDATE ticks SET extra = '{\"meta\":{}}' WHERE seq = 7")


def add_a_row(bench: Bench) -> None:
    bench.database.execute("CREATE TEMPORARY TABLE one AS SELECT * FROM ticks WHERE seq = 7")
    bench.database.execute("UPDATE one SET seq = 1000")
    bench.database.execute("INSERT INTO ticks SELECT * FROM one")


def drop_the_letters(bench: Bench) -> None:
    bench.client.delete(bench.keys.dead)


@pytest.mark.parametrize(
    ("damage", "wrong", "said"),
    [
        (lose_a_row, {"published": 21, "stored": 19, "dead": 1, "missing": 1}, "MOCK ES: 1 missing (1"),
        (change_a_value, {"published": 21, "stored": 20, "dead": 1, "changed": 1}, "MOCK ES: 1 with other values"),
        (change_the_extra, {"published": 21, "stored": 20, "dead": 1, "changed": 1}, "MOCK ES: 1 with other values"),
        (add_a_row, {"published": 21, "stored": 21, "dead": 1, "surplus": 1}, "MOCK ES: 1 rows that no entry"),
        (drop_the_letters, {"published": 21, "stored": 20, "missing": 1}, "? ?: 1 missing (1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_and_named(
    bench: Bench, damage: Callable[[Bench], None], wrong: Mapping[str, int], said: str
) -> None:
    bench.add(20)
    bench.add_raw(b"nonsense")
    bench.store_all()
    assert examine(bench).is_done
    damage(bench)
    found = examine(bench)
    assert total(found) == wrong
    assert not found.is_balanced
    assert next(filter(None, (each.sentence() for each in found.accounts))).startswith(said)


def test_a_conflict_without_its_record_is_found(bench: Bench) -> None:
    now_us = bench.now_us()
    for last in ("5000.25", "5000.50", "5000.75"):
        bench.add_raw(bench.event("ES", now_us, last, 1))
    bench.store_all()
    bench.database.execute("DELETE FROM tick_conflicts WHERE last = 5000.75")
    assert total(examine(bench)) == {"published": 3, "stored": 1, "duplicates": 2, "conflicts": 1, "changed": 1}


def test_what_was_trimmed_since_is_counted(bench: Bench) -> None:
    bench.add(30)
    bench.store_all()
    bench.add(10, first=30)
    bench.store_all()
    bench.client.xtrim(bench.keys.unified, maxlen=10, approximate=False)
    found = examine(bench)
    assert total(found) == {"published": 40, "stored": 40}
    assert (found.held, found.is_done) == (10, True)
    lose_a_row(bench)
    assert total(examine(bench)) == {"published": 40, "stored": 39, "missing": 1}


def test_rows_from_before_the_buss_memory_are_listed_and_not_compared(bench: Bench) -> None:
    bench.add(30)
    bench.store_all()
    for name in bench.client.scan_iter(match=f"{bench.namespace}:*"):
        bench.client.delete(name)
    found = examine(bench)
    assert total(found) == {"earlier": 30}
    assert found.is_done
    bench.add(5, first=30)
    bench.store_all()
    assert total(examine(bench)) == {"published": 5, "stored": 5, "earlier": 30}


def test_a_tally_that_begins_in_the_middle(bench: Bench) -> None:
    """A worker of before the tallies acknowledged the first entries."""
    bench.add(10)
    bench.store_all()
    bench.client.delete(bench.keys.tally(today(bench)))
    bench.add(5, first=10)
    bench.store_all()
    found = examine(bench)
    assert total(found) == {"published": 5, "stored": 5, "earlier": 10}
    assert (found.held, found.is_done) == (15, True)
    lose_a_row(bench)
    assert total(examine(bench)) == {"published": 6, "stored": 5, "missing": 1, "earlier": 9}


def test_what_waits_is_not_missing(bench: Bench) -> None:
    IngestGroup(bench.client, bench.keys).ensure()
    bench.add(10)
    bench.take("gone", 4)
    bench.take_singly("stranger", 2)
    found = examine(bench)
    assert total(found) == {"published": 10, "waiting": 10}
    assert (found.is_balanced, found.is_done) == (True, False)
    bench.store_all(claim_idle_ms=0)
    assert total(examine(bench)) == {"published": 10, "stored": 10}


def test_a_committed_batch_that_was_not_acknowledged_is_stored(bench: Bench) -> None:
    bench.add(10)
    bench.store_all()
    group = bench.client.xinfo_groups(bench.keys.unified)[0]
    bench.client.xgroup_setid(bench.keys.unified, bench.keys.group, "0", entries_read=0)
    bench.client.delete(bench.keys.tally(today(bench)), bench.keys.leased_up_to)
    assert group["last-delivered-id"]
    found = examine(bench)
    assert total(found) == {"published": 10, "stored": 10}
    assert found.is_done


def test_entries_acknowledged_with_other_tools_are_missing(bench: Bench) -> None:
    bench.add(3)
    bench.store_all()
    bench.add(4, first=3)
    for entry_id in bench.take("gone", 4):
        bench.client.xack(bench.keys.unified, bench.keys.group, entry_id)
        bench.client.hdel(bench.keys.leases, entry_id)
    found = examine(bench)
    assert total(found) == {"published": 7, "stored": 3, "missing": 4}


def test_waiting_lets_a_worker_finish(bench: Bench) -> None:
    bench.store_all()
    bench.add(3000)
    worker = bench.ingestor()
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        found = examine(bench, wait_seconds=30)
    finally:
        worker.stop()
        thread.join(10)
    assert total(found) == {"published": 3000, "stored": 3000}
    assert found.is_done


def test_on_a_running_feed_every_look_is_exact(bench: Bench) -> None:
    """Entries come, duplicates and nonsense among them, and are trimmed, while the day is accounted for."""
    bench.store_all()
    worker, stop, client = bench.ingestor(), threading.Event(), bench.client
    threads = [threading.Thread(target=worker.run), threading.Thread(target=feed, args=(bench, stop))]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: client.xlen(bench.keys.unified) > 500, 30)
        looks = [examine(bench, wait_seconds=30) for _ in range(6)]
    finally:
        stop.set()
        worker.stop()
        for thread in threads:
            thread.join(10)
    assert [each.sentence() for look in looks for each in look.accounts if each.sentence()] == []
    assert all(look.is_done for look in looks)
    published = [total(look)["published"] for look in looks]
    assert published == sorted(published)
    assert published[-1] > published[0] > 500
    assert total(looks[-1])["duplicates"]
    assert total(looks[-1])["dead"]
    assert looks[-1].held < published[-1]


def feed(bench: Bench, stop: threading.Event) -> None:
    now_us, first = bench.now_us(), 0
    while not stop.wait(0.01):
        bench.add(100, first=first)
        bench.add_raw(bench.event("CL", now_us, "61.25", first // 300), "CL")
        bench.add_raw(b"nonsense")
        first += 100
        if first % 1000 == 0:
            last = wait_until(lambda: settled(bench) or stop.is_set(), 30)
            if isinstance(last, bytes):
                bench.client.xtrim(bench.keys.unified, minid=last, approximate=False)


def settled(bench: Bench) -> bytes | None:
    """The id up to which everything was acknowledged; None while something is in flight."""
    group = bench.client.xinfo_groups(bench.keys.unified)[0]
    last = group["last-delivered-id"]
    return last if not group["pending"] and isinstance(last, bytes) else None


def test_entries_of_other_dates_are_not_of_this_one(bench: Bench) -> None:
    bench.add(3)
    bench.add_raw(bench.event("ES", bench.now_us() - 5 * 86_400_000_000, "1", 1))
    bench.store_all()
    other = trade_date_span(bench.now_us() - 5 * 86_400_000_000, "cme_equity").trade_date
    assert total(examine(bench)) == {"published": 3, "stored": 3}
    assert total(examine(bench, day=other)) == {"published": 1, "stored": 1}


def test_losses_are_told(bench: Bench) -> None:
    bench.client.hset(bench.keys.ingest_losses, mapping={"lost_to_trim": 5, "mark": "x"})
    bench.client.hset(bench.keys.collect_losses, mapping={"MOCK": 3, "MOCK:ES": 3})
    found = examine(bench)
    assert found.losses == {"lost_to_trim": 5}
    assert found.collect_losses == {"MOCK": 3, "MOCK:ES": 3}
    assert found.is_done


# --- as a person runs it ---


def test_the_command(fresh_thor: dict[str, str]) -> None:
    run_thor(fresh_thor, "mock_to_redis", "--count", "300", "--rate", "100000")
    day = _published_on(fresh_thor)
    early = run_thor(fresh_thor, "reconcile_ticks", "--date", day, check=False)
    assert early.returncode == 1
    assert "not yet: 300 entries" in early.stdout
    run_thor(fresh_thor, "redis_to_postgres", "--once")
    done = run_thor(fresh_thor, "reconcile_ticks", "--date", day)
    assert "every entry is accounted for" in done.stdout
    assert json.loads(run_thor(fresh_thor, "reconcile_ticks", "--date", day, "--json").stdout)["is_done"]
    nothing = run_thor(fresh_thor, "reconcile_ticks", "--date", "2099-03-04")
    assert "nothing was published on trade date 2099-03-04" in nothing.stdout
    assert "no trade date" in run_thor(fresh_thor, "reconcile_ticks", "--date", "2026-11-21").stdout


def _published_on(environ: Mapping[str, str]) -> str:
    import redis

    from thor.quotes.keys import Keys

    client = redis.Redis.from_url(environ["REDIS_URL"])
    [(entry_id, _)] = client.xrange(Keys(environ["THOR_NAMESPACE"]).unified, count=1)
    client.close()
    return trade_date_span(int(entry_id.split(b"-")[0]) * 1000, "cme_equity").trade_date.isoformat()


@pytest.mark.parametrize(
    "words",
    [
        ("--date", "yesterday"),
        ("--date", "2025-02-30"),
        ("--date", "0001-01-01"),
        (),
        ("--date", "2025-10-09", "--wait", "x"),
    ],
)
def test_a_wrong_call_is_exit_code_2(fresh_namespace: str, words: tuple[str, ...]) -> None:
    import os

    done = run_thor({**os.environ, "THOR_NAMESPACE": fresh_namespace}, "reconcile_ticks", *words, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_servers_that_are_away_are_exit_code_2(fresh_namespace: str, fresh_thor: dict[str, str]) -> None:
    done = run_thor(
        {**fresh_thor, "REDIS_URL": "redis://127.0.0.1:9/0"}, "reconcile_ticks", "--date", "2025-10-09", check=False
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
