"""The hub from inside one process: no server, no clock, sinks are lists."""

from __future__ import annotations

import re

import pytest

from thor.quotes import frames
from thor.quotes.frames import BEGINNING, Entry, format_id, parse_id
from thor.quotes.hub import HIGH_WATER, LOW_WATER, MAX_LAG_MS, STALL_SECONDS, Hub, Wish, newest_per_symbol

EVERYTHING = Wish()


class Pipe:
    """A sink; ``stuck`` keeps what is written in its buffer as a client would that does not read."""

    def __init__(self) -> None:
        self.data = b""
        self.buffered = 0
        self.stuck = False
        self.closed = False
        self.aborted = False

    def write(self, data: bytes) -> None:
        if self.is_closing():
            raise RuntimeError("the handler is closed")  # as uvloop does
        self.data += data
        if self.stuck:
            self.buffered += len(data)

    def get_write_buffer_size(self) -> int:
        return self.buffered

    def is_closing(self) -> bool:
        return self.closed or self.aborted

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True

    def drain(self) -> None:
        self.stuck, self.buffered = False, 0

    @property
    def text(self) -> str:
        """The body without its chunk lengths. A chunk that lies about its length fails here."""
        rest, body = self.data, b""
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            body += rest[: int(size, 16)]
            assert rest[int(size, 16) :][:2] == b"\r\n"
            rest = rest[int(size, 16) + 2 :]
        return body.decode()

    @property
    def ids(self) -> list[int]:
        return [parsed for found in re.findall(r"^id: (.*)$", self.text, re.M) if (parsed := parse_id(found))]

    @property
    def events(self) -> list[str]:
        return re.findall(r"^event: (.*)$", self.text, re.M)


def entry(ms: int, symbol: str = "ES", ts: str | None = None, size: int = 0) -> Entry:
    stream_id = ms << 64
    head = f"id: {format_id(stream_id)}\nevent: quote\ndata: ".encode()
    payload = b'{"symbol":"%b"%b}' % (symbol.encode(), b" " * size)
    return Entry(stream_id, symbol, ts or f"{ms:09}", "MOCK", head + payload + b"\n\n", len(head))


def hub(**limits: int) -> Hub:
    return Hub(conflatable=True, **limits)


def ids(entries: list[Entry]) -> list[int]:
    return [each.id for each in entries]


def test_a_client_that_has_gone_without_saying_so_does_not_stop_the_others() -> None:
    quotes, gone, here = hub(), Pipe(), Pipe()
    for pipe in (gone, here):
        quotes.join(pipe, EVERYTHING, None, 0.0)
    gone.aborted = True  # its connection is closed, its request has not noticed yet
    quotes.publish([entry(1)], 0.0)
    quotes.beat(0, "reading")
    quotes.pump(0.0)
    quotes.publish([entry(2)], 0.0)
    assert here.ids == ids([entry(1), entry(2)])
    quotes.close("shutdown")
    assert gone.data == b""


def test_every_live_client_gets_every_event_once() -> None:
    quotes, pipes = hub(), [Pipe() for _ in range(5)]
    for pipe in pipes:
        quotes.join(pipe, EVERYTHING, None, 0.0)
    made = [entry(n) for n in range(1, 50)]
    for at in range(0, len(made), 7):
        quotes.publish(made[at : at + 7], 0.0)
    assert all(pipe.ids == ids(made) for pipe in pipes)


@pytest.mark.parametrize("since", range(51))
def test_a_client_resumes_at_every_place(since: int) -> None:
    quotes, pipe = hub(), Pipe()
    made = [entry(n) for n in range(1, 51)]
    quotes.publish(made[:40], 0.0)
    place = quotes.ring.after(since << 64)
    if since > 40:
        assert place == quotes.ring.head
        return
    quotes.join(pipe, EVERYTHING, place, 0.0, since << 64)
    quotes.pump(0.1)
    quotes.publish(made[40:], 0.2)
    assert pipe.ids == ids(made[since:])


def test_a_long_backlog_comes_in_pages_and_nothing_is_lost_while_it_does() -> None:
    quotes, pipe = hub(), Pipe()
    made = [entry(n, size=1000) for n in range(1, 1001)]
    quotes.publish(made[:900], 0.0)
    pipe.stuck = True
    quotes.join(pipe, EVERYTHING, quotes.ring.after(BEGINNING), 0.0)
    assert 0 < len(pipe.ids) < 300
    quotes.publish(made[900:], 0.1)
    while quotes.laggards:
        assert pipe.buffered < HIGH_WATER
        pipe.drain()
        pipe.stuck = True
        quotes.pump(0.2)
    assert pipe.ids == ids(made)


