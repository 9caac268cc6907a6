"""The one formula of waiting."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from thor.runtime.backoff import Pause, backoff_seconds


def test_it_doubles_up_to_the_longest() -> None:
    assert [backoff_seconds(n, 0.25, 1.5, lambda: 1.0) for n in (1, 2, 3, 4, 5)] == [0.25, 0.5, 1.0, 1.5, 1.5]


def test_half_of_it_is_left_to_chance() -> None:
    assert backoff_seconds(3, 2.0, 60.0, lambda: 0.0) == 4.0
    assert backoff_seconds(3, 2.0, 60.0, lambda: 1.0) == 8.0


@given(failures=st.integers(0, 10_000), chance=st.floats(0, 1), first=st.floats(0.1, 2), longest=st.floats(2, 60))
def test_it_stays_between_half_the_first_and_the_longest(
    failures: int, chance: float, first: float, longest: float
) -> None:
    assert first / 2 <= backoff_seconds(failures, first, longest, lambda: chance) <= longest


def test_a_pause_lasts_its_time_and_not_over_a_clock_that_was_set_back() -> None:
    now_us, pause = 1_795_000_000_000_000, Pause()
    assert pause.is_over(now_us)
    pause.begin(now_us, 0.5)
    assert not pause.is_over(now_us)
    assert not pause.is_over(now_us + 499_999)
    assert pause.is_over(now_us + 500_000)
    assert pause.is_over(now_us - 1)
    pause.end()
    assert pause.is_over(now_us)
