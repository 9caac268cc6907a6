"""Does it stay as it is: the simulator, the bus and one ingestor for a long time, memory and lag all the while.

    python benchmarks/soak.py [--minutes 2] [--rate 2000] [--json]

Everything as a user runs it, in a home of its own: ``mock_to_redis --rate N``, ``redis_to_postgres``, the embedded
servers, streams kept for six minutes so that trimming takes part. Every five seconds: resident memory of ingestor and
collector, PostgreSQL's share (proportional, shared buffers once), Valkey's memory without its streams; each half second
the lag that the ingestor reports. Slopes are least squares over what comes after the first two minutes (a fifth of a
shorter run), in MiB an hour. In the end every event of the stream's counter must be a row. Exit code 1 when one is not.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis

from thor.runtime.servers import Servers, embedded_servers

CHECKOUT = Path(__file__).resolve().parents[1]
MIB = 1024 * 1024
UNIFIED, DEAD, SOURCE = "quotes:stream:unified", "quotes:stream:dead", "quotes:stream:MOCK"
CONSUMER = "soak"
SAMPLE_SECONDS = 5.0
LAG_SECONDS = 0.5
WARM_UP_SECONDS = 120.0
CATCH_UP_SECONDS = 60.0
STOP_SECONDS = 30.0


@dataclass
class Course:
    """Samples of one figure: seconds since the start, MiB."""

    points: list[tuple[float, float]] = field(default_factory=list)

    def summary(self, warm_up: float) -> dict[str, float]:
        kept = [point for point in self.points if point[0] >= warm_up] or self.points
        values = [value for _, value in kept]
        return {
            "slope_mib_per_hour": round(slope(kept) * 3600, 2),
            "min": round(min(values), 1),
            "max": round(max(values), 1),
        }


def slope(points: list[tuple[float, float]]) -> float:
    """Of the line of least squares; 0 for a single point."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def environment(home: Path, servers: Servers) -> dict[str, str]:
    return {
        **{name: text for name, text in os.environ.items() if not name.startswith(("THOR_", "MOCK_"))},
        "THOR_HOME": str(home),
        "DATABASE_URL": str(servers.database_url),
        "REDIS_URL": str(servers.redis_url),
        "THOR_STREAM_RETENTION_HOURS": "0.1",
    }


