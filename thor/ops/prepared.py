"""Whether an embedded database is already migrated and seeded, known without importing Django or connecting.

A mark beside the data of both servers holds a digest of every migration and seed. It is wanted equal in both, so that
data which was replaced is prepared again. An outside database has no such mark: it is always prepared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from thor.runtime.home import write_private
from thor.runtime.servers import EmbeddedServer

PACKAGE = Path(__file__).resolve().parents[1]
MARK = "thor.prepared"
_LIBRARIES = ("django", "procrastinate", "exchange-calendars", "pandas-market-calendars", "holidays")


def preparation_digest(package: Path = PACKAGE) -> str:
    """Changes when a migration, a seed, the symbol table, a calendar's rule or override, or a library below does."""
    patterns = (
        "*/migrations/*.py", "instruments/*", "signals/*", "market_open/config.py", "market_open/seeds.py",
        "markets/*.py", "markets/*.yaml", "**/seed_*.py",
    )  # fmt: skip
    files = sorted({file for pattern in patterns for file in package.glob(pattern)})
    digest = hashlib.sha256(" ".join(version(name) for name in _LIBRARIES).encode())
    for file in files:
        if file.is_file():
            digest.update(f"\0{file.relative_to(package)}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def is_prepared(servers: Sequence[EmbeddedServer], digest: str) -> bool:
    """Both embedded servers carry the mark of this digest."""
    return len(servers) == 2 and all(_mark(server.data) == digest for server in servers)


def mark_prepared(servers: Sequence[EmbeddedServer], digest: str) -> None:
    for server in servers:
        path = server.data / MARK
        write_private(path, digest)
        server.own(path)


def forget_preparation(folder: Path) -> None:
    """The schema was changed by hand: look again at the next start. `folder` holds the servers' data."""
    for name in ("postgres", "valkey"):
        (folder / name / MARK).unlink(missing_ok=True)


def _mark(data: Path) -> str:
    try:
        return (data / MARK).read_text()
    except OSError:
        return ""
