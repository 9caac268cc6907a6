"""The cells of the thinkorswim sheet, one by one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thor.quotes.providers.excel import in_thirty_seconds, row_quote
from thor.vendors.excel.sheet import SheetError, price, read_sheet, size

HEADER = [
    "Symbol", "Close", "Open", "NetChange", "24High", "24Low", "52WkHigh", "52WkLow", "Volume", "Bid", "Last", "Ask",
    "BidSize", "AskSize",
]  # fmt: skip
ES = ["/ES:XCME", 6700.25, 6701, 19.25, 6725.5, 6690, 6900, 4800.75, 1_234_567, 6719.25, 6719.5, 6719.75, 12, 7]


def read(*rows: list[Any]) -> Any:
    return read_sheet(rows, in_thirty_seconds)


def test_a_row_of_the_specified_layout() -> None:
    (row,) = read(HEADER, ES).rows
    assert row.symbol == "/ES:XCME"
    assert row.odd_cells == 0
    assert row.prices == {
        "last": Decimal("6719.5"), "bid": Decimal("6719.25"), "ask": Decimal("6719.75"), "open": Decimal(6701),
        "close": Decimal("6700.25"), "change": Decimal("19.25"), "high": Decimal("6725.5"), "low": Decimal(6690),
        "high52w": Decimal(6900), "low52w": Decimal("4800.75"),
    }  # fmt: skip
    assert row.sizes == {"bid_size": 12, "ask_size": 7, "volume": 1_234_567}


def test_the_quote_of_a_row() -> None:
    (row,) = read(HEADER, ["/ESZ26:XCME", *ES[1:]]).rows
    quote = row_quote(row, 1_795_000_000_000_000)
    assert (quote.symbol, quote.source, quote.ts_us) == ("ES", "TOS", 1_795_000_000_000_000)
    assert quote.meta == {"ts_kind": "received", "contract": "ESZ26"}
    assert quote.extra == {"high52w": Decimal(6900), "low52w": Decimal("4800.75")}
    assert (quote.close, quote.high, quote.change) == (Decimal("6700.25"), Decimal("6725.5"), Decimal("19.25"))


@pytest.mark.parametrize("spelling", ["24High", "World High", "worldhigh", " 24 HIGH ", "24_high"])
def test_headers_are_found_by_name_in_any_case_and_order(spelling: str) -> None:
    (row,) = read([" ask ", spelling, "SYMBOL", "Bid Size"], [2, 5, "ES", 3]).rows
    assert row.prices == {"ask": Decimal(2), "high": Decimal(5)}
    assert row.sizes == {"bid_size": 3}


def test_a_title_may_stand_above_and_notes_beside() -> None:
    (row,) = read(["My quotes", None], [], ["Symbol", "Last", "Note"], ["ES", 1, "hello"]).rows
    assert row.prices == {"last": Decimal(1)}


@pytest.mark.parametrize(
    "cell", ["#N/A", "loading", "", None, "n/a", "abc", "6719.5", True, float("nan"), float("inf")]
)
def test_a_cell_without_a_number_is_null_and_counted(cell: object) -> None:
    (row,) = read(["Symbol", "Last", "Bid", "BidSize"], ["ES", cell, 5, cell]).rows
    assert row.prices == {"last": None, "bid": Decimal(5)}
    assert row.sizes == {"bid_size": None}
    assert row.odd_cells == 2


@pytest.mark.parametrize("code", [-2146826246, -2146826246.0, -2146826281, -2146826273])
def test_an_error_cell_over_com_is_no_price(code: float) -> None:
    assert price(code) is None
    assert size(code) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("118'16", "118.5"), ("118-16", "118.5"), ("118'165", "118.515625"), ("118'16+", "118.515625"),
        ("118'160", "118.5"), ("118'00", "118"), ("118'31", "118.96875"), ("-0'05", "-0.15625"),
        (" 118'01 ", "118.03125"),
    ],
)  # fmt: skip
def test_32nds(text: str, value: str) -> None:
    assert price(text, True) == Decimal(value)


@pytest.mark.parametrize(
    "text", ["118'32", "118'162", "118'167", "118'1", "118'", "'16", "118'16'1", "1 18'16", "٣'16"]
)
def test_what_is_no_32nd_is_null(text: str) -> None:
    assert price(text, True) is None


def test_only_bonds_are_written_in_32nds() -> None:
    reading = read(["Symbol", "Last"], ["30YrBond", "118'16"], ["/ZBZ26:XCBT", "118-16"], ["ES", "118'16"])
    assert [row.prices["last"] for row in reading.rows] == [Decimal("118.5"), Decimal("118.5"), None]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (0.1, "0.1"), (6719.0, "6719"), (6719, "6719"), (0.1 + 0.2, "0.3"), (1e-7, "0"), (118.515625, "118.515625"),
        (-37.63, "-37.63"), (100.0, "100"), (1234.5678901, "1234.56789"), (Decimal("5342.00"), "5342.00"),
    ],
)  # fmt: skip
def test_floats_by_their_shortest_spelling(cell: float, value: str) -> None:
    found = price(cell)
    assert found is not None
    assert str(found) == value


@pytest.mark.parametrize("cell", [1e12, -1e12, 1e300, 10**12])
def test_a_number_that_no_quote_holds_is_null(cell: float) -> None:
    assert price(cell) is None


@given(st.decimals(min_value=-99999, max_value=99999, places=6))
def test_a_price_survives_the_float_of_its_cell(value: Decimal) -> None:
    assert price(float(value)) == value


@pytest.mark.parametrize(("cell", "value"), [(12, 12), (12.0, 12), (0, 0), (12.5, None), (-1, None), (1e30, None)])
def test_sizes_are_whole(cell: float, value: int | None) -> None:
    assert size(cell) == value


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([["Last", "Bid"], [1, 2]], "reads Symbol"),
        ([], "reads Symbol"),
        ([["Symbol", "Last", "Last"], ["ES", 1, 2]], "columns B and C both hold last"),
        ([["Symbol", "24High", "World High", "Last"], ["ES", 1, 2, 3]], "columns B and C both hold 24High"),
        ([["Symbol", "Open"], ["ES", 1]], "none of Last, Bid and Ask"),
        ([["Symbol", "Last"]], "no row under its header"),
        ([["Symbol", "Last"], [None, 1], ["  ", 2]], "no row under its header"),
    ],
)
def test_a_sheet_that_cannot_be_understood_is_one_line(rows: list[list[object]], words: str) -> None:
    with pytest.raises(SheetError) as caught:
        read(*rows)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_odd_rows_are_left_out_with_a_notice() -> None:
    reading = read(["Symbol", "Last"], [5, 1], ["#N/A", 1], ["ES", 2], ["ES", 3], ["YM"])
    assert [(row.symbol, row.prices["last"]) for row in reading.rows] == [("ES", Decimal(2)), ("YM", None)]
    assert [notice[:5] for notice in reading.notices] == ["row 2", "row 3", "row 5"]


@given(
    st.lists(st.lists(st.one_of(st.none(), st.text(max_size=8), st.floats(), st.integers(), st.booleans()), max_size=6))
)
def test_any_cells_give_rows_or_one_line(rows: list[list[object]]) -> None:
    try:
        reading = read(["Symbol", "Last", "BidSize"], *rows)
    except SheetError as error:
        assert "\n" not in str(error)
        return
    for row in reading.rows:
        for value in row.prices.values():
            assert value is None or (value.is_finite() and -value.as_tuple().exponent <= 6)  # type: ignore[operator]
