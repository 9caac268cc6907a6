"""Server-sent events as bytes, and the stream ids that resume them. A rule file.

A stream id is ``<milliseconds>-<number>``; here it is one integer, ``milliseconds << 64 | number``, so that ids compare
as numbers. A frame is one event as it goes over the wire; it is built once and sent to every client.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from thor.quotes.quote import (
    MAX_PAYLOAD_BYTES,
    REFUSE_AHEAD_US,
    QuoteRefusedError,
    decode,
    encode,
    encode_json,
    format_ts,
)

HEARTBEAT_SECONDS: Final = 10
BEGINNING: Final = 0

_ID: Final = re.compile(r"(\d{1,20})-(\d{1,20})", re.ASCII)
_HALF: Final = 64
_MAX_HALF: Final = 2**_HALF - 1
_EVENT_TYPE: Final = re.compile(rb"[a-z][a-z0-9_.-]{0,63}")


class Entry(NamedTuple):
    """One event of a stream, ready to send.

    ``ts`` is the event time as canonical text (text order is time order; empty for domain events), ``body`` where the
    event's JSON begins in ``frame``; it ends two bytes before the frame does.
    """

    id: int
    symbol: str
    ts: str
    source: str
    frame: bytes
    body: int

    @property
    def payload(self) -> bytes:
        """The event's JSON."""
        return self.frame[self.body : -2]


# --- stream ids -----------------------------------------------------------------------------------------------------


def parse_id(text: str) -> int | None:
    """The stream id as one integer; None when the text is none."""
    match = _ID.fullmatch(text)
    if match is None:
        return None
    milliseconds, number = int(match[1]), int(match[2])
    return None if max(milliseconds, number) > _MAX_HALF else milliseconds << _HALF | number


def format_id(stream_id: int) -> str:
    """The inverse of :func:`parse_id`."""
    return f"{stream_id >> _HALF}-{stream_id & _MAX_HALF}"


def id_ms(stream_id: int) -> int:
    """When the bus took the entry: epoch milliseconds."""
    return stream_id >> _HALF


def raw_id(raw: bytes) -> int:
    """A stream id as the server spells it."""
    milliseconds, _, number = raw.partition(b"-")
    return int(milliseconds) << _HALF | int(number)


# --- events of the streams ------------------------------------------------------------------------------------------


class _Head(msgspec.Struct):
    """What a canonical event must at least be; decoding it also proves that the whole text is JSON."""

    symbol: str
    ts: str
    source: str
    last: float | None
    bid: float | None
    ask: float | None
    lastSize: int | None  # noqa: N815 (the wire's names)
    bidSize: int | None  # noqa: N815
    askSize: int | None  # noqa: N815
    volume: int | None


_HEAD: Final = msgspec.json.Decoder(_Head)
_JSON: Final = msgspec.json.Decoder(msgspec.Raw)
_TS_LENGTH: Final = 27


def latest_acceptable(now_us: int) -> str:
    """The greatest ``ts`` that is not refused as too far ahead at ``now_us``."""
    return format_ts(now_us + REFUSE_AHEAD_US)


def quote_entry(raw: bytes, fields: Mapping[bytes, bytes], newest_ts: str) -> Entry | None:
    """An entry of a quote stream, or None when it is no event that a browser may see.

    Canonical events are forwarded as they are, after one pass that proves them well-formed; a foreign spelling goes
    through the codec. The ingestor keeps what is refused here, with its reason.
    """
    payload, symbol = fields.get(b"e"), fields.get(b"s", b"").decode("ascii", "replace")
    if payload is None or len(payload) > MAX_PAYLOAD_BYTES:
        return None
    if not (payload.startswith(b'{"v":1,"symbol":"') and payload.isascii() and b"\n" not in payload):
        return _foreign_quote(raw, payload, symbol, newest_ts)
    try:
        head = _HEAD.decode(payload)
    except msgspec.ValidationError:
        return _foreign_quote(raw, payload, symbol, newest_ts)
    except (msgspec.MsgspecError, RecursionError):
        return None
    if head.symbol != symbol or head.ts > newest_ts:
        return None
    if len(head.ts) != _TS_LENGTH or not head.ts.endswith("Z") or b"\r" in payload:
        return _foreign_quote(raw, payload, symbol, newest_ts)
    return _quote(raw, symbol, head.ts, head.source, payload)


def _foreign_quote(raw: bytes, payload: bytes, symbol: str, newest_ts: str) -> Entry | None:
    try:
        quote = decode(payload)
    except QuoteRefusedError:
        return None
    ts = format_ts(quote.ts_us)
    if quote.symbol != symbol or ts > newest_ts:
        return None
    return _quote(raw, symbol, ts, quote.source, encode(quote))


def _quote(raw: bytes, symbol: str, ts: str, source: str, payload: bytes) -> Entry:
    head = b"id: %b\nevent: quote\ndata: " % raw
    return Entry(raw_id(raw), symbol, ts, source, b"%b%b\n\n" % (head, payload), len(head))


