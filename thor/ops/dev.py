"""`thor up --dev`: the page from Vite with hot reload, and every program started anew when its source changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from thor.ops.supervisor import Service, command
from thor.runtime.home import CHECKOUT

VITE_URL = "http://127.0.0.1:5173"  # as in frontend/vite.config.ts
LOOK_SECONDS = 1.0
WATCHED = ("*.py", "*.sql", "*.lua", "*.html")


def vite_service(env: Mapping[str, str]) -> Service:
    """Vite's server, which hands /api and /admin on to the web service (frontend/vite.config.ts)."""
    return Service("vite", command([str(CHECKOUT / "scripts" / "npm"), "run", "dev"], env, CHECKOUT))


class SourceWatcher:
    """Looks for changed sources once a second, by their times."""

    def __init__(self, now: float, package: Path = CHECKOUT / "thor") -> None:
        self._package = package
        self._next = now + LOOK_SECONDS
        self._seen = self._times()

    def changed(self, now: float) -> str | None:
        """The name of a file that changed, appeared or went since the last look; None when none did."""
        if now < self._next:
            return None
        self._next = now + LOOK_SECONDS
        before, self._seen = self._seen, self._times()
        different = before.items() ^ self._seen.items()
        return min(str(path.relative_to(self._package)) for path, _ in different) if different else None

    def _times(self) -> dict[Path, int]:
        times = {}
        for pattern in WATCHED:
            for path in self._package.rglob(pattern):
                try:
                    times[path] = path.stat().st_mtime_ns
                except FileNotFoundError:
                    continue
        return times
