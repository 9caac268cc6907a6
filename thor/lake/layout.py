"""Where everything is in the lake: one file a part, named after what is in it (SPEC 11). A rule file.

A key is a path below the lake's root, with ``/`` on every system and in every store.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

#: As the bus has it: a root symbol, a share, a dated contract. Nothing else ever becomes part of a path.
_SYMBOL: Final = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,23}", re.ASCII)
_KEY: Final = re.compile(
    r"(?P<kind>ticks|bars)/date=(?P<day>\d{4}-\d\d-\d\d)/symbol=(?P<symbol>[A-Z0-9][A-Z0-9._-]{0,23})/"
    r"(?:ticks|bars_(?P<timeframe>1s|5s|1m|5m|15m|1h|1d))\.parquet"
)
_TABLE_KEY: Final = re.compile(r"(?P<name>[a-z]+)/date=(?P<day>\d{4}-\d\d-\d\d)/(?P=name)\.parquet")


class Kind(StrEnum):
    """What a file holds. ``TABLE``: all of a trade date of something that is no symbol's, such as baselines."""

    TICKS = "ticks"
    BARS = "bars"
    TABLE = "table"


class Timeframe(StrEnum):
    """How much time a bar spans."""

    SECOND = "1s"
    FIVE_SECONDS = "5s"
    MINUTE = "1m"
    FIVE_MINUTES = "5m"
    QUARTER = "15m"
    HOUR = "1h"
    DAY = "1d"


_SECOND_US: Final = 1_000_000
WIDTH_US: Final = {
    Timeframe.SECOND: _SECOND_US,
    Timeframe.FIVE_SECONDS: 5 * _SECOND_US,
    Timeframe.MINUTE: 60 * _SECOND_US,
    Timeframe.FIVE_MINUTES: 300 * _SECOND_US,
    Timeframe.QUARTER: 900 * _SECOND_US,
    Timeframe.HOUR: 3_600 * _SECOND_US,
    Timeframe.DAY: 86_400 * _SECOND_US,
}


class Part(NamedTuple):
    """A file of the lake. ``symbol`` is "" for a table, ``timeframe`` None for all but bars; ``table`` is its name."""

    kind: Kind
    trade_date: date
    symbol: str = ""
    timeframe: Timeframe | None = None
    table: str = ""

    @property
    def key(self) -> str:
        """Its path below the root. Raises ValueError for a symbol that must not be part of one."""
        day = f"date={self.trade_date.isoformat()}"
        if self.kind is Kind.TABLE:
            return f"{self.table}/{day}/{self.table}.parquet"
        if _SYMBOL.fullmatch(self.symbol) is None:
            raise ValueError(f"{self.symbol!r} is no symbol")
        name = "ticks" if self.timeframe is None else f"bars_{self.timeframe.value}"
        return f"{self.kind.value}/{day}/symbol={self.symbol}/{name}.parquet"


def ticks_part(day: date, symbol: str) -> Part:
    """The ticks of a symbol's trade date."""
    return Part(Kind.TICKS, day, symbol)


def bars_part(day: date, symbol: str, timeframe: Timeframe) -> Part:
    """The bars of a symbol's trade date."""
    return Part(Kind.BARS, day, symbol, timeframe)


def table_part(day: date, table: str) -> Part:
    """A table of a trade date."""
    return Part(Kind.TABLE, day, table=table)


def part_of(key: str) -> Part | None:
    """The part that a key names; None for a file that is none."""
    if found := _KEY.fullmatch(key):
        timeframe = Timeframe(found["timeframe"]) if found["timeframe"] else None
        if (found["kind"] == "bars") is (timeframe is not None):
            return Part(Kind(found["kind"]), date.fromisoformat(found["day"]), found["symbol"], timeframe)
    elif found := _TABLE_KEY.fullmatch(key):
        return table_part(date.fromisoformat(found["day"]), found["name"])
    return None
