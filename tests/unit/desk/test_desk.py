"""The desk's order of quotes and timers, and what recovery gives back."""

from __future__ import annotations

from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.desk_support import ALPHA, BEGIN_US, BETA, CYCLE_US, MINUTE_US, made_calendars, payload, wanted_transitions
from thor.desk.desk import Desk
from thor.desk.effects import MarketTransitioned, StatusesFound
from thor.markets.calendar import Status
from thor.markets.transition import MarketTransition
from thor.quotes.quote import Quote, decode
from thor.quotes.reactor import AlertRaised, Effects, Reactor, State

CYCLES = 6
CALENDARS = made_calendars(CYCLES)


class Heard(Reactor):
    """Writes down what it hears, as alerts; wakes every ``every_us``."""

    name: ClassVar[str] = "heard"

    def __init__(self, every_us: int | None = None) -> None:
        self.every_us = every_us
        self.count = 0
        self.next_us: int | None = None

    def on_start(self, statuses: object, at_us: int) -> Effects:
        if self.every_us and self.next_us is None:
            self.next_us = at_us + self.every_us
        return ()

    def on_quote(self, quote: Quote, entry_id: str, at_us: int) -> Effects:
        return [self._note(f"quote {quote.seq}", quote.ts_us)]

    def on_transition(self, transition: MarketTransition) -> Effects:
        return [self._note(f"{transition.market} {transition.kind}", transition.at_us)]

    def on_timer(self, at_us: int) -> Effects:
        assert self.every_us is not None and self.next_us == at_us
        self.next_us = at_us + self.every_us
        return [self._note("timer", at_us)]

    def next_timer_us(self) -> int | None:
        return self.next_us

    def state(self) -> State:
        return {"count": self.count, "next_us": self.next_us}

    def restore(self, state: State) -> None:
        self.count, self.next_us = state["count"], state["next_us"]

    def _note(self, what: str, at_us: int) -> AlertRaised:
        self.count += 1
        return AlertRaised(f"{self.count} {what}", "info", "", at_us)


def quote(seq: int, ts_us: int) -> Quote:
    return decode(payload("ES", ts_us, seq))


def started(reactor: Reactor, position_us: int = BEGIN_US - 1) -> Desk:
    desk = Desk(CALENDARS, [reactor], position_us)
    desk.start({})
    return desk


def notes(desk: Desk) -> list[str]:
    effects, _ = desk.take()
    return [each.alert for each in effects if isinstance(each, AlertRaised)]


def test_it_begins_with_how_the_markets_stand() -> None:
    desk = started(Heard(), BEGIN_US + 6 * MINUTE_US)
    effects, timers = desk.take()
    assert effects == [StatusesFound({ALPHA: Status.CLOSED, BETA: Status.OPEN}, BEGIN_US + 6 * MINUTE_US)]
    assert timers == []


def test_a_timer_comes_after_every_quote_up_to_it_and_before_the_first_later_one() -> None:
    desk = started(Heard(), BEGIN_US)
    at_us = BEGIN_US + 5 * MINUTE_US
    for number, ts_us in enumerate((at_us - 1, at_us, at_us, at_us + 1), start=1):
        desk.hear(f"{number}-0", quote(number, ts_us), ts_us, 0)
    assert notes(desk) == ["1 quote 1", "2 quote 2", "3 quote 3", "4 Alpha CLOSE", "5 Beta OPEN", "6 quote 4"]


def test_a_transition_says_after_which_entry_it_came_and_how_late() -> None:
    desk = started(Heard(), BEGIN_US)
    at_us = BEGIN_US + 5 * MINUTE_US
    desk.hear("7-1", quote(1, at_us - 5), at_us - 5, 0)
    desk.advance(at_us + 3, at_us + 3)
    effects, timers = desk.take()
    told = [each for each in effects if isinstance(each, MarketTransitioned)]
    assert [(each.market, each.after_id, each.late_us) for each in told] == [(ALPHA, "7-1", 3), (BETA, "7-1", 3)]
    assert [tuple(each) for each in timers] == [(at_us, "7-1", at_us + 3)]


def test_an_entry_that_is_no_quote_moves_the_cursor_only() -> None:
    desk = started(Heard(), BEGIN_US)
    desk.take()
    desk.hear("9-0", None, desk.position_us, 0)
    assert desk.cursor == "9-0" and notes(desk) == []


def test_a_clock_set_back_tells_nothing_twice_and_a_leap_forward_forgets_nothing() -> None:
    desk = started(Heard())
    desk.advance(BEGIN_US + 5 * MINUTE_US, 0)
    desk.advance(BEGIN_US - 60 * MINUTE_US, 0)  # an hour back
    desk.advance(BEGIN_US + 5 * MINUTE_US, 0)
    desk.advance(BEGIN_US + CYCLE_US, 0)  # over Beta's close and Alpha's next open
    assert notes(desk) == ["1 Alpha OPEN", "2 Alpha CLOSE", "3 Beta OPEN", "4 Beta CLOSE", "5 Alpha OPEN"]


def test_a_reactor_that_asks_for_the_same_timer_again_is_an_error() -> None:
    reactor = Heard(MINUTE_US)
    reactor.on_timer = lambda at_us: []  # type: ignore[method-assign,assignment,misc]
    desk = started(reactor, BEGIN_US)
    with pytest.raises(RuntimeError, match="asks again"):
        desk.advance(BEGIN_US + 2 * MINUTE_US, 0)


def run_through(events: list[tuple[int, int]], until_us: int, steps: list[int], recover_every: int) -> list[str]:
    """The notes of a desk that hears quotes, takes looks at its clock in between, and is lost and recovered."""
    reactor = Heard(3 * MINUTE_US)
    desk = started(reactor)
    found = []
    for number, (seq, ts_us) in enumerate(events):
        desk.hear(f"{number + 1}-0", quote(seq, ts_us), ts_us, 0)
        if steps and number % len(steps) == 0 and number + 1 < len(events):
            # A look at the clock up to just before the next quote: the rule allows it anywhere in between.
            desk.advance(min(ts_us + steps[number % len(steps)], events[number + 1][1] - 1), 0)
        if recover_every and number % recover_every == 0:
            found += notes(desk)
            saved, position_us, cursor = desk.states(), desk.position_us, desk.cursor
            desk = Desk(CALENDARS, [Heard(3 * MINUTE_US)], position_us, cursor)
            desk.start(saved)
    desk.advance(until_us, 0)
    return found + notes(desk)


times = st.lists(st.integers(0, CYCLES * CYCLE_US), max_size=40).map(sorted)


@given(times, st.lists(st.integers(1, 4 * MINUTE_US), max_size=5), st.integers(0, 4))
def test_when_it_looks_at_the_clock_and_when_it_is_recovered_change_nothing(
    offsets: list[int], steps: list[int], recover_every: int
) -> None:
    events = [(seq, BEGIN_US + offset) for seq, offset in enumerate(offsets, start=1)]
    until_us = BEGIN_US + (CYCLES + 1) * CYCLE_US
    plain = run_through(events, until_us, [], 0)
    assert run_through(events, until_us, steps, recover_every) == plain
    told = [note.split(" ", 1)[1] for note in plain if "OPEN" in note or "CLOSE" in note]
    assert told == [f"{market} {kind}" for market, kind, _ in wanted_transitions(CYCLES)]
