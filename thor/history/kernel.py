"""The fast path of the ingestor: stream entries in RESP straight to COPY text, compiled, without the GIL.

Its slow twin is ``tick.read_entry``, and the rule between them is: **what this file is not sure of, the twin decides.**
A flat canonical event (any order of keys, canonical spelling, printable ASCII without escapes) becomes a row, its
numbers copied digit by digit; every other entry is left to the twin, one by one. So this file refuses nothing and
accepts nothing that the twin would refuse; ``tests/unit/history/test_kernel.py`` holds the two equal.

Importing it takes a second (numba), the first call ever some more (compilation, kept in a cache on disk afterwards):
the worker does both in the background.
"""

# ruff: noqa: SIM110 - the compiled subset of Python reads best as plain branches over bytes
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from thor.markets.trade_date import trade_date_span
from thor.quotes.quote import (
    FLAG_AHEAD_US,
    MAX_TEXT_LENGTH,
    REFUSE_AGE_US,
    REFUSE_AHEAD_US,
    SOURCES,
    WIRE_FIELDS,
)

Bytes = NDArray[np.uint8]
Integers = NDArray[np.int64]

_F = TypeVar("_F", bound=Callable[..., Any])


def _compiled(function: _F) -> _F:
    """Compile at the first call, and keep the result on disk where a folder for it can be written."""
    try:
        return njit(function, cache=True, nogil=True)  # type: ignore[no-any-return]
    except RuntimeError:  # numba found no folder to write to: a read-only installation compiles at each start
        return njit(function, nogil=True)  # type: ignore[no-any-return]


# --- what a call leaves behind, in a small array of integers that the caller keeps from call to call ----------------

#: Where the next entry starts in the input; entries of the reply still to come.
POS, REMAINING = 0, 1
#: Bytes of COPY text, bytes of acknowledgements, rows, acknowledgements, entries that were deleted under the group.
OUT, ACK, ROWS, ACKS, DELETED = 2, 3, 4, 5, 6
#: Earliest and latest event time of the rows, epoch microseconds.
MIN_TS, MAX_TS = 7, 8
#: Where the entry ends that the slow twin must judge (it starts at POS).
ENTRY_END = 9
STATE_SIZE = 10

#: Why a call came back.
DONE, NEED_INPUT, SLOW, OTHER_DATE, NEED_OUTPUT, BROKEN = 0, 1, 2, 3, 4, 5

# --- tables ---------------------------------------------------------------------------------------------------------

_FIELDS = len(WIRE_FIELDS)
_KEY_WIDTH = max(map(len, WIRE_FIELDS))


def _text_table(texts: tuple[str, ...]) -> tuple[Bytes, Integers]:
    """ASCII texts as rows of bytes, and their lengths."""
    table = np.zeros((len(texts), max(map(len, texts))), np.uint8)
    for row, text in enumerate(texts):
        table[row, : len(text)] = np.frombuffer(text.encode("ascii"), np.uint8)
    return table, np.array([len(text) for text in texts], np.int64)


_KEYS, _KEY_LENGTHS = _text_table(WIRE_FIELDS)
_SOURCES, _SOURCE_LENGTHS = _text_table(tuple(sorted(SOURCES)))
#: The odd-event flags of ``quote.flags``, in the order of the bits below.
_FLAGS, _FLAG_LENGTHS = _text_table(("crossed", "ahead", "zero_price", "negative_price"))
_CROSSED, _AHEAD, _ZERO, _NEGATIVE = 1, 2, 4, 8

_V, _SYMBOL, _TS, _SOURCE = (WIRE_FIELDS.index(name) for name in ("v", "symbol", "ts", "source"))
_LAST, _BID, _ASK = (WIRE_FIELDS.index(name) for name in ("last", "bid", "ask"))
_LAST_SIZE, _VOLUME = WIRE_FIELDS.index("lastSize"), WIRE_FIELDS.index("volume")
_OPEN, _SETTLEMENT = WIRE_FIELDS.index("open"), WIRE_FIELDS.index("settlement")
_RECV, _SEQ, _CONDITION, _VENUE, _META = (
    WIRE_FIELDS.index(name) for name in ("recv", "seq", "condition", "venue", "meta")
)

