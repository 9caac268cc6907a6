"""Signals at the desk: every good quote classifies its instrument, and TOTAL follows. A rule file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Final

from thor.instruments.instrument import BY_SYMBOL, InstrumentTable
from thor.markets.calendar import Calendar, GroupCalendars, Status
from thor.markets.trade_date import DEFAULT_GROUP, trade_date_span
from thor.quotes.quote import Quote
from thor.quotes.reactor import NOTHING, Config, Effect, Effects, Reactor, Row, State, price_of, price_text
from thor.signals.classification import Baseline, baseline, classify, stat_value
from thor.signals.composite import TOTAL, Composite, Missing, Standing, composite, signal_weight, total_signal
from thor.signals.config import SETTINGS, InstrumentSignals, Signal, SignalSettings

BEGINNING: Final = "0-0"
#: The part of the state that is no symbol's, beside TOTAL's.
ENDED: Final = "ended"
_CLOSED: Final = Status.CLOSED
#: What an edit can end.
_OF_CONFIG: Final = frozenset({Missing.NO_QUOTE, Missing.NO_BASELINE, Missing.NO_THRESHOLDS})


@dataclass(frozen=True, slots=True)
class SessionBaseline(Row):
    """What a source said of the session before, at a session's start; a correction adds another. Prices in points."""

    symbol: str
    trade_date: date
    source: str
    settlement: Decimal | None
    previous_close: Decimal | None
    open: Decimal | None
    from_stream_id: str
    at_us: int


@dataclass(frozen=True, slots=True)
class SignalChange(Row):
    """A signal became another at the entry ``entry_id``. ``symbol``: an instrument's or TOTAL; empty is no signal."""

    symbol: str
    at_us: int
    signal_from: str
    signal_to: str
    net_change: Decimal | None
    entry_id: str


@dataclass(frozen=True, slots=True)
class SignalDay(Row):
    """An instrument's signal as it stands on a trade date, after the session as it stood at its end."""

    key: ClassVar[tuple[str, ...]] = ("symbol", "trade_date")

    symbol: str
    trade_date: date
    baseline: Decimal | None
    baseline_from: str
    net_change: Decimal | None
    signal: str
    quotes: int
    updated_at_us: int


Said = tuple[Decimal | None, Decimal | None, Decimal | None]


