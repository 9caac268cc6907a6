"""The canonical event: price in is price out, and every odd event has exactly one verdict."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thor.quotes.quote import (
    EPOCH,
    MAX_PAYLOAD_BYTES,
    Quote,
    QuoteRefusedError,
    Reason,
    accept,
    checked,
    decode,
    encode,
    flags,
    format_ts,
    judge,
    parse_ts,
)

NOW = 1_760_016_675_123_456
KNOWN = frozenset({"ES", "CL", "ZB"})
ISO = "2025-10-09T13:31:15.123456Z"


def event(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "v": 1, "symbol": "ES", "ts": ISO, "source": "TOS", "last": 5342.25, "bid": 5342.0, "ask": 5342.5,
        "lastSize": 2, "bidSize": 5, "askSize": 3, "seq": 184467,
    }  # fmt: skip
    return {**base, **changes}


def text(**changes: Any) -> bytes:
    return json.dumps(event(**changes)).encode()


def without(name: str) -> bytes:
    record = event()
    del record[name]
    return json.dumps(record).encode()


def raw(name: str, value: str) -> bytes:
    """An event whose member is spelled as given, which no JSON writer would do."""
    return text(**{name: "@@"}).replace(b'"@@"', value.encode())


# --- round trip -----------------------------------------------------------------------------------------------------

prices = st.none() | st.decimals(
    min_value=Decimal(-(10**12) + 1), max_value=Decimal(10**12 - 1), places=6, allow_nan=False
).map(lambda d: d.normalize() if d == d.to_integral() else d).map(lambda d: Decimal(f"{d:f}"))
sizes = st.none() | st.integers(0, 2**63 - 1)
times = st.integers(0, 4_102_444_800_000_000)
clean_text = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\x7f"), max_size=64)
free = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**39) + 1, 10**39 - 1)
    | clean_text
    | st.decimals(places=3, allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(clean_text, inner, max_size=3),
    max_leaves=8,
)
quotes = st.builds(
    Quote,
    symbol=st.from_regex(r"[A-Z0-9][A-Z0-9._-]{0,23}", fullmatch=True),
    ts_us=times,
    source=st.sampled_from(["TOS", "SCHWAB", "MOCK", "REPLAY"]),
    last=prices, bid=prices, ask=prices,
    last_size=sizes, bid_size=sizes, ask_size=sizes, volume=sizes,
    open=prices, high=prices, low=prices, close=prices, change=prices, settlement=prices,
    recv_us=st.none() | times,
    seq=sizes,
    condition=st.none() | clean_text,
    venue=st.none() | clean_text,
    extra=st.dictionaries(clean_text.map(lambda name: "x" + name), free, max_size=3),
    meta=st.dictionaries(clean_text, free, max_size=4),
).filter(lambda q: not (q.last is None and q.bid is None and q.ask is None))  # fmt: skip


@given(quotes)
def test_a_quote_comes_back_to_the_last_digit(quote: Quote) -> None:
    back = decode(encode(quote))
    assert back == quote
    assert [str(p) for p in (back.last, back.bid, back.ask)] == [str(p) for p in (quote.last, quote.bid, quote.ask)]
    assert checked(quote) == quote


@given(quotes)
def test_the_wire_form_is_ascii_json_in_one_order(quote: Quote) -> None:
    wire = encode(quote)
    record = json.loads(wire.decode("ascii"))
    assert list(record)[:11] == [
        "v", "symbol", "ts", "source", "last", "bid", "ask", "lastSize", "bidSize", "askSize", "volume",
    ]  # fmt: skip
    assert "meta" not in record or list(record)[-1] == "meta"
    assert encode(decode(wire)) == wire


@pytest.mark.parametrize(
    ("spelled", "kept"),
    [
        ("5342.00", "5342.00"), ("0.25", "0.25"), ("0.1", "0.1"), ("0.005", "0.005"), ("118.03125", "118.03125"),
        ("-37.63", "-37.63"), ("1e3", "1000"), ("1.5E+2", "150"), ("0e-400", "0.000000"), ("-0", "0"), ("-0.0", "0.0"),
        ("999999999999.999999", "999999999999.999999"), ("2.5e-1", "0.25"),
    ],
)  # fmt: skip
def test_a_price_keeps_its_digits(spelled: str, kept: str) -> None:
    assert str(decode(raw("last", spelled)).last) == kept
    assert f'"last":{kept},' in encode(decode(raw("last", spelled))).decode()


# --- time -----------------------------------------------------------------------------------------------------------


@given(times)
def test_a_time_comes_back_to_the_microsecond(ts_us: int) -> None:
    spelled = format_ts(ts_us)
    assert len(spelled) == 27
    assert parse_ts(spelled) == ts_us
    assert datetime.fromisoformat(spelled) == Quote("ES", ts_us, "TOS").ts


@given(times, times)
def test_times_compare_as_text(a: int, b: int) -> None:
    assert (format_ts(a) < format_ts(b)) == (a < b)


@pytest.mark.parametrize(
    ("spelled", "wanted"),
    [
        ("2025-10-09T13:31:15Z", "2025-10-09T13:31:15.000000Z"),
        ("2025-10-09T13:31:15.5Z", "2025-10-09T13:31:15.500000Z"),
        ("2025-10-09T13:31:15.123456789Z", "2025-10-09T13:31:15.123456Z"),
        ("2025-10-09T13:31:15.123456+00:00", ISO),
        ("2025-10-09 13:31:15.123456Z", ISO),
        (1_760_016_675_123, "2025-10-09T13:31:15.123000Z"),
        (Decimal("1760016675123.456"), ISO),
    ],
)
def test_times_of_every_spelling_have_one(spelled: object, wanted: str) -> None:
    assert format_ts(parse_ts(spelled)) == wanted


# --- verdicts -------------------------------------------------------------------------------------------------------

REFUSED = [
    (b"", Reason.NOT_JSON),
    (b"{", Reason.NOT_JSON),
    (b"\xff\xfe{}", Reason.NOT_JSON),
    (b"{} {}", Reason.NOT_JSON),
    (b"[1]", Reason.NOT_AN_OBJECT),
    (b"null", Reason.NOT_AN_OBJECT),
    (b"[" * 60_000, Reason.TOO_DEEP),
    (b" " * (MAX_PAYLOAD_BYTES + 1), Reason.TOO_LARGE),
    (b'{"v":1,"v":1}', Reason.DUPLICATE_KEY),
    (raw("meta", '{"a":{"b":1,"b":2}}'), Reason.DUPLICATE_KEY),
    (without("v"), Reason.MISSING_FIELD),
    (without("symbol"), Reason.MISSING_FIELD),
    (without("ts"), Reason.MISSING_FIELD),
    (without("source"), Reason.MISSING_FIELD),
    (text(ts=None), Reason.MISSING_FIELD),
    (text(v=2), Reason.WRONG_VERSION),
    (text(v="1"), Reason.WRONG_VERSION),
    (text(v=True), Reason.WRONG_VERSION),
    (raw("v", "1.0"), Reason.WRONG_VERSION),
    (text(symbol="es"), Reason.BAD_SYMBOL),
    (text(symbol="/ES"), Reason.BAD_SYMBOL),
    (text(symbol="../ES"), Reason.BAD_SYMBOL),
    (text(symbol="E S"), Reason.BAD_SYMBOL),
    (text(symbol="ES\n"), Reason.BAD_SYMBOL),
    (text(symbol=""), Reason.BAD_SYMBOL),
    (text(symbol="É"), Reason.BAD_SYMBOL),
    (text(symbol="A" * 25), Reason.BAD_SYMBOL),
    (text(symbol=7), Reason.WRONG_TYPE),
    (text(symbol="XX"), Reason.UNKNOWN_SYMBOL),
    (text(source="tos"), Reason.UNKNOWN_SOURCE),
    (text(source="IB"), Reason.UNKNOWN_SOURCE),
    (text(source=1), Reason.WRONG_TYPE),
    (text(last="5342.25"), Reason.WRONG_TYPE),
    (text(bid=True), Reason.WRONG_TYPE),
    (text(ask=[1]), Reason.WRONG_TYPE),
    (text(change="1"), Reason.WRONG_TYPE),
    (raw("last", "NaN"), Reason.NOT_FINITE),
    (raw("last", "Infinity"), Reason.NOT_FINITE),
    (raw("last", "-Infinity"), Reason.NOT_FINITE),
    (raw("last", "1e400"), Reason.OUT_OF_RANGE),
    (raw("last", "1e99999999999999999999"), Reason.OUT_OF_RANGE),
    (raw("last", "1000000000000"), Reason.OUT_OF_RANGE),
    (raw("last", "0.0000001"), Reason.OUT_OF_RANGE),
    (raw("settlement", "0.0000001"), Reason.OUT_OF_RANGE),
    (raw("last", "9" * 5000), Reason.OUT_OF_RANGE),
    (text(last=None, bid=None, ask=None), Reason.NO_PRICE),
    (text(lastSize=-1), Reason.NEGATIVE_SIZE),
    (text(volume=-1), Reason.NEGATIVE_SIZE),
    (text(seq=-1), Reason.NEGATIVE_SIZE),
    (text(bidSize=1.5), Reason.WRONG_TYPE),
    (raw("askSize", "1.0"), Reason.WRONG_TYPE),
    (text(askSize="3"), Reason.WRONG_TYPE),
    (text(seq=2**63), Reason.OUT_OF_RANGE),
    (text(seq=True), Reason.WRONG_TYPE),
    (text(ts="2025-10-09T13:31:15"), Reason.BAD_TIME),
    (text(ts="2025-10-09T08:31:15-05:00"), Reason.BAD_TIME),
    (text(ts="2025-10-09T13:31:60Z"), Reason.BAD_TIME),
    (text(ts="2025-02-29T13:31:15Z"), Reason.BAD_TIME),
    (text(ts="yesterday"), Reason.BAD_TIME),
    (text(ts="٢٠٢٥-10-09T13:31:15Z"), Reason.BAD_TIME),
    (text(ts=10**18), Reason.BAD_TIME),
    (text(ts=True), Reason.WRONG_TYPE),
    (text(ts=[]), Reason.WRONG_TYPE),
    (text(recv="then"), Reason.BAD_TIME),
    (text(ts="2025-10-09T13:36:15.123457Z"), Reason.TOO_FAR_AHEAD),
    (text(ts="2025-10-02T13:31:15.123455Z"), Reason.TOO_OLD),
    (text(ts=0), Reason.TOO_OLD),
    (text(condition="a\x00b"), Reason.CONTROL_CHARACTER),
    (text(venue="a\nb"), Reason.CONTROL_CHARACTER),
    (text(venue="a\u2028b"), Reason.CONTROL_CHARACTER),
    (text(venue=1), Reason.WRONG_TYPE),
    (text(venue="v" * 65), Reason.OUT_OF_RANGE),
    (raw("condition", '"\\ud800"'), Reason.LONE_SURROGATE),
    (raw("meta", '{"\\udc00":1}'), Reason.LONE_SURROGATE),
    (text(meta={"a": "\x00"}), Reason.CONTROL_CHARACTER),
    (text(meta=[]), Reason.WRONG_TYPE),
    (text(meta="x"), Reason.WRONG_TYPE),
    (text(meta={"a": "x" * 4096}), Reason.META_TOO_LARGE),
    (raw("meta", '{"a":' * 8 + "{}" + "}" * 8), Reason.TOO_DEEP),
    (raw("meta", '{"a":1e9999}'), Reason.OUT_OF_RANGE),
    (raw("meta", '{"a":NaN}'), Reason.NOT_FINITE),
    (text(**{f"x{n}": 1 for n in range(65)}), Reason.OUT_OF_RANGE),
    (text(x="\x1b[31m"), Reason.CONTROL_CHARACTER),
    (text(**{"x\n": 1}), Reason.CONTROL_CHARACTER),
]  # fmt: skip


@pytest.mark.parametrize(("payload", "reason"), REFUSED, ids=[f"{n}-{reason}" for n, (_, reason) in enumerate(REFUSED)])
def test_an_event_against_the_contract_is_refused_with_its_reason(payload: bytes, reason: Reason) -> None:
    with pytest.raises(QuoteRefusedError) as refused:
        accept(payload, NOW, KNOWN)
    assert refused.value.reason == reason
    sentence = str(refused.value)
    assert sentence.isprintable(), "one line, fit for a log"
    assert len(sentence) < 200


ODD_BUT_ACCEPTED = [
    (text(bid=5342.75), {"crossed": True}),
    (text(bid=5342.5), {}),
    (text(last=0), {"zero_price": True}),
    (text(symbol="CL", last=-37.63, bid=None, ask=None), {"negative_price": True}),
    (text(ts="2025-10-09T13:31:20.123456Z"), {}),
    (text(ts="2025-10-09T13:31:20.123457Z"), {"ahead": True}),
    (text(ts="2025-10-09T13:36:15.123456Z"), {"ahead": True}),
    (text(ts="2025-10-02T13:31:15.123456Z"), {}),
    (text(meta=None), {}),
    (text(seq=None), {}),
    (raw("meta", '{"a":' * 7 + "{}" + "}" * 7), None),
    (text(meta={"a": "x" * 4087}), None),
    (text(source="EXCEL"), {}),
]


@pytest.mark.parametrize(("payload", "meta"), ODD_BUT_ACCEPTED)
def test_an_odd_event_is_accepted_with_its_flag(payload: bytes, meta: dict[str, bool] | None) -> None:
    quote = accept(payload, NOW, KNOWN)
    if meta is not None:
        assert dict(quote.meta) == meta
    assert judge(quote, NOW, KNOWN) == quote, "judging again changes nothing"


def test_a_replay_as_recorded_is_exempt_from_age() -> None:
    assert accept(text(ts="2013-09-03T13:30:00Z"), NOW, KNOWN, as_recorded=True).ts.year == 2013


def test_unknown_fields_are_kept() -> None:
    quote = accept(text(openInterest=5, greeks={"delta": 0.5}), NOW, KNOWN)
    assert quote.extra == {"openInterest": 5, "greeks": {"delta": Decimal("0.5")}}


def test_flags_need_no_meta_and_meta_of_the_source_survives() -> None:
    quote = accept(text(bid=5343, meta={"precision": 2}), NOW, KNOWN)
    assert quote.meta == {"precision": 2, "crossed": True}
    assert flags(quote, NOW) == {"crossed": True}
    assert Quote("ES", 0, "TOS").ts == EPOCH == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_quote_built_in_code_is_held_to_the_contract() -> None:
    with pytest.raises(QuoteRefusedError, match="digits"):
        checked(Quote("ES", NOW, "TOS", last=Decimal("0.0000001")))
    with pytest.raises(QuoteRefusedError, match="not_finite"):
        checked(Quote("ES", NOW, "TOS", last=Decimal("NaN")))
    assert checked(Quote("ES", NOW, "TOS", last=Decimal("1E+3"))).last == 1000


def test_the_decoder_answers_every_byte_string() -> None:
    """Mutated events: the decoder gives a quote that survives a round trip, or refuses with a reason."""
    rand = random.Random(1)
    seeds = [payload for payload, _ in REFUSED if len(payload) < 2000] + [payload for payload, _ in ODD_BUT_ACCEPTED]
    outcomes = {"accepted": 0, "refused": 0}
    for _ in range(20_000):
        payload = bytearray(rand.choice(seeds))
        for _ in range(rand.randint(0, 3)):
            at = rand.randrange(len(payload) + 1)
            match rand.randrange(3):
                case 0:
                    payload[at:at] = rand.choice(
                        (b'"', b",", b"0", b"{", b"\\", b"\x00", b"e", b"-", b"\xc3", b"9" * 20)
                    )
                case 1:
                    del payload[at : at + rand.randint(1, 5)]
                case _ if at < len(payload):
                    payload[at] = rand.randrange(256)
        try:
            quote = accept(bytes(payload), NOW, KNOWN)
        except QuoteRefusedError as refused:
            assert refused.reason in Reason
            outcomes["refused"] += 1
        else:
            assert decode(encode(quote)) == quote
            outcomes["accepted"] += 1
    assert min(outcomes.values()) > 500, outcomes