_MISSING, _NULL, _TEXT, _INTEGER, _DECIMAL, _OBJECT = 0, 1, 2, 3, 4, 5
_MAX_SYMBOL = 24
_MAX_META = 1024
_MAX_META_KEYS = 16
_TS_LENGTH = 27
#: Beside the event's own text a row holds: stream id, trade date, tabs, nulls.
_ROW_OVERHEAD = 192
_TEN = np.array([10**n for n in range(19)], np.int64)
_MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)


class Symbols(NamedTuple):
    """The known symbols as arrays: a hash table by text, each one's product group, each group's current trade date.

    ``spans``: [group, (start_us, end_us)]; ``dates``: [group, 10 bytes of YYYY-MM-DD].
    """

    texts: Bytes
    lengths: Integers
    slots: Integers
    group_of: Integers
    spans: Integers
    dates: Bytes


def symbols_table(groups: Mapping[str, str], at_us: int) -> Symbols:
    """The table of ``groups`` (symbol -> product group) with the trade dates of the instant ``at_us``."""
    names = tuple(name for name in sorted(groups) if 0 < len(name) <= _MAX_SYMBOL and name.isascii()) or ("",)
    texts, lengths = _text_table(names)
    slots = np.full(1 << (2 * len(names)).bit_length(), -1, np.int64)
    for index, name in enumerate(names):
        slot = _hash(np.frombuffer(name.encode(), np.uint8), 0, len(name)) & (len(slots) - 1)
        while slots[slot] >= 0:
            slot = (slot + 1) & (len(slots) - 1)
        slots[slot] = index
    order = sorted(set(groups.values()))
    spans = [trade_date_span(at_us, group) for group in order]
    group_of = [order.index(groups[name]) if name else 0 for name in names]
    dates, _ = _text_table(tuple(span.trade_date.isoformat() for span in spans) or ("0001-01-01",))
    bounds = [(span.start_us, span.end_us) for span in spans] or [(0, 0)]
    return Symbols(texts, lengths, slots, np.array(group_of, np.int64), np.array(bounds, np.int64), dates)


# --- small parts ----------------------------------------------------------------------------------------------------


@_compiled
def _hash(buf: Bytes, start: int, stop: int) -> int:
    value = 5381
    for i in range(start, stop):
        value = (value * 33 + int(buf[i])) & 0x7FFFFFFF
    return value


@_compiled
def _same(buf: Bytes, start: int, stop: int, text: Bytes, length: int) -> bool:
    if stop - start != length:
        return False
    for i in range(length):
        if buf[start + i] != text[i]:
            return False
    return True


@_compiled
def _same_place(buf: Bytes, start: int, stop: int, other: int, other_stop: int) -> bool:
    if stop - start != other_stop - other:
        return False
    for i in range(stop - start):
        if buf[start + i] != buf[other + i]:
            return False
    return True


@_compiled
def _copy(buf: Bytes, start: int, stop: int, out: Bytes, at: int) -> int:
    for i in range(stop - start):
        out[at + i] = buf[start + i]
    return at + stop - start


@_compiled
def _two(buf: Bytes, at: int) -> int:
    """Two digits as a number; a big number when they are none."""
    high, low = buf[at] - 48, buf[at + 1] - 48
    if buf[at] < 48 or buf[at] > 57 or buf[at + 1] < 48 or buf[at + 1] > 57:
        return 1_000_000
    return int(high) * 10 + int(low)


