"""The rows of a file as text and their hash, compiled: reads Arrow's buffers, makes no Python object of a value.

Its slow twin is ``lines.py``, and the rule between them is: **what this file is not sure of, the twin decides** (floats
that are no whole millionths, a type that no file has). ``tests/unit/lake/test_line_kernel.py`` holds the two equal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from thor.lake.lines import field, lines
from thor.runtime.compiled import compiled, in_llvm

Integers = NDArray[np.int64]

#: Rows that are made into text at a time.
_ROWS: Final = 4_096

# --- what is known of a column: a row of a table of integers; addresses are of its buffers ---------------------------
_KIND, _VALUES, _VALID, _FIRST, _DATA, _COLUMN_SIZE = 0, 1, 2, 3, 4, 5
#: The kinds. MILLIONTHS: of an Arrow decimal, 16 bytes each; POINTS: whole millionths that stood for a float.
_INTEGER, _MILLIONTHS, _POINTS, _TIME, _DATE, _TEXT, _MADE = 0, 1, 2, 3, 4, 5, 6
#: At most so many bytes each makes, its comma included; a text besides twice its length.
_WIDTHS: Final = {_INTEGER: 21, _MILLIONTHS: 23, _POINTS: 23, _TIME: 40, _DATE: 24, _TEXT: 3, _MADE: 3}
#: A float with more digits before the point may not be said exactly in millionths; a smaller one has an exponent.
_MOST_POINTS, _LEAST_POINTS = 1e9, 1e-4

_COMMA, _QUOTE, _CR, _LF, _MINUS, _POINT, _ZERO = (ord(each) for each in ',"\r\n-.0')


def rows_sha256(batches: Iterable[pa.RecordBatch]) -> str:
    """The same as ``lines.rows_sha256``."""
    digest = hashlib.sha256()
    for batch in batches:
        for text in texts(batch):
            digest.update(text)
    return digest.hexdigest()


def texts(batch: pa.RecordBatch) -> Iterator[memoryview]:
    """The lines of a batch, many at a time. Each piece is to be used before the next is asked for."""
    for start in range(0, batch.num_rows, _ROWS):
        yield _text(batch.slice(start, _ROWS))


def _text(batch: pa.RecordBatch) -> memoryview:
    made = [_column(each) for each in batch.columns]
    if any(each is None for each in made):
        return memoryview(b"".join(lines(batch)))
    held = [each for each in made if each is not None]
    table = np.array([each[0] for each in held], np.int64).reshape(-1, _COLUMN_SIZE)
    out = np.empty(batch.num_rows * (1 + sum(_WIDTHS[kind] for kind in table[:, _KIND])) + _text_bytes(held), np.uint8)
    return out[: _write(table, batch.num_rows, out.ctypes.data)].data


def _text_bytes(held: list[tuple[list[int], pa.Array]]) -> int:
    """Room for all texts with every character a quote."""
    return 2 * sum(pc.sum(pc.binary_length(array)).as_py() or 0 for about, array in held if about[_KIND] >= _TEXT) + 64


def _column(array: pa.Array) -> tuple[list[int], pa.Array] | None:
    """What ``_write`` must know of a column, and the array whose memory that points to; None: the twin's matter."""
    if pa.types.is_float64(array.type):
        return _floats(array)
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    kind = _kind(array.type)
    if kind is None:
        return None
    return _about(kind, array), array


def _kind(of: pa.DataType) -> int | None:
    if of == pa.int64():
        return _INTEGER
    if pa.types.is_decimal128(of) and of.scale == 6 and of.precision <= 18:
        return _MILLIONTHS
    if pa.types.is_timestamp(of) and of.unit == "us" and of.tz == "UTC":
        return _TIME
    return {pa.date32(): _DATE, pa.string(): _TEXT}.get(of)


def _floats(array: pa.Array) -> tuple[list[int], pa.Array]:
    """A column of floats: of those that are whole millionths the shortest text is that of the millionths. A float of
    fewer than 16 digits is told apart from every other by them, and dividing gives the nearest float there is."""
    values = pc.fill_null(array, 0.0).to_numpy(zero_copy_only=False)
    size = np.abs(values)
    with np.errstate(invalid="ignore", over="ignore"):
        whole = np.rint(values * 1e6)
        is_plain = (whole / 1e6 == values) & (size < _MOST_POINTS) & (size >= _LEAST_POINTS)
    if bool(np.all(is_plain | ((values == 0) & ~np.signbit(values)))):
        points = pa.array(whole.astype(np.int64), mask=np.asarray(array.is_null()))
        return _about(_POINTS, points), points
    made = pa.array([None if value is None else field(value) for value in array.to_pylist()], pa.string())
    return _about(_MADE, made), made


