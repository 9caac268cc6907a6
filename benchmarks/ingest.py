"""Stream to Postgres: Thor's ingestor against the limit and against what a user would write, in one run.

    python benchmarks/ingest.py [--events 300000] [--rounds 3] [--batch 5000] [--json]
    python benchmarks/ingest.py --lag [--rates 1000,10000,50000,150000] [--seconds 8] [--json]

Drain: the stream is filled by ``ValkeyQuoteBus.publish`` with events as the simulator publishes them, then each design,
in turn, stores all of it into an empty ``ticks``:

- limit: psycopg COPY of lines prepared beforehand, same rows, same batch size, same table; nothing read, nothing acked
- naive: redis-py (hiredis) XREADGROUP, msgspec JSON, write_row into a temporary table, ON CONFLICT DO NOTHING, XACK
- bus: how fast the bus server could hand out and acknowledge Thor's drain at most, by its own processor time
- thor: the worker as ``redis_to_postgres`` runs it, compiled

After each drain the stored rows are counted and the pending list must be empty; Thor's is then given the whole stream
once more (a new group) and the count must stand. Lag: events offered at a steady rate by another process; from the
stream id's time (whole milliseconds) to the commit; CPU seconds of worker, PostgreSQL and Valkey as shares of one core.

Servers: the embedded ones in a throw-away home (fsync on, append-only file on). Rates are medians of rounds.
The naive consumer pays for the append-only file: the server writes an XCLAIM into it for each entry that it hands out.
``--without-aof`` shows the same without.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import os
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from made import events

from thor.runtime.servers import Servers, embedded_servers

STAGING = """CREATE TEMP TABLE naive (symbol text, ts timestamptz, last numeric, bid numeric, ask numeric,
    last_size bigint, bid_size bigint, ask_size bigint, volume bigint, source text, cond text, venue text, seq bigint,
    trade_date date, stream_id text, extra jsonb) ON COMMIT DELETE ROWS"""
COLUMNS = (
    "symbol, ts, last, bid, ask, last_size, bid_size, ask_size, volume, source, cond, venue, seq, trade_date, "
    "stream_id, extra"
)
PLAIN = {
    "symbol", "ts", "last", "bid", "ask", "lastSize", "bidSize", "askSize", "volume", "source", "condition", "venue",
    "seq", "v",
}  # fmt: skip


def prepare(servers: Servers) -> None:
    """Django on these servers, tables made, instruments known."""
    os.environ.update(
        DATABASE_URL=str(servers.database_url),
        REDIS_URL=str(servers.redis_url),
        DJANGO_SETTINGS_MODULE="thor.config.settings",
    )
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("seed_instruments", stdout=io.StringIO())
    from thor.history.services import connect_database
    from thor.history.store import TickStore
    from thor.runtime.log import configure_logging

    configure_logging("bench")
    store = TickStore(connect_database)
    store.prepare(time.time_ns() // 1000)
    store.close()


def switch_aof_off(url: str) -> None:
    """A bus that keeps nothing, as in PERFORMANCE.md section 3; Thor itself refuses to work on one."""
    import redis

    from thor.history import worker
    from thor.quotes import bus

    client = redis.Redis.from_url(url)
    client.config_set("appendonly", "no")
    client.close()
    worker.server_problems = bus.server_problems = lambda _client: []


def fill(url: str, made: list[Any]) -> None:
    """Empty the bus and publish everything."""
    import redis

    from thor.quotes.bus import ValkeyQuoteBus
    from thor.quotes.services import announce_instruments

    client = redis.Redis.from_url(url)
    client.flushall()
    announce_instruments()
    bus = ValkeyQuoteBus(url)
    for at in range(0, len(made), 1000):
        assert bus.publish("MOCK", made[at : at + 1000]).won == len(made[at : at + 1000])
    client.xtrim("quotes:stream:MOCK", maxlen=0)
    bus.close()
    client.close()


def empty_table() -> None:
    from thor.history.services import connect_database

    with connect_database() as connection:
        connection.execute("TRUNCATE ticks")
    with connect_database() as connection:
        connection.autocommit = True
        connection.execute("VACUUM ticks")
        connection.execute("CHECKPOINT")


def stored() -> int:
    from thor.history.services import connect_database

    with connect_database() as connection:
        row = connection.execute("SELECT count(*) FROM ticks").fetchone()
    assert row is not None
    return int(row[0])


def check(url: str, count: int, group: str) -> None:
    import redis

    client = redis.Redis.from_url(url)
    pending = client.xpending("quotes:stream:unified", group)["pending"]
    client.close()
    assert stored() == count, f"{stored()} rows stored, {count} expected"
    assert pending == 0, f"{pending} entries still pending"


# --- the three designs ----------------------------------------------------------------------------------------------


def lines_of(url: str, count: int, batch: int) -> list[bytes]:
    """The stream as COPY text, ready in batches."""
    import redis

    from thor.history.tick import read_entry
    from thor.instruments.selectors import groups

    known = groups()
    client = redis.Redis.from_url(url)
    lines: list[bytes] = []
    after = "-"
    while entries := client.xrange("quotes:stream:unified", after, count=10_000):
        for entry_id, fields in entries:
            lines.append(read_entry(entry_id.decode(), [b"s", fields[b"s"], b"e", fields[b"e"]], known).line)
        after = f"({entries[-1][0].decode()}"
    client.close()
    assert len(lines) == count
    return [b"".join(lines[at : at + batch]) for at in range(0, count, batch)]


def limit(batches: list[bytes]) -> float:
    """Seconds of COPY alone."""
    from thor.history.queries import query
    from thor.history.services import connect_database

    with connect_database() as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        began = time.perf_counter()
        for data in batches:
            with cursor.copy(query("copy_ticks")) as copy:
                copy.write(data)
        return time.perf_counter() - began


class Naive:
    """The usual consumer. ``on_commit`` gets the stream ids of each committed batch."""

    group = "naive"

    def __init__(self, url: str, batch: int, on_commit: Callable[[list[bytes]], None] | None = None) -> None:
        import redis

        from thor.history.services import connect_database
        from thor.instruments.selectors import groups
        from thor.markets.trade_date import trade_date_span

        self.span = trade_date_span
        self.client = redis.Redis.from_url(url)
        self.client.xgroup_create("quotes:stream:unified", self.group, id="0", mkstream=True)
        self.connection = connect_database()
        self.connection.autocommit = True
        self.connection.execute(STAGING)
        self.groups = groups()
        self.batch = batch
        self.on_commit = on_commit
        self.done = 0
        self.stopping = False

    def row(self, entry_id: bytes, payload: bytes, decoder: Any, dates: dict[tuple[str, str], Any]) -> tuple[Any, ...]:
        event = decoder.decode(payload)
        key = (self.groups[event["symbol"]], event["ts"][:13])
        if key not in dates:  # the trade date turns at full hours only
            from thor.quotes.quote import parse_ts

            dates[key] = self.span(parse_ts(event["ts"]), key[0]).trade_date
        extra = {name: str(value) for name, value in event.items() if name not in PLAIN}
        get = event.get
        return (
            event["symbol"], event["ts"], event["last"], event["bid"], event["ask"], event["lastSize"],
            event["bidSize"], event["askSize"], event["volume"], event["source"], get("condition"), get("venue"),
            get("seq"), dates[key], entry_id.decode(), json.dumps(extra) if extra else None,
        )  # fmt: skip

    def run(self, until: int | None) -> None:
        import decimal

        import msgspec

        decoder = msgspec.json.Decoder(float_hook=decimal.Decimal)
        dates: dict[tuple[str, str], Any] = {}
        while not self.stopping and (until is None or self.done < until):
            reply = self.client.xreadgroup(
                self.group, "n1", {"quotes:stream:unified": ">"}, count=self.batch, block=500
            )
            if not reply:
                continue
            entries = reply[0][1]
            rows = [self.row(entry_id, fields[b"e"], decoder, dates) for entry_id, fields in entries]
            with self.connection.transaction(), self.connection.cursor() as cursor:
                with cursor.copy("COPY naive FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
                cursor.execute(f"INSERT INTO ticks ({COLUMNS}) SELECT * FROM naive ON CONFLICT DO NOTHING")
            ids = [entry_id for entry_id, _ in entries]
            if self.on_commit:
                self.on_commit(ids)
            self.client.xack("quotes:stream:unified", self.group, *ids)
            self.done += len(entries)

    def close(self) -> None:
        self.client.close()
        self.connection.close()


def naive(url: str, count: int, batch: int) -> float:
    consumer = Naive(url, batch)
    began = time.perf_counter()
    consumer.run(count)
    seconds = time.perf_counter() - began
    consumer.close()
    return seconds


def make_thor(batch: int) -> Any:
    from thor.history.services import ingestor_settings, make_ingestor

    return make_ingestor(ingestor_settings(batch, "bench"))


def thor(count: int, batch: int, kernel: Any) -> float:
    """Seconds from the first read to the last acknowledgement."""
    worker = make_thor(batch)
    worker.kernel = kernel
    worker.setup()
    began = time.perf_counter()
    while worker.counters.stored + worker.counters.duplicates < count:
        worker.step()
    worker._take_replies()
    seconds = time.perf_counter() - began
    worker.teardown()
    return seconds


def bus_cpu_seconds(url: str) -> float:
    """What the bus server's main thread has used of its core."""
    import redis

    client = redis.Redis.from_url(url)
    used = client.info("cpu")
    client.close()
    return float(used["used_cpu_sys_main_thread"]) + float(used["used_cpu_user_main_thread"])


