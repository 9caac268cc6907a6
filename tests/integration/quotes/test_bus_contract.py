"""The contract of the quote bus, held by the real server and by its in-memory twin alike."""

from __future__ import annotations

import itertools
import os
import random
import threading
import time
from collections.abc import Iterator
from decimal import Decimal

import pytest
import redis

from thor.quotes.bus import DeadLetter, FencedError, Losses, Outgoing, Published, ValkeyQuoteBus, outgoing
from thor.quotes.fakes import MemoryQuoteBus
from thor.quotes.health import SourceHealth, SourceState
from thor.quotes.merge import FRESH_US
from thor.quotes.quote import Quote, encode

NOW = 1_760_016_675_000_000
SECOND = 1_000_000

Bus = ValkeyQuoteBus | MemoryQuoteBus


@pytest.fixture(params=["valkey", "memory"])
def bus(request: pytest.FixtureRequest, fresh_namespace: str) -> Iterator[Bus]:
    made: Bus
    if request.param == "valkey":
        made = ValkeyQuoteBus(request.getfixturevalue("valkey_url"), fresh_namespace)
    else:
        made = MemoryQuoteBus()
    yield made
    made.close()


def quote(
    symbol: str = "ES", source: str = "TOS", ts_us: int = NOW, seq: int | None = 1, last: str = "5342.25"
) -> Quote:
    return Quote(symbol, ts_us, source, last=Decimal(last), seq=seq)


def put(bus: Bus, one: Quote, now_us: int = NOW) -> Published:
    return bus.publish(one.source, [outgoing(one)], now_us=now_us)


def unified(bus: Bus) -> list[tuple[str, bytes]]:
    if isinstance(bus, MemoryQuoteBus):
        return [(entry.symbol, entry.payload) for entry in bus.unified]
    return [(fields[b"s"].decode(), fields[b"e"]) for _, fields in bus._redis.xrange(bus.keys.unified)]


def source_stream(bus: Bus, source: str) -> list[bytes]:
    if isinstance(bus, MemoryQuoteBus):
        return [entry.payload for entry in bus.streams[source]]
    return [fields[b"e"] for _, fields in bus._redis.xrange(bus.keys.source_stream(source))]


