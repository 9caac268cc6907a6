"""Dead letters in files: an export that appears complete or not at all, and the archive that the bus's oldest go to."""

from __future__ import annotations

import contextlib
import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import Final

from thor.history.letter import CSV_COLUMNS, KeptLetter, csv_row, letter_record
from thor.runtime.home import PRIVATE_FILE
from thor.runtime.problem import Problem

Pages = Iterable[list[KeptLetter]]


def json_lines(letters: Iterable[KeptLetter]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(letter_record(letter)) + "\n" for letter in letters)


def _csv_lines(letters: Iterable[KeptLetter]) -> str:
    text = StringIO()
    csv.writer(text).writerows(map(csv_row, letters))
    return text.getvalue()


#: Format -> (what stands above, a page of letters as text).
FORMATS: Final[dict[str, tuple[str, Callable[[Iterable[KeptLetter]], str]]]] = {
    "jsonl": ("", json_lines),
    "csv": (",".join(CSV_COLUMNS) + "\r\n", _csv_lines),
}


def export(path: Path, kind: str, pages: Pages, *, overwrite: bool) -> int:
    """Write letters to a new file, complete or not at all; returns how many. Raises :class:`Problem` in one line.

    ``kind``: one of :data:`FORMATS`. A file that is there is replaced with ``overwrite`` only.
    """
    if path.exists() and not overwrite:
        raise Problem(f"{path} exists. Choose another name, or give --overwrite.")
    aside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        count = _write(aside, kind, pages)
        _put(aside, path, overwrite=overwrite)
    except FileExistsError as error:
        raise Problem(f"{path} exists. Choose another name, or give --overwrite.") from error
    except OSError as error:
        raise Problem(f"{path} cannot be written ({error.strerror}). Nothing was exported.") from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
    return count


def _write(path: Path, kind: str, pages: Pages) -> int:
    head, text_of = FORMATS[kind]
    count = 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(head)
        for letters in pages:
            file.write(text_of(letters))
            count += len(letters)
        file.flush()
        os.fsync(file.fileno())
    return count


def _put(aside: Path, path: Path, *, overwrite: bool) -> None:
    """A link, unlike a renaming, fails where somebody has made the file meanwhile."""
    if overwrite:
        aside.replace(path)
    else:
        path.hardlink_to(aside)
    _sync_folder(path.parent)


def archive(folder: Path, letters: list[KeptLetter], month: str) -> Path:
    """Append letters to the month's file (``month``: YYYY-MM), on the disk when this returns. Raises OSError.

    A line that a killed process left half written is cut off: its letter is still on the bus.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{month}.jsonl"
    is_new = not path.exists()
    with _locked(path) as descriptor:
        os.ftruncate(descriptor, _whole_lines(descriptor))
        os.lseek(descriptor, 0, os.SEEK_END)
        _write_all(descriptor, json_lines(letters).encode())
        os.fsync(descriptor)
    if is_new:
        _sync_folder(folder)
    return path


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The file, for this process alone: two ingestors may archive at the same time."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    try:
        if os.name == "posix":
            import fcntl  # absent on Windows

            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _whole_lines(descriptor: int) -> int:
    """The length of a file up to the end of its last complete line."""
    step, end = 65536, os.lseek(descriptor, 0, os.SEEK_END)
    while end > 0:
        begin = max(0, end - step)
        os.lseek(descriptor, begin, os.SEEK_SET)
        found = os.read(descriptor, end - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # Windows opens no folders
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
