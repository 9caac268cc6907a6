"""Reading markets and their compiled calendars."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import connection

from thor.markets.calendar import Calendar, DayNote, Interval, IntervalPhase
from thor.markets.models import CalendarDay, CalendarEdition, Market
from thor.markets.trade_date import epoch_us

# One row a calendar: a hundred thousand Python datetimes would cost a process a second at its start.
_INTERVALS = """
SELECT array_agg((trade_date - date '0001-01-01') + 1 ORDER BY open_utc), array_agg(phase ORDER BY open_utc),
       array_agg((extract(epoch from open_utc) * 1000000)::bigint ORDER BY open_utc),
       array_agg((extract(epoch from close_utc) * 1000000)::bigint ORDER BY open_utc)
  FROM markets_sessioninterval WHERE calendar = %s
"""


def active_markets() -> list[Market]:
    """The markets that the clock follows, in the order of their places."""
    return list(Market.objects.filter(is_active=True))


def editions() -> dict[str, str]:
    """Calendar -> digest of its compiled table: another digest is another table."""
    return dict(CalendarEdition.objects.values_list("calendar", "digest"))


def load_calendars(names: Iterable[str] | None = None) -> dict[str, Calendar]:
    """The compiled calendars by name; those that were never compiled are absent."""
    wanted = CalendarEdition.objects.all()
    if names is not None:
        wanted = wanted.filter(calendar__in=list(names))
    return {each.calendar: _load(each) for each in wanted}


def _load(edition: CalendarEdition) -> Calendar:
    with connection.cursor() as cursor:
        cursor.execute(_INTERVALS, [edition.calendar])
        dates, phases, opens, closes = cursor.fetchone()
    rows = zip(dates or (), phases or (), opens or (), closes or (), strict=True)
    intervals = [
        Interval(date.fromordinal(ordinal), IntervalPhase(phase), open_us, close_us)
        for ordinal, phase, open_us, close_us in rows
    ]
    notes = CalendarDay.objects.filter(calendar=edition.calendar)
    days = {
        day: DayNote(name, is_holiday, is_closed, is_early)
        for day, name, is_holiday, is_closed, is_early in notes.values_list(
            "date", "name", "is_holiday", "is_closed", "is_early_close"
        )
    }
    return Calendar(
        edition.calendar,
        edition.timezone_name,
        intervals,
        days,
        epoch_us(edition.first_utc),
        epoch_us(edition.end_utc),
    )
