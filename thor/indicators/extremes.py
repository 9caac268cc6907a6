"""Highest and lowest of every trade date, of the last 364 days and of all time (SPEC 9). A rule file.

A symbol's range of the trade date moves with every good last. The 52 weeks' high is the highest of what is known:

- the ranges of the trade dates of the last 364 days, each remembered as its date ends: when one expires, the next
  highest takes its place;
- the range of the trade date that runs. While no control market is open the 52 weeks stand still: it counts again as
  one opens, as its date ends, or as a seed or the sheet says something new;
- the seed, which a person or a command gave: taken once, no day before counts for more than it says. One with a date
  expires as the days do, but not before a whole year of them is remembered; one without a date stays until another;
- what the source's sheet says of its own 52 weeks, without a date, for as long as it says it.

The all-time high is the highest that the 52 weeks ever had, or the seed's. The low mirrors all of it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Final, NamedTuple

from thor.instruments.instrument import BY_SYMBOL, InstrumentFacts, InstrumentTable
from thor.markets.calendar import Status, TransitionKind
from thor.markets.market import MARKETS, ControlMarkets
from thor.markets.trade_date import DEFAULT_GROUP, trade_date_span
from thor.markets.transition import MarketTransition
from thor.quotes.quote import Quote
from thor.quotes.reactor import NOTHING, Config, Effects, Reactor, Row, State, price_of, price_text

#: An extreme of a day older than this has expired; one of exactly this age has not.
WINDOW: Final = timedelta(days=364)
#: Where a source's sheet says its own 52 weeks.
SHEET_HIGH, SHEET_LOW = "high52w", "low52w"
DEFAULT_INTERVAL_US: Final = 60_000_000
#: What the columns hold of what a sheet says.
_MOST_DIGITS: Final = 12
_MOST_PLACES: Final = 6
#: Behind the symbol: the part of the state that holds its days.
_DAYS: Final = ":days"

Known = tuple[Decimal, date | None]


class Day(NamedTuple):
    """A trade date's range."""

    day: date
    high: Decimal
    low: Decimal


@dataclass(frozen=True, slots=True)
class DailyRange(Row):
    """A trade date's range and newest last, in points."""

    key: ClassVar[tuple[str, ...]] = ("symbol", "trade_date")

    symbol: str
    trade_date: date
    high: Decimal
    low: Decimal
    last: Decimal


@dataclass(frozen=True, slots=True)
class Rolling52WeekStats(Row):
    """A symbol's extremes with their trade dates (None: not known), as of the ``last_price_checked``, which is None
    before the first price."""

    key: ClassVar[tuple[str, ...]] = ("symbol",)

    symbol: str
    high_52w: Decimal
    high_52w_date: date | None
    low_52w: Decimal
    low_52w_date: date | None
    last_price_checked: Decimal | None
    all_time_high: Decimal
    all_time_high_date: date | None
    all_time_low: Decimal
    all_time_low_date: date | None
    last_updated_us: int


@dataclass(frozen=True, slots=True)
class Seed:
    """What a person or a command says the extremes are; ``id`` rises from one to the next."""

    id: int
    high: Known
    low: Known
    all_time_high: Known | None = None
    all_time_low: Known | None = None


@dataclass(frozen=True, slots=True)
class ExtremesSeeds:
    """The newest seed of each symbol: what a desk is told."""

    by_symbol: Mapping[str, Seed] = field(default_factory=dict)


