"""Telling by one's own clock what has stood still. A rule file."""

from __future__ import annotations


class Watch:
    """How long things have stood still, by the watcher's own clock."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[object, float]] = {}

    def still_seconds(self, name: str, value: object, now: float) -> float:
        """For how long ``name`` has had this value, as far as we saw; 0 at the first look."""
        before, since = self._seen.get(name, (None, now))
        if before != value:
            since = now
        self._seen[name] = (value, since)
        return now - since

    def keep(self, names: set[str]) -> None:
        """Forget all others."""
        self._seen = {name: each for name, each in self._seen.items() if name in names}
