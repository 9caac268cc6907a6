"""The rows of a tick file as text, and the hash that stands for them (SPEC 11). The slow twin of ``line_kernel.py``.

``thor.sha256`` is SHA-256 of the rows as lines of CSV (RFC 4180, lines end with LF, no header), in file order, columns
in schema order: a null is nothing, times are ``2025-10-09T13:30:00.123456Z``, prices have no trailing zeros, a text is
in quotes where it holds a comma, a quote, CR or LF, or is empty. Anyone can make it with a csv module.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from thor.runtime.decimals import plain

_TIME: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


def lines(batch: pa.RecordBatch) -> Iterator[bytes]:
    """The rows of a batch, one line each."""
    for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
        yield ",".join(map(field, row)).encode() + b"\n"


def rows_sha256(batches: Iterable[pa.RecordBatch]) -> str:
    """The hash of all rows, hexadecimal."""
    digest = hashlib.sha256()
    for batch in batches:
        for line in lines(batch):
            digest.update(line)
    return digest.hexdigest()


def field(value: Any) -> str:
    """A value as a line has it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime(_TIME)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return plain(value) if value else "0"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if not text or any(each in text for each in ',"\r\n') else text
