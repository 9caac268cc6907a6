"""Bars of Arrow tables: ticks as a file has them in, bars as files have them out. Needs no Django."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from thor.instruments.instrument import InstrumentFacts
from thor.lake import bar_kernel as kernel
from thor.lake import columns
from thor.lake.bar_kernel import Integers, Ticks
from thor.lake.bars import ETH, RTH, START_US, Session, in_order
from thor.lake.layout import WIDTH_US, Timeframe

#: An event file's trade, by what its row says of itself.
_TRADE: Final = r'"event":\s*"trade"'
#: What bars are made of, and what is looked at only where a file needs it.
_ALWAYS: Final = ("ts", "last", "bid", "ask", "volume")
_NONE: Final = np.empty(0, np.uint8)
_NO_CODES: Final = np.empty(0, np.int32)
#: A row group of a tick file: decoded and weighed before the next, so that both are in the processor's cache.
_BATCH: Final = 65_536


class OrderError(ValueError):
    """Ticks that are not sorted by time."""


@dataclass(frozen=True, slots=True)
class Made:
    """Bars by timeframe, each a table of :data:`columns.BARS`; ``suspect``: how many ticks were left out."""

    bars: dict[Timeframe, pa.Table]
    suspect: int
    ticks: int


class What(NamedTuple):
    """Whose bars, of which trade date. ``facts``: the gate's limits, None for what is no instrument (any more).
    ``before``: the cumulative volume that was said last on the date before."""

    symbol: str
    session: Session
    facts: InstrumentFacts | None
    contract: str | None = None
    before: int | None = None


def make_bars(batches: Iterable[pa.RecordBatch], what: What, timeframes: Sequence[Timeframe]) -> Made:
    """The bars of ticks in the order of their times: batches of :data:`columns.TICKS` or of the columns of it that
    :func:`needed` names. Raises OrderError."""
    weigher = Weigher(what, in_order(tuple(timeframes)))
    for batch in batches:
        weigher.take(batch)
    return weigher.made()


class Weigher:
    """Takes a file's ticks a batch at a time, whose bars it keeps."""

    def __init__(self, what: What, timeframes: Sequence[Timeframe]) -> None:
        """``timeframes``: the finest first."""
        self._what, self._timeframes = what, timeframes
        self._limits, self._gate, self._state = kernel.limits_of(what.facts), kernel.new_gate(), kernel.new_state()
        self._rows = np.empty((0, kernel.BAR_WIDTH), np.int64)
        self._floats = np.empty(0, np.float64)
        self._sources: dict[str | None, int] = {}
        self.ticks = 0

    def take(self, batch: pa.RecordBatch, verdicts: kernel.Bytes = _NONE) -> None:
        """``verdicts``: an array of zeros that gets 1 for each suspect tick. Raises OrderError."""
        ticks = self._ticks(batch)
        if not self.ticks and len(ticks.ts):
            self._start(int(ticks.ts[0]))
        self._make_room(len(ticks.ts) + 1)
        width_us = _width(self._timeframes[0])
        kernel.take(
            ticks, self._what.session.open_us, width_us, self._limits, self._gate, self._state, self._rows,
            self._floats, verdicts,
        )  # fmt: skip
        if (at := int(self._state[kernel.DISORDER])) >= 0:
            raise OrderError(f"row {self.ticks + at} is of an earlier time than the one before it")
        self.ticks += len(ticks.ts)

    def _start(self, first_us: int) -> None:
        """Whether the session was seen from its start, so that its first count is of what was traded in it."""
        if first_us <= self._what.session.open_us + START_US:
            self._state[kernel.BASE] = self._what.before or 0
            self._state[kernel.OPENED] = self._what.session.open_us

    def _make_room(self, more: int) -> None:
        """For a bar a tick; memory that is not written to costs nothing."""
        used = kernel.rows_of(self._state)
        if len(self._rows) < used + more:
            size = 2 * (used + more)
            self._rows, rows = np.empty((size, kernel.BAR_WIDTH), np.int64), self._rows
            self._floats, floats = np.empty(size, np.float64), self._floats
            self._rows[:used], self._floats[:used] = rows[:used], floats[:used]

    def made(self) -> Made:
        """All that was taken, as tables. Afterwards this takes no more."""
        count, found = kernel.rows_of(self._state), {}
        for timeframe in self._timeframes:
            if timeframe is not self._timeframes[0]:
                open_us = self._what.session.open_us
                count = kernel.fold(count, open_us, _width(timeframe), self._rows, self._floats)
            found[timeframe] = _table(self._what, timeframe, self._rows[:count], self._floats[:count])
        return Made(found, int(self._state[kernel.SUSPECT]), self.ticks)

    def _ticks(self, batch: pa.RecordBatch) -> Ticks:
        named = dict(zip(batch.schema.names, batch.columns, strict=True))
        ts, _ = _numbers(named.get("ts"), batch.num_rows, 1)
        last, bid, ask = (_numbers(named.get(name), batch.num_rows, 2) for name in ("last", "bid", "ask"))
        volume, size = (_numbers(named.get(name), batch.num_rows, 1) for name in ("volume", "last_size"))
        return Ticks(
            ts, *last, *bid, *ask, *volume, *size, _is_trade(named.get("extra"), volume[1]),
            self._codes(named.get("source")),
        )  # fmt: skip

    def _codes(self, column: pa.Array | None) -> kernel.Codes:
        """The sources as numbers that are the same in every batch."""
        if column is None:
            return _NO_CODES
        coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        numbers = [self._sources.setdefault(name, len(self._sources)) for name in coded.dictionary.to_pylist()]
        indices = coded.indices.fill_null(0).to_numpy(zero_copy_only=False)
        found: kernel.Codes = np.asarray([*numbers, 0], np.int32)[indices]
        return found