def forget_group(url: str, group: str) -> None:
    import redis

    client = redis.Redis.from_url(url)
    client.xgroup_destroy("quotes:stream:unified", group)
    client.close()


def drain(servers: Servers, count: int, rounds: int, batch: int) -> dict[str, Any]:
    """Ticks a second of each design, and Thor's replay of the whole stream."""
    from thor.history.worker import Kernel
    from thor.quotes.keys import Keys

    url = str(servers.redis_url)
    kernel = Kernel()
    kernel.load()
    found: dict[str, list[float]] = {"limit": [], "naive": [], "bus": [], "thor": [], "thor, all duplicates": []}
    fill(url, events(count))
    batches = lines_of(url, count, batch)
    thor(count, batch, kernel)  # makes the partitions, warms every cache
    for number in range(rounds):
        for name in ("limit", "naive", "thor") if number % 2 == 0 else ("thor", "naive", "limit"):
            empty_table()
            if name == "limit":
                seconds = limit(batches)
                assert stored() == count
            elif name == "naive":
                forget_group(url, Naive.group)
                seconds = naive(url, count, batch)
                check(url, count, Naive.group)
            else:
                forget_group(url, Keys().group)
                spent = bus_cpu_seconds(url)
                seconds = thor(count, batch, kernel)
                found["bus"].append(count / (bus_cpu_seconds(url) - spent))
                check(url, count, Keys().group)
                forget_group(url, Keys().group)
                again = thor(count, batch, kernel)
                check(url, count, Keys().group)
                found["thor, all duplicates"].append(count / again)
            found[name].append(count / seconds)
    rates = {name: statistics.median(each) for name, each in found.items()}
    return {
        "events": count,
        "batch": batch,
        "rounds": rounds,
        "ticks_per_second": {name: round(rate) for name, rate in rates.items()},
        "all_rounds": {name: [round(rate) for rate in each] for name, each in found.items()},
        "thor_of_limit": round(rates["thor"] / rates["limit"], 3),
        "thor_of_bus": round(rates["thor"] / rates["bus"], 3),
        "thor_of_naive": round(rates["thor"] / rates["naive"], 2),
        "kernel_seconds": round(kernel.seconds, 2),
    }


