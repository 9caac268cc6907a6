"""An event in the making, with what must become of it written down beside it, from what it means.

Pure; nothing here reads an event back, and nothing is imported from the program under test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SECOND: Final = 1_000_000
HOUR: Final = 3600 * SECOND
DAY: Final = 24 * HOUR

Fields = tuple[tuple[bytes, bytes], ...]


class Row(NamedTuple):
    """What must stand in ``ticks``: prices as text, ``ts_us`` epoch microseconds, ``extra`` as JSON text or None."""

    symbol: str
    ts_us: int
    source: str
    seq: int | None
    last: str | None
    bid: str | None
    ask: str | None
    last_size: int | None
    bid_size: int | None
    ask_size: int | None
    volume: int | None
    cond: str | None
    venue: str | None
    extra: str | None

    @property
    def key(self) -> tuple[str, int, str, int | None]:
        return self[:4]


class Good(NamedTuple):
    """A valid event. ``ahead``: it is flagged when its time is over 5 s ahead of its entry's."""

    row: Row
    ahead: bool = False


class Bad(NamedTuple):
    """An event that must be refused for one of ``reasons``."""

    kind: str
    reasons: frozenset[str]


class Entry(NamedTuple):
    """One XADD. Duplicates share their ``event``."""

    fields: Fields
    event: Good | Bad


def iso(ts_us: int) -> str:
    return (_EPOCH + timedelta(microseconds=ts_us)).isoformat(timespec="microseconds")[:26] + "Z"


@dataclass
class Draft:
    """An event being made: ``record`` holds raw JSON by name, the rest what must be stored."""

    ts_us: int
    record: dict[str, str]
    row: dict[str, object]
    extra: dict[str, str] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    shows_meta: bool = True
    payload: bytes | None = None
    fields: Fields | None = None
    ahead: bool = False

    def price(self, name: str, text: str, stored: str | None = None) -> None:
        self.record[name] = text
        self.row[name] = stored or text

    def only(self, name: str, text: str, stored: str | None = None) -> None:
        for other in ("last", "bid", "ask"):
            self.record[other] = "null"
            self.row[other] = None
        self.price(name, text, stored)

    def text(self, name: str, column: str, json_text: str, stored: str) -> None:
        self.record[name] = json_text
        self.row[column] = stored

    def unknown(self, name: str, json_text: str) -> None:
        self.record[name] = json_text
        self.extra[name] = json_text

    def at(self, ts_us: int, spelling: str | None = None) -> None:
        self.ts_us = ts_us
        self.record["ts"] = f'"{iso(ts_us)}"' if spelling is None else spelling

    def json(self) -> bytes:
        if self.payload is not None:
            return self.payload
        return ("{" + ",".join(f'"{name}":{text}' for name, text in self.record.items()) + "}").encode()

    def entry_fields(self) -> Fields:
        return self.fields or ((b"s", str(self.row["symbol"]).encode()), (b"e", self.json()))

    def good(self) -> Good:
        extra = dict(self.extra)
        if self.meta:
            extra["meta"] = json_object(self.meta)
        self.row["ts_us"] = self.ts_us
        stored = Row(**self.row, extra=json_object(extra) if extra else None)  # type: ignore[arg-type]
        return Good(stored, self.ahead)


def json_object(members: dict[str, str]) -> str:
    return "{" + ",".join(f'"{name}":{text}' for name, text in members.items()) + "}"


Change = Callable[[Draft], None]
