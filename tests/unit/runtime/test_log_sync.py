"""The append-only file reaches the disk: what grew is synced, what did not is left alone."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from thor.runtime import log_sync
from thor.runtime.log_sync import keep_synced, sync_grown


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The names of the files that are brought to the disk."""
    found: list[str] = []

    def sync(descriptor: int) -> None:
        inode = os.fstat(descriptor).st_ino
        found.append(next(path.name for path in tmp_path.iterdir() if path.stat().st_ino == inode))

    monkeypatch.setattr(os, "fdatasync", sync, raising=False)
    return found


def test_only_what_grew_is_synced(tmp_path: Path, synced: list[str]) -> None:
    (tmp_path / "a.incr.aof").write_bytes(b"1")
    (tmp_path / "a.manifest").write_bytes(b"1")
    known = sync_grown(tmp_path, {})
    assert synced == ["a.incr.aof"]
    known = sync_grown(tmp_path, known)
    assert synced == ["a.incr.aof"]
    (tmp_path / "a.incr.aof").write_bytes(b"12")
    (tmp_path / "b.incr.aof").write_bytes(b"1")
    assert sync_grown(tmp_path, known) == {"a.incr.aof": 2, "b.incr.aof": 1}
    assert sorted(synced[1:]) == ["a.incr.aof", "b.incr.aof"]


def test_a_server_that_has_written_nothing_yet_has_no_folder(tmp_path: Path, synced: list[str]) -> None:
    assert sync_grown(tmp_path / "appendonlydir", {"old.incr.aof": 3}) == {}
    assert synced == []


def test_it_syncs_as_long_as_the_server_runs(
    tmp_path: Path, synced: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_sync, "SYNC_SECONDS", 0.001)
    (tmp_path / "a.incr.aof").write_bytes(b"1")
    ended = threading.Event()
    rounds = iter((True, True, True))

    def running() -> bool:
        going_on = next(rounds, False)
        if not going_on:
            ended.set()
        return going_on

    keep_synced(tmp_path, running)
    assert ended.wait(5)
    assert synced == ["a.incr.aof"]
