"""The fast reading of an event against its slow twin: for any bytes the same quote or the same refusal."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.draft import Draft
from tests.faults.odd import ACCEPTED, REFUSED
from tests.unit.quotes.test_quote import quotes
from thor.instruments.instrument import INSTRUMENTS
from thor.quotes import quick, quote
from thor.quotes.providers.mock import Exchange
from thor.quotes.quote import Quote, QuoteRefusedError, encode, format_ts

NOW_US = 1_760_016_675_123_456
CANONICAL = encode(
    Quote(
        "ES", NOW_US, "MOCK", Decimal("5342.00"), Decimal("5341.75"), Decimal("5342.25"), 1, 2, 3, 1000,
        Decimal("5300.50"), Decimal("5350.00"), Decimal("5290.25"), Decimal("5310.25"), Decimal("31.75"),
        Decimal("5310.00"), recv_us=NOW_US + 5, seq=184467, condition="@", venue="CME",
        extra={"iv": Decimal("0.2500")}, meta={"contract": "ESZ25", "precision": 2},
    )
)  # fmt: skip

NO_LEVELS = encode(Quote("VX", NOW_US, "SCHWAB", last=Decimal("17.05"), volume=1000, seq=3))


def answer(decode: object, payload: bytes) -> tuple[object, ...]:
    """What is compared: the quote with every digit, or the refusal."""
    try:
        found = decode(payload)  # type: ignore[operator]
    except QuoteRefusedError as error:
        return error.reason, error.detail
    return found, encode(found)


def same(payload: bytes) -> tuple[object, ...]:
    """Both twins' answer, twice: what was remembered is what was learnt."""
    wanted = answer(quote.decode, payload)
    assert answer(quick.decode, payload) == wanted
    assert answer(quick.decode, payload) == wanted
    return wanted


# --- any event ------------------------------------------------------------------------------------------------------

PRICES = [
    "0", "0.00", "-0", "-0.0", "5342.25", "-37.63", "1e3", "1E-2", "123456789012", "1234567890123", "0.000001",
    "0.0000001", "00.5", "5.", ".5", "null", "NaN", "true", '"5"', "999999999999.999999", "+1", "-", " 5", "5 ", "5}",
    "{}", "0E-400", "0E+400", "1e99999999999999999999", '5,"bid":6', "", "1_0",
]  # fmt: skip
SIZES = [
    "0", "1", "7", "123456", "9223372036854775807", "9223372036854775808", "999999999999999999",
    "1000000000000000000", "-1", "-0", "1.0", "1e2", "null", "true", '"1"', "01", "00", "", "1_0", " 7", "7 ", "7}",
    "\u0663", "+1",
]  # fmt: skip
TIMES = [
    '"2025-10-09T13:31:15.000001Z"', '"2025-10-09T13:31:15Z"', '"2025-10-09 13:31:15.123456Z"',
    '"2025-10-09T13:31:15.123456+00:00"', '"2025-10-09T13:31:15.123456z"', '"2025-10-09T13:31:15.123456789Z"',
    '"2025-10-09T13:31:15.12345Z"', '"2025-10-09T13:31:15123456Z"', '"2025-10-09T13:31.123456Z"',
    '"2025-10-09T13:31:15..23456Z"', '"2025-10-09T13:31:15.+23456Z"', '"2025-10-09T13:31:15.1_3456Z"',
    '"2025-10-09T13:31:60.000000Z"', '"2025-02-30T13:31:15.123456Z"', '"2025-10-09T13:31:15,123456Z"',
    '"0000-10-09T13:31:15.123456Z"', '"2025-10-09T13:31:15.123456Z', "null", "1760016675123", "1760016675123.5", "",
]  # fmt: skip
TEXTS = [
    '"@"', '"CME"', "null", '""', "1", '"\x7f"', '"\\n"', '"a,b"', '"\\"seq\\":1"', '"\x01"', '"é"', '"\\u00e9"',
    '"' + "x" * 65 + '"', '"\\ud800"', '",\\"seq\\":5"', '"a"}', "",
]  # fmt: skip
OBJECTS = [
    "null", "{}", "[]", '{"a":1,"a":2}', '{"contract":"ESZ25","precision":2}', '{"a":-0}', '{"a":1.50}',
    '{"a":{"b":[1,2]}}', '{"crossed":true,}', '{"a":NaN}', '{"a":"' + "x" * 4090 + '"}', '{"seq":5}', '{"v":1}',
    '{"a":' * 7 + "{}" + "}" * 7, '{"a":' * 8 + "{}" + "}" * 8, '{"a":1e400}', '{}},{"b":1', '{"a":1}}', "{} ",
]  # fmt: skip
#: Every name in wire order, with spellings of it that are taken, refused, or none of JSON.
MEMBERS = {
    "v": ["1", "2", "1.0", "true", " 1", "1 "],
    "symbol": ['"ES"', '"CL"', '"es"', '""', '"ES,"', "null", '"\\u0045S"', f'"{"E" * 25}"', "1"],
    "ts": TIMES,
    "source": ['"TOS"', '"SCHWAB"', '"MOCK"', '"REPLAY"', '"EXCEL"', '"tos"', "null"],
    "last": PRICES, "bid": PRICES, "ask": PRICES,
    "lastSize": SIZES, "bidSize": SIZES, "askSize": SIZES, "volume": SIZES,
    "open": PRICES, "high": PRICES, "low": PRICES, "close": PRICES, "change": PRICES, "settlement": PRICES,
    "recv": TIMES, "seq": SIZES, "condition": TEXTS, "venue": TEXTS, "unknown": PRICES + OBJECTS, "meta": OBJECTS,
}  # fmt: skip
PLAIN = {
    "v": "1", "symbol": '"ES"', "ts": f'"{format_ts(NOW_US)}"', "source": '"MOCK"',
    "last": "5342.00", "bid": "5341.75", "ask": "5342.25",
    "lastSize": "1", "bidSize": "2", "askSize": "3", "volume": "1000", "open": "5300.50", "change": "31.75",
    "seq": "184467",
}  # fmt: skip


