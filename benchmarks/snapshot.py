"""GET of all 11 quotes: Thor's hot path against constant bytes and against django-ninja from Redis, in one run.

    python benchmarks/snapshot.py [--connections 32] [--seconds 2] [--rounds 7] [--rate 100] [--json]

- limit (raw): an ASGI callable that sends constant bytes of the same length, on the same uvicorn settings
- peer (ninja): what a user would write: a django-ninja async view with a schema that reads the 11 hashes from Redis
- thor: ``manage.py web``, as it is run, while a publisher changes the quotes ``--rate`` times a second

Requests a second over keep-alive connections without pipelining, medians of the rounds, the designs taken in turn; all
designs run at once, each idle while another is asked. Load comes from ``wrk`` where it is installed, else from the
raw-socket client in this file. Servers on the first core, load, publisher and Valkey on the second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import redis
import redis.asyncio
import uvloop

from thor.instruments.instrument import INSTRUMENTS
from thor.quotes.bus import ValkeyQuoteBus, outgoing
from thor.quotes.quote import Quote
from thor.runtime.servers import embedded_servers

CHECKOUT = Path(__file__).resolve().parents[1]
DESIGNS = ("raw", "ninja", "thor")
PATH = "/api/quotes"


# --- the publisher --------------------------------------------------------------------------------------------------


def publish(url: str, rate: int) -> None:
    """One quote of each symbol, then one quote every 1/rate seconds, until killed."""
    bus = ValkeyQuoteBus(url)
    begin = time.monotonic()
    n = 0
    while True:
        wait = begin + (n - len(INSTRUMENTS)) / rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        facts = INSTRUMENTS[n % len(INSTRUMENTS)]
        last, now_us = facts.tick_size * (10_000 + n % 97), time.time_ns() // 1000
        quote = Quote(
            facts.symbol, now_us, "MOCK", last=last, bid=last - facts.tick_size, ask=last + facts.tick_size,
            last_size=1, bid_size=5, ask_size=7, volume=n, open=last, high=last, low=last, close=last, seq=now_us,
        )  # fmt: skip
        bus.publish("MOCK", [outgoing(quote)])
        n += 1


# --- the limit and the peer -----------------------------------------------------------------------------------------


def serve_app(app: Any, port: int) -> None:
    """uvicorn as ``manage.py web`` sets it."""
    import uvicorn

    uvicorn.run(
        app, port=port, loop="uvloop", http="httptools", lifespan="off", access_log=False, log_level="error",
        server_header=False, proxy_headers=False,
    )  # fmt: skip


def serve_raw(port: int, length: int) -> None:
    body = b"x" * length
    start = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % length)],
    }
    rest = {"type": "http.response.body", "body": body}

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send(start)
        await send(rest)

    serve_app(app, port)


def serve_ninja(url: str, port: int) -> None:
    from django.conf import settings

    settings.configure(SECRET_KEY="benchmark", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], MIDDLEWARE=[])
    import django

    django.setup()
    from django.core.asgi import get_asgi_application
    from django.urls import path
    from ninja import NinjaAPI, Schema

    class Record(Schema):
        symbol: str
        ts: str
        source: str
        last: float | None = None
        bid: float | None = None
        ask: float | None = None
        lastSize: int | None = None  # noqa: N815
        bidSize: int | None = None  # noqa: N815
        askSize: int | None = None  # noqa: N815
        volume: int | None = None
        open: float | None = None
        high: float | None = None
        low: float | None = None
        close: float | None = None
        active_source: str
        updated_at: str

    client = redis.asyncio.Redis.from_url(url, decode_responses=True)
    api = NinjaAPI()

    @api.get("/quotes", response=dict[str, list[Record]])
    async def quotes(request: Any) -> dict[str, Any]:
        del request
        pipe = client.pipeline(transaction=False)
        for facts in INSTRUMENTS:
            pipe.hgetall(f"quotes:latest:{facts.symbol}")
        return {"quotes": [fields for fields in await pipe.execute() if fields]}

    globals()["urlpatterns"] = [path("api/", api.urls)]
    serve_app(get_asgi_application(), port)


# --- load -----------------------------------------------------------------------------------------------------------


class Asker(asyncio.Protocol):
    """One keep-alive connection that asks again as soon as it has the whole answer."""

    def __init__(self, port: int, delays: list[float]) -> None:
        self.request = b"GET %b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (PATH.encode(), port)
        self.delays = delays
        self.buffer = b""
        self.wanted = 0
        self.asked = 0.0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.asked = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        if self.is_whole():
            self.delays.append(time.perf_counter() - self.asked)
            self.buffer, self.wanted = b"", 0
            self.ask()

    def is_whole(self) -> bool:
        """By its Content-Length, or by the last chunk of an answer without one (Django without middleware)."""
        if not self.wanted:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            assert self.buffer.startswith(b"HTTP/1.1 200"), self.buffer[:300]
            at = self.buffer.find(b"content-length: ", 0, end)
            if at < 0:
                return self.buffer.endswith(b"\r\n0\r\n\r\n")
            self.wanted = end + 4 + int(self.buffer[at + 16 : self.buffer.index(b"\r", at)])
        return len(self.buffer) >= self.wanted


async def ask(port: int, connections: int, seconds: float) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    delays: list[float] = []
    for _ in range(connections):
        await loop.create_connection(lambda: Asker(port, delays), "127.0.0.1", port)
    await asyncio.sleep(0.5)
    delays.clear()
    begin = time.perf_counter()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - begin
    ordered = sorted(delays)
    return {
        "requests_per_second": round(len(ordered) / took),
        "p50_ms": round(ordered[len(ordered) // 2] * 1e3, 2),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1e3, 2),
    }


def load(port: int, connections: int, seconds: float) -> dict[str, float]:
    """By wrk where it is installed."""
    if not shutil.which("wrk"):
        done = subprocess.run(
            pinned(1, *role("load", port, connections, seconds)), stdout=subprocess.PIPE, text=True, check=True
        )
        return json.loads(done.stdout)  # type: ignore[no-any-return]
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{port}{PATH}"]
    text = subprocess.run(pinned(1, *words), stdout=subprocess.PIPE, text=True, check=True).stdout
    found = {line.split()[0]: line.split()[-1] for line in text.splitlines() if line.split()}
    return {
        "requests_per_second": round(float(found["Requests/sec:"])),
        "p50_ms": in_ms(found["50%"]),
        "p99_ms": in_ms(found["99%"]),
    }


def in_ms(text: str) -> float:
    unit = next(unit for unit in ("us", "ms", "s") if text.endswith(unit))
    return round(float(text.removesuffix(unit)) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit], 3)


# --- the run --------------------------------------------------------------------------------------------------------


def pinned(core: int, *command: str) -> list[str]:
    return ["taskset", "-c", str(core % (os.cpu_count() or 1)), *command]


def role(name: str, *words: object) -> list[str]:
    return [sys.executable, __file__, "--role", name, *map(str, words)]


@contextmanager
def running(core: int, command: list[str], environ: dict[str, str], port: int | None = None) -> Any:
    process = subprocess.Popen(pinned(core, *command), cwd=CHECKOUT, env=environ, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while port is not None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def length_of(port: int) -> int:
    from urllib.request import urlopen

    deadline = time.monotonic() + 20
    while True:
        with urlopen(f"http://127.0.0.1:{port}{PATH}") as reply:
            body = reply.read()
        if len(json.loads(body)["quotes"]) == len(INSTRUMENTS) or time.monotonic() > deadline:
            return len(body)
        time.sleep(0.2)


@contextmanager
def throw_away_home() -> Any:
    home = Path(tempfile.mkdtemp(prefix="thor-bench-"))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    ports = {design: free_port() for design in DESIGNS}
    results: dict[str, list[dict[str, float]]] = {design: [] for design in DESIGNS}
    with throw_away_home() as home, embedded_servers(home, postgres=False) as servers, ExitStack() as stack:
        assert servers.redis_url is not None
        url = servers.redis_url
        environ = os.environ | {"THOR_HOME": str(home), "REDIS_URL": url, "THOR_NAMESPACE": ""}
        stack.enter_context(running(1, role("publish", url, args.rate), environ))
        thor = [sys.executable, "manage.py", "web", "--port", str(ports["thor"])]
        stack.enter_context(running(0, thor, environ, ports["thor"]))
        length = length_of(ports["thor"])
        stack.enter_context(running(0, role("raw", ports["raw"], length), environ, ports["raw"]))
        stack.enter_context(running(0, role("ninja", url, ports["ninja"]), environ, ports["ninja"]))
        for _ in range(args.rounds):
            for design in DESIGNS:
                results[design].append(load(ports[design], args.connections, args.seconds))
    rows = {
        design: {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        for design, runs in results.items()
    }
    speed = {design: row["requests_per_second"] for design, row in rows.items()}
    summary = {
        "bytes": length,
        "rows": rows,
        "ratios": {
            "thor_to_raw": round(speed["thor"] / speed["raw"], 3),
            "thor_to_ninja": round(speed["thor"] / speed["ninja"], 1),
        },
    }
    if args.json:
        print(json.dumps(summary, indent=2))
        return
    for design, row in rows.items():
        print(f"{design:6} {row['requests_per_second']:8,.0f} requests/s, p50/p99 {row['p50_ms']}/{row['p99_ms']} ms")
    print(summary["ratios"])


def play(name: str, *words: str) -> None:
    if name == "publish":
        publish(words[0], int(words[1]))
    elif name == "raw":
        serve_raw(int(words[0]), int(words[1]))
    elif name == "ninja":
        serve_ninja(words[0], int(words[1]))
    elif name == "load":
        print(json.dumps(uvloop.run(ask(int(words[0]), int(words[1]), float(words[2])))))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--role"]:
        play(*sys.argv[2:])
    else:
        main()
