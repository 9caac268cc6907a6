"""The thinkorswim sheet: from cells to numbers (SPEC 4). A rule file: cells come in as Python values.

A cell that holds no number where one belongs (``#N/A``, ``loading``, empty, text) is null and counted; only a sheet
that cannot be understood at all is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

MAX_WHOLE: Final = Decimal(10) ** 12
MAX_FRACTION_DIGITS: Final = 6
#: Binary floats hold 15 sound decimal digits; what stands beyond the sixth place is noise of Excel's arithmetic.
_PLACES: Final = Decimal(1).scaleb(-MAX_FRACTION_DIGITS)
#: A title may stand above the header row, not a page of text.
HEADER_SEARCH_ROWS: Final = 10
#: How COM gives Excel's error cells: #NULL! #DIV/0! #VALUE! #REF! #NAME? #NUM! #N/A and its newer kin.
COM_ERRORS: Final = frozenset(range(-2146826288, -2146826239))

SYMBOL: Final = "symbol"
PRICE_COLUMNS: Final = (
    "last", "bid", "ask", "open", "close", "change", "high", "low", "high52w", "low52w", "settlement",
)  # fmt: skip
SIZE_COLUMNS: Final = ("last_size", "bid_size", "ask_size", "volume")
#: Header spellings, compared without case, spaces and underscores -> column.
HEADERS: Final = {
    "symbol": SYMBOL,
    "last": "last",
    "bid": "bid",
    "ask": "ask",
    "open": "open",
    "close": "close",
    "prevclose": "close",
    "previousclose": "close",
    "netchange": "change",
    "netchng": "change",
    "24high": "high",
    "worldhigh": "high",
    "24low": "low",
    "worldlow": "low",
    "52wkhigh": "high52w",
    "52wklow": "low52w",
    "settlement": "settlement",
    "lastsize": "last_size",
    "bidsize": "bid_size",
    "asksize": "ask_size",
    "volume": "volume",
}

_THIRTY_SECONDS: Final = re.compile(r"([+-]?)(\d{1,6})['-](\d\d)([05+])?", re.ASCII)


class SheetError(ValueError):
    """A sheet that cannot be read at all; one line: what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One instrument's row. ``symbol`` as the sheet spells it; ``prices`` and ``sizes`` by column, null where the cell
    holds no number; ``odd_cells`` how many of those there are."""

    symbol: str
    prices: dict[str, Decimal | None] = field(default_factory=dict)
    sizes: dict[str, int | None] = field(default_factory=dict)
    odd_cells: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """All rows of one look at the sheet. ``notices``: one line for each row that was left out."""

    rows: tuple[SheetRow, ...]
    notices: tuple[str, ...] = ()


def read_sheet(cells: Sequence[Sequence[object]], in_thirty_seconds: Callable[[str], bool]) -> Reading:
    """The rows of a sheet given as rows of cells. Raises :class:`SheetError`.

    ``in_thirty_seconds`` says of a symbol, as spelled in the sheet, whether its prices may be written in 32nds.
    """
    at, columns = _header(cells)
    rows: dict[str, SheetRow] = {}
    notices = []
    for number, line in enumerate(cells[at + 1 :], start=at + 2):
        raw = line[columns[SYMBOL]] if columns[SYMBOL] < len(line) else None
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            continue
        if not isinstance(raw, str) or raw.strip().startswith("#"):
            notices.append(f"row {number} has no symbol but {_short(raw)}: the row is left out")
        elif raw.strip() in rows:
            notices.append(f"row {number} repeats {raw.strip()}: the first row is used")
        else:
            symbol = raw.strip()
            rows[symbol] = _row(symbol, line, columns, in_thirty_seconds(symbol))
    if not rows:
        raise SheetError("the sheet has no row under its header: give one row per instrument, its symbol in Symbol")
    return Reading(tuple(rows.values()), tuple(notices))


def _header(cells: Sequence[Sequence[object]]) -> tuple[int, dict[str, int]]:
    """The header's row index and column -> cell index."""
    for at, line in enumerate(cells[:HEADER_SEARCH_ROWS]):
        names = [_squeezed(cell) for cell in line]
        if SYMBOL in names:
            return at, _columns(names)
    raise SheetError(
        f"no cell of the first {HEADER_SEARCH_ROWS} rows reads Symbol: check the sheet name and the range, "
        "and that the header row is in it"
    )