def needed(file: pq.ParquetFile, *, is_mixed: bool) -> list[str]:
    """Which columns of a tick file bars are made of. ``is_mixed``: of several contracts."""
    found = [*_ALWAYS]
    if any(nulls for nulls in _nulls(file, "volume")):
        found += ["last_size", "extra"]
    if _only_value(file, "source") is None:
        found.append("source")
    return [*found, "contract"] if is_mixed else found


def contracts_of(file: pq.ParquetFile) -> dict[str | None, int]:
    """Contract -> how many ticks of a file are of it; reads the column only where there are several."""
    rows = file.metadata.num_rows
    if rows == 0 or sum(nulls if nulls is not None else -1 for nulls in _nulls(file, "contract")) == rows:
        return {None: rows} if rows else {}
    if (only := _only_value(file, "contract")) is not None:
        return {only: rows}
    found: dict[str | None, int] = {}
    for batch in file.iter_batches(_BATCH, columns=["contract"], use_threads=False):
        for each in pc.value_counts(batch.column(0)).to_pylist():
            found[each["values"]] = found.get(each["values"], 0) + each["counts"]
    return found


def batches_of_contract(
    file: pq.ParquetFile, names: Sequence[str], contract: str | None, *, is_mixed: bool
) -> Iterator[pa.RecordBatch]:
    """The ticks of one contract, None: those of no known one."""
    for batch in file.iter_batches(_BATCH, columns=list(names), use_threads=False):
        if is_mixed:
            column = batch.column(batch.schema.get_field_index("contract"))
            batch = batch.filter(pc.is_null(column) if contract is None else pc.equal(column, contract))
        yield batch


def last_volume(file: pq.ParquetFile) -> int | None:
    """The cumulative volume that was said last; None where none was."""
    for number in reversed(range(file.metadata.num_row_groups)):
        said = file.read_row_group(number, columns=["volume"], use_threads=False).column(0).drop_null()
        if len(said):
            return int(said[-1].as_py())
    return None


def _statistics(file: pq.ParquetFile, name: str) -> Iterator[Any]:
    """Of a column in each row group."""
    at = file.schema_arrow.get_field_index(name)
    for number in range(file.metadata.num_row_groups):
        yield file.metadata.row_group(number).column(at).statistics


def _nulls(file: pq.ParquetFile, name: str) -> list[int | None]:
    """How many nulls each row group has; None where it does not say."""
    return [each.null_count if each is not None and each.has_null_count else -1 for each in _statistics(file, name)]


