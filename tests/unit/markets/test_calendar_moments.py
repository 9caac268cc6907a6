"""Compiled calendars against known answers, and what must hold at every instant."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.calendars import calendar, compiled
from thor.markets.calendar import Calendar, CalendarError, IntervalPhase, Phase, Status, TransitionKind
from thor.markets.compile import compile_calendar
from thor.markets.overrides import CALENDARS
from thor.markets.trade_date import GROUPS, epoch_us, trade_date_span, utc

ANSWERS = Path(__file__).resolve().parents[2] / "answers" / "calendar_moments.csv"
with ANSWERS.open(encoding="utf-8") as _file:
    ROWS = list(csv.DictReader(line for line in _file if not line.startswith("#")))
names = st.sampled_from(CALENDARS)
instants = st.integers(epoch_us(datetime(2007, 1, 1, tzinfo=UTC)), epoch_us(datetime(2029, 1, 1, tzinfo=UTC)))


def instant(text: str, zone: str) -> int:
    """Epoch microseconds of a local time, or of UTC with a Z."""
    if text.endswith("Z"):
        return epoch_us(datetime.fromisoformat(text))
    return epoch_us(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def as_row(held: Calendar, at_us: int) -> dict[str, str]:
    """A moment as the table of answers writes it."""
    moment, turn = held.at(at_us), held.next_transition(at_us)
    local = utc(at_us).astimezone(ZoneInfo(held.zone)).date()
    note, known = held.note(local), moment.status is not Status.UNKNOWN
    word = {True: "yes", False: "no"}
    return {
        "status": moment.status, "phase": moment.phase, "trade_date": str(moment.trade_date or ""),
        "next": turn.kind if turn else "",
        "next_at": f"{utc(turn.at_us).astimezone(ZoneInfo(held.zone)):%Y-%m-%dT%H:%M}" if turn else "",
        "holiday": word[note is not None and note.is_holiday] if known else "",
        "early": word[note is not None and note.is_early_close] if known else "",
        "name": note.name if note else "",
    }  # fmt: skip


def test_the_table_of_answers_is_as_long_as_it_should_be() -> None:
    assert len(ROWS) >= 100
    assert {row["calendar"] for row in ROWS} == set(CALENDARS)
    assert all(row["why"] and row["source"] for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['calendar']} {row['at']} {row['why']}" for row in ROWS])
def test_known_answers(row: dict[str, str]) -> None:
    held = calendar(row["calendar"])
    found = as_row(held, instant(row["at"], held.zone))
    looked_at = {key: row[key] for key in found if key != "name" or row["name"]}
    assert {key: found[key] for key in looked_at} == looked_at, row["why"]


@pytest.mark.parametrize("name", CALENDARS)
def test_intervals_are_disjoint_and_sorted_and_within_the_span(name: str) -> None:
    table = compiled(name)
    rows = [each.interval for each in table.intervals]
    assert table.first_us <= rows[0].open_us
    assert rows[-1].close_us <= table.end_us
    assert all(row.open_us < row.close_us for row in rows)
    assert all(a.close_us <= b.open_us for a, b in pairwise(rows))
    assert all(a.trade_date <= b.trade_date for a, b in pairwise(rows))


@pytest.mark.parametrize("name", GROUPS)
def test_a_groups_sessions_carry_the_date_of_the_one_function_all_through(name: str) -> None:
    for each in compiled(name).intervals:
        opens, closes = (trade_date_span(at, name) for at in (each.interval.open_us, each.interval.close_us - 1))
        assert opens == closes
        assert each.interval.trade_date == opens.trade_date
    trading = {each.interval.trade_date for each in compiled(name).intervals}
    missing = [day for day in weekdays() if day not in trading and is_date(day, name)]
    assert missing == [], "a trade date of the function on which no session is held"


def weekdays() -> list[date]:
    every = (date.fromordinal(n) for n in range(date(2007, 1, 2).toordinal(), date(2028, 12, 30).toordinal()))
    return [day for day in every if day.weekday() < 5]


def is_date(day: date, group: str) -> bool:
    noon = epoch_us(datetime(day.year, day.month, day.day, 18, tzinfo=UTC))
    return trade_date_span(noon, group).trade_date == day


@settings(max_examples=400)
@given(names, instants)
def test_a_moment_agrees_with_itself_and_lasts_until_its_end(name: str, at_us: int) -> None:
    held = calendar(name)
    moment = held.at(at_us)
    assert (held.status(at_us), held.phase(at_us)) == (moment.status, moment.phase)
    assert (held.trade_date(at_us), held.next_transition(at_us)) == (moment.trade_date, moment.next_transition)
    if moment.status is Status.UNKNOWN:
        assert not held.first_us <= at_us < held.end_us
        return
    assert moment.since_us <= at_us < moment.until_us
    assert held.at(moment.until_us - 1).phase is moment.phase
    if moment.phase is Phase.OPEN:
        assert moment.status is Status.OPEN
    if moment.phase in (Phase.CLOSED, Phase.PRE_MARKET, Phase.POST_MARKET):
        assert moment.status is Status.CLOSED


@settings(max_examples=400)
@given(names, instants)
def test_the_next_transition_is_later_and_turns_the_status(name: str, at_us: int) -> None:
    held = calendar(name)
    turn = held.next_transition(at_us)
    if turn is None:
        return
    assert turn.at_us > at_us
    opens = turn.kind is TransitionKind.OPEN
    assert held.status(turn.at_us - 1) is (Status.CLOSED if opens else Status.OPEN)
    assert held.transitions(at_us, turn.at_us)[0] == turn
    assert held.transitions(at_us, turn.at_us - 1) == []
    if opens:
        assert (held.phase(turn.at_us), held.trade_date(turn.at_us)) == (Phase.OPEN, turn.trade_date)


@settings(max_examples=400)
@given(names, instants, instants)
def test_the_trade_date_never_falls(name: str, a: int, b: int) -> None:
    held = calendar(name)
    first, second = (held.trade_date(at) for at in sorted((a, b)))
    assert first is None or second is None or first <= second


@pytest.mark.parametrize("name", CALENDARS)
def test_every_special_day_says_what_it_is(name: str) -> None:
    table, held = compiled(name), calendar(name)
    sessions = {utc(e.interval.close_us - 1).astimezone(ZoneInfo(table.zone)).date() for e in table.intervals}
    for day, note, source in table.days:
        assert 0 < len(note.name) <= 120 and 0 < len(source) <= 200, "what the table has room for"
        assert note.is_closed == (day not in sessions), day
        assert not (note.is_closed and note.is_early_close), day
        assert not held.is_special(day) or not note.is_early_close or name in GROUPS, day


def test_a_special_session_is_told_from_a_usual_one() -> None:
    bombay = calendar("XBOM")
    assert bombay.is_special(date(2025, 10, 21)), "muhurat on a holiday"
    assert bombay.is_special(date(2026, 2, 1)), "a budget Sunday"
    assert not bombay.is_special(date(2025, 10, 20))
    assert not bombay.is_special(date(2025, 10, 22)), "no session at all"
    assert [d for d in weekdays() if calendar("XNYS").is_special(d)] == []


def test_maintenance_stands_between_two_sessions_only() -> None:
    for name in GROUPS:
        rows = [each.interval for each in compiled(name).intervals]
        opens = {row.open_us for row in rows if row.phase is IntervalPhase.REGULAR}
        ends = [row.close_us for row in rows if row.phase is IntervalPhase.MAINTENANCE]
        assert (len(ends) > 0) == (name != "ice_dx")
        assert set(ends) <= opens


def test_years_that_no_library_knows_are_refused_in_one_line() -> None:
    with pytest.raises(CalendarError, match=r"XSHG: exchange-calendars knows nothing after 20.*: take a newer one"):
        compile_calendar("XSHG", date(2090, 1, 1), date(2090, 12, 31), ())
