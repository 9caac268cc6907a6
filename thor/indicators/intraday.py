"""Highs and lows of every instrument over every market's session (SPEC 9). A rule file.

A market opens: each instrument's session begins with the last in force, where that is no older than ten seconds, else
with the first good last after the open. Every good last moves it, also during a lunch break. A market closes: what it
came to. A session that a halt ended and whose trade date goes on is taken up again as it opens anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar, Final

from thor.instruments.instrument import BY_SYMBOL, InstrumentFacts, InstrumentTable
from thor.markets.calendar import MarketCalendars, Status, TransitionKind
from thor.markets.trade_date import DEFAULT_GROUP, trade_date_span
from thor.markets.transition import MarketTransition
from thor.quotes.quote import Quote
from thor.quotes.reactor import NOTHING, Config, Effects, Reactor, Row, State

#: A last that was older than this as a market opened does not say where it opened.
MAX_AGE_US: Final = 10_000_000
#: The part of the state that holds the markets; the others are named after their symbols, which have no small letters.
MARKETS_PART: Final = "markets"
_PLACES: Final = Decimal("0.0001")
_HUNDRED: Final = Decimal(100)
#: What the column of a percentage holds at most.
_MOST: Final = Decimal("99999999.9999")
#: A band in which no price is.
_NO_BAND: Final = (Decimal(1), Decimal(0))


@dataclass(frozen=True, slots=True)
class IntradayMetric(Row):
    """One instrument over one market's session. What is of the close is None while the market is open; prices in
    points, ``_pct`` in per cent, ``session_volume`` in contracts. ``updated_us``: when the last moved last."""

    key: ClassVar[tuple[str, ...]] = ("market", "trade_date", "symbol")

    market: str
    symbol: str
    trade_date: date
    opened_us: int
    updated_us: int
    market_open: Decimal
    market_high_open: Decimal
    market_high_pct_open: Decimal
    market_low_open: Decimal
    market_low_pct_open: Decimal
    closed_us: int | None = None
    market_close: Decimal | None = None
    market_high_pct_close: Decimal | None = None
    market_low_pct_close: Decimal | None = None
    market_close_vs_open_pct: Decimal | None = None
    market_range: Decimal | None = None
    market_range_pct: Decimal | None = None
    session_volume: int | None = None


def percent(part: Decimal, whole: Decimal) -> Decimal:
    """``part`` in per cent of the size of ``whole``, 4 decimals half up: below zero a rise is a rise too."""
    if not whole:
        return Decimal(0)
    found = (part * _HUNDRED / abs(whole)).quantize(_PLACES, ROUND_HALF_UP)
    return max(-_MOST, min(_MOST, found))


class Session:
    """One instrument over one market's session. ``price``: its first, None before. ``base``: the running volume at the
    open, None before it is known. ``close``: (when, last, contracts) once the market has closed. ``paused``: the last
    from before a halt, until the first one after it."""

    __slots__ = ("base", "close", "day", "given", "high", "low", "market", "opened_us", "paused", "price", "updated_us")

    def __init__(self, market: str, day: date, opened_us: int) -> None:
        self.market, self.day, self.opened_us = market, day, opened_us
        self.price: Decimal | None = None
        self.high = self.low = Decimal(0)
        self.updated_us = 0
        self.base: int | None = None
        self.close: tuple[int, Decimal, int | None] | None = None
        self.paused: Decimal | None = None
        #: The row of a closed session was asked for.
        self.given = False

    def hear(self, last: Decimal) -> None:
        """A last price of an open market."""
        self.paused = None
        if self.price is None:
            self.price = self.high = self.low = last
        elif last > self.high:
            self.high = last
        elif last < self.low:
            self.low = last

    def resume(self) -> None:
        """The market opens again after a halt."""
        if self.close is not None:
            self.paused, self.close, self.given = self.close[1], None, False

    def end(self, at_us: int, last: Decimal, moved_us: int, running_volume: int) -> None:
        """The market closes."""
        if self.paused is None:
            self.updated_us = moved_us
        contracts = None if self.base is None else running_volume - self.base
        self.close, self.paused = (at_us, last if self.paused is None else self.paused, contracts), None

    def waits(self) -> bool:
        """Any last moves it, also one that is known."""
        return self.price is None or self.paused is not None

    def row(self, symbol: str, last: Decimal, moved_us: int) -> IntradayMetric:
        """How it stands with a last that moved last at ``moved_us``; one that is closed or paused stands still."""
        closed = {} if self.close is None else self._closed(*self.close)
        still = self.paused if self.close is None else self.close[1]
        if still is not None:
            last, moved_us = still, self.updated_us
        updated_us = max(moved_us, self.opened_us)
        assert self.price is not None
        return IntradayMetric(
            self.market, symbol, self.day, self.opened_us, updated_us, self.price,
            self.high, percent(self.high - self.price, self.price),
            self.low, percent(last - self.low, self.low), **closed,
        )  # fmt: skip

    def _closed(self, at_us: int, last: Decimal, contracts: int | None) -> dict[str, Any]:
        assert self.price is not None
        return {
            "closed_us": at_us,
            "market_close": last,
            "market_high_pct_close": percent(self.high - last, self.high),
            "market_low_pct_close": percent(last - self.low, self.low),
            "market_close_vs_open_pct": percent(last - self.price, self.price),
            "market_range": self.high - self.low,
            "market_range_pct": percent(self.high - self.low, self.price),
            "session_volume": contracts,
        }

    def state(self) -> list[Any]:
        close = None if self.close is None else [self.close[0], str(self.close[1]), self.close[2]]
        prices = None if self.price is None else [str(self.price), str(self.high), str(self.low)]
        day = self.day.isoformat()
        paused = None if self.paused is None else str(self.paused)
        return [self.market, day, self.opened_us, prices, self.updated_us, self.base, close, paused, self.given]

    @classmethod
    def restored(cls, state: Sequence[Any]) -> Session:
        market, day, opened_us, prices, updated_us, base, close, paused, given = state
        found = cls(market, date.fromisoformat(day), opened_us)
        found.updated_us, found.base, found.given = updated_us, base, given
        if prices is not None:
            found.price, found.high, found.low = map(Decimal, prices)
        if close is not None:
            found.close = (close[0], Decimal(close[1]), close[2])
        found.paused = None if paused is None else Decimal(paused)
        return found


class _Watched:
    """An instrument: its last and volume in force, and its sessions by market.

    ``known`` is a last that moves nothing when it is said again, ``low`` to ``high`` the band in which any other moves
    no open session's high or low. ``volume`` is the highest that was said since the count began, ``carried + volume``
    never falls; ``said`` and ``source`` are the newest word, ``start_us`` to ``end_us`` its trade date.
    """

    __slots__ = (
        "carried", "changed", "end_us", "group", "high", "known", "last", "last_us", "low", "moved_us", "past", "said",
        "sessions", "source", "start_us", "symbol", "volume", "wants_base",
    )  # fmt: skip

    def __init__(self, symbol: str, facts: InstrumentFacts | None) -> None:
        self.symbol = symbol
        self.group = DEFAULT_GROUP if facts is None else facts.group
        self.last: Decimal | None = None
        self.known: Decimal | None = None
        self.last_us = self.moved_us = 0
        self.carried = self.volume = self.said = self.start_us = self.end_us = 0
        self.source = ""
        self.sessions: dict[str, Session] = {}
        #: Those that have closed, and whose market opened again before their rows were asked for.
        self.past: list[Session] = []
        self.low, self.high = _NO_BAND
        self.wants_base = self.changed = False

    def open(self, market: str, day: date, at_us: int, *, sees_open: bool = True) -> None:
        """A market's session begins, or goes on after a halt. ``sees_open``: what is in force is of before the open."""
        session = self.sessions.get(market)
        if session is None or session.day != day:
            if session is not None and session.close is not None and not session.given:
                self.past.append(session)
            session = self.sessions[market] = Session(market, day, at_us)
            if sees_open and self.start_us <= at_us < self.end_us:
                session.base = self.carried + self.volume
        session.resume()
        if sees_open and self.last is not None and at_us - self.last_us <= MAX_AGE_US:
            session.hear(self.last)
        self.changed = True
        self._look()

    def move(self, last: Decimal, ts_us: int) -> None:
        """Another last than the one that is known."""
        self.last = self.known = last
        self.moved_us, self.changed = ts_us, True
        if not self.low <= last <= self.high:
            for session in self._open():
                session.hear(last)
            self._look()

    def count(self, volume: int, source: str, ts_us: int) -> None:
        """A cumulative volume. One that fell was counted anew; another source that says less is behind."""
        turned, fell = ts_us >= self.end_us, False
        if turned:
            _, self.start_us, self.end_us = trade_date_span(ts_us, self.group)
        if volume < self.volume and (turned or (source == self.source and volume < self.said)):
            fell, self.carried, self.volume = True, self.carried + self.volume, volume
        self.volume = max(self.volume, volume)
        self.said, self.source = volume, source
        if self.wants_base:
            self._base(fell=fell)

    def _base(self, *, fell: bool) -> None:
        """Open sessions are counted from here. Of one that began with the trade date nothing was missed where the count
        began anew in it."""
        for session in self._open():
            if session.base is None:
                session.base = self.carried + (0 if fell and self.start_us >= session.opened_us else self.volume)
        self.wants_base = False

    def shut(self, market: str, at_us: int) -> None:
        """The market closes: its session is what it came to."""
        session = self.sessions.get(market)
        if session is None or session.close is not None:
            return
        if session.price is None or self.last is None:
            del self.sessions[market]
        else:
            session.end(at_us, self.last, self.moved_us, self.carried + self.volume)
        self.changed = True
        self._look()

    def rows(self) -> list[Row]:
        """Of its open sessions, and of those that have closed since this was last asked."""
        found: list[Row] = []
        for session in [*self.past, *(session for _, session in sorted(self.sessions.items()))]:
            if session.price is not None and not session.given:
                assert self.last is not None
                found.append(session.row(self.symbol, self.last, self.moved_us))
                session.given = session.close is not None
        self.changed = False
        self.past = []
        return found

    def _open(self) -> list[Session]:
        return [session for session in self.sessions.values() if session.close is None]

    def _look(self) -> None:
        """Find the band anew: without a session every price is in it, with one that waits for a price none."""
        sessions = self._open()
        self.wants_base = any(session.base is None for session in sessions)
        if any(session.waits() for session in sessions):
            self.known, (self.low, self.high) = None, _NO_BAND
        else:
            self.known = self.last
            self.low = max((session.low for session in sessions), default=Decimal("-Infinity"))
            self.high = min((session.high for session in sessions), default=Decimal("Infinity"))

    def state(self) -> list[Any]:
        last = None if self.last is None else str(self.last)
        volume = [self.carried, self.volume, self.said, self.source, self.start_us, self.end_us]
        sessions = [session.state() for _, session in sorted(self.sessions.items())]
        return [last, self.last_us, self.moved_us, volume, sessions, [session.state() for session in self.past]]

    def restore(self, state: Sequence[Any]) -> None:
        last, self.last_us, self.moved_us, volume, sessions, past = state
        self.last = None if last is None else Decimal(last)
        self.carried, self.volume, self.said, self.source, self.start_us, self.end_us = volume
        self.sessions = {session.market: session for session in map(Session.restored, sessions)}
        self.past = [Session.restored(session) for session in past]
        self.changed = True
        self._look()


