"""The canonical quote event, version 1: one frozen value, one strict codec, one verdict on every odd event.

A rule file: it opens no door and reads no clock; ``now_us`` and the known symbols come in as arguments.
The wire form is compact JSON in one fixed key order (see :func:`encode`), so that equal events are equal bytes and
``ts`` compares as text. Prices keep their digits: ``5342.00`` stays ``5342.00`` from the source to the browser.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, NoReturn

import msgspec

VERSION: Final = 1
SOURCES: Final = frozenset({"TOS", "SCHWAB", "MOCK", "REPLAY"})
SIMULATED_SOURCES: Final = frozenset({"MOCK", "REPLAY"})

MAX_PAYLOAD_BYTES: Final = 64 * 1024
MAX_META_BYTES: Final = 4 * 1024
MAX_META_DEPTH: Final = 8
MAX_WHOLE_DIGITS: Final = 12
MAX_FRACTION_DIGITS: Final = 6
MAX_INTEGER: Final = 2**63 - 1
MAX_TEXT_LENGTH: Final = 64
MAX_EXTRA_FIELDS: Final = 64
#: Ahead of the clock by more than this an event is refused, by more than the second it is flagged.
REFUSE_AHEAD_US: Final = 5 * 60 * 1_000_000
FLAG_AHEAD_US: Final = 5 * 1_000_000
REFUSE_AGE_US: Final = 7 * 24 * 3600 * 1_000_000

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

PRICE_FIELDS: Final = ("last", "bid", "ask")
SIZE_FIELDS: Final = ("lastSize", "bidSize", "askSize", "volume")
LEVEL_FIELDS: Final = ("open", "high", "low", "close", "change", "settlement")
#: Every name of the contract, in wire order; ``meta`` stands last, unknown extra fields just before it.
WIRE_FIELDS: Final = (
    "v", "symbol", "ts", "source", *PRICE_FIELDS, *SIZE_FIELDS, *LEVEL_FIELDS,
    "recv", "seq", "condition", "venue", "meta",
)  # fmt: skip

#: What a quote has that has none: shared, so it cannot be written to.
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Quote(msgspec.Struct, frozen=True, gc=False):
    """One canonical event: the state of a symbol's top of book and last trade at ``ts_us``.

    Prices are Decimal in the instrument's points, sizes and ``volume`` (cumulative for the session) in contracts,
    ``ts_us`` and ``recv_us`` microseconds since 1970-01-01 UTC. ``None`` means unknown now, never unchanged.
    ``close`` is the previous close, ``settlement`` the prior settlement, ``change`` the source's own net change.
    """

    symbol: str
    ts_us: int
    source: str
    last: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    last_size: int | None = None
    bid_size: int | None = None
    ask_size: int | None = None
    volume: int | None = None
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    close: Decimal | None = None
    change: Decimal | None = None
    settlement: Decimal | None = None
    recv_us: int | None = None
    seq: int | None = None
    condition: str | None = None
    venue: str | None = None
    extra: Mapping[str, Any] = NOTHING
    meta: Mapping[str, Any] = NOTHING

    @property
    def ts(self) -> datetime:
        """Event time, aware UTC."""
        return EPOCH + self.ts_us * _MICROSECOND


class Reason(StrEnum):
    """Why an event is refused; written to the dead letters with a sentence of detail."""

    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    TOO_DEEP = "too_deep"
    NOT_AN_OBJECT = "not_an_object"
    DUPLICATE_KEY = "duplicate_key"
    CONTROL_CHARACTER = "control_character"
    LONE_SURROGATE = "lone_surrogate"
    MISSING_FIELD = "missing_field"
    WRONG_VERSION = "wrong_version"
    WRONG_TYPE = "wrong_type"
    NOT_FINITE = "not_finite"
    OUT_OF_RANGE = "out_of_range"
    NEGATIVE_SIZE = "negative_size"
    NO_PRICE = "no_price"
    BAD_SYMBOL = "bad_symbol"
    UNKNOWN_SYMBOL = "unknown_symbol"
    UNKNOWN_SOURCE = "unknown_source"
    BAD_TIME = "bad_time"
    TOO_FAR_AHEAD = "too_far_ahead"
    TOO_OLD = "too_old"
    META_TOO_LARGE = "meta_too_large"
    #: The entry's ``s`` field names another symbol than its event: a reader that filters by it would be misled.
    SYMBOL_MISMATCH = "symbol_mismatch"
    #: Not this module's: the database refused the row, the ingestor found it by splitting the batch.
    REFUSED_BY_DATABASE = "refused_by_database"
    #: Not this module's: the stream entry lacks its fields ``s`` and ``e``.
    BAD_ENTRY = "bad_entry"


class QuoteRefusedError(ValueError):
    """An event that breaks the contract. ``reason`` is the code, ``str(error)`` one line for a person."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def _refuse(reason: Reason, detail: str) -> NoReturn:
    raise QuoteRefusedError(reason, detail)


