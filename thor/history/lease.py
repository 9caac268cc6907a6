"""What an ingestor holds of the unified stream: a range of entries, from its read to its settlement. A rule file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from thor.history.tick import COLUMNS, Refused

_SYMBOL: Final = COLUMNS.index("symbol")
_SOURCE: Final = COLUMNS.index("source")
_TRADE_DATE: Final = COLUMNS.index("trade_date")


class TallyKey(NamedTuple):
    """What rows are counted by. ``trade_date``: YYYY-MM-DD; ``what``: rows, or duplicates of these."""

    trade_date: str
    source: str
    symbol: str
    what: str = "rows"

    @property
    def name(self) -> str:
        """The field of the tally's hash."""
        return f"{self.source}:{self.symbol}:{self.what}"


class Letter(NamedTuple):
    """A refused entry and the stage that refused it: ``read`` or ``store``."""

    refused: Refused
    stage: str


@dataclass(slots=True)
class Lease:
    """Entries ``first`` to ``last`` of the stream, in stream order, both included, and what became of them.

    ``entries``: how many were handed out, 0 when the bus does not know; ``found``: how many of them were read;
    ``tally``: rows by date, source and symbol. A lease is settled as a whole: acknowledged, its letters written, its
    rows counted, in one step on the bus.
    """

    first: str
    last: str
    entries: int
    found: int = 0
    tally: Counter[TallyKey] = field(default_factory=Counter)
    letters: list[Letter] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """Entries that were deleted from the stream after they had been handed out and before they were read."""
        return max(0, self.entries - self.found)

    def holds(self, stream_id: str) -> bool:
        """An entry of this id belongs to the lease."""
        return id_key(self.first) <= id_key(stream_id) <= id_key(self.last)

    def count_duplicate(self, key: TallyKey) -> None:
        """One of the rows was stored under another stream id before."""
        self.tally[key._replace(what="duplicates")] += 1

    def refuse(self, key: TallyKey, letter: Letter) -> None:
        """A row becomes a letter after all."""
        self.tally[key] -= 1
        self.letters.append(letter)


def lease_of(text: str) -> Lease | None:
    """The lease in the bus's words ``<first> <last> <entries>``; None when there was nothing to lease."""
    first, last, entries = text.split(" ")
    return None if first == "-" else Lease(first, last, int(entries))


def last_id_of(text: str) -> str:
    """The last id that the group has handed out, in the same words."""
    return text.split(" ")[1]


def tally_key(line: bytes) -> TallyKey:
    """What a line of COPY text is counted by."""
    columns = line.split(b"\t")
    return TallyKey(*(columns[index].decode("ascii") for index in (_TRADE_DATE, _SOURCE, _SYMBOL)))


def id_key(stream_id: str) -> tuple[int, int]:
    """A stream id as numbers, which compare as the ids do."""
    ms, _, number = stream_id.partition("-")
    return int(ms), int(number or 0)
