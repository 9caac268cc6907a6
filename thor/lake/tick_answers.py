"""Ticks for people and programs: those of the lake, and stored ones of dates that are not in it yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from thor.lake.about import About, Answer, DayFile, day_files, day_span, is_within, where
from thor.lake.asked import MOST_DAYS, AskedError, Place
from thor.lake.layout import Kind
from thor.lake.stored import Cursor, reading, stored_span, ticks_between
from thor.markets.session import instant_text
from thor.markets.trade_date import epoch_us, utc

if TYPE_CHECKING:
    import pyarrow as pa

_TICK: Final = (
    "ts", "last", "bid", "ask", "last_size", "bid_size", "ask_size", "volume", "source", "cond", "venue", "seq",
    "contract", "stream_id", "trade_date",
)  # fmt: skip
_PRICES: Final = ("last", "bid", "ask")
#: By time, of the same time as they arrived: stream ids as two numbers, those without one at the end.
_ORDER: Final = (
    "ts, TRY_CAST(split_part(stream_id, '-', 1) AS BIGINT) NULLS LAST,"
    " TRY_CAST(split_part(stream_id, '-', 2) AS BIGINT) NULLS LAST, seq NULLS LAST, source"
)
_FILE_PAGE: Final = 50_000


class TicksAsked(NamedTuple):
    """Ticks in ``[start_us, end_us)``, None: open."""

    start_us: int | None
    end_us: int | None


def page(of: About, asked: TicksAsked, limit: int, place: Place | None) -> Answer:
    """So many ticks from ``start_us``, or behind ``place``. Raises TooMuchError."""
    if place is not None:
        asked = asked._replace(start_us=place.ts_us)
    with reading() as cursor:
        rows = _rows(of, asked, cursor, limit + 1, 0 if place is None else place.told)
    told = rows[:limit]
    return {
        "symbol": of.symbol,
        "ticks": [_told(row) for row in told],
        "next": _behind(told, place).text() if len(rows) > limit else None,
    }


def _where(of: About, asked: TicksAsked, cursor: Cursor) -> dict[date, DayFile | None]:
    return where(of, Kind.TICKS, None, asked.start_us, asked.end_us, cursor).days


def _rows(of: About, asked: TicksAsked, cursor: Cursor, wanted: int, skip: int) -> list[tuple[Any, ...]]:
    """The first so many behind the first ``skip``, all of which are of one trade date."""
    found: list[tuple[Any, ...]] = []
    for is_stored, group in groupby(_where(of, asked, cursor).items(), key=lambda each: each[1] is None):
        days = dict(group)
        while days and len(found) < wanted:
            some = _few(days, wanted - len(found) + skip)
            found += (_stored if is_stored else _of_files)(of, asked, cursor, some, wanted - len(found), skip)
            days = {day: file for day, file in days.items() if day not in some}
            skip = 0
        if len(found) >= wanted:
            break
    return found


def _few(days: dict[date, DayFile | None], rows: int) -> dict[date, DayFile | None]:
    """The oldest of these dates, in which there are so many rows, one of whose days may be cut; stored ones singly."""
    found: dict[date, DayFile | None] = {}
    there = 0
    for day, file in days.items():
        found[day] = file
        there += file.rows if file is not None and len(found) > 1 else 0
        if file is None or there >= rows:
            break
    return found


def _stored(
    of: About, asked: TicksAsked, cursor: Cursor, days: dict[date, DayFile | None], limit: int, skip: int
) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for day in days:
        start_us, end_us = _within(of, asked, day)
        found += ticks_between(cursor, of.symbol, start_us, end_us, skip, limit)
    return found


def _within(of: About, asked: TicksAsked, day: date) -> tuple[int, int]:
    """What is asked for of a trade date."""
    start_us, end_us = day_span(day, of.group)
    if asked.start_us is not None:
        start_us = max(start_us, asked.start_us)
    return start_us, end_us if asked.end_us is None else max(start_us, min(end_us, asked.end_us))


def _of_files(
    of: About, asked: TicksAsked, cursor: Cursor, days: dict[date, DayFile | None], limit: int, skip: int
) -> list[tuple[Any, ...]]:
    from thor.lake import questions

    del cursor
    start_us, end_us = _within(of, asked, min(days))[0], _within(of, asked, max(days))[1]
    names = ", ".join(f"{name}::DOUBLE" if name in _PRICES else name for name in _TICK[1:-1])
    sql = (
        f"SELECT epoch_us(ts), {names}, date FROM {{rows}}"
        f" WHERE symbol = ? AND date >= ? AND date <= ? AND ts >= ? AND ts < ? ORDER BY {_ORDER} LIMIT ? OFFSET ?"
    )
    values = (of.symbol, min(days), max(days), utc(start_us), utc(end_us), limit, skip)
    there = {file.part: file.stamp for file in days.values() if file is not None}
    return questions.rows(Kind.TICKS, there, partial(is_within, of.symbol, min(days), max(days)), sql, *values)


def _ts_us(row: tuple[Any, ...]) -> int:
    return row[0] if isinstance(row[0], int) else epoch_us(row[0])


def _behind(told: list[tuple[Any, ...]], before: Place | None) -> Place:
    last_us = _ts_us(told[-1])
    same = sum(1 for row in told if _ts_us(row) == last_us)
    return Place(last_us, same + (before.told if before is not None and before.ts_us == last_us else 0))


def _told(row: tuple[Any, ...]) -> Answer:
    said = dict(zip(_TICK, row, strict=True))
    for name in _PRICES:
        said[name] = None if said[name] is None else float(said[name])
    return said | {"ts": instant_text(_ts_us(row)), "trade_date": said["trade_date"].isoformat()}


# --- files ----------------------------------------------------------------------------------------------------------


def tick_batches(of: About, asked: TicksAsked) -> Iterator[pa.RecordBatch]:
    """All of them as Arrow batches with the columns of ``columns.TICKS`` and the trade date, oldest first. Raises
    AskedError before the first one for more than can be given."""
    with reading() as cursor:
        asked = _bounded(of, asked, cursor)
        days = _where(of, asked, cursor)
    return _batches(of, asked, days)


def _bounded(of: About, asked: TicksAsked, cursor: Cursor) -> TicksAsked:
    """At most MOST_DAYS days; where the question does not say, the newest."""
    end_us = asked.end_us
    if end_us is None:
        stored = stored_span(cursor, of.symbol)
        files = day_files(Kind.TICKS, of.symbol, None, None, None)
        ends = [epoch_us(stored[1]) + 1] if stored else []
        end_us = max([*ends, *(day_span(day, of.group)[1] for day in list(files)[-1:])], default=0)
    start_us = end_us - MOST_DAYS * 86_400_000_000 if asked.start_us is None else asked.start_us
    if end_us - start_us > MOST_DAYS * 86_400_000_000:
        days = timedelta(microseconds=end_us - start_us).days
        raise AskedError(
            f"start and end are {days} days apart; a file of ticks has at most {MOST_DAYS}: give both nearer"
        )
    return TicksAsked(start_us, max(end_us, start_us + 1))


def _batches(of: About, asked: TicksAsked, days: dict[date, DayFile | None]) -> Iterator[pa.RecordBatch]:
    for day, file in days.items():
        yield from _stored_batches(of, asked, day) if file is None else _file_batches(of, asked, day, file)


def file_schema() -> pa.Schema:
    """Of a file of ticks."""
    import pyarrow as pa

    from thor.lake.columns import TICKS

    names = [name for name in TICKS.names if name not in ("extra", "created_at")]
    return pa.schema([TICKS.field(name) for name in names]).append(pa.field("trade_date", pa.date32()))


def _file_batches(of: About, asked: TicksAsked, day: date, file: DayFile) -> Iterator[pa.RecordBatch]:
    from thor.lake import questions

    schema = file_schema()
    names = ", ".join(schema.names[:-1])
    sql = f"SELECT {names}, date AS trade_date FROM {{rows}} WHERE symbol = ? AND date = ? AND ts >= ? AND ts < ?"
    start_us, end_us = _within(of, asked, day)
    values = (of.symbol, day, utc(start_us), utc(end_us))
    for batch in questions.batches(
        Kind.TICKS, {file.part: file.stamp}, partial(is_within, of.symbol, day, day), sql, *values
    ):
        yield batch.cast(schema)


def _stored_batches(of: About, asked: TicksAsked, day: date) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    start_us, end_us = _within(of, asked, day)
    schema, told, rows = file_schema(), 0, [()]
    while rows and start_us < end_us:
        with reading() as cursor:
            rows = ticks_between(cursor, of.symbol, start_us, end_us, told, _FILE_PAGE)
        if rows:
            yield pa.RecordBatch.from_pylist([_as_row(of.symbol, row) for row in rows], schema=schema)
            place = _behind(rows, Place(start_us, told))
            start_us, told = place.ts_us, place.told
            rows = rows if len(rows) == _FILE_PAGE else []


def _as_row(symbol: str, row: tuple[Any, ...]) -> Answer:
    return {"symbol": symbol} | dict(zip(_TICK, row, strict=True))
