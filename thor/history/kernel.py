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

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
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
from thor.runtime.compiled import compiled, in_llvm

Bytes = NDArray[np.uint8]
Integers = NDArray[np.int64]


# --- what a call leaves behind, in a small array of integers that the caller keeps from call to call ----------------

#: Where the next entry starts in the input; entries of the reply still to come.
POS, REMAINING = 0, 1
#: Bytes of COPY text, rows.
OUT, ROWS = 2, 3
#: Earliest and latest event time of the rows, epoch microseconds.
MIN_TS, MAX_TS = 4, 5
#: Where the entry ends that the slow twin must judge (it starts at POS).
ENTRY_END = 6
STATE_SIZE = 7

#: Why a call came back.
DONE, NEED_INPUT, SLOW, OTHER_DATE, NEED_OUTPUT, BROKEN = 0, 1, 2, 3, 4, 5

#: Copies go 16 bytes at a time: so many bytes behind the end of every array of bytes must exist.
SLACK = 16

# --- tables ---------------------------------------------------------------------------------------------------------

_FIELDS = len(WIRE_FIELDS)


def _text_table(texts: tuple[str, ...]) -> tuple[Bytes, Integers]:
    """ASCII texts as rows of bytes, and their lengths."""
    table = np.zeros((len(texts), max(map(len, texts)) + SLACK), np.uint8)
    for row, text in enumerate(texts):
        table[row, : len(text)] = np.frombuffer(text.encode("ascii"), np.uint8)
    return table, np.array([len(text) for text in texts], np.int64)


#: The odd-event flags of ``quote.flags``, in the order of the bits below.
_FLAG_NAMES = ("crossed", "ahead", "zero_price", "negative_price")
#: The columns of the table of counts.
SOURCE_NAMES = tuple(sorted(SOURCES))
_WORDS, _WORD_LENGTHS = _text_table((*WIRE_FIELDS, *SOURCE_NAMES, *_FLAG_NAMES))
_FIRST_SOURCE, _FIRST_FLAG = len(WIRE_FIELDS), len(WIRE_FIELDS) + len(SOURCES)
_MEMBERS, _MEMBER_LENGTHS = _text_table(tuple(f',"{name}":' for name in WIRE_FIELDS))
_CROSSED, _AHEAD, _ZERO, _NEGATIVE = 1, 2, 4, 8

_V, _SYMBOL, _TS, _SOURCE = (WIRE_FIELDS.index(name) for name in ("v", "symbol", "ts", "source"))
_LAST, _BID, _ASK = (WIRE_FIELDS.index(name) for name in ("last", "bid", "ask"))
_LAST_SIZE, _VOLUME = WIRE_FIELDS.index("lastSize"), WIRE_FIELDS.index("volume")
_OPEN, _SETTLEMENT = WIRE_FIELDS.index("open"), WIRE_FIELDS.index("settlement")
_RECV, _SEQ, _CONDITION, _VENUE, _META = (
    WIRE_FIELDS.index(name) for name in ("recv", "seq", "condition", "venue", "meta")
)

#: What is known of a field of the event being read: four columns of one table, and its kinds.
_KIND, _START, _STOP, _VALUE = 0, _FIELDS, 2 * _FIELDS, 3 * _FIELDS
_MEMBER_WIDTH = _MEMBERS.shape[1]
_MISSING, _NULL, _TEXT, _INTEGER, _DECIMAL, _OBJECT = 0, 1, 2, 3, 4, 5
_MAX_SYMBOL = 24
_MAX_META = 1024
_MAX_META_KEYS = 16
_TS_LENGTH = 27
_DATE_LENGTH = 10
#: Beside the event's own text a row holds: stream id, trade date, tabs, nulls.
_ROW_OVERHEAD = 192
_TEN = np.array([10**n for n in range(19)], np.int64)
_MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)


class Symbols(NamedTuple):
    """The known symbols as arrays: a hash table by text, each one's product group, each group's current trade date.

    ``spans``: [group, (start_us, end_us)]; ``dates``: [group, 10 bytes of YYYY-MM-DD]. ``keys``: the members' keys
    of ``extra``, here because compiled code can take addresses of arguments only.
    """

    texts: Bytes
    lengths: Integers
    slots: Integers
    group_of: Integers
    spans: Integers
    dates: Bytes
    keys: Bytes

    def name(self, symbol: int) -> str:
        """A row's text."""
        return self.texts[symbol, : self.lengths[symbol]].tobytes().decode("ascii")

    def date(self, symbol: int) -> str:
        """Its trade date, YYYY-MM-DD."""
        return self.dates[self.group_of[symbol], :_DATE_LENGTH].tobytes().decode("ascii")


