"""THOR_HOME: the one folder that holds a Thor's state (servers' data, logs, run files, the secret key).

Two clones never meet, because each has its own. Everything that is written here is private to the user (0600).
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from thor.runtime.problem import Problem

CHECKOUT = Path(__file__).resolve().parents[2]
PRIVATE_FILE = 0o600
SHORTEST_KEY = 32
CLAIM = ".thor"


@dataclass(frozen=True)
class ServerAddresses:
    """Where the embedded servers of a THOR_HOME listen; None for one whose address was given from outside."""

    database_url: str | None
    redis_url: str | None


def thor_home(environ: Mapping[str, str] | None = None) -> Path:
    """The absolute path of THOR_HOME. Default: `var` in the checkout, or in the current folder when installed."""
    given = (os.environ if environ is None else environ).get("THOR_HOME", "").strip()
    if given:
        return Path(given).expanduser().absolute()
    base = CHECKOUT if (CHECKOUT / "manage.py").is_file() else Path.cwd()
    return base / "var"


def run_dir(home: Path) -> Path:
    """Pids, addresses and the lock of a running Thor."""
    return home / "run"


def log_dir(home: Path) -> Path:
    """One log file per service."""
    return home / "log"


def claim_home(home: Path) -> None:
    """Make the folder; in one that was there already note what others had put in it, so that a reset spares it."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    note = home / CLAIM
    if not note.exists():
        write_private(note, json.dumps(sorted(path.name for path in home.iterdir())) + "\n")


def foreign_names(home: Path) -> frozenset[str]:
    """What was in this THOR_HOME before Thor."""
    try:
        return frozenset(json.loads((home / CLAIM).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return frozenset()


def ensure_home(home: Path) -> None:
    """Make THOR_HOME with its folders. Raises Problem in one line when that is impossible."""
    try:
        claim_home(home)
        for folder in (run_dir(home), log_dir(home)):
            folder.mkdir(mode=0o700, exist_ok=True)
        probe = run_dir(home) / ".writable"
        write_private(probe, "")
        probe.unlink()
    except OSError as error:
        raise Problem(
            f"THOR_HOME {home} cannot be written ({error.strerror}). "
            "Give yourself write permission there, or set THOR_HOME to another folder."
        ) from error


def write_private(path: Path, text: str) -> None:
    """Replace `path` by `text` in one step, readable by this user only. A reader sees the old file or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


def read_servers(home: Path) -> ServerAddresses:
    """The addresses in THOR_HOME/run/servers.json; both None when no servers were ever started here."""
    path = run_dir(home) / "servers.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return ServerAddresses(content.get("database_url"), content.get("redis_url"))
    except FileNotFoundError:
        return ServerAddresses(None, None)
    except (OSError, ValueError, AttributeError) as error:
        raise Problem(
            f"{path} cannot be read ({error}). Delete it and start `thor up` again: it is made anew."
        ) from error


def write_servers(home: Path, addresses: ServerAddresses) -> None:
    """Publish the addresses for `thor env`, for settings and for every other command on this THOR_HOME."""
    content = {"database_url": addresses.database_url, "redis_url": addresses.redis_url}
    write_private(run_dir(home) / "servers.json", json.dumps(content, indent=2) + "\n")


def secret_key(home: Path) -> str:
    """This installation's signing key, generated once (64 random bytes) and kept in THOR_HOME/secret_key."""
    path = home / "secret_key"
    try:
        if not path.exists():
            _generate_key(path)
        key = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Problem(
            f"the secret key {path} cannot be made or read ({error.strerror}). "
            "Mend its permissions, or set THOR_SECRET_KEY."
        ) from error
    if len(key) < SHORTEST_KEY:
        raise Problem(f"the secret key in {path} is too short. Delete the file: a new one is made.")
    return key


def _generate_key(path: Path) -> None:
    """Make the key file complete or not at all: of several processes that start together all use the first one's."""
    claim_home(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        write_private(temporary, secrets.token_urlsafe(64))
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
