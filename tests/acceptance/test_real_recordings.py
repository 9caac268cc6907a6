"""The main job on real input: recordings of a real exchange go through the bus into ``ticks``, row for row.

The files are read a second time here by other code (polars expressions), and compared with what PostgreSQL holds.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest

from tests.support import run_thor

COLUMNS = ("last", "last_size", "bid", "bid_size", "ask", "ask_size")


def stored(url: str) -> pl.DataFrame:
    """The ticks in order of ``seq``, prices as text so that no digit is lost."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT seq, last::text, last_size, bid::text, bid_size, ask::text, ask_size,"
            " extra->'meta'->>'recorded_ts' AS recorded_ts FROM ticks ORDER BY seq"
        ).fetchall()
    schema = {
        "seq": pl.Int64, "last": pl.String, "last_size": pl.Int64, "bid": pl.String, "bid_size": pl.Int64,
        "ask": pl.String, "ask_size": pl.Int64, "recorded_ts": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def decimals(column: pl.Series) -> list[Decimal | None]:
    return [None if value is None else Decimal(str(value)) for value in column.to_list()]


@pytest.mark.parametrize(
    ("name", "rows", "traded"),
    [("esh24_l1_20231225", 28_412, 9_892), ("es_trades_20130903", 444_201, 1_655_449)],
)
def test_every_row_of_a_real_recording_is_stored_once_with_its_values(
    shared_data: Path, fresh_thor: dict[str, str], name: str, rows: int, traded: int
) -> None:
    path = shared_data / "ticks" / f"{name}.parquet"
    run_thor(fresh_thor, "replay", "--file", str(path), "--speed", "max")
    run_thor(fresh_thor, "redis_to_postgres", "--once", "--batch-size", "5000")

    ticks = stored(fresh_thor["DATABASE_URL"])
    file = pl.read_parquet(path)
    assert len(ticks) == len(file) == rows
    assert ticks["seq"].is_unique().all()

    # Every value the file states stands in the tick of the same place; what a row leaves open was carried forward.
    for column in COLUMNS:
        said = decimals(file[column])
        held = decimals(ticks[column])
        wrong = [(n, s, h) for n, (s, h) in enumerate(zip(said, held, strict=True)) if s is not None and s != h]
        assert wrong[:3] == [], column
    times = file["ts"].dt.truncate("1us").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_list()
    assert ticks["recorded_ts"].to_list() == times

    # The sums over the rows that state a trade or a side, on both ends.
    trades = file.with_row_index().filter(pl.col("event") == "trade")
    at = trades["index"].to_list()
    assert sum(ticks["last_size"].gather(at)) == trades["last_size"].sum() == traded
    assert total(ticks["last"].gather(at)) == total(trades["last"])
    for side in ("bid", "ask"):
        there = file.with_row_index().filter(pl.col(side).is_not_null())
        assert total(ticks[side].gather(there["index"].to_list())) == total(there[side])


def total(column: pl.Series) -> Decimal:
    return sum((value for value in decimals(column) if value is not None), Decimal(0))


def test_a_file_of_symbols_that_are_no_instruments_is_refused_in_one_line(
    shared_data: Path, fresh_thor: dict[str, str]
) -> None:
    path = shared_data / "ticks" / "snapshots_20131008.parquet"
    done: Any = run_thor(fresh_thor, "replay", "--file", str(path), "--speed", "max", check=False)
    assert done.returncode == 2
    assert "AIG" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
