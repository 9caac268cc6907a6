"""The player: everything up to the watermark is published, in order, whatever the speed and however it is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thor.history import player as players
from thor.history.player import Player
from thor.history.tape import Cue, EmptyTape
from thor.quotes.quote import Reason
from thor.quotes.replay_clock import ENDED, FAILED, RUNNING, ReplayState
from thor.quotes.replaying import Recorded

WALL = 1_790_000_000_000_000
SECOND = 1_000_000


class Bus:
    """Remembers what was published and said."""

    def __init__(self) -> None:
        self.events: list[Recorded] = []
        self.said: list[ReplayState] = []

    def play(self, state: ReplayState, events: Sequence[Recorded]) -> str:
        self.events += events
        self.said.append(state)
        return f"1-{len(self.events)}"


class Tape:
    """Events of these times, in this order."""

    def __init__(self, times: Sequence[int]) -> None:
        self.rows = len(times)
        self.rows_read = self.repeated = 0
        self.refused: Counter[Reason] = Counter()
        self.times = times

    def cues(self) -> Iterator[Cue]:
        due_us = 0
        for number, ts_us in enumerate(self.times):
            self.rows_read += 1
            due_us = max(due_us, ts_us)
            yield Cue(Recorded("REPLAY", "ES", ts_us, "*", b"%d" % number), due_us, min(self.times[number:]))


def state(until_us: int, speed: float | None = 1.0) -> ReplayState:
    return ReplayState("run", RUNNING, 0, until_us, -1, "0-0", speed, 0, WALL, WALL, 0, 0, ())


def player(times: Sequence[int], until_us: int, speed: float | None, *, to_end: bool = True) -> tuple[Player, Bus]:
    bus = Bus()
    made = Player(bus, Tape(times), state(until_us, speed), keeps_pace_to_end=to_end)
    made.begin(WALL)
    return made, bus


def play(made: Player, steps_us: Iterator[int]) -> None:
    wall_us = WALL
    while not made.has_ended:
        made.step(wall_us)
        wall_us += next(steps_us)


times_of_day = st.lists(st.integers(0, 100 * SECOND), max_size=40)
steps = st.lists(st.integers(SECOND, 60 * SECOND), min_size=1, max_size=9)


@given(times_of_day, steps, st.sampled_from([0.5, 1.0, 60.0, None]), st.booleans())
def test_the_watermark_is_never_ahead_of_the_stream(
    times: list[int], pauses: list[int], speed: float | None, to_end: bool
) -> None:
    """At each word of the player: all events up to the watermark are out, none twice, none out of order."""
    until_us = 101 * SECOND
    made, bus = player(times, until_us, speed, to_end=to_end)
    heard = 0

    def walls() -> Iterator[int]:
        nonlocal heard
        while True:
            for pause in pauses:
                said = bus.said[-1]
                assert all(number < len(bus.events) for number, ts in enumerate(times) if ts <= said.watermark_us)
                assert len(bus.said) < 2 or said.watermark_us >= bus.said[-2].watermark_us
                if speed is not None and said.state == RUNNING:
                    reached_us = said.anchor_us + (said.beat_wall_us - said.anchor_wall_us) * speed
                    assert all(event.ts_us <= reached_us for event in bus.events[heard:])
                heard = len(bus.events)
                yield pause

    play(made, walls())
    assert [event.payload for event in bus.events] == [b"%d" % number for number in range(len(times))]
    last = bus.said[-1]
    assert (last.state, last.watermark_us, last.rows_done) == (ENDED, until_us, len(times))
    assert last.sources == (("REPLAY",) if times else ())


def test_at_a_speed_events_come_at_their_time() -> None:
    made, bus = player([0, 10 * SECOND, 20 * SECOND], 30 * SECOND, 10.0)
    for wall, events, watermark in ((0, 1, 0), (0.5, 1, 5), (1.0, 2, 10), (1.9, 2, 19), (2.5, 3, 25), (3.0, 3, 30)):
        assert made.step(WALL + round(wall * SECOND)) is False
        assert (len(bus.events), made.state.watermark_us) == (events, round(watermark * SECOND))
    assert made.has_ended


def test_after_the_last_row_the_rest_of_the_day_goes_by_at_once_unless_an_end_was_named() -> None:
    made, _ = player([0], 86_400 * SECOND, 1.0, to_end=False)
    made.step(WALL)
    assert made.has_ended
    made, _ = player([0], 86_400 * SECOND, 1.0, to_end=True)
    made.step(WALL)
    assert not made.has_ended


def test_time_alone_runs_at_its_pace() -> None:
    bus = Bus()
    made = Player(bus, EmptyTape(), state(7 * 86_400 * SECOND, 1_000.0), keeps_pace_to_end=True)
    made.begin(WALL)
    made.step(WALL + 60 * SECOND)
    assert made.state.watermark_us == 60_000 * SECOND
    made.step(WALL + 605 * SECOND)
    assert (made.has_ended, made.state.watermark_us) == (True, 7 * 86_400 * SECOND)


def test_who_is_behind_does_not_rush(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(players, "MOST_OF_A_STEP", 10)
    made, bus = player([n * SECOND for n in range(100)], 100 * SECOND, 1.0)
    assert made.step(WALL + 50 * SECOND) is True
    assert (len(bus.events), made.state.watermark_us) == (10, 10 * SECOND - 1)
    made.step(WALL + 51 * SECOND)
    assert len(bus.events) == 11  # one second later, not forty


def test_time_stands_while_listeners_are_behind() -> None:
    made, bus = player([0, 5 * SECOND], 10 * SECOND, 1.0)
    made.step(WALL)
    made.wait(WALL + 60 * SECOND)
    for later in (60, 63, 69):  # whoever looks: it never went on and is never set back
        assert (made.state.watermark_us, made.state.now_us(WALL + later * SECOND)) == (0, 0)
        assert made.state.pace(WALL + later * SECOND) == 0.0
    made.step(WALL + 64 * SECOND)
    assert (len(bus.events), made.state.pace(WALL + 64 * SECOND)) == (1, 1.0)
    assert made.state.now_us(WALL + 65 * SECOND) == SECOND
    made.step(WALL + 69 * SECOND)
    assert len(bus.events) == 2


def test_a_replay_that_fails_says_so() -> None:
    made, bus = player([0], 10 * SECOND, 1.0)
    made.step(WALL)
    made.fail(WALL + SECOND)
    assert bus.said[-1].state == FAILED
    assert bus.said[-1].now_us(WALL + 9 * SECOND) == bus.said[-1].watermark_us
