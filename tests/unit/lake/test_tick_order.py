"""Ticks by time, then arrival, whatever the batches they come in; and two sources as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from thor.lake import columns
from thor.lake.tick_merge import merged
from thor.lake.ticks_source import in_order

Row = dict[str, Any]

IDS = st.none() | st.just("strange") | st.tuples(st.integers(8, 11), st.integers(8, 11)).map(lambda n: f"{n[0]}-{n[1]}")
ROWS = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from("AB"), st.none() | st.integers(0, 12), IDS),
    max_size=25,
    unique_by=lambda row: row[:3],
)  # fmt: skip
SIZES = st.lists(st.integers(0, 6), min_size=30, max_size=30)


def place(row: Row) -> tuple[Any, ...]:
    """The order of a file, in the plainest words."""
    ms, _, number = (row["stream_id"] or "").partition("-")
    arrived = (0, int(ms), int(number)) if number else (1, 0, 0)
    return row["ts"], arrived, row["seq"] is None, row["seq"] or 0, row["source"]


def of_key(row: Row) -> tuple[Any, ...]:
    """The order of the table's key, which is how the database gives rows."""
    return row["ts"], row["source"], row["seq"] is None, row["seq"] or 0


def rows_of(drawn: Sequence[tuple[Any, ...]], **more: str) -> list[Row]:
    return [dict(zip(("ts", "source", "seq", "stream_id"), row, strict=True)) | more for row in drawn]


def batches(rows: Sequence[Row], sizes: Sequence[int]) -> Iterator[pa.RecordBatch]:
    at = 0
    for size in [*sizes, len(rows)]:
        some = rows[at : at + size]
        at += size
        yield pa.RecordBatch.from_pydict(
            {name: [row.get(name) for row in some] for name in columns.TICKS.names}, schema=columns.TICKS
        )


def told(found: Iterator[pa.RecordBatch]) -> list[Row]:
    names = ["ts", "source", "seq", "stream_id", "venue"]
    return [
        row | {"ts": row["ts"].microsecond} for batch in found for row in batch.select(names).to_pylist()
    ]  # fmt: skip


@settings(max_examples=40)
@given(ROWS, SIZES)
def test_those_of_the_same_time_come_as_they_arrived(drawn: list[tuple[Any, ...]], sizes: list[int]) -> None:
    rows = rows_of(drawn, venue="x")
    found = in_order(batches(sorted(rows, key=of_key), sizes))
    assert told(found) == sorted(rows, key=place)


@settings(max_examples=40)
@given(ROWS, ROWS, SIZES)
def test_two_sources_are_one_and_of_equal_keys_the_first_counts(
    first: list[tuple[Any, ...]], second: list[tuple[Any, ...]], sizes: list[int]
) -> None:
    ours, theirs = rows_of(first, venue="first"), rows_of(second, venue="second")
    all_of_it = {of_key(row): row for row in theirs} | {of_key(row): row for row in ours}
    found = merged(
        batches(sorted(ours, key=place), sizes), batches(sorted(theirs, key=place), list(reversed(sizes)))
    )  # fmt: skip
    assert told(found) == sorted(all_of_it.values(), key=place)
