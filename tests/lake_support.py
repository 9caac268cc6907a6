"""A small lake, made by hand: what every reader of it has to find, and no more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import psycopg
import pyarrow as pa

from thor.lake import columns
from thor.lake.files import Written, list_file, write_table
from thor.lake.layout import WIDTH_US, Part, Timeframe, bars_part, ticks_part
from thor.lake.models import LakeFile
from thor.lake.store import LakeStore


def ticks_table(symbol: str, day: date, count: int = 5, price: str = "100.25") -> pa.Table:
    """Ticks a second apart from noon on, the first two of the same time."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    rows = [
        {
            "symbol": symbol, "ts": noon + timedelta(seconds=max(0, n - 1)), "last": Decimal(price) + n,
            "bid": Decimal(price), "last_size": n, "volume": 10 * n, "source": "MOCK", "seq": n,
            "stream_id": f"1760000000000-{n}", "created_at": noon,
        }
        for n in range(count)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=columns.TICKS)


def bars_table(
    symbol: str, day: date, timeframe: Timeframe = Timeframe.MINUTE, count: int = 5, contract: str | None = None,
    price: float = 100.0,
) -> pa.Table:  # fmt: skip
    """Bars from noon on; every other one in regular hours."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    rows = [
        {
            "symbol": symbol, "ts": noon + n * timedelta(microseconds=WIDTH_US[timeframe]), "open": price + n,
            "high": price + n + 1, "low": price + n - 1, "close": price + n, "volume": 10, "vwap": price + n,
            "tick_count": 3, "bid_close": price + n, "ask_close": price + n + 0.25, "spread_mean": 0.25,
            "session": "RTH" if n % 2 else "ETH", "timeframe": timeframe.value, "contract": contract,
            "trade_date": day,
        }
        for n in range(count)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=columns.BARS)


def put_ticks(store: LakeStore, symbol: str, day: date, table: pa.Table | None = None) -> LakeFile:
    """A listed tick file."""
    part = ticks_part(day, symbol)
    return list_file(part, write_table(store, part, table or ticks_table(symbol, day), "test", {}))


def put_bars(
    store: LakeStore, symbol: str, day: date, timeframe: Timeframe = Timeframe.MINUTE, table: pa.Table | None = None
) -> LakeFile:
    """A listed bar file."""
    part = bars_part(day, symbol, timeframe)
    return list_file(part, write_table(store, part, table or bars_table(symbol, day, timeframe), "test", {}))


def put_days(store: LakeStore, symbols: Iterable[str], days: Iterable[date]) -> None:
    """Ticks and minute bars of all of these."""
    names = list(symbols)
    for day in days:
        for symbol in names:
            put_ticks(store, symbol, day)
            put_bars(store, symbol, day)


def list_in(database_url: str, part: Part, written: Written) -> None:
    """Enter a published file into the list of another Thor's database."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO lake_lakefile (key, kind, trade_date, symbol, timeframe, rows, stored, size, rows_sha256,"
            " file_sha256, made_of, suspect, state, exported_at, trouble)"
            " VALUES (%s, %s, %s, %s, %s, %s, 0, %s, %s, %s, '', 0, 'ok', %s, '')",
            [
                written.key, part.kind.value, part.trade_date, part.symbol,
                part.timeframe.value if part.timeframe else "", written.rows, written.size, written.rows_sha256,
                written.file_sha256, written.exported_at,
            ],
        )  # fmt: skip