def _columns(names: Sequence[str]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for index, name in enumerate(names):
        column = HEADERS.get(name)
        if column is None:
            continue
        if column in columns:
            raise SheetError(
                f"columns {_letter(columns[column])} and {_letter(index)} both hold {_title(column)}: "
                "remove or rename one of the two headers"
            )
        columns[column] = index
    if not columns.keys() & {"last", "bid", "ask"}:
        raise SheetError("the header row has none of Last, Bid and Ask: a quote needs one of them, add the column")
    return columns


def _row(symbol: str, line: Sequence[object], columns: dict[str, int], thirty_seconds: bool) -> SheetRow:
    def cell(column: str) -> object:
        return line[columns[column]] if columns[column] < len(line) else None

    prices: dict[str, Decimal | None] = {
        column: price(cell(column), thirty_seconds) for column in PRICE_COLUMNS if column in columns
    }
    sizes: dict[str, int | None] = {column: size(cell(column)) for column in SIZE_COLUMNS if column in columns}
    odd = sum(value is None for value in (*prices.values(), *sizes.values()))
    return SheetRow(symbol, prices, sizes, odd)


def price(cell: object, thirty_seconds: bool = False) -> Decimal | None:
    """A price cell as Decimal, or None. Floats by their shortest spelling (0.1 is 0.1), at most 6 places."""
    if isinstance(cell, str):
        return _from_thirty_seconds(cell.strip()) if thirty_seconds else None
    number = _number(cell)
    if number is None or abs(number) >= MAX_WHOLE:
        return None
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > MAX_FRACTION_DIGITS:
        number = _plain(number.quantize(_PLACES))
    return number


def size(cell: object) -> int | None:
    """A size cell as a whole number of 0 or more, or None."""
    number = _number(cell)
    if number is None or number < 0 or number != int(number) or number >= 2**63:
        return None
    return int(number)


def _number(cell: object) -> Decimal | None:
    if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal):
        return None
    if isinstance(cell, int):
        return None if cell in COM_ERRORS else Decimal(cell)
    if isinstance(cell, float):
        # xlwings gives every number as a float: 5342.0 is the 5342 that openpyxl gives.
        cell = Decimal(int(cell)) if cell.is_integer() else Decimal(repr(cell))
        if cell in COM_ERRORS:
            return None
    return cell if cell.is_finite() else None


def _from_thirty_seconds(text: str) -> Decimal | None:
    """``118'16`` and ``118-16`` are 118 16/32, ``118'165`` and ``118'16+`` 118 16.5/32. Quarters of a 32nd have seven
    decimal places, which no stored price holds, and are no tick of a 30-year bond: None."""
    match = _THIRTY_SECONDS.fullmatch(text)
    if match is None or int(match[3]) > 31:
        return None
    sign, whole, part, half = match.groups()
    halves = 2 * int(part) + (half in ("5", "+"))
    value = Decimal(int(whole)) + Decimal(halves) / 64
    return -value if sign == "-" else value


def _plain(number: Decimal) -> Decimal:
    """Without trailing noughts behind the point, and never with an exponent above 0."""
    short = number.normalize()
    exponent = short.as_tuple().exponent
    return short.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else short


def _squeezed(cell: object) -> str:
    return re.sub(r"[\s_]+", "", str(cell)).casefold() if isinstance(cell, str) else ""


def _letter(index: int) -> str:
    """Column index -> Excel's letters: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


_TITLES: Final = {"high": "24High (or World High)", "low": "24Low (or World Low)", "change": "NetChange"}


def _title(column: str) -> str:
    return _TITLES.get(column, column.replace("_", " "))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 30 else text[:27] + "..."
