"""Bars and ticks of what PostgreSQL has: of trade dates that are not in the lake yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any, Final, LiteralString, NamedTuple, Protocol

from django.db import OperationalError, transaction
from psycopg.errors import QueryCanceled

from thor.instruments.instrument import InstrumentFacts
from thor.lake.bars import Session, label_of, session_of, start_of
from thor.lake.layout import WIDTH_US, Timeframe
from thor.lake.queries import query
from thor.markets.calendar import Calendar
from thor.markets.trade_date import epoch_us, utc
from thor.runtime.schema import current_connection

#: Longer nobody waits.
PATIENCE_SECONDS: Final = 10


class Cursor(Protocol):
    """Django's or psycopg's."""

    def execute(self, query: LiteralString, params: Mapping[str, Any] | None = None, /) -> Any: ...

    def fetchone(self) -> tuple[Any, ...] | None: ...

    def fetchall(self) -> list[tuple[Any, ...]]: ...


class TooMuchError(Exception):
    """More than can be read while somebody waits."""


class Wanted(NamedTuple):
    """Bars of an instrument. ``calendar``: its hours, None where they are not known; ``front``: which contract is in
    front on a trade date, None where nobody knows."""

    facts: InstrumentFacts
    timeframe: Timeframe
    calendar: Calendar | None
    front: Callable[[date], str | None]


@contextmanager
def reading() -> Iterator[Cursor]:
    """A cursor on what is looked at, with patience. Raises TooMuchError."""
    connection = current_connection()
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE_SECONDS}s'")
            yield cursor
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooMuchError from None
        raise


def stored_span(cursor: Cursor, symbol: str) -> tuple[datetime, datetime] | None:
    """The times of the oldest and the newest stored tick."""
    cursor.execute(query("stored_span"), {"symbol": symbol})
    row = cursor.fetchone()
    return None if row is None or row[0] is None else (row[0], row[1])


def bars_of_date(cursor: Cursor, wanted: Wanted, day: date) -> list[dict[str, Any]]:
    """The bars of a trade date as ``columns.BARS`` has them, oldest first; times aware, prices as floats."""
    facts = wanted.facts
    session = session_of(facts.symbol, facts.group, day, wanted.calendar)
    is_day = wanted.timeframe is Timeframe.DAY
    parameters = {
        "symbol": facts.symbol,
        "may_be_negative": facts.may_be_negative,
        "start": utc(session.start_us),
        "end": utc(session.end_us),
        "width": None if is_day else timedelta(microseconds=WIDTH_US[wanted.timeframe]),
        "open": None if wanted.calendar is None else utc(session.open_us),
        "front": wanted.front(day),
    }
    cursor.execute(query("stored_bars"), parameters)
    return [_bar(wanted, session, row) for row in cursor.fetchall()]


_NAMES: Final = (
    "open", "high", "low", "close", "volume", "vwap", "tick_count", "bid_close", "ask_close", "spread_mean", "contract",
)  # fmt: skip


def _bar(wanted: Wanted, session: Session, row: tuple[Any, ...]) -> dict[str, Any]:
    start_us, end_us = session.start_us, session.end_us
    if wanted.timeframe is not Timeframe.DAY:
        start_us = epoch_us(row[0])
        end_us = start_us + WIDTH_US[wanted.timeframe]
    head = {
        "symbol": wanted.facts.symbol,
        "ts": utc(start_of(wanted.timeframe, start_us, session)),
        "trade_date": session.trade_date,
        "timeframe": wanted.timeframe.value,
        "session": label_of(session, start_us, end_us),
    }
    return head | dict(zip(_NAMES, row[1:], strict=True))


def ticks_between(cursor: Cursor, symbol: str, start_us: int, end_us: int, skip: int, limit: int) -> list[Any]:
    """Stored ticks in ``[start_us, end_us)``, by time, then arrival, as ``stored_ticks.sql`` has them."""
    parameters = {"symbol": symbol, "start": utc(start_us), "end": utc(end_us), "skip": skip, "limit": limit}
    cursor.execute(query("stored_ticks"), parameters)
    return cursor.fetchall()
