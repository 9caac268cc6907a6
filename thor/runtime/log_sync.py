"""Bringing the bus's append-only file to the disk once a second, beside the server instead of inside it.

With ``appendfsync everysec`` Valkey does the same, but while its fsync runs it puts off its writes for up to two
seconds and answers clients all the same: kill -9 in that moment loses what was acknowledged (flushAppendOnlyFile in its
source; 740 of 195,110 acknowledged entries in five kills on a disk whose fsync takes 0.4 s). With ``appendfsync no`` it
always writes before it answers, so that what was acknowledged survives the process; the power may still take a second.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

#: Where Valkey and Redis 7 keep the file's parts, under their data folder.
APPEND_ONLY_FOLDER: Final = "appendonlydir"
SYNC_SECONDS: Final = 1.0

log = structlog.get_logger()


def keep_synced(folder: Path, running: Callable[[], bool]) -> None:
    """Sync the growing files of ``folder`` each second, in the background, until ``running`` says no."""
    threading.Thread(target=_run, args=(folder, running), name="log sync", daemon=True).start()


def _run(folder: Path, running: Callable[[], bool]) -> None:
    synced: dict[str, int] = {}
    while running():
        time.sleep(SYNC_SECONDS)
        try:
            synced = sync_grown(folder, synced)
        except OSError as error:
            log.error("the bus's append-only file was not synced to the disk", folder=str(folder), error=str(error))


def sync_grown(folder: Path, synced: dict[str, int]) -> dict[str, int]:
    """Sync the files whose size differs from ``synced`` (name -> bytes); returns what is synced now. Raises OSError."""
    if not folder.is_dir():
        return {}
    sizes = {entry.name: entry.stat().st_size for entry in os.scandir(folder) if entry.name.endswith(".aof")}
    for name, size in sizes.items():
        if synced.get(name) != size:
            _sync(folder / name)
    return sizes


def _sync(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return  # rewritten meanwhile: the server has synced what took its place
    try:
        getattr(os, "fdatasync", os.fsync)(descriptor)  # macOS has no fdatasync
    finally:
        os.close(descriptor)
