"""Market opens at the desk: captures at each open, then every quote grades what was captured (SPEC 8). A rule file.

An open is told -> every instrument as of that instant -> 12 rows at once, or, where quotes of instruments in session
are missing or stale, after up to three looks two seconds apart, for what was still on its way. Meanwhile both sides of
every possible trade are graded already: which of them was taken the capture says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import date
from typing import Any, ClassVar, Final

import msgspec

from thor.indicators.extremes import ExtremesReactor
from thor.instruments.instrument import BY_SYMBOL, InstrumentFacts, InstrumentTable
from thor.market_open.capture import (
    CAPTURED,
    NO_SIDE,
    CaptureKind,
    CaptureMissed,
    CaptureSkipped,
    Instant,
    OutcomeResolved,
    RequestAnswered,
    View,
    both_sides,
    capture,
    local_date,
    session_id,
)
from thor.market_open.config import (
    SETTINGS,
    TRADED,
    CaptureRequest,
    CaptureRequests,
    MarketOpenSettings,
    MarketSettings,
)
from thor.market_open.grading import Trade
from thor.market_open.targets import Side
from thor.markets.calendar import Calendar, GroupCalendars, MarketCalendars, Status, Transition, TransitionKind
from thor.markets.transition import MarketTransition
from thor.quotes.quote import Quote
from thor.quotes.reactor import NOTHING, AlertEnded, AlertRaised, Config, Effect, Effects, Reactor, State
from thor.signals.composite import Missing
from thor.signals.config import SETTINGS as SIGNAL_SETTINGS
from thor.signals.config import SignalSettings
from thor.signals.reactor import SignalReactor

#: Between two looks for quotes that are missing, and how many there are.
LOOK_US: Final = 2_000_000
LOOKS: Final = 3
#: An open that is older than this when it is told is missed.
LATE_US: Final = 300_000_000
#: An open that was told later than this was one at which Thor was not there.
ABSENT_US: Final = 1_000_000
#: Looked for again: a quote may be on its way.
_RETRIED: Final = frozenset({Missing.NO_QUOTE, Missing.STALE, Missing.SUSPECT})
_FAR_US: Final = 1 << 62


class Waiting(msgspec.Struct):
    """A capture that is being made. ``views`` and ``trades`` by symbol; ``looks``: how often it was looked in vain.

    ``moves``: its instant is that of each look (late, manual), not the open's. ``told_us``: when the open was told."""

    country: str
    trade_date: date
    opened_us: int
    at_us: int
    told_us: int
    until_us: int
    kind: CaptureKind
    due_us: int
    deadline_us: int
    window_us: int
    moves: bool = False
    looks: int = 0
    requests: list[int] = []
    views: dict[str, View] = {}
    trades: dict[str, dict[Side, Trade]] = {}


class Graded(msgspec.Struct):
    """A trade of a captured row."""

    country: str
    trade_date: date
    symbol: str
    captured_us: int
    trade: Trade