# --- time -----------------------------------------------------------------------------------------------------------

_ISO_UTC: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:Z|z|\+00:?00|-00:?00)", re.ASCII
)


def parse_ts(value: object) -> int:
    """Microseconds since the epoch of an ISO 8601 UTC text or of epoch milliseconds (int or Decimal).

    Nanoseconds are cut, not rounded. Raises :class:`QuoteRefusedError` for anything else: a local time without a zone
    would silently be wrong by hours, and second 60 has no place on the UNIX time line.
    """
    if isinstance(value, str):
        match = _ISO_UTC.fullmatch(value)
        if match is None:
            _refuse(
                Reason.BAD_TIME, f"time {_short(value)} is not ISO 8601 in UTC, such as 2025-10-09T13:31:15.123456Z"
            )
        year, month, day, hour, minute, second, fraction = match.groups()
        try:
            whole = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC)
        except ValueError as error:
            _refuse(Reason.BAD_TIME, f"time {_short(value)} does not exist: {error}")
        return (whole - EPOCH) // _MICROSECOND + int((fraction or "")[:6].ljust(6, "0"))
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        _refuse(Reason.WRONG_TYPE, f"ts is {_kind(value)}, wanted an ISO 8601 text or epoch milliseconds")
    if not -(10**15) < value < 10**15:
        _refuse(Reason.BAD_TIME, "ts in epoch milliseconds is out of range")
    return int(value * 1000)


def format_ts(ts_us: int) -> str:
    """The one spelling of a time on the bus, 27 characters: ``2025-10-09T13:31:15.123456Z``."""
    seconds, micros = divmod(ts_us, 1_000_000)
    return f"{_second_text(seconds)}{micros:06d}Z"


@lru_cache(maxsize=16)
def _second_text(seconds: int) -> str:
    """A feed's events share their seconds: with these cached a time costs a fifth."""
    return (EPOCH + timedelta(seconds=seconds)).isoformat(timespec="microseconds")[:20]


# --- encoding -------------------------------------------------------------------------------------------------------


def _number(value: Decimal | int | None) -> str:
    if value is None:
        return "null"
    text = str(value)  # five times as fast as format "f", and the same but for exponents
    return format(value, "f") if "E" in text else text


_json: Final = json.JSONEncoder().encode


def encode_json(value: object) -> str:
    """Compact JSON of a decoded JSON value; Decimals keep their digits. Keys keep their order."""
    if isinstance(value, str):
        return _json(value)
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_json(k)}:{encode_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(encode_json, value)) + "]"
    return _json(value)


def encode(quote: Quote, seq: int | None = None) -> bytes:
    """The event as canonical JSON: fixed key order, no white space, ASCII, ``meta`` last and only when not empty.

    ``seq`` stands in for the quote's own: a collector numbers what it publishes, and a copy of the quote costs more
    than its encoding.
    """
    q = quote
    seq = q.seq if seq is None else seq
    text = (
        f'{{"v":1,"symbol":"{q.symbol}","ts":"{format_ts(q.ts_us)}","source":"{q.source}"'
        f',"last":{_number(q.last)},"bid":{_number(q.bid)},"ask":{_number(q.ask)}'
        f',"lastSize":{_number(q.last_size)},"bidSize":{_number(q.bid_size)},"askSize":{_number(q.ask_size)}'
        f',"volume":{_number(q.volume)}'
    )
    for name in LEVEL_FIELDS:
        value: Decimal | None = getattr(q, name)
        if value is not None:
            text += f',"{name}":{_number(value)}'
    if q.recv_us is not None:
        text += f',"recv":"{format_ts(q.recv_us)}"'
    if seq is not None:
        text += f',"seq":{seq}'
    if q.condition is not None:
        text += f',"condition":{_json(q.condition)}'
    if q.venue is not None:
        text += f',"venue":{_json(q.venue)}'
    for name, extra in q.extra.items():
        text += f",{_json(name)}:{encode_json(extra)}"
    if q.meta:
        text += f',"meta":{encode_json(q.meta)}'
    return (text + "}").encode("ascii")


