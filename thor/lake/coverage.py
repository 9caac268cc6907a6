"""What there is of each trade date: in the lake, in PostgreSQL, in neither though the market was open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from asgiref.sync import sync_to_async
from django.db.models import Count, Max, Min, Q, Sum

from thor.instruments.answers import instrument_named
from thor.instruments.live import catalogue
from thor.instruments.selectors import Listed
from thor.lake.asked import AskedError, business_days, date_of, dates, span_of, trade_date
from thor.lake.layout import Kind, Timeframe
from thor.lake.models import FileState, LakeFile, QualityDay
from thor.lake.queries import query
from thor.lake.stored import TooMuchError, reading
from thor.markets.live import MarketTable, market_table
from thor.markets.now import market_now
from thor.markets.session import instant_text
from thor.markets.trade_date import DEFAULT_GROUP, epoch_us, utc
from thor.runtime.problem import Problem

Answer = dict[str, Any]
#: So many trade dates back ticks still come late: of these PostgreSQL is asked how many it has.
FRESH_DATES: Final = 10
_MOST_QUALITY: Final = 1_000
_TIMEFRAMES: Final = tuple(Timeframe)
_QUALITY: Final = ("gaps", "longest_gap_seconds", "crossed", "spikes", "duplicates", "out_of_order")


class Held(NamedTuple):
    """What the lake has of a symbol's trade date."""

    ticks: int
    bytes: int
    bars: tuple[str, ...]
    state: str


_NOTHING: Final = Held(0, 0, (), "")


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
    held, stored, quality = _held(first, last), _stored(first, last, today), _quality(first, last)
    groups = {each.facts.symbol: each.facts.group for each in listed}
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
    day: date, symbol: str, held: Mapping[Key, Held], stored: Mapping[Key, int], quality: Mapping[Key, Answer],
    begun: Mapping[str, date], groups: Mapping[str, str], table: MarketTable,
) -> Answer | None:  # fmt: skip
    there, count = held.get((day, symbol), _NOTHING), stored.get((day, symbol))
    if there is _NOTHING and not count:
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
    if there.state != FileState.OK:
        return there.state if there.state != FileState.ARCHIVED or not count else "stale"
    return "stale" if count is not None and count > there.ticks else "exported"


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
    rows = LakeFile.objects.filter(trade_date__range=(first, last), symbol__gt="").values_list(
        "trade_date", "symbol", "kind", "timeframe", "rows", "size", "state"
    )
    found: dict[Key, list[tuple[Any, ...]]] = defaultdict(list)
    for day, symbol, *more in rows:
        found[day, symbol].append(tuple(more))
    return {key: _held_of(files) for key, files in found.items()}


def _held_of(files: Iterable[tuple[Any, ...]]) -> Held:
    ticks, size, bars, state = 0, 0, [], ""
    for kind, timeframe, rows, length, is_now in files:
        size += length
        if kind == Kind.TICKS:
            ticks, state = rows, is_now
        else:
            bars.append(timeframe)
    return Held(ticks, size, tuple(bars), state or FileState.OK.value)


def _stored(first: date, last: date, today: date) -> dict[Key, int]:
    """What PostgreSQL has of the newest dates, and of any that the lake has nothing of."""
    fresh = _fresh_dates(first, last, today)
    if not fresh:
        return {}
    spans = [span for day in fresh if (span := span_of(day)) is not None]
    # Other groups' dates begin and end up to some hours apart.
    start, end = utc(spans[0].start_us) - timedelta(days=1), utc(spans[-1].end_us) + timedelta(days=1)
    with reading() as cursor:
        cursor.execute(query("stored_counts"), {"start": start, "end": end, "dates": fresh})
        return {(day, symbol): count for day, symbol, count in cursor.fetchall()}


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