def _about(kind: int, array: pa.Array) -> list[int]:
    """A row of the table."""
    valid, values, *data = array.buffers()
    is_there = valid.address if valid is not None and array.null_count else 0
    return [kind, values.address if values else 0, is_there, array.offset, data[0].address if data and data[0] else 0]


# --- compiled -------------------------------------------------------------------------------------------------------


def _pointer(builder: Any, address: Any, bits: int) -> Any:
    return builder.inttoptr(address, ir.IntType(bits).as_pointer())


def _load(bits: int, *, is_signed: bool) -> Any:
    def load(_context: Any, _address: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            value = builder.load(_pointer(builder, args[0], bits), align=1)
            if bits == 64:
                return value
            return (builder.sext if is_signed else builder.zext)(value, ir.IntType(64))

        return types.int64(types.int64), generate

    return load


def _store(bits: int) -> Any:
    def store(_context: Any, _address: Any, _value: Any) -> Any:
        def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            value = args[1] if bits == 64 else builder.trunc(args[1], ir.IntType(bits))
            builder.store(value, _pointer(builder, args[0], bits), align=1)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64), generate

    return store


_byte = in_llvm(_load(8, is_signed=False))
_int32 = in_llvm(_load(32, is_signed=True))
_int64 = in_llvm(_load(64, is_signed=True))
_put = in_llvm(_store(8))
_put64 = in_llvm(_store(64))


@compiled
def _write(table: Integers, rows: int, begin: int) -> int:
    """The lines of all rows from ``begin`` on, where there is room for them. Returns how many bytes they are."""
    at = begin
    day = np.zeros(2, np.int64)
    for row in range(rows):
        for column in range(len(table)):
            if column:
                _put(at, _COMMA)
                at += 1
            place = row + table[column, _FIRST]
            valid = table[column, _VALID]
            if valid == 0 or (_byte(valid + (place >> 3)) >> (place & 7)) & 1:
                at = _value(at, table[column, _KIND], table[column, _VALUES], table[column, _DATA], place, day)
        _put(at, _LF)
        at += 1
    return at - begin


@compiled
def _value(at: int, kind: int, values: int, data: int, place: int, day: Integers) -> int:
    """One value at ``at``; where it ends."""
    if kind == _INTEGER:
        return _integer(at, _int64(values + 8 * place))
    if kind == _MILLIONTHS:
        return _decimal(at, _int64(values + 16 * place))
    if kind == _POINTS:
        return _float(at, _int64(values + 8 * place))
    if kind == _TIME:
        return _time(at, _int64(values + 8 * place), day)
    if kind == _DATE:
        return _date(at, _int32(values + 4 * place))
    start, stop = _int32(values + 4 * place), _int32(values + 4 * place + 4)
    if kind == _MADE:
        return _copy(at, data + start, data + stop)
    return _quoted(at, data + start, data + stop)


@compiled
def _integer(at: int, value: int) -> int:
    if value < 0:
        _put(at, _MINUS)
        at += 1
        if value == -9223372036854775808:  # whose opposite there is not
            at = _digits(at, 922337203685477580)
            _put(at, _ZERO + 8)
            return at + 1
        value = -value
    return _digits(at, value)


@compiled
def _digits(at: int, value: int) -> int:
    """A number that is not negative."""
    if value >= 100_000_000:
        high = value // 100_000_000
        at = _digits_below_1e11(at, high)
        _put64(at, _eight(value - 100_000_000 * high))
        return at + 8
    return _short(at, value)


@compiled
def _digits_below_1e11(at: int, value: int) -> int:
    if value >= 100_000_000:
        high = value // 100_000_000
        at = _short(at, high)
        _put64(at, _eight(value - 100_000_000 * high))
        return at + 8
    return _short(at, value)


