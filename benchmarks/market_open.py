"""The market-open API over two years of opens: 11 markets, 500 days, 12 rows each, by the rules of capture and grading.

    python benchmarks/market_open.py [--days 500] [--rounds 30] [--json]

Milliseconds at the client of one keep-alive connection, one request after the other, against ``manage.py web`` on a
database of its own: what the server takes and the way there. Server on the first core, client on the second.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from itertools import islice
from typing import Any

import psycopg
from snapshot import CHECKOUT, free_port, running, throw_away_home

from thor.runtime.servers import embedded_servers

#: Name -> path, and what is aimed at in milliseconds (none: it is only measured).
ASKED = {
    "today": ("today?date={last}", 100),
    "history": ("history", 300),
    "history, filtered": ("history?market=Japan&market=USA&day_of_week=Monday&outcome=WORKED&sort=-pnl_usd", 300),
    "history, 500 of all rows": ("history?symbol=all&page_size=500", None),
    "stats": ("stats", 300),
    "stats, filtered": ("stats?market=Japan&start_date={middle}", 300),
    "insights": ("insights", 300),
    "answers": ("answers", 300),
    "session": ("session/usa-{last}/symbols", None),
}
DOWNLOADS = ("csv", "xlsx", "parquet")
FIRST_DAY = date(2024, 1, 1)
_BATCH = 6_000


def fill(days: int) -> list[str]:
    """Write the opens into the database of the environment; runs in a process of its own. Returns their trade dates."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thor.config.settings")
    django.setup()
    from tests.made_opens import made_opens, weekdays
    from thor.indicators.models import IntradayMetric
    from thor.market_open.models import MarketSession

    dates = weekdays(FIRST_DAY, days)
    made = made_opens(dates)
    while batch := list(islice(made, _BATCH // 12)):
        MarketSession.objects.bulk_create([MarketSession(**row) for each in batch for row in each.rows])
        IntradayMetric.objects.bulk_create([IntradayMetric(**row) for each in batch for row in each.metrics])
    return [dates[0].isoformat(), dates[len(dates) // 2].isoformat(), dates[-1].isoformat()]


def ask(port: int, path: str, rounds: int) -> Iterator[tuple[float, int]]:
    """(milliseconds, bytes) of each request, after one that warms up."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    for number in range(rounds + 1):
        begin = time.perf_counter()
        connection.request("GET", f"/api/market-open/{path}")
        reply = connection.getresponse()
        body = reply.read()
        took_ms = (time.perf_counter() - begin) * 1e3
        assert reply.status == 200, body[:300]
        if number:
            yield took_ms, len(body)
    connection.close()


def measure(port: int, path: str, rounds: int) -> dict[str, Any]:
    found = sorted(ask(port, path, rounds))
    p50, p95 = (found[min(len(found) - 1, int(len(found) * share))][0] for share in (0.5, 0.95))
    return {"bytes": found[0][1], "p50_ms": round(p50, 1), "p95_ms": round(p95, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--days", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--fill", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.fill:
        print(json.dumps(fill(args.days)))
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {1 % (os.cpu_count() or 1)})
    rows = _measured(args.days, args.rounds)
    print(json.dumps(rows, indent=2) if args.json else "\n".join(line(name, row) for name, row in rows.items()))


def _measured(days: int, rounds: int) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    with throw_away_home() as home, embedded_servers(home) as servers, ExitStack() as stack:
        environ = {
            **os.environ, "THOR_HOME": str(home), "DATABASE_URL": str(servers.database_url),
            "REDIS_URL": str(servers.redis_url), "THOR_NAMESPACE": "",
        }  # fmt: skip
        subprocess.run([sys.executable, "-m", "thor", "prepare"], cwd=CHECKOUT, env=environ, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        words = [sys.executable, __file__, "--fill", "--days", str(days)]
        filled = subprocess.run(words, cwd=CHECKOUT, env=environ, check=True, stdout=subprocess.PIPE, text=True)
        _, middle, last = json.loads(filled.stdout)
        with psycopg.connect(str(servers.database_url), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE market_open_marketsession, indicators_intradaymetric")
        port = free_port()
        stack.enter_context(running(0, [sys.executable, "manage.py", "web", "--port", str(port)], environ, port))
        for name, (path, target_ms) in ASKED.items():
            rows[name] = measure(port, path.format(middle=middle, last=last), rounds) | {"target_ms": target_ms}
        for form in DOWNLOADS:
            rows[f"download of all, {form}"] = measure(port, f"download?symbol=all&format={form}", 1)
    return rows


def line(name: str, row: dict[str, Any]) -> str:
    target = f", aimed at {row['target_ms']}" if row.get("target_ms") else ""
    return f"{name:26} {row['bytes']:12,} bytes, p50/p95 ms: {row['p50_ms']:,}/{row['p95_ms']:,}{target}"


if __name__ == "__main__":
    main()