def _hash_of(name: str) -> int:
    """What ``_hash`` makes of the same text in memory."""
    value = 5381
    for byte in name.encode("ascii"):
        value = (value * 33 + byte) & 0x7FFFFFFF
    return value


def symbols_table(groups: Mapping[str, str], at_us: int) -> Symbols:
    """The table of ``groups`` (symbol -> product group) with the trade dates of the instant ``at_us``."""
    names = tuple(name for name in sorted(groups) if 0 < len(name) <= _MAX_SYMBOL and name.isascii()) or ("",)
    texts, lengths = _text_table(names)
    slots = np.full(1 << (2 * len(names)).bit_length(), -1, np.int64)
    for index, name in enumerate(names):
        slot = _hash_of(name) & (len(slots) - 1)
        while slots[slot] >= 0:
            slot = (slot + 1) & (len(slots) - 1)
        slots[slot] = index
    order = sorted(set(groups.values()))
    spans = [trade_date_span(at_us, group) for group in order]
    group_of = [order.index(groups[name]) if name else 0 for name in names]
    dates, _ = _text_table(tuple(span.trade_date.isoformat() for span in spans) or ("0001-01-01",))
    bounds = [(span.start_us, span.end_us) for span in spans] or [(0, 0)]
    return Symbols(texts, lengths, slots, np.array(group_of, np.int64), np.array(bounds, np.int64), dates, _MEMBERS)


# --- memory by address ----------------------------------------------------------------------------------------------
#
# Arrays cost too much here: each call that takes one counts references, each index is checked for being negative. So
# the functions below take addresses: ``start``, ``stop``, ``at`` are places in memory, and ``consume`` alone, which has
# the arrays, keeps within their bounds.


def _pointer(builder: Any, address: Any, bits: Any) -> Any:
    return builder.inttoptr(address, bits.as_pointer())


@in_llvm
def _byte(_context: Any, _address: Any) -> Any:
    """The byte at an address."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.zext(builder.load(_pointer(builder, args[0], ir.IntType(8))), ir.IntType(64))

    return types.int64(types.int64), generate


@in_llvm
def _put(_context: Any, _address: Any, _value: Any) -> Any:
    """Write a byte to an address."""

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        builder.store(builder.trunc(args[1], ir.IntType(8)), _pointer(builder, args[0], ir.IntType(8)))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@in_llvm
def _get(_context: Any, _table: Any, _index: Any) -> Any:
    """The integer at an index of a table of 64-bit integers at an address."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.load(builder.gep(_pointer(builder, args[0], ir.IntType(64)), [args[1]]))

    return types.int64(types.int64, types.int64), generate


@in_llvm
def _set(_context: Any, _table: Any, _index: Any, _value: Any) -> Any:
    """Write an integer to an index of such a table."""

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        builder.store(args[2], builder.gep(_pointer(builder, args[0], ir.IntType(64)), [args[1]]))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


@in_llvm
def _copy16(_context: Any, _start: Any, _at: Any) -> Any:
    """Copy 16 bytes from one address to another."""

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        chunk = ir.VectorType(ir.IntType(8), 16)
        loaded = builder.load(_pointer(builder, args[0], chunk), align=1)
        builder.store(loaded, _pointer(builder, args[1], chunk), align=1)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


# --- small parts ----------------------------------------------------------------------------------------------------


@compiled
def _hash(start: int, stop: int) -> int:
    value = 5381
    for i in range(start, stop):
        value = (value * 33 + _byte(i)) & 0x7FFFFFFF
    return value


@compiled
def _is_word(start: int, stop: int, word: int) -> bool:
    """[start, stop) holds this text of the table of words."""
    if stop - start != _WORD_LENGTHS[word]:
        return False
    for i in range(stop - start):
        if _byte(start + i) != _WORDS[word, i]:
            return False
    return True


@compiled
def _same_place(start: int, stop: int, other: int, other_stop: int) -> bool:
    if stop - start != other_stop - other:
        return False
    for i in range(stop - start):
        if _byte(start + i) != _byte(other + i):
            return False
    return True


