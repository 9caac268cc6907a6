"""Reading the lake in SQL (DuckDB): views over its files, pruned by trade date, symbol and timeframe.

Needs no Django: a root, or the environment's THOR_DATA_DIR. What is read is what was there at the call; of what comes
later the next call knows. Nothing here writes.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from thor.lake import columns
from thor.lake.catalog import Sources, Stamp, Take, choose
from thor.lake.copies import parts_there, read_copies
from thor.lake.layout import Kind, Part, Timeframe
from thor.lake.root import open_store
from thor.lake.store import LakeStore
from thor.runtime.environment import load_dotenv, parse_environment

if TYPE_CHECKING:
    import duckdb

_SQL_TYPES: Final = {
    "string": "VARCHAR",
    "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
    "decimal128(18, 6)": "DECIMAL(18, 6)",
    "int64": "BIGINT",
    "double": "DOUBLE",
    "date32[day]": "DATE",
}
_ALIASES: Final = {"last_size": "lastSize", "bid_size": "bidSize", "ask_size": "askSize"}


def lake_at(root: str | Path | None = None) -> LakeStore:
    """The lake at a root, by default the environment's. Raises Problem."""
    if root is not None:
        return open_store(root)
    environ = dict(os.environ)
    load_dotenv(environ)
    return open_store(parse_environment(environ)[0].data_dir)


def connect(root: str | Path | None = None, *, mixed: bool = False) -> duckdb.DuckDBPyConnection:
    """DuckDB over the lake at ``root`` (a folder or an ``s3://``, ``gs://`` or ``az://`` address; default
    THOR_DATA_DIR).

    ``ticks``: one row a stored tick. Columns of ``thor.lake.columns.TICKS`` (prices in points as DECIMAL(18,6), sizes
    and cumulative ``volume`` in contracts, ``ts`` and ``created_at`` TIMESTAMPTZ), ``date`` (the trade date), and
    ``lastSize``, ``bidSize``, ``askSize`` as other names of the sizes.
    ``bars``: one row an interval of a ``timeframe`` (1s 5s 1m 5m 15m 1h 1d; always filter by it), columns of
    ``thor.lake.columns.BARS`` and ``date``. Prices raw, of one contract a date.
    ``baselines``: what each source said at a session's start.

    Filters on ``date``, ``symbol`` and ``timeframe`` read no file that they rule out. ``mixed``: a lake that several
    versions of Thor wrote: columns that a file lacks are null, at the price of reading the end of every file first.
    Raises Problem for a root that cannot be used.
    """
    store = lake_at(root)
    connection = open_duckdb(store)
    copies = read_copies(store)
    everything: Callable[[Part], bool] = lambda _part: True  # noqa: E731 (a name for what it says)
    ticks = choose(parts_there(store, Kind.TICKS), copies, everything)
    aliases = "".join(f", {name} AS {alias}" for name, alias in _ALIASES.items())
    _view(connection, "ticks", f"SELECT *{aliases} FROM ({relation(store, Kind.TICKS, ticks, mixed=mixed)})")
    _view(connection, "bars", _all_bars(store, parts_there(store, Kind.BARS), copies, mixed))
    _view(connection, "baselines", _baselines(store))
    return connection


def open_duckdb(store: LakeStore, memory: str = "50%", threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """DuckDB without a database file, in UTC, that can read the files of a store. ``memory``: at most so much."""
    import duckdb

    aside = Path(tempfile.gettempdir(), f"thor-duckdb-{os.getpid()}")
    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "temp_directory": str(aside)})
    connection.execute(f"SET memory_limit = '{memory}'")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET parquet_metadata_cache = true")
    if threads is not None:
        connection.execute(f"SET threads = {int(threads)}")
    if "://" in store.root:
        _register(connection, store.root)
    return connection


