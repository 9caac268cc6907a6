"""PostgreSQL away for minutes: what the ingestor costs and says meanwhile, and how soon it stores again.

    python -m tests.faults.outage [--seconds 600] [--rate 200]

Events keep coming; in the end each of them must be a row. One result line; exit code 1 when one is missing or a limit
is broken: 5 % of a core, a line a second, no exit of its own.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.schedule import How
from tests.faults.stack import UNIFIED, Stack, Worker
from tests.support import CHECKOUT

MOST_CPU_SHARE = 0.05
MOST_LINES_A_SECOND = 1.0
READY_SECONDS = 60.0


def cpu_seconds(pid: int) -> float:
    """What a process has used of the processors so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def lines_of(worker: Worker) -> int:
    return len(worker.log.read_bytes().splitlines())


def rows(stack: Stack) -> int:
    with stack.database() as database:
        found = database.execute("SELECT count(*) FROM ticks").fetchone()
    return int(str(found[0])) if found else 0


def until(found: Callable[[], bool], what: str) -> float:
    """Wait for it; the seconds it took. Raises RuntimeError."""
    began = time.monotonic()
    while not found():
        if time.monotonic() - began > READY_SECONDS:
            raise RuntimeError(what)
        time.sleep(0.01)
    return time.monotonic() - began


class Feed:
    """Good events, so many a second."""

    def __init__(self, stack: Stack, rate: int) -> None:
        self._client = stack.client
        self._rate = rate
        self.sent = 0

    def run(self, seconds: float) -> None:
        began, before = time.monotonic(), self.sent
        while (passed := time.monotonic() - began) < seconds:
            while self.sent - before < passed * self._rate:
                self.send()
            time.sleep(0.05)

    def send(self) -> None:
        ts = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        event = f'{{"v":1,"symbol":"ES","ts":"{ts}","source":"MOCK","last":5000.25,"seq":{self.sent}}}'
        self._client.xadd(UNIFIED, {"s": "ES", "e": event})
        self.sent += 1


def measure(stack: Stack, seconds: float, rate: int) -> tuple[str, bool]:
    """One outage; the result line, and whether all was well."""
    worker = stack.start_worker(5000)
    until(lambda: stack.is_ready(worker), "the ingestor does not get ready")
    feed = Feed(stack, rate)
    feed.run(3.0)
    until(stack.caught_up, "the ingestor does not store")
    stack.kill_server("postgres", How.ALL)
    feed.send()
    cpu, lines, began = cpu_seconds(worker.process.pid), lines_of(worker), time.monotonic()
    feed.run(seconds)
    away = time.monotonic() - began
    share, said = (cpu_seconds(worker.process.pid) - cpu) / away, (lines_of(worker) - lines) / away
    stored = feed.sent
    stack.revive("postgres")
    before = rows(stack)
    first = until(lambda: rows(stack) > before, "no commit after PostgreSQL is back")
    caught_up = first + until(stack.caught_up, "the ingestor does not catch up")
    missing = stored - rows(stack)
    exits = worker.process.poll() is not None
    good = not missing and not exits and share < MOST_CPU_SHARE and said <= MOST_LINES_A_SECOND
    line = (
        f"outage seconds={away:.0f} waiting={stored - before} cpu_share={share:.4f} lines_per_second={said:.2f} "
        f"first_commit_s={first:.2f} caught_up_s={caught_up:.2f} missing={missing} self_exits={int(exits)}"
    )
    return line, good


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--rate", type=int, default=200, help="events a second")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="thor-outage-"))
    try:
        with Stack(home, CHECKOUT, 30).running() as stack:
            line, good = measure(stack, options.seconds, options.rate)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    sys.stdout.write(f"{line}\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
