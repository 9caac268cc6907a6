"""A home of its own for each test here: these tests kill servers, which others are using in the session's home."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty THOR_HOME that the servers' own user can reach (pytest's tmp_path is closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="thor-ops-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
