"""How far the compiled calendars reach: one that ends soon needs next year's holidays."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from thor.markets.models import HORIZON_ALARM, CalendarEdition


class Horizon(NamedTuple):
    """A calendar and the aware UTC instant from which on its answer is UNKNOWN."""

    calendar: str
    end: datetime

    def days_left(self, now: datetime) -> int:
        """Whole days until then; negative when it has passed."""
        return (self.end - now).days


def short_horizons(now: datetime) -> list[Horizon]:
    """The calendars that end within ``HORIZON_ALARM`` of an aware instant, or did, the soonest first."""
    found = CalendarEdition.objects.filter(end_utc__lt=now + HORIZON_ALARM).order_by("end_utc", "calendar")
    return [Horizon(*row) for row in found.values_list("calendar", "end_utc")]
