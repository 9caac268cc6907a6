"""A real web process per test, on real servers, under a key prefix of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import redis

from tests.support import CHECKOUT, run_thor, wait_until

TS = "2025-10-09T13:31:15.123456Z"


@dataclass
class Web:
    """A running ``thor web`` and the bus that it reads."""

    environ: dict[str, str]
    namespace: str
    redis_url: str
    port: int = 0
    process: subprocess.Popen[str] = field(init=False)

    def start(self) -> Web:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "thor", "web", "--port", str(self.port)],
            env=self.environ, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:(\d+)", self.process.stdout.readline())
        assert found is not None
        self.port = int(found[1])
        wait_until(self._answers, 20)
        return self

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz").status_code == 200
        except httpx.TransportError:
            return False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bus(self) -> redis.Redis:
        return redis.Redis.from_url(self.redis_url)

    def get(self, path: str, **options: object) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", timeout=15, **options)  # type: ignore[arg-type]

    def ready(self) -> Web:
        wait_until(lambda: self.get("/readyz").status_code == 200, 20, lambda: self.get("/readyz").text)
        return self

    def add(self, count: int, symbol: str = "ES", first: int = 0) -> list[str]:
        """XADD events to the unified stream; returns their ids."""
        pipe = self.bus.pipeline(transaction=False)
        for n in range(first, first + count):
            payload = f'{{"v":1,"symbol":"{symbol}","ts":"{TS}","source":"MOCK","last":{n}.25,"bid":null,"ask":null}}'
            pipe.xadd(self.stream, {"s": symbol, "e": payload})
        return [stream_id.decode() for stream_id in pipe.execute()]

    @property
    def stream(self) -> str:
        return f"{self.namespace}:quotes:stream:unified"

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(15)


class Listener:
    """An open stream, read line by line."""

    def __init__(self, web: Web, path: str = "/api/quotes/stream", **headers: str | bytes) -> None:
        self.client = httpx.Client(timeout=20)
        self.request = self.client.build_request("GET", f"{web.url}{path}", headers=list(headers.items()))
        self.response = self.client.send(self.request, stream=True)
        self.lines = self.response.iter_lines()
        self.ids: list[str] = []
        self.events: list[tuple[str, str]] = []

    def next(self) -> tuple[str, str]:
        """The next event (name, data); raises StopIteration at a clean end."""
        name = ""
        while True:
            line = next(self.lines)
            if line.startswith("id: "):
                self.ids.append(line[4:])
            elif line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                self.events.append((name, line[6:]))
                return self.events[-1]

    def until(self, name: str) -> str:
        """The data of the next event of this name."""
        while True:
            found, data = self.next()
            if found == name:
                return data

    def take(self, count: int) -> list[str]:
        """Read until so many ids have come; returns them."""
        while len(self.ids) < count:
            self.next()
        while self.events[-1][0] != "quote":
            self.next()
        return self.ids

    def rest(self) -> list[str]:
        """Event names up to the clean end."""
        names = []
        while True:
            try:
                names.append(self.next()[0])
            except StopIteration:
                return names

    def close(self) -> None:
        self.response.close()
        self.client.close()


@pytest.fixture(scope="session")
def prepared_database(database_url: str, valkey_url: str) -> str:
    """A database with all migrations and the 11 instruments."""
    environ = os.environ | {"DATABASE_URL": database_url, "REDIS_URL": valkey_url, "THOR_NAMESPACE": "prepare"}
    run_thor(environ, "prepare")
    return database_url


MakeWeb = Callable[..., Web]


@pytest.fixture
def make_web(prepared_database: str, valkey_url: str, fresh_namespace: str) -> Iterator[MakeWeb]:
    """Start a web process with more settings; it is stopped at the end."""
    started: list[Web] = []

    def make(redis_url: str = valkey_url, **settings: str) -> Web:
        environ = os.environ | {"DATABASE_URL": prepared_database, "REDIS_URL": redis_url} | settings
        environ |= {"THOR_NAMESPACE": fresh_namespace, "PYTHONUNBUFFERED": "1"}
        web = Web(environ, fresh_namespace, redis_url)
        started.append(web)
        return web.start()

    yield make
    for web in started:
        if web.process.poll() is None:
            web.process.kill()
        web.process.wait()
        assert web.process.stdout is not None
        web.process.stdout.close()


@pytest.fixture
def web(make_web: MakeWeb) -> Web:
    return make_web().ready()


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    """Open streams; they are closed at the end."""
    opened: list[Listener] = []

    def make(web: Web, path: str = "/api/quotes/stream", **headers: str | bytes) -> Listener:
        opened.append(Listener(web, path, **headers))
        return opened[-1]

    yield make
    for listener in opened:
        listener.close()


@pytest.fixture
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home for servers that a test stops and starts itself."""
    import tempfile

    del tmp_path_factory
    return Path(tempfile.mkdtemp(prefix="thor-test-web-"))


def seconds_of(work: Callable[[], object]) -> float:
    begin = time.monotonic()
    work()
    return time.monotonic() - begin
