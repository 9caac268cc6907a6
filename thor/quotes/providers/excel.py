"""The thinkorswim sheet as a source, from a saved workbook or from a running Excel: one parser, source TOS.

RTD has no times: ``ts`` is the time of receipt and says so. Only rows that changed are published; fields that changed
one by one between two polls come out as one quote.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import ClassVar, Final

from thor.instruments.instrument import BY_SYMBOL
from thor.instruments.symbol import SymbolError, canonical
from thor.quotes.provider import (
    Event,
    Provider,
    ProviderConfigError,
    ProviderHealth,
    ProviderSettings,
    SourceLostError,
)
from thor.quotes.quote import Quote
from thor.runtime.clock import Clock
from thor.vendors.excel import rtd, saved
from thor.vendors.excel.sheet import Reading, SheetError, SheetRow, read_sheet

#: The product group whose prices a sheet may spell in 32nds.
_THIRTY_SECONDS_GROUP: Final = "cbot_rates"


class _SheetProvider(Provider):
    """What both readers share: rows to quotes, changes only, odd cells counted."""

    source = "TOS"
    #: Looking at a file or an open workbook again costs nothing.
    max_backoff_seconds = 5.0

    def __init__(self, settings: ProviderSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        if settings.excel_data_file is None:
            raise ProviderConfigError(
                f"DATA_PROVIDER={self.name} needs EXCEL_DATA_FILE: give the path of the thinkorswim workbook."
            )
        self.path = settings.excel_data_file
        self._seen: dict[str, Quote] = {}
        self._null_cells = 0
        self._errors = 0
        self._notices: tuple[str, ...] = ()

    @abstractmethod
    def _read(self) -> Reading | None:
        """The sheet as it is now; None when it cannot have changed. Raises :class:`SheetError`."""

    def poll(self) -> Sequence[Event]:
        try:
            reading = self._read()
        except SheetError as error:
            raise SourceLostError(str(error)) from error
        if reading is None:
            return ()
        now_us = self.clock.now_us()
        notices = list(reading.notices)
        seen: dict[str, Quote] = {}
        changed = []
        for row in reading.rows:
            try:
                quote = row_quote(row, now_us)
            except SymbolError as error:
                notices.append(str(error))
                continue
            if quote.symbol in seen:
                notices.append(f"row {row.symbol} is {quote.symbol} once more: the first row is used")
                continue
            seen[quote.symbol] = quote
            if self._is_news(quote):
                self._null_cells += row.odd_cells
                changed.append(quote)
        self._seen = seen
        if tuple(notices) != self._notices:
            self._notices = tuple(notices)
            self._errors += len(notices)
        return [quote for quote in changed if has_price(quote)]

    def _is_news(self, quote: Quote) -> bool:
        """The row is wanted and differs from what the last poll saw."""
        if self.settings.symbols and quote.symbol not in self.settings.symbols:
            return False
        before = self._seen.get(quote.symbol)
        return before is None or values(before) != values(quote)

    def health(self) -> ProviderHealth:
        return ProviderHealth(self._null_cells, self._errors, "; ".join(self._notices[:3]))


class ExcelFileProvider(_SheetProvider):
    """The sheet of a saved .xlsx or .xlsm, read again when the file changed."""

    name: ClassVar[str] = "excel_file"
    poll_seconds = 0.25

    def __init__(self, settings: ProviderSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._stamp: saved.Stamp | None = None

    def connect(self) -> None:
        try:
            saved.stamp(self.path)
        except SheetError as error:
            raise SourceLostError(str(error)) from error

    def _read(self) -> Reading | None:
        # The stamp is taken before the bytes: a save in between is then seen at the next poll.
        found = saved.stamp(self.path)
        if found == self._stamp:
            return None
        reading = read_sheet(saved.read_cells(self.path, self.settings.excel_sheet_name), in_thirty_seconds)
        self._stamp = found
        return reading

    def close(self) -> None:
        self._stamp = None


class ExcelLiveProvider(_SheetProvider):
    """The sheet of a workbook in a running Excel: one bulk range read per poll."""

    name: ClassVar[str] = "excel_live"
    #: Excel hands RTD updates to its cells every two seconds unless told otherwise; asking oftener finds them sooner.
    poll_seconds = 0.2

    #: Replaced by a stand-in in tests.
    open_workbook: ClassVar[Callable[..., rtd.LiveWorkbook]] = staticmethod(rtd.open_workbook)

    def __init__(self, settings: ProviderSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._workbook: rtd.LiveWorkbook | None = None

    def connect(self) -> None:
        try:
            self._workbook = self.open_workbook(self.path, self.settings.excel_live_require_open)
        except SheetError as error:
            raise SourceLostError(str(error)) from error

    def _read(self) -> Reading | None:
        if self._workbook is None:
            raise SheetError("the workbook is not open: connect first")
        cells = rtd.read_range(self._workbook, self.settings.excel_sheet_name, self.settings.excel_live_range)
        return read_sheet(cells, in_thirty_seconds)

    def close(self) -> None:
        self._workbook = None  # the workbook is the user's: it stays open


def in_thirty_seconds(raw_symbol: str) -> bool:
    """The symbol is one whose prices a sheet may spell as 118'16."""
    try:
        facts = BY_SYMBOL.get(canonical(raw_symbol).symbol)
    except SymbolError:
        return False
    return facts is not None and facts.group == _THIRTY_SECONDS_GROUP


def row_quote(row: SheetRow, now_us: int) -> Quote:
    """The canonical quote of a row received at ``now_us``. Raises SymbolError for a spelling that is no symbol."""
    symbol, contract = canonical(row.symbol)
    meta: dict[str, object] = {"ts_kind": "received"}
    if contract is not None:
        meta["contract"] = contract
    prices, sizes = row.prices, row.sizes
    return Quote(
        symbol=symbol,
        ts_us=now_us,
        source=_SheetProvider.source,
        last=prices.get("last"),
        bid=prices.get("bid"),
        ask=prices.get("ask"),
        last_size=sizes.get("last_size"),
        bid_size=sizes.get("bid_size"),
        ask_size=sizes.get("ask_size"),
        volume=sizes.get("volume"),
        open=prices.get("open"),
        high=prices.get("high"),
        low=prices.get("low"),
        close=prices.get("close"),
        change=prices.get("change"),
        settlement=prices.get("settlement"),
        extra=_fifty_two_weeks(prices),
        meta=meta,
    )


def _fifty_two_weeks(prices: Mapping[str, Decimal | None]) -> dict[str, Decimal]:
    """``high52w`` and ``low52w``: extra fields of the event, from which the 52-week extremes are seeded."""
    found = {name: prices.get(name) for name in ("high52w", "low52w")}
    return {name: value for name, value in found.items() if value is not None}


def has_price(quote: Quote) -> bool:
    """RTD before its first value has none: no quote, and no bad one either; its cells are counted."""
    return quote.last is not None or quote.bid is not None or quote.ask is not None


def values(quote: Quote) -> tuple[object, ...]:
    """What makes a row changed: everything but the time of receipt."""
    return (
        quote.last, quote.bid, quote.ask, quote.last_size, quote.bid_size, quote.ask_size, quote.volume, quote.open,
        quote.high, quote.low, quote.close, quote.change, quote.settlement, quote.extra, quote.meta,
    )  # fmt: skip