def domain_entry(raw: bytes, fields: Mapping[bytes, bytes], newest_ts: str) -> Entry | None:
    """An entry of ``thor:events``: ``t`` is the event's type, ``e`` its JSON, ``s`` its symbol where it has one."""
    del newest_ts
    kind, payload = fields.get(b"t", b""), fields.get(b"e", b"")
    if not _EVENT_TYPE.fullmatch(kind) or len(payload) > MAX_PAYLOAD_BYTES or not _one_line_of_json(payload):
        return None
    head = b"id: %b\nevent: %b\ndata: " % (raw, kind)
    symbol = fields.get(b"s", b"").decode("ascii", "replace")
    return Entry(raw_id(raw), symbol, "", "", b"%b%b\n\n" % (head, payload), len(head))


def board_entry(raw: bytes, fields: Mapping[bytes, bytes], newest_ts: str) -> Entry | None:
    """An entry of the board's stream: ``b`` is its JSON."""
    return domain_entry(raw, {b"t": b"board", b"e": fields.get(b"b", b"")}, newest_ts)


def without_id(frame: bytes) -> bytes:
    """A frame for a stream of other entries: its id would be taken for one of theirs."""
    return frame[frame.index(b"\n") + 1 :]


def _one_line_of_json(payload: bytes) -> bool:
    if b"\n" in payload or b"\r" in payload:
        return False
    try:
        payload.decode()
        _JSON.decode(payload)
    except (UnicodeDecodeError, msgspec.MsgspecError, RecursionError):
        return False
    return True


# --- the latest hash ------------------------------------------------------------------------------------------------

_TEXT_FIELDS: Final = frozenset({"symbol", "ts", "source", "recv", "condition", "venue"})
_NUMBER_FIELDS: Final = frozenset(
    {"v", "last", "bid", "ask", "lastSize", "bidSize", "askSize", "volume", "open", "high", "low", "close", "change"}
    | {"settlement", "seq"}
)
_ALWAYS: Final = ("v", "symbol", "ts", "source", "last", "bid", "ask", "lastSize", "bidSize", "askSize", "volume")
_HASH_ONLY: Final = frozenset({"active_source", "updated_at", "stream_id"})


def hash_entry(fields: Mapping[str, str], newest_ts: str) -> Entry | None:
    """The entry that a latest hash was made of; None for a hash that Thor did not write.

    The hash holds every value as text: contract fields get their JSON type back by name, an unknown extra field is
    JSON when it reads as JSON, else text.
    """
    present = {name: value for name, value in fields.items() if name not in _HASH_ONLY}
    names = [*_ALWAYS, *(name for name in present if name not in _ALWAYS)]
    members = ",".join(f"{json.dumps(name)}:{_member(name, present.get(name))}" for name in names)
    stream_id = fields.get("stream_id", "")
    if parse_id(stream_id) is None:
        return None
    raw = {b"s": fields.get("symbol", "").encode(), b"e": f"{{{members}}}".encode()}
    return quote_entry(stream_id.encode(), raw, newest_ts)


def _member(name: str, value: str | None) -> str:
    if value is None:
        return "null"
    if name in _NUMBER_FIELDS or (name not in _TEXT_FIELDS and _is_json(value)):
        return value
    return json.dumps(value)


def _is_json(text: str) -> bool:
    try:
        _JSON.decode(text.encode())
    except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError):
        return False
    return True


# --- what the server says about the stream itself -------------------------------------------------------------------


def event(name: str, data: Mapping[str, Any]) -> bytes:
    """A control event: it has no id, so that it never moves the place where a client resumes."""
    return f"event: {name}\ndata: {encode_json(data)}\n\n".encode()


def hello(now_us: int, last_id: int, retry_ms: int) -> bytes:
    """The first words: how long to wait before coming back, the server's time and where the stream stands."""
    data = {"now": format_ts(now_us), "heartbeat_seconds": HEARTBEAT_SECONDS, "last_id": format_id(last_id)}
    return b"retry: %d\n\n" % retry_ms + event("hello", data)


def heartbeat(now_us: int, bus: str) -> bytes:
    """A sign of life, with the server's time and whether the bus is being read."""
    return b": heartbeat\n\n" + event("clock", {"now": format_ts(now_us), "bus": bus})


def gap(since: str, oldest: int | None, missed: int | None) -> bytes:
    """Something between ``since`` and ``oldest`` is gone for good; ``missed`` counts it where that is known."""
    oldest_text = None if oldest is None else format_id(oldest)
    return event("gap", {"since": since, "oldest": oldest_text, "missed": missed})


def conflated(since: int, skipped: int) -> bytes:
    """The client was too slow: of ``skipped`` events after ``since`` it gets the newest of each symbol only."""
    return event("conflated", {"since": format_id(since), "skipped": skipped})


def chunk(data: bytes) -> bytes:
    """``data`` as one chunk of an HTTP/1.1 chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def last_words(reason: str) -> bytes:
    """The server ends the stream on purpose: ``bye``, and the end of the chunked body."""
    return chunk(event("bye", {"reason": reason})) + b"0\r\n\r\n"
