"""A saved workbook through openpyxl: the cells as Excel last stored them. Works wherever Python does."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from thor.vendors.excel.sheet import SheetError

#: What openpyxl raises over a file that is half saved, damaged, protected or something else altogether: it trusts what
#: it reads, so that the error depends on where the damage lies.
DAMAGE = (
    BadZipFile, InvalidFileException, zlib.error, AttributeError, EOFError, LookupError, NotImplementedError, OSError,
    RuntimeError, SyntaxError, TypeError, ValueError,
)  # fmt: skip
#: A quote sheet has a dozen rows; whoever points at a ledger of a million gets its head.
MAX_ROWS = 2000
MAX_COLUMNS = 256


@dataclass(frozen=True, slots=True)
class Stamp:
    """What changes when a file is saved, also by Excel's way of writing a new file and renaming it over the old."""

    modified_ns: int
    size: int
    inode: int


def stamp(path: Path) -> Stamp:
    """The file's stamp. Raises :class:`SheetError` in one line."""
    try:
        status = path.stat()
    except FileNotFoundError:
        raise SheetError(f"{path} does not exist: save the workbook there, or set EXCEL_DATA_FILE") from None
    except OSError as error:
        raise SheetError(
            f"{path} cannot be looked at ({error.strerror}): check its rights and EXCEL_DATA_FILE"
        ) from None
    return Stamp(status.st_mtime_ns, status.st_size, status.st_ino)


def read_cells(path: Path, sheet_name: str) -> list[tuple[object, ...]]:
    """The cells of a sheet, row by row. Raises :class:`SheetError` in one line.

    The bytes are read in one go, so that Excel is not kept from saving while they are understood.
    """
    try:
        content = path.read_bytes()
    except PermissionError:
        raise SheetError(
            f"{path} is locked by another program or not readable: save a copy, or mend its rights"
        ) from None
    except OSError as error:
        raise SheetError(f"{path} cannot be read ({error.strerror or error}): check EXCEL_DATA_FILE") from None
    try:
        workbook = load_workbook(BytesIO(content), read_only=True, data_only=True)
    except DAMAGE as error:
        raise SheetError(
            f"{path} is no whole .xlsx or .xlsm workbook ({_first_line(error)}): save it again in Excel, "
            "without a password"
        ) from None
    try:
        if sheet_name not in workbook.sheetnames:
            names = ", ".join(workbook.sheetnames)
            raise SheetError(f"{path.name} has no sheet {sheet_name!r} but {names}: set EXCEL_SHEET_NAME")
        sheet = workbook[sheet_name]
        rows = sheet.iter_rows(max_row=MAX_ROWS, max_col=MAX_COLUMNS, values_only=True)
        return [tuple(row) for row in rows]
    except SheetError:
        raise
    except DAMAGE as error:
        raise SheetError(f"{path} is damaged ({_first_line(error)}): save it again in Excel") from None
    finally:
        workbook.close()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
