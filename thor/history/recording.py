"""Recordings: how the rows of a file of ticks become quotes (SPEC 15). A rule file.

A row of an event file says what happened (``event`` is ``trade`` or ``quote``), not how the market stands: such rows
are merged per symbol and contract, because a null field of a quote means unknown now. Snapshot rows are taken as they
are.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from thor.instruments.symbol import SymbolError, canonical
from thor.quotes.quote import (
    MAX_FRACTION_DIGITS,
    MAX_INTEGER,
    MAX_TEXT_LENGTH,
    MAX_WHOLE_DIGITS,
    SOURCES,
    Quote,
    QuoteRefusedError,
    Reason,
    check_text,
    format_ts,
)

SOURCE: Final = "REPLAY"
#: Rows that say what happened and must be merged.
EVENTS: Final = frozenset({"trade", "quote"})


class Row(NamedTuple):
    """One row, typed. ``ts_us``: recorded time in epoch microseconds. Prices and sizes as the file holds them: float,
    int, Decimal or text. ``place``: counted from 0 in the order of the files."""

    symbol: str
    contract: str | None
    ts_us: int | None
    event: str | None
    venue: str | None
    condition: str | None
    last: Any
    bid: Any
    ask: Any
    open: Any
    high: Any
    low: Any
    close: Any
    change: Any
    settlement: Any
    last_size: Any
    bid_size: Any
    ask_size: Any
    volume: Any
    seq: Any
    source: str | None
    place: int


@dataclass(slots=True)
class Book:
    """What the rows of one symbol and contract have said so far."""

    last: Decimal | None = None
    last_size: int | None = None
    bid: Decimal | None = None
    bid_size: int | None = None
    ask: Decimal | None = None
    ask_size: int | None = None

    def hear(self, last: _Side, bid: _Side, ask: _Side) -> None:
        """A size belongs to its price: a new price without a size has an unknown one, not the old one's."""
        if last[0] is not None:
            self.last, self.last_size = last
        if bid[0] is not None:
            self.bid, self.bid_size = bid
        elif bid[1] is not None:
            self.bid_size = bid[1]
        if ask[0] is not None:
            self.ask, self.ask_size = ask
        elif ask[1] is not None:
            self.ask_size = ask[1]


_Side = tuple[Decimal | None, int | None]


class _Prices(dict[Any, Decimal]):
    """A price as the file holds it -> Decimal by its shortest spelling. Prices repeat: most are looked up."""

    LIMIT: Final = 200_000

    def __missing__(self, raw: Any) -> Decimal:
        if len(self) >= self.LIMIT:
            self.clear()
        price = self[raw] = exact(raw)
        return price


class _Texts(dict[str, str]):
    """A venue, condition or contract, looked at once: there are few."""

    def __missing__(self, raw: str) -> str:
        check_text(raw, "a text")
        if len(raw) > MAX_TEXT_LENGTH:
            raise QuoteRefusedError(Reason.OUT_OF_RANGE, f"a text is longer than {MAX_TEXT_LENGTH} characters")
        if len(self) >= _Prices.LIMIT:
            self.clear()
        self[raw] = raw
        return raw


def exact(raw: object) -> Decimal:
    """A number of a file as Decimal: 0.1 is 0.1, 4758.0 is 4758. Raises :class:`QuoteRefusedError`, also for one that
    a quote cannot hold."""
    if isinstance(raw, float):
        raw = int(raw) if raw.is_integer() else repr(raw)
    if not isinstance(raw, str | int | Decimal):
        raise QuoteRefusedError(Reason.WRONG_TYPE, f"{raw!r} is no number")
    try:
        number = Decimal(raw)
    except InvalidOperation:
        raise QuoteRefusedError(Reason.WRONG_TYPE, f"{raw!r} is no number") from None
    if not number.is_finite():
        raise QuoteRefusedError(Reason.NOT_FINITE, f"{raw!r} is no finite number")
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    if number.adjusted() >= MAX_WHOLE_DIGITS or exponent < -MAX_FRACTION_DIGITS:
        raise QuoteRefusedError(
            Reason.OUT_OF_RANGE,
            f"{raw!r} has more than {MAX_WHOLE_DIGITS} digits before or {MAX_FRACTION_DIGITS} after the point",
        )
    return number if exponent <= 0 else number.quantize(Decimal(1))


