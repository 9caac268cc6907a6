"""How soon after an open its capture is told, and how soon after the deciding quote its outcome.

    python benchmarks/capture.py [--opens 60] [--rate 200] [--json]

A desk of its own (``thor market_monitor``) on embedded servers and the machine's clock; made markets open one after the
other, half a second apart. Quotes of the 11 instruments come at ``--rate`` a second all the while; those of YM step
over target or stop a few seconds after each open. Measured on the server's clock, in ms:

- capture: from the open to the entry of ``market_open.captured`` on ``thor:events``, 12 rows and their audit record
  committed before it
- outcome: from the deciding quote's entry on the unified stream to the entry of ``market_open.outcome``, likewise
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import redis

from thor.runtime.servers import Servers, embedded_servers

NAMESPACE = "bench"
ROOT = Path(__file__).resolve().parents[1]
LEAD_SECONDS = 12.0
SPACING_SECONDS = 0.5


def prepare(servers: Servers, opens: int, home: Path) -> float:
    """A Thor with instruments and ``opens`` made markets. Returns when the first of them opens, epoch seconds."""
    os.environ.update(
        DATABASE_URL=str(servers.database_url),
        REDIS_URL=str(servers.redis_url),
        THOR_NAMESPACE=NAMESPACE,
        THOR_HOME=str(home),
        DJANGO_SETTINGS_MODULE="thor.config.settings",
    )
    with psycopg.connect(str(servers.database_url), autocommit=True) as database:
        database.execute(f"CREATE SCHEMA IF NOT EXISTS {NAMESPACE}")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from thor.instruments.services import seed_instruments
    from thor.signals.services import seed_signals

    seed_instruments()
    seed_signals()
    first = time.time() + LEAD_SECONDS
    make_markets(first, opens)
    return first


def make_markets(first: float, opens: int) -> None:
    """Markets that open ``SPACING_SECONDS`` apart and stay open."""
    from thor.markets.models import CalendarEdition, Market, SessionInterval
    from thor.markets.trade_date import utc

    for number in range(opens):
        name = f"Made{number}"
        opened = utc(round((first + number * SPACING_SECONDS) * 1e6))
        # A session on a weekend is a special one, which is not captured.
        day = opened.date() + timedelta(days=8 - opened.isoweekday() if opened.isoweekday() > 5 else 0)
        Market.objects.create(
            country=name, display_name=name, region="Asia", timezone_name="UTC", calendar=name, open_time="00:00",
            close_time="01:00", currency="USD", position=number, enable_futures_capture=True, enable_open_capture=True,
        )  # fmt: skip
        CalendarEdition.objects.create(
            calendar=name, timezone_name="UTC", first_utc=opened - timedelta(days=1),
            end_utc=opened + timedelta(days=90), library_version="made", digest=name, compiled_at=opened,
        )  # fmt: skip
        SessionInterval.objects.create(
            calendar=name, trade_date=day, phase="regular", open_utc=opened,
            close_utc=opened + timedelta(hours=1), source="made", library_version="made",
        )  # fmt: skip


def publish(client: redis.Redis, rate: float, until: float) -> None:
    """Quotes of all instruments in turn: everybody says that markets rise, and YM goes up or down 30 ticks now and
    then, so that every trade is decided."""
    from thor.instruments.instrument import INSTRUMENTS
    from thor.quotes.keys import Keys
    from thor.quotes.quote import format_ts

    keys, chance, ym = Keys(NAMESPACE), random.Random(1), 40_000
    falling = ("VX", "DX", "GC", "ZB")
    started, seq = time.monotonic(), 0
    while time.time() < until:
        facts = INSTRUMENTS[seq % len(INSTRUMENTS)]
        seq += 1
        last = 900 if facts.symbol in falling else 1_100
        if facts.symbol == "YM":
            ym += chance.choice((-30, 0, 0, 0, 0, 0, 30))
            last = ym = min(max(ym, 39_500), 40_500)
        event = {
            "v": 1, "symbol": facts.symbol, "ts": format_ts(time.time_ns() // 1000), "source": "MOCK", "seq": seq,
            "last": last, "bid": last, "ask": last, "settlement": 39_000 if facts.symbol == "YM" else 1_000,
        }  # fmt: skip
        client.xadd(keys.unified, {"s": facts.symbol, "e": json.dumps(event)})
        time.sleep(max(0.0, started + seq / rate - time.monotonic()))


def told(client: redis.Redis) -> tuple[list[float], list[float]]:
    """(ms from opens to captures, ms from deciding quotes to outcomes of TOTAL)."""
    from thor.market_open.models import MarketSession
    from thor.quotes.keys import Keys
    from thor.quotes.quote import parse_ts

    deciding = dict(MarketSession.objects.filter(symbol="TOTAL").values_list("session_id", "deciding_stream_id"))
    captures: list[float] = []
    outcomes: list[float] = []
    entries: Any = client.xrange(Keys(NAMESPACE).events)
    for entry_id, fields in entries:
        at_ms = int(entry_id.split(b"-")[0])
        kind, said = fields[b"t"].decode(), json.loads(fields[b"e"])
        if kind == "market_open.captured" and said["capture_kind"] == "OPEN":
            captures.append(at_ms - parse_ts(said["opened_at"]) / 1000)
        if kind == "market_open.outcome" and said["symbol"] == "TOTAL" and deciding[said["session_id"]]:
            outcomes.append(at_ms - int(deciding[said["session_id"]].split("-")[0]))
    return captures, outcomes


def figures(values: list[float]) -> dict[str, float]:
    """Milliseconds."""
    ordered = sorted(values)
    p95 = ordered[int(len(ordered) * 0.95)]
    return {"n": len(ordered), "p50": statistics.median(ordered), "p95": p95, "max": ordered[-1]}


def measure(opens: int, rate: float, home: Path) -> dict[str, Any]:
    """The figures of one run."""
    with embedded_servers(home) as servers:
        first = prepare(servers, opens, home)
        client = redis.Redis.from_url(str(servers.redis_url))
        until = first + opens * SPACING_SECONDS + 15
        desk = subprocess.Popen(
            [sys.executable, "-m", "thor", "market_monitor", "--interval", "0"], cwd=ROOT,
            stdout=(home / "desk.log").open("wb"), stderr=subprocess.STDOUT,
        )  # fmt: skip
        source = threading.Thread(target=publish, args=(client, rate, until))
        source.start()
        source.join()
        desk.terminate()
        desk.wait(timeout=15)
        captures, outcomes = told(client)
        if not captures:
            sys.exit(f"nothing was captured:\n{(home / 'desk.log').read_text()[-2_000:]}")
        client.close()
    return {"capture": figures(captures), "outcome": figures(outcomes)}


def main() -> None:
    made = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    made.add_argument("--opens", type=int, default=60)
    made.add_argument("--rate", type=float, default=200.0)
    made.add_argument("--json", action="store_true")
    options = made.parse_args()
    home = Path(tempfile.mkdtemp(prefix="thor-capture-"))
    try:
        found = measure(options.opens, options.rate, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    if options.json:
        print(json.dumps(found))
        return
    for name, each in found.items():
        print(f"{name}: {each['n']:.0f}, ms p50 {each['p50']:.1f}, p95 {each['p95']:.1f}, longest {each['max']:.1f}")


if __name__ == "__main__":
    main()
