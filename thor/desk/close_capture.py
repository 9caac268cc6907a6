"""The close of a market's newest captured session, from the stored ticks: what the desk was not there to measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple

from django.db import transaction

from thor.desk.backfill import check_stored, feed_span
from thor.desk.handlers import TABLES
from thor.desk.models import TransitionRecord
from thor.history.services import known_groups
from thor.indicators.intraday import IntradayMetric, IntradayReactor
from thor.indicators.models import IntradayMetric as MetricRow
from thor.market_open import chain
from thor.market_open.audit import Kind
from thor.market_open.models import MarketSession
from thor.markets.calendar import Calendar, TransitionKind
from thor.markets.models import Market
from thor.markets.now import market_now
from thor.markets.selectors import calendar_of, market_named
from thor.markets.trade_date import epoch_us, utc
from thor.quotes.rows import columns, write_rows
from thor.runtime.problem import Problem
from thor.signals.composite import TOTAL

_RANGE: Final = frozenset({"market_range", "market_range_pct"})
_CLOSE: Final = frozenset(
    {
        "closed", "market_close", "market_high_pct_close", "market_low_pct_close", "market_close_vs_open_pct",
        "session_volume",
    }
)  # fmt: skip


class Status(StrEnum):
    """How a session's close is found. ``CLOSED``: written, or to be written."""

    CLOSED = "closed"
    ALREADY_CLOSED = "already_closed"
    OPEN = "open"
    NO_SESSION = "no_session"


@dataclass(frozen=True, slots=True)
class CloseCapture:
    """What was done, or would be. ``close_rows_updated``: rows that get another close, ``range_rows_updated``: another
    range."""

    status: Status
    country: str
    session_id: str | None = None
    session_number: int | None = None
    close_rows_updated: int = 0
    range_rows_updated: int = 0
    is_written: bool = False

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {name: value.value if isinstance(value, Status) else value for name, value in asdict(self).items()}


class _Span(NamedTuple):
    """A session's trade date, by the market's calendar, and its open and close."""

    trade_date: date
    opened_us: int
    closed_us: int


class _Change(NamedTuple):
    """A row, and its columns as they were and as they are to be."""

    row: IntradayMetric
    old: Mapping[str, Any]
    new: Mapping[str, Any]


def capture_close(country: str, who: str, *, force: bool = False, only_look: bool = False) -> CloseCapture:
    """Make the rows of a market's newest captured session that have no close (``force``: all of them) from the stored
    ticks, and write them unless ``only_look``. What is written is recorded. Raises Problem: for an unknown market or
    calendar, for ticks that are not stored yet (503), or no longer."""
    market = market_named(country)
    session = MarketSession.objects.filter(country=market.country, symbol=TOTAL).first()
    if session is None:
        return CloseCapture(Status.NO_SESSION, market.country)
    found = CloseCapture(Status.OPEN, market.country, session.session_id, session.session_number)
    span = _span(calendar_of(market), epoch_us(session.opened_at))
    if span is None:
        return found
    if not force and _is_done(market, span):
        return _with(found, Status.ALREADY_CLOSED, [])
    rows = _made(market, span)
    with transaction.atomic():
        chain.lock()
        changes = _changes(market, span, rows, force=force)
        if changes and not only_look:
            _write(changes, session.session_id, who, force=force)
    status = Status.CLOSED if changes else Status.ALREADY_CLOSED
    return _with(found, status, changes, is_written=bool(changes) and not only_look)


def _with(found: CloseCapture, status: Status, changes: Sequence[_Change], *, is_written: bool = False) -> CloseCapture:
    closes, ranges = (sum(not part.isdisjoint(each.new) for each in changes) for part in (_CLOSE, _RANGE))
    return CloseCapture(
        status, found.country, found.session_id, found.session_number, closes, ranges, is_written
    )  # fmt: skip


def _span(calendar: Calendar, opened_us: int) -> _Span | None:
    """The session that began then; None while it is on. A halt that is over does not end it."""
    began = calendar.last_transition(opened_us)
    if began is None or began.kind is not TransitionKind.OPEN:
        raise Problem(f"the calendar {calendar.name} knows no open at {utc(opened_us):%Y-%m-%d %H:%M} UTC.")
    turns = calendar.transitions(opened_us, market_now().now_us)
    own = [turn for turn in turns if turn.trade_date == began.trade_date]
    if not own or own[-1].kind is TransitionKind.OPEN:
        return None
    return _Span(began.trade_date, began.at_us, own[-1].at_us)


def _there(market: Market, span: _Span) -> dict[str, MetricRow]:
    rows = MetricRow.objects.filter(market=market.country, trade_date=span.trade_date)
    return {row.symbol: row for row in rows}


def _is_done(market: Market, span: _Span) -> bool:
    there = _there(market, span)
    return bool(there) and all(row.closed is not None for row in there.values())


def _made(market: Market, span: _Span) -> list[IntradayMetric]:
    """The session's rows by the stored ticks."""
    _check_stored(market, span)
    quotes, rows = feed_span(span.opened_us, span.closed_us, [IntradayReactor()], sorted(known_groups()))
    if not quotes:
        raise Problem(f"no tick of {market.country}'s session of {span.trade_date} is in the database.", status=422)
    metrics = (row for row in rows if isinstance(row, IntradayMetric))
    return [row for row in metrics if (row.market, row.trade_date) == (market.country, span.trade_date)]


def _check_stored(market: Market, span: _Span) -> None:
    """Raises Problem while something of before the close waits to be stored."""
    told = TransitionRecord.objects.filter(market=market.country, at=utc(span.closed_us)).first()
    last = told.after_id if told is not None else f"{span.closed_us // 1000}-0"
    check_stored(last, f"the close of {market.country}")


def _changes(market: Market, span: _Span, rows: Sequence[IntradayMetric], *, force: bool) -> list[_Change]:
    there = _there(market, span)
    found = []
    for row in rows:
        before, values = there.get(row.symbol), columns(row)
        if before is not None and before.closed is not None and not force:
            continue
        new = {name: value for name, value in values.items() if getattr(before, name, None) != value}
        if new:
            found.append(_Change(row, {name: getattr(before, name, None) for name in new}, new))
    return found


def _write(changes: Sequence[_Change], session_id: str, who: str, *, force: bool) -> None:
    write_rows([each.row for each in changes], TABLES)
    rows = {each.row.symbol: {"old": each.old, "new": each.new} for each in changes}
    body = {"who": who, "force": force, "rows": rows}
    chain.append([chain.Entry(Kind.CLOSE, session_id, "", body)], market_now().now_us)