def test_the_ring_is_bounded_by_count_and_by_bytes() -> None:
    quotes = hub(max_entries=100)
    quotes.publish([entry(n) for n in range(1, 1001)], 0.0)
    assert quotes.ring.head - quotes.ring.base <= 100
    assert quotes.ring.after(5 << 64) is None
    assert quotes.ring.after(999 << 64) == quotes.ring.head - 1
    small = hub(max_bytes=10_000)
    small.publish([entry(n, size=900) for n in range(1, 101)], 0.0)
    assert small.ring.head - small.ring.base <= 10


def test_filters_by_symbol() -> None:
    quotes, pipe = hub(), Pipe()
    quotes.join(pipe, Wish(frozenset({"YM", "ZB"})), None, 0.0)
    quotes.publish([entry(n, symbol) for n, symbol in enumerate(["ES", "YM", "ES", "ZB", "NQ", "YM"], 1)], 0.0)
    assert pipe.ids == [2 << 64, 4 << 64, 6 << 64]


def test_conflation_keeps_the_newest_of_each_symbol_in_stream_order() -> None:
    quotes, pipe = hub(), Pipe()
    quotes.join(pipe, Wish(conflate_seconds=0.05), None, 10.0)
    quotes.publish([entry(1, "ES")], 10.0)
    quotes.publish([entry(2, "ES"), entry(3, "YM")], 10.01)
    quotes.publish([entry(4, "ES"), entry(5, "NQ")], 10.02)
    assert pipe.ids == [1 << 64]
    due = quotes.next_due(10.02)
    assert due == pytest.approx(0.03)
    quotes.flush(10.051)
    assert pipe.ids == [1 << 64, 3 << 64, 4 << 64, 5 << 64]
    assert quotes.next_due(10.06) is None


def test_a_client_that_joins_a_conflating_group_gets_nothing_twice() -> None:
    quotes, first, second = hub(), Pipe(), Pipe()
    wish = Wish(conflate_seconds=1.0)
    quotes.join(first, wish, None, 0.0)
    quotes.publish([entry(1, "ES")], 0.0)
    quotes.publish([entry(2, "YM"), entry(3, "ES")], 0.1)
    quotes.join(second, wish, quotes.ring.after(2 << 64), 0.2, 2 << 64)
    quotes.publish([entry(4, "NQ")], 0.3)
    quotes.flush(5.0)
    assert first.ids == [1 << 64, 2 << 64, 3 << 64, 4 << 64]
    assert second.ids == [3 << 64, 4 << 64]


def test_an_older_event_time_never_sets_the_newest_quote_back() -> None:
    quotes = hub()
    quotes.publish([entry(1, "ES", ts="5"), entry(2, "ES", ts="3"), entry(3, "ES", ts="5")], 0.0)
    assert quotes.newest["ES"].id == 3 << 64
    assert ids(newest_per_symbol([entry(1, "ES", ts="5"), entry(2, "ES", ts="3")])) == [1 << 64]


def test_a_slow_client_waits_without_hurting_others_and_catches_up_without_loss() -> None:
    quotes, slow, fast = hub(), Pipe(), Pipe()
    slow.stuck = True
    for pipe in (slow, fast):
        quotes.join(pipe, EVERYTHING, None, 0.0)
    made = [entry(n, size=10_000) for n in range(1, 101)]
    for each in made:
        quotes.publish([each], 0.0)
    assert fast.ids == ids(made)
    assert slow.buffered < HIGH_WATER + 20_000
    assert quotes.laggards == 1
    while quotes.laggards:
        slow.drain()
        quotes.pump(0.1)
    assert slow.ids == ids(made)
    assert "conflated" not in slow.events


def test_a_client_too_far_behind_is_shown_the_present_and_told_so() -> None:
    quotes, slow = hub(), Pipe()
    slow.stuck = True
    quotes.join(slow, EVERYTHING, None, 0.0)
    step = MAX_LAG_MS // 50
    made = [entry(n * step, "ES" if n % 2 else "YM", size=10_000) for n in range(1, 201)]
    for each in made:
        quotes.publish([each], 0.0)
    before = slow.ids
    slow.drain()
    quotes.pump(0.1)
    assert slow.events[len(before)] == "conflated"
    assert slow.ids == before + ids(made[-2:])
    quotes.publish([entry(201 * step)], 0.2)
    assert slow.ids[-1] == 201 * step << 64