@_compiled
def _time_us(buf: Bytes, start: int, stop: int) -> int:
    """Epoch microseconds of YYYY-MM-DDTHH:MM:SS.ffffffZ, or -1 for any other spelling and for years before 1970."""
    if stop - start != _TS_LENGTH:
        return -1
    p = start
    if (
        buf[p + 4] != 45
        or buf[p + 7] != 45
        or buf[p + 10] != 84
        or buf[p + 13] != 58
        or buf[p + 16] != 58
        or buf[p + 19] != 46
        or buf[p + 26] != 90
    ):
        return -1
    year = _two(buf, p) * 100 + _two(buf, p + 2)
    month, day = _two(buf, p + 5), _two(buf, p + 8)
    hour, minute, second = _two(buf, p + 11), _two(buf, p + 14), _two(buf, p + 17)
    micro = _two(buf, p + 20) * 10_000 + _two(buf, p + 22) * 100 + _two(buf, p + 24)
    if year < 1970 or year > 2199 or month < 1 or month > 12 or hour > 23 or minute > 59 or second > 59:
        return -1
    if micro > 999_999 or day < 1:
        return -1
    leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
    if day > _MONTH_DAYS[month - 1] + (1 if leap and month == 2 else 0):
        return -1
    # Days since 1970-01-01 of a civil date (H. Hinnant, days_from_civil).
    y = year - (1 if month <= 2 else 0)
    era = y // 400
    of_era = y - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    days = era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000 + micro


@_compiled
def _text_end(buf: Bytes, at: int) -> int:
    """Where the closing quote of a text stands whose first character is at ``at``; 0 when it is not plain ASCII."""
    while 32 <= buf[at] < 127 and buf[at] != 34 and buf[at] != 92:
        at += 1
    return at if buf[at] == 34 else 0


@_compiled
def _number(buf: Bytes, at: int) -> tuple[int, int, int]:
    """(end, kind, value) of a plain JSON number; end 0 when it is not plain or too long.

    value: the integer, of at most 18 digits, or the decimal in millionths, of at most 12 digits before and 6 after the
    point. A negative nought is not plain: the twin writes it without its sign.
    """
    negative = buf[at] == 45
    if negative:
        at += 1
    first, value = at, 0
    while 48 <= buf[at] <= 57 and at - first < 19:
        value = value * 10 + int(buf[at] - 48)
        at += 1
    whole = at - first
    if whole == 0 or whole > 18 or (whole > 1 and buf[first] == 48):
        return 0, _MISSING, 0
    kind = _INTEGER
    if buf[at] == 46:
        kind = _DECIMAL
        at += 1
        first = at
        while 48 <= buf[at] <= 57 and at - first < 7:
            value = value * 10 + int(buf[at] - 48)
            at += 1
        if whole > 12 or at == first or at - first > 6:
            return 0, _MISSING, 0
        value *= int(_TEN[6 - (at - first)])
    if negative:
        if value == 0:
            return 0, _MISSING, 0
        value = -value
    return at, kind, value


@_compiled
def _word_end(buf: Bytes, at: int) -> int:
    """The end of true, false or null; 0 for anything else."""
    if buf[at] == 116 and buf[at + 1] == 114 and buf[at + 2] == 117 and buf[at + 3] == 101:
        return at + 4
    if buf[at] == 110 and buf[at + 1] == 117 and buf[at + 2] == 108 and buf[at + 3] == 108:
        return at + 4
    if buf[at] == 102 and buf[at + 1] == 97 and buf[at + 2] == 108 and buf[at + 3] == 115 and buf[at + 4] == 101:
        return at + 5
    return 0


