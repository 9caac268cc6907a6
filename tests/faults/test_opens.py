"""The short form of ``python -m tests.faults.opens``."""

from __future__ import annotations

from pathlib import Path

from tests.faults.opens import Plan, run


def test_a_mornings_opens_are_the_same_rows_whatever_ends_the_desk(tmp_path: Path) -> None:
    result = run(Plan(runs=1, kills=0, kills_at_max=3, pace=6.0), tmp_path)
    assert result.wrong == []
    assert len(result.digests) == 1 and result.digests.total() == 2
    assert (result.kills, result.rows) == (3, 60)