def _register(connection: duckdb.DuckDBPyConnection, root: str) -> None:
    """Let DuckDB read an object store: its own extension would have to be downloaded."""
    from obstore.fsspec import FsspecStore

    scheme: Any = root.partition("://")[0]
    connection.register_filesystem(FsspecStore(scheme))


def relation(store: LakeStore, kind: Kind, sources: Sources, *, mixed: bool = False) -> str:
    """SQL of the rows of these files: the kind's columns, and ``date``."""
    names = ", ".join(each.name for each in schema_of(kind))
    found = []
    if sources.small:
        options = "hive_partitioning = true, hive_types = {'date': DATE, 'symbol': VARCHAR}"
        found.append(_read(store, sources.small, f"{names}, date", options, mixed))
    whole = [take.key for take in sources.compact if not take.without]
    copied = names if kind is Kind.BARS else f"{names}, trade_date"
    said = f"{names}, trade_date AS date"
    if whole:
        found.append(_read(store, whole, said, "hive_partitioning = false", mixed))
    for take in sources.compact:
        if take.without:
            inner = _read(store, [take.key], copied, "hive_partitioning = false", mixed)
            found.append(f"SELECT {said} FROM ({inner}) WHERE NOT ({_those(take)})")
    return "\nUNION ALL\n".join(found) or f"SELECT {_nulls(schema_of(kind))}, NULL::DATE AS date WHERE false"


def _read(store: LakeStore, keys: Iterable[str], names: str, options: str, mixed: bool) -> str:
    files = ", ".join(quoted(store.uri(key)) for key in keys)
    return f"SELECT {names} FROM read_parquet([{files}], {options}, union_by_name = {str(mixed).lower()})"


def _those(take: Take) -> str:
    """SQL of whether a row is of one of the parts that are to be left out."""
    return " OR ".join(
        f"(trade_date = DATE '{part.trade_date.isoformat()}' AND symbol = {quoted(part.symbol)})"
        for part in take.without
    )


def _all_bars(store: LakeStore, there: dict[Part, Stamp], copies: Sequence[Any], mixed: bool) -> str:
    """Bars of every timeframe, whose name stands before the rows, so that a filter on it rules files out."""
    names = ", ".join(f"'{{0}}' AS {name}" if name == "timeframe" else name for name in columns.BARS.names)
    found = []
    for timeframe in Timeframe:
        own = {part: stamp for part, stamp in there.items() if part.timeframe is timeframe}
        if own:
            sources = choose(own, copies, partial(_is_of, timeframe))
            said = names.format(timeframe.value)
            found.append(f"SELECT {said}, date FROM ({relation(store, Kind.BARS, sources, mixed=mixed)})")
    return "\nUNION ALL\n".join(found) or relation(store, Kind.BARS, Sources((), ()))


def _is_of(timeframe: Timeframe, part: Part) -> bool:
    return part.timeframe is timeframe


def _baselines(store: LakeStore) -> str:
    keys = [found.key for found in store.list("baselines/") if found.key.endswith("/baselines.parquet")]
    if not keys:
        return "SELECT NULL::DATE AS date, NULL::VARCHAR AS symbol WHERE false"
    return _read(store, keys, "*", "hive_partitioning = true, hive_types = {'date': DATE}", mixed=True)


def _view(connection: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
    connection.execute(f"CREATE VIEW {name} AS {sql}")


def schema_of(kind: Kind) -> pa.Schema:
    """The columns of a kind's small files."""
    return columns.BARS if kind is Kind.BARS else columns.TICKS


def copy_schema(kind: Kind) -> pa.Schema:
    """Of a kind's compacted files: ticks with their trade date, which is in a small file's path."""
    return columns.BARS if kind is Kind.BARS else columns.TICKS.append(pa.field("trade_date", pa.date32()))


def _nulls(schema: pa.Schema) -> str:
    return ", ".join(f"NULL::{_SQL_TYPES[str(each.type)]} AS {each.name}" for each in schema)


def quoted(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"
