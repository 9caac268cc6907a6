"""A sheet of rows as an Excel workbook, written while the rows come: no row is kept. Text is never a formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import IO, Final
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

_EPOCH: Final = datetime(1899, 12, 30, tzinfo=UTC)
_DAY_SECONDS: Final = 86_400
_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATED: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_CONTENT: Final = "http://schemas.openxmlformats.org/package/2006/content-types"
#: No text of a document may hold these.
_UNWRITABLE: Final = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])
_PARTS: Final = {
    "[Content_Types].xml": f'<Types xmlns="{_CONTENT}">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}">'
    f'<Relationship Id="rId1" Type="{_RELATED}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATED}">'
    '<sheets><sheet name="market opens" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">'
    f'<Relationship Id="rId1" Type="{_RELATED}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_RELATED}/styles" Target="styles.xml"/></Relationships>',
    # Style 1 is a date, 2 an instant.
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><numFmts count="2">'
    '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd hh:mm:ss.000"/></numFmts>'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}


class Column(Enum):
    """What the text of a column's cells means. ``TIME``: ISO 8601 UTC."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"


def write_workbook(out: IO[bytes], columns: Sequence[tuple[str, Column]], rows: Iterable[Sequence[str]]) -> None:
    """Rows of text, empty is no value, as a workbook of one sheet. ``out`` need not be a file that can be sought in."""
    kinds = [kind for _, kind in columns]
    with ZipFile(out, "w", ZIP_DEFLATED, compresslevel=4) as package:
        for name, text in _PARTS.items():
            package.writestr(name, _XML + text)
        with package.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(
                f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
                '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
                "</sheetView></sheetViews><sheetData>".encode()
            )
            sheet.write(_row([name for name, _ in columns], [Column.TEXT] * len(columns)))
            for row in rows:
                sheet.write(_row(row, kinds))
            sheet.write(b"</sheetData></worksheet>")


def _row(values: Sequence[str], kinds: Sequence[Column]) -> bytes:
    return f"<row>{''.join(map(_cell, values, kinds))}</row>".encode()


def _cell(value: str, kind: Column) -> str:
    # An empty cell keeps the place of those behind it.
    if not value:
        return "<c/>"
    if kind is Column.NUMBER:
        return f"<c><v>{value}</v></c>"
    if kind is Column.TEXT:
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value.translate(_UNWRITABLE))}</t></is></c>'
    if kind is Column.DATE:
        return f'<c s="1"><v>{_serial(datetime.combine(date.fromisoformat(value), time(), UTC))}</v></c>'
    return f'<c s="2"><v>{_serial(datetime.fromisoformat(value))}</v></c>'


def _serial(at: datetime) -> str:
    """Days since the epoch of spreadsheets."""
    return repr((at - _EPOCH).total_seconds() / _DAY_SECONDS)