@compiled
def _copy(start: int, stop: int, at: int) -> int:
    """Copy [start, stop) and up to :data:`SLACK` bytes more, which both sides must have and which nobody reads."""
    end = at + stop - start
    while at < end:
        _copy16(start, at)
        start += 16
        at += 16
    return end


@compiled
def _two(at: int) -> int:
    """Two digits as a number; a big number when they are none."""
    high, low = _byte(at) - 48, _byte(at + 1) - 48
    if _byte(at) < 48 or _byte(at) > 57 or _byte(at + 1) < 48 or _byte(at + 1) > 57:
        return 1_000_000
    return int(high) * 10 + int(low)


@compiled
def _time_us(start: int, stop: int) -> int:
    """Epoch microseconds of YYYY-MM-DDTHH:MM:SS.ffffffZ, or -1 for any other spelling and for years before 1970."""
    if stop - start != _TS_LENGTH:
        return -1
    p = start
    if (
        _byte(p + 4) != 45
        or _byte(p + 7) != 45
        or _byte(p + 10) != 84
        or _byte(p + 13) != 58
        or _byte(p + 16) != 58
        or _byte(p + 19) != 46
        or _byte(p + 26) != 90
    ):
        return -1
    year = _two(p) * 100 + _two(p + 2)
    month, day = _two(p + 5), _two(p + 8)
    hour, minute, second = _two(p + 11), _two(p + 14), _two(p + 17)
    micro = _two(p + 20) * 10_000 + _two(p + 22) * 100 + _two(p + 24)
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


@compiled
def _text_end(at: int) -> int:
    """Where the closing quote of a text stands whose first character is at ``at``; 0 when it is not plain ASCII."""
    while 32 <= _byte(at) < 127 and _byte(at) != 34 and _byte(at) != 92:
        at += 1
    return at if _byte(at) == 34 else 0


@compiled
def _number(at: int) -> tuple[int, int, int]:
    """(end, kind, value) of a plain JSON number; end 0 when it is not plain or too long.

    value: the integer, of at most 18 digits, or the decimal in millionths, of at most 12 digits before and 6 after the
    point. A negative nought is not plain: the twin writes it without its sign.
    """
    negative = _byte(at) == 45
    if negative:
        at += 1
    first, value = at, 0
    while 48 <= _byte(at) <= 57 and at - first < 19:
        value = value * 10 + _byte(at) - 48
        at += 1
    whole = at - first
    if whole == 0 or whole > 18 or (whole > 1 and _byte(first) == 48):
        return 0, _MISSING, 0
    kind = _INTEGER
    if _byte(at) == 46:
        kind = _DECIMAL
        at += 1
        first = at
        while 48 <= _byte(at) <= 57 and at - first < 7:
            value = value * 10 + _byte(at) - 48
            at += 1
        if whole > 12 or at == first or at - first > 6:
            return 0, _MISSING, 0
        value *= int(_TEN[6 - (at - first)])
    if negative:
        if value == 0:
            return 0, _MISSING, 0
        value = -value
    return at, kind, value


@compiled
def _word_end(at: int) -> int:
    """The end of true, false or null; 0 for anything else."""
    if _byte(at) == 116 and _byte(at + 1) == 114 and _byte(at + 2) == 117 and _byte(at + 3) == 101:
        return at + 4
    if _byte(at) == 110 and _byte(at + 1) == 117 and _byte(at + 2) == 108 and _byte(at + 3) == 108:
        return at + 4
    if (
        _byte(at) == 102
        and _byte(at + 1) == 97
        and _byte(at + 2) == 108
        and _byte(at + 3) == 115
        and _byte(at + 4) == 101
    ):
        return at + 5
    return 0


