"""The odd events: spellings and values that must be accepted, and every kind that must be refused, with its reason.

Each changes a draft of an ordinary event. Pure, and independent of the program under test: the reasons are those that
docs/reference/bus.md promises.
"""

from __future__ import annotations

from typing import Final

from tests.faults.draft import DAY, Change, Draft, Fields, iso

# --- accepted -------------------------------------------------------------------------------------------------------


def _flagged(made: Draft, flag: str) -> None:
    made.meta[flag] = "true"


def _crossed(made: Draft) -> None:
    made.price("bid", "5001.25")
    made.price("ask", "5000.75")
    _flagged(made, "crossed")


def _zero_last(made: Draft) -> None:
    made.price("last", "0")
    _flagged(made, "zero_price")


def _zero_bid(made: Draft) -> None:
    made.only("bid", "0.00")
    _flagged(made, "zero_price")


def _minus_zero(made: Draft) -> None:
    made.only("last", "-0.0", "0.0")
    _flagged(made, "zero_price")


def _negative(made: Draft) -> None:
    """Crude oil on 2020-04-20."""
    made.row["symbol"] = "CL"
    made.record["symbol"] = '"CL"'
    made.only("last", "-37.63")
    _flagged(made, "negative_price")


def _price(name: str, text: str, stored: str | None = None) -> Change:
    return lambda made: made.only(name, text, stored)


def _time(form: str) -> Change:
    """``form`` has the parts of the time; a spelling is cut to microseconds, never rounded."""

    def change(made: Draft) -> None:
        text = iso(made.ts_us)
        made.record["ts"] = '"' + form.format(day=text[:10], clock=text[11:19], micro=text[20:26]) + '"'

    return change


def _millis(made: Draft) -> None:
    made.at(made.ts_us, f"{made.ts_us // 1000}.{made.ts_us % 1000:03}")


