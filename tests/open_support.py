"""What tests of market opens share: a desk with the reactors of an open over one made market, fed by hand.

Offsets are seconds from the open, as text so that no microsecond is lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from thor.desk.desk import Desk
from thor.indicators.extremes import ExtremesReactor
from thor.instruments.instrument import BY_SYMBOL, INSTRUMENTS, InstrumentTable
from thor.market_open.capture import CapturedRow, OutcomeResolved, SessionCaptured
from thor.market_open.config import CaptureRequests, GlobalSettings, MarketOpenSettings, MarketSettings
from thor.market_open.reactor import MarketOpenReactor
from thor.markets.calendar import Calendar, GroupCalendars, Interval, IntervalPhase, MarketCalendars
from thor.markets.market import ControlMarkets
from thor.markets.trade_date import epoch_us, utc
from thor.quotes.quote import Quote
from thor.quotes.reactor import Config, Effect, Reactor
from thor.signals.config import SETTINGS, SignalSettings
from thor.signals.reactor import SignalReactor

#: A Thursday's open in New York; every future is in the middle of its trade date.
OPEN = datetime(2025, 10, 9, 13, 30, tzinfo=UTC)
OPEN_US = epoch_us(OPEN)
MARKET = "USA"
SYMBOLS = tuple(facts.symbol for facts in INSTRUMENTS)
DAY_US = 86_400_000_000
#: Session of the made market, in seconds from its open.
HOURS = ((0, 23_400),)


def us(offset: str) -> int:
    """An instant so many seconds from the open."""
    return OPEN_US + int(Decimal(offset) * 1_000_000)


def price(text: str) -> Decimal | None:
    """``-`` is unknown."""
    return None if text == "-" else Decimal(text)


def calendar(name: str, sessions: Iterable[tuple[float, float]]) -> Calendar:
    """Sessions in seconds from the open; each has the UTC date of its beginning."""
    spans = [(OPEN_US + round(begin * 1e6), OPEN_US + round(end * 1e6)) for begin, end in sessions]
    intervals = [Interval(utc(begin).date(), IntervalPhase.REGULAR, begin, end) for begin, end in spans]
    return Calendar(name, "UTC", intervals, {}, OPEN_US - 30 * DAY_US, OPEN_US + 30 * DAY_US)


@cache
def groups(closed: tuple[tuple[str, float, float], ...] = ()) -> GroupCalendars:
    """Every product group trades for a day around the open, but for ``closed``: (group, from, until)."""
    found = {}
    for name in {facts.group for facts in INSTRUMENTS}:
        sessions = [(-100_000.0, 100_000.0)]
        for _, begin, end in (each for each in closed if each[0] == name):
            first, last = sessions.pop()
            sessions += [(first, begin), (end, last)]
        found[name] = calendar(name, sessions)
    return GroupCalendars(found, tuple((name, f"{name} {closed}") for name in sorted(found)))


@cache
def markets(hours: tuple[tuple[float, float], ...] = HOURS) -> MarketCalendars:
    """The made market."""
    return MarketCalendars({MARKET: calendar(MARKET, hours)}, ((MARKET, f"made {hours}"),))


def made_settings(general: GlobalSettings | None = None, **changes: Any) -> MarketOpenSettings:
    """What people set. ``changes``: of the market (``window_us``, ``captures``), and ``targets``."""
    targets = changes.pop("targets", ())
    market = {"captures": True, "window_us": 60_000_000, **changes}
    made = MarketSettings(MARKET, "New York", "America/New_York", **market)
    return MarketOpenSettings(general or GlobalSettings(), (made,), targets)


def made_config(
    settings: MarketOpenSettings, hours: tuple[tuple[float, float], ...] = HOURS,
    closed: tuple[tuple[str, float, float], ...] = (), requests: CaptureRequests | None = None,
    signals: SignalSettings = SETTINGS,
) -> Config:  # fmt: skip
    """All that a desk is told."""
    return {
        InstrumentTable: InstrumentTable(BY_SYMBOL),
        GroupCalendars: groups(closed),
        MarketCalendars: markets(hours),
        ControlMarkets: ControlMarkets(frozenset({MARKET})),
        SignalSettings: signals,
        MarketOpenSettings: settings,
        CaptureRequests: requests or CaptureRequests(),
    }


def reactors() -> list[Reactor]:
    """Of an open, in the order in which they sit at the desk."""
    signals, extremes = SignalReactor(), ExtremesReactor()
    return [signals, extremes, MarketOpenReactor(signals, extremes)]


class OpenDesk:
    """A desk that is fed by hand, and dies and recovers after every step where ``dies``."""

    def __init__(self, config: Config, position_us: int = OPEN_US - 100_000_000, *, dies: bool = False) -> None:
        self.config: dict[type[Any], Any] = dict(config)
        self.dies = dies
        #: Each with the instant at which it was told.
        self.told: list[tuple[int, Effect]] = []
        self._number = 0
        self.desk = self._started(position_us, "0-0", None)
        self._keep()

    def _started(self, position_us: int, cursor: str, states: Mapping[str, Any] | None) -> Desk:
        calendars = self.config[MarketCalendars].by_market
        desk = Desk(calendars, reactors(), position_us, cursor)
        if states is None:
            # It ran before: what happened while nobody listened is not what these tests are about.
            desk.reactors[-1].restore(desk.reactors[-1].state())
        desk.start(states or {}, self.config)
        return desk

    def hear(self, quote: Quote, arrival_us: int, told_us: int = 0) -> None:
        """A quote as the bus takes it; timers before it are told at ``told_us``."""
        self.run_to(arrival_us - 1, told_us)
        self._number += 1
        self.desk.hear(f"{self._number}-0", quote, arrival_us, told_us)
        self._after()

    def follow(self, config: Config) -> None:
        """People set something else."""
        self.config = {**self.config, **config}
        self.desk.configure(self.config)
        self._after()

    def run_to(self, to_us: int, told_us: int = 0) -> None:
        """Time goes by, step by step: every transition, and every timer of an open."""
        while (due_us := self._due_us()) <= to_us:
            self.desk.advance(due_us, told_us)
            self._after()
        self.desk.advance(to_us, told_us)
        self._keep()

    def _due_us(self) -> int:
        due = (self.desk.clock.next_us, self.desk.reactors[-1].next_timer_us())
        return min((each for each in due if each is not None), default=1 << 62)

    def _after(self) -> None:
        self._keep()
        if self.dies:
            self.die()

    def _keep(self) -> None:
        effects, _ = self.desk.take()
        self.told += [(self.desk.position_us, each) for each in effects]

    def die(self) -> None:
        """Only what a table of JSON holds outlives it."""
        states = json.loads(json.dumps(self.desk.states()))
        self.desk = self._started(self.desk.position_us, self.desk.cursor, states)
        self._keep()

    # --- what came of it ------------------------------------------------------------------------------------------

    def of(self, *kinds: type[Effect]) -> list[Any]:
        return [each for _, each in self.told if isinstance(each, kinds)]

    def session(self) -> SessionCaptured:
        (found,) = self.of(SessionCaptured)
        assert isinstance(found, SessionCaptured)
        return found

    def row(self, symbol: str) -> CapturedRow:
        (found,) = (each for each in self.session().rows if each.symbol == symbol)
        return found

    def outcome(self, symbol: str) -> OutcomeResolved | None:
        """How a row's trade ended; None while it is pending."""
        found = [each for each in self.of(OutcomeResolved) if each.symbol == symbol]
        assert len(found) < 2, f"{symbol} is graded {len(found)} times"
        return found[0] if found else None


def made_quote(words: Sequence[str], ts_us: int, seq: int, settlement: Decimal | None) -> Quote:
    """Of ``SYMBOL bid ask last``."""
    symbol, bid, ask, last = words
    return Quote(symbol, ts_us, "TOS", price(last), price(bid), price(ask), settlement=settlement, seq=seq)