@_compiled
def _meta_end(buf: Bytes, at: int) -> tuple[int, int]:
    """(end, flags) of a flat meta object that starts at ``at``; end 0 when it is not plain. flags: the true ones."""
    if buf[at + 1] == 125:
        return at + 2, 0
    begin, flags, count = at, 0, 0
    starts = np.empty(_MAX_META_KEYS, np.int64)
    stops = np.empty(_MAX_META_KEYS, np.int64)
    while True:
        at += 1
        if buf[at] != 34 or count == _MAX_META_KEYS:
            return 0, 0
        starts[count] = at + 1
        stop = _text_end(buf, at + 1)
        if stop == 0 or buf[stop + 1] != 58:
            return 0, 0
        stops[count] = stop
        for i in range(count):
            if _same_place(buf, starts[i], stops[i], starts[count], stop):
                return 0, 0
        at = stop + 2
        if buf[at] == 34:
            end = _text_end(buf, at + 1)
            if end == 0:
                return 0, 0
            at = end + 1
        elif buf[at] == 45 or 48 <= buf[at] <= 57:
            end, _, _ = _number(buf, at)
            if end == 0:
                return 0, 0
            at = end
        else:
            end = _word_end(buf, at)
            if end == 0:
                return 0, 0
            if buf[at] == 116:
                for flag in range(4):
                    if _same(buf, starts[count], stop, _FLAGS[flag], _FLAG_LENGTHS[flag]):
                        flags |= 1 << flag
            at = end
        count += 1
        if buf[at] == 125:
            return (at + 1, flags) if at + 1 - begin <= _MAX_META else (0, 0)
        if buf[at] != 44:
            return 0, 0


# --- one event ------------------------------------------------------------------------------------------------------


@_compiled
def _field_of(buf: Bytes, start: int, stop: int, expected: int) -> int:
    """The index in WIRE_FIELDS of the key [start, stop), searched from ``expected`` on; -1 when there is none."""
    for i in range(_FIELDS):
        field = expected + i
        if field >= _FIELDS:
            field -= _FIELDS
        if _same(buf, start, stop, _KEYS[field], _KEY_LENGTHS[field]):
            return field
    return -1


@_compiled
def _members(
    buf: Bytes, at: int, end: int, starts: Integers, stops: Integers, kinds: Integers, values: Integers
) -> bool:
    """Take the object [at, end) apart: kind, place and value by field. False when it is not plain.

    Reads no further than the CR that follows a bulk string: no loop here goes over a control character.
    """
    kinds[:] = _MISSING
    if buf[at] != 123:
        return False
    expected = 0
    while True:
        at += 1
        if buf[at] != 34:
            return False
        stop = _text_end(buf, at + 1)
        if stop == 0 or buf[stop + 1] != 58:
            return False
        field = _field_of(buf, at + 1, stop, expected)
        if field < 0 or kinds[field] != _MISSING:
            return False
        expected = field + 1
        at = stop + 2
        starts[field] = at
        if buf[at] == 34:
            kinds[field] = _TEXT
            starts[field] = at + 1
            stop = _text_end(buf, at + 1)
            if stop == 0:
                return False
            stops[field] = stop
            at = stop + 1
        elif buf[at] == 45 or 48 <= buf[at] <= 57:
            stop, kind, value = _number(buf, at)
            if stop == 0:
                return False
            kinds[field], values[field], stops[field] = kind, value, stop
            at = stop
        elif buf[at] == 123 and field == _META:
            stop, flags = _meta_end(buf, at)
            if stop == 0:
                return False
            kinds[field], values[field], stops[field] = _OBJECT, flags, stop
            at = stop
        elif buf[at] == 110 and _word_end(buf, at) > 0:
            kinds[field] = _NULL
            at += 4
        else:
            return False
        if buf[at] == 125:
            return at + 1 == end
        if buf[at] != 44:
            return False


@_compiled
def _prices_fit(kinds: Integers, values: Integers) -> bool:
    """The price fields are numbers of at most 12 digits before the point, or null; from now on in millionths."""
    for field in (_LAST, _BID, _ASK, _OPEN, _OPEN + 1, _OPEN + 2, _OPEN + 3, _OPEN + 4, _OPEN + 5):
        kind = kinds[field]
        if kind == _INTEGER:
            if values[field] >= 10**12 or values[field] <= -(10**12):
                return False
            values[field] *= 1_000_000
        elif kind != _DECIMAL and kind != _NULL and kind != _MISSING:
            return False
    return True