@compiled
def _meta_end(at: int) -> tuple[int, int]:
    """(end, flags) of a flat meta object that starts at ``at``; end 0 when it is not plain. flags: the true ones."""
    if _byte(at + 1) == 125:
        return at + 2, 0
    begin, flags, count = at, 0, 0
    starts = np.empty(_MAX_META_KEYS, np.int64)
    stops = np.empty(_MAX_META_KEYS, np.int64)
    while True:
        at += 1
        if _byte(at) != 34 or count == _MAX_META_KEYS:
            return 0, 0
        starts[count] = at + 1
        stop = _text_end(at + 1)
        if stop == 0 or _byte(stop + 1) != 58:
            return 0, 0
        stops[count] = stop
        for i in range(count):
            if _same_place(starts[i], stops[i], starts[count], stop):
                return 0, 0
        at = stop + 2
        if _byte(at) == 34:
            end = _text_end(at + 1)
            if end == 0:
                return 0, 0
            at = end + 1
        elif _byte(at) == 45 or 48 <= _byte(at) <= 57:
            end, _, _ = _number(at)
            if end == 0:
                return 0, 0
            at = end
        else:
            end = _word_end(at)
            if end == 0:
                return 0, 0
            if _byte(at) == 116:
                for flag in range(4):
                    if _is_word(starts[count], stop, _FIRST_FLAG + flag):
                        flags |= 1 << flag
            at = end
        count += 1
        if _byte(at) == 125:
            return (at + 1, flags) if at + 1 - begin <= _MAX_META else (0, 0)
        if _byte(at) != 44:
            return 0, 0


# --- one event ------------------------------------------------------------------------------------------------------


@compiled
def _field_of(start: int, stop: int, expected: int) -> int:
    """The index in WIRE_FIELDS of the key [start, stop), searched from ``expected`` on; -1 when there is none."""
    for i in range(_FIELDS):
        field = expected + i
        if field >= _FIELDS:
            field -= _FIELDS
        if _is_word(start, stop, field):
            return field
    return -1


@compiled
def _members(at: int, end: int, fields: int) -> bool:
    """Take the object [at, end) apart: kind, place and value by field. False when it is not plain.

    Reads no further than the CR that follows a bulk string: no loop here goes over a control character.
    """
    for field in range(_FIELDS):
        _set(fields, _KIND + field, _MISSING)
    if _byte(at) != 123:
        return False
    expected = 0
    while True:
        at += 1
        if _byte(at) != 34:
            return False
        stop = _text_end(at + 1)
        if stop == 0 or _byte(stop + 1) != 58:
            return False
        field = _field_of(at + 1, stop, expected)
        if field < 0 or _get(fields, _KIND + field) != _MISSING:
            return False
        expected = field + 1
        at = stop + 2
        _set(fields, _START + field, at)
        if _byte(at) == 34:
            _set(fields, _KIND + field, _TEXT)
            _set(fields, _START + field, at + 1)
            stop = _text_end(at + 1)
            if stop == 0:
                return False
            _set(fields, _STOP + field, stop)
            at = stop + 1
        elif _byte(at) == 45 or 48 <= _byte(at) <= 57:
            stop, kind, value = _number(at)
            if stop == 0:
                return False
            _set(fields, _KIND + field, kind)
            _set(fields, _VALUE + field, value)
            _set(fields, _STOP + field, stop)
            at = stop
        elif _byte(at) == 123 and field == _META:
            stop, flags = _meta_end(at)
            if stop == 0:
                return False
            _set(fields, _KIND + field, _OBJECT)
            _set(fields, _VALUE + field, flags)
            _set(fields, _STOP + field, stop)
            at = stop
        elif _byte(at) == 110 and _word_end(at) > 0:
            _set(fields, _KIND + field, _NULL)
            at += 4
        else:
            return False
        if _byte(at) == 125:
            return at + 1 == end
        if _byte(at) != 44:
            return False


@compiled
def _prices_fit(fields: int) -> bool:
    """The price fields are numbers of at most 12 digits before the point, or null; from now on in millionths."""
    for field in (_LAST, _BID, _ASK, _OPEN, _OPEN + 1, _OPEN + 2, _OPEN + 3, _OPEN + 4, _OPEN + 5):
        kind = _get(fields, _KIND + field)
        if kind == _INTEGER:
            if _get(fields, _VALUE + field) >= 10**12 or _get(fields, _VALUE + field) <= -(10**12):
                return False
            _set(fields, _VALUE + field, _get(fields, _VALUE + field) * 1_000_000)
        elif kind != _DECIMAL and kind != _NULL and kind != _MISSING:
            return False
    return True


