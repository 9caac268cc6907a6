"""What a web process holds of the world clock: the markets and the compiled calendars, looked at again every 10 s."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

from django.db import Error as DatabaseError
from django.db import close_old_connections

from thor.markets.calendar import Calendar, CalendarError
from thor.markets.models import Market
from thor.markets.selectors import CalendarShelf
from thor.markets.session import no_calendar
from thor.runtime.kept import Kept
from thor.runtime.namespace import replayed, within
from thor.runtime.problem import Problem
from thor.runtime.visited import Visited

LOOK_SECONDS: Final = 10.0
_NEVER_COMPILED: Final = "run `thor sync_calendars`"


@dataclass(frozen=True, slots=True)
class MarketTable:
    """Every market in the order of the places, and every compiled calendar by its name."""

    markets: tuple[Market, ...]
    calendars: Mapping[str, Calendar]

    def active(self) -> list[Market]:
        """Those that the clock follows. Raises Problem where they were never seeded or no calendar compiled."""
        if not self.markets:
            raise Problem("there are no markets yet: run `thor seed_markets`", status=503)
        if not self.calendars:
            raise Problem(f"no calendar was ever compiled: {_NEVER_COMPILED}", status=503)
        return [each for each in self.markets if each.is_active]

    def market(self, name: str) -> Market:
        """One market by its key, in any case. Raises Problem 422 for a name that is none's."""
        for each in self.markets:
            if each.country.casefold() == name.casefold():
                return each
        raise Problem(f"no such market: {name[:40]!r}; /api/markets lists them", status=422)

    def calendar(self, name: str) -> Calendar:
        """A compiled calendar. Raises Problem 503 for one that is not."""
        if (found := self.calendars.get(name)) is None:
            raise Problem(f"the calendar {name} was never compiled: {_NEVER_COMPILED}", status=503)
        return found

    def calendar_of(self, market: Market) -> Calendar:
        """A market's calendar; the one that knows nothing where it was never compiled."""
        found = self.calendars.get(market.calendar)
        return found if found is not None else no_calendar(market.calendar, market.timezone_name)


class LiveMarkets:
    """Started and stopped with the web server, in its event loop."""

    def __init__(self, namespace: str = "") -> None:
        """``namespace``: of a replay; empty is this Thor's own."""
        self._namespace = namespace
        self._shelf = CalendarShelf()
        self._kept = Kept("markets", self._read, LOOK_SECONDS, (DatabaseError, CalendarError))

    def start(self) -> None:
        self._kept.start()

    async def stop(self) -> None:
        await self._kept.stop()

    async def table(self) -> MarketTable:
        """The newest table. Raises Problem 503 as long as the database has not been read at all."""
        return await self._kept.get()

    def _read(self, _before: MarketTable | None) -> MarketTable:
        try:
            with within(self._namespace) if self._namespace else nullcontext():
                return MarketTable(tuple(Market.objects.all()), self._shelf.look())
        finally:
            close_old_connections()


_live: LiveMarkets | None = None
_replays = Visited(LiveMarkets)


def begin() -> LiveMarkets:
    """Start this process's world clock in the running event loop."""
    global _live
    _live = LiveMarkets()
    _live.start()
    return _live


def replays() -> Visited[LiveMarkets]:
    """Those of the replays that somebody looks at."""
    return _replays


async def market_table() -> MarketTable:
    """The table of what is looked at. Raises Problem 503 where none is kept."""
    if _live is not None and (namespace := replayed()):
        return await _replays.get(namespace).table()
    if _live is None:
        raise Problem("the markets are served by `manage.py web`; this process does not keep them", status=503)
    return await _live.table()