def test_a_client_behind_the_ring_is_shown_the_present() -> None:
    quotes, slow = hub(max_entries=50), Pipe()
    slow.stuck = True
    quotes.join(slow, EVERYTHING, None, 0.0)
    made = [entry(n, size=20_000) for n in range(1, 301)]
    for each in made:
        quotes.publish([each], 0.0)
    before = slow.ids
    slow.drain()
    quotes.pump(0.1)
    assert slow.ids == [*before, made[-1].id]


def test_a_stream_of_which_every_event_counts_says_what_was_lost() -> None:
    events, slow = Hub(conflatable=False, max_entries=50), Pipe()
    slow.stuck = True
    events.join(slow, EVERYTHING, None, 0.0)
    made = [entry(n, size=20_000) for n in range(1, 301)]
    for each in made:
        events.publish([each], 0.0)
    got = len(slow.ids)
    while events.laggards:
        slow.drain()
        events.pump(0.1)
    missed = int(re.findall(r'"missed":(\d+)', slow.text)[0])
    assert slow.ids == ids(made[:got]) + ids(made[got + missed :])
    assert events.newest == {}


def test_a_client_that_takes_nothing_is_dropped() -> None:
    quotes, stalled = hub(), Pipe()
    stalled.stuck = True
    quotes.join(stalled, EVERYTHING, None, 0.0)
    for n in range(1, 101):
        quotes.publish([entry(n, size=10_000)], 0.0)
    quotes.pump(STALL_SECONDS - 1)
    assert len(quotes) == 1
    quotes.pump(STALL_SECONDS + 1)
    assert (len(quotes), quotes.dropped, stalled.aborted) == (0, 1, True)


def test_an_onlooker_sees_the_entries_of_another_stream_without_their_ids() -> None:
    events, onlooker, reader = Hub(conflatable=False), Pipe(), Pipe()
    events.join(reader, Wish(), None, 0.0)
    events.look(onlooker)
    events.publish([entry(1), entry(2)], 0.0)
    events.publish([], 0.0)  # an empty chunk would end the stream
    assert (onlooker.events, onlooker.ids) == (["quote", "quote"], [])
    assert len(reader.ids) == 2
    events.look_away(onlooker)
    events.look_away(onlooker)
    events.publish([entry(3)], 0.0)
    assert len(onlooker.events) == 2


def test_an_onlooker_that_takes_nothing_is_cut_off_and_comes_back() -> None:
    events, onlooker = Hub(conflatable=False), Pipe()
    onlooker.stuck = True
    events.look(onlooker)
    for number in range(1, 4):
        events.publish([entry(number, size=HIGH_WATER)], 0.0)
    assert onlooker.aborted and len(onlooker.events) == 1


def test_close_says_goodbye_and_takes_nobody_new() -> None:
    quotes, good, stuck = hub(), Pipe(), Pipe()
    for pipe in (good, stuck):
        quotes.join(pipe, EVERYTHING, None, 0.0)
    stuck.buffered = LOW_WATER + 1
    quotes.close("shutdown")
    assert good.data.endswith(b'event: bye\ndata: {"reason":"shutdown"}\n\n\r\n0\r\n\r\n')
    assert good.closed
    assert stuck.aborted
    assert (len(quotes), quotes.closing) == (0, True)


def test_a_reset_stream_starts_anew_for_everyone() -> None:
    quotes, pipe = hub(), Pipe()
    quotes.publish([entry(100)], 0.0)
    quotes.join(pipe, EVERYTHING, None, 0.0)
    quotes.reset()
    quotes.publish([entry(1), entry(2)], 0.1)
    assert pipe.events == ["gap", "quote", "quote"]
    assert pipe.ids == [1 << 64, 2 << 64]
    assert quotes.newest["ES"].id == 2 << 64


def test_leaving_is_harmless_twice_and_frees_the_group() -> None:
    quotes, pipe = hub(), Pipe()
    client = quotes.join(pipe, Wish(frozenset({"ES"})), None, 0.0)
    quotes.leave(client)
    quotes.leave(client)
    quotes.publish([entry(1)], 0.0)
    assert (pipe.data, len(quotes)) == (b"", 0)


# --- frames ---------------------------------------------------------------------------------------------------------

