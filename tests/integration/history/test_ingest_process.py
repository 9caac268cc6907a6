"""``thor redis_to_postgres`` as a user runs it: real processes, real signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from tests.support import CHECKOUT, run_thor, wait_until
from thor.quotes.keys import Keys
from thor.quotes.quote import format_ts

Environment = dict[str, str]


@dataclass
class Site:
    """A database of its own, prepared, and a namespace of its own."""

    environ: Environment
    database_url: str
    keys: Keys
    client: redis.Redis

    def add(self, count: int, first: int = 0) -> None:
        pipe = self.client.pipeline(transaction=False)
        for n in range(first, first + count):
            ts = format_ts(time.time_ns() // 1000)
            event = f'{{"v":1,"symbol":"ES","ts":"{ts}","source":"MOCK","last":{5000 + n % 100}.25,"seq":{n}}}'
            pipe.xadd(self.keys.unified, {"s": "ES", "e": event})
        pipe.execute()

    def numbers(self) -> tuple[int, int]:
        """(rows, distinct seq)."""
        with psycopg.connect(self.database_url) as connection:
            row = connection.execute("SELECT count(*), count(DISTINCT seq) FROM ticks").fetchone()
        assert row is not None
        return row[0], row[1]

    def pending(self) -> int:
        return int(self.client.xpending(self.keys.unified, self.keys.group)["pending"])

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "thor", "redis_to_postgres", *words], env=self.environ, cwd=CHECKOUT,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip


@pytest.fixture(scope="module")
def prepared(database_url: str, valkey_url: str, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The environment of a Thor on a database of its own."""
    name = f"ingest_{os.getpid()}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    environ = {
        **os.environ,
        "THOR_HOME": str(tmp_path_factory.mktemp("home")),
        "DATABASE_URL": urlsplit(database_url)._replace(path=f"/{name}").geturl(),
        "REDIS_URL": valkey_url,
        "THOR_LOG_FORMAT": "json",
    }
    run_thor(environ, "migrate")
    run_thor({**environ, "THOR_NAMESPACE": "seeding"}, "seed_instruments")
    return environ


@pytest.fixture
def site(prepared: Environment, fresh_namespace: str) -> Iterator[Site]:
    environ = {**prepared, "THOR_NAMESPACE": fresh_namespace}
    with psycopg.connect(environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("TRUNCATE ticks")
    client = redis.Redis.from_url(environ["REDIS_URL"])
    yield Site(environ, environ["DATABASE_URL"], Keys(fresh_namespace), client)
    client.close()


def test_once_and_status_as_json(site: Site) -> None:
    site.add(25)
    behind = json.loads(run_thor(site.environ, "redis_to_postgres", "--status", "--json").stdout)
    assert behind["lag_entries"] == 25
    assert behind["last_tick"] is None
    done = run_thor(site.environ, "redis_to_postgres", "--once", "--json", "--batch-size", "7")
    assert json.loads(done.stdout) == {"stored": 25, "duplicates": 0, "conflicts": 0, "dead": 0}
    after = json.loads(run_thor(site.environ, "redis_to_postgres", "--status", "--json").stdout)
    assert (after["lag_entries"], after["pending"], after["conflicts"]) == (0, 0, 0)
    assert after["last_tick"].startswith("20")
    table = run_thor(site.environ, "redis_to_postgres", "--status").stdout
    assert "lag" in table and "0 entries" in table and "dead letters" in table


def test_dead_letters_over_their_bound_are_archived(site: Site, tmp_path: Path) -> None:
    for number in range(5):
        site.client.xadd(site.keys.unified, {"s": "ES", "e": f"nonsense {number}"})
    run_thor(site.environ | {"THOR_HOME": str(tmp_path), "THOR_DEAD_LETTERS_MAX": "3"}, "redis_to_postgres", "--once")
    assert site.client.xlen(site.keys.dead) == 3
    [archive] = (tmp_path / "dead_letters").iterdir()
    assert len(archive.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--batch-size", "0"], "wanted a number of events from 1 to 50000"),
        (["--consumer-id", "a b"], "wanted up to 64 letters"),
    ],
)
def test_bad_arguments_are_one_line(words: list[str], says: str, prepared: Environment) -> None:
    done = run_thor(prepared, "redis_to_postgres", *words, check=False)
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_sigterm_ends_it_within_five_seconds_with_nothing_lost(site: Site) -> None:
    worker = site.start()
    try:
        site.add(2000)
        wait_until(lambda: site.numbers()[0] > 0, 30)
        site.add(20_000, first=2000)
        began = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(10) == 0
        assert time.monotonic() - began < 5
    finally:
        worker.kill()
        _, errors = worker.communicate()
    assert b"Traceback" not in errors
    run_thor(site.environ, "redis_to_postgres", "--once")
    assert site.numbers() == (22_000, 22_000)
    assert site.pending() == 0


def test_after_flushall_the_group_and_the_instruments_are_made_again(site: Site) -> None:
    worker = site.start()
    try:
        site.add(100)
        wait_until(lambda: site.numbers()[0] == 100, 30)
        # Everything of this namespace at once, as FLUSHALL does to a whole server.
        site.client.delete(*site.client.keys(f"{site.keys.prefix}*"))
        site.add(100, first=100)
        wait_until(lambda: site.numbers()[0] == 200, 30)
        assert b"ES" in site.client.hkeys(site.keys.instruments)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(10) == 0
    finally:
        worker.kill()
        worker.communicate()


def test_two_workers_and_kill_9(site: Site, tmp_path: Path) -> None:
    """Each is killed once while it works; the survivors and a last --once make up for it."""
    names = ("a", "b")
    workers = {name: site.start("--consumer-id", name, "--batch-size", "500") for name in names}
    sent = 0
    try:
        for name in names:
            site.add(10_000, first=sent)
            sent += 10_000
            stored = site.numbers()[0]
            wait_until(lambda before=stored: site.numbers()[0] > before, 30)  # type: ignore[misc]
            workers[name].kill()
            workers[name].communicate()
            workers[name] = site.start("--consumer-id", name, "--batch-size", "500")
        wait_until(lambda: site.numbers()[0] == sent and site.pending() == 0, 30)
    finally:
        for worker in workers.values():
            worker.kill()
            worker.communicate()
    assert site.numbers() == (sent, sent)
