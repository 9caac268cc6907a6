"""The compiled parser against its slow twin: for any bytes the same rows, refusals and acknowledgements."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal

import hiredis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thor.history import kernel
from thor.history.batch import Batch, FastParser, Parser, SlowParser
from thor.history.lease import Lease
from thor.quotes.quote import format_ts
from thor.runtime.bus import BusReplyError

NOW_US = 1_760_016_675_123_456
NOW_MS = NOW_US // 1000
GROUPS = {"ES": "cme_equity", "CL": "cme_metals_energy", "DX": "ice_dx", "VX": "cfe_vx"}

Entry = tuple[bytes, Sequence[bytes]]


class Known:
    def __init__(self, current: Mapping[str, str] = GROUPS) -> None:
        self.current = current

    def reload(self) -> bool:
        return False


def bulk(value: bytes) -> bytes:
    return b"$%d\r\n%s\r\n" % (len(value), value)


QUEUED = b"+OK\r\n" + 3 * b"+QUEUED\r\n"


def reply_of(entries: Sequence[Entry], stream: bytes = b"quotes:stream:unified") -> bytes:
    """What the bus answers to a leased read."""
    parts = [QUEUED, b"*3\r\n:0\r\n*1\r\n*2\r\n", bulk(stream), b"*%d\r\n" % len(entries)]
    for stream_id, fields in entries:
        parts += [b"*2\r\n", bulk(stream_id), b"*%d\r\n" % len(fields), *map(bulk, fields)]
    return b"".join([*parts, bulk(b"%s %s %d" % (entries[0][0], entries[-1][0], len(entries)))])


def feed(parser: Parser, batch: Batch, data: bytes, cut: int | None = None) -> int:
    """Give a parser the reply in pieces; the number of bytes that it had got when it said that it was complete."""
    parser.begin(batch)
    if parser.received(0):
        return 0
    given_bytes = 0
    for piece in (data,) if cut is None else (data[:cut], data[cut:]):
        while piece:
            room = parser.room()
            now = piece[: len(room)]
            room[: len(now)] = now
            piece = piece[len(now) :]
            given_bytes += len(now)
            if parser.received(len(now)):
                return given_bytes
    return -1


def result(batch: Batch) -> tuple[list[list[object]], list[Lease], object, object]:
    """What is compared: rows by value (the order of keys in JSON apart), leases with tallies and letters, times."""
    rows = [row_values(line) for line in batch.lines()]
    assert len(rows) == batch.rows
    assert sum(lease.tally.total() for lease in batch.leases) == batch.rows
    assert all(lease.found == lease.entries and not lease.missing for lease in batch.leases)
    times = (batch.first_ts_us, batch.last_ts_us) if rows else None
    return rows, batch.leases, times, batch.row_ms[: batch.rows].tolist()


def row_values(line: bytes) -> list[object]:
    *plain, extra = line[:-1].decode().split("\t")
    if extra == "\\N":
        return [*plain, None]
    return [*plain, json.loads(extra.replace("\\\\", "\\"), parse_float=Decimal)]


def both(entries: Sequence[Entry], cut: int | None = None, *, as_recorded: bool = False) -> tuple[Batch, Batch]:
    data = reply_of(entries)
    first, second = (Batch(max(1, len(entries)), as_recorded=as_recorded) for _ in range(2))
    batches = first, second
    parsers: tuple[Parser, Parser] = FAST, SlowParser(Known())
    for parser, batch in zip(parsers, batches, strict=True):
        assert feed(parser, batch, data, cut) == len(data)
    assert result(batches[0]) == result(batches[1])
    return batches


FAST = FastParser(kernel, Known())


def entry(event: bytes, symbol: bytes = b"ES", number: int = 0, ms: int = NOW_MS) -> Entry:
    return b"%d-%d" % (ms, number), [b"s", symbol, b"e", event]


# --- events: canonical ones with every part varied ------------------------------------------------------------------

price = st.one_of(
    st.decimals(min_value=-(10**4), max_value=10**5, places=2).map(str),
    st.sampled_from(
        ["0", "0.00", "-0", "-0.0", "-37.63", "1e3", "1E-2", "123456789012", "1234567890123", "0.000001", "0.0000001",
         "00.5", "5.", ".5", "null", "NaN", "true", '"5"', "999999999999.999999", "+1", "-", "118'16"]
    ),
)  # fmt: skip
size = st.sampled_from(
    ["0", "1", "7", "123456", "9223372036854775807", "9223372036854775808", "999999999999999999", "1000000000000000000",
     "-1", "-0", "1.0", "null", "true", '"1"', "01"]
)  # fmt: skip
when = st.one_of(
    st.integers(-8 * 86_400_000_000, 400_000_000).map(lambda ahead: f'"{format_ts(NOW_US + ahead)}"'),
    st.sampled_from(
        ['"2025-10-09T13:31:15.123456Z"', '"2025-10-09T13:31:15Z"', '"2025-10-09 13:31:15.123456+00:00"', str(NOW_MS),
         '"2025-10-09T13:31:60.000000Z"', '"2025-02-30T13:31:15.123456Z"', '"2025-10-09T24:00:00.000000Z"', "null",
         '"2025-10-09T13:31:15.123456789Z"', '"2025-10-09T13:31:15.12345:Z"', '"2025-13-09T13:31:15.123456Z"']
    ),
)  # fmt: skip
text = st.one_of(
    st.text(max_size=70).map(json.dumps), st.sampled_from(['"@"', '"CME"', "null", '""', "1", '"\x7f"', '"\\n"'])
)
meta = st.one_of(
    st.dictionaries(
        st.sampled_from(["contract", "precision", "crossed", "ahead", "zero_price", "negative_price", "x y", 'a"b']),
        st.one_of(st.booleans(), st.none(), st.integers(-(10**20), 10**20), st.text(max_size=5), st.just([1])),
        max_size=5,
    ).map(lambda value: json.dumps(value, separators=(",", ":"))),
    st.sampled_from(
        ["null", "{}", "[]", '{"a":1,"a":2}', '{"crossed":true,"zero_price":true,"negative_price":true,"ahead":true}',
         '{"a":-0}', '{"a":1.50}', '{"a":{"b":1}}', '{"a" :1}', '{"crossed":true,}', '{"crossed":truex}']
    ),
)  # fmt: skip


@st.composite
def events(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """(the symbol field, an event that is canonical more or less)."""
    symbol = draw(st.sampled_from(["ES", "CL", "DX", "VX", "ZZ", "es", ""]))
    parts = [
        ("v", draw(st.sampled_from(["1"] * 9 + ["2", "1.0", "true"]))),
        ("symbol", json.dumps(symbol)),
        ("ts", draw(when)),
        ("source", draw(st.sampled_from(['"TOS"', '"SCHWAB"', '"MOCK"', '"REPLAY"', '"EXCEL"', '"tos"', "null"]))),
    ]
    for names, values in (
        (("last", "bid", "ask", "open", "high", "low", "close", "change", "settlement"), price),
        (("lastSize", "bidSize", "askSize", "volume", "seq"), size),
        (("recv",), when),
        (("condition", "venue"), text),
        (("meta",), meta),
        (("unknown",), text),
    ):
        for name in names:
            if draw(st.integers(0, 9)) < (5 if name in ("last", "bid", "ask") else 2):
                parts.append((name, draw(values)))
    if draw(st.booleans()):
        parts = draw(st.permutations(parts))
    if draw(st.integers(0, 19)) == 0:
        parts.append(draw(st.sampled_from(parts)))
    comma = draw(st.sampled_from([","] * 9 + [", "]))
    event = "{" + comma.join(f'"{name}":{value}' for name, value in parts) + "}"
    field = symbol if draw(st.integers(0, 9)) else "CL"
    return field.encode(), event.encode("utf-8", "surrogatepass")


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(events(), min_size=1, max_size=6), st.booleans())
def test_any_event_gives_the_same_row_or_refusal(made: list[tuple[bytes, bytes]], as_recorded: bool) -> None:
    both([entry(event, symbol, number) for number, (symbol, event) in enumerate(made)], as_recorded=as_recorded)


def test_a_recording_is_as_old_as_it_is() -> None:
    old = [entry(canonical(number), number=number, ms=NOW_MS + 400 * 86_400_000) for number in range(3)]
    refused, _ = both(old)
    assert (refused.rows, len(refused.leases[0].letters)) == (0, 3)
    taken, _ = both(old, as_recorded=True)
    assert (taken.rows, taken.leases[0].letters) == (3, [])
    early, _ = both([entry(canonical(0), ms=NOW_MS - 86_400_000)], as_recorded=True)
    assert b"ahead" not in bytes(early.data)


def canonical(number: int) -> bytes:
    return (
        b'{"v":1,"symbol":"ES","ts":"2025-10-09T13:31:15.12345%dZ","source":"MOCK","last":5342.00,"bid":5341.75,'
        b'"ask":5342.25,"lastSize":1,"bidSize":2,"askSize":3,"volume":1000,"open":5300.50,"high":5350.00,"low":5290.25,'
        b'"close":5310.25,"change":31.75,"settlement":5310.00,"recv":"2025-10-09T13:31:15.200000Z","seq":17600166751234%d,'
        b'"condition":"@","venue":"CME","meta":{"contract":"ESZ25","precision":2}}' % (number, number)
    )


def test_canonical_events_never_need_the_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = FastParser(kernel, Known())
    batch = Batch(10)
    feed(parser, batch, reply_of([entry(canonical(1))]))  # the first event tells the trade date of the table
    monkeypatch.setattr(FastParser, "_judge_slowly", lambda self, why: pytest.fail(f"left to the twin: {why}"))
    batch.clear()
    feed(parser, batch, reply_of([entry(canonical(n), number=n) for n in range(10)]))
    assert batch.rows == batch.entries == 10


def test_mutated_bytes_give_the_same_row_or_refusal() -> None:
    """A fuzzer with a fixed seed: bytes of a canonical event changed, cut out, doubled, or swapped for odd ones."""
    rand = random.Random(20251009)
    odd = b'"\\{}[],:.-+eE0159nulltrue\x00\x1f\x7f\x80\xff\r\n\t '
    for _ in range(150):
        made = []
        for number in range(40):
            event = bytearray(canonical(number % 10))
            for _ in range(rand.choice((1, 1, 1, 2, 5))):
                at = rand.randrange(len(event))
                kind = rand.randrange(4)
                if kind == 0:
                    event[at] = rand.choice(odd)
                elif kind == 1:
                    del event[at : at + rand.randrange(1, 6)]
                elif kind == 2:
                    event[at:at] = event[at : at + rand.randrange(1, 30)]
                else:
                    event[at:at] = bytes([rand.choice(odd)])
            made.append(entry(bytes(event), number=number))
        both(made)


ODD_ENTRIES: list[Entry] = [
    entry(canonical(1)),
    (b"%d-8" % NOW_MS, [b"s", b"ES"]),
    (b"%d-9" % NOW_MS, []),
    (b"%d-10" % NOW_MS, [b"s", b"ES", b"e", canonical(2), b"x", b"y"]),
    entry(b"", number=11),
    entry(b"{}", number=12),
    entry(canonical(3), symbol=b"CL", number=13),
    (b"5-1", [b"s", b"ES", b"e", canonical(4)]),
    (b"18446744073709551615-18446744073709551615", [b"s", b"ES", b"e", canonical(4)]),
    entry(canonical(5), number=14, ms=NOW_MS + 8 * 86_400_000),
    entry(canonical(6), number=15, ms=NOW_MS - 400_000),
]


def test_odd_entries() -> None:
    fast, _ = both(ODD_ENTRIES)
    assert fast.rows == 1
    assert len(fast.leases[0].letters) == len(ODD_ENTRIES) - 1


def test_a_reply_may_come_in_two_pieces_cut_anywhere() -> None:
    made = [entry(canonical(1)), entry(b'{"v":1}', number=8), entry(canonical(2), number=9)]
    data = reply_of(made)
    whole = Batch(4)
    assert feed(FAST, whole, data) == len(data)
    for parser in (FAST, SlowParser(Known())):
        for cut in range(1, len(data)):
            batch = Batch(4)
            assert feed(parser, batch, data, cut) == len(data), cut
            assert result(batch) == result(whole), cut


def test_the_beginning_of_the_next_reply_may_come_along() -> None:
    first, second = reply_of([entry(canonical(1))]), reply_of([entry(canonical(2), number=1)])
    for parser in (FastParser(kernel, Known()), SlowParser(Known())):
        for extra in (0, 3, 40, 200, len(second)):
            one, two = Batch(1), Batch(1)
            feed(parser, one, first + second[:extra])
            feed(parser, two, second[extra:])
            assert [batch.lines()[0].split(b"\t")[14] for batch in (one, two)] == [b"%d-0" % NOW_MS, b"%d-1" % NOW_MS]


def test_an_entry_larger_than_the_window_and_more_rows_than_the_first_room() -> None:
    large = canonical(1)[:-2] + b',"note":"' + b"x" * 600_000 + b'"}}'
    fast, _ = both([entry(large), *(entry(canonical(n % 10), number=n + 1) for n in range(6000))])
    assert fast.rows == 6000
    assert fast.out_bytes > 1024 * 1024


def test_trade_dates_turn_within_a_batch() -> None:
    """Around 17:00 Chicago and back again: each row has the date of its own time and group."""
    made = []
    for number in range(400):
        ts_us = 1_760_047_199_000_000 + (number * 37 % 100) * 40_000  # 2025-10-09 22:00 UTC within two seconds
        for symbol in ("ES", "DX"):
            event = f'{{"v":1,"symbol":"{symbol}","ts":"{format_ts(ts_us)}","source":"TOS","last":1.5,"seq":{number}}}'
            made.append(entry(event.encode(), symbol.encode(), number, ms=1_760_047_200_000))
    both(made)


NOTHING = QUEUED + b"*3\r\n:0\r\n*-1\r\n" + bulk(b"- 7-1 0")
NOT_FOUND = b"-ERR Function not found\r\n"


def test_an_idle_reply() -> None:
    for parser in (FastParser(kernel, Known()), SlowParser(Known())):
        for cut in range(1, len(NOTHING)):
            batch = Batch(1)
            assert feed(parser, batch, NOTHING, cut) == len(NOTHING)
            assert (batch.entries, batch.leases, parser.leased_up_to) == (0, [], "7-1")


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (QUEUED + b"*3\r\n-NOGROUP no such group\r\n-NOGROUP no such key\r\n-NOGROUP\r\n", "NOGROUP no such group"),
        (QUEUED + b"*3\r\n:0\r\n-NOGROUP no such group\r\n-ERR\r\n", "NOGROUP no such group"),
        (b"-LOADING in memory\r\n" * 4 + b"-ERR EXEC without MULTI\r\n", "LOADING in memory"),
        (QUEUED + b"*3\r\n:0\r\n*-1\r\n" + NOT_FOUND, "Function not found"),
        (reply_of([entry(b"{}")])[: -len(bulk(b"%d-0 %d-0 1" % (NOW_MS, NOW_MS)))] + NOT_FOUND, "Function not found"),
    ],
)
def test_errors_of_the_bus_are_raised(reply: bytes, says: str) -> None:
    parsers: tuple[Parser, ...] = (FastParser(kernel, Known()), SlowParser(Known()))
    for parser in parsers:
        with pytest.raises(BusReplyError, match=says):
            feed(parser, Batch(1), reply)


def test_two_reads_of_one_batch_are_two_leases() -> None:
    parsers: tuple[Parser, ...] = (FastParser(kernel, Known()), SlowParser(Known()))
    for parser in parsers:
        batch = Batch(4)
        feed(parser, batch, reply_of([entry(canonical(1)), entry(b"{}", number=1)]))
        feed(parser, batch, reply_of([entry(canonical(2), number=2)]))
        assert [(lease.last, lease.tally.total(), len(lease.letters)) for lease in batch.leases] == [
            (f"{NOW_MS}-1", 1, 1),
            (f"{NOW_MS}-2", 1, 0),
        ]
        assert batch.lease_of(f"{NOW_MS}-2") is batch.leases[1]


def test_the_twins_reader_agrees_on_what_an_entry_is() -> None:
    """The helper that builds replies builds what hiredis reads."""
    reader = hiredis.Reader()
    reader.feed(reply_of(ODD_ENTRIES))
    read = [reader.gets() for _ in range(5)][-1]
    assert [tuple(each) for each in read[1][0][1]] == [(name, fields) for name, fields in ODD_ENTRIES]


def test_a_new_instrument_is_known_as_soon_as_it_is_asked_for() -> None:
    class Growing(Known):
        def reload(self) -> bool:
            self.current = {**GROUPS, "ZZ": "cme_equity"}
            return True

    event = canonical(1).replace(b'"ES"', b'"ZZ"')
    for parser in (FastParser(kernel, Growing()), SlowParser(Growing())):
        batch = Batch(2)
        feed(parser, batch, reply_of([entry(event, b"ZZ"), entry(event, b"ZZ", 1)]))
        assert batch.rows == 2
