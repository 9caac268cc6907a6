"""The short form of ``python -m tests.faults.lake``, in a process of its own: it forks."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from tests.support import CHECKOUT


def test_no_reader_ever_sees_a_file_that_is_not_whole() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.lake", "--rounds", "8", "--seed", "11"], cwd=CHECKOUT, env=os.environ,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    found = {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", done.stdout)}
    assert found["wrong"] == 0 and found["kills"] == 12
    assert found["reads"] > 0 and found["looks"] > 0