class Side:
    """The high, or the low: ``beats(a, b)`` says whether a is the more extreme, ``of`` gives a day's.

    ``held`` is that of the 52 weeks, ``all_time`` that of all time; ``seed`` and ``sheet`` are what was said.
    """

    __slots__ = ("all_time", "beats", "held", "of", "seed", "sheet")

    def __init__(self, beats: Callable[[Decimal, Decimal], bool], of: Callable[[Day], Decimal]) -> None:
        self.beats, self.of = beats, of
        self.held: Known | None = None
        self.all_time: Known | None = None
        self.seed: Known | None = None
        self.sheet: Decimal | None = None

    def take(self, price: Decimal, day: date) -> bool:
        """A price of a trade date. True when it is an extreme; of equals one with a date is better than one without."""
        held = self.held
        if held is not None and not self.beats(price, held[0]) and (price != held[0] or held[1] is not None):
            return False
        self._hold((price, day))
        return True

    def look(self, days: Iterable[Day]) -> bool:
        """Find the extreme anew among the days, the seed and the sheet; of equals the oldest date. True when it is
        another."""
        before, found = self.held, None
        for known in self._all(days):
            if found is None or self.beats(known[0], found[0]):
                found = known
        self.held = found
        if found is not None:
            self._hold(found)
        return found != before

    def _all(self, days: Iterable[Day]) -> Iterator[Known]:
        """Everything known: the seed's date is older than the days', and those without a date come last."""
        if self.seed is not None and self.seed[1] is not None:
            yield self.seed
        for each in days:
            yield self.of(each), each.day
        if self.seed is not None and self.seed[1] is None:
            yield self.seed
        if self.sheet is not None:
            yield self.sheet, None

    def _hold(self, known: Known) -> None:
        self.held = known
        if self.all_time is None or self.beats(known[0], self.all_time[0]):
            self.all_time = known

    def sow(self, seed: Known, all_time: Known | None) -> None:
        """A new seed: what the sheet said before is forgotten."""
        self.seed, self.sheet = seed, None
        if all_time is not None:
            self.all_time = all_time

    def expire(self, oldest: date) -> None:
        """The seed no longer counts when it is of a day before the oldest."""
        if self.seed is not None and self.seed[1] is not None and self.seed[1] < oldest:
            self.seed = None

    def state(self) -> list[Any]:
        return [_written(self.held), _written(self.all_time), _written(self.seed), price_text(self.sheet)]

    def restore(self, state: Sequence[Any]) -> None:
        held, all_time, seed, sheet = state
        self.held, self.all_time, self.seed, self.sheet = _read(held), _read(all_time), _read(seed), price_of(sheet)


def highs() -> Side:
    """The high's side, of nothing yet."""
    return Side(operator.gt, lambda day: day.high)


def lows() -> Side:
    """The low's side, of nothing yet."""
    return Side(operator.lt, lambda day: day.low)