@compiled
def _short(at: int, value: int) -> int:
    """A number of up to eight digits."""
    count = 1 + (value >= 10) + (value >= 100) + (value >= 1000)
    if value >= 10_000:
        count = 5 + (value >= 100_000) + (value >= 1_000_000) + (value >= 10_000_000)
    _put64(at, _eight(value) >> (8 * (8 - count)))
    return at + count


@compiled
def _eight(value: int) -> int:
    """Eight digits as the eight bytes of an integer, the first lowest: two of four, four of two, eight of one."""
    high = value // 10_000
    four = high | (value - 10_000 * high) << 32
    upper = (four * 10_486 >> 20) & 0x7F_0000_007F
    two = upper | (four - 100 * upper) << 16
    upper = (two * 103 >> 10) & 0x000F_000F_000F_000F
    return (upper | (two - 10 * upper) << 8) + 0x3030_3030_3030_3030


@compiled
def _two(value: int) -> int:
    """Two digits as two bytes, the first lowest."""
    upper = value * 103 >> 10
    return (upper | (value - 10 * upper) << 8) + 0x3030


@compiled
def _decimal(at: int, millionths: int) -> int:
    """Without trailing zeros."""
    if millionths < 0:
        _put(at, _MINUS)
        at += 1
        millionths = -millionths
    whole = millionths // 1_000_000
    rest = millionths - whole * 1_000_000
    at = _digits(at, whole)
    if rest == 0:
        return at
    _put(at, _POINT)
    _put64(at + 1, _eight(rest * 100))
    at += 7
    while _byte(at - 1) == _ZERO:
        at -= 1
    return at


@compiled
def _float(at: int, millionths: int) -> int:
    """As ``repr`` has it: a whole number with .0"""
    at = _decimal(at, millionths)
    if millionths % 1_000_000 == 0:
        _put(at, _POINT)
        _put(at + 1, _ZERO)
        at += 2
    return at


@compiled
def _date(at: int, days: int) -> int:
    """YYYY-MM-DD of days since 1970, in the Gregorian calendar of years that begin in March."""
    days += 719_468
    era = days // 146_097
    day = days - era * 146_097
    year = (day - day // 1460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5
    month = month + 3 if month < 10 else month - 9
    _put64(at, _eight(year + era * 400 + (month <= 2)) >> 32)
    _put64(at + 4, _MINUS | _two(month) << 8 | _MINUS << 24 | _two(day + 1) << 32)
    return at + 10


@compiled
def _time(at: int, us: int, day: Integers) -> int:
    """``day``: the day that was written last, and where that text is."""
    days = us // 86_400_000_000
    us -= days * 86_400_000_000
    if day[1] and days == day[0]:
        _put64(at, _int64(day[1]))
        _put64(at + 8, _int64(day[1] + 8))
    else:
        _date(at, days)
        _put(at + 10, 84)  # T
        day[0], day[1] = days, at
    seconds = us // 1_000_000
    minutes = seconds // 60
    hours = minutes // 60
    clock = _two(hours) | 58 << 16 | _two(minutes - 60 * hours) << 24 | 58 << 40  # colons
    _put64(at + 11, clock | _two(seconds - 60 * minutes) << 48)
    _put(at + 19, _POINT)
    _put64(at + 20, _eight((us - seconds * 1_000_000) * 100))
    _put(at + 26, 90)  # Z
    return at + 27


@compiled
def _quoted(at: int, start: int, stop: int) -> int:
    """A text, in quotes where it needs them."""
    needs = start == stop
    place = start
    while place < stop and not needs:
        byte = _byte(place)
        needs = byte in (_COMMA, _QUOTE, _LF, _CR)
        place += 1
    if not needs:
        return _copy(at, start, stop)
    _put(at, _QUOTE)
    at += 1
    for place in range(start, stop):
        byte = _byte(place)
        _put(at, byte)
        at += 1
        if byte == _QUOTE:
            _put(at, byte)
            at += 1
    _put(at, _QUOTE)
    return at + 1


@compiled
def _copy(at: int, start: int, stop: int) -> int:
    """As it is; all but the last bytes eight at a time."""
    while start + 8 <= stop:
        _put64(at, _int64(start))
        at += 8
        start += 8
    while start < stop:
        _put(at, _byte(start))
        at += 1
        start += 1
    return at