def _only_value(file: pq.ParquetFile, name: str) -> str | None:
    """What every row says; None where they differ, or where it is not known without reading."""
    found: set[str | None] = set()
    for each in _statistics(file, name):
        if each is None or not each.has_min_max or each.null_count or each.min != each.max:
            return None
        found.add(each.min)
    return found.pop() if len(found) == 1 else None


def _numbers(column: pa.Array | None, rows: int, words: int) -> tuple[Integers, kernel.Bytes]:
    """A column's memory as 64-bit numbers, ``words`` of them each, and what of it is known."""
    if column is None or len(column) == column.null_count:
        return np.zeros(rows * words, np.int64), np.zeros(rows, np.uint8)
    bits, data = column.buffers()
    values = np.frombuffer(data, np.int64)[column.offset * words : (column.offset + rows) * words]
    if not column.null_count:
        return values, _NONE
    known = np.unpackbits(np.frombuffer(bits, np.uint8), count=column.offset + rows, bitorder="little")
    return values, known[column.offset :]


def _is_trade(extra: pa.Array | None, volume_known: kernel.Bytes) -> kernel.Bytes:
    """1 for a tick that is itself a trade."""
    if extra is None or not len(volume_known):
        return _NONE
    found = pc.match_substring_regex(extra, _TRADE).fill_null(False)
    flags: kernel.Bytes = found.to_numpy(zero_copy_only=False).view(np.uint8)
    return flags


def _width(timeframe: Timeframe) -> int:
    return 0 if timeframe is Timeframe.DAY else WIDTH_US[timeframe]


def _table(what: What, timeframe: Timeframe, rows: Integers, floats: kernel.Floats) -> pa.Table:
    """Rows with a last as the files have them."""
    kept = rows[:, kernel.TICKS] > 0
    rows, floats = rows[kept], floats[kept]
    volume, said, spreads = rows[:, kernel.VOLUME], rows[:, kernel.SAID], rows[:, kernel.SIDED]
    names = ("OPEN", "HIGH", "LOW", "CLOSE")
    prices = {name.lower(): pa.array(rows[:, getattr(kernel, name)] / kernel.SCALE) for name in names}
    count = len(rows)
    found = {
        "symbol": _repeat(what.symbol, pa.string(), count),
        "ts": pa.array(rows[:, kernel.START], pa.timestamp("us", tz="UTC")),
        **prices,
        "volume": pa.array(volume, mask=said == 0),
        "vwap": _share(_value(rows, floats), volume),
        "tick_count": pa.array(rows[:, kernel.TICKS]),
        "bid_close": _price(rows[:, kernel.BID]),
        "ask_close": _price(rows[:, kernel.ASK]),
        "spread_mean": _share(rows[:, kernel.SPREADS].astype(np.float64), spreads),
        "session": _labels(what.session, timeframe, rows[:, kernel.START]),
        "timeframe": _repeat(timeframe.value, pa.string(), count),
        "contract": _repeat(what.contract, pa.string(), count),
        "trade_date": _repeat(what.session.trade_date, pa.date32(), count),
    }
    return pa.table([found[name] for name in columns.BARS.names], schema=columns.BARS)


def _repeat(value: str | date | None, kind: pa.DataType, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, kind), count)


def _value(rows: Integers, floats: kernel.Floats) -> kernel.Floats:
    """Millionths times contracts: the whole number where it fits, else what comes near it."""
    value = rows[:, kernel.VALUE].astype(np.float64)
    return np.where(np.abs(floats) < 9e18, value, floats)


def _share(sums: kernel.Floats, counts: Integers) -> pa.Array:
    """Millionths as points, each divided by its count; null at 0."""
    none = counts == 0
    return pa.array(sums / np.where(none, 1, counts) / kernel.SCALE, mask=none)


def _price(values: Integers) -> pa.Array:
    return pa.array(values / kernel.SCALE, mask=values == kernel.NULL)


def _labels(session: Session, timeframe: Timeframe, starts: Integers) -> pa.Array:
    if timeframe is Timeframe.DAY:
        inside = np.zeros(len(starts), np.bool_)
    else:
        ends = starts + WIDTH_US[timeframe]
        inside = (starts >= session.regular_start_us) & (ends <= session.regular_end_us)
    return pc.if_else(pa.array(inside), RTH, ETH)
