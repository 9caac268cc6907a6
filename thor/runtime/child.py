"""A command of ours in a process of its own: what takes a processor for seconds must not hold up a web process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Final

from thor.runtime.problem import Problem

LONGEST_SECONDS: Final = 300.0
#: One after the other: a second one gains nothing on a processor that is busy.
_turn = threading.Lock()


def run_command(*words: str, namespace: str, accept: tuple[int, ...] = (0,)) -> str:
    """What ``thor WORDS`` prints, in a namespace, with this process's environment. ``accept``: the exit codes of a run
    that did its work. Raises Problem with the command's own line (422), or where it takes too long (503)."""
    if not _turn.acquire(timeout=LONGEST_SECONDS):
        raise Problem(f"another {words[0]} still runs: try again when it is done", status=503)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "thor", *words], env={**os.environ, "THOR_NAMESPACE": namespace},
            capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Problem(
            f"{words[0]} did not end within {LONGEST_SECONDS:g} s: run it on a terminal", status=503
        ) from None
    finally:
        _turn.release()
    if done.returncode not in accept or not done.stdout:
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        raise Problem(lines[-1].removeprefix("CommandError: "), status=422 if done.returncode == 2 else 500)
    return done.stdout