def spelled(members: dict[str, str]) -> bytes:
    """These members in wire order, with nothing between them but commas."""
    return ("{" + ",".join(f'"{name}":{members[name]}' for name in MEMBERS if name in members) + "}").encode()


@pytest.mark.parametrize("name", MEMBERS)
def test_any_member_has_the_same_answer(name: str) -> None:
    for value in MEMBERS[name]:
        same(spelled(PLAIN | {name: value}))
    same(spelled({other: value for other, value in PLAIN.items() if other != name}))


@pytest.mark.parametrize("payload", [CANONICAL, spelled(PLAIN), spelled({**PLAIN, "recv": TIMES[0]}), NO_LEVELS])
def test_what_stands_between_members_has_the_same_answer(payload: bytes) -> None:
    for at, byte in enumerate(payload):
        if byte in b',:{}"':
            for other in (b"", b" ", b",", b",,", b", ", b" ,", b";", b":", b",}", b"}", b"{", b'"', b"},{", b'{"x":'):
                same(payload[:at] + other + payload[at + 1 :])


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.dictionaries(st.sampled_from(sorted(MEMBERS)), st.integers(0, 99), max_size=4),
    st.none() | st.permutations(sorted(MEMBERS)),
    st.none() | st.sampled_from(sorted(MEMBERS)),
)
def test_any_event_has_the_same_answer(odd: dict[str, int], order: list[str] | None, twice: str | None) -> None:
    members = PLAIN | {name: MEMBERS[name][number % len(MEMBERS[name])] for name, number in odd.items()}
    parts = [f'"{name}":{members[name]}' for name in order or MEMBERS if name in members]
    if twice in members:
        parts.append(f'"{twice}":{members[twice]}')
    same(("{" + ",".join(parts) + "}").encode())


@given(quotes)
def test_any_quote_comes_back(made: Quote) -> None:
    found, spelling = same(encode(made))
    assert found == made
    assert spelling == encode(made)


@pytest.mark.parametrize("name", [*ACCEPTED, *REFUSED])
def test_every_odd_event_has_the_same_answer(name: str) -> None:
    draft = Draft(NOW_US, dict(PLAIN), {"symbol": "ES"})
    change = ACCEPTED[name] if name in ACCEPTED else REFUSED[name][1]
    change(draft)
    same(draft.json())


def test_mutated_bytes_have_the_same_answer() -> None:
    """A fuzzer with a fixed seed: bytes of a canonical event changed, cut out, put in, or a piece moved."""
    rand = random.Random(20251009)
    odd = b'"\\{}[],:.-+eE0159nulltrue\x00\x1f\x7f\x80\xff\r\n\t _'
    accepted = 0
    for _ in range(4000):
        event = bytearray(CANONICAL)
        for _ in range(rand.choice((1, 1, 1, 2, 5))):
            at = rand.randrange(len(event))
            end = at + rand.choice((1, 1, 8, 40))
            kind = rand.randrange(4)
            if kind == 0:
                event[at] = rand.choice(odd)
            elif kind == 1:
                del event[at:end]
            elif kind == 2:
                event.insert(at, rand.choice(odd))
            else:
                to = rand.randrange(len(event))
                event[to:to] = event[at:end]
        accepted += isinstance(same(bytes(event))[0], Quote)
    assert 100 < accepted < 3000


def test_no_cut_of_an_event_is_taken_for_one() -> None:
    for end in range(len(CANONICAL)):
        same(CANONICAL[:end])
        same(CANONICAL[end:])


def test_what_a_collector_writes_never_needs_the_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = Exchange(7, 100.0, [each.symbol for each in INSTRUMENTS], NOW_US)
    payloads = [CANONICAL, *(each.payload(NOW_US + n) for n, each in enumerate(exchange.take(2000, 2000)))]
    payloads += [
        NO_LEVELS,
        encode(Quote("VX", NOW_US, "SCHWAB", last=Decimal("17.05"), seq=3)),
        encode(Quote("ZB", NOW_US, "TOS", bid=Decimal("118.03125"), recv_us=NOW_US, seq=0, meta={"kind": "received"})),
    ]
    wanted = [quote.decode(each) for each in payloads]
    monkeypatch.setattr(quick, "slow_twin", lambda payload: pytest.fail(f"left to the twin: {payload!r}"))
    assert [quick.decode(each) for each in payloads] == wanted


def test_what_is_remembered_is_bounded_and_cannot_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "_MAX_PIECES", 10)
    for n in range(100):
        payload = CANONICAL.replace(b"5342.00", b"%d.00" % n)
        assert quick.decode(payload).last == n
    assert len(quick._LAST) <= 10
    with pytest.raises(TypeError):
        quick.decode(CANONICAL).meta["contract"] = "ESH26"  # type: ignore[index]
