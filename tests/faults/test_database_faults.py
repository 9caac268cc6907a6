"""What PostgreSQL can do to an ingestor, with the real server."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from itertools import islice

import psycopg
import pytest

from tests.faults.draft import Entry, Good
from tests.faults.events import entries
from tests.faults.proxy import commit_cutter
from tests.faults.site import Site, now_us, site
from tests.support import wait_until
from thor.history.worker import Ingestor

TROUBLE = """
CREATE TABLE trouble (state text NOT NULL);
CREATE SEQUENCE inserts;
CREATE FUNCTION make_trouble() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE found text := (SELECT state FROM trouble);
BEGIN
    -- A sequence does not go back with its transaction: of three inserts the first two fail.
    IF found IN ('40001', '40P01') AND nextval('inserts') % 3 = 0 THEN RETURN NULL; END IF;
    IF found IS NOT NULL THEN RAISE EXCEPTION 'trouble' USING ERRCODE = found; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER trouble BEFORE INSERT ON ticks FOR EACH STATEMENT EXECUTE FUNCTION make_trouble();
"""


@pytest.fixture
def place(database_url: str, valkey_url: str) -> Iterator[Site]:
    with site(database_url, valkey_url) as found:
        yield found


def good_entries(count: int, seed: int = 7) -> list[Entry]:
    """Events that must be stored, duplicates among them."""
    return list(islice((each for each in entries(seed, 2 * count, now_us()) if isinstance(each.event, Good)), count))


class Running:
    """An ingestor at work in a thread."""

    def __init__(self, worker: Ingestor) -> None:
        self.worker = worker
        self._thread = threading.Thread(target=worker.run)

    def __enter__(self) -> Running:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.worker.stop()
        self._thread.join(10)
        assert not self._thread.is_alive()


def test_a_commit_whose_answer_is_lost_is_neither_lost_nor_doubled(place: Site) -> None:
    """A hundred times the connection is cut between the COMMIT and its answer."""
    rng, sent = random.Random(4), iter(entries(4, 5000, now_us()))
    with commit_cutter(place.database_url) as (cutter, url):
        place.database_url = url
        for _ in range(100):
            place.send(list(islice(sent, 50)))
            worker = place.ingestor(batch_size=rng.choice((5, 20, 500)))
            worker.setup()
            cutter.armed = True
            with pytest.raises(psycopg.OperationalError):
                while True:
                    worker.step()
            worker.teardown()
        place.store_all()
        assert cutter.cuts == 100
    verdict = place.judge()
    assert verdict.good, verdict.lines
    assert verdict.letters == verdict.poison > 0


@pytest.mark.parametrize("state", ["53100", "25006", "53300", "53200", "57014", "XX000"])
def test_trouble_of_the_server_is_waited_for(place: Site, state: str) -> None:
    """Disk full, read only, too many connections: nothing is acknowledged, nothing is a dead letter."""
    place.database.execute(TROUBLE)
    place.database.execute("INSERT INTO trouble VALUES (%s)", [state])
    place.send(good_entries(300))
    with Running(place.ingestor()):
        wait_until(lambda: place.pending() > 0, 10)
        place.send(good_entries(100, seed=8))
        assert place.count() == 0
        place.database.execute("TRUNCATE trouble")
        wait_until(lambda: place.count() > 300 and place.pending() == 0, 20)
    place.store_all()
    verdict = place.judge()
    assert verdict.good, verdict.lines
    assert verdict.letters == 0


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_a_thousand_serialization_failures_cost_nothing(place: Site, state: str) -> None:
    """Two failures for each of 500 batches of one event."""
    place.database.execute(TROUBLE)
    place.database.execute("INSERT INTO trouble VALUES (%s)", [state])
    place.send(good_entries(500))
    worker = place.ingestor(batch_size=1)
    worker.run_until_idle()
    tries = place.database.execute("SELECT last_value FROM inserts").fetchone()
    assert tries is not None
    assert tries[0] >= 1500
    verdict = place.judge()
    assert verdict.good, verdict.lines
    assert verdict.letters == 0


def test_a_migration_while_events_come_in_loses_nothing(place: Site) -> None:
    """A column more, an index, a constraint, each under its lock, while the ingestor stores."""
    sent = iter(entries(31, 20_000, now_us()))
    changes = (
        "ALTER TABLE ticks ADD COLUMN note text",
        "CREATE INDEX ON ticks (source, ts)",
        "ALTER TABLE ticks ADD CONSTRAINT sane CHECK (last_size IS NULL OR last_size >= 0)",
        "ALTER TABLE ticks DROP COLUMN note",
    )
    with Running(place.ingestor(batch_size=100)):
        for change in changes:
            for _ in range(4):
                place.send(list(islice(sent, 300)))
            with place.connect() as other:
                other.execute(change)
                place.send(list(islice(sent, 300)))  # comes while the table is locked
        wait_until(lambda: place.count() > 0 and place.pending() == 0, 20)
    place.store_all()
    verdict = place.judge()
    assert verdict.good, verdict.lines


def test_a_worker_that_freezes_in_its_transaction_holds_nobody_up(place: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A paused machine between the rows and their commit: PostgreSQL ends its session, and another stores the same."""
    monkeypatch.setattr("thor.history.store.FROZEN_MS", 300)
    frozen, awake = threading.Event(), threading.Event()
    leave = psycopg.Transaction.__exit__

    def freeze(self: psycopg.Transaction, *error: object) -> object:
        if threading.current_thread().name == "frozen":
            frozen.set()
            awake.wait(30)
        return leave(self, *error)  # type: ignore[arg-type]

    made = good_entries(200)
    place.send([*made, *made[:5]])  # a duplicate: the batch goes through the staging table, in a transaction
    worker = place.ingestor("frozen")
    worker.setup()
    monkeypatch.setattr(psycopg.Transaction, "__exit__", freeze)
    ended: list[BaseException] = []

    def run() -> None:
        try:
            while not ended:
                worker.step()
        except psycopg.Error as error:
            ended.append(error)

    thread = threading.Thread(target=run, name="frozen")
    thread.start()
    try:
        assert frozen.wait(10)
        place.time_passes()
        place.ingestor("other").run_until_idle()
        assert place.judge().good
    finally:
        awake.set()
        thread.join(10)
        worker.teardown()
    assert "idle-in-transaction timeout" in str(ended)
    assert place.judge().good
