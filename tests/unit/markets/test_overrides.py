"""overrides.yaml is read strictly: a mistake is one line that says which entry, what is wrong, what would be right."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import yaml

from thor.markets.hours import HoursError, Piece, parse_hours, parse_time, since, until
from thor.markets.overrides import Change, Override, OverrideError, load_overrides, parse_overrides
from thor.markets.us_holidays import HOLIDAYS, NAMES, holiday

GOOD: dict[str, Any] = {
    "calendar": "XNYS", "days": [date(2025, 1, 9)], "closed": True, "reason": "why", "source": "whence",
    "dated": date(2026, 11, 21),
}  # fmt: skip


def one(**changes: Any) -> Override:
    """The good entry with changes; None takes a key away."""
    entry = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    (found,) = parse_overrides(yaml.safe_dump([entry]))
    return found


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"calendar": "XNAS"}, "'XNAS' is no calendar: one of XTKS"),
        ({"reason": None}, "'reason' is missing"),
        ({"source": ""}, "'source' is missing"),
        ({"dated": None}, "'dated' must be a date"),
        ({"dated": "yesterday"}, "'dated' must be a date"),
        ({"closed": None}, "needs exactly one of closed, hours"),
        ({"close": "12:15"}, "needs exactly one of closed, hours"),
        ({"closed": False}, "'closed' can only be true"),
        ({"closed": None, "close": 735}, "'close' must be a text in quotes"),
        ({"closed": None, "close": "25:00"}, "'25:00' is no time of day"),
        ({"closed": None, "hours": "09:00 regular"}, "are no hours"),
        ({"closed": None, "hours": "09:00 lunch 10:00"}, "'lunch' is no phase: one of pre"),
        ({"closed": None, "session": "10:00 regular 09:00"}, "do not rise"),
        ({"days": None}, "say which days"),
        ({"days": []}, "'days' must be a list"),
        ({"days": ["Labour Day"]}, "'Labour Day' is no date, no month-day"),
        ({"days": ["02-30"]}, "'02-30' is no date"),
        ({"weekdays": ["Friday"]}, "'weekdays' must be a list of Mon"),
        ({"from": date(2026, 1, 2), "until": date(2026, 1, 1)}, "'from' is later than 'until'"),
        ({"zone": "New York"}, "'New York' is no time zone"),
        ({"holiday": True}, "'holiday' is not known; known are calendar"),
        ({"name": "x" * 121}, "'name' must be a text of at most 120"),
    ],
)
def test_a_mistake_is_one_clear_line(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(OverrideError) as caught:
        one(**changes)
    assert says in str(caught.value)
    assert str(caught.value).startswith("overrides.yaml, entry 1 (")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["- calendar: [", "calendar: XNYS", "- XNYS", ""])
def test_what_is_no_list_of_entries_is_refused(text: str) -> None:
    with pytest.raises(OverrideError, match=r"^overrides\.yaml"):
        parse_overrides(text)


def test_days_by_date_by_month_and_by_name_within_bounds() -> None:
    year = (date(2026, 1, 1), date(2027, 12, 31))
    assert list(one().days(*year)) == []
    assert list(one(days=["05-01"]).days(*year)) == [date(2026, 5, 1), date(2027, 5, 1)]
    assert list(one(days=["Thanksgiving"]).days(*year)) == [date(2026, 11, 26), date(2027, 11, 25)]
    fridays = one(days=["Juneteenth"], weekdays=["Fri"], **{"from": date(2027, 1, 1)})
    assert list(fridays.days(*year)) == [date(2027, 6, 18)]
    week = one(days=None, weekdays=["Mon", "Tue"], **{"from": date(2026, 11, 21), "until": date(2026, 11, 27)})
    assert list(week.days(*year)) == [date(2026, 11, 23), date(2026, 11, 24)]


def test_our_own_file_is_good_and_every_entry_fits_the_table() -> None:
    found = load_overrides()
    assert len(found) > 50
    for each in found:
        doubt = f". Uncertain: {each.uncertain}" if each.uncertain else ""
        assert len(each.text) <= 200 and len(each.reason + doubt) <= 300, each.text
        assert any(True for _ in each.days(date(2007, 1, 1), date(2028, 12, 31))), f"{each.text} is about no day"
    assert {each.change for each in found} >= {Change.CLOSED, Change.CLOSE, Change.HOURS, Change.SESSION, Change.NAME}


def test_hours_and_times() -> None:
    assert [tuple(each) for each in parse_hours("-17:00 regular 15:15 break 15:30")] == [
        ("regular", -420, 915), ("break", 915, 930)
    ]  # fmt: skip
    assert (parse_time("-23:59"), parse_time("23:59")) == (-1, 1439)
    for bad in ("24:00", "9:00", "09.00", "0900", "09:60", "", "٠٩:٠٠"):
        with pytest.raises(HoursError):
            parse_time(bad)


def test_a_session_is_cut_at_either_end() -> None:
    regular, lunch = parse_hours("09:00 regular 11:30 break 12:30")
    pieces = (Piece(regular.phase, 0, 10), Piece(lunch.phase, 10, 20))
    assert until(pieces, 5) == (Piece(regular.phase, 0, 5),)
    assert until(pieces, 10) == pieces[:1]
    assert since(pieces, 15) == (Piece(lunch.phase, 15, 20),)


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("New Year's Day", ["2022 none", "2023-01-02", "2024-01-01"]),
        ("Independence Day", ["2026-07-03", "2027-07-05", "2028-07-04"]),
        ("Juneteenth", ["2021 none", "2022-06-20", "2027-06-18"]),
        ("Good Friday", ["2007-04-06", "2024-03-29", "2026-04-03"]),
        ("Memorial Day", ["2025-05-26", "2026-05-25"]),
        ("Christmas", ["2010-12-24", "2022-12-26", "2026-12-25"]),
        ("Christmas Eve", ["2021 none", "2022 none", "2023 none", "2026-12-24"]),
        ("Day after Thanksgiving", ["2025-11-28", "2026-11-27"]),
    ],
)
def test_holidays_of_the_united_states(name: str, days: list[str]) -> None:
    """From the exchanges' published calendars."""
    for text in days:
        found = holiday(name, int(text[:4]))
        assert (str(found) if found else f"{text[:4]} none") == text


def test_half_days_are_no_holidays() -> None:
    assert set(NAMES) - set(HOLIDAYS) == {"Day after Thanksgiving", "Christmas Eve"}
