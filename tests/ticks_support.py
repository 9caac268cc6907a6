"""Stored ticks for tests of the lake, and a database of their own to store them in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import environ
import psycopg
from django.db import connection

from thor.history.services import connect_database
from thor.history.store import TickStore
from thor.history.week import week_number
from thor.markets.trade_date import epoch_us

DAY: Final = date(2025, 10, 9)

_INSERT: Final = """
INSERT INTO ticks (symbol, ts, last, bid, ask, last_size, bid_size, ask_size, volume, source, cond, venue, seq,
    trade_date, stream_id, extra, created_at)
SELECT %(symbol)s, %(start)s + n * %(every)s, 5000 + (n %% 40) * 0.25, 4999.75 + (n %% 40) * 0.25,
    CASE WHEN n %% 5 > 0 THEN 5000.25 + (n %% 40) * 0.25 END, n %% 7, n %% 11, NULL, n * 3, %(source)s,
    CASE n %% 4 WHEN 0 THEN '' WHEN 1 THEN 'a,"b"' END, CASE WHEN n %% 3 = 0 THEN 'Zürich' END, %(first)s + n, %(day)s,
    CASE WHEN n %% 6 > 0 THEN (1760000000000 + n / 3)::text || '-' || (n %% 3)::text END,
    CASE WHEN n %% 8 = 0 THEN jsonb_build_object('open', 1.5, 'meta', jsonb_build_object('contract', 'ESZ25')) END,
    %(start)s
FROM generate_series(0, %(count)s - 1) AS n
"""


@contextmanager
def use_database(url: str) -> Iterator[None]:
    """Let Django's connections be to this database. Its rows are committed: other processes see them."""
    found = environ.Env.db_url_config(url)
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update({name: found[name] for name in found if name in before})
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def make_week(day: date) -> None:
    """The partition of a trade date's week."""
    store = TickStore(connect_database)
    try:
        store.make_partitions([week_number(epoch_us(datetime(day.year, day.month, day.day, tzinfo=UTC)))])
    finally:
        store.close()


def put_stored(
    symbol: str = "ES", day: date = DAY, count: int = 1_000, *, first: int = 0, source: str = "MOCK",
    every: timedelta = timedelta(milliseconds=1), start: datetime | None = None,
) -> None:  # fmt: skip
    """Ticks of a trade date: every third of the same time as another, some without what others have. ``first``: their
    first seq."""
    noon = start or datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(milliseconds=100 * first)
    values = {
        "symbol": symbol, "start": noon, "every": every, "source": source, "first": first, "day": day, "count": count,
    }  # fmt: skip
    with connect_database() as database:
        database.execute(_INSERT, values)  # type: ignore[arg-type]


def stored_rows(symbol: str = "ES", day: date = DAY) -> list[dict[str, Any]]:
    """The rows of a part as the lake is to have them, in its order, by way of Python and in the plainest words."""
    with connect_database() as database:
        cursor = database.cursor(row_factory=psycopg.rows.dict_row)
        rows = cursor.execute(
            "SELECT *, extra::text AS extra_text FROM ticks WHERE symbol = %s AND trade_date = %s", (symbol, day)
        ).fetchall()
    for row in rows:
        row["contract"] = ((row["extra"] or {}).get("meta") or {}).get("contract")
        row["extra"] = row.pop("extra_text")
        del row["trade_date"]
    return sorted(rows, key=_place)


def _place(row: dict[str, Any]) -> tuple[Any, ...]:
    ms, _, number = (row["stream_id"] or "").partition("-")
    arrived = (0, int(ms), int(number)) if number else (1, 0, 0)
    return row["ts"], arrived, row["seq"] is None, row["seq"] or 0, row["source"]