@compiled
def _rest_fits(fields: int) -> bool:
    """Version, sizes, seq, texts and meta are of their types."""
    if (
        _get(fields, _KIND + _V) != _INTEGER
        or _get(fields, _VALUE + _V) != 1
        or _get(fields, _KIND + _SYMBOL) != _TEXT
        or _get(fields, _KIND + _SOURCE) != _TEXT
    ):
        return False
    for field in (_LAST_SIZE, _LAST_SIZE + 1, _LAST_SIZE + 2, _VOLUME, _SEQ):
        if _get(fields, _KIND + field) == _INTEGER:
            if _get(fields, _VALUE + field) < 0:
                return False
        elif _get(fields, _KIND + field) != _NULL and _get(fields, _KIND + field) != _MISSING:
            return False
    for field in (_CONDITION, _VENUE):
        if _get(fields, _KIND + field) == _TEXT:
            if _get(fields, _STOP + field) - _get(fields, _START + field) > MAX_TEXT_LENGTH:
                return False
        elif _get(fields, _KIND + field) != _NULL and _get(fields, _KIND + field) != _MISSING:
            return False
    return bool(
        _get(fields, _KIND + _META) == _OBJECT
        or _get(fields, _KIND + _META) == _NULL
        or _get(fields, _KIND + _META) == _MISSING
    )


@compiled
def _is_there(fields: int, field: int) -> bool:
    return bool(_get(fields, _KIND + field) == _INTEGER or _get(fields, _KIND + field) == _DECIMAL)


@compiled
def _oddities(fields: int) -> int:
    """The flags that the prices ask for; -1 when there is no price at all."""
    found, odd = False, 0
    for field in (_LAST, _BID, _ASK):
        if _is_there(fields, field):
            found = True
            if _get(fields, _VALUE + field) == 0:
                odd |= _ZERO
            elif _get(fields, _VALUE + field) < 0:
                odd |= _NEGATIVE
    if (
        _is_there(fields, _BID)
        and _is_there(fields, _ASK)
        and _get(fields, _VALUE + _BID) > _get(fields, _VALUE + _ASK)
    ):
        odd |= _CROSSED
    return odd if found else -1


@compiled
def _find_symbol(start: int, stop: int, slots: int, mask: int, texts: int, width: int, lengths: int) -> int:
    """The row of a symbol in the table whose parts stand at these addresses; -1 when it is not known."""
    slot = _hash(start, stop) & mask
    while _get(slots, slot) >= 0:
        row: int = _get(slots, slot)
        if _same_place(start, stop, texts + row * width, texts + row * width + _get(lengths, row)):
            return row
        slot = (slot + 1) & mask
    return -1


@compiled
def _source(start: int, stop: int) -> int:
    """The number of a source's name; -1 for any other text."""
    for word in range(_FIRST_SOURCE, _FIRST_FLAG):
        if _is_word(start, stop, word):
            return word - _FIRST_SOURCE
    return -1


# --- one row --------------------------------------------------------------------------------------------------------


@compiled
def _put_field(field: int, fields: int, at: int) -> int:
    """One column and its tab."""
    if _get(fields, _KIND + field) == _MISSING or _get(fields, _KIND + field) == _NULL:
        _put(at, 92)
        _put(at + 1, 78)
        at += 2
    else:
        at = _copy(_get(fields, _START + field), _get(fields, _STOP + field), at)
    _put(at, 9)
    return at + 1


@compiled
def _put_member(start: int, stop: int, field: int, keys: int, at: int) -> int:
    """A comma, the quoted key and a colon, and the value [start, stop) as it stands. ``keys``: the table of these."""
    key = keys + field * _MEMBER_WIDTH
    return _copy(start, stop, _copy(key, key + int(_MEMBER_LENGTHS[field]), at))


@compiled
def _put_extra(fields: int, keys: int, at: int) -> int:
    """The JSON of what has no column, or a null."""
    end = at
    for field in range(_OPEN, _SETTLEMENT + 1):
        if _is_there(fields, field):
            end = _put_member(_get(fields, _START + field), _get(fields, _STOP + field), field, keys, end)
    if _get(fields, _KIND + _RECV) == _TEXT:
        end = _put_member(_get(fields, _START + _RECV) - 1, _get(fields, _STOP + _RECV) + 1, _RECV, keys, end)
    if _get(fields, _KIND + _META) == _OBJECT and _get(fields, _STOP + _META) - _get(fields, _START + _META) > 2:
        end = _put_member(_get(fields, _START + _META), _get(fields, _STOP + _META), _META, keys, end)
    if end == at:
        _put(at, 92)
        _put(at + 1, 78)
        return at + 2
    _put(at, 123)  # where the first comma stood
    _put(end, 125)
    return end + 1


