"""How the ingestor is: one picture for ``--status``, the API and the status page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import redis

from thor.history.group import IngestGroup, IngestHealth, age_seconds
from thor.quotes.keys import Keys


class IngestStatus(NamedTuple):
    """``lag_entries``: in the stream and not stored; ``lag_seconds``: age of the oldest of them; ``pending``: of these
    handed out; ``rate``: ticks a second of all workers, None when none is alive; ``lost``: entries that were trimmed or
    deleted before they were stored; ``last_tick_us``: newest event time that a living worker stored."""

    lag_entries: int
    lag_seconds: float
    pending: int
    dead: int
    lost: int
    rate: float | None
    last_tick_us: int | None
    workers: list[IngestHealth]


def ingest_status(client: redis.Redis, namespace: str = "") -> IngestStatus:
    """The ingestor's state as the bus knows it. Raises redis.RedisError while the bus is away."""
    group = IngestGroup(client, Keys(namespace))
    lag = group.lag()
    workers = group.reports()
    return IngestStatus(
        lag_entries=lag.entries,
        lag_seconds=round(age_seconds(lag.oldest_id, group.now_ms()), 3),
        pending=lag.pending,
        dead=group.dead(),
        lost=group.losses(),
        rate=round(sum(worker.rate for worker in workers), 1) if workers else None,
        last_tick_us=max((worker.last_tick_us for worker in workers), default=0) or None,
        workers=workers,
    )


def as_json(status: IngestStatus, last_tick: datetime | None, conflicts: int | None) -> dict[str, object]:
    """The picture as a JSON object, with what the database knows (None while it is away)."""
    return {
        **{name: value for name, value in status._asdict().items() if name not in {"workers", "last_tick_us"}},
        "conflicts": conflicts,
        "last_tick": last_tick.isoformat() if last_tick else None,
        "workers": [worker.to_fields() for worker in status.workers],
    }


def rows(status: IngestStatus, last_tick: datetime | None, conflicts: int | None) -> Sequence[tuple[str, str]]:
    """The picture as lines of a table: what, how much."""
    return (
        ("lag", f"{status.lag_entries:,} entries, {status.lag_seconds:.1f} s"),
        ("rate", "no worker" if status.rate is None else f"{status.rate:,.0f} ticks/s"),
        ("pending", f"{status.pending:,}"),
        ("dead letters", f"{status.dead:,}"),
        ("lost before stored", f"{status.lost:,}"),
        ("conflicts", "database away" if conflicts is None else f"{conflicts:,}"),
        ("last tick", last_tick.isoformat(sep=" ") if last_tick else "none"),
    )
