"""The rows of a file as text and their hash, by Arrow's own compiled functions: a column at a time, then joined.

Its slow twin is ``lines.py``, and the rule between them is: **what this file is not sure of, the twin decides** (a type
that no file has). ``tests/unit/lake/test_line_kernel.py`` holds the two equal.

A kernel of our own was three times as fast, and took 100 MiB of memory and a compilation at the first export (ADR 24).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from thor.lake.lines import field, lines
from thor.lake.numbers import integers, repeated, strings, text_bytes

#: Rows that are made into text at a time.
_ROWS: Final = 8_192
_SAMPLE: Final = 128
_NOTHING, _ZULU, _END, _COMMA, _QUOTE = (repeated(each, 1)[0] for each in ("", "Z", "\n", ",", '"'))
#: Bytes for which a text is put in quotes: comma, quote, CR, LF.
_ODD: Final = np.isin(np.arange(256), [44, 34, 13, 10])


def rows_sha256(batches: Iterable[pa.RecordBatch]) -> str:
    """The same as ``lines.rows_sha256``."""
    digest = hashlib.sha256()
    for batch in batches:
        for text in texts(batch):
            digest.update(text)
    return digest.hexdigest()


def texts(batch: pa.RecordBatch) -> Iterator[memoryview]:
    """The lines of a batch, many at a time."""
    for start in range(0, batch.num_rows, _ROWS):
        yield _lines(batch.slice(start, _ROWS))


def _lines(rows: pa.RecordBatch) -> memoryview:
    *before, last = (_column(each) for each in rows.columns)
    if last is None or None in before:
        return memoryview(b"".join(lines(rows)))
    ended = _joined(last if isinstance(last, pa.Array) else repeated("", rows.num_rows), _END, _NOTHING)
    return text_bytes(_joined(*before, ended, _COMMA))


def _joined(*pieces: Any) -> pa.Array:
    """Texts, null where there is nothing, with the last of ``pieces`` between."""
    return pc.binary_join_element_wise(*pieces, null_handling="replace", null_replacement="")


def _column(array: pa.Array) -> pa.Array | pa.Scalar | None:
    """A column as texts; None: the twin's matter."""
    if array.null_count == len(array):
        return _NOTHING
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    make = _MAKERS.get(array.type)
    return make(array) if make else None


def _plain(array: pa.Array) -> pa.Array:
    return array.cast(pa.string())


def _price(array: pa.Array) -> pa.Array:
    """Few prices are of many rows: each is made once."""
    once = array.dictionary_encode()
    made = pc.utf8_rtrim(pc.utf8_rtrim(once.dictionary.cast(pa.string()), "0"), ".")
    return made.take(once.indices)


def _float(array: pa.Array) -> pa.Array:
    """As Python writes it: the shortest text that gives the same number."""
    once = array.dictionary_encode()
    return strings([field(value) for value in once.dictionary.to_pylist()]).take(once.indices)


def _time(array: pa.Array) -> pa.Array:
    """``2025-10-09 13:30:00.123456`` with T and Z. Rows of one transaction have one time of storing, made once."""
    if _repeats(array):
        once = array.dictionary_encode()
        return _iso(once.dictionary).take(once.indices)
    return _iso(array)


def _iso(times: pa.Array) -> pa.Array:
    naive = times.cast(pa.timestamp("us")).cast(pa.string())
    return pc.binary_join_element_wise(pc.binary_replace_slice(naive, 10, 11, "T"), _ZULU, _NOTHING)


def _repeats(array: pa.Array) -> bool:
    """Whether its first values are mostly the same."""
    some = integers(array.slice(0, _SAMPLE))
    return bool(np.count_nonzero(np.diff(some)) < len(some) // 4)


def _text(array: pa.Array) -> pa.Array:
    """In quotes where it holds what would end it, or nothing."""
    raw = np.frombuffer(text_bytes(array), np.uint8)
    if not _ODD[raw].any() and not _has_empty(array):
        return array
    quoted = pc.binary_join_element_wise(_QUOTE, pc.replace_substring(array, '"', '""'), _QUOTE, _NOTHING)
    needs = pc.match_substring_regex(array, '^$|[,"\r\n]')
    return pc.if_else(needs, quoted, array)


def _has_empty(array: pa.Array) -> bool:
    return bool(pc.min(pc.binary_length(array)).as_py() == 0)


_MAKERS: Final[dict[pa.DataType, Callable[[pa.Array], pa.Array]]] = {
    pa.string(): _text,
    pa.int64(): _plain,
    pa.date32(): _plain,
    pa.float64(): _float,
    pa.decimal128(18, 6): _price,
    pa.timestamp("us", tz="UTC"): _time,
}
