"""Quotes to many browsers: Thor's web process against raw sockets and against tailing Redis, in one run.

    python benchmarks/sse.py [--clients 1 100 500 1000] [--rates 100 1000] [--seconds 8] [--only thor raw tail] [--json]

Every design sends the same canonical events, XADDed one by one to the same Valkey, to the same clients:

- limit (raw): one reader, frames built once a batch, written to uvloop transports; no HTTP beyond the head, no rights,
  no resume, no filters
- peer (tail): what a user would write: a request per client that tails the stream with redis.asyncio, under uvicorn
- thor: ``manage.py web``, as it is run

Milliseconds from just before the XADD to the client's read, over up to 25 of the clients (the others only count bytes);
server CPU in percent of one core. The server runs on the first core; the clients (one process), the publisher and
Valkey on the second. ``arrived`` is the share of the published events that the measured clients got in time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
import redis.asyncio
import uvloop

from thor.quotes.quote import format_ts
from thor.quotes.reader import FEWEST_TO_PAUSE, LONGEST_PAUSE_SECONDS, PAUSE_SECONDS_PER_CLIENT
from thor.runtime.servers import embedded_servers

CHECKOUT = Path(__file__).resolve().parents[1]
STREAM = "quotes:stream:unified"
DESIGNS = ("raw", "tail", "thor")
SYMBOLS = ("YM", "ES", "NQ", "RTY", "CL", "SI", "HG", "GC", "VX", "DX", "ZB")
WARM_SECONDS = 2.0
MEASURED = 25
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n"
SENT = re.compile(rb'"seq":(\d+)')


def frame(entry_id: bytes, payload: bytes) -> bytes:
    return b"id: %b\nevent: quote\ndata: %b\n\n" % (entry_id, payload)


# --- the publisher --------------------------------------------------------------------------------------------------


def publish(url: str, rate: int, seconds: float) -> None:
    """XADD one event every 1/rate seconds; ``seq`` says when, in nanoseconds."""
    client = redis.Redis.from_url(url)
    begin = time.monotonic()
    for n in range(int(rate * seconds)):
        wait = begin + n / rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        now = time.time_ns()
        symbol = SYMBOLS[n % len(SYMBOLS)]
        payload = (
            f'{{"v":1,"symbol":"{symbol}","ts":"{format_ts(now // 1000)}","source":"MOCK","last":5342.25,"bid":5342.00,'
            f'"ask":5342.25,"lastSize":1,"bidSize":10,"askSize":12,"volume":123456,"open":5300.00,"high":5350.00,'
            f'"low":5290.00,"close":5311.25,"change":31.00,"seq":{now}}}'
        )
        client.xadd(STREAM, {"s": symbol, "e": payload}, maxlen=100_000)


# --- the limit and the peer -----------------------------------------------------------------------------------------


async def serve_raw(url: str, port: int) -> None:
    """Frames to sockets, nothing else."""
    transports: set[Any] = set()

    class Raw(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def data_received(self, _data: bytes) -> None:
            self.transport.write(HEAD + b"\r\n: hello\n\n")
            transports.add(self.transport)

        def connection_lost(self, _exc: Exception | None) -> None:
            transports.discard(self.transport)

    await asyncio.get_running_loop().create_server(Raw, "127.0.0.1", port, backlog=2048)
    client = redis.asyncio.Redis.from_url(url)
    last = b"$"
    while True:
        reply = await client.xread({STREAM: last}, count=1000, block=1000)
        if not reply:
            continue
        entries = reply[STREAM.encode()][0] if isinstance(reply, dict) else reply[0][1]
        last = entries[-1][0]
        data = b"".join(frame(entry_id, fields[b"e"]) for entry_id, fields in entries)
        for transport in transports:
            transport.write(data)
        if len(transports) >= FEWEST_TO_PAUSE:  # Thor's own rhythm, so that CPU and delay compare
            await asyncio.sleep(min(LONGEST_PAUSE_SECONDS, len(transports) * PAUSE_SECONDS_PER_CLIENT))


def serve_tail(url: str, port: int) -> None:
    """A request per client, each with its own XREAD."""
    import uvicorn

    client = redis.asyncio.Redis.from_url(url, max_connections=5000)

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b": hello\n\n", "more_body": True})
        last = b"$"
        while True:
            reply = await client.xread({STREAM: last}, count=1000, block=1000)
            if reply:
                entries = reply[STREAM.encode()][0] if isinstance(reply, dict) else reply[0][1]
                last = entries[-1][0]
                data = b"".join(frame(entry_id, fields[b"e"]) for entry_id, fields in entries)
                await send({"type": "http.response.body", "body": data, "more_body": True})

    uvicorn.run(app, port=port, loop="uvloop", lifespan="off", access_log=False, log_level="error")


# --- the clients ----------------------------------------------------------------------------------------------------


class Browser(asyncio.Protocol):
    """Reads a stream; a measured one notes each event's delay, the others count bytes."""

    def __init__(self, port: int, measured: bool, opened: list[int]) -> None:
        self.request = b"GET /api/quotes/stream HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port
        self.measured = measured
        self.opened = opened
        self.seen = 0
        self.bytes = 0
        self.counting = False
        self.tail = b""
        self.delays: list[float] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if not self.seen:
            self.opened.append(1)
        self.seen += 1
        if not self.counting:
            return
        self.bytes += len(data)
        if self.measured:
            now = time.time_ns()
            data = self.tail + data
            found = list(SENT.finditer(data))
            complete = [match for match in found if match.end() < len(data)]
            self.delays += [(now - int(match[1])) / 1e6 for match in complete]
            self.tail = data[complete[-1].end() :] if complete else data[-400:]


