"""Whether a file of the lake is what was listed."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa

from thor.lake import columns
from thor.lake.files import batches_of, read_metadata, stored_sha256
from thor.lake.line_kernel import rows_sha256
from thor.lake.models import FileState, LakeFile
from thor.lake.store import LakeStore


class Trouble(NamedTuple):
    """What is wrong with a file."""

    key: str
    state: FileState
    what: str

    def said(self) -> str:
        return f"{self.key}: {self.state.value}: {self.what}"


def trouble_of(store: LakeStore, listed: LakeFile, *, rows: bool) -> Trouble | None:
    """What is wrong with a file: its presence, its size, every byte, what it says of itself, and with ``rows`` every
    row. Changes nothing."""
    there = store.find(listed.key)
    if there is None:
        return Trouble(listed.key, FileState.MISSING, "the file is not there")
    what = "" if there.size == listed.size else f"it has {there.size:,} bytes, and had {listed.size:,}"
    try:
        what = what or _of_bytes(store, listed) or _of_words(store, listed) or (_of_rows(store, listed) if rows else "")
    except FileNotFoundError:
        return Trouble(listed.key, FileState.MISSING, "the file is not there")
    except (pa.ArrowException, OSError) as error:
        what = f"it cannot be read: {(str(error).splitlines() or [''])[0][:150]}"
    return Trouble(listed.key, FileState.DAMAGED, what) if what else None


def _of_bytes(store: LakeStore, listed: LakeFile) -> str:
    if not listed.file_sha256:
        return "who replaced it ended before it was listed: do that again"
    return "" if stored_sha256(store, listed.key) == listed.file_sha256 else "its bytes are not those that were written"


def _of_words(store: LakeStore, listed: LakeFile) -> str:
    said = read_metadata(store, listed.key)
    if (said.get(columns.ROWS), said.get(columns.SHA256)) == (str(listed.rows), listed.rows_sha256):
        return ""
    return "it says of itself other than the list does"


def _of_rows(store: LakeStore, listed: LakeFile) -> str:
    return (
        "" if rows_sha256(batches_of(store, listed.key)) == listed.rows_sha256 else "its rows are not those of its hash"
    )
