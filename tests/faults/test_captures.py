"""The short form of ``python -m tests.faults.captures``."""

from __future__ import annotations

import subprocess
import sys

from tests.support import CHECKOUT


def test_a_market_that_many_ask_for_at_once_is_captured_once_whoever_is_killed() -> None:
    # A process of its own: it forks the askers.
    words = [sys.executable, "-m", "tests.faults.captures", "--rounds", "6", "--seed", "4"]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    assert "rounds=6" in done.stdout and "wrong=0" in done.stdout
    assert "killed_copies=0" not in done.stdout and "killed_desks=0" not in done.stdout
