"""The account of one trade date: what was published, and what became of each entry. A rule file.

    published = stored + duplicates + dead + waiting + missing

Two views are laid over each other. By identity: each entry that the stream still holds was looked for. By count: the
tally counted every entry as it was acknowledged, so that those which were trimmed since are in it as well.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from thor.history.lease import id_key
from thor.history.letter import is_stream_id, word_of
from thor.history.tick import COLUMNS, id_ms, read_entry
from thor.markets.trade_date import DEFAULT_GROUP, GROUPS, trade_date_span
from thor.quotes.quote import REFUSE_AGE_US, REFUSE_AHEAD_US, QuoteRefusedError

#: Stands for a symbol or a source that cannot be read.
UNREADABLE: Final = "?"
_EXAMPLES: Final = 3
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SYMBOL: Final = COLUMNS.index("symbol")
_SOURCE: Final = COLUMNS.index("source")
_TRADE_DATE: Final = COLUMNS.index("trade_date")

Id = tuple[int, int]


class Place(NamedTuple):
    """Where an entry is accounted for."""

    trade_date: date
    source: str
    symbol: str


class Span(NamedTuple):
    """The half-open interval of epoch microseconds in which events of a trade date may lie, over all groups."""

    start_us: int
    end_us: int

    @property
    def first_id(self) -> str:
        """No entry below this id belongs to the date: an event comes at most so long before its time."""
        return f"{max(0, (self.start_us - REFUSE_AHEAD_US) // 1000)}-0"

    @property
    def last_ms(self) -> int:
        """No entry after this millisecond belongs to the date: an event is at most so old."""
        return (self.end_us + REFUSE_AGE_US) // 1000


def span_of(day: date) -> Span | None:
    """The span of a trade date; None for a day that is none, a weekend or a holiday."""
    noon_us = ((datetime(day.year, day.month, day.day, 12, tzinfo=UTC)) - _EPOCH) // timedelta(microseconds=1)
    spans = [span for group in GROUPS if (span := trade_date_span(noon_us, group)).trade_date == day]
    return Span(min(each.start_us for each in spans), max(each.end_us for each in spans)) if spans else None


# --- entries ----------------------------------------------------------------------------------------------------------


class AnyGroup(dict[str, str]):
    """Symbol -> product group, for every symbol: an instrument may have been added or deleted since."""

    def __contains__(self, symbol: object) -> bool:
        return True

    def __missing__(self, symbol: str) -> str:
        return DEFAULT_GROUP


class Seen(NamedTuple):
    """An entry as it should be stored: ``line`` is COPY text, empty when it breaks the contract."""

    place: Place
    line: bytes


def see(stream_id: str, fields: Mapping[bytes, bytes], groups: AnyGroup) -> Seen:
    """An entry's row by the slow, readable rules, and where it belongs."""
    try:
        line = read_entry(stream_id, [part for pair in fields.items() for part in pair], groups).line
    except QuoteRefusedError:
        return Seen(place_of(stream_id, fields.get(b"e", b""), groups), b"")
    columns = line.split(b"\t")
    symbol, source = columns[_SYMBOL].decode(), columns[_SOURCE].decode()
    return Seen(Place(date.fromisoformat(columns[_TRADE_DATE].decode()), source, symbol), line)


def place_of(stream_id: str, event: bytes, groups: AnyGroup) -> Place:
    """Where an event belongs that breaks the contract: to the trade date on which it came, to the symbol and source
    that can be read of it."""
    symbol = word_of(event, "symbol")
    came = trade_date_span(id_ms(stream_id) * 1000, groups[symbol]).trade_date
    return Place(came, word_of(event, "source") or UNREADABLE, symbol or UNREADABLE)


def letter_place(stream_id: str, event: bytes, groups: AnyGroup) -> Place:
    """Where a dead letter's entry belongs: by its event when that is in order by itself, an unknown symbol's say."""
    symbol = word_of(event, "symbol")
    return see(stream_id, {b"s": symbol.encode(), b"e": event}, groups).place


