"""How a source's collector is: one value on the bus, in the API and in the browser. A rule file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum


class SourceState(StrEnum):
    """``waiting``: started, no event yet. ``stale``: connected but silent. ``down``: the source cannot be reached."""

    WAITING = "waiting"
    CONNECTED = "connected"
    STALE = "stale"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One collector's report. Times are epoch microseconds; ``events``, ``null_cells`` and ``errors`` count since its
    start; ``reason`` is one line for a person, empty when all is well; ``standby``: how many collectors of the source
    wait to lead it."""

    source: str
    provider: str
    state: SourceState
    reason: str
    since_us: int
    last_event_us: int | None
    events: int
    events_per_second: float
    null_cells: int
    errors: int
    host: str
    pid: int
    standby: int

    def to_fields(self) -> dict[str, str]:
        """As hash fields on the bus; ``None`` is the empty text."""
        return {name: "" if value is None else str(value) for name, value in asdict(self).items()}

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> SourceHealth:
        """The inverse of :meth:`to_fields`. Raises KeyError or ValueError for a foreign hash."""
        return cls(
            source=fields["source"],
            provider=fields["provider"],
            state=SourceState(fields["state"]),
            reason=fields["reason"],
            since_us=int(fields["since_us"]),
            last_event_us=int(fields["last_event_us"]) if fields["last_event_us"] else None,
            events=int(fields["events"]),
            events_per_second=float(fields["events_per_second"]),
            null_cells=int(fields["null_cells"]),
            errors=int(fields["errors"]),
            host=fields["host"],
            pid=int(fields["pid"]),
            standby=int(fields["standby"]),
        )
