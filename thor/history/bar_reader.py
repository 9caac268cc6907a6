"""Bars from stored ticks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, LiteralString, Protocol

from django.db import OperationalError, transaction
from psycopg.errors import QueryCanceled

from thor.history.bars import Grid, Timeframe, bar_grid, span_of
from thor.history.queries import query
from thor.instruments.instrument import InstrumentFacts
from thor.markets.calendar import Calendar
from thor.markets.session import instant_text
from thor.markets.trade_date import epoch_us, utc
from thor.runtime.schema import current_connection

#: Longer nobody waits for bars.
PATIENCE_SECONDS: Final = 10


class Cursor(Protocol):
    """Django's or psycopg's."""

    def execute(self, query: LiteralString, params: Mapping[str, Any] | None = None, /) -> Any: ...

    def fetchone(self) -> tuple[Any, ...] | None: ...

    def fetchall(self) -> list[tuple[Any, ...]]: ...


class TooManyTicksError(Exception):
    """The span holds more ticks than can be read while somebody waits."""


def read_bars(
    facts: InstrumentFacts, timeframe: Timeframe, start_us: int | None, end_us: int | None, calendar: Calendar | None
) -> list[dict[str, Any]]:
    """:func:`bars_of` in what is looked at. Raises SpanError and TooManyTicksError."""
    connection = current_connection()
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE_SECONDS}s'")
            return bars_of(cursor, facts, timeframe, start_us, end_us, calendar)
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooManyTicksError from None
        raise


def bars_of(
    cursor: Cursor,
    facts: InstrumentFacts,
    timeframe: Timeframe,
    start_us: int | None,
    end_us: int | None,
    calendar: Calendar | None,
) -> list[dict[str, Any]]:
    """The bars of ``[start_us, end_us)`` as :func:`span_of` understands it, oldest first: ``ts`` and ``trade_date`` as
    ISO text, prices with their digits. Raises SpanError."""
    newest_us = _newest_us(cursor, facts.symbol)
    if newest_us is None:
        return []
    grid = bar_grid(timeframe, *span_of(timeframe, start_us, end_us, newest_us), facts.group, calendar)
    cursor.execute(query("bars"), _parameters(facts, grid))
    return [_bar(grid, *row) for row in cursor.fetchall()]


def _newest_us(cursor: Cursor, symbol: str) -> int | None:
    cursor.execute(query("newest_tick"), {"symbols": [symbol]})
    row = cursor.fetchone()
    return None if row is None or row[0] is None else epoch_us(row[0])


def _parameters(facts: InstrumentFacts, grid: Grid) -> Mapping[str, Any]:
    return {
        "symbol": facts.symbol,
        "may_be_negative": facts.may_be_negative,
        "base": utc(grid.base_us),
        "start": utc(grid.edges_us[0]),
        "end": utc(grid.end_us),
        "edges": [utc(each) for each in grid.edges_us],
        "opens": [utc(each) for each in grid.opens_us],
    }


def _bar(grid: Grid, number: int, trade_date: Any, *values: Any) -> dict[str, Any]:
    """``number`` counts from 1."""
    names = ("open", "high", "low", "close", "volume", "tick_count")
    begin = {"ts": instant_text(grid.starts_us[number - 1]), "trade_date": trade_date.isoformat()}
    return begin | dict(zip(names, values, strict=True))
