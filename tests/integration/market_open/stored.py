"""Quotes that a desk heard, as the ingestor would have stored them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection

from tests.desk_support import BEGIN, BEGIN_US, CYCLE_US, MINUTE_US
from thor.history.services import connect_database
from thor.history.store import TickStore
from thor.history.tick import COLUMNS
from thor.quotes.quote import format_ts

_NAMES = {"last": "last", "bid": "bid", "ask": "ask", "volume": "volume"}


def store(ids: Sequence[str], quotes: Sequence[tuple[str, int, dict[str, Any]]], first_seq: int = 1) -> None:
    """Quotes (symbol, ts, fields) under the ids and the numbers that the stream gave them."""
    lines = [
        _line(entry_id, symbol, ts_us, fields, seq)
        for seq, (entry_id, (symbol, ts_us, fields)) in enumerate(zip(ids, quotes, strict=True), first_seq)
    ]
    ticks = TickStore(connect_database)
    try:
        ticks.prepare(BEGIN_US - MINUTE_US)
        ticks.prepare(BEGIN_US)
        ticks.store(b"".join(lines), len(lines), BEGIN_US - CYCLE_US, BEGIN_US + CYCLE_US, redelivered=True)
    finally:
        ticks.close()


def forget() -> None:
    """No tick is stored: their table is none of Django's, which are emptied after each test."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE ticks")


def _line(entry_id: str, symbol: str, ts_us: int, fields: dict[str, Any], seq: int) -> bytes:
    values = {column: str(fields[name]) for name, column in _NAMES.items() if name in fields}
    values |= {"symbol": symbol, "ts": format_ts(ts_us), "source": "REPLAY", "seq": str(seq), "stream_id": entry_id}
    extra = {name: fields[name] for name in fields if name not in _NAMES}
    values |= {"trade_date": BEGIN.date().isoformat(), "extra": json.dumps(extra)}
    return "\t".join(values.get(column, "\\N") for column in COLUMNS).encode() + b"\n"
