"""Compiled calendars in a real database: stored once, read back as they were compiled, left alone when unchanged."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from thor.markets import editions
from thor.markets.compile import compile_calendar
from thor.markets.editions import State
from thor.markets.horizon import short_horizons
from thor.markets.models import CalendarDay, CalendarEdition, CalendarOverride, SessionInterval
from thor.markets.overrides import load_overrides
from thor.markets.selectors import load_calendars
from thor.markets.trade_date import epoch_us

pytestmark = pytest.mark.django_db
FIRST, LAST, NOW = date(2023, 1, 1), date(2026, 12, 31), datetime(2026, 11, 21, tzinfo=UTC)
NAMES = ["XTKS", "XBOM", "cme_equity"]


def sync(*names: str, only_check: bool = False) -> list[State]:
    found = editions.sync_calendars(names or NAMES, FIRST, LAST, NOW, only_check=only_check)
    return [each.state for each in found]


def rows() -> list[tuple[object, ...]]:
    """Every stored interval with its row's place: rows that are written again move."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, calendar, open_utc, close_utc FROM markets_sessioninterval ORDER BY id")
        return list(cursor.fetchall())


@pytest.mark.parametrize("name", NAMES)
def test_what_is_stored_is_what_was_compiled(name: str) -> None:
    compiled = compile_calendar(name, FIRST, LAST, load_overrides())
    sync(name)
    stored, wanted = load_calendars()[name], compiled.calendar()
    span = (stored.first_us, stored.end_us)
    assert (stored.zone, *span) == (wanted.zone, wanted.first_us, wanted.end_us)
    assert stored.transitions(*span) == wanted.transitions(*span) != []
    moments = range(stored.first_us, stored.end_us, 3_600_000_000 * 7)
    assert [stored.at(at) for at in moments] == [wanted.at(at) for at in moments]
    assert {each.day: stored.note(each.day) for each in compiled.days} == {d.day: d.note for d in compiled.days}


def test_a_second_run_compiles_nothing_and_the_same_table_is_not_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sync() == [State.WRITTEN] * 3
    before = rows()
    assert sync() == [State.CURRENT] * 3
    monkeypatch.setattr(editions, "recipe_of", lambda first, last: "other libraries")
    assert sync() == [State.UNCHANGED] * 3
    assert rows() == before
    assert set(CalendarEdition.objects.values_list("library_version", flat=True)) == {"other libraries"}


def test_a_changed_table_is_replaced_whole_and_has_another_digest() -> None:
    sync("XTKS")
    digest = CalendarEdition.objects.get().digest
    SessionInterval.objects.filter(trade_date__lt=date(2024, 1, 1)).delete()
    CalendarEdition.objects.update(digest="of another table", library_version="")
    assert sync("XTKS") == [State.WRITTEN]
    assert CalendarEdition.objects.get().digest == digest
    assert SessionInterval.objects.filter(trade_date__year=2023).exists()


def test_a_check_writes_nothing_and_sees_the_difference() -> None:
    assert sync("XTKS", only_check=True) == [State.DIFFERS]
    assert not CalendarEdition.objects.exists()
    sync("XTKS")
    assert sync("XTKS", only_check=True) == [State.UNCHANGED]


def test_days_and_overrides_are_there_for_people() -> None:
    sync("cme_equity")
    good_friday = CalendarDay.objects.get(calendar="cme_equity", date=date(2024, 3, 29))
    assert (good_friday.name, good_friday.is_closed) == ("Good Friday", True)
    assert good_friday.source.startswith("overrides.yaml: ")
    line = CalendarOverride.objects.get(calendar="cme_equity", what__contains="2025-01-09")
    assert line.source and line.reason and line.dated
    carter = SessionInterval.objects.get(calendar="cme_equity", close_utc=datetime(2025, 1, 9, 14, 30, tzinfo=UTC))
    assert carter.holiday_name == "National Day of Mourning for President Carter"


def test_a_calendar_that_ends_within_thirty_days_is_told() -> None:
    sync("XBOM", "XTKS")
    end = datetime(2026, 12, 31, 15, tzinfo=UTC)  # midnight in Tokyo, before that of Bombay
    assert [each.calendar for each in short_horizons(end - timedelta(days=31))] == []
    assert [each.calendar for each in short_horizons(end - timedelta(days=29))] == ["XTKS", "XBOM"]
    assert short_horizons(end + timedelta(days=1))[0].days_left(end + timedelta(days=1)) == -1


def test_the_command_says_what_it_did_and_a_check_fails_for_what_is_missing() -> None:
    out, err = io.StringIO(), io.StringIO()
    call_command("sync_calendars", "--only", "XLON", "--from", "2024", stdout=out, stderr=err)
    assert err.getvalue().startswith("1/1 XLON: written, ")
    assert out.getvalue().startswith("calendars: 1 written in ")
    held = load_calendars()["XLON"]
    assert held.first_us == epoch_us(datetime(2024, 1, 1, tzinfo=UTC))
    assert held.end_us >= epoch_us(datetime.now(UTC) + timedelta(days=365 * 2))
    with pytest.raises(SystemExit) as ended:
        call_command("sync_calendars", "--only", "XTKS", "--check", stdout=out, stderr=err)
    assert ended.value.code == 1
    assert "XTKS: differs" in err.getvalue()


def test_bad_input_is_one_line() -> None:
    for bad in (["--from", "1999"], ["--years-ahead", "x"], ["--only", "XNAS"]):
        with pytest.raises(CommandError, match=r"wanted a|invalid choice"):
            call_command("sync_calendars", *bad)