@compiled
def _put_row(id_start: int, id_stop: int, fields: int, date: int, keys: int, at: int) -> int:
    for field in range(_SYMBOL, _TS + 1):
        at = _put_field(field, fields, at)
    for field in range(_LAST, _VOLUME + 1):
        at = _put_field(field, fields, at)
    at = _put_field(_SOURCE, fields, at)
    at = _put_field(_CONDITION, fields, at)
    at = _put_field(_VENUE, fields, at)
    at = _put_field(_SEQ, fields, at)
    at = _copy(date, date + _DATE_LENGTH, at)
    _put(at, 9)
    at = _copy(id_start, id_stop, at + 1)
    _put(at, 9)
    at = _put_extra(fields, keys, at + 1)
    _put(at, 10)
    return at + 1


# --- the reply ------------------------------------------------------------------------------------------------------


@compiled
def _length(at: int, end: int, marker: int) -> tuple[int, int]:
    """(number, next) of a RESP header such as ``*2`` or ``$15`` with its CR LF. next: 0 incomplete, -1 other."""
    if at >= end:
        return 0, 0
    if _byte(at) != marker:
        return 0, -1
    at += 1
    negative = at < end and _byte(at) == 45
    if negative:
        at += 1
    value, first = 0, at
    while at < end and 48 <= _byte(at) <= 57 and at - first < 12:
        value = value * 10 + _byte(at) - 48
        at += 1
    if at + 1 >= end:
        return 0, 0
    if at == first or _byte(at) != 13 or _byte(at + 1) != 10:
        return 0, -1
    return -value if negative else value, at + 2


@compiled
def _id_us(start: int, stop: int) -> int:
    """The time of a stream id in epoch microseconds; -1 when it is not an ordinary one."""
    value, at = 0, start
    while at < stop and 48 <= _byte(at) <= 57:
        value = value * 10 + _byte(at) - 48
        at += 1
        if at - start > 15:
            return -1
    return value * 1000 if at > start and at < stop and _byte(at) == 45 else -1


@compiled
def _entry(at: int, end: int, parts: int) -> int:
    """Take the RESP of the entry at ``at`` apart. Returns its end, 0 when it is not all there, -1 when it is no entry.

    ``parts`` gets how many names and values it has, then start and stop of the id and of the first four of its names
    and values.
    """
    number, at = _length(at, end, 42)
    if at <= 0 or number != 2:
        return 0 if at == 0 else -1
    number, at = _length(at, end, 36)
    if at <= 0 or number < 0:
        return 0 if at == 0 else -1
    _set(parts, 1, at)
    _set(parts, 2, at + number)
    at += number + 2
    count, at = _length(at, end, 42)
    if at <= 0 or count < 0:
        return 0 if at == 0 else -1
    _set(parts, 0, count)
    for i in range(count):
        number, at = _length(at, end, 36)
        if at <= 0 or number < 0:
            return 0 if at == 0 else -1
        if i < 4:
            _set(parts, 3 + 2 * i, at)
            _set(parts, 4 + 2 * i, at + number)
        at += number + 2
        if at > end:
            return 0
        if _byte(at - 2) != 13 or _byte(at - 1) != 10:
            return -1
    return at


@compiled
def _event(parts: int, fields: int, as_recorded: bool) -> int:
    """The event time in epoch microseconds of an entry that is plain and, symbol and source apart, acceptable; else
    -1. ``as_recorded``: however old."""
    name, event = _get(parts, 3), _get(parts, 7)
    if _get(parts, 0) != 4 or _get(parts, 4) - name != 1 or _byte(name) != 115:
        return -1
    if _get(parts, 8) - event != 1 or _byte(event) != 101:
        return -1
    now_us = _id_us(_get(parts, 1), _get(parts, 2))
    if now_us < 0 or not _members(_get(parts, 9), _get(parts, 10), fields):
        return -1
    if not _rest_fits(fields) or not _prices_fit(fields):
        return -1
    odd = _oddities(fields)
    if odd < 0 or _get(fields, _KIND + _TS) != _TEXT:
        return -1
    ts_us = _time_us(_get(fields, _START + _TS), _get(fields, _STOP + _TS))
    if as_recorded:
        now_us = ts_us
    if ts_us < 0 or ts_us - now_us > REFUSE_AHEAD_US or now_us - ts_us > REFUSE_AGE_US:
        return -1
    if ts_us - now_us > FLAG_AHEAD_US:
        odd |= _AHEAD
    flags = _get(fields, _VALUE + _META) if _get(fields, _KIND + _META) == _OBJECT else 0
    if odd & ~flags:
        return -1
    recv = _get(fields, _KIND + _RECV)
    if recv == _TEXT:
        if _time_us(_get(fields, _START + _RECV), _get(fields, _STOP + _RECV)) < 0:
            return -1
    elif recv != _NULL and recv != _MISSING:
        return -1
    symbol, symbol_stop = _get(fields, _START + _SYMBOL), _get(fields, _STOP + _SYMBOL)
    return ts_us if _same_place(_get(parts, 5), _get(parts, 6), symbol, symbol_stop) else -1


