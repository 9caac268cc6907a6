"""Bars in SQL: DuckDB's answer to ``sql/bars.sql`` is the kernel's."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.lake.bar_twins import OPEN, SESSION, day_of, kernels_suspects, rows, table_of
from thor.instruments.instrument import BY_SYMBOL
from thor.lake.bar_table import What, make_bars
from thor.lake.layout import WIDTH_US, Timeframe
from thor.lake.queries import query


def near(value: object) -> object:
    """Averages come out of sums in another order."""
    return pytest.approx(value, rel=1e-9) if isinstance(value, float) else value


@given(st.lists(st.integers(0, 2**31), max_size=80), st.sampled_from([0, 61_000_000]), st.sampled_from([0, 7]))
@settings(max_examples=5, deadline=None)
def test_the_bars_of_sql_are_the_kernels(numbers: list[int], first: int, before: int) -> None:
    ticks = [tick._replace(source="TOS") for tick in day_of(first, numbers)]
    facts = BY_SYMBOL["ES"]
    made = make_bars(table_of(ticks).to_batches(), What("ES", SESSION, facts, None, before), tuple(Timeframe))
    judged = table_of(ticks).append_column("suspect", pa.array(kernels_suspects(ticks, facts), pa.bool_()))
    with duckdb.connect() as connection:
        connection.register("judged", judged.append_column("place", pa.array(range(len(ticks)), pa.int64())))
        for timeframe in (Timeframe.SECOND, Timeframe.FIVE_MINUTES, Timeframe.DAY):
            given_ = {
                "ticks": "judged", "open_us": OPEN, "before": before,
                "seen": bool(ticks) and ticks[0].ts <= OPEN + 60_000_000,
                "width_us": 0 if timeframe is Timeframe.DAY else WIDTH_US[timeframe],
            }  # fmt: skip
            found = connection.execute(query("bars"), given_)
            names = [each[0] for each in found.description or ()]
            told = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
            assert told == [{name: near(row[name]) for name in names} for row in rows(made.bars[timeframe])]
