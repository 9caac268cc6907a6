"""Plays a tape in simulated time: publishes what is due and moves the watermark, one step at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from thor.history.tape import Cue, Tape
from thor.quotes.replay_clock import ENDED, FAILED, SILENT_US, ReplayState
from thor.quotes.replaying import Recorded

#: Events of one step: the bus does nothing else meanwhile.
MOST_OF_A_STEP: Final = 2_000
#: Further behind than this, the pace is taken up again from where the replay stands, instead of rushing.
MOST_BEHIND_US: Final = 1_000_000


class Bus(Protocol):
    """Where a replay is published: :class:`thor.quotes.replaying.ReplayBus`."""

    def play(self, state: ReplayState, events: Sequence[Recorded]) -> str: ...


class Player:
    """``keeps_pace_to_end``: also after the last row, where otherwise the rest of the day goes by at once.

    ``state`` is what was last told, ``published`` how many events there were. Raises what its bus raises.
    """

    def __init__(self, bus: Bus, tape: Tape, state: ReplayState, *, keeps_pace_to_end: bool) -> None:
        self.state = state
        self._bus = bus
        self._tape = tape
        self._cues = tape.cues()
        self._keeps_pace_to_end = keeps_pace_to_end
        self._ahead: Cue | None = None
        self._sources: set[str] = set()
        self.published = 0

    @property
    def has_ended(self) -> bool:
        return self.state.state == ENDED

    def begin(self, wall_us: int) -> None:
        """Simulated time begins to run."""
        self.state = self.state._replace(anchor_us=self.state.from_us, anchor_wall_us=wall_us)

    def step(self, wall_us: int) -> bool:
        """Publish what is due at ``wall_us``, at most :data:`MOST_OF_A_STEP`. True when more is due at once."""
        if self.state.anchor_wall_us > wall_us:
            self.state = self.state._replace(anchor_wall_us=wall_us)
        limit_us = self._limit_us(wall_us)
        events: list[Recorded] = []
        while (cue := self._next()) is not None and cue.due_us <= limit_us and len(events) < MOST_OF_A_STEP:
            events.append(cue.event)
            self._ahead = None
        self._sources.update(event.source for event in events)
        watermark_us = self._watermark_us(cue, limit_us)
        is_behind = cue is not None and cue.due_us <= limit_us
        if is_behind:
            self._slow_down(watermark_us, limit_us, wall_us)
        self.published += len(events)
        self._tell(events, watermark_us, wall_us, ended=cue is None and watermark_us >= self.state.until_us)
        return is_behind

    def wait(self, wall_us: int) -> None:
        """Say that the player is alive, and let no time pass: those who listen are behind."""
        self.state = self.state._replace(anchor_us=self.state.watermark_us, anchor_wall_us=wall_us + SILENT_US)
        self._tell([], self.state.watermark_us, wall_us, ended=self.has_ended)

    def fail(self, wall_us: int) -> None:
        """The replay ends here, unfinished."""
        self._say(self.state._replace(state=FAILED, beat_wall_us=wall_us), [])

    def _next(self) -> Cue | None:
        if self._ahead is None:
            self._ahead = next(self._cues, None)
        return self._ahead

    def _limit_us(self, wall_us: int) -> int:
        """Up to when events are due."""
        state = self.state
        if state.speed is None:
            return state.until_us
        return min(state.until_us, state.anchor_us + round((wall_us - state.anchor_wall_us) * state.speed))

    def _watermark_us(self, following: Cue | None, limit_us: int) -> int:
        if following is None:
            found = limit_us if self._keeps_pace_to_end else self.state.until_us
        else:
            found = min(limit_us, following.floor_us - 1)
        return max(self.state.watermark_us, min(found, self.state.until_us))

    def _slow_down(self, reached_us: int, limit_us: int, wall_us: int) -> None:
        speed = self.state.speed
        if speed is not None and limit_us - reached_us > MOST_BEHIND_US * speed:
            self.state = self.state._replace(anchor_us=reached_us, anchor_wall_us=wall_us)

    def _tell(self, events: list[Recorded], watermark_us: int, wall_us: int, *, ended: bool) -> None:
        told = self.state._replace(
            watermark_us=watermark_us,
            beat_wall_us=wall_us,
            rows_done=self._tape.rows_read,
            sources=tuple(sorted(self._sources)),
        )
        self._say(told._replace(state=ENDED) if ended else told, events)

    def _say(self, told: ReplayState, events: list[Recorded]) -> None:
        self.state = told._replace(last_id=self._bus.play(told, events))