@_compiled
def _rest_fits(starts: Integers, stops: Integers, kinds: Integers, values: Integers) -> bool:
    """Version, sizes, seq, texts and meta are of their types."""
    if kinds[_V] != _INTEGER or values[_V] != 1 or kinds[_SYMBOL] != _TEXT or kinds[_SOURCE] != _TEXT:
        return False
    for field in (_LAST_SIZE, _LAST_SIZE + 1, _LAST_SIZE + 2, _VOLUME, _SEQ):
        if kinds[field] == _INTEGER:
            if values[field] < 0:
                return False
        elif kinds[field] != _NULL and kinds[field] != _MISSING:
            return False
    for field in (_CONDITION, _VENUE):
        if kinds[field] == _TEXT:
            if stops[field] - starts[field] > MAX_TEXT_LENGTH:
                return False
        elif kinds[field] != _NULL and kinds[field] != _MISSING:
            return False
    return bool(kinds[_META] == _OBJECT or kinds[_META] == _NULL or kinds[_META] == _MISSING)


@_compiled
def _is_there(kinds: Integers, field: int) -> bool:
    return bool(kinds[field] == _INTEGER or kinds[field] == _DECIMAL)


@_compiled
def _oddities(kinds: Integers, values: Integers) -> int:
    """The flags that the prices ask for; -1 when there is no price at all."""
    found, odd = False, 0
    for field in (_LAST, _BID, _ASK):
        if _is_there(kinds, field):
            found = True
            if values[field] == 0:
                odd |= _ZERO
            elif values[field] < 0:
                odd |= _NEGATIVE
    if _is_there(kinds, _BID) and _is_there(kinds, _ASK) and values[_BID] > values[_ASK]:
        odd |= _CROSSED
    return odd if found else -1


@_compiled
def _find_symbol(buf: Bytes, start: int, stop: int, symbols: Symbols) -> int:
    mask = len(symbols.slots) - 1
    slot = _hash(buf, start, stop) & mask
    while symbols.slots[slot] >= 0:
        index = symbols.slots[slot]
        if _same(buf, start, stop, symbols.texts[index], symbols.lengths[index]):
            return int(index)
        slot = (slot + 1) & mask
    return -1


@_compiled
def _known_source(buf: Bytes, start: int, stop: int) -> bool:
    for i in range(len(_SOURCE_LENGTHS)):
        if _same(buf, start, stop, _SOURCES[i], _SOURCE_LENGTHS[i]):
            return True
    return False


# --- one row --------------------------------------------------------------------------------------------------------


@_compiled
def _put_field(buf: Bytes, field: int, starts: Integers, stops: Integers, kinds: Integers, out: Bytes, at: int) -> int:
    """One column and its tab."""
    if kinds[field] == _MISSING or kinds[field] == _NULL:
        out[at], out[at + 1] = 92, 78
        at += 2
    else:
        at = _copy(buf, starts[field], stops[field], out, at)
    out[at] = 9
    return at + 1


@_compiled
def _put_key(out: Bytes, at: int, begin: int, field: int) -> int:
    """A comma unless it is the first member, the quoted key, a colon."""
    if at > begin:
        out[at] = 44
        at += 1
    out[at] = 34
    at = _copy(_KEYS[field], 0, _KEY_LENGTHS[field], out, at + 1)
    out[at], out[at + 1] = 34, 58
    return at + 2


@_compiled
def _put_extra(buf: Bytes, starts: Integers, stops: Integers, kinds: Integers, out: Bytes, at: int) -> int:
    """The JSON of what has no column, or a null."""
    out[at] = 123
    begin = at + 1
    end = begin
    for field in range(_OPEN, _SETTLEMENT + 1):
        if _is_there(kinds, field):
            end = _copy(buf, starts[field], stops[field], out, _put_key(out, end, begin, field))
    if kinds[_RECV] == _TEXT:
        end = _copy(buf, starts[_RECV] - 1, stops[_RECV] + 1, out, _put_key(out, end, begin, _RECV))
    if kinds[_META] == _OBJECT and stops[_META] - starts[_META] > 2:
        end = _copy(buf, starts[_META], stops[_META], out, _put_key(out, end, begin, _META))
    if end == begin:
        out[at], out[at + 1] = 92, 78
        return at + 2
    out[end] = 125
    return end + 1