class IntradayReactor(Reactor):
    """Measures every instrument of the table at every market that is open."""

    name: ClassVar[str] = "intraday"

    def __init__(self) -> None:
        self._facts: Mapping[str, InstrumentFacts] = BY_SYMBOL
        self._calendars: MarketCalendars | None = None
        self._watched: dict[str, _Watched] = {}
        #: Market -> the session that is on: its trade date and when it opened.
        self._open: dict[str, tuple[date, int]] = {}

    def on_config(self, config: Config, at_us: int) -> Effects:
        del at_us
        table, calendars = config.get(InstrumentTable), config.get(MarketCalendars)
        if isinstance(table, InstrumentTable):
            self._facts = table.by_symbol
            for symbol, each in self._watched.items():
                if (facts := self._facts.get(symbol)) is not None:
                    each.group = facts.group
        if isinstance(calendars, MarketCalendars):
            self._calendars = calendars
        return NOTHING

    def on_start(self, statuses: Mapping[str, Status], at_us: int) -> Effects:
        """A market that was open before is measured from the first quote on; one whose close was missed ends here."""
        for market in [each for each in self._open if statuses.get(each) is not Status.OPEN]:
            self._close(market, at_us)
        for market, status in statuses.items():
            if status is Status.OPEN and market not in self._open:
                self._join(market, at_us)
        return NOTHING

    def on_transition(self, transition: MarketTransition) -> Effects:
        market, kind, at_us, day, _ = transition
        if kind is TransitionKind.CLOSE:
            self._close(market, at_us)
            return NOTHING
        self._open[market] = day, at_us
        for each in self._watched.values():
            each.open(market, day, at_us)
        return NOTHING

    def on_quote(self, quote: Quote, _entry_id: str, _at_us: int) -> Effects:
        each = self._watched.get(quote.symbol)
        if each is None:
            each = self._first(quote.symbol)
            if each is None:
                return NOTHING
        last = quote.last
        if last is not None:
            each.last_us = ts_us = quote.ts_us
            if last is not each.known and last != each.known:
                each.move(last, ts_us)
        volume = quote.volume
        if volume is not None:
            if volume >= each.volume and quote.ts_us < each.end_us and not each.wants_base:
                each.volume = each.said = volume
                each.source = quote.source
            else:
                each.count(volume, quote.source, quote.ts_us)
        return NOTHING

    def open_markets(self) -> tuple[str, ...]:
        """The markets that are measured now."""
        return tuple(self._open)

    def rows(self) -> Sequence[Row]:
        return [row for _, each in sorted(self._watched.items()) if each.changed for row in each.rows()]

    def state(self) -> State:
        opened: dict[str, Any] = {market: [day.isoformat(), at_us] for market, (day, at_us) in self._open.items()}
        return {MARKETS_PART: opened, **{symbol: each.state() for symbol, each in self._watched.items()}}

    def restore(self, state: State) -> None:
        for part, kept in state.items():
            if part == MARKETS_PART:
                self._open = {market: (date.fromisoformat(day), at_us) for market, (day, at_us) in kept.items()}
            else:
                self._watched[part] = _Watched(part, self._facts.get(part))
                self._watched[part].restore(kept)

    def _first(self, symbol: str) -> _Watched | None:
        """An instrument is heard for the first time; None for what is none."""
        if symbol not in self._facts:
            return None
        each = self._watched[symbol] = _Watched(symbol, self._facts[symbol])
        for market, (day, opened_us) in self._open.items():
            each.open(market, day, opened_us)
        return each

    def _join(self, market: str, at_us: int) -> None:
        """A market is open as the desk begins. Without its calendar nobody knows its trade date: it waits for the next
        open."""
        calendar = None if self._calendars is None else self._calendars.by_market.get(market)
        turn = None if calendar is None else calendar.last_transition(at_us)
        if turn is None or turn.kind is not TransitionKind.OPEN:
            return
        self._open[market] = turn.trade_date, turn.at_us
        for each in self._watched.values():
            each.open(market, turn.trade_date, turn.at_us, sees_open=False)

    def _close(self, market: str, at_us: int) -> None:
        self._open.pop(market, None)
        for each in self._watched.values():
            each.shut(market, at_us)
