"""The merge rule by itself: what must hold for every sequence of events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from thor.quotes.merge import FRESH_US, MergeState, merge

SOURCES = ("TOS", "SCHWAB", "MOCK")
events = st.lists(
    st.tuples(
        st.sampled_from(SOURCES),
        st.integers(0, 20_000_000),
        st.none() | st.integers(0, 50),
        st.integers(0, 3_000_000),
    ),
    max_size=60,
)


@given(events, st.none() | st.sampled_from(SOURCES))
def test_what_is_shown_never_goes_back_in_time(
    traffic: list[tuple[str, int, int | None, int]], preferred: str | None
) -> None:
    state, now_us, shown = MergeState(), 0, -1
    for source, ts_us, seq, pause_us in traffic:
        now_us += pause_us
        verdict = merge(state, source, ts_us, seq, now_us, preferred)
        assert verdict.wins or not verdict.shows, "only a winner shows"
        if verdict.shows:
            assert ts_us >= shown
            shown = ts_us
        if verdict.wins:
            assert verdict.state.source == source
        assert verdict.state.heard_us[source] == now_us
        state = verdict.state


@given(events)
def test_an_event_published_twice_wins_once(traffic: list[tuple[str, int, int | None, int]]) -> None:
    state, now_us = MergeState(), 0
    for source, ts_us, seq, pause_us in traffic:
        now_us += pause_us
        state = merge(state, source, ts_us, seq, now_us).state
        if seq is not None:
            assert not merge(state, source, ts_us, seq, now_us).wins or state.source != source


@given(events)
def test_a_fresh_preferred_source_is_not_displaced(traffic: list[tuple[str, int, int | None, int]]) -> None:
    state, now_us, heard_us = MergeState(), 0, None
    for source, ts_us, seq, pause_us in traffic:
        now_us += pause_us
        verdict = merge(state, source, ts_us, seq, now_us, "SCHWAB")
        if source == "SCHWAB":
            heard_us = now_us
        elif state.source == "SCHWAB" and heard_us is not None and now_us - heard_us < FRESH_US:
            assert not verdict.wins
        state = verdict.state
