"""The stream's door, without a server: who may stay, and how a stream begins while the bus is away."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.unit.quotes.test_hub import Pipe, entry
from thor.quotes.keys import Keys
from thor.quotes.reader import BusReader
from thor.quotes.selectors import Board, Snapshot
from thor.quotes.sse import Streams, conflation_seconds
from thor.runtime.fakes import FixedClock
from thor.runtime.problem import Problem
from thor.users.rights import Gate


class Live:
    """Live quotes whose reader never connects."""

    def __init__(self) -> None:
        self.clock = FixedClock()
        self.reader = BusReader("redis://127.0.0.1:9/0", Keys(), self.clock)
        self.snapshot = Snapshot(self.reader.quotes, Board(("ES",), frozenset({"ES"})), self.clock)


class FickleGate(Gate):
    """Lets everyone in until told not to."""

    def __init__(self) -> None:
        super().__init__(["127.0.0.1"], require_login=True)
        self.good = True

    async def may_read(self, host: str, cookies: str) -> bool:
        return self.good


class Request:
    """One request as a server would make it; ``sent`` is what came back over ASGI."""

    def __init__(self, query: str = "", version: str = "1.1", **headers: str) -> None:
        self.pipe = Pipe()
        self.gone = asyncio.Event()
        self.sent: list[Any] = []
        named = [(b"host", b"127.0.0.1:8000")]
        named += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": "GET",
            "path": "/api/quotes/stream",
            "query_string": query.encode(),
            "http_version": version,
            "headers": named,
            "client": ("127.0.0.1", 1),
            "extensions": {"thor.transport": self.pipe},
        }

    async def receive(self) -> dict[str, Any]:
        while not (self.gone.is_set() or self.pipe.is_closing()):
            await asyncio.sleep(0.001)
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def problem(self) -> dict[str, Any]:
        return json.loads(self.sent[1]["body"])  # type: ignore[no-any-return]


async def open_stream(streams: Streams, request: Request) -> asyncio.Task[None]:
    task = asyncio.create_task(streams.quotes(request.scope, request.receive, request.send))
    while not (request.pipe.data or task.done()):
        await asyncio.sleep(0.001)
    return task


def test_a_stream_ends_when_its_user_may_not_read_any_more() -> None:
    async def scene() -> Request:
        gate, live = FickleGate(), Live()
        streams, request = Streams(live, gate, 0, recheck_seconds=0.01), Request()  # type: ignore[arg-type]
        task = await open_stream(streams, request)
        await asyncio.sleep(0.05)
        assert not task.done()
        gate.good = False
        await asyncio.wait_for(task, 2)
        assert live.reader.streams() == 0
        return request

    assert asyncio.run(scene()).pipe.data.endswith(b'event: bye\ndata: {"reason":"signed_out"}\n\n\r\n0\r\n\r\n')


def test_a_client_that_goes_frees_its_place() -> None:
    async def scene() -> None:
        live = Live()
        streams = Streams(live, FickleGate(), 1)  # type: ignore[arg-type]
        for _ in range(3):
            request = Request()
            task = await open_stream(streams, request)
            assert live.reader.streams() == 1
            refused = Request()
            await streams.quotes(refused.scope, refused.receive, refused.send)
            assert refused.problem["status"] == 429
            request.gone.set()
            await asyncio.wait_for(task, 2)
            assert live.reader.streams() == 0

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("request_of", "status"),
    [
        (lambda: Request(version="1.0"), 505),
        (lambda: Request("symbols=NOPE"), 422),
        (lambda: Request("conflate=1"), 422),
        # Only the bus could say whether this id exists, and it is away.
        (lambda: Request("since=9999999999999-0"), 503),
    ],
)
def test_refusals(request_of: Any, status: int) -> None:
    async def scene() -> Request:
        live, request = Live(), request_of()
        live.reader.start()
        await Streams(live, FickleGate(), 0).quotes(request.scope, request.receive, request.send)  # type: ignore[arg-type]
        await live.reader.stop()
        return request

    assert asyncio.run(scene()).problem["status"] == status


def test_a_resumed_stream_begins_in_the_ring_though_the_bus_is_away() -> None:
    async def scene() -> Request:
        live, request = Live(), Request(last_event_id="3-0")
        live.reader.quotes.publish([entry(n) for n in range(1, 6)], 0.0)
        task = await open_stream(Streams(live, FickleGate(), 0), request)  # type: ignore[arg-type]
        request.gone.set()
        await asyncio.wait_for(task, 2)
        return request

    assert asyncio.run(scene()).pipe.ids == [4 << 64, 5 << 64]


@pytest.mark.parametrize(("text", "seconds"), [(None, 0), ("50ms", 0.05), ("10", 0.01), ("5000ms", 5)])
def test_conflation(text: str | None, seconds: float) -> None:
    assert conflation_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "9", "5001", "10s", "١٠", "-50", "50ms "])
def test_no_conflation(text: str) -> None:
    with pytest.raises(Problem, match="10ms to 5000ms"):
        conflation_seconds(text)