# --- decoding -------------------------------------------------------------------------------------------------------

_SYMBOL: Final = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,23}", re.ASCII)
#: What JSON may hold outside strings is ASCII; inside, a raw control character is already refused by the parser.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
#: Numbers in ``meta`` and unknown fields end in a jsonb column, whose numeric has limits of its own.
_MAX_FREE_EXPONENT: Final = 300
_MAX_FREE_DIGITS: Final = 40


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _kind(value: object) -> str:
    if value is None:
        return "null"
    names = {
        bool: "true or false",
        str: "text",
        dict: "an object",
        list: "an array",
        int: "an integer",
        Decimal: "a number",
    }
    return names.get(type(value), type(value).__name__)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        _refuse(Reason.DUPLICATE_KEY, f"key {_short(twice)} stands twice")
    return found


def _no_constant(name: str) -> NoReturn:
    _refuse(Reason.NOT_FINITE, f"{name} is no number")


def _parse_number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        _refuse(Reason.OUT_OF_RANGE, "a number's exponent is out of range")


def _parse_int(text: str) -> int:
    if len(text) > _MAX_FREE_DIGITS:
        _refuse(Reason.OUT_OF_RANGE, f"an integer of {len(text)} digits")
    return int(text)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_parse_number, parse_int=_parse_int, parse_constant=_no_constant
)


def check_text(text: str, where: str) -> None:
    """Refuse what no log line, no jsonb column and no UTF-8 can hold. Raises :class:`QuoteRefusedError`."""
    if _CONTROL.search(text):
        _refuse(Reason.CONTROL_CHARACTER, f"{where} holds a control character")
    if _SURROGATE.search(text):
        _refuse(Reason.LONE_SURROGATE, f"{where} holds half of a surrogate pair")