class _Instrument:
    """What is known of one instrument of the board."""

    __slots__ = (
        "baseline", "calendar", "changed", "close", "counts", "day", "end_us", "group", "is_suspect", "last", "missing",
        "net_change", "open", "quotes", "said", "settings", "settlement", "signal", "source", "ts_us", "weight",
    )  # fmt: skip

    def __init__(self, settings: InstrumentSignals) -> None:
        self.settings = settings
        self.group = DEFAULT_GROUP
        self.calendar: Calendar | None = None
        self.source: str | None = None
        self.settlement: Decimal | None = None
        self.close: Decimal | None = None
        self.open: Decimal | None = None
        #: What each source said of the session before, the newest last.
        self.said: dict[str, Said] = {}
        self.baseline: Baseline | None = None
        self.last: Decimal | None = None
        self.net_change: Decimal | None = None
        self.signal: Signal | None = None
        self.ts_us = -1
        self.is_suspect = False
        self.day, self.end_us = date.min, 0
        self.quotes = 0
        self.changed = False
        self.missing: Missing | None = Missing.NO_QUOTE
        self.counts, self.weight = False, 0

    def begin(self, ts_us: int) -> None:
        """A trade date: what was said of the session before the last one says nothing of this."""
        span = trade_date_span(ts_us, self.group)
        self.day, self.end_us = span.trade_date, span.end_us
        self.source = None
        self.said = {}
        self.baseline = None
        self.quotes = 0

    def hear_baseline(self, quote: Quote) -> Said | None:
        """What the quote says of the session before, where that is news; what it leaves out stays as it was said."""
        self.source, self.settlement, self.close, self.open = quote.source, quote.settlement, quote.close, quote.open
        before = self.said.get(quote.source, (None, None, None))
        said = tuple(old if new is None else new for new, old in zip(_said(quote), before, strict=True))
        if said == before:
            return None
        self.said.pop(quote.source, None)
        self.said[quote.source] = found = (said[0], said[1], said[2])
        self.baseline = self._best()
        return found

    def _best(self) -> Baseline | None:
        """Of what the sources said: the newest with a settlement, else the newest with a close."""
        newest = [baseline(settlement, close) for settlement, close, _ in reversed(self.said.values())]
        found = [each for each in newest if each is not None]
        return next((each for each in found if each.source_field == "settlement"), found[0] if found else None)

    def classify(self) -> None:
        """Its signal, from what is known now; None where something is missing."""
        thresholds = self.settings.thresholds
        if self.last is None or self.baseline is None:
            self.net_change = self.signal = None
            return
        self.net_change = self.last - self.baseline.price
        self.signal = None if thresholds is None else classify(self.net_change, thresholds)

    def look(self, at_us: int, max_age_us: int) -> Missing | None:
        """Why it does not count at an instant."""
        if self.calendar is not None and self.calendar.status(at_us) is _CLOSED:
            return Missing.CLOSED
        if self.last is None:
            return Missing.NO_QUOTE
        if self.baseline is None:
            return Missing.NO_BASELINE
        if self.settings.thresholds is None:
            return Missing.NO_THRESHOLDS
        if at_us - self.ts_us > max_age_us:
            return Missing.SUSPECT if self.is_suspect else Missing.STALE
        return None

    def standing(self) -> Standing:
        thresholds = self.settings.thresholds
        has_value = self.signal is not None and thresholds is not None
        return Standing(
            self.settings.symbol,
            self.signal,
            self.missing,
            stat_value(self.signal, thresholds) if has_value and self.signal and thresholds else None,
            self.settings.contract_weight,
            self.settings.is_bear,
            None if self.ts_us < 0 else self.ts_us,
        )

    def row(self) -> SignalDay:
        return SignalDay(
            self.settings.symbol,
            self.day,
            self.baseline.price if self.baseline else None,
            self.baseline.source_field if self.baseline else "",
            self.net_change,
            self.signal or "",
            self.quotes,
            self.ts_us,
        )

    def state(self) -> list[Any]:
        said = [[source, *map(price_text, prices)] for source, prices in self.said.items()]
        return [
            [self.day.isoformat(), self.end_us], said, price_text(self.last), self.ts_us, self.is_suspect, self.quotes,
            self.signal, self.missing, self.counts, self.weight,
        ]  # fmt: skip

    def restore(self, state: Sequence[Any]) -> None:
        day, said, last, self.ts_us, self.is_suspect, self.quotes, signal, missing, self.counts, self.weight = state
        self.day, self.end_us = date.fromisoformat(day[0]), day[1]
        self.said = {source: (price_of(one), price_of(two), price_of(three)) for source, one, two, three in said}
        self.baseline = self._best()
        self.last = price_of(last)
        self.classify()
        self.signal = None if signal is None else Signal(signal)
        self.missing = None if missing is None else Missing(missing)
        self.changed = self.end_us > 0


