"""When a collector whose process lives is started anew all the same: its source has not worked for a while.

Time comes as an argument: seconds of a monotonic clock.
"""

from __future__ import annotations

#: A source that does not work for so long is started anew.
PATIENCE_SECONDS = 30.0
#: After each new start it is given more time, up to this.
LONGEST_PATIENCE_SECONDS = 600.0
#: It works again once it did for so long.
WELL_SECONDS = 60.0


class SourceWatch:
    """Looks on while the futures trade. ``trouble`` is one line, empty while all sources work."""

    def __init__(self) -> None:
        self._bad_since: float | None = None
        self._well_since: float | None = None
        self._patience = PATIENCE_SECONDS

    def rest(self) -> None:
        """Nothing is known, or nothing need work now: count anew."""
        self._bad_since = self._well_since = None

    def look(self, trouble: str, now: float) -> bool:
        """True when the source should be started anew, now."""
        if not trouble:
            self._note_well(now)
            return False
        self._well_since = None
        if self._bad_since is None:
            self._bad_since = now
        if now - self._bad_since < self._patience:
            return False
        self._bad_since = None
        self._patience = min(self._patience * 2, LONGEST_PATIENCE_SECONDS)
        return True

    def _note_well(self, now: float) -> None:
        self._bad_since = None
        if self._well_since is None:
            self._well_since = now
        if now - self._well_since >= WELL_SECONDS:
            self._patience = PATIENCE_SECONDS
