"""Rows of recordings as COPY text: the fast way over columns and the slow way over rows say the same."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thor.history.recording import Row
from thor.lake.tick_lines import COLUMNS, FastLines, Given, Lines, Made, SlowLines
from thor.markets.trade_date import DEFAULT_GROUP

START_US = 1_381_104_000_000_000  # 2013-10-07 00:00 UTC
GIVEN = Given({"ES": DEFAULT_GROUP, "GC": "cme_metals_energy", "DX": "ice_dx"}, 100, "REPLAY", START_US + 10**15)
TEXT = ("symbol", "contract", "event", "venue", "condition", "source")


def frame(rows: list[dict[str, Any]], numbers: pl.DataType | type[pl.DataType] = pl.Float64) -> pl.DataFrame:
    """Rows as a slice; prices and sizes in columns of a type."""
    schema: dict[str, Any] = dict.fromkeys(COLUMNS, numbers)
    schema |= dict.fromkeys(TEXT, pl.String) | dict.fromkeys(("ts_us", "place", "part", "row"), pl.Int64)
    full = [
        {**dict.fromkeys(COLUMNS), "symbol": "ES", "ts_us": START_US + place, "place": place, "part": 0,
         "row": place + 1, **row} for place, row in enumerate(rows)
    ]  # fmt: skip
    if numbers is pl.String:
        full = [{name: _text(name, value) for name, value in row.items()} for row in full]
    return pl.DataFrame(full, schema=schema, strict=False)


def _text(name: str, value: Any) -> Any:
    is_number = name not in (*TEXT, "ts_us", "place", "part", "row")
    return str(value) if is_number and value is not None else value


def both(frame: pl.DataFrame, cut: int = 0) -> tuple[Made, FastLines]:
    """What both ways make of a frame, cut into two slices, if it is the same."""
    slow, fast = SlowLines(GIVEN), FastLines(GIVEN)
    pieces = [frame[:cut], frame[cut:]] if cut else [frame]
    expected = [slow.make(piece) for piece in pieces]
    found = [fast.make(piece) for piece in pieces]
    assert found == expected
    lines = [line for each in found for line in each.lines]
    return Made(lines, [refusal for each in found for refusal in each.refusals]), fast


def text(lines: list[Lines]) -> list[str]:
    return b"".join(each.data for each in lines).decode().splitlines()


def test_columns_are_those_of_a_row_and_where_it_stands() -> None:
    assert (*Row._fields, "vendor_seq", "part", "row") == COLUMNS


def test_a_snapshot_is_a_line_with_the_digits_that_it_has() -> None:
    made, fast = both(frame([{"last": 1676.5, "bid": 1676.25, "ask": 1676, "last_size": 9, "venue": "CME"}]))
    assert text(made.lines) == [
        "ES\t2013-10-07T00:00:00.000000Z\t1676.5\t1676.25\t1676\t9\t\\N\t\\N\t\\N\tREPLAY\t\\N\tCME\t100\t2013-10-07\t\\N"
        '\t{"meta":{"crossed":true}}'
    ]
    assert fast.slow_slices == 0


def test_events_carry_on_what_was_said_before_over_slices() -> None:
    rows = [
        {"event": "quote", "bid": 10, "bid_size": 3, "ask": 11, "ask_size": 4, "contract": "ESZ13"},
        {"event": "trade", "last": 10.5, "last_size": 2, "contract": "ESZ13"},
        {"event": "trade", "last": 7, "contract": "ESH14"},
        {"event": "quote", "bid": 9, "contract": "ESZ13"},
        {"event": "quote", "ask_size": 8, "contract": "ESZ13"},
    ]
    made, fast = both(frame(rows), cut=3)
    parts = [line.split("\t") for line in text(made.lines)]
    assert [part[2:8] for part in parts] == [
        ["\\N", "10", "11", "\\N", "3", "4"],
        ["10.5", "10", "11", "2", "3", "4"],
        ["7", "\\N", "\\N", "\\N", "\\N", "\\N"],
        ["10.5", "9", "11", "2", "\\N", "4"],
        ["10.5", "9", "11", "2", "\\N", "8"],
    ]
    assert fast.slow_slices == 0


def test_odd_slices_go_the_slow_way_and_lose_nothing_of_the_books() -> None:
    rows: list[dict[str, Any]] = [
        {"event": "trade", "last": 5.5, "last_size": 1},
        {"event": "quote", "bid": 5.25},
        {"event": "quote", "bid": "oops"},
        {"event": "quote", "ask": 6},
    ]
    made, fast = both(frame(rows, pl.String), cut=2)
    assert fast.slow_slices == 1
    assert [each.row for each in made.refusals] == [3]
    assert text(made.lines)[-1].split("\t")[2:5] == ["5.5", "5.25", "6"]


def test_unknown_symbols_are_refused_one_by_one_the_fast_way() -> None:
    made, fast = both(frame([{"symbol": "AIG", "last": 1}, {"last": 2}, {"symbol": "SPY", "last": 3}]))
    assert [(each.row, str(each.reason)) for each in made.refusals] == [(1, "unknown_symbol"), (3, "unknown_symbol")]
    assert len(text(made.lines)) == 1
    assert fast.slow_slices == 0


def test_a_batch_reaches_over_no_more_weeks_than_it_has_rows_in() -> None:
    year_us = 365 * 86_400 * 10**6
    made, _ = both(frame([{"last": 1}, {"last": 2}, {"last": 3, "ts_us": START_US + year_us}]))
    assert [len(each.rows) for each in made.lines] == [2, 1]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"last": 1, "ts_us": None}, "bad_time"),
        ({"last": 1, "ts_us": -1}, "bad_time"),
        ({"last": 1, "ts_us": START_US + 10**15 + 10**9}, "too_far_ahead"),
        ({"bid_size": 1}, "no_price"),
        ({"last": 1.0000001}, "out_of_range"),
        ({"last": 1e13}, "out_of_range"),
        ({"last": 1, "last_size": -1}, "negative_size"),
        ({"last": 1, "last_size": 1.5}, "wrong_type"),
        ({"last": 1, "source": "CQG"}, "unknown_source"),
        ({"last": 1, "venue": "A\tB"}, "control_character"),
        ({"last": 1, "symbol": "../x"}, "bad_symbol"),
    ],
)
def test_what_is_refused_and_why(row: dict[str, Any], reason: str) -> None:
    made, _ = both(frame([row, {"last": 2}]))
    assert [str(each.reason) for each in made.refusals] == [reason]
    assert len(text(made.lines)) == 1


_PRICES = st.one_of(
    st.none(), st.integers(-3, 3), st.floats(-10, 10).map(lambda x: round(x, 4)),
    st.sampled_from([0.1, 1 / 32, -37.63, 1e-6, 1e12, 999_999_999_999.5, 123456.123456, 5e-7, 1e15]),
)  # fmt: skip
_SIZES = st.one_of(st.none(), st.integers(-1, 5), st.sampled_from([2.0, 2.5, 2**53, 2**60]))
_ROWS = st.fixed_dictionaries(
    {
        "symbol": st.sampled_from(["ES", "/ES:XCME", "GCZ13", "GC", "DX", "AIG"]),
        "contract": st.sampled_from([None, None, "GCZ13", 'a"b']),
        "event": st.sampled_from([None, "trade", "quote", "snapshot"]),
        "venue": st.sampled_from([None, "CME", "back\\slash", "É"]),
        "source": st.sampled_from([None, "TOS", "EXCEL", ""]),
        "last": _PRICES, "bid": _PRICES, "ask": _PRICES, "close": st.sampled_from([None] * 9 + [1.5]),
        "last_size": _SIZES, "bid_size": _SIZES, "ask_size": _SIZES, "volume": _SIZES,
        "seq": st.sampled_from([None, None, 7, 8]), "vendor_seq": st.sampled_from([None, 9]),
    }
)  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(st.lists(_ROWS, min_size=1, max_size=12), st.integers(0, 12), st.sampled_from([pl.Float64, pl.String]))
def test_both_ways_are_equal(rows: list[dict[str, Any]], cut: int, numbers: Any) -> None:
    both(frame(rows, numbers), min(cut, len(rows) - 1))


_CLEAN = st.fixed_dictionaries(
    {
        "symbol": st.sampled_from(["ES", "GCZ13", "GC", "AIG"]),
        "event": st.sampled_from([None, "trade", "quote"]),
        "last": st.sampled_from([None, 1, 2.5]), "bid": st.sampled_from([None, 0, 2.25]), "ask": st.just(1.75),
        "last_size": st.sampled_from([None, 1]), "bid_size": st.sampled_from([None, 3]),
        "ask_size": st.sampled_from([None, 0]),
    }
)  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(st.lists(_CLEAN, min_size=1, max_size=12), st.integers(0, 12))
def test_clean_slices_never_go_the_slow_way(rows: list[dict[str, Any]], cut: int) -> None:
    _, fast = both(frame(rows), min(cut, len(rows) - 1))
    assert fast.slow_slices == 0
