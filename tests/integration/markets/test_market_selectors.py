"""Compiled calendars as a process holds them, and features by their windows, on a real database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from thor.markets.calendar import Phase
from thor.markets.market import MARKETS
from thor.markets.models import CalendarDay, CalendarEdition, FeatureWindow, Market, SessionInterval
from thor.markets.selectors import CalendarShelf, active_markets, editions, is_feature_on, load_calendars
from thor.markets.services import seed_markets
from thor.markets.trade_date import epoch_us

pytestmark = pytest.mark.django_db
Queries = Callable[[int], Any]


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, 30, tzinfo=UTC)


def compile_calendar(name: str, digest: str, first_day: int = 23) -> None:
    """Monday to Friday 14:30 to 20:30, with a note on Thursday."""
    for model in (SessionInterval, CalendarDay, CalendarEdition):
        model.objects.filter(calendar=name).delete()
    CalendarEdition.objects.create(
        calendar=name, timezone_name="America/New_York", first_utc=at(22, 0), end_utc=at(30, 0), digest=digest,
        library_version="test", compiled_at=at(1, 0),
    )  # fmt: skip
    for day in range(first_day, 28):
        SessionInterval.objects.create(
            calendar=name, trade_date=date(2026, 11, day), phase="regular", open_utc=at(day, 14),
            close_utc=at(day, 20), source="test", library_version="test",
        )  # fmt: skip
    CalendarDay.objects.create(
        calendar=name, date=date(2026, 11, 26), name="A day", is_holiday=True, is_closed=False, is_early_close=True,
        source="test",
    )  # fmt: skip


def test_a_calendar_comes_back_as_it_was_written() -> None:
    compile_calendar("XNYS", "one")
    calendar = load_calendars()["XNYS"]
    assert (calendar.zone, calendar.first_us, calendar.end_us) == (
        "America/New_York", epoch_us(at(22, 0)), epoch_us(at(30, 0)),
    )  # fmt: skip
    turns = [(turn.at_us, turn.trade_date) for turn in calendar.transitions(calendar.first_us, calendar.end_us)]
    assert turns == [(epoch_us(at(day, hour)), date(2026, 11, day)) for day in range(23, 28) for hour in (14, 20)]
    note = calendar.note(date(2026, 11, 26))
    assert note is not None
    assert tuple(note) == ("A day", True, False, True)


def test_a_calendar_without_intervals_or_days_is_closed_throughout() -> None:
    CalendarEdition.objects.create(
        calendar="XFOO", timezone_name="UTC", first_utc=at(22, 0), end_utc=at(30, 0), digest="d",
        library_version="test", compiled_at=at(1, 0),
    )  # fmt: skip
    assert load_calendars(["XFOO", "XBAR"])["XFOO"].phase(epoch_us(at(25, 15))) is Phase.CLOSED
    assert load_calendars(["XBAR"]) == {}


def test_the_shelf_asks_once_and_loads_what_changed(django_assert_num_queries: Queries) -> None:
    compile_calendar("XNYS", "one")
    compile_calendar("XTKS", "one")
    shelf = CalendarShelf()
    with django_assert_num_queries(3):
        first = shelf.look()
    with django_assert_num_queries(1):
        assert shelf.look() == first
    compile_calendar("XNYS", "two", first_day=25)
    with django_assert_num_queries(2):
        second = shelf.look()
    assert second["XTKS"] is first["XTKS"]
    assert second["XNYS"] is not first["XNYS"]
    assert not second["XNYS"].is_trading_day(date(2026, 11, 24))
    CalendarEdition.objects.filter(calendar="XTKS").delete()
    assert set(shelf.look()) == set(editions()) == {"XNYS"}


def test_seeds_are_made_once_and_leave_what_a_person_edited() -> None:
    assert seed_markets() == (11, 0)
    assert [each.country for each in active_markets()] == [facts.country for facts in MARKETS]
    control = {each.country for each in active_markets() if each.is_control_market}
    assert control == {facts.country for facts in MARKETS if facts.weight}
    japan, canada = Market.objects.get(country="Japan"), Market.objects.get(country="Canada")
    assert (japan.enable_futures_capture, japan.enable_open_capture, japan.enable_close_capture) == (True, True, False)
    assert (canada.enable_futures_capture, canada.enable_open_capture) == (False, False)
    Market.objects.filter(country="Japan").update(weight="0.5", is_active=False)
    Market.objects.filter(country="India").delete()
    assert seed_markets() == (1, 10)
    japan.refresh_from_db()
    assert (str(japan.weight), japan.is_active) == ("0.5000", False)


def test_a_feature_follows_the_markets_phase(django_assert_num_queries: Queries) -> None:
    seed_markets()
    compile_calendar("XNYS", "feature")
    usa = Market.objects.get(country="USA")
    FeatureWindow.objects.create(feature="f", market=usa, phases=["OPEN"], rollback_at=at(27, 15))
    assert is_feature_on("f", "USA", at(25, 15))
    with django_assert_num_queries(3):
        assert not is_feature_on("f", "USA", at(25, 21))
    assert not is_feature_on("f", "Japan", at(25, 15))
    assert not is_feature_on("f", "Atlantis", at(25, 15))
    assert not is_feature_on("g", "USA", at(25, 15))
    assert not is_feature_on("f", "USA", at(27, 16))


def test_a_feature_of_every_market_needs_no_calendar_unless_it_names_phases() -> None:
    seed_markets()
    window = FeatureWindow.objects.create(feature="f")
    assert is_feature_on("f", "Japan", at(25, 15))
    window.phases = ["OPEN"]
    window.save()
    assert not is_feature_on("f", "Japan", at(25, 15))
