"""Servers and workers that a chaos run may kill: the embedded servers in a home of their own, workers as commands."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.faults.schedule import How
from thor.runtime.home import ensure_home, run_dir
from thor.runtime.processes import exists, home_lock, spawn
from thor.runtime.servers import EmbeddedServer, make_servers, quiet, start_servers, stop_servers

#: The documented names on the bus (docs/reference/bus.md), written out: the harness trusts no code of the program.
UNIFIED = "quotes:stream:unified"
DEAD = "quotes:stream:dead"
GROUP = "quotes:cgrp:postgres_ingest"
REPORT = "quotes:ingest:{}"
LOSSES = "quotes:ingest_losses"
STOP_SECONDS = 5.0


@dataclass
class Worker:
    """One life of an ingestor."""

    consumer: str
    process: subprocess.Popen[bytes]
    log: Path
    paused: bool = False

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return lines[-1][:300] if lines else "it said nothing"


class Stack:
    """PostgreSQL and Valkey with a migrated, seeded database. ``code``: the folder with the manage.py that is run."""

    def __init__(self, home: Path, code: Path, claim_idle: int) -> None:
        self.home = home
        self._code = code
        self._claim_idle = claim_idle
        self._servers: dict[str, EmbeddedServer] = {}
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._lives = 0
        self.client: redis.Redis

    @contextlib.contextmanager
    def running(self) -> Iterator[Stack]:
        ensure_home(self.home)
        with home_lock(run_dir(self.home) / "lock"):
            servers = make_servers(self.home, postgres=True, valkey=True, environ=os.environ, report=quiet)
            self._servers = {server.name: server for server in servers}
            self._children = start_servers(servers, quiet)
            try:
                self.client = self.new_client()
                self.command("migrate", "-v", "0")
                self.command("seed_instruments")
                yield self
            finally:
                stop_servers(servers, self._children)

    # --- what clients need ---

    @property
    def environ(self) -> dict[str, str]:
        return {
            **{name: text for name, text in os.environ.items() if not name.startswith(("THOR_", "DB_", "PYTHON"))},
            "THOR_HOME": str(self.home),
            "DATABASE_URL": self._servers["postgres"].url,
            "REDIS_URL": self._servers["valkey"].url,
            "THOR_LOG_FORMAT": "json",
            "PYTHONUNBUFFERED": "1",
        }

    def new_client(self) -> redis.Redis:
        return redis.Redis.from_url(self._servers["valkey"].url, retry=Retry(NoBackoff(), 0), socket_timeout=10)

    def database(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self._servers["postgres"].url, autocommit=True, connect_timeout=5)

    def command(self, *words: str) -> str:
        """Run a command to its end; its output."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=self._code, env=self.environ, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout

    # --- workers ---

    def start_worker(self, batch_size: int, consumer: str | None = None) -> Worker:
        """A new life, under a name of its own unless one is given."""
        self._lives += 1
        name = consumer or f"chaos-{self._lives}"
        log = self.home / "log" / f"worker-{self._lives}.log"
        words = ["redis_to_postgres", "--consumer-id", name, "--batch-size", str(batch_size)]
        words += ["--claim-idle", str(self._claim_idle)]
        with log.open("wb") as output:
            process = spawn(
                [sys.executable, "manage.py", *words], env=self.environ, cwd=self._code, output=output,
                parent_death_signal=signal.SIGKILL,
            )  # fmt: skip
        return Worker(name, process, log)

    def kill_worker(self, worker: Worker) -> None:
        worker.process.kill()
        worker.process.wait()

    def is_ready(self, worker: Worker) -> bool:
        """It has reported, so it is set up and reads."""
        pid = self.client.hget(REPORT.format(worker.consumer), "pid")
        return pid is not None and int(pid) == worker.process.pid

    # --- servers ---

    def kill_server(self, name: str, how: How) -> None:
        child = self._children[name]
        family = _children_of(child.pid)
        if how is How.CHILD and name == "postgres":
            self._kill_backend(family)
            return
        child.kill()
        for pid in family if how is How.ALL else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        child.wait()

    def _kill_backend(self, family: list[int]) -> None:
        """One of PostgreSQL's own; over when it has noticed, and has thrown everybody out to begin anew."""
        backends = [pid for pid in family if b"thor" in _command_line(pid)]
        if not backends:  # nobody is connected
            return
        with self.database() as witness:
            os.kill(backends[0], signal.SIGKILL)
            deadline = time.monotonic() + 10
            with contextlib.suppress(psycopg.OperationalError):
                while time.monotonic() < deadline:
                    witness.execute("SELECT pg_sleep(0.01)")

    def revive(self, name: str) -> None:
        """Start a killed server as the supervisor does, and wait until it serves. Its address must be the old one."""
        server, child = self._servers[name], self._children[name]
        before = server.url
        if child.poll() is not None:
            server.clear_the_way(quiet)
            self._children |= start_servers([server], quiet)
        self._wait_for(name)
        assert server.url == before, f"{name} moved from {before} to {server.url}"

    def _wait_for(self, name: str) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if name == "postgres":
                    self.database().close()
                else:
                    self.client.ping()
                return
            except (psycopg.OperationalError, redis.ConnectionError):
                time.sleep(0.01)
        raise RuntimeError(f"{name} does not answer")

    # --- where ingestion stands ---

    def pending_by_consumer(self) -> dict[str, int]:
        try:
            summary = self.client.xpending(UNIFIED, GROUP)
        except redis.ResponseError:  # no stream or no group yet
            return {}
        return {each["name"].decode(): int(each["pending"]) for each in summary["consumers"]}

    def held_by(self, consumer: str) -> list[bytes]:
        """First and last id that are pending for a consumer; empty when there are none."""
        try:
            found = self.client.xpending_range(UNIFIED, GROUP, "-", "+", 10_000, consumername=consumer)
        except redis.ResponseError:
            return []
        ids = [cast("bytes", each["message_id"]) for each in found]
        return ids[:1] + ids[1:][-1:]

    def is_pending(self, entry_id: bytes) -> bool:
        try:
            return bool(self.client.xpending_range(UNIFIED, GROUP, entry_id, entry_id, 1))
        except redis.ResponseError:
            return False

    def caught_up(self) -> bool:
        """The group was given everything and nothing is pending."""
        try:
            groups = {each["name"]: each for each in self.client.xinfo_groups(UNIFIED)}
            stream = self.client.xinfo_stream(UNIFIED)
        except redis.ResponseError:
            return not self.client.exists(UNIFIED)
        group = groups.get(GROUP.encode())
        if group is None:
            return False
        return bool(group["pending"] == 0 and group["last-delivered-id"] == stream["last-generated-id"])


def _children_of(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() if exists(pid) else b""
    except OSError:
        return b""
