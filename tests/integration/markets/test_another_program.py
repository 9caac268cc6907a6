"""Every minute of every calendar, 2007 to its horizon, against another program that reads the same sources its own way.

``tests/answers/other_calendars.py`` shares no code with Thor. Zero differences; and each difference from the libraries
themselves is in ``docs/reference/calendar-differences.md`` with its reason.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache

import numpy as np
import pytest

from tests.answers import other_calendars as other
from tests.calendars import FIRST, LAST, calendar, compiled
from thor.markets.calendar import IntervalPhase
from thor.markets.compile import compile_calendar
from thor.markets.overrides import CALENDARS, load_overrides
from thor.markets.trade_date import GROUPS, epoch_us, trade_date_span

MINUTE_US = 60_000_000


@cache
def timeline(name: str) -> other.Timeline:
    return other.timeline(name)


def minutes(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Our table as the other program has it: a phase a minute, and the ordinal of the trade date within intervals."""
    table = compiled(name)
    size = (table.end_us - table.first_us) // MINUTE_US
    phases, dates = np.zeros(size, np.uint8), np.zeros(size, np.int32)
    for each in table.intervals:
        row = each.interval
        assert row.open_us % MINUTE_US == row.close_us % MINUTE_US == 0
        span = slice((row.open_us - table.first_us) // MINUTE_US, (row.close_us - table.first_us) // MINUTE_US)
        phases[span], dates[span] = other.CODES[row.phase], row.trade_date.toordinal()
    return phases, dates


def test_the_other_program_knows_the_same_calendars_and_span() -> None:
    assert set(other.NAMES) == set(CALENDARS)
    assert (other.FIRST, other.LAST) == (FIRST, LAST)
    assert set(other.CODES) == set(IntervalPhase)


@pytest.mark.parametrize("name", CALENDARS)
def test_every_minute_has_the_same_phase_and_trade_date(name: str) -> None:
    phases, dates = minutes(name)
    theirs = timeline(name)
    assert theirs.start * MINUTE_US == compiled(name).first_us
    assert len(phases) == len(theirs.phases) > 5_000_000
    assert np.flatnonzero(phases != theirs.phases).tolist() == []
    in_session = (phases == other.REGULAR) | (phases == other.BREAK)
    assert np.flatnonzero((dates != theirs.dates) & in_session).tolist() == []


@pytest.mark.parametrize("name", CALENDARS)
def test_every_transition_is_the_same(name: str) -> None:
    held = calendar(name)
    ours = [
        (str(turn.kind), turn.at_us // MINUTE_US, turn.trade_date.toordinal())
        for turn in held.transitions(held.first_us, held.end_us)
    ]
    assert len(ours) > 9_000
    assert ours == other.transitions(timeline(name))


@pytest.mark.parametrize("group", GROUPS)
def test_the_one_function_turns_the_trade_date_when_the_other_program_does(group: str) -> None:
    """Against CME_TradeDate with its listed differences, and the exchange's hour of the turn."""
    turns = other.turns_of(group)
    assert turns is not None
    at_us = epoch_us(datetime(2007, 1, 3, 12, tzinfo=UTC))
    found = []
    while (span := trade_date_span(at_us, group)).trade_date <= LAST:
        found.append((span.end_us // MINUTE_US, span.trade_date.toordinal()))
        at_us = span.end_us
    wanted = [
        pair for pair in zip(*map(np.ndarray.tolist, turns), strict=True) if pair[1] >= date(2007, 1, 3).toordinal()
    ]
    assert len(found) > 5_500
    assert found == wanted[: len(found)]


def test_every_difference_from_the_libraries_is_listed_with_its_reason() -> None:
    found = other.report([timeline(name) for name in other.NAMES])
    assert "UNEXPLAINED" not in found
    written = other.DIFFERENCES.read_text(encoding="utf-8")
    assert written == found, "write it anew: python tests/answers/other_calendars.py"


@pytest.fixture
def zones() -> Iterator[None]:
    """Puts the machine's time zone back."""
    before = os.environ.get("TZ")
    yield
    os.environ.pop("TZ", None) if before is None else os.environ.__setitem__("TZ", before)
    time.tzset()


@pytest.mark.parametrize("name", ["XTKS", "XMEX", "cme_equity"])
def test_the_table_is_the_same_in_any_time_zone_of_the_machine(name: str, zones: None) -> None:
    found = set()
    for zone in ("UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"):
        os.environ["TZ"] = zone
        time.tzset()
        table = compile_calendar(name, date(2021, 1, 1), date(2023, 12, 31), load_overrides())
        held = table.calendar()
        found.add((table.digest(), tuple(map(held.at, range(held.first_us, held.end_us, 11 * 3_600_000_000)))))
    assert len(found) == 1
