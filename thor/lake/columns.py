"""The columns of the lake's files: names, types and units (SPEC 11). Version 1 of both schemas."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

#: A price to the last digit: 12 before the point, 6 after it.
PRICE: Final = pa.decimal128(18, 6)
TIME: Final = pa.timestamp("us", tz="UTC")

#: One row a stored tick, sorted by ``ts``, then arrival. Prices in points, sizes and volume in contracts; ``volume``
#: is cumulative for the session; ``extra`` is JSON of what has no column.
TICKS: Final = pa.schema(
    [
        ("symbol", pa.string()),
        ("ts", TIME),
        ("last", PRICE),
        ("bid", PRICE),
        ("ask", PRICE),
        ("last_size", pa.int64()),
        ("bid_size", pa.int64()),
        ("ask_size", pa.int64()),
        ("volume", pa.int64()),
        ("source", pa.string()),
        ("cond", pa.string()),
        ("venue", pa.string()),
        ("seq", pa.int64()),
        ("stream_id", pa.string()),
        ("contract", pa.string()),
        ("extra", pa.string()),
        ("created_at", TIME),
    ]
)

#: One row an interval with a last price, sorted by ``ts``, which is when the interval begins (of a day, when its
#: session opened). Prices in points, ``volume`` in contracts: what was traded in the interval; null where no tick of it
#: says one. ``vwap`` is null at volume 0. ``session`` is RTH or ETH. ``contract``: whose prices these are, null where
#: the source does not say.
BARS: Final = pa.schema(
    [
        ("symbol", pa.string()),
        ("ts", TIME),
        ("open", pa.float64()),
        ("high", pa.float64()),
        ("low", pa.float64()),
        ("close", pa.float64()),
        ("volume", pa.int64()),
        ("vwap", pa.float64()),
        ("tick_count", pa.int64()),
        ("bid_close", pa.float64()),
        ("ask_close", pa.float64()),
        ("spread_mean", pa.float64()),
        ("session", pa.string()),
        ("timeframe", pa.string()),
        ("contract", pa.string()),
        ("trade_date", pa.date32()),
    ]
)

#: Keys of a file's metadata.
EXPORTED_AT: Final = "thor.exported_at"
SOURCE: Final = "thor.source"
ROWS: Final = "thor.rows"
SHA256: Final = "thor.sha256"
SCHEMA: Final = "thor.schema"
VERSION: Final = "1"
#: Of bars: the ``thor.sha256`` of their ticks, what else they depend on, and how many suspect ticks were left out.
TICKS_SHA256: Final = "thor.ticks_sha256"
RECIPE: Final = "thor.recipe"
SUSPECT: Final = "thor.suspect"