@contextmanager
def running(env: dict[str, str], log: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command of Thor at work; SIGTERM at the end."""
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "manage.py", *words], cwd=CHECKOUT, env=env, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            raise SystemExit(f"soak: {words[0]} did not end within {STOP_SECONDS:.0f} s of SIGTERM") from None


def resident(pid: int) -> float:
    """MiB in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MIB


def postgres_share(home: Path) -> float:
    """MiB of all of PostgreSQL's processes, what they share counted once."""
    master = int((home / "postgres" / "postmaster.pid").read_text().split()[0])
    pids = [master, *map(int, Path(f"/proc/{master}/task/{master}/children").read_text().split())]
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def valkey_without_streams(client: redis.Redis) -> float:
    """MiB that are not the streams' payload, which grows until the first trimming."""
    streams = sum(int(client.memory_usage(name, samples=20) or 0) for name in (UNIFIED, SOURCE, DEAD))
    return (int(client.info("memory")["used_memory"]) - streams) / MIB


def watch(
    seconds: float, home: Path, client: redis.Redis, ingestor: int, collector: int
) -> tuple[dict[str, Course], list[int]]:
    """Sample until the time is over: courses by name, lags in milliseconds."""
    courses = {name: Course() for name in ("ingestor", "collector", "postgres", "valkey without streams")}
    lags: list[int] = []
    began, sample_at = time.monotonic(), 0.0
    while (now := time.monotonic() - began) < seconds:
        if now >= sample_at:
            found = (resident(ingestor), resident(collector), postgres_share(home), valkey_without_streams(client))
            for course, value in zip(courses.values(), found, strict=True):
                course.points.append((now, value))
            sample_at += SAMPLE_SECONDS
        lag = client.hget(f"quotes:ingest:{CONSUMER}", "lag_ms")
        if lag is not None and now > min(10.0, seconds / 5):
            lags.append(int(lag))
        time.sleep(LAG_SECONDS)
    return courses, lags


def account(client: redis.Redis, database_url: str) -> dict[str, int]:
    """Events that came to the unified stream and rows of ``ticks``, once they are equal or the time is over."""
    deadline = time.monotonic() + CATCH_UP_SECONDS
    with psycopg.connect(database_url, autocommit=True) as database:
        while True:
            row = database.execute("SELECT count(*) FROM ticks").fetchone()
            assert row is not None
            added = int(client.xinfo_stream(UNIFIED)["entries-added"])
            if added == row[0] or time.monotonic() > deadline:
                return {"events": added, "stored": int(row[0]), "dead": int(client.xlen(DEAD))}
            time.sleep(0.2)


def soak(minutes: float, rate: int, home: Path) -> dict[str, object]:
    with ExitStack() as stack:
        servers = stack.enter_context(embedded_servers(home))
        env = environment(home, servers)
        for words in (("migrate", "-v", "0"), ("seed_instruments",)):
            subprocess.run(
                [sys.executable, "manage.py", *words], cwd=CHECKOUT, env=env, check=True, capture_output=True
            )
        client = stack.enter_context(redis.Redis.from_url(str(servers.redis_url)))
        ingestor = stack.enter_context(
            running(env, home / "ingestor.log", "redis_to_postgres", "--consumer-id", CONSUMER)
        )
        with running(env, home / "collector.log", "mock_to_redis", "--rate", str(rate)) as collector:
            wait_for_first(client, (ingestor, collector))
            courses, lags = watch(minutes * 60, home, client, ingestor.pid, collector.pid)
        counts = account(client, str(servers.database_url))
    lags.sort()
    warm_up = min(WARM_UP_SECONDS, minutes * 12)
    return {
        "minutes": minutes,
        "rate": rate,
        **counts,
        "lag_ms": {"p50": lags[len(lags) // 2], "p99": lags[int(len(lags) * 0.99)], "max": lags[-1]},
        "memory": {name: course.summary(warm_up) for name, course in courses.items()},
    }


def wait_for_first(client: redis.Redis, children: tuple[subprocess.Popen[bytes], ...]) -> None:
    deadline = time.monotonic() + 60
    while not (client.exists(UNIFIED) and client.exists(f"quotes:ingest:{CONSUMER}")):
        if time.monotonic() > deadline or any(child.poll() is not None for child in children):
            raise SystemExit("soak: collector or ingestor did not start")
        time.sleep(0.1)


def show(found: dict[str, object]) -> None:
    from rich.console import Console
    from rich.table import Table

    lag = found["lag_ms"]
    memory = found["memory"]
    assert isinstance(lag, dict)
    assert isinstance(memory, dict)
    table = Table(title=f"{found['minutes']} minutes at {found['rate']:,} events a second, MiB")
    for name in ("", "slope an hour", "least", "most"):
        table.add_column(name, justify="right" if name else "left")
    for name, each in memory.items():
        table.add_row(name, f"{each['slope_mib_per_hour']:+.2f}", str(each["min"]), str(each["max"]))
    Console(width=110).print(table)
    print(f"events {found['events']:,}, stored {found['stored']:,}, dead letters {found['dead']:,}")
    print(f"lag p50 {lag['p50']} ms, p99 {lag['p99']} ms, max {lag['max']} ms")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--rate", type=int, default=2000, help="events a second")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="thor-soak-"))
    try:
        found = soak(arguments.minutes, arguments.rate, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    if arguments.json:
        print(json.dumps(found))
    else:
        show(found)
    return 0 if found["events"] == found["stored"] else 1


if __name__ == "__main__":
    sys.exit(main())