class _Watched:
    """A symbol: its trade date's range (``last`` None: it has none yet), the days before it, and both sides."""

    __slots__ = (
        "changed", "checked", "checked_us", "day", "days", "end_us", "ended", "extra", "group", "high", "highs", "kept",
        "last", "low", "lows", "moved", "seed_id", "since", "symbol", "updated_us",
    )  # fmt: skip

    def __init__(self, symbol: str, facts: InstrumentFacts | None) -> None:
        self.symbol = symbol
        self.group = DEFAULT_GROUP if facts is None else facts.group
        self.day = date.min
        self.end_us = self.checked_us = self.updated_us = self.seed_id = 0
        self.last: Decimal | None = None
        self.high = self.low = Decimal(0)
        #: The last that was held against the extremes, as the row says it.
        self.checked: Decimal | None = None
        #: The trade dates that ended, oldest first: another list whenever it changes, as JSON in ``kept``.
        self.days: list[Day] = []
        self.kept: list[Any] = []
        #: The first trade date that was ever heard.
        self.since: date | None = None
        self.highs, self.lows = highs(), lows()
        self.extra: Mapping[str, Any] | None = None
        #: Days whose last row was not asked for yet; whether the range, or the extremes, have moved since it was.
        self.ended: list[tuple[Day, Decimal]] = []
        self.changed = self.moved = False

    def turn(self, ts_us: int) -> None:
        """A trade date begins with its first last: the one before it is a day, and what is too old expires."""
        span = trade_date_span(ts_us, self.group)
        oldest = span.trade_date - WINDOW
        days = [each for each in self._all_days() if each.day >= oldest]
        if self.last is not None:
            self.ended.append((self._range(), self.last))
        self.day, self.end_us, self.last = span.trade_date, span.end_us, None
        self.since = self.since or self.day
        self._keep(days)
        if self.since <= oldest:
            self.highs.expire(oldest)
            self.lows.expire(oldest)
        self.look(ts_us)

    def stretch(self, last: Decimal, *, monitored: bool) -> bool:
        """The first last of a trade date, or one outside its range. True when it is an extreme of 52 weeks: these begin
        with the first price ever, whichever market is open."""
        if self.last is None:
            self.high = self.low = last
        self.high, self.low = max(self.high, last), min(self.low, last)
        if not (monitored or self.highs.held is None or self.lows.held is None):
            return False
        high, low = self.highs.take(last, self.day), self.lows.take(last, self.day)
        return high or low

    def check(self, last: Decimal, ts_us: int) -> None:
        """The last that the row says from now on."""
        self.checked, self.moved = last, True
        self.checked_us = self.updated_us = ts_us

    def look(self, at_us: int) -> None:
        """Find both extremes anew."""
        days = self._all_days()
        high, low = self.highs.look(days), self.lows.look(days)
        if high or low:
            self.moved, self.updated_us = True, at_us

    def read_sheet(self, extra: Mapping[str, Any], ts_us: int) -> None:
        """A quote's extra fields are other ones than before."""
        self.extra = extra
        high, low = _price(extra.get(SHEET_HIGH)), _price(extra.get(SHEET_LOW))
        if (high is None or high == self.highs.sheet) and (low is None or low == self.lows.sheet):
            return
        self.highs.sheet = self.highs.sheet if high is None else high
        self.lows.sheet = self.lows.sheet if low is None else low
        self.look(ts_us)

    def sow(self, seed: Seed, at_us: int) -> None:
        """What the seed says is so up to now: no day before counts for more."""
        self.seed_id, self.extra = seed.id, None
        self.highs.sow(seed.high, seed.all_time_high)
        self.lows.sow(seed.low, seed.all_time_low)
        high, low = seed.high[0], seed.low[0]
        self._keep([Day(each.day, min(each.high, high), max(each.low, low)) for each in self.days])
        self.look(at_us)
        self.moved, self.updated_us = True, at_us

    def _all_days(self) -> list[Day]:
        return self.days if self.last is None else [*self.days, self._range()]

    def _range(self) -> Day:
        return Day(self.day, self.high, self.low)

    def _keep(self, days: list[Day]) -> None:
        self.days = days
        self.kept = [_day_written(each) for each in days]

    def ranges(self) -> Iterator[Row]:
        """The range's row, and those of days that ended since this was last asked."""
        for ended, last in self.ended:
            yield DailyRange(self.symbol, *ended, last)
        if self.last is not None and self.changed:
            yield DailyRange(self.symbol, *self._range(), self.last)
        self.ended, self.changed = [], False

    def stats(self) -> Iterator[Row]:
        """The extremes' row, where they have moved since this was last asked."""
        highs, lows = self.highs, self.lows
        if self.moved and highs.held and highs.all_time and lows.held and lows.all_time:
            yield Rolling52WeekStats(
                self.symbol, *highs.held, *lows.held, self.checked, *highs.all_time, *lows.all_time, self.updated_us
            )
        self.moved = False

    def state(self) -> list[Any]:
        last = None if self.last is None else [str(self.last), str(self.high), str(self.low)]
        ended = [[*_day_written(each), str(price)] for each, price in self.ended]
        since = None if self.since is None else self.since.isoformat()
        checked = [price_text(self.checked), self.checked_us, self.updated_us, self.seed_id]
        return [self.day.isoformat(), self.end_us, last, since, ended, checked, self.highs.state(), self.lows.state()]

    def restore(self, state: Sequence[Any], days: Sequence[Any]) -> None:
        day, self.end_us, last, since, ended, told, highs, lows = state
        checked, self.checked_us, self.updated_us, self.seed_id = told
        self.day, self.checked = date.fromisoformat(day), price_of(checked)
        self.since = None if since is None else date.fromisoformat(since)
        if last is not None:
            self.last, self.high, self.low = map(Decimal, last)
        self.ended = [(_day_read(each[:3]), Decimal(each[3])) for each in ended]
        self.highs.restore(highs)
        self.lows.restore(lows)
        self._keep([_day_read(each) for each in days])
        self.changed = self.moved = True