class SignalReactor(Reactor):
    """Classifies the board's instruments and sums them up.

    Wakes as the first of them grows stale, as a product group's session turns, and every ten seconds at least.
    """

    name: ClassVar[str] = "signals"
    needs_quotes: ClassVar[bool] = True

    def __init__(self) -> None:
        self._settings: SignalSettings = SETTINGS
        self._weights: Mapping[Signal, int] = dict(SETTINGS.weights)
        self._instruments: dict[str, _Instrument] = {each.symbol: _Instrument(each) for each in SETTINGS.instruments}
        self._sum = self._count = 0
        self._total: Signal | None = None
        self._entry_id = BEGINNING
        self._due_us: int | None = None
        #: How instruments stood at the end of trade dates, until somebody asks for their rows.
        self._ended: list[list[Any]] = []

    # --- hearing --------------------------------------------------------------------------------------------------

    def on_quote(self, quote: Quote, entry_id: str, at_us: int) -> Effects:
        each = self._instruments.get(quote.symbol)
        if each is None:
            return NOTHING
        self._entry_id = entry_id
        each.changed = True
        each.is_suspect = False
        if (
            quote.last == each.last
            and quote.ts_us < each.end_us
            and each.missing is None
            and quote.close == each.close
            and quote.settlement == each.settlement
            and quote.source == each.source
            and quote.open == each.open
        ):
            # Nothing moved but the time.
            each.quotes += 1
            each.ts_us = quote.ts_us
            return NOTHING
        return self._moved(each, quote, entry_id, at_us)

    def _moved(self, each: _Instrument, quote: Quote, entry_id: str, at_us: int) -> Effects:
        effects: list[Effect] = []
        if quote.ts_us >= each.end_us:
            self._turn(each, quote.ts_us)
        each.quotes += 1
        each.ts_us = quote.ts_us
        each.last = quote.last
        if (
            quote.close != each.close
            or quote.settlement != each.settlement
            or quote.source != each.source
            or quote.open != each.open
        ):
            said = each.hear_baseline(quote)
            if said is not None:
                effects.append(SessionBaseline(quote.symbol, each.day, quote.source, *said, entry_id, at_us))
        self._classify(each, at_us, effects)
        each.missing = each.look(at_us, self._settings.total.max_quote_age_us)
        self._count_in(each)
        self._look_at_total(at_us, effects)
        return effects

    def _turn(self, each: _Instrument, ts_us: int) -> None:
        if each.end_us:
            self._ended.append([each.settings.symbol, each.state()])
        each.begin(ts_us)

    def _classify(self, each: _Instrument, at_us: int, effects: list[Effect]) -> None:
        before = each.signal
        each.classify()
        if each.signal is not before:
            symbol, changed = each.settings.symbol, (before or "", each.signal or "")
            effects.append(SignalChange(symbol, at_us, *changed, each.net_change, self._entry_id))

    def _count_in(self, each: _Instrument) -> None:
        """Keep the sum true without adding up all rows at each quote."""
        if each.counts:
            self._count -= 1
            self._sum -= each.weight
        each.counts = each.signal is not None and each.missing is None
        if each.counts and each.signal is not None:
            each.weight = signal_weight(each.signal, each.settings.is_bear, self._weights)
            self._count += 1
            self._sum += each.weight

    def _look_at_total(self, at_us: int, effects: list[Effect]) -> None:
        now, before = total_signal(self._sum, self._count, self._settings.total), self._total
        if now is not before:
            self._total = now
            effects.append(SignalChange(TOTAL, at_us, before or "", now, None, self._entry_id))

    def on_suspect(self, quote: Quote, entry_id: str, at_us: int) -> Effects:
        """The last good quote stays in force; when it has grown old, this is why."""
        del at_us
        if (each := self._instruments.get(quote.symbol)) is not None:
            self._entry_id = entry_id
            each.is_suspect = True
        return NOTHING

    def on_timer(self, at_us: int) -> Effects:
        return self._look_at_all(at_us)

    def on_start(self, statuses: Mapping[str, Status], at_us: int) -> Effects:
        del statuses
        return self._look_at_all(at_us) if self._due_us is None else NOTHING

    def next_timer_us(self) -> int | None:
        return self._due_us

    def on_config(self, config: Config, at_us: int) -> Effects:
        """Follow edited thresholds, weights and watch list, calendars and product groups."""
        settings = config.get(SignalSettings, self._settings)
        table = config.get(InstrumentTable)
        calendars = config.get(GroupCalendars)
        facts = BY_SYMBOL if table is None else table.by_symbol
        self._settings, self._weights = settings, dict(settings.weights)
        followed = self._instruments
        self._instruments = {}
        for own in settings.instruments:
            each = self._instruments[own.symbol] = followed.get(own.symbol) or _Instrument(own)
            each.settings = own
            each.group = facts[own.symbol].group if own.symbol in facts else DEFAULT_GROUP
            each.calendar = None if calendars is None else calendars.by_group.get(each.group)
        self._sum = sum(each.weight for each in self._instruments.values() if each.counts)
        self._count = sum(each.counts for each in self._instruments.values())
        effects: list[Effect] = []
        for each in self._instruments.values():
            self._classify(each, at_us, effects)
            # Whether it is stale or closed the timers say, so that a restart finds nobody older than he was.
            if each.signal is None or each.missing in _OF_CONFIG:
                each.missing = each.look(at_us, settings.total.max_quote_age_us)
            self._count_in(each)
        self._look_at_total(at_us, effects)
        if self._due_us is not None:
            self._due_us = min([self._due_us, *self._turns(at_us)])
        return effects

    def _turns(self, at_us: int) -> list[int]:
        """The next turn of each instrument's session."""
        calendars = {each.group: each.calendar for each in self._instruments.values() if each.calendar is not None}
        found = (calendar.next_transition(at_us) for calendar in calendars.values())
        return [turn.at_us for turn in found if turn is not None]

    def _look_at_all(self, at_us: int) -> Effects:
        """Who has grown stale, whose session has turned, and when to look next."""
        max_age_us = self._settings.total.max_quote_age_us
        effects: list[Effect] = []
        due_us = min([at_us + max_age_us, *self._turns(at_us)])
        for each in self._instruments.values():
            missing = each.look(at_us, max_age_us)
            if missing is not each.missing:
                each.missing = missing
                each.changed = each.end_us > 0
                self._count_in(each)
            if missing is None:
                due_us = min(due_us, each.ts_us + max_age_us + 1)
        self._look_at_total(at_us, effects)
        self._due_us = due_us
        return effects

    # --- what it says ---------------------------------------------------------------------------------------------

    @property
    def symbols(self) -> Sequence[str]:
        """The board's instruments, in its order."""
        return tuple(self._instruments)

    @property
    def settings(self) -> SignalSettings:
        return self._settings

    def standing(self, symbol: str) -> Standing:
        """How an instrument of the board stands. Raises KeyError for another."""
        return self._instruments[symbol].standing()

    def last(self, symbol: str) -> Decimal | None:
        """An instrument's last price in force, in points."""
        return self._instruments[symbol].last

    def net_change(self, symbol: str) -> tuple[Decimal | None, Baseline | None]:
        """An instrument's net change in points, and what it is measured from."""
        each = self._instruments[symbol]
        return each.net_change, each.baseline

    def weight(self, symbol: str) -> int | None:
        """What an instrument's signal weighs in the sum, whether it counts or not; None without a signal."""
        each = self._instruments[symbol]
        return None if each.signal is None else signal_weight(each.signal, each.settings.is_bear, self._weights)

    def trade_date(self, symbol: str) -> date | None:
        """Of an instrument's newest good quote."""
        each = self._instruments[symbol]
        return each.day if each.end_us else None

    def composite(self) -> Composite:
        """TOTAL as it stands."""
        return composite([each.standing() for each in self._instruments.values()], self._settings)

    def rows(self) -> Sequence[Row]:
        changed = [each for each in self._instruments.values() if each.changed and each.end_us]
        found = [each.row() for each in (*(_restored(*kept) for kept in self._ended), *changed)]
        for each in self._instruments.values():
            each.changed = False
        self._ended = []
        return found

    def state(self) -> State:
        known = {symbol: each.state() for symbol, each in self._instruments.items() if each.end_us}
        return {**known, TOTAL: [self._total, self._entry_id, self._due_us], ENDED: self._ended}

    def restore(self, state: State) -> None:
        for symbol, kept in state.items():
            if symbol == TOTAL:
                total, self._entry_id, self._due_us = kept
                self._total = None if total is None else Signal(total)
                continue
            if symbol == ENDED:
                self._ended = list(kept)
                continue
            followed = self._instruments.get(symbol)
            each = self._instruments[symbol] = _restored(symbol, kept)
            if followed is not None:
                each.settings = followed.settings


def _restored(symbol: str, kept: Sequence[Any]) -> _Instrument:
    each = _Instrument(InstrumentSignals(symbol, None, Decimal(1), False))
    each.restore(kept)
    return each


def _said(quote: Quote) -> Said:
    return quote.settlement, quote.close, quote.open
