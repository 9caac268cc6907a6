"""A crash before and after each step of the ingestor's way: nothing lost, nothing twice."""

from __future__ import annotations

import os

import pytest

from tests.faults.failpoints import PLACES, run
from tests.faults.site import site
from thor.history.worker import Kernel

#: ``CHAOS_ROUNDS=100`` for the published figure.
ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "8"))


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    """The compiled parser, which every other worker uses."""
    found = Kernel()
    found.load()
    return found


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("place", PLACES)
def test_crashes_neither_lose_nor_double(
    place: str, when: str, kernel: Kernel, database_url: str, valkey_url: str
) -> None:
    with site(database_url, valkey_url) as where:
        crashes, verdict = run(where, place, when, ROUNDS, seed=7, kernel=kernel)
    assert verdict.good, verdict.lines
    assert crashes >= ROUNDS // 2, "the failpoint is on the way of an ingestor"
    assert verdict.stored > 0
    assert verdict.letters == verdict.poison > 0