def whole(raw: object) -> int | None:
    """A size of a file as a whole number of 0 or more. Raises :class:`QuoteRefusedError`."""
    if raw is None:
        return None
    is_whole = (
        raw.is_integer()
        if isinstance(raw, float)
        else isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) < 20
    )
    size = int(raw) if is_whole else raw  # type: ignore[call-overload] # a float or a text
    if not isinstance(size, int):
        number = exact(size)
        size = int(number)
        if size != number:
            raise QuoteRefusedError(Reason.WRONG_TYPE, f"size {raw!r} is no whole number")
    if size < 0:
        raise QuoteRefusedError(Reason.NEGATIVE_SIZE, f"size {raw!r} is below 0")
    if size > MAX_INTEGER:
        raise QuoteRefusedError(Reason.OUT_OF_RANGE, f"size {raw!r} is above 2^63-1")
    return size


class Merger:
    """Rows in, quotes out, in the file's order. ``books``: of event files, by symbol and contract."""

    def __init__(self) -> None:
        self.books: dict[tuple[str, str | None], Book] = {}
        self._symbols: dict[str, tuple[str, str | None]] = {}
        self._prices = _Prices()
        self._texts = _Texts()

    def quote(self, row: Row, ts_us: int) -> Quote:
        """The quote of a row, published at ``ts_us``; its recorded time goes to ``meta``.

        Raises :class:`QuoteRefusedError` for a row that holds no numbers where they belong or no time.
        """
        meta: dict[str, Any] = {"recorded_ts": format_ts(_time(row))}
        quote = self._merge(row, SOURCE, ts_us, None, meta)
        if row.seq is not None:
            meta["vendor_seq"] = whole(row.seq)
        return quote

    def as_recorded(self, row: Row, first_free_seq: int) -> Quote:
        """The quote of a row at its own time, of its own source and with its own ``seq`` where it has them; else
        REPLAY's, numbered by its place from ``first_free_seq`` on. Raises like :meth:`quote`."""
        own = whole(row.seq)
        seq = first_free_seq + row.place if own is None else own
        return self._merge(row, source_of(row.source), _time(row), seq, {})

    def _merge(self, row: Row, source: str, ts_us: int, seq: int | None, meta: dict[str, Any]) -> Quote:
        """``meta`` is the quote's, and is added to."""
        symbol, contract = self._symbol(row)
        price = self._prices
        if contract is not None:
            meta["contract"] = contract
        last: _Side = (None if row.last is None else price[row.last], whole(row.last_size))
        bid: _Side = (None if row.bid is None else price[row.bid], whole(row.bid_size))
        ask: _Side = (None if row.ask is None else price[row.ask], whole(row.ask_size))
        if row.event in EVENTS:
            meta["event"] = row.event
            book = self.books.get((symbol, contract))
            if book is None:
                book = self.books[symbol, contract] = Book()
            book.hear(last, bid, ask)
            last, bid, ask = (book.last, book.last_size), (book.bid, book.bid_size), (book.ask, book.ask_size)
        if last[0] is None and bid[0] is None and ask[0] is None:
            raise QuoteRefusedError(Reason.NO_PRICE, "none of last, bid and ask is there")
        return Quote(
            symbol=symbol,
            ts_us=ts_us,
            source=source,
            seq=seq,
            last=last[0],
            bid=bid[0],
            ask=ask[0],
            last_size=last[1],
            bid_size=bid[1],
            ask_size=ask[1],
            volume=whole(row.volume),
            open=None if row.open is None else price[row.open],
            high=None if row.high is None else price[row.high],
            low=None if row.low is None else price[row.low],
            close=None if row.close is None else price[row.close],
            change=None if row.change is None else price[row.change],
            settlement=None if row.settlement is None else price[row.settlement],
            condition=None if row.condition is None else self._texts[row.condition],
            venue=None if row.venue is None else self._texts[row.venue],
            meta=meta,
        )

    def _symbol(self, row: Row) -> tuple[str, str | None]:
        found = self._symbols.get(row.symbol)
        if found is None:
            found = self._symbols[row.symbol] = symbol_of(row.symbol)
        return found if row.contract is None else (found[0], self._texts[row.contract])


def _time(row: Row) -> int:
    if row.ts_us is None:
        raise QuoteRefusedError(Reason.BAD_TIME, "the row has no time in UTC")
    return row.ts_us


def source_of(raw: str | None) -> str:
    """The source that a row names, REPLAY where it names none. Raises :class:`QuoteRefusedError`."""
    if not raw:
        return SOURCE
    source = "TOS" if raw == "EXCEL" else raw
    if source not in SOURCES:
        raise QuoteRefusedError(Reason.UNKNOWN_SOURCE, f"source {raw[:24]!r} is none of {', '.join(sorted(SOURCES))}")
    return source


def symbol_of(raw: str | None) -> tuple[str, str | None]:
    """(canonical symbol, contract) of a file's spelling. Raises :class:`QuoteRefusedError`."""
    try:
        return canonical(raw or "")
    except SymbolError as error:
        raise QuoteRefusedError(Reason.BAD_SYMBOL, str(error)) from None