class MarketOpenReactor(Reactor):
    """Captures and grades. ``signals`` and ``extremes`` sit at the same desk and hear before it."""

    name: ClassVar[str] = "market_open"
    needs_quotes: ClassVar[bool] = True

    def __init__(self, signals: SignalReactor, extremes: ExtremesReactor) -> None:
        self._baselines, self._extremes = signals, extremes
        self._settings: MarketOpenSettings = SETTINGS
        self._signals: SignalSettings = SIGNAL_SETTINGS
        self._facts: Mapping[str, InstrumentFacts] = BY_SYMBOL
        self._markets: Mapping[str, Calendar] = {}
        self._groups: Mapping[str, Calendar] = {}
        self._editions: dict[str, str] = {}
        #: Symbol of the board -> its newest good quote up to the next open; and all that are of after it already.
        self._held: dict[str, tuple[Quote, str] | None] = dict.fromkeys(self._symbols())
        self._early: dict[str, list[tuple[Quote, str]]] = {}
        self._suspect: set[str] = set()
        self._next_open_us = _FAR_US
        #: Market -> the date of its newest capture.
        self._captured: dict[str, date] = {}
        self._waiting: dict[str, Waiting] = {}
        self._graded: dict[str, list[Graded]] = {}
        self._held_back: list[OutcomeResolved] = []
        self._answered: set[int] = set()
        self._is_new = True

    def _symbols(self) -> tuple[str, ...]:
        return tuple(each.symbol for each in self._signals.instruments)

    # --- hearing --------------------------------------------------------------------------------------------------

    def on_quote(self, quote: Quote, entry_id: str, at_us: int) -> Effects:
        symbol = quote.symbol
        if at_us > self._next_open_us:
            self._look_ahead(at_us)
        if symbol in self._held:
            if quote.ts_us <= self._next_open_us:
                self._held[symbol] = (quote, entry_id)
            else:
                self._early.setdefault(symbol, []).append((quote, entry_id))
        if self._suspect:
            self._suspect.discard(symbol)
        if self._waiting:
            self._hear_waiting(quote, entry_id)
        graded = self._graded.get(symbol)
        return NOTHING if graded is None else self._grade(graded, quote, entry_id)

    def _grade(self, graded: Sequence[Graded], quote: Quote, entry_id: str) -> Effects:
        ended = [each for each in graded if each.trade.hear(quote, entry_id) is not None]
        return self._end(ended) if ended else NOTHING

    def _hear_waiting(self, quote: Quote, entry_id: str) -> None:
        """A quote that was on its way as the market opened is seen; a later one grades what may have been taken."""
        symbol = quote.symbol
        for waiting in self._waiting.values():
            if waiting.moves or symbol not in waiting.views:
                continue
            if quote.ts_us <= waiting.at_us:
                if waiting.views[symbol].missing in _RETRIED:
                    self._see(waiting, symbol, (quote, entry_id))
                continue
            for trade in waiting.trades.get(symbol, {}).values():
                trade.hear(quote, entry_id)

    def on_suspect(self, quote: Quote, entry_id: str, at_us: int) -> Effects:
        """The last good quote stays in force; when it has grown old, this is why."""
        del entry_id, at_us
        if quote.symbol in self._held:
            self._suspect.add(quote.symbol)
        return NOTHING

    def on_transition(self, transition: MarketTransition) -> Effects:
        if transition.kind is TransitionKind.CLOSE:
            return NOTHING
        self._look_ahead(transition.at_us)
        market = self._settings.market(transition.market)
        if market is None or not self._is_captured(market, transition.trade_date):
            return NOTHING
        day = local_date(transition.at_us, market.timezone_name)
        if (reason := self._why_not(market, day)) is not None:
            return [CaptureSkipped(market.country, day, transition.at_us, reason)]
        told_us = max(transition.told_us, transition.at_us)
        if told_us - transition.at_us >= LATE_US:
            minutes = (told_us - transition.at_us) // 60_000_000
            return self._miss(market, day, transition.at_us, told_us, f"Thor came {minutes:,} minutes after the open")
        at_us = transition.at_us
        waiting = Waiting(
            market.country, day, at_us, at_us, told_us, at_us + market.window_us, CaptureKind.OPEN, at_us,
            at_us + LOOKS * LOOK_US, market.window_us,
        )  # fmt: skip
        self._waiting[market.country] = waiting
        return self._look(waiting, at_us)

    def on_timer(self, at_us: int) -> Effects:
        effects: list[Effect] = []
        for waiting in [each for each in self._waiting.values() if each.due_us <= at_us]:
            waiting.looks += 1
            effects.extend(self._look(waiting, at_us))
        over = [each for each in self._all_graded() if each.trade.due_us <= at_us]
        for each in over:
            each.trade.expire()
        effects.extend(self._end(over))
        return effects

    def on_start(self, statuses: Mapping[str, Status], at_us: int) -> Effects:
        """A desk that never ran before: what is open and was not heard opening was missed."""
        if not self._is_new:
            return NOTHING
        self._is_new = False
        self._look_ahead(at_us)
        effects: list[Effect] = []
        for market in self._settings.markets:
            turn = self._opened(market.country, at_us)
            if (
                statuses.get(market.country) is Status.OPEN
                and turn is not None
                and self._is_captured(market, turn.trade_date)
            ):
                day = local_date(turn.at_us, market.timezone_name)
                error = "nobody listened as it opened"
                effects.append(CaptureMissed(market.country, day, turn.at_us, at_us, error))
        return effects

    def _is_captured(self, market: MarketSettings, trade_date: date) -> bool:
        """People want its opens captured, and this is one of its usual days."""
        calendar = self._markets.get(market.country)
        is_special = calendar is not None and calendar.is_special(trade_date)
        return market.captures and self._settings.general.capture_enabled and not is_special

    def next_timer_us(self) -> int | None:
        due = [each.due_us for each in self._waiting.values()]
        due += [each.trade.due_us for each in self._all_graded()]
        return min(due, default=None)

    def on_config(self, config: Config, at_us: int) -> Effects:
        """Follow what people set, and their wishes. What was captured keeps what it was captured with."""
        self._settings = config.get(MarketOpenSettings, self._settings)
        self._signals = config.get(SignalSettings, self._signals)
        if (table := config.get(InstrumentTable)) is not None:
            self._facts = table.by_symbol
        self._held = {symbol: self._held.get(symbol) for symbol in self._symbols()}
        self._early = {symbol: found for symbol, found in self._early.items() if symbol in self._held}
        self._follow(config.get(MarketCalendars), config.get(GroupCalendars), at_us)
        effects: list[Effect] = []
        if self._settings.general.grading_enabled:
            effects += self._held_back
            self._held_back = []
        return [*effects, *self._hear_requests(config.get(CaptureRequests, CaptureRequests()), at_us)]

    def _follow(self, markets: MarketCalendars | None, groups: GroupCalendars | None, at_us: int) -> None:
        if groups is not None:
            self._groups = groups.by_group
            self._editions |= {f"group {name}": digest for name, digest in groups.editions}
        if markets is None:
            return
        self._markets = markets.by_market
        editions = {f"market {name}": digest for name, digest in markets.editions}
        known = {name: digest for name, digest in self._editions.items() if name.startswith("market ")}
        if editions != known:
            self._editions = {name: digest for name, digest in self._editions.items() if name not in known} | editions
            self._next_open_us = -1
            self._look_ahead(at_us)

    # --- the instant ----------------------------------------------------------------------------------------------

    def _look_ahead(self, at_us: int) -> None:
        """The first open from an instant on: until it is told, what is of after it waits."""
        if at_us <= self._next_open_us:
            return
        opens = (_next_open_us(calendar, at_us - 1) for calendar in self._markets.values())
        self._next_open_us = min((each for each in opens if each is not None), default=_FAR_US)
        for symbol, found in list(self._early.items()):
            while found and found[0][0].ts_us <= self._next_open_us:
                self._held[symbol] = found.pop(0)
            if not found:
                del self._early[symbol]

    def _see(self, waiting: Waiting, symbol: str, found: tuple[Quote, str] | None) -> None:
        """Take one instrument into a capture as it is now."""
        view = waiting.views[symbol] = self._view(symbol, found, waiting.at_us)
        if symbol in self._facts:
            trades = both_sides(view, self._instant(waiting), self._facts[symbol], self._settings)
            waiting.trades[symbol] = trades
            # A source whose clock runs ahead: what it stamped after the open came before it was told.
            for quote, entry_id in self._early.get(symbol, ()):
                for trade in trades.values():
                    trade.hear(quote, entry_id)

    def _view(self, symbol: str, found: tuple[Quote, str] | None, at_us: int) -> View:
        _, base = self._baselines.net_change(symbol)
        quote, entry_id = (None, "") if found is None else (_bare(found[0]), found[1])
        high, low = self._extremes.day_range(symbol, quote)
        year = self._extremes.view(symbol)
        return View(
            symbol, quote, entry_id, self._missing(symbol, quote, at_us, has_base=base is not None),
            base.price if base else None, base.source_field if base else "", high, low,
            year[0] if year else None, year[2] if year else None,
        )  # fmt: skip

    def _missing(self, symbol: str, quote: Quote | None, at_us: int, *, has_base: bool) -> Missing | None:
        facts = self._facts.get(symbol)
        calendar = None if facts is None else self._groups.get(facts.group)
        if calendar is not None and calendar.status(at_us) is Status.CLOSED:
            return Missing.CLOSED
        if quote is None or quote.last is None:
            return Missing.NO_QUOTE
        if at_us - quote.ts_us > self._settings.general.max_quote_age_us:
            return Missing.SUSPECT if symbol in self._suspect else Missing.STALE
        return None if has_base else Missing.NO_BASELINE

    def _instant(self, waiting: Waiting) -> Instant:
        market = self._settings.market(waiting.country)
        if market is None:  # taken away meanwhile
            market = MarketSettings(waiting.country, waiting.country, "UTC", False, waiting.window_us)
        market = replace(market, window_us=waiting.window_us)
        return Instant(market, waiting.trade_date, waiting.opened_us, waiting.at_us, waiting.until_us, waiting.kind)

    # --- capturing ------------------------------------------------------------------------------------------------

    def _look(self, waiting: Waiting, at_us: int) -> Effects:
        """Capture, wait for what may still come, or give up."""
        if waiting.moves:
            waiting.at_us = at_us
        if waiting.moves or not waiting.views:
            for symbol, found in self._held.items():
                self._see(waiting, symbol, found)
        ym = waiting.views.get(TRADED, View(TRADED))
        wanted = any(each.missing in _RETRIED for each in waiting.views.values())
        is_last = at_us + LOOK_US > waiting.deadline_us
        if ym.is_usable and (not wanted or waiting.looks >= LOOKS or is_last):
            return self._finish(waiting)
        if ym.missing in _RETRIED or ym.is_usable:
            if not is_last:
                waiting.due_us = at_us + LOOK_US
                return NOTHING
            if self._begin_late(waiting, at_us):
                return NOTHING
        return self._give_up(waiting, ym, at_us)

    def _begin_late(self, waiting: Waiting, at_us: int) -> bool:
        """Thor came after the open, and nothing is known of it: from when it came on, what is in force then counts."""
        last_us = min(waiting.opened_us + LATE_US, waiting.until_us)
        due_us = max(waiting.told_us, at_us + LOOK_US)
        if waiting.moves or waiting.told_us - waiting.opened_us < ABSENT_US or due_us >= last_us:
            return False
        waiting.moves, waiting.kind, waiting.looks = True, CaptureKind.LATE, 0
        waiting.due_us, waiting.deadline_us = due_us, last_us
        return True

    def _finish(self, waiting: Waiting) -> Effects:
        del self._waiting[waiting.country]
        # The board as it is now: somebody may have edited it since the first look.
        views = [waiting.views.get(symbol, View(symbol)) for symbol in self._symbols()]
        found = capture(self._instant(waiting), views, waiting.trades, self._settings, self._signals, self._basis())
        self._captured[waiting.country] = waiting.trade_date
        effect = replace(found.effect, requests=tuple(waiting.requests))
        effects: list[Effect] = [effect, AlertEnded(_alert(waiting.country), "captured again", waiting.at_us)]
        name = found.effect.session_id
        effects.extend([self._answer(each, name, CAPTURED, waiting.at_us) for each in waiting.requests])
        total = found.effect.total
        if total.reason.endswith(NO_SIDE):
            text = f"{waiting.country}: no entry at the open, {total.reason}"
            effects.append(AlertRaised(_no_entry(waiting.country), "warning", text[:300], waiting.at_us))
        else:
            effects.append(AlertEnded(_no_entry(waiting.country), "its open is as it should be", waiting.at_us))
        begun = [
            Graded(waiting.country, waiting.trade_date, symbol, waiting.at_us, trade)
            for symbol, trade in found.trades.items()
        ]
        for each in begun:
            self._graded.setdefault(each.trade.entry.symbol, []).append(each)
        # Some ended while the capture waited.
        effects.extend(self._end([each for each in begun if each.trade.resolution is not None]))
        return effects

    def _give_up(self, waiting: Waiting, ym: View, at_us: int) -> Effects:
        del self._waiting[waiting.country]
        error = f"{TRADED} is not usable: {ym.missing}"
        if ym.quote is not None and ym.missing in _RETRIED:
            error += f", its newest good quote is {(waiting.at_us - ym.quote.ts_us) / 1e6:,.1f} s old"
        if waiting.kind is CaptureKind.MANUAL:
            return [self._answer(each, "", error, at_us) for each in waiting.requests]
        market = self._instant(waiting).market
        effects = list(self._miss(market, waiting.trade_date, waiting.opened_us, at_us, error))
        if ym.missing is Missing.CLOSED:
            effects = effects[:1]  # a holiday of the futures is nobody's fault
        return [*effects, *(self._answer(each, "", error, at_us) for each in waiting.requests)]

    def _miss(self, market: MarketSettings, day: date, opened_us: int, at_us: int, error: str) -> Sequence[Effect]:
        text = f"the open of {market.display_name} was not captured: {error}"
        return [
            CaptureMissed(market.country, day, opened_us, at_us, error),
            AlertRaised(_alert(market.country), "critical", text[:300], at_us),
        ]

    def _why_not(self, market: MarketSettings, day: date) -> str | None:
        if self._captured.get(market.country, date.min) >= day:
            return f"captured already as {session_id(market.country, self._captured[market.country])}"
        if market.country in self._waiting:
            return "is being captured"
        return None

    def _opened(self, country: str, at_us: int) -> Transition | None:
        """The open of the session that is on; None while it is closed."""
        calendar = self._markets.get(country)
        turn = None if calendar is None else calendar.last_transition(at_us)
        return turn if turn is not None and turn.kind is TransitionKind.OPEN else None

    def _basis(self) -> dict[str, Any]:
        """What a capture rests on besides the quotes."""
        facts = {symbol: self._facts[symbol] for symbol in self._held if symbol in self._facts}
        found: dict[str, Any] = msgspec.to_builtins(
            {
                "general": self._settings.general,
                "targets": dict(self._settings.targets),
                "signals": self._signals,
                "instruments": {
                    symbol: {"tick_size": each.tick_size, "tick_value_usd": each.tick_value_usd, "group": each.group}
                    for symbol, each in facts.items()
                },
                "calendars": self._editions,
            }
        )
        return found

    # --- wishes ---------------------------------------------------------------------------------------------------

    def _hear_requests(self, requests: CaptureRequests, at_us: int) -> Effects:
        self._forget({each.id for each in requests.waiting})
        known = {each for waiting in self._waiting.values() for each in waiting.requests} | self._answered
        return [
            effect for each in requests.waiting if each.id not in known for effect in self._hear_request(each, at_us)
        ]

    def _forget(self, waiting: Set[int]) -> None:
        """A wish that was withdrawn is not fulfilled, also by a desk that took it up before."""
        self._answered &= waiting
        for country, each in list(self._waiting.items()):
            each.requests = [request for request in each.requests if request in waiting]
            if each.kind is CaptureKind.MANUAL and not each.requests:
                del self._waiting[country]

    def _hear_request(self, request: CaptureRequest, at_us: int) -> Effects:
        market = self._settings.market(request.country)
        turn = self._opened(request.country, at_us)
        if market is None:
            return [self._answer(request.id, "", f"{request.country} is no market that the clock follows", at_us)]
        if not self._settings.general.capture_enabled:
            return [self._answer(request.id, "", "captures are switched off", at_us)]
        if turn is None:
            said = f"{market.display_name} is closed: a capture now would take the place of its next open"
            return [self._answer(request.id, "", said, at_us)]
        if (waiting := self._waiting.get(market.country)) is not None:
            waiting.requests.append(request.id)
            return NOTHING
        opened_us, day = turn.at_us, local_date(turn.at_us, market.timezone_name)
        if (reason := self._why_not(market, day)) is not None:
            return [self._answer(request.id, session_id(market.country, day), reason, at_us)]
        # Soon after the open it is the open's trade that is late; hours later it is one of its own.
        begin_us = opened_us if at_us - opened_us < min(LATE_US, market.window_us) else at_us
        waiting = Waiting(
            market.country, day, opened_us, at_us, at_us, begin_us + market.window_us, CaptureKind.MANUAL, at_us,
            at_us + LOOKS * LOOK_US, market.window_us, moves=True, requests=[request.id],
        )  # fmt: skip
        self._waiting[market.country] = waiting
        return self._look(waiting, at_us)

    def _answer(self, request_id: int, session: str, answer: str, at_us: int) -> RequestAnswered:
        self._answered.add(request_id)
        return RequestAnswered(request_id, session, answer[:300], at_us)

    # --- grading --------------------------------------------------------------------------------------------------

    def _all_graded(self) -> Iterable[Graded]:
        return (each for graded in self._graded.values() for each in graded)

    def _end(self, ended: Sequence[Graded]) -> Effects:
        """Tell how trades ended, unless people hold that back."""
        if not ended:
            return NOTHING
        effects = [_outcome(each) for each in ended]
        self._graded = {
            symbol: kept
            for symbol, graded in self._graded.items()
            if (kept := [each for each in graded if each.trade.resolution is None])
        }
        if self._settings.general.grading_enabled:
            return effects
        self._held_back += effects
        return NOTHING

    # --- what it remembers ----------------------------------------------------------------------------------------

    def state(self) -> State:
        return {
            **{symbol: _written(found) for symbol, found in self._held.items() if found is not None},
            "early": {symbol: [_written(each) for each in found] for symbol, found in self._early.items()},
            "suspect": sorted(self._suspect),
            "captured": msgspec.to_builtins(self._captured),
            "waiting": [msgspec.to_builtins(each) for each in self._waiting.values()],
            "graded": [msgspec.to_builtins(each) for each in self._all_graded()],
            "held_back": [msgspec.to_builtins(each) for each in self._held_back],
            "answered": sorted(self._answered),
            "ahead": [self._next_open_us, self._editions],
        }

    def restore(self, state: State) -> None:
        self._is_new = False
        parts = dict(state)
        self._early = {symbol: [_read(each) for each in kept] for symbol, kept in parts.pop("early").items()}
        self._suspect = set(parts.pop("suspect"))
        self._captured = msgspec.convert(parts.pop("captured"), dict[str, date])
        waiting = msgspec.convert(parts.pop("waiting"), list[Waiting])
        self._waiting = {each.country: each for each in waiting}
        self._graded = {}
        for each in msgspec.convert(parts.pop("graded"), list[Graded]):
            self._graded.setdefault(each.trade.entry.symbol, []).append(each)
        self._held_back = msgspec.convert(parts.pop("held_back"), list[OutcomeResolved])
        self._answered = set(parts.pop("answered"))
        self._next_open_us, self._editions = parts.pop("ahead")
        self._held |= {symbol: _read(kept) for symbol, kept in parts.items()}


def _outcome(each: Graded) -> OutcomeResolved:
    assert each.trade.resolution is not None
    name = session_id(each.country, each.trade_date)
    return OutcomeResolved(
        name, each.country, each.trade_date, each.symbol, each.captured_us, each.trade.resolution
    )  # fmt: skip


def _next_open_us(calendar: Calendar, after_us: int) -> int | None:
    turn = calendar.next_transition(after_us)
    if turn is not None and turn.kind is TransitionKind.CLOSE:
        turn = calendar.next_transition(turn.at_us)
    return None if turn is None else turn.at_us


def _written(found: tuple[Quote, str]) -> list[Any]:
    quote, entry_id = found
    return [msgspec.to_builtins(_bare(quote)), entry_id]


def _bare(quote: Quote) -> Quote:
    """Without what a source said besides: a capture keeps prices, sizes and the key."""
    return msgspec.structs.replace(quote, extra={}, meta={})


def _read(kept: Sequence[Any]) -> tuple[Quote, str]:
    return msgspec.convert(kept[0], Quote), kept[1]


def _alert(country: str) -> str:
    return f"capture_missed:{country}"


def _no_entry(country: str) -> str:
    return f"no_entry:{country}"