def _whole_millis(made: Draft) -> None:
    # Its microseconds would be lost: they go into the seq, or two of these could share a key.
    made.row["seq"] = made.ts_us
    made.record["seq"] = str(made.ts_us)
    made.at(made.ts_us // 1000 * 1000, str(made.ts_us // 1000))


def _six_days_old(made: Draft) -> None:
    made.at(made.ts_us - 6 * DAY)


def _excel(made: Draft) -> None:
    # TOS has its own numbers: this one stays out of their way.
    made.row["source"] = "TOS"
    made.record["source"] = '"EXCEL"'
    made.row["seq"] = made.ts_us
    made.record["seq"] = str(made.ts_us)


def _largest_sizes(made: Draft) -> None:
    for name, column in (("lastSize", "last_size"), ("bidSize", "bid_size"), ("volume", "volume")):
        made.record[name] = str(2**63 - 1)
        made.row[column] = 2**63 - 1


def _text(name: str, column: str, json_text: str, stored: str) -> Change:
    return lambda made: made.text(name, column, json_text, stored)


def _unknown(**members: str) -> Change:
    def change(made: Draft) -> None:
        for name, text in members.items():
            made.unknown(name, text)

    return change


def _meta(json_text: str, **stored: str) -> Change:
    def change(made: Draft) -> None:
        made.record["meta"] = json_text
        made.meta = dict(stored)

    return change


def _white_space(made: Draft) -> None:
    made.payload = b" \r\n" + made.json().replace(b',"', b' ,\n\t "').replace(b'":', b'" : ') + b"\n "


def _turned_round(made: Draft) -> None:
    made.record = dict(reversed(made.record.items()))


def _escaped(made: Draft) -> None:
    made.payload = made.json().replace(b'"symbol":"', b'"s\\u0079mbol":"').replace(b'"last"', b'"l\\u0061st"')


def _without_nulls(made: Draft) -> None:
    made.record = {name: text for name, text in made.record.items() if text != "null"}


def _null_levels(made: Draft) -> None:
    for name in ("open", "high", "low", "close", "change", "settlement", "recv", "condition", "venue"):
        made.record[name] = "null"
        made.extra.pop(name, None)
    made.row["cond"] = made.row["venue"] = None


def _recv_offset(made: Draft) -> None:
    made.record["recv"] = f'"{iso(made.ts_us)[:-1]}+00:00"'
    made.extra["recv"] = f'"{iso(made.ts_us)}"'


_DEEP = '{"b":' * 6 + "1" + "}" * 6

ACCEPTED: Final[dict[str, Change]] = {
    "crossed": _crossed,
    "zero last": _zero_last,
    "zero bid": _zero_bid,
    "minus zero": _minus_zero,
    "negative": _negative,
    "one 32nd": _price("last", "0.03125"),
    "a tenth": _price("last", "0.1"),
    "half a cent": _price("bid", "0.005"),
    "all digits": _price("last", "999999999999.999999"),
    "smallest": _price("ask", "0.000001"),
    "trailing noughts": _price("last", "5342.000000"),
    "exponent": _price("last", "5.2e3", "5200"),
    "large exponent": _price("last", "5E+3", "5000"),
    "small exponent": _price("last", "25e-2", "0.25"),
    "only a bid": _price("bid", "100.25"),
    "only an ask": _price("ask", "100.25"),
    "nanoseconds": _time("{day}T{clock}.{micro}999Z"),
    "with offset": _time("{day}T{clock}.{micro}+00:00"),
    "short offset": _time("{day}T{clock}.{micro}+0000"),
    "minus nought": _time("{day}T{clock}.{micro}-00:00"),
    "small letter": _time("{day}T{clock}.{micro}z"),
    "with a blank": _time("{day} {clock}.{micro}Z"),
    "decimal comma": _time("{day}T{clock},{micro}Z"),
    "milliseconds": _whole_millis,
    "broken milliseconds": _millis,
    "six days old": _six_days_old,
    "excel": _excel,
    "largest sizes": _largest_sizes,
    "backslash": _text("condition", "cond", r'"a\\b\\N"', r"a\b\N"),
    "null of copy": _text("condition", "cond", r'"\\N"', r"\N"),
    "end of copy": _text("venue", "venue", r'"\\."', r"\."),
    "quotes": _text("venue", "venue", r'"\"; DROP TABLE ticks; --\u0027"', "\"; DROP TABLE ticks; --'"),
    "umlaut": _text("condition", "cond", '"Größe"', "Größe"),
    "surrogate pair": _text("venue", "venue", r'"\ud83d\ude00"', "\U0001f600"),
    "solidus": _text("venue", "venue", r'"\/ES"', "/ES"),
    "empty text": _text("condition", "cond", '""', ""),
    "unknown fields": _unknown(openInterest="123456", iv="0.2500", note='"caf\u00e9"', flag="false", nothing="null"),
    "unknown objects": _unknown(greeks='{"delta":-0.50,"list":[1,2.50,{"x":null}]}'),
    "formula": _unknown(note='"=1+1"'),
    "meta null": _meta("null"),
    "meta empty": _meta("{}"),
    "meta deep": _meta('{"a":' + _DEEP + "}", a=_DEEP),
    "meta large": _meta('{"a":"' + "x" * 3900 + '"}', a='"' + "x" * 3900 + '"'),
    "white space": _white_space,
    "turned round": _turned_round,
    "escaped": _escaped,
    "without nulls": _without_nulls,
    "null levels": _null_levels,
    "recv with offset": _recv_offset,
}

# --- refused --------------------------------------------------------------------------------------------------------


def _raw(payload: bytes) -> Change:
    return lambda made: setattr(made, "payload", payload)


def _spoilt(change: str) -> Change:
    """``change`` works on the JSON of the event: ``{}`` stands for it."""
    return lambda made: setattr(made, "payload", change.encode("utf-8").replace(b"{}", made.json()))


def _cut(made: Draft) -> None:
    made.payload = made.json()[:-20]


def _utf16(made: Draft) -> None:
    made.payload = made.json().decode().encode("utf-16")


def _has(name: str, json_text: str) -> Change:
    return lambda made: made.record.__setitem__(name, json_text)


def _lacks(name: str) -> Change:
    return lambda made: made.record.__delitem__(name)


def _twice(name: str) -> Change:
    def change(made: Draft) -> None:
        made.payload = made.json()[:-1] + f',"{name}":{made.record[name]}}}'.encode()

    return change


def _symbol(text: str) -> Change:
    def change(made: Draft) -> None:
        made.row["symbol"] = text
        made.record["symbol"] = '"' + text + '"'

    return change


def _no_price(made: Draft) -> None:
    for name in ("last", "bid", "ask"):
        made.record[name] = "null"


def _without_prices(made: Draft) -> None:
    for name in ("last", "bid", "ask"):
        del made.record[name]


def _many_unknown(made: Draft) -> None:
    for n in range(65):
        made.record[f"x{n}"] = "1"


def _days(days: int) -> Change:
    return lambda made: made.at(made.ts_us + days * DAY)


def _fields(*fields: tuple[bytes, bytes]) -> Change:
    return lambda made: setattr(made, "fields", fields)


def _only_event(made: Draft) -> None:
    made.fields = ((b"e", made.json()),)


def _third_field(made: Draft) -> None:
    made.fields = (*_two(made), (b"x", b"1"))


def _wrong_way(made: Draft) -> None:
    made.fields = tuple(reversed(_two(made)))


def _other_symbol(made: Draft) -> None:
    other = b"YM" if made.row["symbol"] != "YM" else b"ES"
    made.fields = ((b"s", other), (b"e", made.json()))


def _two(made: Draft) -> Fields:
    return made.entry_fields()


def _nested(depth: int) -> str:
    return "[" * depth + "]" * depth


REFUSED: Final[dict[str, tuple[str, Change]]] = {
    "nothing": ("not_json", _raw(b"")),
    "blank": ("not_json", _raw(b"  ")),
    "brace": ("not_json", _raw(b"{")),
    "word": ("not_json", _raw(b"hello")),
    "cut": ("not_json", _cut),
    "two objects": ("not_json", _spoilt("{}{}")),
    "text after": ("not_json", _spoilt("{} x")),
    "comment": ("not_json", _spoilt("{} // last")),
    "byte order mark": ("not_json", _spoilt("\ufeff{}")),
    "utf-16": ("not_json", _utf16),
    "no utf-8": ("not_json", _raw(b'{"v":1,"symbol":"ES\xff"}')),
    "overlong utf-8": ("not_json", _raw(b'{"v":1,"symbol":"\xc0\x80"}')),
    "single quotes": ("not_json", _raw(b"{'v':1}")),
    "comma": ("not_json", _raw(b'{"v":1,}')),
    "leading nought": ("not_json", _has("last", "05000")),
    "plus": ("not_json", _has("last", "+5000")),
    "no whole part": ("not_json", _has("last", ".5")),
    "no fraction": ("not_json", _has("last", "5.")),
    "hexadecimal": ("not_json", _has("last", "0x10")),
    "two points": ("not_json", _has("last", "5.0.0")),
    "thousands": ("not_json", _has("last", "5,000.25")),
    "raw newline": ("not_json control_character", _has("condition", '"a\nb"')),
    "raw nul": ("not_json control_character", _has("condition", '"a\x00b"')),
    "array": ("not_an_object", _spoilt("[{}]")),
    "number": ("not_an_object", _raw(b"5000.25")),
    "text": ("not_an_object", _raw(b'"ES"')),
    "null": ("not_an_object", _raw(b"null")),
    "true": ("not_an_object", _raw(b"true")),
    "nan": ("not_finite", _has("last", "NaN")),
    "infinity": ("not_finite", _has("bid", "Infinity")),
    "minus infinity": ("not_finite", _has("ask", "-Infinity")),
    "nan in meta": ("not_finite", _has("meta", '{"a":NaN}')),
    "13 digits": ("out_of_range", _has("last", "1000000000000")),
    "7 decimals": ("out_of_range", _has("last", "5000.0000001")),
    "1e400": ("out_of_range", _has("last", "1e400")),
    "1e-400": ("out_of_range", _has("last", "1e-400")),
    "endless exponent": ("out_of_range", _has("last", "1e99999999999999999999")),
    "5000 digits": ("out_of_range", _has("last", "9" * 5000)),
    "5000 decimals": ("out_of_range", _has("last", "1." + "1" * 5000)),
    "5000 digits in meta": ("out_of_range", _has("meta", '{"a":' + "9" * 5000 + "}")),
    "level of 13 digits": ("out_of_range", _has("high", "1000000000000.0")),
    "size 2^63": ("out_of_range", _has("lastSize", str(2**63))),
    "seq 2^63": ("out_of_range", _has("seq", str(2**63))),
    "long text": ("out_of_range", _has("condition", '"' + "x" * 65 + '"')),
    "65 unknown fields": ("out_of_range", _many_unknown),
    "1e400 in meta": ("out_of_range", _has("meta", '{"a":1e400}')),
    "price as text": ("wrong_type", _has("last", '"5000.25"')),
    "price true": ("wrong_type", _has("last", "true")),
    "price array": ("wrong_type", _has("bid", "[5000.25]")),
    "price object": ("wrong_type", _has("ask", '{"p":1}')),
    "size as text": ("wrong_type", _has("lastSize", '"3"')),
    "half a size": ("wrong_type", _has("bidSize", "1.5")),
    "volume true": ("wrong_type", _has("volume", "true")),
    "seq as text": ("wrong_type", _has("seq", '"7"')),
    "half a seq": ("wrong_type", _has("seq", "7.5")),
    "ts true": ("wrong_type", _has("ts", "true")),
    "ts array": ("wrong_type", _has("ts", "[]")),
    "symbol number": ("wrong_type", _has("symbol", "5")),
    "source array": ("wrong_type", _has("source", '["MOCK"]')),
    "condition number": ("wrong_type", _has("condition", "5")),
    "venue object": ("wrong_type", _has("venue", "{}")),
    "meta text": ("wrong_type", _has("meta", '"x"')),
    "meta array": ("wrong_type", _has("meta", "[1]")),
    "recv true": ("wrong_type", _has("recv", "true")),
    "level as text": ("wrong_type", _has("open", '"#N/A"')),
    "negative size": ("negative_size", _has("lastSize", "-1")),
    "negative volume": ("negative_size", _has("volume", "-5")),
    "negative seq": ("negative_size", _has("seq", "-1")),
    "prices null": ("no_price", _no_price),
    "no prices": ("no_price", _without_prices),
    "no version": ("missing_field", _lacks("v")),
    "no symbol": ("missing_field", _lacks("symbol")),
    "no ts": ("missing_field", _lacks("ts")),
    "no source": ("missing_field", _lacks("source")),
    "symbol null": ("missing_field", _has("symbol", "null")),
    "ts null": ("missing_field", _has("ts", "null")),
    "empty object": ("missing_field", _raw(b"{}")),
    "version 2": ("wrong_version", _has("v", "2")),
    "version text": ("wrong_version", _has("v", '"1"')),
    "version true": ("wrong_version", _has("v", "true")),
    "small letters": ("bad_symbol", _symbol("es")),
    "slash": ("bad_symbol", _symbol("/ES")),
    "path": ("bad_symbol", _symbol("../../etc/passwd")),
    "absolute path": ("bad_symbol", _symbol("/etc/passwd")),
    "injection": ("bad_symbol", _symbol("ES'; DROP TABLE ticks; --")),
    "markup": ("bad_symbol", _symbol("<script>")),
    "formula": ("bad_symbol", _symbol("=ES")),
    "empty symbol": ("bad_symbol", _symbol("")),
    "long symbol": ("bad_symbol", _symbol("E" * 25)),
    "cyrillic": ("bad_symbol", _symbol("\u0415S")),
    "blank in symbol": ("bad_symbol", _symbol("ES U")),
    "unknown symbol": ("unknown_symbol", _symbol("ZZ")),
    "dated contract": ("unknown_symbol", _symbol("ESZ25")),
    "small source": ("unknown_source", _has("source", '"mock"')),
    "foreign source": ("unknown_source", _has("source", '"BLOOMBERG"')),
    "empty source": ("unknown_source", _has("source", '""')),
    "no zone": ("bad_time", _has("ts", '"2026-01-05T10:00:00"')),
    "other zone": ("bad_time", _has("ts", '"2026-01-05T10:00:00+02:00"')),
    "leap second": ("bad_time", _has("ts", '"2016-12-31T23:59:60Z"')),
    "month 13": ("bad_time", _has("ts", '"2026-13-01T00:00:00Z"')),
    "30 February": ("bad_time", _has("ts", '"2026-02-30T00:00:00Z"')),
    "24 o'clock": ("bad_time", _has("ts", '"2026-01-05T24:00:00Z"')),
    "now": ("bad_time", _has("ts", '"now"')),
    "day only": ("bad_time", _has("ts", '"2026-01-05"')),
    "ten decimals": ("bad_time", _has("ts", '"2026-01-05T10:00:00.0123456789Z"')),
    "far number": ("bad_time", _has("ts", "1e300")),
    "bad recv": ("bad_time", _has("recv", '"yesterday"')),
    "tomorrow": ("too_far_ahead", _days(2)),
    "year 9999": ("too_far_ahead", _has("ts", '"9999-12-31T23:59:59Z"')),
    "eight days old": ("too_old", _days(-8)),
    "1970": ("too_old", _has("ts", '"1970-01-01T00:00:00Z"')),
    "seconds for milliseconds": ("too_old", _has("ts", "1760000000")),
    "deep meta": ("too_deep", _has("meta", '{"a":' + _nested(10) + "}")),
    "deep unknown": ("too_deep", _has("extra", _nested(10))),
    "10,000 deep": ("too_deep", _has("meta", '{"a":' + _nested(10_000) + "}")),
    "60,000 brackets": ("too_deep not_json", _raw(b"[" * 60_000)),
    "over 64 KiB": ("too_large", _has("note", '"' + "x" * 65_536 + '"')),
    "a megabyte": ("too_large", _raw(b'{"v":1,"note":"' + b"x" * 1_000_000 + b'"}')),
    "large meta": ("meta_too_large", _has("meta", '{"a":"' + "x" * 5000 + '"}')),
    "last twice": ("duplicate_key", _twice("last")),
    "symbol twice": ("duplicate_key", _twice("symbol")),
    "twice in meta": ("duplicate_key", _has("meta", '{"a":1,"a":2}')),
    "nul": ("control_character", _has("condition", r'"\u0000"')),
    "escape": ("control_character", _has("venue", r'"\u001b[2J"')),
    "newline": ("control_character", _has("condition", r'"a\nb"')),
    "tab": ("control_character", _has("condition", r'"a\tb"')),
    "line separator": ("control_character", _has("note", r'"\u2028"')),
    "nul in a name": ("control_character", _has(r"x\u0000", "1")),
    "half a pair": ("lone_surrogate", _has("venue", r'"\ud800"')),
    "half a pair in meta": ("lone_surrogate", _has("meta", r'{"\udfff":1}')),
    "other symbol in s": ("symbol_mismatch", _other_symbol),
    "no s": ("bad_entry", _only_event),
    "third field": ("bad_entry", _third_field),
    "wrong way round": ("bad_entry", _wrong_way),
    "foreign entry": ("bad_entry", _fields((b"hello", b"world"))),
}
