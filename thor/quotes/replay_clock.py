"""A replay as its player tells it, and what time it is in it. A rule file.

The hash ``replay`` of a namespace. Simulated time stands at the watermark, up to which everything is on the stream; in
between two of the player's words it runs on at the replay's speed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

RUNNING: Final = "running"
ENDED: Final = "ended"
FAILED: Final = "failed"
#: Where a timer falls among the quotes: by their own times, or by when they arrived, which their ids say.
BY_TS: Final = "ts"
BY_ARRIVAL: Final = "arrival"
#: A player speaks many times a second; one that was silent for so long is gone.
SILENT_US: Final = 10_000_000


def arrival_us(entry_ms: int) -> int:
    """When the bus took an entry, for the order of entries and timers; ids have milliseconds.

    An entry counts as of the end of its own, so that one which came in the very millisecond of a timer comes after it.
    Whoever tells a timer has read every entry of an earlier millisecond, so the order follows from the ids alone, and
    is the same whenever the same ids are heard again.
    """
    return entry_ms * 1000 + 999


class ReplayState(NamedTuple):
    """All times in epoch microseconds; ``_wall_us`` by the machine's clock, the others simulated.

    ``run``: whose word counts. ``speed`` None: as fast as it goes. ``watermark_us``: every quote up to it is on the
    unified stream, by its ``ts`` or by its arrival, as ``order`` says. ``sources``: those of the quotes so far.
    An anchor ahead of the machine's clock: time stands still until its player goes on.
    """

    run: str
    state: str
    from_us: int
    until_us: int
    watermark_us: int
    last_id: str
    speed: float | None
    anchor_us: int
    anchor_wall_us: int
    beat_wall_us: int
    rows: int
    rows_done: int
    sources: tuple[str, ...]
    order: str = BY_TS

    def to_fields(self) -> dict[str, str]:
        """As the hash holds it."""
        fields = {name: str(value) for name, value in self._asdict().items()}
        return fields | {"speed": "max" if self.speed is None else str(self.speed), "sources": ",".join(self.sources)}

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> ReplayState:
        """The inverse of :meth:`to_fields`. Raises ValueError or KeyError for something else."""
        numbers = {name: int(fields[name]) for name in cls._fields if name.endswith("_us") or name.startswith("rows")}
        speed = None if fields["speed"] == "max" else float(fields["speed"])
        sources = tuple(filter(None, fields["sources"].split(",")))
        texts = {name: fields[name] for name in ("run", "state", "last_id", "order")}
        return cls(**texts, **numbers, speed=speed, sources=sources)  # type: ignore[arg-type] # by name, as above

    def seen_from(self, wall_us: int) -> ReplayState:
        """What it is at ``wall_us``: a player that fell silent has failed."""
        is_gone = self.state == RUNNING and wall_us - self.beat_wall_us > SILENT_US
        return self._replace(state=FAILED) if is_gone else self

    def now_us(self, wall_us: int) -> int:
        """Simulated time at ``wall_us``; it never runs ahead of the replay's end."""
        if self.state != RUNNING or self.speed is None or wall_us - self.beat_wall_us > SILENT_US:
            return self.watermark_us
        ran_us = self.anchor_us + round((wall_us - self.anchor_wall_us) * self.speed)
        return min(max(ran_us, self.watermark_us), self.until_us)

    def pace(self, wall_us: int) -> float | None:
        """How fast simulated time runs at ``wall_us``: 0 where it stands still, None as fast as it goes."""
        runs = self.seen_from(wall_us).state == RUNNING and (self.speed is None or wall_us >= self.anchor_wall_us)
        return self.speed if runs else 0.0
