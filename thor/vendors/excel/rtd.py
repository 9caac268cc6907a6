"""A workbook in a running Excel through xlwings: the thinkorswim RTD cells as they are now (Windows and macOS)."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol, cast

from thor.vendors.excel.sheet import SheetError

_PLATFORM: Final[str] = sys.platform


class LiveWorkbook(Protocol):
    """The few members of an xlwings ``Book`` that Thor uses; tests give a stand-in."""

    @property
    def sheets(self) -> Any: ...


def open_workbook(path: Path, require_open: bool) -> LiveWorkbook:
    """The workbook in the running Excel. With ``require_open`` it must be open already, else Excel opens it.

    Raises :class:`SheetError` in one line, also where there is no Excel.
    """
    if _PLATFORM not in ("win32", "darwin"):
        raise SheetError(
            "excel_live needs Microsoft Excel on Windows or macOS: run the collector there, "
            "or set DATA_PROVIDER=excel_file to read the saved workbook"
        )
    try:
        xlwings = import_module("xlwings")
    except ImportError:
        raise SheetError("excel_live needs xlwings: install it with `uv sync --extra excel`") from None
    if _PLATFORM == "win32":
        import_module("pythoncom").CoInitialize()  # COM is opened per thread, and each collector has its own
    try:
        for app in xlwings.apps:
            for book in app.books:
                if same_workbook(book.fullname, path):
                    return cast("LiveWorkbook", book)
        if require_open:
            raise SheetError(
                f"{path.name} is not open in Excel: open it, or set EXCEL_LIVE_REQUIRE_OPEN=0 to have it opened"
            )
        return cast("LiveWorkbook", xlwings.Book(str(path)))
    except excel_errors() as error:
        raise SheetError(f"Excel does not give {path.name} ({_first_line(error)}): is Excel running?") from None


def read_range(workbook: LiveWorkbook, sheet_name: str, address: str) -> list[list[object]]:
    """The cells of a range in one call, row by row. Raises :class:`SheetError` in one line.

    A call per cell would take Excel seconds; a range of one row or column comes back flat and is folded here.
    """
    try:
        names = [sheet.name for sheet in workbook.sheets]
        if sheet_name not in names:
            raise SheetError(f"the workbook has no sheet {sheet_name!r} but {', '.join(names)}: set EXCEL_SHEET_NAME")
        block = workbook.sheets[sheet_name].range(address)
        value = block.value
    except excel_errors() as error:
        raise SheetError(
            f"Excel does not give {sheet_name}!{address} ({_first_line(error)}): is the workbook open, and no cell "
            "being edited? Check EXCEL_LIVE_RANGE"
        ) from None
    if not isinstance(value, list):
        return [[value]]
    if value and not isinstance(value[0], list):
        raise SheetError(
            f"EXCEL_LIVE_RANGE {address} is a single row or column: it must hold the header row and the rows"
        )
    return value


def same_workbook(fullname: str, path: Path) -> bool:
    """Excel's full name of an open book names this file. Windows compares without case; a book on OneDrive calls itself
    by a URL, so the file name alone then decides."""
    name = fullname.replace("\\", "/")
    wanted = str(path).replace("\\", "/")
    if "://" in name:
        return name.rpartition("/")[2].casefold() == path.name.casefold()
    return name.casefold() == wanted.casefold()


def excel_errors() -> tuple[type[Exception], ...]:
    """What xlwings raises when Excel is gone, busy or asked for what is not there; depends on the platform."""
    found: tuple[type[Exception], ...] = (AttributeError, KeyError, OSError)
    if _PLATFORM == "win32":
        found += (import_module("pywintypes").com_error,)
    elif _PLATFORM == "darwin":
        found += (import_module("appscript.reference").CommandError,)
    return found


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
