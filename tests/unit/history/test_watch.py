"""What stands still, by one's own clock."""

from __future__ import annotations

from thor.history.watch import Watch


def test_a_thing_stands_still_from_the_first_look_until_its_value_changes() -> None:
    watch = Watch()
    assert watch.still_seconds("a", 1, 10.0) == 0
    assert watch.still_seconds("a", 1, 12.5) == 2.5
    assert watch.still_seconds("b", 1, 13.0) == 0
    assert watch.still_seconds("a", 2, 14.0) == 0
    assert watch.still_seconds("a", 2, 15.0) == 1


def test_what_was_forgotten_is_seen_for_the_first_time_again() -> None:
    watch = Watch()
    watch.still_seconds("a", 1, 0.0)
    watch.still_seconds("b", 1, 0.0)
    watch.keep({"b"})
    assert watch.still_seconds("a", 1, 9.0) == 0
    assert watch.still_seconds("b", 1, 9.0) == 9
