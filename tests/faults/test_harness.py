"""The harness itself: it finds each bug that is put into a copy of the program, and none in the program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.bugs import BUGS, Bug, copy_with


def crash_through(folder: Path, database_url: str, valkey_url: str) -> subprocess.CompletedProcess[str]:
    """Crashes at every step, by the program in ``folder``."""
    words = [database_url, valkey_url, "--rounds", "4", "--seed", "3", "--parser", "slow", "--stop"]
    return subprocess.run(
        [sys.executable, "-m", "tests.faults.failpoints", *words], cwd=folder, capture_output=True, text=True,
        timeout=100, check=False,
    )  # fmt: skip


def test_no_bug_is_found_where_there_is_none(tmp_path: Path, database_url: str, valkey_url: str) -> None:
    done = crash_through(copy_with(None, tmp_path), database_url, valkey_url)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_a_bug_is_found(bug: Bug, tmp_path: Path, database_url: str, valkey_url: str) -> None:
    done = crash_through(copy_with(bug, tmp_path), database_url, valkey_url)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "wrong={'" in done.stdout, done.stdout + done.stderr
