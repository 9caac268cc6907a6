"""The session answer on small hand-made calendars: each field by table, and the nulls beyond the calendar's end."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thor.markets.calendar import Calendar, DayNote, Interval, IntervalPhase
from thor.markets.session import instant_text, no_calendar, parse_instant, session_answer
from thor.markets.trade_date import epoch_us

PRE, REGULAR, POST = IntervalPhase.PRE, IntervalPhase.REGULAR, IntervalPhase.POST
BREAK, MAINTENANCE = IntervalPhase.BREAK, IntervalPhase.MAINTENANCE


def us(text: str) -> int:
    """``2026-11-25 14:30`` in UTC."""
    return epoch_us(datetime.fromisoformat(text).replace(tzinfo=UTC))


def row(day: str, phase: IntervalPhase, opens: str, closes: str) -> Interval:
    return Interval(date.fromisoformat(day), phase, us(opens), us(closes))


def note(name: str, *, holiday: bool = False, closed: bool = False, early: bool = False) -> DayNote:
    return DayNote(name, holiday, closed, early)


#: Thanksgiving week in New York: Wednesday, the holiday, the half day, and the Monday after.
NEW_YORK = Calendar(
    "XNYS",
    "America/New_York",
    [
        row("2026-11-25", PRE, "2026-11-25 09:00", "2026-11-25 14:30"),
        row("2026-11-25", REGULAR, "2026-11-25 14:30", "2026-11-25 21:00"),
        row("2026-11-25", POST, "2026-11-25 21:00", "2026-11-26 01:00"),
        row("2026-11-27", PRE, "2026-11-27 09:00", "2026-11-27 14:30"),
        row("2026-11-27", REGULAR, "2026-11-27 14:30", "2026-11-27 18:00"),
        row("2026-11-27", POST, "2026-11-27 18:00", "2026-11-27 22:00"),
        row("2026-11-30", REGULAR, "2026-11-30 14:30", "2026-11-30 21:00"),
    ],
    {
        date(2026, 11, 26): note("Thanksgiving Day", holiday=True, closed=True),
        date(2026, 11, 27): note("Day after Thanksgiving", early=True),
    },
    us("2026-11-25 05:00"),
    us("2026-12-01 05:00"),
)
TOKYO = Calendar(
    "XTKS",
    "Asia/Tokyo",
    [
        row("2026-11-24", REGULAR, "2026-11-24 00:00", "2026-11-24 02:30"),
        row("2026-11-24", BREAK, "2026-11-24 02:30", "2026-11-24 03:30"),
        row("2026-11-24", REGULAR, "2026-11-24 03:30", "2026-11-24 06:30"),
    ],
    {},
    us("2026-11-23 15:00"),
    us("2026-11-24 15:00"),
)
#: Globex from Wednesday to Friday: the holiday's session is Friday's and halts at noon in Chicago.
CME = Calendar(
    "cme_equity",
    "America/Chicago",
    [
        row("2026-11-25", REGULAR, "2026-11-24 23:00", "2026-11-25 22:00"),
        row("2026-11-25", MAINTENANCE, "2026-11-25 22:00", "2026-11-25 23:00"),
        row("2026-11-27", REGULAR, "2026-11-25 23:00", "2026-11-26 18:00"),
        row("2026-11-27", REGULAR, "2026-11-26 23:00", "2026-11-27 18:15"),
        row("2026-11-30", REGULAR, "2026-11-29 23:00", "2026-11-30 22:00"),
    ],
    {
        date(2026, 11, 26): note("Thanksgiving Day", holiday=True, early=True),
        date(2026, 11, 27): note("Day after Thanksgiving", early=True),
    },
    us("2026-11-24 23:00"),
    us("2026-11-30 22:00"),
)


def ask(calendar: Calendar, at: str) -> dict[str, Any]:
    return session_answer(calendar, us(at), "X")._asdict()


@pytest.mark.parametrize(
    ("calendar", "at", "wanted"),
    [
        (NEW_YORK, "2026-11-25 14:29:59.999999", {"status": "CLOSED", "phase": "PRE_MARKET", "is_open": False}),
        (NEW_YORK, "2026-11-25 14:30", {"status": "OPEN", "phase": "OPEN", "is_open": True, "resumes_at": None}),
        (NEW_YORK, "2026-11-25 20:59:59", {"seconds_to_next": 1.0, "next_transition_type": "CLOSE"}),
        (NEW_YORK, "2026-11-25 21:00", {"phase": "POST_MARKET", "trade_date": date(2026, 11, 27)}),
        (NEW_YORK, "2026-11-26 15:00", {
            "status": "CLOSED", "phase": "CLOSED", "is_trading_day": False, "is_weekend": False, "is_holiday": True,
            "holiday": "Thanksgiving Day", "holiday_name": "Thanksgiving Day", "is_early_close": False,
            "trade_date": date(2026, 11, 27), "next_transition_type": "OPEN",
            "next_transition_at": "2026-11-27T14:30:00.000000Z", "seconds_to_next": 84600.0,
        }),
        (NEW_YORK, "2026-11-27 15:00", {
            "status": "OPEN", "is_trading_day": True, "is_holiday": False, "holiday": None,
            "holiday_name": "Day after Thanksgiving", "is_early_close": True,
            "next_transition_at": "2026-11-27T18:00:00.000000Z",
        }),
        (NEW_YORK, "2026-11-28 15:00", {
            "is_weekend": True, "is_trading_day": False, "is_holiday": False, "holiday_name": None,
            "is_early_close": False, "trade_date": date(2026, 11, 30),
        }),
        # The local date decides: 02:00 UTC on Friday is still the holiday in New York.
        (NEW_YORK, "2026-11-27 02:00", {"is_holiday": True, "current_time": "2026-11-26T21:00:00.000000-05:00"}),
        (NEW_YORK, "2026-11-30 22:00", {"next_transition": None, "seconds_to_next": None, "trade_date": None}),
        (TOKYO, "2026-11-24 03:00", {
            "status": "OPEN", "phase": "BREAK", "is_open": False, "resumes_at": "2026-11-24T03:30:00.000000Z",
            "next_transition_type": "CLOSE", "next_transition_at": "2026-11-24T06:30:00.000000Z",
            "current_time": "2026-11-24T12:00:00.000000+09:00", "trade_date": date(2026, 11, 24),
        }),
        (CME, "2026-11-25 22:30", {
            "status": "CLOSED", "phase": "BREAK", "is_open": False, "resumes_at": "2026-11-25T23:00:00.000000Z",
            "next_transition_type": "OPEN", "trade_date": date(2026, 11, 27),
        }),
        # A CME holiday with a session: a holiday, no trading day, and an early close.
        (CME, "2026-11-26 17:00", {
            "status": "OPEN", "is_open": True, "is_holiday": True, "is_trading_day": False, "is_early_close": True,
            "holiday": "Thanksgiving Day", "trade_date": date(2026, 11, 27),
            "next_transition_at": "2026-11-26T18:00:00.000000Z",
        }),
        # Its halt closes the session and does not end the trade date.
        (CME, "2026-11-26 20:00", {
            "status": "CLOSED", "phase": "CLOSED", "resumes_at": None, "trade_date": date(2026, 11, 27),
            "next_transition_at": "2026-11-26T23:00:00.000000Z",
        }),
        # Sunday evening in Chicago: open, a weekend day, and no trading day of its own.
        (CME, "2026-11-29 23:30", {
            "status": "OPEN", "is_weekend": True, "is_trading_day": False, "trade_date": date(2026, 11, 30),
        }),
    ],
)  # fmt: skip
def test_answers(calendar: Calendar, at: str, wanted: dict[str, Any]) -> None:
    answer = ask(calendar, at)
    assert {name: answer[name] for name in wanted} == wanted


@pytest.mark.parametrize("at", ["2026-11-25 04:59:59.999999", "2026-12-01 05:00", "2007-01-03 15:00"])
def test_beyond_the_table_everything_is_null(at: str) -> None:
    answer = ask(NEW_YORK, at)
    assert (answer["status"], answer["phase"]) == ("UNKNOWN", "UNKNOWN")
    said = {"market", "status", "phase", "now", "current_time", "is_weekend", "timezone"}
    assert {name for name, value in answer.items() if value is not None} == said


def test_a_calendar_that_was_never_compiled_knows_nothing() -> None:
    answer = session_answer(no_calendar("XFOO", "Europe/Berlin"), us("2026-11-25 12:00"), "Germany")
    assert (answer.status, answer.is_open, answer.timezone) == ("UNKNOWN", None, "Europe/Berlin")
    assert answer.current_time == "2026-11-25T13:00:00.000000+01:00"


@given(st.integers(us("2026-11-25 05:00"), us("2026-12-01 05:00") - 1))
def test_the_two_names_of_the_next_transition_agree_and_it_lies_ahead(at_us: int) -> None:
    answer = session_answer(NEW_YORK, at_us, "USA")
    assert answer.next_transition == answer.next_transition_at
    assert answer.next_transition is None or answer.next_transition > answer.now
    assert (answer.seconds_to_next is None) == (answer.next_transition is None)
    assert answer.is_open is (answer.phase == "OPEN")


@pytest.mark.parametrize(
    "text",
    ["2026-11-27T18:00:00Z", "2026-11-27T18:00Z", "2026-11-27T12:00:00-06:00", "2026-11-28T03:00:00.000000+09:00"],
)
def test_an_instant_in_any_zone_is_the_same(text: str) -> None:
    assert instant_text(parse_instant(text)) == "2026-11-27T18:00:00.000000Z"


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "2026-11-27", "2026-11-27T18:00:00", "2026-13-27T18:00:00Z", "1764266400", "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z", "2026-11-27T18:00:00Z\n", "2026-11-27T18:00:00 00:00", "\x00", "٢٠٢٦-11-27T18:00:00Z",
        "9" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_instant_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError) as refusal:
        parse_instant(text)
    assert len(str(refusal.value)) < 200
    assert "\n" not in str(refusal.value)