@compiled
def consume(
    buf: Bytes,
    end: int,
    state: Integers,
    symbols: Symbols,
    out: Bytes,
    counts: Integers,
    row_ms: Integers,
    as_recorded: bool,
) -> int:
    """Turn the complete entries in ``buf[state[POS]:end]`` into rows of ``out``, counted in ``counts``.

    ``state`` is carried from call to call, see its indices above; ``row_ms`` gets each row's stream time in
    milliseconds, ``counts[symbol, source]`` how many rows were made. ``as_recorded``: ages are not judged.
    Comes back with DONE (the reply's last entry was taken), NEED_INPUT, NEED_OUTPUT (``out`` is short), SLOW (the entry
    [POS, ENTRY_END) is the slow twin's; the caller moves POS and REMAINING), OTHER_DATE (the same, because its trade
    date is not the table's) or BROKEN (no RESP). ``row_ms`` must have room for all entries of the reply; ``buf`` and
    ``out`` are longer than what is used of them by
    at least :data:`SLACK`.
    """
    fields_memory = np.zeros(4 * _FIELDS, np.int64)
    parts_memory = np.zeros(11, np.int64)
    fields, parts = int(np.int64(fields_memory.ctypes.data)), int(np.int64(parts_memory.ctypes.data))
    base, out_base = int(np.int64(buf.ctypes.data)), int(np.int64(out.ctypes.data))
    slots, texts = int(np.int64(symbols.slots.ctypes.data)), int(np.int64(symbols.texts.ctypes.data))
    lengths, keys = int(np.int64(symbols.lengths.ctypes.data)), int(np.int64(symbols.keys.ctypes.data))
    dates = int(np.int64(symbols.dates.ctypes.data))
    width, date_width = symbols.texts.shape[1], symbols.dates.shape[1]
    mask = len(symbols.slots) - 1
    while state[REMAINING] > 0:
        at = int(base + state[POS])
        stop = _entry(at, int(base + end), parts)
        if stop <= 0:
            return NEED_INPUT if stop == 0 else BROKEN
        state[ENTRY_END] = stop - base
        ts_us = _event(parts, fields, as_recorded)
        if ts_us < 0:
            return SLOW
        source = _source(_get(fields, _START + _SOURCE), _get(fields, _STOP + _SOURCE))
        symbol = _find_symbol(
            _get(fields, _START + _SYMBOL), _get(fields, _STOP + _SYMBOL), slots, mask, texts, width, lengths
        )
        if symbol < 0 or source < 0:
            return SLOW
        group = symbols.group_of[symbol]
        if ts_us < symbols.spans[group, 0] or ts_us >= symbols.spans[group, 1]:
            return OTHER_DATE
        if len(out) - state[OUT] < stop - at + _ROW_OVERHEAD:
            return NEED_OUTPUT
        row = out_base + state[OUT]
        state[OUT] = _put_row(_get(parts, 1), _get(parts, 2), fields, dates + group * date_width, keys, row) - out_base
        row_ms[state[ROWS]] = _id_us(_get(parts, 1), _get(parts, 2)) // 1000
        counts[symbol, source] += 1
        state[ROWS] += 1
        state[MIN_TS] = min(state[MIN_TS], ts_us)
        state[MAX_TS] = max(state[MAX_TS], ts_us)
        state[POS] = stop - base
        state[REMAINING] -= 1
    return DONE


def warm() -> None:
    """Compile, or load from the cache, by one call on nothing."""
    empty, numbers = np.zeros(SLACK, np.uint8), np.zeros(STATE_SIZE, np.int64)
    counts = np.zeros((1, len(SOURCE_NAMES)), np.int64)
    consume(empty, 0, numbers, symbols_table({"ES": "cme_equity"}, 0), empty, counts, numbers, False)
