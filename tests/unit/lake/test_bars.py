"""When bars begin and which of them are in regular hours."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from thor.instruments.instrument import INSTRUMENTS
from thor.lake.bars import REGULAR_HOURS, Session, in_order, label_of, session_of, start_of
from thor.lake.layout import Timeframe
from thor.markets.calendar import Calendar, Interval, IntervalPhase
from thor.markets.trade_date import epoch_us, utc

GROUP = {facts.symbol: facts.group for facts in INSTRUMENTS}


def us(text: str) -> int:
    return epoch_us(datetime.fromisoformat(text).replace(tzinfo=UTC))


def calendar(day: date, *spans: tuple[str, str]) -> Calendar:
    """A calendar that knows one trade date."""
    intervals = [Interval(day, IntervalPhase.REGULAR, us(start), us(end)) for start, end in spans]
    return Calendar("made", "America/Chicago", intervals, {}, us("2007-01-01"), us("2030-01-01"))


def session(symbol: str, day: str, known: Calendar | None = None) -> Session:
    return session_of(symbol, GROUP[symbol], date.fromisoformat(day), known)


@pytest.mark.parametrize(
    ("symbol", "day", "start", "end"),
    [
        ("ES", "2021-06-25", "2021-06-25T13:30", "2021-06-25T20:15"),
        ("ES", "2021-06-28", "2021-06-28T13:30", "2021-06-28T20:00"),
        ("ES", "2025-12-10", "2025-12-10T14:30", "2025-12-10T21:00"),
        ("CL", "2025-10-09", "2025-10-09T13:00", "2025-10-09T18:30"),
        ("GC", "2013-10-07", "2013-10-07T12:20", "2013-10-07T17:30"),
        ("SI", "2025-12-10", "2025-12-10T13:25", "2025-12-10T18:25"),
        ("HG", "2025-10-09", "2025-10-09T12:10", "2025-10-09T17:00"),
        ("ZB", "2025-10-09", "2025-10-09T12:20", "2025-10-09T19:00"),
        ("VX", "2025-10-09", "2025-10-09T13:30", "2025-10-09T20:15"),
        ("DX", "2025-10-09", "2025-10-09T12:00", "2025-10-09T19:00"),
        # The week in which only New York's clocks had changed in 2025, against UTC.
        ("ES", "2025-03-10", "2025-03-10T13:30", "2025-03-10T20:00"),
        ("ES", "2025-03-07", "2025-03-07T14:30", "2025-03-07T21:00"),
    ],
)
def test_regular_hours_are_local(symbol: str, day: str, start: str, end: str) -> None:
    found = session(symbol, day)
    assert (utc(found.regular_start_us), utc(found.regular_end_us)) == (utc(us(start)), utc(us(end)))


def test_every_instrument_has_regular_hours() -> None:
    assert set(REGULAR_HOURS) == set(GROUP)


def test_a_half_day_ends_where_its_session_does() -> None:
    day = date(2025, 11, 28)
    known = calendar(day, ("2025-11-26T23:00", "2025-11-27T18:00"), ("2025-11-27T23:00", "2025-11-28T18:15"))
    found = session("ES", "2025-11-28", known)
    assert utc(found.regular_end_us) == datetime(2025, 11, 28, 18, 15, tzinfo=UTC)
    assert found.open_us == us("2025-11-26T23:00"), "the session's first open, not that after the holiday's halt"
    assert label_of(found, us("2025-11-28T18:14"), us("2025-11-28T18:15")) == "RTH"
    assert label_of(found, us("2025-11-28T18:10"), us("2025-11-28T18:20")) == "ETH"


def test_a_holidays_trading_for_the_next_date_is_not_regular() -> None:
    found = session("ES", "2013-09-03")
    assert label_of(found, us("2013-09-02T14:30"), us("2013-09-02T14:31")) == "ETH"
    assert label_of(found, us("2013-09-03T13:30"), us("2013-09-03T13:31")) == "RTH"


def test_a_date_whose_session_is_over_before_regular_hours_has_none() -> None:
    known = calendar(date(2023, 4, 7), ("2023-04-06T22:00", "2023-04-07T13:15"))
    found = session("ES", "2023-04-07", known)
    assert found.regular_start_us == found.regular_end_us
    assert label_of(found, us("2023-04-07T13:00"), us("2023-04-07T13:01")) == "ETH"


def test_a_dollar_index_session_begins_in_the_evening_of_new_york() -> None:
    known = calendar(date(2025, 10, 9), ("2025-10-09T00:00", "2025-10-09T21:00"))
    found = session("DX", "2025-10-09", known)
    assert (found.start_us, found.open_us) == (us("2025-10-09T00:00"), us("2025-10-09T00:00"))
    monday = session("DX", "2025-10-13", calendar(date(2025, 10, 13), ("2025-10-12T22:00", "2025-10-13T21:00")))
    assert (utc(monday.start_us).hour, utc(monday.open_us).hour) == (0, 22)
    assert monday.start_us < monday.open_us


def test_an_added_instrument_has_its_groups_hours_where_all_have_the_same() -> None:
    day = date(2025, 10, 9)
    assert session_of("MES", "cme_equity", day, None).regular_end_us == us("2025-10-09T20:00")
    assert session_of("PL", "cme_metals_energy", day, None).regular_end_us == 0


def test_bars_begin_at_multiples_of_their_width_and_a_day_with_its_session() -> None:
    found, at = session("ES", "2025-10-09"), us("2025-10-09T14:37:41")
    starts = [utc(start_of(each, at, found)).strftime("%d %H:%M:%S") for each in Timeframe]
    assert starts == [
        "09 14:37:41",
        "09 14:37:40",
        "09 14:37:00",
        "09 14:35:00",
        "09 14:30:00",
        "09 14:00:00",
        "08 22:00:00",
    ]


def test_timeframes_are_made_from_the_finest_on() -> None:
    asked = (Timeframe.DAY, Timeframe.SECOND, Timeframe.HOUR, Timeframe.SECOND)
    assert in_order(asked) == (Timeframe.SECOND, Timeframe.HOUR, Timeframe.DAY)
