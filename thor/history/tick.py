"""A tick: a quote as a row of ``ticks``. A rule file, and the slow twin of ``kernel.py``: obviously right.

A stream entry in (its id, its fields ``s`` and ``e``), one line of COPY text out, or a refusal with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from thor.markets.trade_date import trade_date_span
from thor.quotes.quote import (
    LEVEL_FIELDS,
    Quote,
    QuoteRefusedError,
    Reason,
    accept,
    encode_json,
    format_ts,
    parse_ts,
)

#: The columns of a line, in order; ``created_at`` is the database's.
COLUMNS: Final = (
    "symbol", "ts", "last", "bid", "ask", "last_size", "bid_size", "ask_size", "volume",
    "source", "cond", "venue", "seq", "trade_date", "stream_id", "extra",
)  # fmt: skip
TS_COLUMN: Final = COLUMNS.index("ts")
STREAM_ID_COLUMN: Final = COLUMNS.index("stream_id")
#: The two fields of an entry: the symbol, to filter by, and the event.
ENTRY_SYMBOL: Final = b"s"
ENTRY_EVENT: Final = b"e"

_NULL: Final = b"\\N"
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Tick(NamedTuple):
    """``line``: COPY text ending in a newline; ``ts_us``: event time in epoch microseconds."""

    line: bytes
    ts_us: int


class Refused(NamedTuple):
    """An entry that is no tick. ``event``: its payload, as far as it has one."""

    stream_id: str
    event: bytes
    reason: str


def id_ms(stream_id: str) -> int:
    """The milliseconds of a stream id, the bus server's clock when the entry was added."""
    return int(stream_id.partition("-")[0])


def read_entry(
    stream_id: str, fields: Sequence[bytes], groups: Mapping[str, str], *, as_recorded: bool = False
) -> Tick:
    """The row of a stream entry. Raises :class:`QuoteRefusedError`.

    ``fields``: names and values in turn. ``groups``: known symbol -> product group. The event's age is judged at the
    entry's own time, so that a redelivery, hours later, comes to the same verdict; ``as_recorded`` it is not judged.
    """
    if len(fields) != 4 or fields[0] != ENTRY_SYMBOL or fields[2] != ENTRY_EVENT:
        raise QuoteRefusedError(Reason.BAD_ENTRY, "the stream entry does not consist of the fields s and e")
    quote = accept(fields[3], id_ms(stream_id) * 1000, groups, as_recorded=as_recorded)
    if quote.symbol.encode() != fields[1]:
        raise QuoteRefusedError(
            Reason.SYMBOL_MISMATCH, f"field s is {fields[1][:24]!r} and the event's symbol {quote.symbol}"
        )
    return Tick(copy_line(quote, stream_id, groups[quote.symbol]), quote.ts_us)


def copy_line(quote: Quote, stream_id: str | None, group: str) -> bytes:
    """The quote as one line of COPY text in the order of :data:`COLUMNS`. ``stream_id``: None for one that was never on
    the bus."""
    q = quote
    values = (
        q.symbol, format_ts(q.ts_us), q.last, q.bid, q.ask, q.last_size, q.bid_size, q.ask_size, q.volume,
        q.source, q.condition, q.venue, q.seq, trade_date_span(q.ts_us, group).trade_date.isoformat(),
        stream_id, extra_json(q),
    )  # fmt: skip
    return b"\t".join(map(_field, values)) + b"\n"


def extra_json(quote: Quote) -> str | None:
    """What has no column of its own, as JSON: session levels, ``recv``, unknown fields, ``meta``; None when nothing."""
    record: dict[str, object] = {}
    for name in LEVEL_FIELDS:
        value = getattr(quote, name)
        if value is not None:
            record[name] = value
    if quote.recv_us is not None:
        record["recv"] = format_ts(quote.recv_us)
    record.update(quote.extra)
    if quote.meta:
        record["meta"] = quote.meta
    return encode_json(record) if record else None


def stream_id_of(line: bytes) -> str:
    """The stream id of a line."""
    return line.split(b"\t")[STREAM_ID_COLUMN].decode("ascii")


def ts_us_of(line: bytes) -> int:
    """The event time of a line in epoch microseconds."""
    return parse_ts(line.split(b"\t", 2)[TS_COLUMN].decode("ascii"))


def _field(value: str | int | Decimal | None) -> bytes:
    if value is None:
        return _NULL
    if isinstance(value, Decimal):
        return format(value, "f").encode()
    return str(value).translate(_ESCAPES).encode()
