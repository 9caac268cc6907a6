"""Rows of a recording as lines of COPY text for ``ticks``, a slice at a time.

Two ways with one interface. :class:`SlowLines` is obviously right: each row through ``history/recording.py``'s Merger,
``quote.judge`` and ``tick.copy_line``, as the bus does it. :class:`FastLines` does the same to whole columns, and the
rule between them is the ingestor's: **a slice with anything in it that the fast way is not sure of goes the slow way.**
``tests/unit/lake/test_tick_lines.py`` holds the two equal.

A slice is a frame with :data:`COLUMNS`, in the order of ``ts_us``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import polars as pl

from thor.history.recording import EVENTS, Book, Merger, Row, symbol_of, whole
from thor.history.recording_file import PRICES, SIZES
from thor.history.tick import COLUMNS as TICK_COLUMNS
from thor.history.tick import copy_line
from thor.history.week import WEEK_US, week, week_number
from thor.markets.trade_date import epoch_us, trade_date_span
from thor.quotes.quote import REFUSE_AHEAD_US, SOURCES, Quote, QuoteRefusedError, Reason, format_ts, judge

#: ``place``: the number of a row without a ``seq``, above every one that is there. ``vendor_seq``: kept in ``meta``.
#: ``part`` and ``row``: where it stands, for who is told of its refusal.
COLUMNS: Final = (*Row._fields, "vendor_seq", "part", "row")
_TOP, _SIZES_OF_TOP = ("last", "bid", "ask"), ("last_size", "bid_size", "ask_size")
_LEVELS: Final = tuple(name for name in PRICES if name not in _TOP)

_PRICE: Final = r"^-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$"
_MINUS_ZERO: Final = r"^-0(\.0*)?$"
_SIZE: Final = r"^(0|[1-9][0-9]{0,17})$"
#: Texts that stand in JSON and in COPY text as they are.
_PLAIN: Final = r"^[ -!#-\[\]-~]{1,64}$"
_MOST_EXACT: Final = 2**53
_MOST_WHOLE: Final = 10**12
_PRICE_SCALE: Final = 6
_WEEK_ZERO_US: Final = epoch_us(week(0).start)


class Refusal(NamedTuple):
    """A row that is not stored."""

    part: int
    row: int
    reason: Reason
    detail: str


class Lines(NamedTuple):
    """Rows of one trade week, as COPY text in the order of their times."""

    data: bytes
    parts: list[int]
    rows: list[int]
    first_us: int
    last_us: int


class Made(NamedTuple):
    """What became of a slice."""

    lines: list[Lines]
    refusals: list[Refusal]


@dataclass(frozen=True, slots=True)
class Given:
    """``groups``: known symbol -> product group. ``first_free_seq``: above every ``seq`` of the rows. ``source``: of
    rows that name none. Later than ``now_us`` nothing can have happened."""

    groups: Mapping[str, str]
    first_free_seq: int
    source: str
    now_us: int


class SlowLines:
    """A row at a time. ``merger`` is shared with the fast way."""

    def __init__(self, given: Given, merger: Merger | None = None) -> None:
        self._given = given
        self._merger = merger or Merger()

    def make(self, piece: pl.DataFrame) -> Made:
        """The lines of a slice."""
        refusals: list[Refusal] = []
        found: list[tuple[bytes, int, int, int]] = []
        columns = (piece[name].to_list() for name in COLUMNS)
        for *values, vendor_seq, part, row in zip(*columns, strict=True):
            try:
                quote = self._quote(Row._make(values), vendor_seq)
                found.append((copy_line(quote, None, self._given.groups[quote.symbol]), quote.ts_us, part, row))
            except QuoteRefusedError as error:
                refusals.append(Refusal(part, row, error.reason, error.detail))
        return Made(list(by_week(found)), refusals)

    def _quote(self, row: Row, vendor_seq: Any) -> Quote:
        given = self._given
        quote = self._merger.as_recorded(row if row.source else row._replace(source=given.source), given.first_free_seq)
        if vendor_seq is not None:
            quote = msgspec.structs.replace(quote, meta={**quote.meta, "vendor_seq": whole(vendor_seq)})
        check_time(quote.ts_us, given.now_us)
        return judge(quote, quote.ts_us, given.groups, as_recorded=True)


def check_time(ts_us: int, now_us: int) -> None:
    """Refuse what cannot have happened. Raises :class:`QuoteRefusedError`."""
    if ts_us < 0:
        raise QuoteRefusedError(Reason.BAD_TIME, "the time is before 1970")
    if ts_us - now_us > REFUSE_AHEAD_US:
        raise QuoteRefusedError(Reason.TOO_FAR_AHEAD, f"ts {format_ts(ts_us)} is in the future")


def by_week(found: list[tuple[bytes, int, int, int]]) -> Iterator[Lines]:
    """A batch reaches over no more partitions than it has rows in."""
    start = 0
    for index in range(1, len(found) + 1):
        if index == len(found) or week_number(found[index][1]) != week_number(found[start][1]):
            rows = found[start:index]
            yield Lines(b"".join(each[0] for each in rows), [each[2] for each in rows], [each[3] for each in rows],
                        rows[0][1], rows[-1][1])  # fmt: skip
            start = index


class _OddError(Exception):
    """Something that the fast way is not sure of."""


class FastLines:
    """Whole columns at once; odd slices the slow way."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._merger = Merger()
        self._slow = SlowLines(given, self._merger)
        self._symbols: dict[str, tuple[str, str | None]] = {}
        self.slow_slices = 0

    def make(self, piece: pl.DataFrame) -> Made:
        """The lines of a slice."""
        try:
            return self._make(piece)
        except _OddError:
            self.slow_slices += 1
            return self._slow.make(piece)

    def _make(self, piece: pl.DataFrame) -> Made:
        rows = self._typed(self._named(piece))
        is_event = rows["event"].is_in(list(EVENTS))
        if is_event.any():
            rows = self._merged(rows)
        if rows.select(pl.all_horizontal(pl.col(name).is_null() for name in _TOP).any()).item():
            raise _OddError
        if is_event.any():
            self._remember(rows)
        known = pl.col("symbol").is_in(list(self._given.groups))
        refusals = [_unknown(*each) for each in rows.filter(~known).select("part", "row", "symbol").iter_rows()]
        return Made(list(_written(_finished(rows.filter(known), self._given))), refusals)

    # --- names and types ---

    def _named(self, piece: pl.DataFrame) -> pl.DataFrame:
        """Canonical symbols, contracts and sources. Raises _OddError."""
        if piece["ts_us"].null_count() or any(piece[name].null_count() < piece.height for name in _LEVELS):
            raise _OddError
        if not 0 <= _int(piece["ts_us"].min()) <= _int(piece["ts_us"].max()) <= self._given.now_us + REFUSE_AHEAD_US:
            raise _OddError
        names = piece["symbol"].unique().to_list()
        found = {name: self._symbol(name) for name in names}
        roots = {name: each[0] for name, each in found.items()}
        contracts = {name: each[1] for name, each in found.items()}
        raw = pl.col("symbol")
        return piece.with_columns(
            symbol=raw.replace_strict(roots, return_dtype=pl.String),
            contract=pl.coalesce("contract", raw.replace_strict(contracts, return_dtype=pl.String)),
            source=pl.when(pl.col("source").fill_null("") == "").then(pl.lit(self._given.source))
            .when(pl.col("source") == "EXCEL").then(pl.lit("TOS")).otherwise("source"),
        )  # fmt: skip

    def _symbol(self, raw: str | None) -> tuple[str, str | None]:
        if raw is None:
            raise _OddError
        if raw not in self._symbols:
            try:
                self._symbols[raw] = symbol_of(raw)
            except QuoteRefusedError:
                raise _OddError from None
        return self._symbols[raw]

    def _typed(self, piece: pl.DataFrame) -> pl.DataFrame:
        """Prices as texts, sizes as integers, each as the slow way would write it. Raises _OddError."""
        made = piece.with_columns(
            *(_price_text(piece, name) for name in _TOP),
            *(_size(piece, name) for name in (*SIZES, "vendor_seq")),
        )
        checks = [
            *(made[name].is_not_null() & ~_matches(made[name], _PRICE, _MINUS_ZERO) for name in _TOP),
            *(made[name].is_null() & piece[name].is_not_null() for name in (*SIZES, "vendor_seq")),
            *(made[name].is_not_null() & (made[name] < 0) for name in (*SIZES, "vendor_seq")),
            *(made[name].is_not_null() & ~_matches(made[name], _PLAIN) for name in ("contract", "venue", "condition")),
            ~made["source"].is_in(list(SOURCES)),
        ]
        if any(check.any() for check in checks):
            raise _OddError
        return made.with_columns(seq=pl.coalesce("seq", pl.col("place") + self._given.first_free_seq))

    # --- events ---

    def _merged(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Event rows with what the rows before said of their symbol and contract."""
        seeds = self._seeds(rows)
        both = pl.concat([seeds, rows.with_row_index("index").cast({"index": pl.Int64})], how="diagonal")
        is_event = pl.col("event").is_in(list(EVENTS))
        key = (is_event, pl.col("symbol"), pl.col("contract"))
        told = both.with_columns(pl.int_range(pl.len()).alias("at")).with_columns(
            *(
                pl.when(is_event & when).then(pl.col("at")).forward_fill().over(*key).alias(f"{name}_at")
                for name, when in _TOLD.items()
            )
        )
        merged = told.with_columns(_carried(name, is_event) for name in _TOLD)
        return merged.filter(pl.col("index") >= 0).select(rows.columns)

    def _seeds(self, rows: pl.DataFrame) -> pl.DataFrame:
        """What was said before this slice, as one event row for each symbol and contract."""
        books = self._merger.books
        told = [
            {
                "symbol": symbol, "contract": contract, "event": "quote", "index": -1,
                **{name: None if (price := getattr(book, name)) is None else format(price, "f") for name in _TOP},
                **{name: getattr(book, name) for name in _SIZES_OF_TOP},
            }
            for (symbol, contract), book in books.items()
        ]  # fmt: skip
        names = ("symbol", "contract", "event", *_TOP, *_SIZES_OF_TOP)
        return pl.DataFrame(told, schema={**{name: rows.schema[name] for name in names}, "index": pl.Int64})

    def _remember(self, rows: pl.DataFrame) -> None:
        events = rows.filter(pl.col("event").is_in(list(EVENTS)))
        last = events.group_by("symbol", "contract", maintain_order=True).last()
        for symbol, contract, *prices, last_size, bid_size, ask_size in last.select(
            "symbol", "contract", *_TOP, *_SIZES_OF_TOP
        ).iter_rows():
            last_price, bid, ask = (None if text is None else Decimal(text) for text in prices)
            self._merger.books[symbol, contract] = Book(last_price, last_size, bid, bid_size, ask, ask_size)


#: What an event row says anew: a price with its size; of bid and ask also a size alone.
_TOLD: Final = {
    "last": pl.col("last").is_not_null(),
    "last_size": pl.col("last").is_not_null(),
    "bid": pl.col("bid").is_not_null(),
    "bid_size": pl.col("bid").is_not_null() | pl.col("bid_size").is_not_null(),
    "ask": pl.col("ask").is_not_null(),
    "ask_size": pl.col("ask").is_not_null() | pl.col("ask_size").is_not_null(),
}


def _carried(name: str, is_event: pl.Expr) -> pl.Expr:
    """Of an event row what was told last."""
    at = pl.col(f"{name}_at")
    told = pl.when(at.is_not_null()).then(pl.col(name).gather(at.fill_null(0)))
    return pl.when(is_event).then(told).otherwise(pl.col(name)).alias(name)


def _price_text(piece: pl.DataFrame, name: str) -> pl.Expr:
    column, dtype = pl.col(name), piece.schema[name]
    if dtype.is_float():
        is_whole = (column == column.round(0)) & (column.abs() < _MOST_WHOLE)
        text = column.cast(pl.String)
        return pl.when(is_whole).then(column.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(text).alias(name)
    return column.cast(pl.String).alias(name)


def _size(piece: pl.DataFrame, name: str) -> pl.Expr:
    """Null where it is no whole number that is sure to be exact."""
    column, dtype = pl.col(name), piece.schema[name]
    if dtype.is_float():
        is_sure = (column == column.round(0)) & (column.abs() < _MOST_EXACT)
        return pl.when(is_sure).then(column.cast(pl.Int64, strict=False)).alias(name)
    if dtype == pl.String:
        return pl.when(column.str.contains(_SIZE)).then(column.cast(pl.Int64, strict=False)).alias(name)
    return column.cast(pl.Int64, strict=False).alias(name)


def _matches(column: pl.Series, wanted: str, but_not: str = "") -> pl.Series:
    found = column.str.contains(wanted)
    return found & ~column.str.contains(but_not) if but_not else found


def _int(value: Any) -> int:
    return -1 if value is None else int(value)


def _unknown(part: int, row: int, symbol: str) -> Refusal:
    return Refusal(part, row, Reason.UNKNOWN_SYMBOL, f"symbol {symbol} is no instrument of this Thor")


# --- writing ---


def _finished(rows: pl.DataFrame, given: Given) -> pl.DataFrame:
    """The columns of ``ticks``, all texts, with ``ts_us``, ``part`` and ``row``."""
    bid, ask, last = (pl.col(name).str.to_decimal(scale=_PRICE_SCALE) for name in ("bid", "ask", "last"))
    prices = (last, bid, ask)
    flags = {
        "crossed": (bid > ask).fill_null(False),
        "zero_price": pl.any_horizontal((price == 0).fill_null(False) for price in prices),
        "negative_price": pl.any_horizontal((price < 0).fill_null(False) for price in prices),
    }
    contract, event = pl.col("contract"), pl.col("event")
    members = [
        pl.when(contract.is_not_null()).then(pl.concat_str(pl.lit('"contract":"'), contract, pl.lit('",'))),
        pl.when(event.is_in(list(EVENTS))).then(pl.concat_str(pl.lit('"event":"'), event, pl.lit('",'))),
        pl.when(pl.col("vendor_seq").is_not_null())
        .then(pl.concat_str(pl.lit('"vendor_seq":'), "vendor_seq", pl.lit(","))),
        *(pl.when(there).then(pl.lit(f'"{name}":true,')) for name, there in flags.items()),
    ]  # fmt: skip
    meta = pl.concat_str(members, ignore_nulls=True)
    return rows.with_columns(
        ts=pl.from_epoch("ts_us", time_unit="us").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
        cond=pl.col("condition"),
        trade_date=trade_dates(rows, given.groups),
        stream_id=pl.lit(None, pl.String),
        extra=pl.when(meta != "").then(
            pl.concat_str(pl.lit('{"meta":{'), meta.str.slice(0, meta.str.len_bytes() - 1), pl.lit("}}"))
        ),
    )


def trade_dates(rows: pl.DataFrame, groups: Mapping[str, str]) -> pl.Series:
    """The trade date of each row, as text; of a symbol in none of the groups null."""
    times = rows["ts_us"].to_numpy()
    group_of = rows["symbol"].replace_strict(groups, default=None, return_dtype=pl.String)
    found = np.full(rows.height, "", dtype="U10")
    for group in group_of.unique().drop_nulls().to_list():
        mine = (group_of == group).fill_null(False).to_numpy()
        starts, dates = _spans(int(times[mine].min()), int(times[mine].max()), group)
        found[mine] = np.array(dates)[np.searchsorted(starts, times[mine], side="right") - 1]
    texts = pl.Series("trade_date", found, pl.String)
    return texts.set(texts == "", None)


def _spans(first_us: int, last_us: int, group: str) -> tuple[list[int], list[str]]:
    starts, dates = [], []
    at_us = first_us
    while at_us <= last_us:
        span = trade_date_span(at_us, group)
        starts.append(span.start_us)
        dates.append(span.trade_date.isoformat())
        at_us = span.end_us
    return starts, dates


def _written(rows: pl.DataFrame) -> Iterator[Lines]:
    weeks = rows.select(((pl.col("ts_us") - _WEEK_ZERO_US) // WEEK_US).alias("week"))["week"]
    for _, piece in rows.with_columns(weeks).group_by("week", maintain_order=True):
        data = piece.select(TICK_COLUMNS).write_csv(
            separator="\t", null_value="\\N", quote_style="never", include_header=False
        )
        times = piece["ts_us"]
        yield Lines(data.encode(), piece["part"].to_list(), piece["row"].to_list(), int(times[0]), int(times[-1]))
