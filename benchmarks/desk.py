"""What a quote costs at the desk: quotes a second with every reactor on, in one process and through the bus.

    python benchmarks/desk.py [--quotes 300000] [--rounds 3] [--peer-python PATH] [--profile] [--json]

Quotes of the 11 instruments as the simulator makes them, 1,000 a second, from a minute before New York's open on an
ordinary Friday, so that markets, minutes and timers turn as they do while trading.

In one process, quotes ready in memory:

- limit: a Python loop over prices that are plain floats, which keeps last, high and low of each symbol and nothing else
- peer: NautilusTrader's BacktestEngine, compiled, with one strategy that hears every quote and keeps the same
- thor: ``Desk.hear`` with all reactors: gate, snapshot, silence, signals and TOTAL, VWAP, extremes, intraday

Through the bus, events ready on the unified stream of the embedded Valkey, PostgreSQL beside it:

- reading: redis-py and the decoder, nothing heard; once with the strict decoder alone
- thor: a DeskWorker from its first read to its last commit: read, decode, hear, commit, board, domain events

The peer needs an environment of its own, for its libraries are not Thor's:
``scripts/uv venv var/nautilus && scripts/uv pip install --python var/nautilus nautilus_trader==1.221.0``.
Rates are medians of the rounds, the designs taken in turn.
"""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import gc
import io
import json
import os
import pstats
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from thor.runtime.servers import Servers, embedded_servers

