"""Reading the lake as lazy frames (Polars), pruned by trade date and symbol before a file is opened.

Needs no Django. What is read is what was there at the call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import polars as pl
import pyarrow as pa

from thor.instruments.symbol import SymbolError, canonical
from thor.lake.catalog import Sources, choose
from thor.lake.copies import parts_there, read_copies
from thor.lake.layout import Kind, Part, Timeframe
from thor.lake.reader import copy_schema, lake_at, schema_of
from thor.lake.store import LakeStore

#: A span's end: a trade date (which it includes), or an aware instant, also as ISO text (which it does not).
When = date | datetime | str
_DATE: Final = pa.field("date", pa.date32())
#: No trade date's ticks are further from it: a session before a long weekend.
_FURTHEST: Final = timedelta(days=6)


class Span(NamedTuple):
    """Trade dates to look at, both included, and the instants within them that are wanted; None: open."""

    first: date | None
    last: date | None
    start: datetime | None
    end: datetime | None


def scan_ticks(
    symbols: Iterable[str] | str | None = None, start: When | None = None, end: When | None = None,
    root: str | Path | None = None,
) -> pl.LazyFrame:  # fmt: skip
    """Ticks as a lazy frame of Polars: one row a stored tick.

    Columns of ``thor.lake.columns.TICKS`` and ``date``, the trade date. Prices in points as Decimal(18, 6), sizes and
    the session's cumulative ``volume`` in contracts, ``ts`` in microseconds UTC. Of each symbol and date in the order
    of ``ts``, of the same ``ts`` as they arrived.

    ``symbols``: in any spelling; all by default. ``start`` and ``end``: trade dates (``date``, both included) or aware
    instants (``datetime`` or ISO text, the end not included). Files that they rule out are not read. ``root``: as
    :func:`connect` has it. Raises Problem and ValueError.
    """
    return _scan(Kind.TICKS, None, symbols, start, end, root)


def scan_bars(
    timeframe: str, symbols: Iterable[str] | str | None = None, start: When | None = None, end: When | None = None,
    root: str | Path | None = None,
) -> pl.LazyFrame:  # fmt: skip
    """Bars as a lazy frame of Polars: one row an interval of ``timeframe`` (1s 5s 1m 5m 15m 1h 1d) with a last price.

    Columns of ``thor.lake.columns.BARS`` and ``date``, the trade date. ``ts`` is when the interval begins (of a day,
    when its session opened), prices in points and raw, of one contract a date (``contract``), ``volume`` the contracts
    traded in the interval, ``session`` RTH or ETH. The other arguments are those of :func:`scan_ticks`.
    """
    return _scan(Kind.BARS, timeframe_of(timeframe), symbols, start, end, root)


def _scan(
    kind: Kind, timeframe: Timeframe | None, symbols: Iterable[str] | str | None, start: When | None,
    end: When | None, root: str | Path | None,
) -> pl.LazyFrame:  # fmt: skip
    store, span, wanted = lake_at(root), span_of(start, end), symbols_of(symbols)
    there = parts_there(store, kind, span.first, span.last, wanted, timeframe)
    copies = read_copies(store) if there else []
    sources = choose(there, copies, partial(_is_asked, span, wanted, timeframe))
    frames = list(_frames(store, kind, sources))
    found = pl.concat(frames) if frames else pl.LazyFrame(schema=_file_schema(schema_of(kind).append(_DATE)))
    return found.filter(*conditions(span, wanted))


def _is_asked(span: Span, symbols: Sequence[str] | None, timeframe: Timeframe | None, part: Part) -> bool:
    return (
        part.timeframe is timeframe
        and (span.first is None or part.trade_date >= span.first)
        and (span.last is None or part.trade_date <= span.last)
        and (symbols is None or part.symbol in symbols)
    )


def _frames(store: LakeStore, kind: Kind, sources: Sources) -> Iterator[pl.LazyFrame]:
    names = [*schema_of(kind).names, "date"]
    small, copied = _file_schema(schema_of(kind)), _file_schema(copy_schema(kind))
    scan = partial(pl.scan_parquet, missing_columns="insert", extra_columns="ignore")
    if sources.small:
        types = {"date": pl.Date, "symbol": pl.String}
        files = [store.uri(key) for key in sources.small]
        yield scan(files, schema=small, hive_partitioning=True, hive_schema=types).select(names)
    for take in sources.compact:
        whole = scan(store.uri(take.key), schema=copied, hive_partitioning=False)
        found = whole.with_columns(date=pl.col("trade_date"))
        for part in take.without:
            found = found.filter(~((pl.col("date") == part.trade_date) & (pl.col("symbol") == part.symbol)))
        yield found.select(names)


def _file_schema(schema: pa.Schema) -> Any:
    empty: Any = pl.from_arrow(schema.empty_table())
    return empty.schema


def conditions(span: Span, symbols: Sequence[str] | None) -> list[pl.Expr]:
    """What a row has to hold to be of a span and of these symbols."""
    date_, ts = pl.col("date"), pl.col("ts")
    found = [] if symbols is None else [pl.col("symbol").is_in(symbols)]
    found += [] if span.first is None else [date_ >= span.first]
    found += [] if span.last is None else [date_ <= span.last]
    found += [] if span.start is None else [ts >= span.start]
    return found + ([] if span.end is None else [ts < span.end])


# --- what is asked for ----------------------------------------------------------------------------------------------


def timeframe_of(text: str) -> Timeframe:
    """Raises ValueError with what there is."""
    try:
        return Timeframe(text)
    except ValueError:
        raise ValueError(f"{text!r} is no timeframe: give one of {', '.join(Timeframe)}") from None


def symbols_of(symbols: Iterable[str] | str | None) -> list[str] | None:
    """Canonical symbols, each once. Raises ValueError."""
    if symbols is None:
        return None
    try:
        found = [canonical(each).symbol for each in ([symbols] if isinstance(symbols, str) else symbols)]
    except SymbolError as error:
        raise ValueError(str(error)) from None
    return list(dict.fromkeys(found))


def span_of(start: When | None, end: When | None) -> Span:
    """What a start and an end mean. Raises ValueError for one that is neither a date nor an aware instant."""
    first, from_ = _when("start", start)
    last, until = _when("end", end)
    if from_ is not None:
        first = from_.astimezone(UTC).date() - timedelta(days=1)
    if until is not None:
        last = until.astimezone(UTC).date() + _FURTHEST
    return Span(first, last, from_, until)


def _when(name: str, when: When | None) -> tuple[date | None, datetime | None]:
    found = _parsed(name, when) if isinstance(when, str) else when
    if not isinstance(found, datetime):
        return found, None
    if found.tzinfo is None:
        raise ValueError(f"{name}: {found} has no time zone: give one such as 2025-10-09T13:30:00Z")
    return None, found


def _parsed(name: str, text: str) -> date | datetime:
    try:
        return date.fromisoformat(text) if len(text) == len("2025-10-09") else datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name}: {text[:40]!r} is neither a trade date nor an ISO instant") from None