# --- lag ------------------------------------------------------------------------------------------------------------


def offer(url: str, rate: int, seconds: float, result: Any) -> None:
    """Add events at a steady rate, a slice every millisecond, straight to the unified stream; another process, and all
    of it made beforehand, so that it takes little of the two cores."""
    from thor.history.link import Link

    slices = _slices(rate, seconds)
    link = Link(url)
    link.send(b"*1\r\n$4\r\nPING\r\n")
    link.reply()
    began = time.perf_counter()
    for number, (request, count) in enumerate(slices):
        wait = began + number / 1000 - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        link.send(request)
        replies = 0
        while replies < 2 * count:
            replies += link._socket.recv(65536).count(b"\n")
    result.put((sum(count for _, count in slices), time.perf_counter() - began))


def _slices(rate: int, seconds: float) -> list[tuple[bytes, int]]:
    """Pipelined XADDs, one slice a millisecond, and how many each has."""
    made = events(1000)
    found, sent = [], 0
    for number in range(round(seconds * 1000)):
        pieces = []
        for n in range(sent, (number + 1) * rate // 1000):
            template = made[n % 1000]
            symbol = template.symbol.encode()
            event = template.payload[: template.payload.index(b'"seq":')] + b'"seq":%d}' % (1_000_000 + n)
            pieces.append(
                b"*7\r\n$4\r\nXADD\r\n$21\r\nquotes:stream:unified\r\n$1\r\n*\r\n$1\r\ns\r\n$%d\r\n%s\r\n"
                b"$1\r\ne\r\n$%d\r\n%s\r\n" % (len(symbol), symbol, len(event), event)
            )
        sent += len(pieces)
        found.append((b"".join(pieces), len(pieces)))
    return [each for each in found if each[1]]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, of its children that live, and of those that ended."""
    total = 0
    for each in [pid, *children(pid)]:
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(number) for number in fields[11:15])
    return total / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def server_pids() -> dict[str, int]:
    """The servers are children of this process."""
    names = {}
    for pid in children(os.getpid()):
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        if name.startswith(("postgres", "valkey")):
            names["postgres" if name.startswith("postgres") else "valkey"] = pid
    return names


def lag(servers: Servers, rates: list[int], seconds: float, batch: int) -> list[dict[str, Any]]:
    """p50 and p99 in milliseconds, naive and Thor in turn at each rate."""
    from thor.history.worker import Kernel
    from thor.quotes.keys import Keys

    kernel = Kernel()
    kernel.load()
    url = str(servers.redis_url)
    found = []
    for rate in rates:
        for design in ("naive", "thor"):
            fill(url, [])
            empty_table()
            forget = Naive.group if design == "naive" else Keys().group
            lags: list[tuple[int, Any]] = []
            worker, thread = (_naive_thread if design == "naive" else _thor_thread)(url, batch, kernel, lags)
            found.append({"design": design, "rate": rate} | _offer_and_watch(url, rate, seconds, lags))
            worker.stop()
            thread.join(10)
            forget_group(url, forget)
    return found


def _naive_thread(url: str, batch: int, _kernel: Any, lags: list[tuple[int, Any]]) -> tuple[Any, threading.Thread]:
    def committed(ids: list[bytes]) -> None:
        lags.append((time.time_ns() // 1_000_000, [int(each.partition(b"-")[0]) for each in ids]))

    consumer = Naive(url, batch, committed)
    consumer.stop = lambda: setattr(consumer, "stopping", True)  # type: ignore[attr-defined]
    thread = threading.Thread(target=consumer.run, args=(None,))
    thread.start()
    return consumer, thread


def _thor_thread(_url: str, batch: int, kernel: Any, lags: list[tuple[int, Any]]) -> tuple[Any, threading.Thread]:
    worker = make_thor(batch)
    worker.kernel = kernel
    add = worker.counters.add

    def committed(done: Any, result: Any) -> None:
        lags.append((time.time_ns() // 1_000_000, done.row_ms[: done.rows].tolist()))
        add(done, result)

    worker.counters.add = committed
    thread = threading.Thread(target=worker.run)
    thread.start()
    time.sleep(0.5)
    return worker, thread


def _offer_and_watch(url: str, rate: int, seconds: float, lags: list[Any]) -> dict[str, Any]:
    context = multiprocessing.get_context("spawn")
    result = context.Queue()
    process = context.Process(target=offer, args=(url, rate, seconds, result))
    process.start()
    while not lags and process.is_alive():
        time.sleep(0.05)
    pids = server_pids() | {"worker": os.getpid()}
    before = {name: _own(pid, name) for name, pid in pids.items()}
    began = time.perf_counter()
    sent, took = result.get()
    used = {name: _own(pid, name) - before[name] for name, pid in pids.items()}
    wall = time.perf_counter() - began
    process.join()
    deadline = time.perf_counter() + 60
    while stored() < sent and time.perf_counter() < deadline:
        time.sleep(0.2)
    behind = time.perf_counter() - began - wall
    flat = sorted(now - ms for now, ids in list(lags) for ms in ids)
    return {
        "achieved": round(sent / took),
        "p50_ms": flat[len(flat) // 2],
        "p99_ms": flat[int(len(flat) * 0.99)],
        "max_ms": flat[-1],
        "catch_up_seconds": round(behind, 1),
        "lost": sent - stored(),
        "cpu": {name: round(value / wall, 2) for name, value in sorted(used.items())},
    }


def _own(pid: int, name: str) -> float:
    """CPU seconds; of this process without its children."""
    if name == "worker":
        return time.process_time()
    return cpu_seconds(pid)


# --- output ---------------------------------------------------------------------------------------------------------


def print_drain(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title=f"drain of {found['events']:,} events, batches of {found['batch']:,}, median of {found['rounds']}"
    )
    table.add_column("design")
    table.add_column("ticks/s", justify="right")
    table.add_column("of the limit", justify="right")
    table.add_column("x naive", justify="right")
    rates = found["ticks_per_second"]
    for name, rate in rates.items():
        table.add_row(name, f"{rate:,}", f"{rate / rates['limit']:.2f}", f"{rate / rates['naive']:.2f}")
    Console(width=110).print(table)
    print(f"compiled parser ready after {found['kernel_seconds']} s")


def print_lag(found: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="lag from stream id to commit, ms; CPU in cores")
    for name in (
        "rate",
        "design",
        "achieved",
        "p50",
        "p99",
        "max",
        "catch-up s",
        "lost",
        "worker",
        "postgres",
        "valkey",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for each in found:
        cpu = each["cpu"]
        table.add_row(
            f"{each['rate']:,}", each["design"], f"{each['achieved']:,}", *(str(each[n]) for n in ("p50_ms", "p99_ms",
            "max_ms", "catch_up_seconds", "lost")), *(f"{cpu.get(n, 0):.2f}" for n in ("worker", "postgres", "valkey")),
        )  # fmt: skip
    Console(width=110).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=5000)
    parser.add_argument("--lag", action="store_true", help="measure lag at offered rates instead of the drain")
    parser.add_argument("--rates", default="1000,10000,50000,150000")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--without-aof", action="store_true", help="what the bus's append-only file costs")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    home = tempfile.mkdtemp(prefix="thor-bench-")
    os.environ["THOR_HOME"] = home
    try:
        with embedded_servers(Path(home)) as servers:
            prepare(servers)
            if arguments.without_aof:
                switch_aof_off(str(servers.redis_url))
            if arguments.lag:
                rates = [int(each) for each in arguments.rates.split(",")]
                found: Any = lag(servers, rates, arguments.seconds, arguments.batch)
            else:
                found = drain(servers, arguments.events, arguments.rounds, arguments.batch)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    if arguments.json:
        print(json.dumps(found))
    elif arguments.lag:
        print_lag(found)
    else:
        print_drain(found)


if __name__ == "__main__":
    main()