RATE = 1_000.0
FROM = datetime(2026, 11, 20, 14, 29, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[1]
PEER = ROOT / "var" / "nautilus" / "bin" / "python"
NAMESPACE = "bench"
BATCH = 5_000


def prepare(servers: Servers) -> None:
    """Django on these servers; tables, instruments, markets and calendars are there."""
    os.environ.update(
        DATABASE_URL=str(servers.database_url),
        REDIS_URL=str(servers.redis_url),
        THOR_NAMESPACE=NAMESPACE,
        DJANGO_SETTINGS_MODULE="thor.config.settings",
    )
    import django

    django.setup()
    from django.core.management import call_command

    from thor.runtime.log import configure_logging

    # A desk writes a line for every domain event: to a file, as under the supervisor.
    with contextlib.redirect_stderr((Path(os.environ["THOR_HOME"]) / "desk.log").open("w")):
        configure_logging("bench")
    call_command("prepare", verbosity=0, stdout=io.StringIO(), stderr=io.StringIO())


class Feed:
    """The same quotes for everybody: as events with their stream ids, as quotes, and as columns of numbers."""

    def __init__(self, count: int) -> None:
        from thor.instruments.instrument import INSTRUMENTS
        from thor.markets.trade_date import epoch_us
        from thor.quotes.providers.mock import Exchange

        self.instruments = INSTRUMENTS
        self.from_us = epoch_us(FROM)
        exchange = Exchange(5, RATE, [each.symbol for each in INSTRUMENTS], self.from_us)
        self.made = exchange.take(count, count)
        self.until_us = self.made[-1].ts_us
        self.payloads = [each.payload(self.from_us + n) for n, each in enumerate(self.made)]
        self.ids = list(_ids(each.ts_us // 1000 for each in self.made))

    def quotes(self) -> list[Any]:
        from thor.quotes.quick import decode

        return [decode(each) for each in self.payloads]

    def save(self, path: Path) -> None:
        """What the peer reads."""
        import numpy as np

        places = {each.symbol: place for place, each in enumerate(self.instruments)}
        quotes = self.quotes()
        np.savez(
            path,
            symbols=[each.symbol for each in self.instruments],
            precisions=[-int(each.tick_size.as_tuple().exponent) for each in self.instruments],
            ticks=[float(each.tick_size) for each in self.instruments],
            which=[places[each.symbol] for each in quotes],
            ts_us=[each.ts_us for each in quotes],
            bid=[float(each.bid) for each in quotes],
            ask=[float(each.ask) for each in quotes],
            bid_size=[each.bid_size for each in quotes],
            ask_size=[each.ask_size for each in quotes],
        )


def _ids(milliseconds: Iterable[int]) -> Iterable[str]:
    """Stream ids of these times, rising."""
    before, number = -1, 0
    for each in milliseconds:
        number = number + 1 if each == before else 0
        before = each
        yield f"{each}-{number}"


def keep_apart() -> None:
    """What the benchmark itself holds is no matter of the garbage collector's: a desk does not hold it."""
    gc.collect()
    gc.freeze()


def seconds_of(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# --- in one process -------------------------------------------------------------------------------------------------


def limit(rows: list[tuple[str, float, float, float]]) -> dict[str, list[float]]:
    """The least that a loop can do."""
    kept: dict[str, list[float]] = {}
    for symbol, last, _, _ in rows:
        row = kept.get(symbol)
        if row is None:
            kept[symbol] = [last, last, last]
            continue
        row[0] = last
        if last > row[1]:
            row[1] = last
        if last < row[2]:
            row[2] = last
    return kept


def make_desk(from_us: int) -> Any:
    """A desk as the worker makes it, on the tables of this database, with nothing heard."""
    from thor.desk.config import ConfigTables
    from thor.desk.desk import Desk
    from thor.desk.worker import all_reactors
    from thor.markets import selectors as markets

    followed = markets.active_markets()
    tables = markets.load_calendars({each.calendar for each in followed})
    desk = Desk({each.country: tables[each.calendar] for each in followed}, all_reactors(), from_us)
    desk.start({}, ConfigTables().read())
    return desk


def hear_all(desk: Any, heard: list[tuple[str, Any]]) -> None:
    """Timers where they belong; what follows is taken away now and then, as a commit does."""
    hear = desk.hear
    for n, (entry_id, quote) in enumerate(heard):
        hear(entry_id, quote, quote.ts_us, 0)
        if not n % BATCH:
            desk.take()


def in_process(feed: Feed) -> dict[str, Callable[[], float]]:
    """Design -> seconds of one round."""
    quotes = feed.quotes()
    heard = list(zip(feed.ids, quotes, strict=True))
    rows = [(each.symbol, float(each.last), float(each.bid), float(each.ask)) for each in quotes]

    def thor() -> float:
        desk = make_desk(feed.from_us)
        seconds = seconds_of(lambda: hear_all(desk, heard))
        assert desk.cursor == feed.ids[-1]
        return seconds

    return {"limit: plain loop": lambda: seconds_of(lambda: limit(rows)), "thor, in process": thor}


def peer(feed: Feed, python: Path, rounds: int, folder: Path) -> dict[str, Any] | None:
    """What the peer says of itself; None where it is not installed."""
    if not python.exists():
        return None
    path = folder / "quotes.npz"
    feed.save(path)
    program = Path(__file__).with_name("nautilus_peer.py")
    done = subprocess.run([python, program, path, "--rounds", str(rounds)], capture_output=True, text=True)
    if done.returncode:
        print(done.stderr.strip().splitlines()[-1], file=sys.stderr)
        return None
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["heard"] == len(feed.made), f"the peer heard {found['heard']} of {len(feed.made)} quotes"
    return found


# --- through the bus ------------------------------------------------------------------------------------------------


def fill(url: str, feed: Feed) -> None:
    """Everything on the unified stream, under the ids that it would have had."""
    import redis

    client = redis.Redis.from_url(url)
    client.flushall()
    for at in range(0, len(feed.made), BATCH):
        pipe = client.pipeline(transaction=False)
        for n in range(at, min(at + BATCH, len(feed.made))):
            fields: dict[Any, Any] = {"s": feed.made[n].symbol, "e": feed.payloads[n]}
            pipe.xadd(f"{NAMESPACE}:quotes:stream:unified", fields, id=feed.ids[n])
        pipe.execute()
    client.close()


def forget_desk(url: str) -> None:
    """As if no desk had ever heard this stream."""
    import redis
    from django.apps import apps
    from django.db import connection

    models = [each for label in ("desk", "indicators", "quotes") for each in apps.get_app_config(label).get_models()]
    models += [apps.get_model("signals", name) for name in ("SessionBaseline", "SignalChange", "SignalDay")]
    models += [apps.get_model("markets", "MarketDataSnapshot")]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(each._meta.db_table for each in models)} CASCADE")
    client = redis.Redis.from_url(url)
    for pattern in ("*desk:*", "*board:*", "*vwap:*", "*thor:events"):
        for name in client.scan_iter(match=NAMESPACE + ":" + pattern):
            client.delete(name)
    client.close()


def read_all(url: str, count: int, decode: Callable[[bytes], object]) -> float:
    """Seconds of reading and decoding alone."""
    import redis

    client = redis.Redis.from_url(url)
    stream, after, done = f"{NAMESPACE}:quotes:stream:unified", b"0-0", 0
    began = time.perf_counter()
    while done < count:
        reply: Any = client.xread({stream: after}, count=BATCH)
        entries = reply[0][1]
        for _, fields in entries:
            decode(fields[b"e"])
        done += len(entries)
        after = entries[-1][0]
    seconds = time.perf_counter() - began
    client.close()
    return seconds


def through_worker(url: str, feed: Feed, profile: cProfile.Profile | None = None) -> float:
    """Seconds from a leading desk's first read to its last commit."""
    from thor.desk.worker import DeskWorker
    from thor.runtime.fakes import FixedClock

    forget_desk(url)
    # It begins five minutes before now, and the last entry is now: timers fall where they would have fallen.
    worker = DeskWorker(url, NAMESPACE, clock=FixedClock(feed.until_us + 1_000))
    worker.setup()
    assert worker._leads()
    if profile is not None:
        profile.enable()
    began = time.perf_counter()
    while worker._saved_cursor != feed.ids[-1]:
        worker.step()
    seconds = time.perf_counter() - began
    if profile is not None:
        profile.disable()
    assert (worker._quotes, worker._refused) == (len(feed.made), 0)
    worker.teardown()
    return seconds


def through_the_bus(url: str, feed: Feed) -> dict[str, Callable[[], float]]:
    """Design -> seconds of one round."""
    from thor.quotes import quick, quote

    count = len(feed.made)
    return {
        "reading, strict decoder": lambda: read_all(url, count, quote.decode),
        "reading": lambda: read_all(url, count, quick.decode),
        "thor, through the bus": lambda: through_worker(url, feed),
    }


def profiled(url: str, feed: Feed) -> None:
    """Where the time goes, in both cases."""
    quotes = feed.quotes()
    desk = make_desk(feed.from_us)
    for name in ("in process", "through the bus"):
        profile = cProfile.Profile()
        if name == "in process":
            profile.runcall(hear_all, desk, list(zip(feed.ids, quotes, strict=True)))
        else:
            through_worker(url, feed, profile)
        print(f"== {name}")
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)


# --- all of it ------------------------------------------------------------------------------------------------------


def measure(designs: dict[str, Callable[[], float]], count: int, rounds: int) -> dict[str, list[float]]:
    """Quotes a second of every design, in turn."""
    rates: dict[str, list[float]] = {name: [] for name in designs}
    for _ in range(rounds):
        for name, work in designs.items():
            rates[name].append(count / work())
    return rates


def run(servers: Servers, count: int, rounds: int, python: Path, folder: Path) -> dict[str, Any]:
    prepare(servers)
    url, feed = str(servers.redis_url), Feed(count)
    fill(url, feed)
    keep_apart()
    # The peer runs beside nobody.
    there = peer(feed, python, rounds, folder)
    rates = measure(in_process(feed), count, rounds)
    rates |= {"peer: nautilus_trader": there["rates"]} if there else {}
    rates |= measure(through_the_bus(url, feed), count, rounds)
    medians = {name: statistics.median(found) for name, found in rates.items()}
    return {
        "quotes": count,
        "rounds": rounds,
        "per_second": {name: round(rate) for name, rate in medians.items()},
        "all_rounds": {name: [round(rate) for rate in found] for name, found in rates.items()},
        "to_limit": round(medians["thor, in process"] / medians["limit: plain loop"], 3),
        "to_peer": round(medians["thor, in process"] / medians["peer: nautilus_trader"], 2) if there else None,
        "to_reading": round(medians["thor, through the bus"] / medians["reading"], 3),
        "peer": f"nautilus_trader {there['version']}" if there else None,
    }


def tell(found: dict[str, Any], python: Path) -> None:
    print(f"{found['quotes']:,} quotes of 11 instruments, median of {found['rounds']} rounds")
    for name, rate in found["per_second"].items():
        print(f"  {name:28} {rate:>12,}/s   {1e6 / rate:6.2f} us a quote")
    print(
        f"  in process {found['to_limit']:.3f} of the plain loop; through the bus {found['to_reading']:.2f} of reading"
    )
    if found["peer"]:
        print(f"  thor: in process {found['to_peer']:.2f} x {found['peer']}")
    else:
        print(f"  no peer: nautilus_trader is not installed in {python}; the head of this file says how")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quotes", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer-python", type=Path, default=PEER)
    parser.add_argument("--profile", action="store_true", help="say where the time goes instead")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="thor-bench-"))
    os.environ["THOR_HOME"] = str(home)
    try:
        with embedded_servers(home) as servers:
            if arguments.profile:
                prepare(servers)
                feed = Feed(arguments.quotes)
                fill(str(servers.redis_url), feed)
                keep_apart()
                profiled(str(servers.redis_url), feed)
                return
            found = run(servers, arguments.quotes, arguments.rounds, arguments.peer_python, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    if arguments.json:
        print(json.dumps(found))
    else:
        tell(found, arguments.peer_python)


if __name__ == "__main__":
    main()
