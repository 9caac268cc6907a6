"""Ticks of two sources as one: a file's and PostgreSQL's, where neither has all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa

from thor.lake import columns
from thor.lake.numbers import indices
from thor.lake.ticks_source import by_arrival, times_us

_NEVER: Final = np.iinfo(np.int64).max


def as_ticks(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Rows of a file of whatever version with the columns of now: what it has not is null."""
    arrays = [
        rows.column(field.name).cast(field.type) if field.name in rows.schema.names else pa.nulls(len(rows), field.type)
        for field in columns.TICKS
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=columns.TICKS)


def merged(first: Iterable[pa.RecordBatch], second: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """All rows of two sources of one symbol that are each by time, then arrival, in that order; of equal keys (time,
    source, seq) those of ``first``. Holds a batch or two of each."""
    one, other = _Ahead(first), _Ahead(second)
    while one.rows is not None or other.rows is not None:
        until_us = min(one.complete_until_us, other.complete_until_us)
        ours, theirs = one.take(until_us), other.take(until_us)
        if len(ours) or len(theirs):
            yield _together(ours, theirs)
        for each in (one, other):
            if each.complete_until_us <= until_us:
                each.read_on()


class _Ahead:
    """Rows that were read and not given out. ``complete_until_us``: more may come from that time on."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._batches = (each for each in batches if len(each))
        self.rows: pa.RecordBatch | None = None
        self.complete_until_us = 0
        self.read_on()

    def read_on(self) -> None:
        more = next(self._batches, None)
        if more is None:
            self.complete_until_us = _NEVER
            return
        self.rows = more if self.rows is None else pa.concat_batches([self.rows, more])
        self.complete_until_us = int(times_us(more)[-1])

    def take(self, until_us: int) -> pa.RecordBatch:
        """The rows before a time."""
        if self.rows is None:
            return _nothing()
        cut = len(self.rows) if until_us == _NEVER else int(np.searchsorted(times_us(self.rows), until_us))
        taken, rest = self.rows.slice(0, cut), self.rows.slice(cut)
        self.rows = rest if len(rest) else None
        return taken


def _nothing() -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.nulls(0, kind) for kind in columns.TICKS.types], schema=columns.TICKS)


def _together(ours: pa.RecordBatch, theirs: pa.RecordBatch) -> pa.RecordBatch:
    rows = pa.concat_batches([ours, _without(theirs, ours)])
    return by_arrival(rows.take(indices(np.argsort(times_us(rows), kind="stable"))))


def _without(rows: pa.RecordBatch, others: pa.RecordBatch) -> pa.RecordBatch:
    """Those whose key none of the others has."""
    mine, theirs = times_us(rows), times_us(others)
    near = np.flatnonzero(np.isin(mine, theirs))
    taken = set(_keys(others.take(indices(np.flatnonzero(np.isin(theirs, mine))))))
    is_new = np.ones(len(rows), bool)
    is_new[near] = [key not in taken for key in _keys(rows.take(indices(near)))]
    return rows.take(indices(np.flatnonzero(is_new)))


def _keys(rows: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
    found = [times_us(rows).tolist(), *(rows.column(name).to_pylist() for name in ("source", "seq"))]
    return zip(*found, strict=True)
