"""Reading markets and their compiled calendars."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Q

from thor.markets import feature
from thor.markets.calendar import Calendar, DayNote, Interval, IntervalPhase, Phase
from thor.markets.models import CalendarEdition, FeatureWindow, Market
from thor.markets.trade_date import epoch_us
from thor.runtime.problem import Problem
from thor.runtime.schema import connection_for

# One row a calendar: a hundred thousand Python datetimes would cost a process a second at its start. One statement
# sees one state of the table, also while sync_calendars replaces it.
_TABLE: Final = """
SELECT e.timezone_name, e.digest,
       (extract(epoch from e.first_utc) * 1000000)::bigint, (extract(epoch from e.end_utc) * 1000000)::bigint,
       i.dates, i.phases, i.opens, i.closes, d.days
  FROM markets_calendaredition e,
       LATERAL (SELECT array_agg((trade_date - date '0001-01-01') + 1 ORDER BY open_utc) AS dates,
                       array_agg(phase ORDER BY open_utc) AS phases,
                       array_agg((extract(epoch from open_utc) * 1000000)::bigint ORDER BY open_utc) AS opens,
                       array_agg((extract(epoch from close_utc) * 1000000)::bigint ORDER BY open_utc) AS closes
                  FROM markets_sessioninterval WHERE calendar = e.calendar) i,
       LATERAL (SELECT json_agg(json_build_array((date - date '0001-01-01') + 1, name, is_holiday, is_closed,
                                                 is_early_close)) AS days
                  FROM markets_calendarday WHERE calendar = e.calendar) d
 WHERE e.calendar = %s
"""


def active_markets() -> list[Market]:
    """The markets that the clock follows, in the order of their places."""
    return list(Market.objects.filter(is_active=True))


def market_named(name: str) -> Market:
    """A market by its key, in any case. Raises Problem 422 for a name that is none's."""
    known = {each.country: each for each in Market.objects.all()}
    for country, market in known.items():
        if country.casefold() == name.casefold():
            return market
    near = difflib.get_close_matches(name.lower(), {each.lower(): each for each in known}, n=1)
    hint = next((f" (did you mean {each}?)" for each in known if near and each.lower() == near[0]), "")
    names = f"one of {', '.join(known)}" if known else "none is there yet: run `thor seed_markets`"
    raise Problem(f"no market is called {name[:40]!r}{hint}: {names}.", status=422)


def calendar_of(market: Market) -> Calendar:
    """The compiled calendar that a market follows. Raises Problem where it was never compiled."""
    if (found := load_calendars([market.calendar]).get(market.calendar)) is None:
        raise Problem(f"the calendar {market.calendar} of {market.country} is not compiled: run `thor sync_calendars`.")
    return found


def editions() -> dict[str, str]:
    """Calendar -> digest of its compiled table: another digest is another table."""
    return dict(CalendarEdition.objects.values_list("calendar", "digest"))


def load_calendars(names: Iterable[str] | None = None) -> dict[str, Calendar]:
    """The compiled calendars by name, all of them by default; those that were never compiled are absent."""
    wanted = editions() if names is None else list(names)
    found = ((name, _load(name)) for name in wanted)
    return {name: loaded[0] for name, loaded in found if loaded is not None}


class CalendarShelf:
    """The compiled calendars as a process holds them: loaded once, and again when sync_calendars wrote another."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Calendar, str]] = {}

    def look(self) -> dict[str, Calendar]:
        """All of them as they are now: one query when nothing changed, and one for each that did."""
        digests = editions()
        self._held = {name: held for name, digest in digests.items() if (held := self._take(name, digest))}
        return {name: calendar for name, (calendar, _) in self._held.items()}

    def digests(self) -> dict[str, str]:
        """Of the calendars as they were last looked at."""
        return {name: digest for name, (_, digest) in self._held.items()}

    def one(self, name: str) -> Calendar | None:
        """One calendar as it is now; None when it was never compiled."""
        digest = CalendarEdition.objects.filter(calendar=name).values_list("digest", flat=True).first()
        if digest is None or (held := self._take(name, digest)) is None:
            return None
        self._held[name] = held
        return held[0]

    def _take(self, name: str, digest: str) -> tuple[Calendar, str] | None:
        held = self._held.get(name)
        return held if held is not None and held[1] == digest else _load(name)


def is_feature_on(name: str, market: str, at: datetime) -> bool:
    """Whether a named feature is on for a market (its key) at an aware instant. No window, or no such market: off."""
    calendar = Market.objects.filter(country=market).values_list("calendar", flat=True).first()
    if calendar is None:
        return False
    windows = FeatureWindow.objects.filter(Q(market__country=market) | Q(market=None), feature=name)
    held, at_us = _shelf.one(calendar), epoch_us(at)
    phase = held.phase(at_us) if held else Phase.UNKNOWN
    return feature.is_feature_on(map(_window, windows), name, phase, at_us)


_shelf = CalendarShelf()


def _window(row: FeatureWindow) -> feature.Window:
    return feature.Window(
        row.feature,
        frozenset(map(Phase, row.phases)),
        _us(row.starts_at),
        _us(row.ends_at),
        row.is_active,
        _us(row.rollback_at),
    )


def _us(at: datetime | None) -> int | None:
    return None if at is None else epoch_us(at)


def _load(name: str) -> tuple[Calendar, str] | None:
    """A calendar and its digest, from one state of the table."""
    with connection_for(CalendarEdition).cursor() as cursor:
        cursor.execute(_TABLE, [name])
        row = cursor.fetchone()
    if row is None:
        return None
    zone, digest, first_us, end_us, *columns, days = row
    notes = {date.fromordinal(ordinal): DayNote(*rest) for ordinal, *rest in days or ()}
    return Calendar(name, zone, _intervals(columns), notes, first_us, end_us), digest


def _intervals(columns: list[Any]) -> list[Interval]:
    rows = zip(*(column or () for column in columns), strict=True)
    return [
        Interval(date.fromordinal(ordinal), IntervalPhase(phase), open_us, close_us)
        for ordinal, phase, open_us, close_us in rows
    ]
