"""A dead letter: what is read of it, shown of it, exported of it, and what a retry makes of it."""

from __future__ import annotations

import base64
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thor.history.letter import (
    CSV_COLUMNS,
    KeptLetter,
    Wanted,
    csv_row,
    letter_of,
    letter_record,
    likely_refusal,
    retry_entry,
    shown,
    word_of,
)
from thor.quotes.quote import QuoteRefusedError, Reason, decode

NOW_US = 1_760_016_675_123_456
GOOD = b'{"v":1,"symbol":"ES","ts":"2025-10-09T13:31:15.000000Z","source":"TOS","last":5342.25}'


def letter(
    event: bytes = GOOD, stage: str = "read", source_id: str = "1760016675000-7", reason: str = "x: y"
) -> KeptLetter:
    return KeptLetter("1760016675123-2", event, reason, stage, source_id, "2025-10-09T13:31:15.123456Z")


def test_a_letter_is_read_from_its_entry_and_a_foreign_one_has_empty_fields() -> None:
    fields = {b"event": b"\xff", b"reason": b"not_json: z", b"stage": b"read", b"source_id": b"1-2", b"at": b"now"}
    assert letter_of("5-0", fields) == KeptLetter("5-0", b"\xff", "not_json: z", "read", "1-2", "now")
    assert letter_of("5-0", {b"x": b"y"}) == KeptLetter("5-0", b"", "", "", "", "")


@pytest.mark.parametrize(
    ("event", "symbol"),
    [
        (GOOD, "ES"),
        (b'{"v":1,"symbol":"ES"', "ES"),
        (b'{"symbol" : "/ESZ25"', "/ESZ25"),
        (b'{"meta":{"symbol":"NQ"}}', ""),
        (b'{"symbol":5}', ""),
        (b'{"symbol":"E\\u0000S"}', ""),
        (b'{"symbol":"a long text that is no symbol at all"}', ""),
        (b"\xff\xfe", ""),
        (b"", ""),
    ],
)
def test_the_symbol_is_what_can_be_read(event: bytes, symbol: str) -> None:
    assert word_of(event, "symbol") == symbol


def test_the_source_of_what_was_never_on_the_bus_is_its_collectors() -> None:
    assert letter(b"nonsense", "collect", "MOCK/mock").source == "MOCK"
    assert letter(b"nonsense").source == ""
    assert letter(b"nonsense").entry_id == "1760016675000-7"
    assert letter(b"nonsense", "collect", "MOCK/mock").entry_id == ""


@given(st.binary(max_size=60))
def test_what_is_shown_is_one_printable_line_that_holds_every_byte(event: bytes) -> None:
    text = shown(event)
    assert text.isprintable()
    assert b"".join(map(unescaped, re.findall(r"\\\\|\\x..|.", text))) == event


def unescaped(piece: str) -> bytes:
    if piece == "\\\\":
        return b"\\"
    return bytes([int(piece[2:], 16)]) if piece.startswith("\\x") else piece.encode()


@given(st.binary(max_size=60))
def test_an_export_loses_no_byte(event: bytes) -> None:
    record = json.loads(json.dumps(letter_record(letter(event))))
    assert ("event" in record) != ("event_base64" in record)
    kept = record["event"].encode() if "event" in record else base64.b64decode(record["event_base64"])
    assert kept == event
    assert base64.b64decode(csv_row(letter(event))[CSV_COLUMNS.index("event_base64")]) == event


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(evil: str) -> None:
    row = csv_row(KeptLetter("1-0", evil.encode(), evil, evil, evil, evil))
    assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_what_was_on_the_bus_goes_back_as_it_was() -> None:
    assert retry_entry(letter(b"\xff{}"), NOW_US, {"ES"}) == ("", b"\xff{}", "")
    assert retry_entry(letter(), NOW_US, set()) == ("ES", GOOD, "")


def test_what_a_collector_refused_is_judged_numbered_and_of_its_source() -> None:
    entry = retry_entry(letter(stage="collect", source_id="TOS/excel"), NOW_US, {"ES"})
    assert (entry.symbol, entry.source) == ("ES", "TOS")
    assert decode(entry.event).seq == 1_760_016_675_123_002
    assert entry == retry_entry(letter(stage="collect", source_id="TOS/excel"), NOW_US, {"ES"})
    with pytest.raises(QuoteRefusedError) as error:
        retry_entry(letter(stage="collect", source_id="TOS/excel"), NOW_US, {"NQ"})
    assert error.value.reason is Reason.UNKNOWN_SYMBOL


def test_a_likely_refusal_is_known_before() -> None:
    assert likely_refusal(letter(), NOW_US, {"ES"}) == ""
    assert likely_refusal(letter(), NOW_US, {"NQ"}) == "unknown_symbol"
    assert likely_refusal(letter(), NOW_US + 8 * 86_400_000_000, {"ES"}) == "too_old"
    assert likely_refusal(letter(b"{"), NOW_US, {"ES"}) == "not_json"


def test_letters_are_wanted_by_all_that_is_given() -> None:
    each = letter(reason="too_old: ts is 8 days old")
    assert Wanted().matches(each)
    assert Wanted(reason="TOO_OLD", source="TOS", symbol="ES", stage="read").matches(each)
    for other in (Wanted(reason="ahead"), Wanted(source="MOCK"), Wanted(symbol="E"), Wanted(stage="store")):
        assert not other.matches(each)
