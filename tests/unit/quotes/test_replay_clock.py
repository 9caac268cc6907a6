"""What time it is in a replay."""

from __future__ import annotations

from typing import Any

import pytest

from thor.quotes.replay_clock import ENDED, FAILED, RUNNING, SILENT_US, ReplayState
from thor.quotes.replaying import state_of

WALL = 1_790_000_000_000_000
SECOND = 1_000_000
START = 1_760_000_000_000_000


def state(**given: Any) -> ReplayState:
    base = ReplayState(
        "run", RUNNING, START, START + 3600 * SECOND, START, "5-0", 60.0, START, WALL, WALL, 10, 2, ("REPLAY", "TOS")
    )
    return base._replace(**given)


@pytest.mark.parametrize("one", [state(), state(speed=None, sources=()), state(state=ENDED, speed=0.5)])
def test_it_is_kept_on_the_bus_as_it_is(one: ReplayState) -> None:
    fields = {name.encode(): value.encode() for name, value in one.to_fields().items()}
    assert state_of(fields) == one


def test_what_is_no_replay_is_none() -> None:
    assert state_of({}) is None
    assert state_of({b"from_us": b"1", b"watermark_us": b"x"}) is None


def test_time_runs_at_the_replays_speed_and_not_beyond_its_end() -> None:
    assert state().now_us(WALL + 2 * SECOND) == START + 120 * SECOND
    assert state(watermark_us=START + 300 * SECOND).now_us(WALL + SECOND) == START + 300 * SECOND
    beat = WALL + 90 * SECOND
    assert state(beat_wall_us=beat).now_us(beat) == START + 3600 * SECOND


@pytest.mark.parametrize("still", [state(state=ENDED), state(state=FAILED), state(speed=None)])
def test_time_stands_at_the_watermark(still: ReplayState) -> None:
    assert still.now_us(WALL + 5 * SECOND) == START


def test_a_silent_player_has_failed_and_its_time_stands() -> None:
    one, late = state(), WALL + SILENT_US + 1
    assert (one.seen_from(WALL).state, one.seen_from(late).state) == (RUNNING, FAILED)
    assert (one.pace(WALL), one.pace(late), one.now_us(late)) == (60.0, 0.0, START)
    assert state(speed=None).pace(WALL) is None
    assert state(state=ENDED).seen_from(late).state == ENDED
