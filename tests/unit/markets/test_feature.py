"""When a named feature is on: known answers, and what must hold for any windows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thor.markets.calendar import Phase
from thor.markets.feature import Window, is_feature_on

OPEN, CLOSED = Phase.OPEN, Phase.CLOSED


def window(**given: Any) -> Window:
    plain = Window("capture_v2", frozenset(), None, None, is_active=True, rollback_us=None)
    return plain._replace(**given)


@pytest.mark.parametrize(
    ("windows", "phase", "at_us", "wanted"),
    [
        ([], OPEN, 5, False),
        ([window()], OPEN, 5, True),
        ([window(feature="other")], OPEN, 5, False),
        ([window(is_active=False)], OPEN, 5, False),
        ([window(phases=frozenset({OPEN}))], OPEN, 5, True),
        ([window(phases=frozenset({OPEN}))], CLOSED, 5, False),
        ([window(phases=frozenset({OPEN}))], Phase.UNKNOWN, 5, False),
        ([window(starts_us=5)], OPEN, 4, False),
        ([window(starts_us=5)], OPEN, 5, True),
        ([window(ends_us=5)], OPEN, 4, True),
        ([window(ends_us=5)], OPEN, 5, False),
        ([window(rollback_us=5)], OPEN, 4, True),
        ([window(rollback_us=5)], OPEN, 5, False),
        ([window(rollback_us=5), window()], OPEN, 5, False),
        ([window(rollback_us=5, is_active=False), window()], OPEN, 5, True),
        ([window(rollback_us=5, feature="other"), window()], OPEN, 5, True),
        ([window(ends_us=3), window(starts_us=4)], OPEN, 5, True),
    ],
)
def test_known_answers(windows: list[Window], phase: Phase, at_us: int, wanted: bool) -> None:
    assert is_feature_on(windows, "capture_v2", phase, at_us) is wanted


instants = st.integers(0, 20)
windows = st.builds(
    Window,
    st.sampled_from(["a", "b"]),
    st.frozensets(st.sampled_from(list(Phase))),
    st.none() | instants,
    st.none() | instants,
    st.booleans(),
    st.none() | instants,
)


@given(st.lists(windows, max_size=5), st.sampled_from(list(Phase)), instants)
def test_only_own_active_windows_matter_and_their_order_does_not(found: list[Window], phase: Phase, at: int) -> None:
    answer = is_feature_on(found, "a", phase, at)
    own = [each for each in found if each.feature == "a" and each.is_active]
    assert is_feature_on(reversed(own), "a", phase, at) is answer
    if answer:
        assert any(not each.phases or phase in each.phases for each in own)


@given(st.lists(windows, max_size=5), st.sampled_from(list(Phase)), instants, instants)
def test_what_was_rolled_back_never_comes_on_again(found: list[Window], phase: Phase, at: int, later: int) -> None:
    rolled_back = [*found, window(feature="a", rollback_us=at)]
    assert not is_feature_on(rolled_back, "a", phase, at + later)