@_compiled
def _put_row(
    buf: Bytes, id_start: int, id_stop: int, starts: Integers, stops: Integers, kinds: Integers,
    date: Bytes, out: Bytes, at: int,
) -> int:  # fmt: skip
    for field in (_SYMBOL, _TS, _LAST, _BID, _ASK, _LAST_SIZE, _LAST_SIZE + 1, _LAST_SIZE + 2, _VOLUME, _SOURCE):
        at = _put_field(buf, field, starts, stops, kinds, out, at)
    for field in (_CONDITION, _VENUE, _SEQ):
        at = _put_field(buf, field, starts, stops, kinds, out, at)
    at = _copy(date, 0, len(date), out, at)
    out[at] = 9
    at = _copy(buf, id_start, id_stop, out, at + 1)
    out[at] = 9
    at = _put_extra(buf, starts, stops, kinds, out, at + 1)
    out[at] = 10
    return at + 1


# --- the reply ------------------------------------------------------------------------------------------------------


@_compiled
def _length(buf: Bytes, at: int, end: int, marker: int) -> tuple[int, int]:
    """(number, next) of a RESP header such as ``*2`` or ``$15`` with its CR LF. next: 0 incomplete, -1 other."""
    if at >= end:
        return 0, 0
    if buf[at] != marker:
        return 0, -1
    at += 1
    negative = at < end and buf[at] == 45
    if negative:
        at += 1
    value, first = 0, at
    while at < end and 48 <= buf[at] <= 57 and at - first < 12:
        value = value * 10 + int(buf[at] - 48)
        at += 1
    if at + 1 >= end:
        return 0, 0
    if at == first or buf[at] != 13 or buf[at + 1] != 10:
        return 0, -1
    return -value if negative else value, at + 2


@_compiled
def _id_us(buf: Bytes, start: int, stop: int) -> int:
    """The time of a stream id in epoch microseconds; -1 when it is not an ordinary one."""
    value, at = 0, start
    while at < stop and 48 <= buf[at] <= 57:
        value = value * 10 + int(buf[at] - 48)
        at += 1
        if at - start > 15:
            return -1
    return value * 1000 if at > start and at < stop and buf[at] == 45 else -1


@_compiled
def _put_ack(buf: Bytes, start: int, stop: int, state: Integers, ack: Bytes) -> None:
    state[ACK] = _copy(buf, start, stop, ack, state[ACK])
    state[ACKS] += 1