def _check_free(value: object, where: str, depth: int) -> None:
    """Free-form JSON must fit a jsonb column: bounded depth and numbers, clean text."""
    if depth > MAX_META_DEPTH:
        _refuse(Reason.TOO_DEEP, f"{where} is nested more than {MAX_META_DEPTH} levels deep")
    if isinstance(value, str):
        check_text(value, where)
    elif isinstance(value, Decimal):
        if (
            not value.is_finite()
            or abs(value.adjusted()) > _MAX_FREE_EXPONENT
            or len(value.as_tuple().digits) > _MAX_FREE_DIGITS
        ):
            _refuse(Reason.OUT_OF_RANGE, f"{where} holds a number out of range")
    elif isinstance(value, dict):
        for name, item in value.items():
            check_text(name, where)
            _check_free(item, where, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_free(item, where, depth + 1)


def _price(record: Mapping[str, Any], name: str) -> Decimal | None:
    value = record.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        _refuse(Reason.WRONG_TYPE, f"{name} is {_kind(value)}, wanted a number or null")
    value = Decimal(value)
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        _refuse(Reason.NOT_FINITE, f"{name} is {value}, which is no number")
    if value and (value.adjusted() >= MAX_WHOLE_DIGITS or -exponent > MAX_FRACTION_DIGITS):
        _refuse(
            Reason.OUT_OF_RANGE,
            f"{name} has more than {MAX_WHOLE_DIGITS} digits before or {MAX_FRACTION_DIGITS} after the point",
        )
    if exponent > 0 or not value:
        # 1E+3 would be written back as 1000 and 0E-400 as four hundred noughts: fix the spelling here, once.
        value = value.quantize(Decimal(1).scaleb(max(min(exponent, 0), -MAX_FRACTION_DIGITS)))
    return value if value else abs(value)


def _integer(record: Mapping[str, Any], name: str) -> int | None:
    value = record.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        _refuse(Reason.WRONG_TYPE, f"{name} is {_kind(value)}, wanted an integer or null")
    if value < 0:
        _refuse(Reason.NEGATIVE_SIZE, f"{name} is {value}, below 0")
    if value > MAX_INTEGER:
        _refuse(Reason.OUT_OF_RANGE, f"{name} is above 2^63-1")
    return value


def _text(record: Mapping[str, Any], name: str) -> str | None:
    value = record.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        _refuse(Reason.WRONG_TYPE, f"{name} is {_kind(value)}, wanted text or null")
    check_text(value, name)
    if len(value) > MAX_TEXT_LENGTH:
        _refuse(Reason.OUT_OF_RANGE, f"{name} is longer than {MAX_TEXT_LENGTH} characters")
    return value


def _required(record: Mapping[str, Any], name: str) -> Any:
    if record.get(name) is None:
        _refuse(Reason.MISSING_FIELD, f"{name} is missing")
    return record[name]


def _meta(record: Mapping[str, Any]) -> Mapping[str, Any]:
    meta = record.get("meta")
    if meta is None:
        return NOTHING
    if not isinstance(meta, dict):
        _refuse(Reason.WRONG_TYPE, f"meta is {_kind(meta)}, wanted an object or null")
    _check_free(meta, "meta", 1)
    if len(encode_json(meta)) > MAX_META_BYTES:
        _refuse(Reason.META_TOO_LARGE, f"meta is over {MAX_META_BYTES} bytes")
    return meta


def _extra(record: Mapping[str, Any]) -> Mapping[str, Any]:
    extra = {name: value for name, value in record.items() if name not in _WIRE_NAMES}
    if len(extra) > MAX_EXTRA_FIELDS:
        _refuse(Reason.OUT_OF_RANGE, f"{len(extra)} unknown fields, the limit is {MAX_EXTRA_FIELDS}")
    for name, value in extra.items():
        check_text(name, "a field's name")
        _check_free(value, f"field {_short(name)}", 1)
    return extra or NOTHING


_WIRE_NAMES: Final = frozenset(WIRE_FIELDS)


def _symbol(record: Mapping[str, Any]) -> str:
    symbol = _required(record, "symbol")
    if not isinstance(symbol, str):
        _refuse(Reason.WRONG_TYPE, f"symbol is {_kind(symbol)}, wanted text")
    if not _SYMBOL.fullmatch(symbol):
        _refuse(Reason.BAD_SYMBOL, f"symbol {_short(symbol)} is not a canonical root such as ES")
    return symbol


def _source(record: Mapping[str, Any]) -> str:
    source = _required(record, "source")
    if not isinstance(source, str):
        _refuse(Reason.WRONG_TYPE, f"source is {_kind(source)}, wanted text")
    source = "TOS" if source == "EXCEL" else source
    if source not in SOURCES:
        _refuse(Reason.UNKNOWN_SOURCE, f"source {_short(source)} is none of {', '.join(sorted(SOURCES))}")
    return source


def parse(payload: bytes | str) -> dict[str, Any]:
    """The JSON object of a payload; numbers are int or Decimal. Raises :class:`QuoteRefusedError`."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        _refuse(Reason.TOO_LARGE, f"event of {len(payload)} bytes, the limit is {MAX_PAYLOAD_BYTES}")
    try:
        text = payload.decode("utf-8") if isinstance(payload, bytes) else payload
        record, end = _DECODER.raw_decode(text, len(text) - len(text.lstrip(" \t\r\n")))
    except QuoteRefusedError:
        raise
    except RecursionError:
        raise QuoteRefusedError(Reason.TOO_DEEP, "event is nested too deep to read") from None
    except ValueError as error:
        raise QuoteRefusedError(Reason.NOT_JSON, f"event is no JSON: {_short(str(error))}") from None
    if text[end:].strip(" \t\r\n"):
        _refuse(Reason.NOT_JSON, "event has text after its closing brace")
    if not isinstance(record, dict):
        _refuse(Reason.NOT_AN_OBJECT, f"event is {_kind(record)}, wanted an object")
    return record


def from_record(record: Mapping[str, Any]) -> Quote:
    """A quote from a decoded JSON object. Raises :class:`QuoteRefusedError`; age and symbol are for :func:`judge`."""
    version = _required(record, "v")
    if isinstance(version, bool) or version != VERSION or not isinstance(version, int):
        _refuse(Reason.WRONG_VERSION, f"version {_short(version)}, this Thor reads {VERSION}")
    recv = record.get("recv")
    quote = Quote(
        symbol=_symbol(record),
        ts_us=parse_ts(_required(record, "ts")),
        source=_source(record),
        last=_price(record, "last"),
        bid=_price(record, "bid"),
        ask=_price(record, "ask"),
        last_size=_integer(record, "lastSize"),
        bid_size=_integer(record, "bidSize"),
        ask_size=_integer(record, "askSize"),
        volume=_integer(record, "volume"),
        open=_price(record, "open"),
        high=_price(record, "high"),
        low=_price(record, "low"),
        close=_price(record, "close"),
        change=_price(record, "change"),
        settlement=_price(record, "settlement"),
        recv_us=None if recv is None else parse_ts(recv),
        seq=_integer(record, "seq"),
        condition=_text(record, "condition"),
        venue=_text(record, "venue"),
        extra=_extra(record),
        meta=_meta(record),
    )
    if quote.last is None and quote.bid is None and quote.ask is None:
        _refuse(Reason.NO_PRICE, "none of last, bid and ask is there")
    return quote


def decode(payload: bytes | str) -> Quote:
    """The quote of a JSON payload of any spelling. Raises :class:`QuoteRefusedError`.

    Judges the event by itself; its age and its symbol need the outside and are :func:`judge`'s.
    """
    return from_record(parse(payload))


def to_record(quote: Quote) -> dict[str, Any]:
    """The quote as the JSON object of the contract, numbers as int and Decimal, in wire order."""
    return {
        "v": VERSION,
        "symbol": quote.symbol,
        "ts": format_ts(quote.ts_us),
        "source": quote.source,
        "last": quote.last,
        "bid": quote.bid,
        "ask": quote.ask,
        "lastSize": quote.last_size,
        "bidSize": quote.bid_size,
        "askSize": quote.ask_size,
        "volume": quote.volume,
        **{name: getattr(quote, name) for name in LEVEL_FIELDS},
        "recv": None if quote.recv_us is None else format_ts(quote.recv_us),
        "seq": quote.seq,
        "condition": quote.condition,
        "venue": quote.venue,
        **quote.extra,
        "meta": dict(quote.meta),
    }


def checked(quote: Quote) -> Quote:
    """A quote built in code, held against the contract as if it had come over the wire.

    Raises :class:`QuoteRefusedError`. Collectors call it on what a provider made of a vendor's values.
    """
    return from_record(to_record(quote))


# --- judging --------------------------------------------------------------------------------------------------------


def check_time(ts_us: int, now_us: int, *, as_recorded: bool = False) -> None:
    """Refuse an event from more than 5 minutes ahead of ``now_us`` or more than 7 days behind.

    ``as_recorded``: replay in simulated time, whose quotes are as old as the recording.
    """
    if as_recorded:
        return
    if ts_us - now_us > REFUSE_AHEAD_US:
        _refuse(
            Reason.TOO_FAR_AHEAD, f"ts {format_ts(ts_us)} is {(ts_us - now_us) / 1e6:.0f} s ahead, 300 s is the limit"
        )
    if now_us - ts_us > REFUSE_AGE_US:
        _refuse(Reason.TOO_OLD, f"ts {format_ts(ts_us)} is {(now_us - ts_us) / 86_400e6:.1f} days old, 7 is the limit")


def flags(quote: Quote, now_us: int) -> dict[str, bool]:
    """What is odd about an acceptable quote: the true ones of crossed, ahead, zero_price, negative_price."""
    prices = [p for p in (quote.last, quote.bid, quote.ask) if p is not None]
    found = {
        "crossed": quote.bid is not None and quote.ask is not None and quote.bid > quote.ask,
        "ahead": quote.ts_us - now_us > FLAG_AHEAD_US,
        "zero_price": any(p == 0 for p in prices),
        "negative_price": any(p < 0 for p in prices),
    }
    return {name: True for name, there in found.items() if there}


def judge(quote: Quote, now_us: int, known: Container[str], *, as_recorded: bool = False) -> Quote:
    """The quote as accepted at ``now_us``, with its flags in ``meta``. Raises :class:`QuoteRefusedError`.

    Idempotent: an accepted quote judged again at the same instant is the same quote. ``as_recorded``: judged at its own
    time, which ``now_us`` says nothing of.
    """
    if quote.symbol not in known:
        _refuse(Reason.UNKNOWN_SYMBOL, f"symbol {quote.symbol} is no instrument of this Thor")
    check_time(quote.ts_us, now_us, as_recorded=as_recorded)
    odd = flags(quote, quote.ts_us if as_recorded else now_us)
    if all(quote.meta.get(name) is True for name in odd):
        return quote
    return msgspec.structs.replace(quote, meta={**quote.meta, **odd})


def accept(payload: bytes | str, now_us: int, known: Container[str], *, as_recorded: bool = False) -> Quote:
    """Decode and judge in one step: the quote as it may be stored, or :class:`QuoteRefusedError`."""
    return judge(decode(payload), now_us, known, as_recorded=as_recorded)
