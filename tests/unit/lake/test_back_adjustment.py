"""Which contract is in front, and what back-adjusting adds."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from thor.instruments.contract import ROLL_DAYS
from thor.lake.back_adjustment import DayVolume, RollPoint, front_contract, offset_on, offsets, overtaken

D = Decimal
FIRST = date(2025, 1, 2)


def day(n: int) -> date:
    return FIRST + timedelta(days=n)


def test_the_newest_prices_stay_and_older_ones_move_by_all_later_differences() -> None:
    rolls = [RollPoint(day(10), "ESH25", "ESM25", D("50.25")), RollPoint(day(20), "ESM25", "ESU25", D("-1.5"))]
    found = offsets(rolls[::-1])
    assert [offset_on(day(n), found) for n in (0, 10, 11, 20, 21, 99)] == [
        D("48.75"), D("48.75"), D("-1.5"), D("-1.5"), D(0), D(0),
    ]  # fmt: skip


def test_what_came_before_an_unknown_difference_cannot_be_adjusted() -> None:
    rolls = [
        RollPoint(day(10), "A", "B", D(1)), RollPoint(day(20), "B", "C", None), RollPoint(day(30), "C", "D", D(4)),
    ]  # fmt: skip
    found = offsets(rolls)
    assert [offset_on(day(n), found) for n in (5, 15, 25, 35)] == [None, None, D(4), D(0)]


@given(st.lists(st.decimals(-500, 500, places=4), min_size=1, max_size=20))
def test_an_adjusted_series_has_no_jump_at_a_roll(differences: list[Decimal]) -> None:
    """Held across the roll, a position gains in the adjusted series what its two contracts gained."""
    rolls = [RollPoint(day(10 * n), str(n), str(n + 1), each) for n, each in enumerate(differences)]
    found = offsets(rolls)
    for roll in rolls:
        before, after = offset_on(roll.last_date, found), offset_on(roll.last_date + timedelta(days=1), found)
        assert before is not None and after is not None and roll.difference is not None
        old = D(5000)
        assert old + before == old + roll.difference + after


def test_the_contract_in_front_is_the_rules_unless_it_was_decided() -> None:
    rule = ROLL_DAYS["ES"]
    assert front_contract("ES", date(2025, 10, 9), rule, {}) == "ESZ25"
    assert front_contract("ES", date(2025, 12, 12), rule, {}) == "ESZ25"
    assert front_contract("ES", date(2025, 12, 15), rule, {}) == "ESH26"
    assert front_contract("ES", date(2025, 12, 12), rule, {"ESZ25": date(2025, 12, 12)}) == "ESH26"
    assert front_contract("ES", date(2025, 12, 15), rule, {"ESZ25": date(2025, 12, 17)}) == "ESZ25"
    assert front_contract("AIG", date(2025, 12, 15), rule, {}) is None
    assert front_contract("ES", date(2025, 12, 15), None, {}) is None


def test_a_roll_is_decided_by_the_first_session_in_which_the_next_contract_has_more() -> None:
    days = [
        DayVolume(day(3), 10, 90), DayVolume(day(1), 90, 10), DayVolume(day(2), 50, 50), DayVolume(day(0), None, 999),
        DayVolume(day(4), 90, 10),
    ]  # fmt: skip
    assert overtaken(days) == days[0]
    assert overtaken(days[1:4]) is None
    assert overtaken([]) is None
