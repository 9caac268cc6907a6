"""The prices that graded a row, from stored ticks, and the quotes around the one that decided."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from asgiref.sync import sync_to_async

from thor.market_open.answers import Answer, json_value, known_form, no_session, symbol_of
from thor.market_open.config import GradingPrice
from thor.market_open.grading import graded_price
from thor.market_open.selectors import Values, row_of
from thor.market_open.sums import query
from thor.market_open.targets import Side, target_and_stop
from thor.quotes.quote import format_ts
from thor.runtime.schema import current_connection

_AROUND: Final = timedelta(seconds=60)
_LONGEST: Final = timedelta(hours=2)
#: Each gives two points at most; with the first, the last and the deciding one they are fewer than 1,500.
_INTERVALS: Final = 748


class Tick(NamedTuple):
    """A stored quote, in points. ``total``: how many there are; ``is_point``: it is drawn; ``is_near``: it is one of
    those around the deciding one."""

    ts_us: int
    bid: Any
    ask: Any
    last: Any
    graded: Any
    source: str
    seq: int | None
    stream_id: str | None
    is_deciding: bool | None
    total: int
    is_point: bool
    is_near: bool


async def path(session_id: str, symbol: str | None) -> Answer:
    """Of a row of an open. Raises Problem 404 and 422."""
    return await sync_to_async(path_of)(known_form(session_id), await symbol_of(symbol))


def path_of(session_id: str, symbol: str) -> Answer:
    """The same, of a symbol as the rows spell it."""
    row = row_of(session_id, symbol)
    if row is None:
        raise no_session(session_id)
    ticks = _ticks(row)
    target, stop = target_and_stop(row["entry_side"], row["target_high"], row["target_low"])
    head = (
        "session_id", "symbol", "traded_symbol", "entry_price", "opened_at", "captured_at", "window_ends_at",
        "resolved_at",
    )  # fmt: skip
    return {name: json_value(row[name]) for name in head} | {
        "entry_side": row["entry_side"] or None,
        "target": json_value(target),
        "stop": json_value(stop),
        "points": [_point(tick) for tick in ticks if tick.is_point],
        "quotes": [_quote(tick) for tick in ticks if tick.is_near],
        "ticks": ticks[0].total if ticks else 0,
    }


def _ticks(row: Values) -> list[Tick]:
    start, end = _span(row)
    with current_connection().cursor() as cursor:
        cursor.execute(
            query("path"),
            {
                "symbol": row["traded_symbol"],
                "graded": _graded(row),
                "start": start,
                "end": end,
                "intervals": _INTERVALS,
                "deciding_ts": row["deciding_ts"],
                "deciding_source": row["deciding_source"],
                "deciding_seq": row["deciding_seq"],
            },
        )
        return [Tick(*found) for found in cursor.fetchall()]


def _span(row: Values) -> tuple[datetime, datetime]:
    """From before the capture to after the outcome, or the end of the window."""
    start: datetime = row["captured_at"] - _AROUND
    return start, min((row["resolved_at"] or row["window_ends_at"]) + _AROUND, start + _LONGEST)


def _graded(row: Values) -> str | None:
    """Which of a quote's prices is compared with the levels; None without an entry."""
    if not row["entry_side"]:
        return None
    return graded_price(GradingPrice(row["grading_price"]), Side(row["entry_side"]))


def _point(tick: Tick) -> Answer:
    prices = {name: json_value(getattr(tick, name)) for name in ("bid", "ask", "last", "graded")}
    return {"ts": format_ts(tick.ts_us), **prices}


def _quote(tick: Tick) -> Answer:
    prices = {name: json_value(getattr(tick, name)) for name in ("bid", "ask", "last")}
    key = {"source": tick.source, "seq": tick.seq, "stream_id": tick.stream_id or "", "is_deciding": tick.is_deciding}
    return {"ts": format_ts(tick.ts_us), **prices, **key}
