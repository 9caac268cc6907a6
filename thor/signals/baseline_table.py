"""The baselines of a trade date as the lake keeps them: without them a recording cannot be classified."""

from __future__ import annotations

from datetime import date
from typing import Final

import pyarrow as pa

from thor.lake.columns import PRICE, TIME
from thor.signals.models import SessionBaseline

#: One row each time that a source said one; the newest of a symbol holds. Prices in points.
BASELINES: Final = pa.schema([
    ("symbol", pa.string()),
    ("trade_date", pa.date32()),
    ("source", pa.string()),
    ("settlement", PRICE),
    ("previous_close", PRICE),
    ("open", PRICE),
    ("from_stream_id", pa.string()),
    ("at", TIME),
])  # fmt: skip


def baselines_of(day: date) -> pa.Table:
    """All of a trade date, in the order in which they were said."""
    rows = SessionBaseline.objects.filter(trade_date=day).order_by("id").values(*BASELINES.names)
    return pa.Table.from_pylist(list(rows), BASELINES)
