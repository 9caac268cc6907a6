"""Where the lake's files are: a local folder, or an object store. One way to use either.

A file appears whole or not at all: it is written aside, then takes its place in one step. A reader that has the old one
open keeps it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, Protocol, cast

from thor.runtime.problem import Problem

#: Files that are being written; no reader looks here, and who begins clears what a killed one left.
ASIDE: Final = ".aside"
#: One that was not written to for so long is nobody's any more.
_ABANDONED_SECONDS: Final = 6 * 3600


class Found(NamedTuple):
    """A file: its key, and size in bytes."""

    key: str
    size: int
    modified_at: datetime


class LakeStore(Protocol):
    """The lake's files by key. ``root``: the folder or the URL. Raises Problem where the store cannot be used."""

    root: str

    def list(self, prefix: str = "") -> Iterator[Found]:
        """All files whose key begins so, in the order of their keys."""
        ...

    def find(self, key: str) -> Found | None: ...

    def open(self, key: str) -> IO[bytes]:
        """For reading, with seek. Raises FileNotFoundError."""
        ...

    @contextmanager
    def aside(self) -> Iterator[Path]:
        """A local path to write a file at; it is removed afterwards where :meth:`publish` did not take it."""
        ...

    def publish(self, path: Path, key: str) -> None:
        """Let a finished local file take the place of ``key``, for good and in one step."""
        ...

    def delete(self, key: str) -> None:
        """Remove a file; one that is not there is no error."""
        ...

    def uri(self, key: str) -> str:
        """As DuckDB and Polars are given it."""
        ...

    def free_bytes(self) -> int | None:
        """Room for more, None where nobody knows."""
        ...


class LocalStore:
    """A folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.expanduser().absolute()
        self.root = str(self._folder)

    def list(self, prefix: str = "") -> Iterator[Found]:
        folder = prefix.rpartition("/")[0]
        found = _below(f"{self.root}/{folder}", f"{folder}/" if folder else "")
        yield from (each for each in found if each.key.startswith(prefix))

    def find(self, key: str) -> Found | None:
        try:
            return self._found(key)
        except FileNotFoundError:
            return None

    def _found(self, key: str) -> Found:
        return _found(key, self._path(key).stat())

    def _path(self, key: str) -> Path:
        """Raises ValueError for a key that would leave the root."""
        if key.startswith("/") or ".." in key.split("/"):
            raise ValueError(f"{key!r} is no key of the lake")
        return self._folder / key

    def open(self, key: str) -> IO[bytes]:
        return self._path(key).open("rb")

    @contextmanager
    def aside(self) -> Iterator[Path]:
        folder = self._folder / ASIDE
        with said_plainly(f"write to the lake {self.root}"):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            clear_abandoned(folder)
            descriptor, name = tempfile.mkstemp(".parquet", dir=folder)
            os.close(descriptor)
        path = Path(name)
        try:
            with said_plainly(f"write to the lake {self.root}"):
                yield path
        finally:
            path.unlink(missing_ok=True)

    def publish(self, path: Path, key: str) -> None:
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.chmod(0o644)
        _sync(path)
        path.replace(target)
        _sync(target.parent)

    def delete(self, key: str) -> None:
        path = self._path(key)
        with suppress(FileNotFoundError):
            path.unlink()
            _sync(path.parent)

    def uri(self, key: str) -> str:
        return str(self._path(key))

    def free_bytes(self) -> int | None:
        folder = self._folder
        while not folder.exists():
            folder = folder.parent
        return shutil.disk_usage(folder).free


def _below(folder: str, prefix: str) -> Iterator[Found]:
    """The files below a folder in the order of their names, but for those that begin with a dot."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _below(entry.path, f"{prefix}{entry.name}/")
        else:
            with suppress(FileNotFoundError):
                yield _found(prefix + entry.name, entry.stat())


def _found(key: str, about: os.stat_result) -> Found:
    return Found(key, about.st_size, datetime.fromtimestamp(about.st_mtime, UTC))


@contextmanager
def said_plainly(what: str) -> Iterator[None]:
    """An error of the file system as one line. ``what`` could not be done?"""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Problem(
            f"cannot {what}: {error.strerror or error}. Free space or mend its permissions, or set THOR_DATA_DIR.",
            status=503,
        ) from error


def clear_abandoned(folder: Path) -> None:
    """Remove what killed writers left, when it is so old that none can still be at it."""
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            about = path.stat()
            if folder.stat().st_mtime - about.st_mtime > _ABANDONED_SECONDS:
                path.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def as_any(file: IO[bytes]) -> Any:
    """For libraries whose stubs want less than they take."""
    return cast(Any, file)