def test_a_quote_reaches_both_streams_the_latest_hash_and_the_series(bus: Bus) -> None:
    one = Quote(
        "ES", NOW, "TOS", last=Decimal("5342.00"), bid=Decimal("5341.75"), ask=None, last_size=2, volume=10, seq=7,
        high=Decimal("5350.50"), condition='say "hi" \\ é', venue="CME", extra={"x": [1, {"a": "}"}]},
        meta={"contract": "ESZ25", "note": "{"},
    )  # fmt: skip
    assert put(bus, one) == Published(won=1, late=0)
    assert unified(bus) == [("ES", encode(one))]
    assert source_stream(bus, "TOS") == [encode(one)]
    latest = bus.latest(["ES", "YM"])
    assert set(latest) == {"ES"}
    fields = latest["ES"]
    assert fields.pop("stream_id")
    assert fields == {
        "v": "1", "symbol": "ES", "ts": "2025-10-09T13:31:15.000000Z", "source": "TOS", "last": "5342.00",
        "bid": "5341.75", "lastSize": "2", "volume": "10", "high": "5350.50", "seq": "7",
        "condition": 'say "hi" \\ é', "venue": "CME", "x": '[1,{"a":"}"}]', "meta": '{"contract":"ESZ25","note":"{"}',
        "active_source": "TOS", "updated_at": "2025-10-09T13:31:15.000000Z",
    }  # fmt: skip
    assert bus.series(["ES", "YM"]) == {"ES": [(NOW // 1000, "5342.00")], "YM": []}


def test_fields_of_the_older_quote_do_not_linger(bus: Bus) -> None:
    put(bus, Quote("ES", NOW, "TOS", last=Decimal(1), bid=Decimal(1), seq=1, venue="CME"))
    put(bus, Quote("ES", NOW + 1, "TOS", last=Decimal(2), seq=2))
    assert not {"bid", "venue"} & set(bus.latest(["ES"])["ES"])


def test_an_older_seq_of_the_same_source_goes_to_its_source_stream_only(bus: Bus) -> None:
    put(bus, quote(seq=5))
    assert put(bus, quote(seq=4, last="1.00")) == Published(won=0, late=1)
    assert put(bus, quote(seq=5, last="2.00")) == Published(won=0, late=1)
    assert len(unified(bus)) == 1
    assert len(source_stream(bus, "TOS")) == 3
    assert bus.latest(["ES"])["ES"]["last"] == "5342.25"


def test_seq_beyond_the_digits_of_a_double_is_compared_exactly(bus: Bus) -> None:
    put(bus, quote(seq=2**60))
    assert put(bus, quote(seq=2**60 + 1)).won == 1
    assert put(bus, quote(seq=2**60)).won == 0
    assert put(bus, quote(seq=999)).won == 0


def test_a_feed_that_starts_again_below_its_old_seq_wins_once_its_time_moved_on(bus: Bus) -> None:
    put(bus, quote(seq=1000))
    assert put(bus, quote(seq=1, ts_us=NOW + FRESH_US)).won == 0
    assert put(bus, quote(seq=1, ts_us=NOW + FRESH_US + 1)).won == 1


def test_the_latest_quote_never_goes_back_in_time(bus: Bus) -> None:
    put(bus, quote(seq=1, ts_us=NOW))
    assert put(bus, quote(seq=2, ts_us=NOW - SECOND, last="1.00")) == Published(won=1, late=0)
    assert bus.latest(["ES"])["ES"]["last"] == "5342.25"
    assert put(bus, quote(seq=3, ts_us=NOW, last="3.00")).won == 1
    assert bus.latest(["ES"])["ES"]["last"] == "3.00"


def test_the_preferred_source_wins_while_it_is_fresh_and_the_other_takes_over_after(bus: Bus) -> None:
    bus.set_instruments({"ES": {}}, {"ES": "SCHWAB"})
    put(bus, quote(source="TOS", ts_us=NOW))
    assert put(bus, quote(source="SCHWAB", ts_us=NOW + 1), NOW).won == 1
    assert put(bus, quote(source="TOS", ts_us=NOW + 2, seq=2), NOW + FRESH_US - 1).won == 0
    assert put(bus, quote(source="TOS", ts_us=NOW + 3, seq=3), NOW + FRESH_US).won == 1
    assert bus.latest(["ES"])["ES"]["active_source"] == "TOS"
    assert put(bus, quote(source="SCHWAB", ts_us=NOW + 4, seq=2), NOW + FRESH_US + 1).won == 1
    assert bus.latest(["ES"])["ES"]["active_source"] == "SCHWAB"


def test_without_a_preference_the_newer_time_wins(bus: Bus) -> None:
    put(bus, quote(source="TOS", ts_us=NOW))
    assert put(bus, quote(source="SCHWAB", ts_us=NOW)).won == 0
    assert put(bus, quote(source="SCHWAB", ts_us=NOW + 1)).won == 1
    assert put(bus, quote(source="TOS", ts_us=NOW - 1, seq=9)).won == 0


@pytest.mark.parametrize("simulated", ["MOCK", "REPLAY"])
def test_a_simulated_source_never_displaces_a_real_one_that_is_fresh(bus: Bus, simulated: str) -> None:
    assert put(bus, quote(source=simulated, ts_us=NOW)).won == 1
    assert put(bus, quote(source="TOS", ts_us=NOW + 1), NOW).won == 1
    assert put(bus, quote(source=simulated, ts_us=NOW + 2, seq=2), NOW + FRESH_US - 1).won == 0
    assert bus.latest(["ES"])["ES"]["active_source"] == "TOS"
    assert put(bus, quote(source=simulated, ts_us=NOW + 3, seq=3), NOW + FRESH_US).won == 1


def test_a_simulated_source_gives_way_to_a_real_one_whose_time_is_behind(bus: Bus) -> None:
    put(bus, quote(source="MOCK", ts_us=NOW + SECOND))
    assert put(bus, quote(source="TOS", ts_us=NOW, seq=1)).won == 0, "latest never goes back in time"
    assert put(bus, quote(source="MOCK", ts_us=NOW + 2 * SECOND, seq=2), NOW + SECOND).won == 0
    assert put(bus, quote(source="TOS", ts_us=NOW + SECOND + 1, seq=2), NOW + SECOND).won == 1


def test_a_simulated_source_that_somebody_prefers_is_shown(bus: Bus) -> None:
    bus.set_instruments({"ES": {}}, {"ES": "MOCK"})
    put(bus, quote(source="TOS", ts_us=NOW))
    assert put(bus, quote(source="MOCK", ts_us=NOW + 1)).won == 1


def test_a_fenced_publish_changes_nothing_and_the_newest_number_may(bus: Bus) -> None:
    old = bus.lease("TOS", "a")
    before = old.take().number
    assert before is not None
    assert bus.publish("TOS", [outgoing(quote(seq=1))], fence=before).won == 1
    old.release()
    after = bus.lease("TOS", "b").take().number
    with pytest.raises(FencedError):
        bus.publish("TOS", [outgoing(quote("YM", seq=1)), outgoing(quote(seq=2, last="1.00"))], fence=before)
    assert len(unified(bus)) == len(source_stream(bus, "TOS")) == 1
    assert set(bus.latest(["ES", "YM"])) == {"ES"}
    assert bus.latest(["ES"])["ES"]["last"] == "5342.25"
    assert bus.publish("TOS", [outgoing(quote(seq=2))], fence=after).won == 1


def test_the_fence_is_of_one_source_and_binds_only_who_shows_a_number(bus: Bus) -> None:
    number = bus.lease("TOS", "a").take().number
    assert number is not None
    assert bus.publish("SCHWAB", [outgoing(quote(source="SCHWAB"))], fence=1).won == 1
    assert bus.publish("TOS", [outgoing(quote(ts_us=NOW + 1))]).won == 1
    with pytest.raises(FencedError):
        bus.publish("TOS", [outgoing(quote(seq=2))], fence=number - 1)


def test_losses_are_added_and_one_report_counts_once(bus: Bus) -> None:
    first = Losses("a-1", {"ES": 3, "YM": 2}, superseded=0)
    for _ in range(3):
        bus.count_losses("TOS", first)
    bus.count_losses("TOS", Losses("a-2", {"ES": 1}, superseded=4))
    bus.count_losses("MOCK", Losses("b-1", {}, superseded=7))
    if isinstance(bus, MemoryQuoteBus):
        found = dict(bus.losses)
    else:
        raw = bus._redis.hgetall(bus.keys.collect_losses)
        found = {name.decode(): int(count) for name, count in raw.items() if not name.endswith(b":report")}
    assert found == {"TOS": 6, "TOS:ES": 4, "TOS:YM": 2, "TOS:superseded": 4, "MOCK:superseded": 7}


def test_events_without_seq_are_ordered_by_time(bus: Bus) -> None:
    assert put(bus, quote(seq=None, ts_us=NOW)).won == 1
    assert put(bus, quote(seq=None, ts_us=NOW - 1)).won == 0
    assert put(bus, quote(seq=None, ts_us=NOW)).won == 1
    assert put(bus, quote(seq=None, ts_us=NOW + 1)).won == 1


def test_next_seq_is_above_everything_seen_and_above_the_clock(bus: Bus) -> None:
    before_us = time.time_ns() // 1000
    first = bus.next_seq("TOS", ["ES", "YM"])
    assert set(first) == {"ES", "YM"}
    assert all(before_us <= seq <= time.time_ns() // 1000 for seq in first.values())
    ahead = first["ES"] + 3600 * SECOND
    put(bus, quote(seq=ahead))
    put(bus, quote(seq=5))  # late: it must not lower what is remembered
    assert bus.next_seq("TOS", ["ES"]) == {"ES": ahead + 1}
    assert bus.next_seq("SCHWAB", ["ES"])["ES"] < ahead


def test_the_series_keeps_one_point_a_second_and_300_of_them(bus: Bus) -> None:
    for n in range(1, 701):
        put(bus, quote(seq=n, ts_us=NOW + n, last=str(n)), NOW + n * SECOND // 2)
    points = bus.series(["ES"])["ES"]
    assert len(points) == 300
    assert points[-1] == (NOW // 1000 + 699 * 500, "699")
    assert all(b[0] - a[0] == 1000 for a, b in itertools.pairwise(points))


def test_a_batch_is_one_step_and_its_last_shown_quote_is_the_latest(bus: Bus) -> None:
    batch = [
        outgoing(quote(symbol, ts_us=NOW + n, seq=n, last=f"{n}.25")) for n in range(1, 301) for symbol in ("ES", "YM")
    ]
    assert bus.publish("TOS", batch, now_us=NOW) == Published(won=600, late=0)
    assert [payload for _, payload in unified(bus)] == [event.payload for event in batch]
    assert bus.latest(["YM"])["YM"]["last"] == "300.25"
    assert bus.publish("TOS", [], now_us=NOW) == Published(0, 0)


def test_instruments_health_and_dead_letters_come_back_as_they_went(bus: Bus) -> None:
    bus.set_instruments({"ES": {"precision": 2}, "YM": {}}, {})
    bus.set_instruments({"ES": {"precision": 2}, "NQ": {}}, {"ES": "TOS"})
    assert bus.known_symbols() == {"ES", "NQ"}
    reports = [
        SourceHealth("MOCK", "mock", SourceState.CONNECTED, "", NOW, NOW, 5, 1.5, 0, 0, "here", 1, 0),
        SourceHealth("TOS", "excel_file", SourceState.DOWN, "no file", NOW, None, 0, 0.0, 3, 1, "here", 2, 1),
    ]
    for report in reversed(reports):
        bus.report_health(report)
    assert bus.health() == reports
    bus.dead_letter(DeadLetter(b"{", "not_json", "collect", "", NOW))
    if isinstance(bus, ValkeyQuoteBus):
        ((_, fields),) = bus._redis.xrange(bus.keys.dead)
        assert fields == {
            b"event": b"{", b"reason": b"not_json", b"stage": b"collect", b"source_id": b"",
            b"at": b"2025-10-09T13:31:15.000000Z",
        }  # fmt: skip


def test_both_buses_decide_alike_on_random_traffic(valkey_url: str, fresh_namespace: str) -> None:
    """The server's function and the readable rule, held together: 3,000 odd events of three sources."""
    rand = random.Random(20251009)
    real, twin = ValkeyQuoteBus(valkey_url, fresh_namespace), MemoryQuoteBus()
    preferred = {"ES": "TOS", "YM": "SCHWAB"}
    for each in (real, twin):
        each.set_instruments({"ES": {}, "YM": {}, "NQ": {}}, preferred)
    now = NOW
    for _ in range(600):
        now += rand.choice((0, 1000, SECOND, 3 * SECOND, 6 * SECOND))
        source = rand.choice(("TOS", "SCHWAB", "MOCK"))
        batch = []
        for _ in range(rand.randint(1, 9)):
            ts_us = now + rand.choice((0, 0, 0, -SECOND, -6 * SECOND, SECOND, 7 * SECOND))
            seq = rand.choice((None, now, now + 1, 1, 2**62 + rand.randint(0, 9)))
            last = rand.choice((None, Decimal(rand.randint(1, 10**6)) / 100))
            batch.append(
                outgoing(Quote(rand.choice(("ES", "YM", "NQ")), ts_us, source, last=last, bid=Decimal("0.5"), seq=seq))
            )
        assert real.publish(source, batch, now_us=now) == twin.publish(source, batch, now_us=now)
    assert unified(real) == unified(twin)

    def without_id(bus: Bus) -> dict[str, dict[str, str]]:
        found = bus.latest(["ES", "YM", "NQ"])
        return {symbol: {n: v for n, v in fields.items() if n != "stream_id"} for symbol, fields in found.items()}

    assert without_id(real) == without_id(twin)
    assert real.series(["ES", "YM", "NQ"]) == twin.series(["ES", "YM", "NQ"])
    real.close()


#: By hand, longer: ``READS=1000000 pytest tests/integration/quotes/test_bus_contract.py -k half_written -s``.
READS = int(os.environ.get("READS", "20000"))


def test_the_latest_hash_is_never_seen_half_written(valkey_url: str, fresh_namespace: str) -> None:
    writer, reader = ValkeyQuoteBus(valkey_url, fresh_namespace), ValkeyQuoteBus(valkey_url, fresh_namespace)
    put(writer, Quote("ES", NOW, "TOS", last=Decimal(0), bid=Decimal(0), ask=Decimal(0), seq=0))
    done = threading.Event()

    def write() -> None:
        for n in itertools.count(1):
            if done.is_set():
                return
            price = Decimal(n)
            # Every other event lacks a field: what an older event left behind would be a torn read too.
            venue = "CME" if n % 2 else None
            put(writer, Quote("ES", NOW + n, "TOS", last=price, bid=price, ask=price, seq=n, volume=n, venue=venue))
            writer._redis.xtrim(writer.keys.unified, maxlen=1000)
            writer._redis.xtrim(writer.keys.source_stream("TOS"), maxlen=1000)

    thread = threading.Thread(target=write)
    thread.start()
    seen, torn = set(), 0
    for _ in range(READS // 100):
        pipe = reader._redis.pipeline(transaction=False)
        for _ in range(100):
            pipe.hgetall(reader.keys.latest("ES"))
        for fields in pipe.execute():
            seen.add(fields[b"seq"])
            whole = len({fields[b"last"], fields[b"bid"], fields[b"ask"], fields[b"seq"]}) == 1
            torn += not whole or (b"venue" in fields) != (int(fields[b"seq"]) % 2 == 1)
    done.set()
    thread.join()
    print(f"{READS:,} reads of {len(seen):,} different quotes, {torn} torn")
    assert len(seen) > READS // 2000, "the quotes changed while they were read"
    assert torn == 0
    writer._redis.delete(*writer._redis.keys(f"{fresh_namespace}:*"))
    writer.close()
    reader.close()


def test_the_function_comes_back_after_the_server_forgot_it(valkey_url: str, fresh_namespace: str) -> None:
    bus = ValkeyQuoteBus(valkey_url, fresh_namespace)
    with redis.Redis.from_url(valkey_url) as other:
        other.function_flush()
    assert put(bus, quote()).won == 1
    bus.close()


def test_outgoing_carries_what_the_merge_needs() -> None:
    one = quote(seq=3)
    assert outgoing(one) == Outgoing("ES", NOW, 3, encode(one))
