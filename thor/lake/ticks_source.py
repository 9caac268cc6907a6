"""The ticks of PostgreSQL as Arrow batches, a part at a time: by ADBC, so that no row becomes a Python object.

Memory: a few batches, whatever the day's size. Nothing here writes to the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

import adbc_driver_manager as adbc
import adbc_driver_postgresql as driver
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection
from psycopg import sql
from psycopg.conninfo import make_conninfo

from thor.lake import columns
from thor.lake.layout import Part
from thor.lake.numbers import Integers, indices, integers, repeated
from thor.lake.queries import query
from thor.markets.trade_date import spans_of, utc

#: So many bytes a batch, about 25,000 rows: more is not faster, and is held several times over.
_BATCH_BYTES: Final = 1 << 20
#: The index gives the order: the planner, which cannot know that ticks lie in it, would read all and sort.
_SESSION: Final = "-c default_transaction_read_only=on -c jit=off -c enable_sort=off"
_STREAM_ID: Final = r"^(?P<ms>[0-9]{1,18})-(?P<number>[0-9]{1,18})$"
_LAST_PLACE: Final = np.iinfo(np.int64).max
_US: Final = timedelta(microseconds=1)


class TicksError(Exception):
    """The database did not give the rows. One line."""


class Window(NamedTuple):
    """Aware UTC times between which all ticks of a trade date are."""

    start: datetime
    end: datetime


def window_of(day: date) -> Window:
    """When a trade date is, over all product groups; its calendar day where none has it."""
    spans = spans_of(day)
    if not spans:
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        return Window(midnight - timedelta(days=4), midnight + timedelta(days=4))
    return Window(utc(min(span.start_us for span in spans)), utc(max(span.end_us for span in spans)))


class TicksSource:
    """A connection to the database that reads ticks, and holds a part against others who would write it. For one thread
    at a time. Raises TicksError."""

    def __init__(self) -> None:
        self._running = ExitStack()
        self._connect()

    def _connect(self) -> None:
        with _said_plainly():
            self._database = driver.connect(_address())
            self._connection = adbc.AdbcConnection(self._database)

    def close(self) -> None:
        """Also ends what is being read, wherever its rows are waited for: an open one would keep the connection."""
        with _said_plainly():
            self._running.close()
            self._connection.close()
            self._database.close()

    def __enter__(self) -> TicksSource:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @contextmanager
    def alone_with(self, part: Part) -> Iterator[None]:
        """Wait until nobody else writes the part; the server lets it go when this process dies."""
        self._run(sql.SQL("SELECT pg_advisory_lock({})::text").format(lock_of(part)))
        try:
            yield
        except BaseException:
            self.close()  # which ends what was being read, and lets the part go
            self._connect()
            raise
        self._run(sql.SQL("SELECT pg_advisory_unlock({})").format(lock_of(part)))

    def batches(self, part: Part) -> Iterator[pa.RecordBatch]:
        """The part's ticks as in its file: columns and types of ``columns.TICKS``, by time, then arrival. All of one
        moment: what is stored meanwhile is not among them."""
        window = window_of(part.trade_date)
        statement = sql.SQL(query("ticks_of_part")).format(
            symbol=sql.Literal(part.symbol),
            day=sql.Literal(part.trade_date),
            start=sql.Literal(window.start),
            end=sql.Literal(window.end),
        )
        yield from in_order(tick_batch(each, part.symbol) for each in self._rows(statement))

    def _rows(self, statement: sql.Composed) -> Iterator[pa.RecordBatch]:
        with _said_plainly(), self._running as running:
            asked = running.enter_context(adbc.AdbcStatement(self._connection))
            asked.set_options(**{driver.StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(_BATCH_BYTES)})
            asked.set_sql_query(statement.as_string())
            stream, _ = asked.execute_query()
            yield from running.enter_context(pa.RecordBatchReader._import_from_c(stream.address))

    def _run(self, statement: sql.Composed) -> None:
        for _ in self._rows(statement):
            pass


def lock_of(part: Part) -> sql.Composed:
    """The two numbers of the database's advisory lock that stands for a part."""
    return sql.SQL("hashtext('thor.lake.part'), hashtext(current_schema() || {})").format(sql.Literal(part.key))