async def browse(port: int, count: int, seconds: float, rate: int) -> dict[str, Any]:
    """Open the streams, wait until all are greeted, measure; the parent starts the publisher at our word."""
    loop = asyncio.get_running_loop()
    opened: list[int] = []
    step = max(1, count // MEASURED)
    browsers = []
    for n in range(count):
        browser = Browser(port, n % step == 0 and n // step < MEASURED, opened)
        await loop.create_connection(lambda browser=browser: browser, "127.0.0.1", port)
        browsers.append(browser)
    deadline = time.monotonic() + 30
    while len(opened) < count and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    print(json.dumps({"greeted": len(opened)}), flush=True)
    await asyncio.sleep(WARM_SECONDS)
    for browser in browsers:
        browser.counting = True
    begin = time.monotonic()
    await asyncio.sleep(seconds)
    took = time.monotonic() - begin
    measured = [browser for browser in browsers if browser.measured]
    delays = sorted(delay for browser in measured for delay in browser.delays)
    return {
        "p50_ms": at(delays, 0.50),
        "p95_ms": at(delays, 0.95),
        "p99_ms": at(delays, 0.99),
        "arrived": round(len(delays) / (rate * took * len(measured)), 3),
        "mb_per_second": round(sum(browser.bytes for browser in browsers) / took / 1e6, 1),
    }


def at(ordered: list[float], share: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2) if ordered else None


# --- one cell -------------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def pinned(core: int, *command: str) -> list[str]:
    return ["taskset", "-c", str(core % (os.cpu_count() or 1)), *command]


def role(name: str, *words: object) -> list[str]:
    return [sys.executable, __file__, "--role", name, *map(str, words)]


@contextmanager
def server(design: str, url: str, port: int, environ: dict[str, str]) -> Any:
    if design == "thor":
        command = [sys.executable, "manage.py", "web", "--port", str(port)]
    else:
        command = role(design, url, port)
    process = subprocess.Popen(
        pinned(0, *command), cwd=CHECKOUT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        time.sleep(1.0)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return round(int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024, 1)  # type: ignore[index]


def measure(design: str, clients: int, rate: int, seconds: float, url: str, environ: dict[str, str]) -> dict[str, Any]:
    port = free_port()
    redis.Redis.from_url(url).delete(STREAM)
    with server(design, url, port, environ) as process:
        browsing = subprocess.Popen(
            pinned(1, *role("clients", port, clients, seconds, rate)), stdout=subprocess.PIPE, text=True, cwd=CHECKOUT
        )
        assert browsing.stdout is not None
        greeted = json.loads(browsing.stdout.readline())["greeted"]
        publisher = subprocess.Popen(pinned(1, *role("publish", url, rate, seconds + WARM_SECONDS + 3)), cwd=CHECKOUT)
        time.sleep(WARM_SECONDS)
        cpu, begin = cpu_seconds(process.pid), time.monotonic()
        time.sleep(seconds - 0.5)
        cpu = (cpu_seconds(process.pid) - cpu) / (time.monotonic() - begin)
        memory = resident_mb(process.pid)
        result = json.loads(browsing.stdout.readline())
        browsing.wait()
        publisher.kill()
        publisher.wait()
    return {
        "design": design,
        "clients": clients,
        "rate": rate,
        "greeted": greeted,
        **result,
        "cpu_percent": round(100 * cpu),
        "resident_mb": memory,
    }


def with_ratios(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Thor's p99 and CPU beside the limit's and the peer's of the same cell."""
    by_cell = {(row["design"], row["clients"], row["rate"]): row for row in rows}
    ratios = []
    for (design, clients, rate), row in by_cell.items():
        raw, tail = by_cell.get(("raw", clients, rate)), by_cell.get(("tail", clients, rate))
        if design != "thor":
            continue
        ratio: dict[str, Any] = {"clients": clients, "rate": rate, "p99_ms": row["p99_ms"]}
        if raw and raw["cpu_percent"]:
            ratio["cpu_to_raw"] = round(row["cpu_percent"] / raw["cpu_percent"], 2)
            ratio["p99_to_raw"] = round(row["p99_ms"] / raw["p99_ms"], 2)
        if tail and tail["p99_ms"]:
            ratio["tail_p99_to_thor"] = round(tail["p99_ms"] / row["p99_ms"], 1)
        ratios.append(ratio)
    return ratios


@contextmanager
def throw_away_home() -> Any:
    home = Path(tempfile.mkdtemp(prefix="thor-bench-"))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 100, 500, 1000])
    parser.add_argument("--rates", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--only", nargs="+", choices=DESIGNS, default=DESIGNS)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with throw_away_home() as home, embedded_servers(home, postgres=False) as servers:
        assert servers.redis_url is not None
        environ = os.environ | {"THOR_HOME": str(home), "REDIS_URL": servers.redis_url, "THOR_NAMESPACE": ""}
        environ["THOR_MAX_STREAMS_PER_CLIENT"] = "0"
        for rate in args.rates:
            for clients in args.clients:
                for design in args.only:
                    row = measure(design, clients, rate, args.seconds, servers.redis_url, environ)
                    rows.append(row)
                    if not args.json:
                        print(
                            f"{clients:5} clients {rate:5}/s {design:5} p50/p95/p99 {row['p50_ms']}/{row['p95_ms']}/"
                            f"{row['p99_ms']} ms, CPU {row['cpu_percent']} %, arrived {row['arrived']}, "
                            f"{row['mb_per_second']} MB/s, {row['resident_mb']} MiB",
                            flush=True,
                        )
    ratios = with_ratios(rows)
    if args.json:
        print(json.dumps({"rows": rows, "ratios": ratios}, indent=2))
    else:
        for ratio in ratios:
            print(ratio)


def play(name: str, *words: str) -> None:
    if name == "publish":
        publish(words[0], int(words[1]), float(words[2]))
    elif name == "raw":
        uvloop.run(serve_raw(words[0], int(words[1])))
    elif name == "tail":
        serve_tail(words[0], int(words[1]))
    elif name == "clients":
        print(json.dumps(uvloop.run(browse(int(words[0]), int(words[1]), float(words[2]), int(words[3])))), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--role"]:
        play(*sys.argv[2:])
    else:
        main()
