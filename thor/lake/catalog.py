"""Which files answer a question so that every row is seen once: small ones, or the compacted copy of them. A rule file.

A compacted file stands for a small one only as long as that is the very file that was copied: same size, and same time
of change (as the store tells it) or same rows (as the database tells it).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from thor.lake.layout import Kind, Part, Timeframe, bars_part, ticks_part

VERSION: Final = 1


class Stamp(NamedTuple):
    """What tells one state of a part's file from another. ``changed_us`` and ``rows_sha256``: one of them may be
    unknown (0, "")."""

    size: int
    changed_us: int = 0
    rows_sha256: str = ""

    def is_of(self, other: Stamp) -> bool:
        """Whether both are of one state of the file, as far as both say."""
        if self.size != other.size:
            return False
        if self.changed_us and other.changed_us:
            return self.changed_us == other.changed_us
        return bool(self.rows_sha256) and self.rows_sha256 == other.rows_sha256


class Copy(NamedTuple):
    """A compacted file: its size in bytes, and the parts in it as they were."""

    key: str
    size: int
    parts: Mapping[Part, Stamp]


class Take(NamedTuple):
    """A compacted file to read, but for the rows of ``without``."""

    key: str
    without: tuple[Part, ...]


class Sources(NamedTuple):
    """What to read: keys of small files, and compacted ones."""

    small: tuple[str, ...]
    compact: tuple[Take, ...]


def choose(there: Mapping[Part, Stamp], copies: Iterable[Copy], is_asked: Callable[[Part], bool]) -> Sources:
    """What to read for the parts that are ``there``. ``is_asked``: whether the question can see rows of a part: those
    of others it leaves out by itself."""
    left = dict(there)
    takes = []
    for copy in copies:
        same = [part for part, stamp in copy.parts.items() if part in left and stamp.is_of(left[part])]
        other = tuple(part for part in copy.parts.keys() - set(same) if is_asked(part))
        if len(same) > len(other):
            takes.append(Take(copy.key, tuple(sorted(other))))
            for part in same:
                del left[part]
    return Sources(tuple(sorted(part.key for part in left)), tuple(takes))


def month_of(day: date) -> str:
    """As a compacted file's path has it."""
    return f"{day:%Y-%m}"


class Group(NamedTuple):
    """Parts that become one compacted file: bars of a timeframe and month of all symbols, ticks of a symbol's month."""

    kind: Kind
    month: str
    timeframe: Timeframe | None
    symbol: str

    @property
    def folder(self) -> str:
        """Where its file is."""
        about = f"symbol={self.symbol}" if self.timeframe is None else f"timeframe={self.timeframe.value}"
        inner = (f"month={self.month}", about) if self.timeframe is None else (about, f"month={self.month}")
        return "/".join(("compact", self.kind.value, *inner))


def group_of(part: Part) -> Group:
    """Where a part belongs."""
    symbol = part.symbol if part.timeframe is None else ""
    return Group(part.kind, month_of(part.trade_date), part.timeframe, symbol)


def plan(there: Mapping[Part, Stamp], before: date, largest: int) -> dict[Group, list[Part]]:
    """What to compact: of months that are over ``before`` a date, files smaller than ``largest`` bytes where there are
    at least two, in the order of their rows: by symbol, then date."""
    found: dict[Group, list[Part]] = defaultdict(list)
    for part, stamp in there.items():
        if month_of(part.trade_date) < month_of(before) and stamp.size < largest:
            found[group_of(part)].append(part)
    return {
        group: sorted(parts, key=lambda part: (part.symbol, part.trade_date))
        for group, parts in sorted(found.items(), key=lambda item: item[0].folder)
        if len(parts) > 1
    }


# --- the index as JSON ----------------------------------------------------------------------------------------------


def to_json(copies: Iterable[Copy]) -> dict[str, Any]:
    """The index: of each compacted file its size and its parts, each as [date, symbol, size, time of change, hash]."""
    files = {copy.key: {"size": copy.size, "parts": [_said(*each) for each in copy.parts.items()]} for copy in copies}
    return {"version": VERSION, "files": files}


def _said(part: Part, stamp: Stamp) -> list[Any]:
    return [part.trade_date.isoformat(), part.symbol, stamp.size, stamp.changed_us, stamp.rows_sha256]


def from_json(index: Any) -> list[Copy]:
    """The inverse of :func:`to_json`; nothing for an index that is none, or another version's."""
    if not isinstance(index, dict) or index.get("version") != VERSION:
        return []
    return [Copy(key, file["size"], _parts(key, file["parts"])) for key, file in index["files"].items()]


def _parts(key: str, rows: Sequence[Sequence[Any]]) -> dict[Part, Stamp]:
    _, kind, *folders, _name = key.split("/")
    named = dict(folder.split("=", 1) for folder in folders)
    timeframe = Timeframe(named["timeframe"]) if kind == Kind.BARS else None
    found = {}
    for day, symbol, size, changed_us, digest in rows:
        on = date.fromisoformat(day)
        part = ticks_part(on, symbol) if timeframe is None else bars_part(on, symbol, timeframe)
        found[part] = Stamp(size, changed_us, digest)
    return found
