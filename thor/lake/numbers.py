"""Between Arrow and NumPy without a detour: pyarrow's own ways bring all of pandas into the process, 40 MiB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Integers = NDArray[np.int64]


def integers(column: pa.Array, if_null: int = 0) -> Integers:
    """The values of a column of 64-bit integers or times."""
    values: Integers = np.frombuffer(column.buffers()[1] or b"", np.int64)[column.offset : column.offset + len(column)]
    return np.where(is_valid(column), values, if_null) if column.null_count else values


def is_valid(column: pa.Array) -> NDArray[np.bool_]:
    """Where it is not null."""
    bits: NDArray[Any] = np.frombuffer(pc.is_valid(column).buffers()[1], np.uint8)
    return np.unpackbits(bits, count=len(column), bitorder="little").astype(np.bool_)


def indices(values: NDArray[Any]) -> pa.Array:
    """Places as ``take`` wants them."""
    whole = np.ascontiguousarray(values, np.int64)
    return pa.Array.from_buffers(pa.int64(), len(whole), [None, pa.py_buffer(whole)])


def repeated(text: str, count: int) -> pa.Array:
    """The same text so many times."""
    raw = text.encode()
    offsets = np.arange(count + 1, dtype=np.int32) * len(raw)
    return pa.Array.from_buffers(pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(raw * count)])


def strings(texts: Sequence[str]) -> pa.Array:
    """Texts, none of them null."""
    raw = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, raw)], dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(raw), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(raw))])


def text_bytes(texts: pa.Array) -> memoryview:
    """What all of them are in memory, one after the other."""
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)
    return memoryview(data)[ends[texts.offset] : ends[texts.offset + len(texts)]]