class ExtremesReactor(Reactor):
    """Keeps every instrument's ranges. ``is_on``: the 52 weeks too. While nothing moves them, the last that was checked
    is told every ``interval_us`` or later."""

    name: ClassVar[str] = "extremes"

    def __init__(self, *, is_on: bool = True, interval_us: int = DEFAULT_INTERVAL_US) -> None:
        self._is_on, self._interval_us = is_on, interval_us
        self._facts: Mapping[str, InstrumentFacts] = BY_SYMBOL
        self._control = frozenset(each.country for each in MARKETS if each.weight)
        self._open: set[str] = set()
        self._monitored = False
        self._watched: dict[str, _Watched] = {}

    def on_config(self, config: Config, at_us: int) -> Effects:
        if isinstance(table := config.get(InstrumentTable), InstrumentTable):
            self._follow(table.by_symbol)
        if isinstance(control := config.get(ControlMarkets), ControlMarkets):
            self._control = control.countries
            self._look(at_us)
        if isinstance(seeds := config.get(ExtremesSeeds), ExtremesSeeds):
            for symbol, seed in sorted(seeds.by_symbol.items()):
                self._sow(symbol, seed, at_us)
        return NOTHING

    def on_start(self, statuses: Mapping[str, Status], at_us: int) -> Effects:
        self._open = {market for market, status in statuses.items() if status is Status.OPEN}
        self._look(at_us)
        return NOTHING

    def on_transition(self, transition: MarketTransition) -> Effects:
        if transition.kind is TransitionKind.OPEN:
            self._open.add(transition.market)
        else:
            self._open.discard(transition.market)
        self._look(transition.at_us)
        return NOTHING

    def on_quote(self, quote: Quote, _entry_id: str, _at_us: int) -> Effects:
        each = self._watched.get(quote.symbol)
        if each is None:
            each = self._watch(quote.symbol)
            if each is None:
                return NOTHING
        last = quote.last
        if last is not None:
            if quote.ts_us >= each.end_us:
                each.turn(quote.ts_us)
            if last is not each.last and last != each.last:
                due = self._monitored and quote.ts_us - each.checked_us >= self._interval_us
                if each.last is None or not each.low <= last <= each.high:
                    due = each.stretch(last, monitored=self._monitored) or due
                each.last = last
                each.changed = True
                if due:
                    each.check(last, quote.ts_us)
        if quote.extra is not each.extra:
            each.read_sheet(quote.extra, quote.ts_us)
        return NOTHING

    def view(self, symbol: str) -> tuple[Decimal, date | None, Decimal, date | None] | None:
        """(high, its date, low, its date) of the 52 weeks; None where nothing is known, or when they are off."""
        each = self._watched.get(symbol)
        if each is None or not self._is_on or each.highs.held is None or each.lows.held is None:
            return None
        return (*each.highs.held, *each.lows.held)

    def session(self, symbol: str) -> tuple[Decimal, Decimal] | None:
        """(high, low) of the trade date."""
        each = self._watched.get(symbol)
        return None if each is None or each.last is None else (each.high, each.low)

    def day_range(self, symbol: str, quote: Quote | None) -> tuple[Decimal | None, Decimal | None]:
        """(high, low) of the trade date: of the good lasts, and of what its newest quote says of the session. The desk
        may have heard the end of it only."""
        high, low = self.session(symbol) or (None, None)
        if quote is not None:
            high = max((each for each in (high, quote.high) if each is not None), default=None)
            low = min((each for each in (low, quote.low) if each is not None), default=None)
        return high, low

    def rows(self) -> Sequence[Row]:
        watched = [each for _, each in sorted(self._watched.items())]
        found = [row for each in watched for row in each.ranges()]
        return [*found, *(row for each in watched for row in each.stats())] if self._is_on else found

    def state(self) -> State:
        found: dict[str, Any] = {symbol: each.state() for symbol, each in self._watched.items()}
        return found | {symbol + _DAYS: each.kept for symbol, each in self._watched.items()}

    def restore(self, state: State) -> None:
        for symbol in [part for part in state if not part.endswith(_DAYS)]:
            each = self._watched[symbol] = _Watched(symbol, self._facts.get(symbol))
            each.restore(state[symbol], state[symbol + _DAYS])

    def _follow(self, facts: Mapping[str, InstrumentFacts]) -> None:
        self._facts = facts
        for symbol, each in self._watched.items():
            if symbol in facts:
                each.group = facts[symbol].group

    def _watch(self, symbol: str) -> _Watched | None:
        """A symbol from now on; None for what is no instrument."""
        if symbol in self._facts:
            self._watched[symbol] = _Watched(symbol, self._facts[symbol])
        return self._watched.get(symbol)

    def _sow(self, symbol: str, seed: Seed, at_us: int) -> None:
        each = self._watched.get(symbol) or self._watch(symbol)
        if each is not None and seed.id > each.seed_id:
            each.sow(seed, at_us)

    def _look(self, at_us: int) -> None:
        """Whether a control market is open. Where one is, what happened before counts."""
        self._monitored = not self._control.isdisjoint(self._open)
        if self._monitored:
            for each in self._watched.values():
                each.look(at_us)


def _price(value: object) -> Decimal | None:
    """What a sheet says, where it can be a price."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not value:
        return None
    price = Decimal(value)
    exponent = price.as_tuple().exponent
    fits = isinstance(exponent, int) and exponent >= -_MOST_PLACES and price.adjusted() < _MOST_DIGITS
    return price if fits else None


def _written(known: Known | None) -> list[Any] | None:
    return None if known is None else [str(known[0]), None if known[1] is None else known[1].isoformat()]


def _read(kept: Sequence[Any] | None) -> Known | None:
    return None if kept is None else (Decimal(kept[0]), None if kept[1] is None else date.fromisoformat(kept[1]))


def _day_written(each: Day) -> list[str]:
    return [each.day.isoformat(), str(each.high), str(each.low)]


def _day_read(kept: Sequence[str]) -> Day:
    day, high, low = kept
    return Day(date.fromisoformat(day), Decimal(high), Decimal(low))