def _address() -> str:
    """Django's database as libpq is told of it: an address with the password, never shown."""
    parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context", "prepare_threshold", "pool"):
        parameters.pop(name, None)
    options = f"{parameters.pop('options', '')} {_SESSION}".strip()
    made = {**parameters, "connect_timeout": 3, "application_name": "thor export", "options": options}
    return make_conninfo(**made)


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except (adbc.Error, pa.ArrowException, OSError) as error:
        said = (str(error).strip().splitlines() or ["no reason"])[0]
        raise TicksError(f"database: {said[:300]}; check DATABASE_URL") from error


# --- from the database's types to the file's ------------------------------------------------------------------------


def tick_batch(rows: pa.RecordBatch, symbol: str) -> pa.RecordBatch:
    """Rows of ``ticks_of_part.sql`` as rows of a tick file."""
    found = {name: rows.column(name) for name in rows.schema.names}
    found["symbol"] = repeated(symbol, rows.num_rows)
    for name in ("last", "bid", "ask"):
        found[name] = price_of(found[name])
    return pa.RecordBatch.from_arrays(
        [found[name].cast(kind) for name, kind in zip(columns.TICKS.names, columns.TICKS.types, strict=True)],
        schema=columns.TICKS,
    )


def price_of(millionths: pa.Array) -> pa.Array:
    """Whole millionths as prices: the same bits, sign-extended to 128, no text and no float between."""
    whole = np.empty((len(millionths), 2), np.int64)
    whole[:, 0] = integers(millionths)
    whole[:, 1] = whole[:, 0] >> 63
    is_there = pc.is_valid(millionths).buffers()[1] if millionths.null_count else None
    return pa.Array.from_buffers(columns.PRICE, len(millionths), [is_there, pa.py_buffer(whole)])


# --- order ----------------------------------------------------------------------------------------------------------


def in_order(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches that are sorted by time, those of the same time as they arrived, also over the border of two batches."""
    held: list[pa.RecordBatch] = []  # rows of one time, of which more may come
    for batch in filter(len, batches):
        times = times_us(batch)
        more = int(np.searchsorted(times, times_us(held[0])[0], "right")) if held else 0
        held.append(batch.slice(0, more))
        if more == len(batch):
            continue
        rest = int(np.searchsorted(times, times[-1], "left"))
        yield from map(by_arrival, filter(len, (pa.concat_batches(held), batch.slice(more, rest - more))))
        held = [batch.slice(rest)]
    yield from map(by_arrival, map(pa.concat_batches, filter(None, [held])))


def times_us(rows: pa.RecordBatch) -> Integers:
    """The column ``ts`` as epoch microseconds."""
    return integers(rows.column("ts"))


def _last_time_begins(rows: pa.RecordBatch) -> int:
    times = times_us(rows)
    return int(np.searchsorted(times, times[-1], "left"))


def by_arrival(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Rows that are sorted by time, with those of the same time in the order of their arrival: by stream id, as its two
    numbers; rows without one after those with, by seq, those without one last; the rest by source."""
    same = np.diff(times_us(rows)) == 0
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    if not len(tied):
        return rows
    order = np.arange(rows.num_rows)
    order[tied] = tied[_arrival(rows.take(indices(tied)))]
    return rows.take(indices(order))


def _arrival(rows: pa.RecordBatch) -> Integers:
    """The order of rows: time, then arrival."""
    ids = pc.extract_regex(rows.column("stream_id"), _STREAM_ID)
    ms, number = (integers(pc.struct_field(ids, name).cast(pa.int64()), _LAST_PLACE) for name in ("ms", "number"))
    source = rows.column("source").dictionary_encode()
    ranks = np.array(pc.rank(source.dictionary).to_pylist(), np.int64)
    rank = ranks[integers(source.indices.cast(pa.int64()))]
    return np.lexsort((rank, integers(rows.column("seq"), _LAST_PLACE), number, ms, times_us(rows)))
