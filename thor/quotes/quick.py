"""The fast path of who reads events in bulk: what :func:`quote.encode` wrote, read piece by piece. A rule file.

Its slow twin is ``quote.decode``, and the rule between them is: **what this file is not sure of, the twin decides.**

A feed says the same pieces over and over, such as ``"bid":6719.25``. A piece that was never met is put into a plain
event and judged by the twin's own rules; its value is remembered by its text. Only microseconds, ``volume`` and ``seq``
are read anew. Pieces of which each is a member of a JSON object by itself are, joined by commas, an object of just
these members, and their names exclude each other: so nothing is accepted here that the twin refuses, and the values are
the same. ``tests/unit/quotes/test_quick.py`` holds the two equal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, TypeVar

from thor.quotes.quote import LEVEL_FIELDS, NOTHING, WIRE_FIELDS, Quote, from_record, parse, parse_ts
from thor.quotes.quote import decode as slow_twin

#: A longer event is left to the twin, so that what is remembered stays small.
_MAX_BYTES: Final = 2048
_MAX_PIECES: Final = 8192
#: In which a piece is judged: an event that stays one whichever piece takes the place of its own.
_PLAIN: Final = {"v": 1, "symbol": "ES", "ts": 0, "source": "MOCK", "bid": 1, "ask": 1}


def decode(payload: bytes) -> Quote:
    """The quote of a payload, as ``quote.decode`` reads it. Raises :class:`QuoteRefusedError`."""
    try:
        return _canonical(payload)
    except ValueError:
        return slow_twin(payload)


def _canonical(payload: bytes) -> Quote:
    """Raises ValueError when it is not sure."""
    if len(payload) > _MAX_BYTES:
        raise ValueError
    (
        version, symbol, ts, source, last, bid, ask, last_size, bid_size, ask_size, volume, rest,
    ) = payload.decode("ascii").split(",", 11)  # fmt: skip
    levels, _, tail = rest.partition('"seq":')
    recv_us = None
    if levels[-2:] == '",':
        levels, recv = levels[:-37], levels[-37:-1]
        recv_us = _RECV_SECOND[recv[:-8]] + _micros(recv[-8:])
    seq = tail.partition(",")[0].rstrip("}")
    quote = Quote(
        _SYMBOL[symbol], _TS_SECOND[ts[:-8]] + _micros(ts[-8:]), _SOURCE[source], _LAST[last], _BID[bid], _ASK[ask],
        _LAST_SIZE[last_size], _BID_SIZE[bid_size], _ASK_SIZE[ask_size], _volume(volume), *_LEVELS[levels],
        recv_us, _whole(seq), *_FREE[tail[len(seq) :]],
    )  # fmt: skip
    if version != '{"v":1' or (quote.last is None and quote.bid is None and quote.ask is None):
        raise ValueError
    return quote


# --- read anew ------------------------------------------------------------------------------------------------------


def _micros(text: str) -> int:
    """Of ``123456Z"``."""
    if text[6:] != 'Z"' or not text[:6].isdigit():
        raise ValueError
    return int(text[:6])


def _whole(text: str) -> int:
    """A whole number as JSON spells it, surely below 2^63."""
    if not text.isdigit() or len(text) > 18 or (text[0] == "0" and text != "0"):
        raise ValueError
    return int(text)


def _volume(text: str) -> int | None:
    if text[:9] != '"volume":':
        raise ValueError
    return None if text[9:] == "null" else _whole(text[9:])


# --- remembered -----------------------------------------------------------------------------------------------------

_T = TypeVar("_T")
_Price = Decimal | None
_Text = str | None
_Object = Mapping[str, Any]


class _Known(dict[str, _T]):
    """Text of a piece -> its value. ``learn`` finds what is not there yet; it raises ValueError when it is not sure."""

    def __init__(self, learn: Callable[[str], _T]) -> None:
        super().__init__()
        self._learn = learn

    def __missing__(self, text: str) -> _T:
        value = self._learn(text)
        if len(self) >= _MAX_PIECES:
            self.clear()
        self[text] = value
        return value


def _judged(members: str, names: frozenset[str]) -> Quote:
    """A plain event with these members in it, of which there is at least one and none but ``names``."""
    record = parse("{" + members + "}")
    if not record or not names.issuperset(record):
        raise ValueError
    return from_record({**_PLAIN, **record})


def _member(name: str, value: Callable[[Quote], _T]) -> _Known[_T]:
    """The pieces of one name."""
    names = frozenset({name})
    return _Known(lambda text: value(_judged(text, names)))


def _second(prefix: str) -> _Known[int]:
    """The pieces of a time up to the point behind its second, such as ``"ts":"2025-10-09T13:31:15.``"""

    def learn(text: str) -> int:
        if not text.startswith(prefix) or text[-1] != ".":
            raise ValueError
        return parse_ts(f"{text[len(prefix) :]}000000Z")

    return _Known(learn)


def _levels(text: str) -> tuple[_Price, _Price, _Price, _Price, _Price, _Price]:
    """Any of the session's levels, each with the comma behind it."""
    if not text:
        return None, None, None, None, None, None
    if text[-1] != ",":
        raise ValueError
    found = _judged(text[:-1], frozenset(LEVEL_FIELDS))
    return found.open, found.high, found.low, found.close, found.change, found.settlement


def _free(text: str) -> tuple[_Text, _Text, _Object, _Object]:
    """What stands behind ``seq``: ``condition``, ``venue``, fields without a name in the contract, ``meta``."""
    if text == "}":
        return None, None, NOTHING, NOTHING
    record = parse("{" + text[1:])
    if text[:1] != "," or not record or not _NOT_FREE.isdisjoint(record):
        raise ValueError
    found = from_record({**_PLAIN, **record})
    return found.condition, found.venue, MappingProxyType(dict(found.extra)), MappingProxyType(dict(found.meta))


_NOT_FREE: Final = frozenset(WIRE_FIELDS) - {"condition", "venue", "meta"}
_SYMBOL: Final = _member("symbol", lambda quote: quote.symbol)
_TS_SECOND: Final = _second('"ts":"')
_SOURCE: Final = _member("source", lambda quote: quote.source)
_LAST: Final = _member("last", lambda quote: quote.last)
_BID: Final = _member("bid", lambda quote: quote.bid)
_ASK: Final = _member("ask", lambda quote: quote.ask)
_LAST_SIZE: Final = _member("lastSize", lambda quote: quote.last_size)
_BID_SIZE: Final = _member("bidSize", lambda quote: quote.bid_size)
_ASK_SIZE: Final = _member("askSize", lambda quote: quote.ask_size)
_LEVELS: Final = _Known(_levels)
_RECV_SECOND: Final = _second('"recv":"')
_FREE: Final = _Known(_free)
