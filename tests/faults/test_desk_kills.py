"""The short form of ``python -m tests.faults.desk``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.faults.desk import run


def test_each_transition_has_its_effects_once_whatever_desk_is_killed() -> None:
    result = run(11, 200, 8, Path(tempfile.mkdtemp(prefix="thor-desk-")))
    assert result.wrong == []
    assert result.kills == 8 and result.pauses == 1
    assert max(result.takeovers) < 5
