"""A small lake of simulated ticks, source MOCK: to try things where there are no data yet. Needs no Django.

Nothing in it was ever traded: what works on it has shown that it runs, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from thor.instruments.instrument import BY_SYMBOL
from thor.lake import columns
from thor.lake.bar_table import What, make_bars
from thor.lake.bars import session_of
from thor.lake.layout import Part, Timeframe, bars_part, ticks_part
from thor.lake.root import open_store
from thor.lake.store import LakeStore
from thor.markets.trade_date import is_business_day
from thor.quotes.providers.mock import SOURCE, Exchange, MockEvent

_TIMEFRAMES: Final = (Timeframe.MINUTE, Timeframe.FIVE_MINUTES, Timeframe.HOUR, Timeframe.DAY)
_AT_ONCE: Final = 50_000
_DAY_US: Final = 86_400_000_000
_HALT_US: Final = 3_600_000_000


def simulate_lake(
    root: str | Path,
    first: date,
    days: int = 5,
    symbols: Sequence[str] = ("ES", "NQ"),
    seed: int = 7,
    rate: float = 0.5,
) -> list[date]:
    """Write the ticks of ``days`` trade dates from ``first`` on, and their bars (1m 5m 1h 1d), below ``root``; returns
    the dates. ``rate``: events a second, of all symbols together. The same arguments give the same rows."""
    store = open_store(root)
    dates = [day for n in range(days * 2 + 7) if is_business_day(day := first + timedelta(days=n))][:days]
    for day in dates:
        _simulate(store, day, symbols, seed, rate)
    return dates


def _simulate(store: LakeStore, day: date, symbols: Sequence[str], seed: int, rate: float) -> None:
    session = session_of(symbols[0], BY_SYMBOL[symbols[0]].group, day, None)
    exchange = Exchange(seed, rate, symbols, session.end_us - _DAY_US)  # a Monday's date begins on Friday evening
    upto = exchange.due(session.end_us - _HALT_US)
    events: dict[str, list[MockEvent]] = {symbol: [] for symbol in symbols}
    while taken := exchange.take(upto, _AT_ONCE):
        for event in taken:
            events[event.symbol].append(event)
    for symbol, own in events.items():
        table = _ticks(own)
        _write(store, ticks_part(day, symbol), table)
        about = What(symbol, session_of(symbol, BY_SYMBOL[symbol].group, day, None), BY_SYMBOL[symbol])
        for timeframe, bars in make_bars(table.to_batches(), about, _TIMEFRAMES).bars.items():
            _write(store, bars_part(day, symbol, timeframe), bars)


def _ticks(events: Sequence[MockEvent]) -> pa.Table:
    return pa.Table.from_pylist([_row(event, seq) for seq, event in enumerate(events)], schema=columns.TICKS)


def _row(event: MockEvent, seq: int) -> dict[str, Any]:
    price = event.session.text
    at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=event.ts_us)
    return {
        "symbol": event.symbol, "ts": at, "last": Decimal(price[event.last]), "bid": Decimal(price[event.bid]),
        "ask": Decimal(price[event.ask]), "last_size": event.last_size, "bid_size": event.bid_size,
        "ask_size": event.ask_size, "volume": event.volume, "source": SOURCE, "seq": seq, "created_at": at,
    }  # fmt: skip


def _write(store: LakeStore, part: Part, table: pa.Table) -> None:
    with store.aside() as path:
        pq.write_table(table, path, compression="zstd")
        store.publish(path, part.key)
