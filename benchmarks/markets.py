"""The world clock over HTTP: Thor's hot paths against constant bytes and against the same answers behind Django.

    python benchmarks/markets.py [--requests 1000] [--rounds 5] [--json]

- limit (raw): an ASGI callable that sends constant bytes of the same length, on the same uvicorn settings
- peer (django): the same process asked with ``namespace=``, which leads through Django's middleware and view
- thor: ``manage.py web``, as it is run, with every calendar compiled

One keep-alive connection, one request after the other; milliseconds, medians of the rounds, the designs taken in turn.
Server on the first core, client on the second.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import Any

from snapshot import CHECKOUT, free_port, role, running, throw_away_home

from thor.runtime.servers import embedded_servers

PATHS = ("/api/session", "/api/session?symbol=GC", "/api/markets", "/api/markets/composite")


def ask(port: int, path: str, requests: int) -> list[float]:
    """Milliseconds of each request."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    found = []
    for _ in range(requests):
        begin = time.perf_counter()
        connection.request("GET", path)
        reply = connection.getresponse()
        body = reply.read()
        found.append((time.perf_counter() - begin) * 1e3)
        assert reply.status == 200, body
    connection.close()
    return found


def length_of(port: int, path: str) -> int:
    """Of the answer, once the process has read its calendars."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    return len(connection.getresponse().read())


def behind_django(path: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}namespace="


def measure(path: str, thor: int, raw: int, requests: int, rounds: int) -> dict[str, dict[str, float]]:
    """Design -> p50 and p99."""
    asked = {"raw": (raw, "/"), "django": (thor, behind_django(path)), "thor": (thor, path)}
    runs: dict[str, list[list[float]]] = {design: [] for design in asked}
    for _ in range(rounds):
        for design, (port, where) in asked.items():
            runs[design].append(sorted(ask(port, where, requests)))
    return {design: {"p50_ms": middle(found, 0.5), "p99_ms": middle(found, 0.99)} for design, found in runs.items()}


def middle(runs: list[list[float]], quantile: float) -> float:
    return round(statistics.median(run[int(len(run) * quantile)] for run in runs), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {1 % (os.cpu_count() or 1)})
    rows: dict[str, Any] = {}
    with throw_away_home() as home, embedded_servers(home) as servers, ExitStack() as stack:
        environ = {
            **os.environ, "THOR_HOME": str(home), "DATABASE_URL": str(servers.database_url),
            "REDIS_URL": str(servers.redis_url), "THOR_NAMESPACE": "",
        }  # fmt: skip
        subprocess.run([sys.executable, "-m", "thor", "prepare"], cwd=CHECKOUT, env=environ, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        thor, raw = free_port(), free_port()
        stack.enter_context(running(0, [sys.executable, "manage.py", "web", "--port", str(thor)], environ, thor))
        for path in PATHS:
            length = length_of(thor, path)
            with running(0, role("raw", raw, length), environ, raw):
                rows[path] = {"bytes": length, **measure(path, thor, raw, args.requests, args.rounds)}
    print(json.dumps(rows, indent=2) if args.json else "\n".join(line(path, row) for path, row in rows.items()))


def line(path: str, row: dict[str, Any]) -> str:
    designs = ", ".join(f"{name} {row[name]['p50_ms']}/{row[name]['p99_ms']}" for name in ("raw", "django", "thor"))
    ratio = row["django"]["p50_ms"] / row["thor"]["p50_ms"]
    return f"{path:26} {row['bytes']:6,} bytes, p50/p99 ms: {designs}; django to thor {ratio:.1f}"


if __name__ == "__main__":
    main()
