"""The compiled lines are those of the slow twin, whatever the values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thor.lake import columns, line_kernel, lines

_EDGES = (0, 1, -1, 10**12 * 10**6 - 1, -(10**12 * 10**6) + 1, 1_000_000, 31_250, 999_999)
PRICES = st.sampled_from(_EDGES) | st.integers(-(10**18) + 1, 10**18 - 1)
TEXTS = st.sampled_from(["", ",", '"', '""', "\r\n", '{"a": "b,c"}', "Zürich", "\U0001f4c8"]) | st.text(max_size=20)
INTEGERS = st.sampled_from([0, 9, 10, 2**63 - 1, -(2**63)]) | st.integers(-(2**63), 2**63 - 1)
FLOATS = st.integers(-(10**14), 10**14).map(lambda n: n / 1e6) | st.floats(allow_nan=False)
PLAIN_FLOATS = st.sampled_from([0.0, 5342.25, 0.03125, 1e-4, 999_999_999.999999, -2.5])
TIMES = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)).map(  # noqa: DTZ001
    lambda at: at.replace(tzinfo=UTC)
)
KINDS: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (columns.PRICE, PRICES.map(lambda n: Decimal(n).scaleb(-6))),
    (pa.string(), TEXTS),
    (pa.int64(), INTEGERS),
    (pa.float64(), FLOATS),
    (pa.float64(), PLAIN_FLOATS),
    (columns.TIME, TIMES),
    (pa.date32(), st.dates(date(1000, 1, 1))),
    (pa.dictionary(pa.int32(), pa.string()), TEXTS),
]


@st.composite
def batches(draw: st.DrawFn) -> pa.RecordBatch:
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=5))
    rows = draw(st.integers(0, 12))
    arrays = [
        pa.array(draw(st.lists(st.none() | values, min_size=rows, max_size=rows)), kind) for kind, values in kinds
    ]
    return pa.RecordBatch.from_arrays(arrays, [str(n) for n in range(len(arrays))])


@settings(max_examples=60)
@given(batches(), st.integers(0, 3))
def test_the_text_is_the_slow_twins(batch: pa.RecordBatch, start: int) -> None:
    part = batch.slice(min(start, batch.num_rows))
    assert b"".join(map(bytes, line_kernel.texts(part))) == b"".join(lines.lines(part))


def test_a_kind_that_no_file_has_is_the_twins_matter() -> None:
    batch = pa.RecordBatch.from_pydict({"is_so": [True, None], "n": pa.array([1, 2], pa.int32())})
    assert b"".join(map(bytes, line_kernel.texts(batch))) == b"True,1\n,2\n"


@pytest.mark.parametrize("rows", [1, 16_384, 40_000])
def test_the_hash_is_the_slow_twins_over_pieces_and_batches(rows: int) -> None:
    batch = pa.RecordBatch.from_pydict({"n": pa.array(range(rows)), "t": pa.array(["a,b"] * rows)})
    parts = [batch.slice(0, 7), batch.slice(7)]
    assert line_kernel.rows_sha256(parts) == lines.rows_sha256([batch])
