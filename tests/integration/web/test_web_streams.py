"""Streams of a real web process: resume, gaps, kills, restarts of the bus, the end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from thor.runtime.servers import embedded_servers

Listen = Callable[..., Any]


def test_a_stream_greets_and_follows(web: Any, listen: Listen) -> None:
    before = web.add(3)
    listener = listen(web, "/api/quotes/stream?symbols=ES,YM")
    hello = json.loads(listener.until("hello"))
    assert hello["last_id"] == before[-1]
    assert hello["heartbeat_seconds"] == 10
    headers = listener.response.headers
    assert headers["content-type"].startswith("text/event-stream")
    assert headers["x-accel-buffering"] == "no"
    assert headers["cache-control"] == "no-cache, no-transform"
    web.add(2, "NQ")
    added = web.add(5)
    assert listener.take(5) == added


def test_two_clients_are_told_to_come_back_at_different_times(web: Any, listen: Listen) -> None:
    waits = set()
    for _ in range(8):
        listener = listen(web)
        line = next(listener.lines)
        assert line.startswith("retry: ")
        waits.add(int(line[7:]))
    assert all(500 <= wait <= 2000 for wait in waits)
    assert len(waits) > 1


def test_resume_is_exact_from_the_ring_and_from_the_bus(make_web: Any, listen: Listen) -> None:
    old = make_web().ready()
    # More than a new process loads into its ring: the oldest are only on the bus.
    added = [stream_id for n in range(22) for stream_id in old.add(1000, first=1000 * n)]
    old.stop()
    web = old.start().ready()
    for since in (-1, 0, 499, 500, 1998, 1999, 2000, 2001, 15_000, 21_998, 21_999):
        start = "0-0" if since < 0 else added[since]
        listener = listen(web, "/api/quotes/stream", **{"Last-Event-ID": start})
        fresh = web.add(1)
        added += fresh
        assert listener.take(len(added) - since - 1) == added[since + 1 :]
        assert "gap" not in [name for name, _ in listener.events]
        listener.close()


def test_kill_9_of_the_web_process_loses_nothing_and_repeats_nothing(make_web: Any, listen: Listen) -> None:
    web = make_web().ready()
    added: list[str] = []
    done = threading.Event()

    def publish() -> None:
        while not done.is_set():
            added.extend(web.add(5))
            time.sleep(0.01)

    publisher = threading.Thread(target=publish)
    listener = listen(web)
    listener.until("hello")
    publisher.start()
    seen: list[str] = []
    try:
        for _ in range(3):
            listener.take(30)
            web.process.kill()
            seen += whole_events_until_the_line_breaks(listener)
            web.process.wait()
            web.start()
            listener = listen(web, "/api/quotes/stream", **{"Last-Event-ID": seen[-1]})
    finally:
        done.set()
        publisher.join()
    wanted = added[added.index(seen[0]) :]
    seen += listener.take(len(wanted) - len(seen))
    assert seen == wanted


def whole_events_until_the_line_breaks(listener: Any) -> list[str]:
    """The ids of the events that came whole: what a browser remembers."""
    with contextlib.suppress(httpx.HTTPError, StopIteration):
        while True:
            listener.next()
    return list(listener.ids[: sum(name == "quote" for name, _ in listener.events)])


@pytest.mark.parametrize(
    "last_id",
    [
        "x", "1", "-", "1-", "-1", "0x10-1", "1-1-1", "$", "+", "(1-1", "1.5-1", "1e3-1", "NaN", "_", "'; DROP TABLE",
        "<script>", "99999999999999999999-0", "18446744073709551615-18446744073709551615", "18446744073709551616-0",
        "9" * 5000, "١٢٣-٠", "%00", "../../etc", "1-1", "*",
    ],
)  # fmt: skip
def test_a_last_event_id_that_means_nothing_is_a_gap(shared_web: Any, listen: Listen, last_id: str) -> None:
    listener = listen(shared_web, "/api/quotes/stream", **{"Last-Event-ID": last_id.encode()})
    assert listener.response.status_code == 200
    gap = json.loads(listener.until("gap"))
    assert gap.keys() == {"since", "oldest", "missed"}
    assert gap["since"].isascii()
    added = shared_web.add(1)
    while added[0] not in listener.ids:
        listener.next()


@pytest.fixture(scope="module")
def shared_web(prepared_database: str, valkey_url: str) -> Any:
    """One web process for many small questions."""
    from tests.integration.web.conftest import Web

    environ = os.environ | {"DATABASE_URL": prepared_database, "REDIS_URL": valkey_url, "THOR_NAMESPACE": "sharedweb"}
    web = Web(environ | {"THOR_MAX_STREAMS_PER_CLIENT": "1000"}, "sharedweb", valkey_url).start().ready()
    web.add(3)
    yield web
    web.stop()


def test_a_trimmed_stream_says_where_it_begins(web: Any, listen: Listen) -> None:
    added = [stream_id for n in range(3) for stream_id in web.add(1000, first=1000 * n)]
    web.stop()
    web.bus.xtrim(web.stream, maxlen=10, approximate=False)
    web.start().ready()
    listener = listen(web, "/api/quotes/stream", **{"Last-Event-ID": added[5]})
    gap = json.loads(listener.until("gap"))
    assert gap == {"since": added[5], "oldest": added[-10], "missed": None}
    assert listener.take(10) == added[-10:]
    beginner = listen(web, "/api/quotes/stream?since=0-0")
    assert json.loads(beginner.until("gap"))["missed"] == 2990
    assert beginner.take(10) == added[-10:]


def test_a_stream_that_was_emptied_goes_on(web: Any, listen: Listen) -> None:
    added = web.add(5)
    listener = listen(web, "/api/quotes/stream?since=0-0")
    assert listener.take(5) == added
    web.bus.delete(web.stream)
    assert json.loads(listener.until("gap"))["since"] == added[-1]
    # Ids that went back, as after a clock that was set back.
    web.bus.xadd(web.stream, {"s": "ES", "e": web_event()}, id="5-5")
    listener.until("quote")
    assert listener.ids[-1] == "5-5"
    assert web.get("/api/quotes?symbols=ES").json()["quotes"][0]["stream_id"] == "5-5"


def test_a_stream_whose_ids_went_back_is_read_from_its_beginning(web: Any, listen: Listen) -> None:
    added = web.add(5)
    listener = listen(web, "/api/quotes/stream?since=0-0")
    assert listener.take(5) == added
    pipe = web.bus.pipeline(transaction=True)
    pipe.delete(web.stream)
    for n in range(1, 4):
        pipe.xadd(web.stream, {"s": "ES", "e": web_event()}, id=f"{n}-1")
    pipe.execute()
    assert json.loads(listener.until("gap")) == {"since": added[-1], "oldest": "1-1", "missed": None}
    assert listener.take(8) == [*added, "1-1", "2-1", "3-1"]


def web_event() -> str:
    return '{"v":1,"symbol":"ES","ts":"2025-10-09T13:31:15.123456Z","source":"MOCK","last":1,"bid":null,"ask":null}'


def test_conflation_sends_the_newest_of_each_symbol(web: Any, listen: Listen) -> None:
    listener = listen(web, "/api/quotes/stream?conflate=1000ms")
    listener.until("hello")
    first = web.add(1, "YM")
    listener.take(1)
    web.add(50, "ES")
    newest = [*web.add(1, "ES"), *web.add(1, "YM")]
    assert listener.take(3) == first + newest


def test_a_poisoned_stream_reaches_no_browser(web: Any, listen: Listen) -> None:
    listener = listen(web)
    listener.until("hello")
    for payload in (b"{", b"\xff\xfe", b'{"v":1,"symbol":"ES"}\n\nevent: bye', b"[" * 50_000, b"null", b""):
        web.bus.xadd(web.stream, {"s": "ES", "e": payload})
    web.bus.xadd(web.stream, {"nothing": "here"})
    added = web.add(1)
    assert listener.take(1) == added
    assert len(web.get("/api/quotes").json()["quotes"]) == 1


def test_browsers_that_vanish_do_not_disturb_the_others(make_web: Any, listen: Listen) -> None:
    web = make_web(THOR_MAX_STREAMS_PER_CLIENT="1000").ready()
    listener = listen(web)
    listener.until("hello")
    ids: list[str] = []
    for n in range(60):
        vanishing = [vanishing_browser(web.port) for _ in range(5)]
        ids += web.add(20, first=20 * n)
        for browser in vanishing:
            browser.close()
    assert listener.take(len(ids)) == ids


def vanishing_browser(port: int) -> socket.socket:
    """A stream whose client resets the connection when it is closed, instead of taking leave."""
    browser = socket.create_connection(("127.0.0.1", port))
    browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    browser.sendall(b"GET /api/quotes/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    browser.recv(1)
    return browser


def test_sigterm_ends_fifty_streams_with_a_goodbye(make_web: Any, listen: Listen) -> None:
    web = make_web().ready()
    listeners = [listen(web) for _ in range(50)]
    for listener in listeners:
        listener.until("hello")
    begin = time.monotonic()
    assert web.stop(signal.SIGTERM) == 0
    assert time.monotonic() - begin < 5
    assert all(listener.rest()[-1] == "bye" for listener in listeners)


def test_too_many_streams_of_one_address_are_refused(make_web: Any, listen: Listen) -> None:
    web = make_web(THOR_MAX_STREAMS_PER_CLIENT="2").ready()
    for _ in range(2):
        listen(web).until("hello")
    refused = web.get("/api/events/stream")
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "5"


def test_the_stream_goes_on_when_the_bus_comes_back(make_web: Any, listen: Listen, own_home: Path) -> None:
    with embedded_servers(own_home, postgres=False) as first:
        assert first.redis_url is not None
        web = make_web(redis_url=first.redis_url).ready()
        listener = listen(web)
        listener.until("hello")
        before = web.add(3)
        assert listener.take(3) == before
    not_ready = web.get("/readyz")
    assert not_ready.status_code == 503
    assert not_ready.json()["checks"]["bus"]["ok"] is False
    assert not_ready.json()["checks"]["database"]["ok"] is True
    assert web.get("/api/quotes?symbols=ES").status_code == 200
    assert web.get("/api/sources").status_code == 503
    with embedded_servers(own_home, postgres=False) as second:
        assert second.redis_url == first.redis_url
        web.ready()
        after = web.add(3)
        assert listener.take(6) == before + after
        assert web.get("/api/sources").status_code == 200
        web.stop()


def test_domain_events_have_their_own_stream(web: Any, listen: Listen) -> None:
    listener = listen(web, "/api/events/stream")
    listener.until("hello")
    web.bus.xadd(f"{web.namespace}:thor:events", {"t": "market.opened", "e": '{"market":"USA"}'})
    assert listener.next() == ("market.opened", '{"market":"USA"}')


def test_domain_events_come_beside_the_quotes_without_ids(web: Any, listen: Listen) -> None:
    listener = listen(web, "/api/quotes/stream?events=1")
    listener.until("hello")
    web.bus.xadd(f"{web.namespace}:thor:events", {"t": "market.open", "e": '{"market":"USA"}'})
    assert listener.next() == ("market.open", '{"market":"USA"}')
    added = web.add(2)
    assert listener.take(2) == added
    assert web.get("/api/quotes/stream?events=yes").status_code == 422
