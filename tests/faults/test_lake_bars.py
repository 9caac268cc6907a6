"""Bars under kill -9, a few rounds. A hundred: ``python -m tests.faults.lake_bars``."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path

from tests.support import CHECKOUT, create_migrated, run_thor


def test_no_reader_sees_a_broken_bar_file_whenever_it_is_killed(
    database_url: str, valkey_url: str, tmp_path: Path
) -> None:
    environ = {
        **os.environ,
        "DATABASE_URL": create_migrated(database_url, f"thor_{uuid.uuid4().hex[:12]}"),
        "REDIS_URL": valkey_url,
        "THOR_DATA_DIR": str(tmp_path / "lake"),
    }
    run_thor(environ, "seed_instruments")
    words = [sys.executable, "-m", "tests.faults.lake_bars", "--rounds", "6", "--seed", "7"]
    done = subprocess.run(words, env=environ, cwd=CHECKOUT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