class Acknowledged:
    """Which entries were acknowledged at one moment: those up to ``last``, but for the closed ranges of ``waiting``."""

    def __init__(self, last: str, waiting: Iterable[tuple[str, str]]) -> None:
        self.last = last
        self.waiting: Sequence[tuple[Id, Id]] = sorted((id_key(a), id_key(b)) for a, b in waiting)
        self._last = id_key(last)
        self._firsts = [first for first, _ in self.waiting]
        # Ranges may lie within each other: what counts is the farthest end so far.
        self._reach = [max(end for _, end in self.waiting[: n + 1]) for n in range(len(self.waiting))]

    def holds(self, stream_id: str) -> bool:
        """The entry was acknowledged."""
        key = id_key(stream_id)
        index = bisect_right(self._firsts, key) - 1
        return key <= self._last and (index < 0 or key > self._reach[index])


# --- accounts ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Account:
    """One source and symbol on one trade date; counts of entries.

    By identity, of what the stream still holds: ``held_stored``, ``held_duplicates``, ``missing_found`` were
    acknowledged, ``late_stored``, ``late_duplicates`` and ``waiting`` were not; ``conflicts`` are duplicates with other
    values, kept aside; ``changed`` have a row or a winner with other values and no conflict that says so.
    ``dead``: letters, with ``letters_removed``, those put back, purged or exported since.
    By count: ``acknowledged`` as rows, None when the bus has no tally of the date; of these ``tallied_duplicates``;
    ``rows``: rows of ``ticks`` that the tally covers; ``earlier``: those from before it.
    """

    source: str
    symbol: str
    held_stored: int = 0
    held_duplicates: int = 0
    late_stored: int = 0
    late_duplicates: int = 0
    conflicts: int = 0
    dead: int = 0
    letters_removed: int = 0
    waiting: int = 0
    missing_found: int = 0
    changed: int = 0
    acknowledged: int | None = None
    tallied_duplicates: int = 0
    rows: int = 0
    earlier: int = 0
    examples: dict[str, list[str]] = field(default_factory=dict)

    @property
    def stored(self) -> int:
        return self.late_stored + (self.held_stored if self.acknowledged is None else self.rows)

    @property
    def duplicates(self) -> int:
        return self.late_duplicates + (self.held_duplicates if self.acknowledged is None else self.tallied_duplicates)

    @property
    def short(self) -> int:
        """Acknowledged as rows, and neither rows nor duplicates; below 0: rows that nobody acknowledged."""
        return 0 if self.acknowledged is None else self.acknowledged - self.rows - self.tallied_duplicates

    @property
    def missing(self) -> int:
        return max(self.missing_found, self.short)

    @property
    def surplus(self) -> int:
        """Rows that no entry accounts for."""
        return max(0, -self.short)

    @property
    def published(self) -> int:
        return self.stored + self.duplicates + self.dead + self.waiting + self.missing - self.surplus

    @property
    def is_balanced(self) -> bool:
        """Every entry is accounted for, those that wait too."""
        return not (self.missing or self.surplus or self.changed)

    def note(self, what: str, stream_id: str) -> None:
        """Keep a few ids to look at."""
        if len(known := self.examples.setdefault(what, [])) < _EXAMPLES:
            known.append(stream_id)

    def sentence(self) -> str:
        """What is wrong, in one line; empty when nothing is."""
        found = [
            _said(self.missing, "missing", self.examples.get("missing", ())),
            _said(self.changed, "with other values than published", self.examples.get("changed", ())),
            _said(self.surplus, "rows that no entry accounts for"),
        ]
        said = ", ".join(filter(None, found))
        return f"{self.source} {self.symbol}: {said}" if said else ""


def _said(count: int, what: str, examples: Sequence[str] = ()) -> str:
    shown = f" ({', '.join(examples)}{', ...' if count > len(examples) else ''})" if examples else ""
    return f"{count:,} {what}{shown}" if count else ""


def tally_of(fields: Mapping[str, str]) -> tuple[str, dict[tuple[str, str], tuple[int, int]]]:
    """(the first id that a tally covers, empty when there is none; (source, symbol) -> (rows, duplicates))."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for name, value in fields.items():
        source, _, rest = name.partition(":")
        symbol, _, what = rest.rpartition(":")
        rows, duplicates = found.get((source, symbol), (0, 0))
        if what == "rows":
            found[source, symbol] = (int(value), duplicates)
        elif what == "duplicates":
            found[source, symbol] = (rows, int(value))
    since = fields.get("since", "")
    return (since if is_stream_id(since) else ""), found
