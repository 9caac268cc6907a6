"""What people set, as the desk is told of it: read anew every half second, so that an edit is followed within one."""

from __future__ import annotations

from typing import Any, Final

from thor.indicators.extremes import ExtremesSeeds
from thor.indicators.selectors import load_extremes_seeds
from thor.instruments.instrument import InstrumentTable
from thor.instruments.selectors import load_instruments
from thor.market_open.config import CaptureRequests, MarketOpenSettings
from thor.market_open.configured import load_capture_requests, load_market_open_settings
from thor.markets.calendar import GroupCalendars, MarketCalendars
from thor.markets.market import ControlMarkets
from thor.markets.selectors import CalendarShelf, active_markets
from thor.quotes.reactor import Config
from thor.signals.config import SignalSettings
from thor.signals.selectors import load_signal_settings

LOOK_SECONDS: Final = 0.5


class ConfigTables:
    """The tables in which people set things. Calendars are loaded again only where another edition was compiled."""

    def __init__(self) -> None:
        self._shelf = CalendarShelf()

    def read(self) -> Config:
        """One value of each kind."""
        instruments = load_instruments()
        calendars = self._shelf.look()
        groups = {facts.group for facts in instruments.values()}
        by_group = {name: calendar for name, calendar in calendars.items() if name in groups}
        digests = self._shelf.digests()
        markets = [each for each in active_markets() if each.calendar in calendars]
        found: dict[type[Any], Any] = {
            InstrumentTable: InstrumentTable(instruments),
            GroupCalendars: GroupCalendars(by_group, tuple(sorted(digests.items()))),
            MarketCalendars: MarketCalendars(
                {each.country: calendars[each.calendar] for each in markets},
                tuple((each.country, digests[each.calendar]) for each in markets),
            ),
            ControlMarkets: ControlMarkets(frozenset(each.country for each in markets if each.is_control_market)),
            SignalSettings: load_signal_settings(),
            ExtremesSeeds: load_extremes_seeds(),
            MarketOpenSettings: load_market_open_settings(),
            CaptureRequests: load_capture_requests(),
        }
        return found
