"""The saved workbook and the live one as sources: what is read again, what is said when they cannot be read."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from thor.quotes.provider import ProviderSettings, SourceLostError
from thor.quotes.providers.excel import ExcelFileProvider, ExcelLiveProvider
from thor.quotes.quote import Quote
from thor.runtime.fakes import FixedClock
from thor.vendors.excel import rtd

HEADER = ["Symbol", "Last", "Bid", "Ask"]
ROWS: list[list[Any]] = [HEADER, ["ES", 10.25, 10, 10.5], ["/ZB:XCBT", "118'16", 118, None]]


def save(path: Path, rows: list[list[Any]], title: str = "LiveData") -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    book.save(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tos.xlsx"


@pytest.fixture
def provider(path: Path) -> ExcelFileProvider:
    return ExcelFileProvider(ProviderSettings(excel_data_file=path), FixedClock())


def poll(provider: ExcelFileProvider | ExcelLiveProvider) -> list[Quote]:
    provider.connect()
    return list(provider.poll())  # type: ignore[arg-type]


def test_rows_come_in_the_sheets_order(provider: ExcelFileProvider, path: Path) -> None:
    save(path, ROWS)
    es, zb = poll(provider)
    assert (es.symbol, es.last, es.meta) == ("ES", Decimal("10.25"), {"ts_kind": "received"})
    assert (zb.symbol, zb.last, zb.bid, zb.ask) == ("ZB", Decimal("118.5"), Decimal(118), None)


def test_an_unchanged_file_is_not_read_again(
    provider: ExcelFileProvider, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(path, ROWS)
    poll(provider)
    monkeypatch.setattr(Path, "read_bytes", lambda _path: pytest.fail("read again"))
    assert poll(provider) == []


def test_a_row_that_lost_its_prices_is_no_quote_and_comes_back(provider: ExcelFileProvider, path: Path) -> None:
    save(path, ROWS)
    poll(provider)
    save(path, [HEADER, ["ES", "#N/A", "loading", None], ROWS[2]])
    assert poll(provider) == []
    assert provider.health().null_cells == 1 + 3
    save(path, ROWS)
    assert [quote.symbol for quote in poll(provider)] == ["ES"]


def test_one_field_that_became_unknown_is_published_as_null(provider: ExcelFileProvider, path: Path) -> None:
    save(path, ROWS)
    poll(provider)
    save(path, [HEADER, ["ES", 10.25, None, 10.5], ROWS[2]])
    (quote,) = poll(provider)
    assert (quote.last, quote.bid, quote.ask) == (Decimal("10.25"), None, Decimal("10.5"))


def test_odd_symbols_are_a_notice(provider: ExcelFileProvider, path: Path) -> None:
    save(path, [HEADER, ["E S!", 1, 1, 1], ["ES", 2, 2, 2], ["/ESZ26:XCME", 3, 3, 3]])
    assert [quote.last for quote in poll(provider)] == [Decimal(2)]
    notice = provider.health().notice
    assert "'E S!' is no symbol" in notice
    assert "row /ESZ26:XCME is ES once more" in notice
    assert provider.health().errors == 2


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half saved", b"Symbol,Last\nES,1\n"])
def test_what_is_no_whole_workbook_is_one_line(provider: ExcelFileProvider, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(SourceLostError, match=r"is no whole \.xlsx or \.xlsm workbook") as caught:
        poll(provider)
    assert "\n" not in str(caught.value)


def test_every_cut_of_a_workbook_is_one_line(provider: ExcelFileProvider, path: Path) -> None:
    save(path, ROWS)
    whole = path.read_bytes()
    for cut in range(0, len(whole), 97):
        path.write_bytes(whole[:cut])
        with pytest.raises(SourceLostError):
            poll(provider)
    path.write_bytes(whole)
    assert len(poll(provider)) == 2


def test_a_damaged_workbook_is_one_line(provider: ExcelFileProvider, path: Path) -> None:
    save(path, ROWS)
    whole = bytearray(path.read_bytes())
    for at in range(40, len(whole), 61):
        broken = bytearray(whole)
        broken[at] ^= 0xFF
        path.write_bytes(broken)
        try:
            poll(provider)
        except SourceLostError as error:
            assert "\n" not in str(error)


def test_a_wrong_sheet_names_those_there_are(provider: ExcelFileProvider, path: Path) -> None:
    save(path, ROWS, title="Quotes")
    with pytest.raises(SourceLostError, match=r"no sheet 'LiveData' but Quotes: set EXCEL_SHEET_NAME"):
        poll(provider)


def test_a_missing_file_says_which_setting(provider: ExcelFileProvider) -> None:
    with pytest.raises(SourceLostError, match="does not exist: save the workbook there, or set EXCEL_DATA_FILE"):
        provider.connect()


def test_a_locked_file_is_one_line(provider: ExcelFileProvider, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(path, ROWS)

    def locked(_path: Path) -> bytes:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(Path, "read_bytes", locked)
    with pytest.raises(SourceLostError, match="locked by another program"):
        poll(provider)


class _Range:
    def __init__(self, value: object) -> None:
        self.value = value


class _Sheet:
    name = "LiveData"

    def __init__(self, value: object) -> None:
        self._value = value
        self.reads = 0

    def range(self, address: str) -> _Range:
        assert address == "A1:N13"
        self.reads += 1
        return _Range(self._value)


class _Sheets(dict[str, _Sheet]):
    def __iter__(self) -> Any:
        return iter(self.values())


class _Book:
    def __init__(self, value: object) -> None:
        self.sheets = _Sheets(LiveData=_Sheet(value))


def live(value: object, monkeypatch: pytest.MonkeyPatch) -> tuple[ExcelLiveProvider, _Book]:
    book = _Book(value)
    monkeypatch.setattr(ExcelLiveProvider, "open_workbook", staticmethod(lambda _path, _open: book))
    return ExcelLiveProvider(ProviderSettings(excel_data_file=Path("tos.xlsx")), FixedClock()), book


def test_one_range_read_per_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    provider, book = live([["Symbol", "Last"], ["ES", 10.0], ["YM", -2146826246]], monkeypatch)
    assert [(quote.symbol, quote.last) for quote in poll(provider)] == [("ES", Decimal(10))]
    assert book.sheets["LiveData"].reads == 1


@pytest.mark.parametrize("value", [["Symbol", "Last"], "Symbol", None])
def test_a_range_too_small_is_one_line(value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    provider, _ = live(value, monkeypatch)
    with pytest.raises(SourceLostError, match=r"EXCEL_LIVE_RANGE|none of Last|reads Symbol"):
        poll(provider)


def test_a_wrong_sheet_of_a_live_book_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    provider, book = live([["Symbol", "Last"], ["ES", 1.0]], monkeypatch)
    book.sheets["LiveData"].name = "Quotes"  # type: ignore[misc]
    with pytest.raises(SourceLostError, match="no sheet 'LiveData' but Quotes"):
        poll(provider)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="Excel may be installed here")
def test_where_there_is_no_excel_it_says_what_to_do() -> None:
    provider = ExcelLiveProvider(ProviderSettings(excel_data_file=Path("tos.xlsx")), FixedClock())
    with pytest.raises(SourceLostError) as caught:
        provider.connect()
    assert "needs Microsoft Excel on Windows or macOS" in str(caught.value)
    assert "DATA_PROVIDER=excel_file" in str(caught.value)


@pytest.mark.parametrize(
    ("fullname", "same"),
    [
        ("C:\\Data\\TOS.xlsx", True), ("c:/data/tos.xlsx", True), ("https://d.docs.live.net/x/tos.xlsx", True),
        ("C:\\Other\\tos.xlsx", False), ("https://d.docs.live.net/x/other.xlsx", False),
    ],
)  # fmt: skip
def test_an_open_book_is_known_by_its_name(fullname: str, same: bool) -> None:
    assert rtd.same_workbook(fullname, Path("C:/Data/tos.xlsx")) is same
