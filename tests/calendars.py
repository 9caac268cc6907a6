"""Compiled calendars for tests: every one, once a run, without a database."""

from __future__ import annotations

from datetime import date
from functools import cache

from thor.markets.calendar import Calendar
from thor.markets.compile import Compiled, compile_calendar
from thor.markets.overrides import load_overrides

FIRST, LAST = date(2007, 1, 1), date(2028, 12, 31)


@cache
def compiled(name: str) -> Compiled:
    """What ``sync_calendars`` stores of a calendar, 2007 to 2028."""
    return compile_calendar(name, FIRST, LAST, load_overrides())


@cache
def calendar(name: str) -> Calendar:
    """The same as processes hold it."""
    return compiled(name).calendar()
