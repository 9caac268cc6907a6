"""A sheet of rows as an Excel workbook, written while the rows come: no row is kept. Text is never a formula."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from enum import Enum
from typing import IO, Any, Final

import xlsxwriter

#: No text of a document may hold these.
_UNWRITABLE: Final = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])


class Column(Enum):
    """What the text of a column's cells means. ``TIME``: ISO 8601 UTC."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"


def write_workbook(out: IO[bytes], columns: Sequence[tuple[str, Column]], rows: Iterable[Sequence[str]]) -> None:
    """Rows of text, empty is no value, as a workbook of one sheet. ``out`` need not be a file that can be sought in."""
    with xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("market opens")
        sheet.freeze_panes(1, 0)
        writers = _writers(book, sheet)
        for place, (name, _) in enumerate(columns):
            sheet.write_string(0, place, name)
        kinds = [writers[kind] for _, kind in columns]
        for number, row in enumerate(rows, start=1):
            for place, (value, write) in enumerate(zip(row, kinds, strict=True)):
                if value:
                    write(number, place, value)


def _writers(book: Any, sheet: Any) -> dict[Column, Callable[[int, int, str], None]]:
    day, instant = (book.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss.000"))
    return {
        Column.TEXT: lambda row, place, value: sheet.write_string(row, place, value.translate(_UNWRITABLE)),
        Column.NUMBER: lambda row, place, value: sheet.write_number(row, place, float(value)),
        Column.DATE: lambda row, place, value: sheet.write_datetime(row, place, date.fromisoformat(value), day),
        Column.TIME: lambda row, place, value: sheet.write_datetime(row, place, _instant(value), instant),
    }


def _instant(value: str) -> datetime:
    """A sheet knows no zones: it is UTC."""
    return datetime.fromisoformat(value).replace(tzinfo=None)
