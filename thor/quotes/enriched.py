"""``GET /api/quotes/latest``: each instrument's newest quote with what the desk makes of it (SPEC 6), from memory.

The desk publishes rows of figures (``thor/desk/board_feed.py``); here they are kept as they came and put beside the
quotes. A process without a desk answers the quotes, and null where the desk would know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from thor.instruments.instrument import InstrumentFacts
from thor.quotes.frames import Entry
from thor.quotes.quick import decode
from thor.quotes.quote import Quote, encode_json, format_ts

TOTAL: Final = "TOTAL"
_NULL: Final = msgspec.Raw(b"null")
_NOTHING: Final = msgspec.Raw(b"")


class _Row(msgspec.Struct):
    """What is read of a row; the rest goes on as it is."""

    symbol: str
    change: msgspec.Raw = _NULL
    change_pct: msgspec.Raw = _NULL
    baseline_from: msgspec.Raw = _NULL


class _Message(msgspec.Struct):
    """An entry of the board's stream."""

    at: str
    rows: list[msgspec.Raw] = []
    total: msgspec.Raw = _NOTHING


_ROW: Final = msgspec.json.Decoder(_Row)
_MESSAGE: Final = msgspec.json.Decoder(_Message)


class BoardRows:
    """The newest row of each symbol and of TOTAL, as the desk made them."""

    def __init__(self) -> None:
        self.rows: dict[str, bytes] = {}
        self.total: bytes | None = None
        #: When the desk last said something; None before.
        self.at: str | None = None

    def load(self, fields: Mapping[bytes, bytes]) -> None:
        """The hash of all newest rows, in place of what was known."""
        self.rows = {}
        self.total = None
        for name, text in fields.items():
            if name.decode() == TOTAL:
                self.total = text
            else:
                self.rows[name.decode()] = text

    def take(self, entries: Iterable[Entry]) -> None:
        """Changes, in their order."""
        for entry in entries:
            try:
                message = _MESSAGE.decode(entry.payload)
                found = {_ROW.decode(raw).symbol: bytes(raw) for raw in message.rows}
            except msgspec.MsgspecError:
                continue  # not what the desk writes
            self.rows |= found
            self.at = message.at
            if total := bytes(message.total):
                self.total = total


class Enriched:
    """Answers of one process or replay."""

    def __init__(self, board: BoardRows, newest: Mapping[str, Entry]) -> None:
        self._board = board
        self._newest = newest
        self._quotes: dict[str, tuple[Entry, Quote]] = {}

    def answer(self, instruments: Iterable[InstrumentFacts], now_us: int) -> bytes:
        """The JSON answer for these instruments, in their order."""
        rows = [self._row(facts, now_us) for facts in instruments]
        total, at = self._board.total or b"null", self._board.at
        rest = encode_json({"as_of": format_ts(now_us), "board_at": at}).encode()
        return b'{"rows":[%b],"total":%b,%b' % (b",".join(rows), total, rest[1:])

    def _row(self, facts: InstrumentFacts, now_us: int) -> bytes:
        text = self._board.rows.get(facts.symbol)
        figures = _Row(facts.symbol) if text is None else _ROW.decode(text)
        record = _record(facts, self._quote(facts.symbol), now_us)
        return b'%b,"change":%b,"change_pct":%b,"change_from":%b,"extended_data":%b}' % (
            encode_json(record).encode()[:-1],
            figures.change,
            figures.change_pct,
            figures.baseline_from,
            text or b"null",
        )

    def _quote(self, symbol: str) -> Quote | None:
        """The newest quote, read once."""
        if (entry := self._newest.get(symbol)) is None:
            return None
        kept = self._quotes.get(symbol)
        if kept is None or kept[0] is not entry:
            kept = self._quotes[symbol] = entry, decode(entry.payload)
        return kept[1]


def _record(facts: InstrumentFacts, quote: Quote | None, now_us: int) -> dict[str, Any]:
    """The instrument and its quote; null where nothing is known."""
    instrument = {
        "symbol": facts.symbol,
        "name": facts.name,
        "exchange": facts.exchange,
        "tick_size": facts.tick_size.normalize(),
        "tick_value_usd": facts.tick_value_usd.normalize(),
        "display_precision": facts.display_precision,
    }
    spread = None if quote is None or quote.bid is None or quote.ask is None else quote.ask - quote.bid
    return {
        "instrument": instrument,
        "bid": quote and quote.bid,
        "ask": quote and quote.ask,
        "last": quote and quote.last,
        "bid_size": quote and quote.bid_size,
        "ask_size": quote and quote.ask_size,
        "spread": spread,
        "spread_ticks": None if spread is None or not facts.tick_size else (spread / facts.tick_size).normalize(),
        "volume": quote and quote.volume,
        "open_price": quote and quote.open,
        "high_price": quote and quote.high,
        "low_price": quote and quote.low,
        "close_price": quote and quote.close,
        "settlement": quote and quote.settlement,
        "ts": quote and format_ts(quote.ts_us),
        "source": quote and quote.source,
        "age_ms": quote and max(0, (now_us - quote.ts_us) // 1000),
    }
