"""What there is of each trade date: in the lake, in PostgreSQL, in neither though the market was open."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from asgiref.sync import sync_to_async
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Max, Min, Q, Sum, Value

from thor.instruments.answers import instrument_named
from thor.instruments.live import catalogue
from thor.instruments.selectors import Listed
from thor.lake.asked import AskedError, business_days, date_of, dates, span_of, trade_date
from thor.lake.layout import Kind, Timeframe
from thor.lake.models import FileState, LakeFile, QualityDay
from thor.lake.queries import query
from thor.lake.stored import Cursor, TooMuchError, reading
from thor.markets.live import MarketTable, market_table
from thor.markets.now import market_now
from thor.markets.session import instant_text
from thor.markets.trade_date import DEFAULT_GROUP, epoch_us, spans_of, utc
from thor.runtime.problem import Problem
from thor.runtime.schema import current_namespace

Answer = dict[str, Any]
#: So many trade dates back ticks still come late: of these PostgreSQL is asked how many it has.
FRESH_DATES: Final = 8
#: How long a count holds: of the date that is not over, and of one before.
_COUNT_SECONDS: Final = 15.0
_RECOUNT_SECONDS: Final = 600.0
_MOST_QUALITY: Final = 1_000
_TIMEFRAMES: Final = tuple(Timeframe)
_QUALITY: Final = ("gaps", "longest_gap_seconds", "crossed", "spikes", "duplicates", "out_of_order")


class Held(NamedTuple):
    """What the lake has of a symbol's trade date. ``stored``: of its ticks so many were PostgreSQL's. ``state``: of the
    tick file; empty where there is none."""

    ticks: int
    stored: int
    bytes: int
    bars: Sequence[str]
    state: str


_NOTHING: Final = Held(0, 0, 0, (), "")


async def coverage(start: str | None, end: str | None) -> Answer:
    """State by trade date and symbol. Raises Problem 422 and 503."""
    today = date_of(market_now().now_us, DEFAULT_GROUP)
    try:
        first, last = dates(start, end, today)
    except AskedError as error:
        raise Problem(str(error), status=422) from None
    listed = (await catalogue()).listed
    table = await market_table()
    try:
        return await sync_to_async(_coverage)(first, last, today, listed, table)
    except TooMuchError:
        raise Problem("the database is too busy to count its ticks: try again", status=503) from None


def _coverage(first: date, last: date, today: date, listed: tuple[Listed, ...], table: MarketTable) -> Answer:
    groups = {each.facts.symbol: each.facts.group for each in listed}
    held, quality = _held(first, last), _quality(first, last)
    stored = _stored(first, last, today, groups, held)
    symbols = [*groups, *sorted({symbol for _, symbol in (*held, *stored)} - groups.keys())]
    begun = _begun(symbols)
    days = []
    for number in range((min(last, today) - first).days + 1):
        day = first + timedelta(days=number)
        cells = [
            cell for symbol in symbols
            if (cell := _cell(day, symbol, held, stored, quality, begun, groups, table)) is not None
        ]  # fmt: skip
        if cells:
            days.append({"trade_date": day.isoformat(), "cells": cells})
    return {
        "start": first.isoformat(),
        "end": last.isoformat(),
        "symbols": symbols,
        "days": days,
        "summary": _summary(),
    }


Key = tuple[date, str]


def _cell(
    day: date, symbol: str, held: Mapping[Key, Held], stored: Mapping[Key, int | None], quality: Mapping[Key, Answer],
    begun: Mapping[str, date], groups: Mapping[str, str], table: MarketTable,
) -> Answer | None:  # fmt: skip
    there, count = held.get((day, symbol), _NOTHING), stored.get((day, symbol))
    if there is _NOTHING and not count and (day, symbol) not in stored:
        if symbol not in begun or day < begun[symbol] or (state := _absent(day, groups.get(symbol), table)) is None:
            return None
    else:
        state = _state(there, count)
    return {
        "symbol": symbol,
        "state": state,
        "ticks": there.ticks,
        "stored": count,
        "bytes": there.bytes,
        "bars": [each.value for each in _TIMEFRAMES if each.value in there.bars],
        "quality": quality.get((day, symbol)),
    }


def _state(there: Held, count: int | None) -> str:
    if not there.state:
        return "stored"
    if there.state in (FileState.DAMAGED, FileState.MISSING):
        return there.state
    if count is not None and count != there.stored:
        return "stale"
    return "archived" if there.state == FileState.ARCHIVED else "exported"


def _absent(day: date, group: str | None, table: MarketTable) -> str | None:
    """Nothing is there: because the market was closed, or though it was open. None where nobody knows, at weekends, and
    on a date that is not over."""
    calendar = table.calendars.get(group or "")
    if calendar is None or day.weekday() > 4 or (span := span_of(day, group or "")) is None:
        return "closed" if calendar is not None and day.weekday() <= 4 else None
    if not calendar.first_us <= span.start_us < calendar.end_us or span.end_us > market_now().now_us:
        return None
    return "empty" if calendar.is_trading_day(day) else "closed"


def _held(first: date, last: date) -> dict[Key, Held]:
    ticks, bars = Q(kind=Kind.TICKS), Q(kind=Kind.BARS)
    rows = (
        LakeFile.objects.filter(trade_date__range=(first, last), symbol__gt="")
        .order_by()
        .values_list("trade_date", "symbol")
        .annotate(
            ticks=Max("rows", filter=ticks, default=0),
            there=Max("stored", filter=ticks, default=0),
            bytes=Sum("size"),
            bars=ArrayAgg("timeframe", filter=bars, default=Value([])),
            is_now=Max("state", filter=ticks, default=Value("")),
        )
    )
    return {(day, symbol): Held(*more) for day, symbol, *more in rows}


def _stored(
    first: date, last: date, today: date, groups: Mapping[str, str], held: Mapping[Key, Held]
) -> dict[Key, int | None]:
    """What PostgreSQL has: counted of the newest dates; of older ones that the lake has nothing of, None where there is
    something."""
    fresh = _fresh_dates(first, last, today)
    before = min(fresh, default=last + timedelta(days=1))
    older = [
        (day, symbol) for day in business_days(first, min(last, before - timedelta(days=1)))
        for symbol in groups if (day, symbol) not in held
    ]  # fmt: skip
    with reading() as cursor:
        found: dict[Key, int | None] = dict.fromkeys(_probed(cursor, older, groups))
        for day in fresh:
            found |= {(day, symbol): count for symbol, count in _counted(cursor, day, today).items()}
        return found


def _probed(cursor: Cursor, keys: list[Key], groups: Mapping[str, str]) -> Iterator[Key]:
    windows = [(day, symbol, *span[1:]) for day, symbol in keys if (span := span_of(day, groups[symbol])) is not None]
    parameters = {
        "dates": [day for day, *_ in windows],
        "symbols": [symbol for _, symbol, *_ in windows],
        "starts": [utc(start_us) for *_, start_us, _ in windows],
        "ends": [utc(end_us) for *_, end_us in windows],
    }
    cursor.execute(query("stored_dates"), parameters)
    return ((day, symbol) for day, symbol in cursor.fetchall())


_counts: Final[dict[tuple[str, date], tuple[float, dict[str, int]]]] = {}


def _counted(cursor: Cursor, day: date, today: date) -> dict[str, int]:
    """Symbol -> stored ticks of a trade date, counted anew after a while: it reads all of them."""
    key = current_namespace(), day
    until, counts = _counts.get(key, (0.0, {}))
    if time.monotonic() >= until:
        window = spans_of(day)
        start, end = min(span.start_us for span in window), max(span.end_us for span in window)
        cursor.execute(query("stored_counts"), {"start": utc(start), "end": utc(end), "day": day})
        counts = dict(cursor.fetchall())
        _counts[key] = time.monotonic() + (_COUNT_SECONDS if day >= today else _RECOUNT_SECONDS), counts
    return counts


def _fresh_dates(first: date, last: date, today: date) -> list[date]:
    newest = list(business_days(today - timedelta(days=FRESH_DATES * 2), today))[-FRESH_DATES:]
    return [day for day in newest if first <= day <= last]


def _begun(symbols: Iterable[str]) -> dict[str, date]:
    """Since when there is something of a symbol."""
    rows = LakeFile.objects.filter(symbol__in=list(symbols)).values_list("symbol").annotate(first=Min("trade_date"))
    return dict(rows)


def _quality(first: date, last: date) -> dict[Key, Answer]:
    rows = QualityDay.objects.filter(trade_date__range=(first, last)).values(
        "trade_date", "symbol", "open_seconds", "covered_seconds", *_QUALITY
    )
    return {(each["trade_date"], each["symbol"]): _short(each) for each in rows}


def _short(row: Mapping[str, Any]) -> Answer:
    is_open = row["open_seconds"] > 0
    share = round(row["covered_seconds"] / row["open_seconds"], 6) if is_open else None
    return {"coverage": share} | {name: row[name] for name in _QUALITY}


def _summary() -> Answer:
    found = LakeFile.objects.aggregate(
        first=Min("trade_date"),
        last=Max("trade_date"),
        ticks=Sum("rows", filter=Q(kind=Kind.TICKS), default=0),
        bytes=Sum("size", default=0),
        files=Count("pk"),
        verified=Min("verified_at"),
        unverified=Count("pk", filter=Q(verified_at=None)),
    )
    return {
        "first_date": _day(found["first"]),
        "last_date": _day(found["last"]),
        "ticks": found["ticks"],
        "bytes": found["bytes"],
        "files": found["files"],
        "verified_at": None if found["unverified"] else _text(found["verified"]),
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _text(at: datetime | None) -> str | None:
    return None if at is None else instant_text(epoch_us(at))


# --- quality in full -------------------------------------------------------------------------------------------------


async def quality(day: str | None, symbol: str | None) -> Answer:
    """The rows of a date, of a symbol, or of both. Raises Problem 422."""
    try:
        on = trade_date("trade_date", day)
    except AskedError as error:
        raise Problem(str(error), status=422) from None
    if on is None and not symbol:
        raise Problem("give trade_date, symbol, or both", status=422)
    name = (await instrument_named(symbol)).symbol if symbol else None
    return {"rows": await sync_to_async(_quality_rows)(on, name)}


def _quality_rows(on: date | None, symbol: str | None) -> list[Answer]:
    rows = QualityDay.objects.order_by("-trade_date", "symbol")
    rows = rows if on is None else rows.filter(trade_date=on)
    rows = rows if symbol is None else rows.filter(symbol=symbol)
    return [_full(each) for each in rows[:_MOST_QUALITY]]


def _full(row: QualityDay) -> Answer:
    plain = (
        "symbol", "ticks", "gap_seconds", "open_seconds", "covered_seconds", "zero", "negative", "conflicts",
        "sources", "gap_list", *_QUALITY,
    )  # fmt: skip
    times = {name: _text(getattr(row, name)) for name in ("first_at", "last_at", "made_at")}
    return {name: getattr(row, name) for name in plain} | times | {"trade_date": row.trade_date.isoformat()}
