"""What waits for the bus, and the count of what was lost of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from thor.quotes.bus import Losses, Outgoing
from thor.quotes.spool import Spool


def event(number: int, symbol: str = "ES") -> Outgoing:
    return Outgoing(symbol, number, number, b"")


def test_the_oldest_stay_until_they_are_removed() -> None:
    spool = Spool(10, "a")
    for number in range(5):
        spool.add(event(number))
    assert spool.oldest(2) == spool.oldest(2) == [event(0), event(1)]
    spool.remove(2)
    assert spool.oldest(9) == [event(2), event(3), event(4)]


def test_a_report_stays_the_same_until_it_was_told_and_the_next_holds_what_came_since() -> None:
    spool = Spool(1, "a")
    assert spool.losses() is None
    for number in range(3):
        spool.add(event(number))
    first = spool.losses()
    spool.add(event(3, "CL"))
    spool.supersede()
    assert spool.losses() == first == Losses("a-1", {"ES": 2}, 0)
    spool.told()
    assert spool.losses() == Losses("a-2", {"ES": 1}, 1)
    spool.told()
    assert spool.losses() is None
    assert (spool.dropped, spool.superseded) == (3, 1)


@given(st.lists(st.sampled_from(["add", "remove", "supersede", "tell"]), max_size=80), st.integers(1, 5))
def test_every_event_is_removed_reported_or_still_there(acts: list[str], limit: int) -> None:
    spool, added, removed, told = Spool(limit, "a"), 0, 0, 0
    for act in acts:
        if act == "add":
            spool.add(event(added, "ES" if added % 2 else "CL"))
            added += 1
        elif act == "remove" and len(spool):
            spool.remove(1)
            removed += 1
        elif act == "supersede":
            spool.supersede()
        elif losses := spool.losses():
            told += sum(losses.dropped.values()) + losses.superseded
            spool.told()
    while losses := spool.losses():
        told += sum(losses.dropped.values()) + losses.superseded
        spool.told()
    assert added == removed + told + len(spool)
    assert len(spool) <= limit