NEWEST = "2100-01-01T00:00:00.000000Z"
GOOD = (
    b'{"v":1,"symbol":"ES","ts":"2025-10-09T13:31:15.123456Z","source":"MOCK","last":5342.00,"bid":null,"ask":null,'
    b'"lastSize":null,"bidSize":1,"askSize":null,"volume":7}'
)


def quote(payload: bytes, symbol: bytes = b"ES") -> Entry | None:
    return frames.quote_entry(b"5-1", {b"s": symbol, b"e": payload}, NEWEST)


def test_a_canonical_event_is_forwarded_as_it_is() -> None:
    found = quote(GOOD)
    assert found is not None
    assert found.payload == GOOD
    assert found.frame == b"id: 5-1\nevent: quote\ndata: " + GOOD + b"\n\n"
    assert (found.id, found.symbol, found.source) == (5 << 64 | 1, "ES", "MOCK")


def test_a_foreign_spelling_is_made_canonical() -> None:
    found = quote(b'{ "v": 1, "symbol": "ES",\n "ts": 1760016675123, "source": "MOCK", "last": 5342.00 }')
    assert found is not None
    assert b"\n" not in found.payload
    assert b'"ts":"2025-10-09T13:31:15.123000Z"' in found.payload
    assert b'"last":5342.00' in found.payload


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        GOOD[:-1],
        GOOD + b"}",
        GOOD.replace(b'"last":5342.00', b'"last":NaN'),
        GOOD.replace(b'"last":5342.00', b'"last":"5342"'),
        GOOD.replace(b'"last":5342.00', b'"last":1e999'),
        GOOD.replace(b"5342.00", b"5342.00\n\ndata: x"),
        GOOD.replace(b"2025-10", b"2101-10"),
        GOOD.replace(b'"MOCK"', b'"\xff"'),
        GOOD[:-1] + b',"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        GOOD[:-1] + b',"x":"' + b"a" * 70_000 + b'"}',
        b"[1]",
    ],
)
def test_what_no_browser_may_see_is_left_out(payload: bytes) -> None:
    assert quote(payload) is None


def test_an_entry_whose_symbol_lies_is_left_out() -> None:
    assert quote(GOOD, b"YM") is None
    assert frames.quote_entry(b"5-1", {}, NEWEST) is None


def test_a_latest_hash_becomes_the_event_that_it_was_made_of() -> None:
    fields = {
        "v": "1", "symbol": "ES", "ts": "2025-10-09T13:31:15.123456Z", "source": "TOS", "last": "5342.00",
        "volume": "7", "condition": "5", "meta": '{"contract":"ESZ25"}', 
        "active_source": "TOS", "updated_at": "x", "stream_id": "9-2",
    }  # fmt: skip
    found = frames.hash_entry(fields, NEWEST)
    assert found is not None
    assert found.payload == (
        b'{"v":1,"symbol":"ES","ts":"2025-10-09T13:31:15.123456Z","source":"TOS","last":5342.00,"bid":null,"ask":null,'
        b'"lastSize":null,"bidSize":null,"askSize":null,"volume":7,"condition":"5","meta":{"contract":"ESZ25"}}'
    )
    assert frames.hash_entry(fields | {"stream_id": "x"}, NEWEST) is None


def test_domain_events_name_their_type() -> None:
    found = frames.domain_entry(b"5-1", {b"t": b"market.opened", b"e": b'{"market":"USA"}'}, NEWEST)
    assert found is not None
    assert found.frame == b'id: 5-1\nevent: market.opened\ndata: {"market":"USA"}\n\n'
    for kind, payload in ((b"a\nb", b"{}"), (b"", b"{}"), (b"x", b"{"), (b"x", b"{}\n"), (b"x", b"\xff")):
        assert frames.domain_entry(b"5-1", {b"t": kind, b"e": payload}, NEWEST) is None


@pytest.mark.parametrize(
    "text", ["", "x", "1", "1-", "-1", "1-1-1", "١-1", "1-18446744073709551616", "1 -1", "$", "1-1\n", "9" * 30 + "-0"]
)
def test_what_is_no_stream_id(text: str) -> None:
    assert parse_id(text) is None


def test_stream_ids_compare_as_the_server_compares_them() -> None:
    ordered = ["0-0", "0-1", "9-18446744073709551615", "10-0", "1760000000000-3", "18446744073709551615-0"]
    numbers = [parse_id(text) for text in ordered]
    assert numbers == sorted(number for number in numbers if number is not None)
    assert [format_id(number) for number in numbers if number is not None] == ordered