@_compiled
def consume(buf: Bytes, end: int, state: Integers, symbols: Symbols, out: Bytes, ack: Bytes, row_ms: Integers) -> int:
    """Turn the complete entries in ``buf[state[POS]:end]`` into rows of ``out`` and acknowledgements of ``ack``.

    ``state`` is carried from call to call, see its indices above; ``row_ms`` gets each row's stream time in
    milliseconds. Comes back with DONE (the reply's last entry was taken), NEED_INPUT, NEED_OUTPUT (``out`` is short),
    SLOW (the entry [POS, ENTRY_END) is the slow twin's; the caller moves POS and REMAINING), OTHER_DATE (the same,
    because its trade date is not the table's) or BROKEN (no RESP).
    ``ack`` and ``row_ms`` must have room for all entries of the reply.
    """
    starts = np.zeros(_FIELDS, np.int64)
    stops = np.zeros(_FIELDS, np.int64)
    kinds = np.zeros(_FIELDS, np.int64)
    values = np.zeros(_FIELDS, np.int64)
    part = np.zeros(4, np.int64)
    part_end = np.zeros(4, np.int64)
    while state[REMAINING] > 0:
        number, at = _length(buf, state[POS], end, 42)
        if at == 0:
            return NEED_INPUT
        if at < 0 or number != 2:
            return BROKEN
        id_block = at
        number, at = _length(buf, at, end, 36)
        if at == 0:
            return NEED_INPUT
        if at < 0 or number < 0:
            return BROKEN
        id_start, id_stop = at, at + number
        at = id_stop + 2
        id_block_end = at
        count, at = _length(buf, at, end, 42)
        if at == 0:
            return NEED_INPUT
        if at < 0:
            return BROKEN
        for i in range(count):
            number, at = _length(buf, at, end, 36)
            if at == 0:
                return NEED_INPUT
            if at < 0 or number < 0:
                return BROKEN
            if i < 4:
                part[i], part_end[i] = at, at + number
            at += number + 2
            if at > end:
                return NEED_INPUT
            if buf[at - 2] != 13 or buf[at - 1] != 10:
                return BROKEN
        state[ENTRY_END] = at
        if count < 0:  # deleted under the group's feet: nothing to store, but to take off the pending list
            _put_ack(buf, id_block, id_block_end, state, ack)
            state[DELETED] += 1
            state[POS] = at
            state[REMAINING] -= 1
            continue
        if count != 4 or part_end[0] - part[0] != 1 or buf[part[0]] != 115:
            return SLOW
        if part_end[2] - part[2] != 1 or buf[part[2]] != 101:
            return SLOW
        now_us = _id_us(buf, id_start, id_stop)
        if now_us < 0:
            return SLOW
        if not _members(buf, part[3], part_end[3], starts, stops, kinds, values):
            return SLOW
        if not _rest_fits(starts, stops, kinds, values) or not _prices_fit(kinds, values):
            return SLOW
        odd = _oddities(kinds, values)
        if odd < 0 or kinds[_TS] != _TEXT:
            return SLOW
        ts_us = _time_us(buf, starts[_TS], stops[_TS])
        if ts_us < 0 or ts_us - now_us > REFUSE_AHEAD_US or now_us - ts_us > REFUSE_AGE_US:
            return SLOW
        if ts_us - now_us > FLAG_AHEAD_US:
            odd |= _AHEAD
        flags = values[_META] if kinds[_META] == _OBJECT else 0
        if odd & ~flags:
            return SLOW
        if kinds[_RECV] == _TEXT:
            if _time_us(buf, starts[_RECV], stops[_RECV]) < 0:
                return SLOW
        elif kinds[_RECV] != _NULL and kinds[_RECV] != _MISSING:
            return SLOW
        if not _same_place(buf, part[1], part_end[1], starts[_SYMBOL], stops[_SYMBOL]):
            return SLOW
        symbol = _find_symbol(buf, starts[_SYMBOL], stops[_SYMBOL], symbols)
        if symbol < 0 or not _known_source(buf, starts[_SOURCE], stops[_SOURCE]):
            return SLOW
        group = symbols.group_of[symbol]
        if ts_us < symbols.spans[group, 0] or ts_us >= symbols.spans[group, 1]:
            return OTHER_DATE
        if len(out) - state[OUT] < at - state[POS] + _ROW_OVERHEAD:
            return NEED_OUTPUT
        state[OUT] = _put_row(buf, id_start, id_stop, starts, stops, kinds, symbols.dates[group], out, state[OUT])
        _put_ack(buf, id_block, id_block_end, state, ack)
        row_ms[state[ROWS]] = now_us // 1000
        state[ROWS] += 1
        state[MIN_TS] = min(state[MIN_TS], ts_us)
        state[MAX_TS] = max(state[MAX_TS], ts_us)
        state[POS] = at
        state[REMAINING] -= 1
    return DONE


SYMBOLS_SAMPLE: Final = {"ES": "cme_equity"}


def warm() -> None:
    """Compile, or load from the cache, by one call on nothing."""
    empty = np.zeros(1, np.uint8)
    consume(
        empty, 0, np.zeros(STATE_SIZE, np.int64), symbols_table(SYMBOLS_SAMPLE, 0), empty, empty, np.zeros(1, np.int64)
    )
