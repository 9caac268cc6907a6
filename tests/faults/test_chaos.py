"""The short form of ``make chaos``, and that a schedule is the seed's."""

from __future__ import annotations

import subprocess
import sys

from tests.faults.events import entries
from tests.faults.odd import ACCEPTED, REFUSED
from tests.faults.schedule import Fault, Numbers, steps
from tests.support import CHECKOUT

RUN = (sys.executable, "-m", "tests.faults.run")
SHORT = (
    "--seed", "11", "--events", "12000", "--workers", "3", "--kills", "9", "--postgres", "2", "--valkey", "2",
    "--pauses", "1", "--flush",
)  # fmt: skip


def test_nothing_is_lost_or_doubled_whatever_is_killed() -> None:
    done = subprocess.run([*RUN, *SHORT], cwd=CHECKOUT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [line] = done.stdout.splitlines()
    assert line.startswith("chaos seed=11 events=12000 workers=3 kills=")
    for nothing in ("lost", "duplicated", "mismatched", "extra", "forgotten", "vanished", "self_exits"):
        assert f" {nothing}=0 " in line


def test_a_wrong_word_is_one_line() -> None:
    done = subprocess.run([*RUN, "--kills", "many"], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "wanted a whole number" in done.stderr


def test_a_seed_gives_the_same_events_and_faults() -> None:
    assert list(entries(5, 3000, 10**15)) == list(entries(5, 3000, 10**15))
    assert list(entries(5, 3000, 10**15)) != list(entries(6, 3000, 10**15))
    numbers = Numbers(seed=5, events=0, workers=2, kills=30, postgres=3, valkey=4, pauses=2, flush=True)
    assert steps(numbers) == steps(numbers)
    faults = [step.fault for step in steps(numbers)]
    assert [faults.count(fault) for fault in Fault] == [30, 3, 4, 2, 1]


def test_there_are_a_hundred_kinds_of_bad_events_and_forty_of_odd_ones() -> None:
    assert len(REFUSED) >= 100
    assert len(ACCEPTED) >= 40
