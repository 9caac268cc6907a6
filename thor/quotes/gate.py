"""The quality gate: which quotes may move a number (SPEC 6). A rule file.

A suspect quote is stored and shown, but the last good one stays in force:

- ``crossed``: its bid is above its ask;
- ``zero``, ``negative``: one of its prices is 0, or below where the instrument's price cannot be;
- ``spike``: its last, bid or ask is further than the instrument's limit from the last good one;
- ``out_of_order``: it is older than the last good one;
- ``stale``: it was more than ten seconds old when it came.

Three spikes in a row that agree with each other within the limit are a new level: the third is good.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Final

from thor.instruments.instrument import BY_SYMBOL, InstrumentFacts, InstrumentTable
from thor.markets.trade_date import DEFAULT_GROUP, trade_date_span
from thor.quotes.quote import Quote
from thor.quotes.reactor import NOTHING, Config, Effects, Reactor, Row, State, price_of, price_text

CROSSED, ZERO, NEGATIVE, SPIKE, OUT_OF_ORDER, STALE = "crossed", "zero", "negative", "spike", "out_of_order", "stale"
REASONS: Final = (CROSSED, ZERO, NEGATIVE, SPIKE, OUT_OF_ORDER, STALE)
#: A quote that was older than this as it came says nothing of now: as old as a capture takes one at most (SPEC 8).
MAX_AGE_US: Final = 10_000_000
#: So many spikes that agree make a level.
AGREEING: Final = 3
#: Of a symbol that is no instrument (any more).
DEFAULT_LIMIT_PCT: Final = Decimal(5)
ATR_BARS: Final = 14
MINUTE_US: Final = 60_000_000
_HUNDRED: Final = Decimal(100)
#: The part of the state that is no symbol's.
ENDED: Final = "ended"
_ZERO: Final = Decimal(0)
_UNLIMITED: Final = Decimal(10) ** 13

NONE: Final[tuple[str, ...]] = ()

Prices = tuple[Decimal | None, Decimal | None, Decimal | None]


@dataclass(frozen=True, slots=True)
class QuoteQuality(Row):
    """How many quotes of a symbol's trade date were good, and how many suspect for which reason.

    A quote with two reasons counts under both, and once in ``suspect``. ``levels``: new levels that spikes made."""

    key: ClassVar[tuple[str, ...]] = ("symbol", "trade_date")

    symbol: str
    trade_date: date
    good: int
    suspect: int
    crossed: int
    zero: int
    negative: int
    spike: int
    out_of_order: int
    stale: int
    levels: int
    last_suspect_us: int | None
    last_reasons: str


class AverageTrueRange:
    """Wilder's true range of one-minute bars of ``last``, as a plain mean of the newest 14 bars; None before."""

    __slots__ = ("_close", "_high", "_low", "_minute", "_ranges")

    def __init__(self) -> None:
        self._minute = -1
        self._high = self._low = self._close = _ZERO
        self._ranges: deque[Decimal] = deque(maxlen=ATR_BARS)

    @property
    def value(self) -> Decimal | None:
        return self.times(Decimal(1))

    def times(self, factor: Decimal) -> Decimal | None:
        """So many average true ranges. Divided last: a price just at such a limit is at it, to the last digit."""
        return sum(self._ranges, _ZERO) * factor / ATR_BARS if len(self._ranges) == ATR_BARS else None

    def hear(self, last: Decimal, at_us: int) -> bool:
        """A last price. True when a bar was closed by it."""
        minute = at_us // MINUTE_US
        if minute <= self._minute:
            self._high, self._low, self._close = max(self._high, last), min(self._low, last), last
            return False
        is_first, before = self._minute < 0, self._close
        if not is_first:
            self._ranges.append(self._high - self._low)
        # The next bar's true range reaches to the close before it.
        self._high, self._low = (last, last) if is_first else (max(before, last), min(before, last))
        self._minute, self._close = minute, last
        return not is_first

    def state(self) -> list[Any]:
        return [self._minute, str(self._high), str(self._low), str(self._close), [str(each) for each in self._ranges]]

    def restore(self, state: Sequence[Any]) -> None:
        self._minute, high, low, close, ranges = state
        self._high, self._low, self._close = Decimal(high), Decimal(low), Decimal(close)
        self._ranges = deque((Decimal(each) for each in ranges), maxlen=ATR_BARS)


class SymbolGate:
    """The gate of one symbol. :meth:`judge` says what is wrong with a quote; nothing: it is good, and in force."""

    __slots__ = (
        "_ask", "_bid", "_calm_high", "_calm_low", "_doubted", "_floor", "_last", "_limit_atr", "_limit_share",
        "_limit_ticks", "_may_be_negative", "_ts_us", "atr", "levels",
    )  # fmt: skip

    def __init__(self, facts: InstrumentFacts | None) -> None:
        self._last: Decimal | None = None
        self._bid: Decimal | None = None
        self._ask: Decimal | None = None
        self._ts_us = -1
        self._doubted: list[Prices] = []
        self.atr: AverageTrueRange | None = None
        self.levels = 0
        self.follow(facts)

    def follow(self, facts: InstrumentFacts | None) -> None:
        """What people set of the instrument."""
        percent = DEFAULT_LIMIT_PCT if facts is None else facts.spike_limit_pct
        self._limit_share = None if percent is None else percent / _HUNDRED
        self._floor = _ZERO if facts is None else facts.tick_size
        ticks = None if facts is None else facts.spike_limit_ticks
        self._limit_ticks = None if facts is None or ticks is None else ticks * facts.tick_size
        self._limit_atr = None if facts is None else facts.spike_limit_atr
        self._may_be_negative = facts is not None and facts.may_be_negative
        if self._limit_atr is not None and self.atr is None:
            self.atr = AverageTrueRange()
        self._calm(None)

    def judge(self, quote: Quote, at_us: int) -> tuple[str, ...]:
        """Why a quote that came at ``at_us`` is suspect; no reasons for a good one, which is in force then."""
        last, bid, ask = quote.last, quote.bid, quote.ask
        if (
            last is not None
            and bid is not None
            and ask is not None
            and self._calm_low <= bid <= ask <= self._calm_high
            and self._calm_low <= last <= self._calm_high
            and self._ts_us <= quote.ts_us
            and at_us - quote.ts_us <= MAX_AGE_US
        ):
            # In the band nothing can be wrong, whichever good price was the newest.
            self._last, self._bid, self._ask, self._ts_us = last, bid, ask, quote.ts_us
            if self._doubted:
                self._doubted.clear()
            if self.atr is not None and self.atr.hear(last, at_us):
                self._calm(last)
            return NONE
        return self._judge(quote, at_us)

    def _judge(self, quote: Quote, at_us: int) -> tuple[str, ...]:
        reasons = self._plain_reasons(quote, at_us)
        prices = (quote.last, quote.bid, quote.ask)
        if reasons:
            self._doubted = []
        if not self._agree(prices, self._good()):
            if reasons or not self._makes_level(prices):
                return (*reasons, SPIKE)
            self.levels += 1
            self._last = self._bid = self._ask = None
        if reasons:
            return tuple(reasons)
        self._doubted = []
        self._take(quote, at_us)
        return NONE

    def _plain_reasons(self, quote: Quote, at_us: int) -> list[str]:
        """Those that need no other quote's price."""
        prices = [price for price in (quote.last, quote.bid, quote.ask) if price is not None]
        found = []
        if quote.bid is not None and quote.ask is not None and quote.bid > quote.ask:
            found.append(CROSSED)
        if any(price == 0 for price in prices):
            found.append(ZERO)
        if not self._may_be_negative and any(price < 0 for price in prices):
            found.append(NEGATIVE)
        if quote.ts_us < self._ts_us:
            found.append(OUT_OF_ORDER)
        if at_us - quote.ts_us > MAX_AGE_US:
            found.append(STALE)
        return found

    def _good(self) -> Prices:
        return self._last, self._bid, self._ask

    def _is_near(self, price: Decimal | None, good: Decimal | None) -> bool:
        return price is None or good is None or abs(price - good) <= self.limit(good)

    def limit(self, good: Decimal) -> Decimal:
        """How far from a good price another may be, in points: the percentage, or where limits in ticks and in average
        true ranges are set the wider of these two, if that is less. Never less than a tick."""
        limit = _UNLIMITED if self._limit_share is None else abs(good) * self._limit_share
        own = [each for each in (self._limit_ticks, self._atr_limit()) if each is not None]
        if own:
            limit = min(limit, max(own))
        return max(limit, self._floor)

    def _atr_limit(self) -> Decimal | None:
        return None if self.atr is None or self._limit_atr is None else self.atr.times(self._limit_atr)

    def _makes_level(self, prices: Prices) -> bool:
        """This spike and those before it in a row agree, and are enough."""
        if not all(self._agree(prices, other) for other in self._doubted):
            self._doubted = []
        self._doubted.append(prices)
        return len(self._doubted) >= AGREEING

    def _agree(self, one: Prices, other: Prices) -> bool:
        return all(self._is_near(price, there) for price, there in zip(one, other, strict=True))

    def _take(self, quote: Quote, at_us: int) -> None:
        """It is in force; a price that it does not know stays as it was."""
        self._last = self._last if quote.last is None else quote.last
        self._bid = self._bid if quote.bid is None else quote.bid
        self._ask = self._ask if quote.ask is None else quote.ask
        self._ts_us = quote.ts_us
        if self.atr is not None and quote.last is not None:
            self.atr.hear(quote.last, at_us)
        self._calm(quote.last or quote.bid or quote.ask)

    def _calm(self, around: Decimal | None) -> None:
        """A band around a good price, so narrow that any two prices in it are near each other, and that holds the good
        ones: within it nothing needs to be compared. Empty where it cannot be said."""
        self._calm_low, self._calm_high = Decimal(1), _ZERO
        if around is None or around <= 0:
            return
        half = self.limit(around) / 3
        low, high = around - half, around + half
        goods = [price for price in self._good() if price is not None]
        # At the band's lower end the percentage is of a smaller price: a third on each side leaves room for that.
        if low > 0 and all(low <= price <= high for price in goods):
            self._calm_low, self._calm_high = low, high

    def state(self) -> list[Any]:
        prices = [_texts((self._last, self._bid, self._ask)), self._ts_us, [_texts(each) for each in self._doubted]]
        return [*prices, self.levels, None if self.atr is None else self.atr.state()]

    def restore(self, state: Sequence[Any]) -> None:
        good, self._ts_us, doubted, self.levels, atr = state
        self._last, self._bid, self._ask = _prices(good)
        self._doubted = [_prices(each) for each in doubted]
        if atr is not None:
            self.atr = AverageTrueRange()
            self.atr.restore(atr)


class _Watched:
    """A symbol's gate, and what was counted of its trade date."""

    __slots__ = (
        "changed", "counts", "day", "end_us", "facts", "gate", "good", "last_reasons", "last_suspect_us", "levels",
        "reasons", "start_us", "suspect", "symbol",
    )  # fmt: skip

    def __init__(self, symbol: str, facts: InstrumentFacts | None) -> None:
        self.symbol, self.facts, self.gate = symbol, facts, SymbolGate(facts)
        self.reasons: tuple[str, ...] = NONE
        self.changed = False
        self.begin(date.min, 0, 0)

    def follow(self, facts: InstrumentFacts | None) -> None:
        """What people set of the instrument."""
        self.facts = facts
        self.gate.follow(facts)

    def begin(self, day: date, start_us: int, end_us: int) -> None:
        """Count a trade date from nothing."""
        self.day, self.start_us, self.end_us = day, start_us, end_us
        self.good = self.suspect = self.levels = 0
        self.counts = dict.fromkeys(REASONS, 0)
        self.last_suspect_us: int | None = None
        self.last_reasons = ""

    def row(self) -> QuoteQuality:
        return QuoteQuality(
            symbol=self.symbol,
            trade_date=self.day,
            good=self.good,
            suspect=self.suspect,
            **self.counts,
            levels=self.levels + self.gate.levels,
            last_suspect_us=self.last_suspect_us,
            last_reasons=self.last_reasons,
        )

    def state(self) -> list[Any]:
        counted = [self.good, self.suspect, self.levels, self.counts, self.last_suspect_us, self.last_reasons]
        return [self.gate.state(), list(self.reasons), [self.day.isoformat(), self.start_us, self.end_us], counted]

    def restore(self, state: Sequence[Any]) -> None:
        gate, reasons, (day, start_us, end_us), counted = state
        self.gate.restore(gate)
        self.reasons = tuple(reasons)
        self.begin(date.fromisoformat(day), start_us, end_us)
        self.good, self.suspect, self.levels, self.counts, self.last_suspect_us, self.last_reasons = counted
        self.changed = True


class Gate(Reactor):
    """Every symbol's gate, and the count of what came through. :meth:`suspects` before anything else hears a quote."""

    name: ClassVar[str] = "gate"

    def __init__(self) -> None:
        self._facts: Mapping[str, InstrumentFacts] = BY_SYMBOL
        self._watched: dict[str, _Watched] = {}
        #: What was counted of trade dates that are over, until somebody asks for their rows.
        self._ended: list[list[Any]] = []

    def on_config(self, config: Config, at_us: int) -> Effects:
        """Follow edited limits."""
        del at_us
        table = config.get(InstrumentTable)
        if isinstance(table, InstrumentTable):
            self._facts = table.by_symbol
            for symbol, each in self._watched.items():
                each.follow(self._facts.get(symbol))
        return NOTHING

    def suspects(self, quote: Quote, at_us: int) -> bool:
        """Judge and count a quote. True: nothing may be moved by it; :meth:`reasons` says why."""
        each = self._watched.get(quote.symbol)
        if each is None:
            each = self._watched[quote.symbol] = _Watched(quote.symbol, self._facts.get(quote.symbol))
        reasons = each.gate.judge(quote, at_us)
        if quote.ts_us >= each.end_us:
            self._turn(each, quote.ts_us)
        each.changed = True
        each.reasons = reasons
        if not reasons:
            each.good += 1
            return False
        each.suspect += 1
        for reason in reasons:
            each.counts[reason] += 1
        each.last_suspect_us, each.last_reasons = quote.ts_us, ",".join(reasons)
        return True

    def reasons(self, symbol: str) -> tuple[str, ...]:
        """What is wrong with a symbol's newest quote; nothing with a good one."""
        each = self._watched.get(symbol)
        return NONE if each is None else each.reasons

    def suspects_today(self, symbol: str) -> int:
        """How many suspect quotes a symbol's trade date had."""
        each = self._watched.get(symbol)
        return 0 if each is None else each.suspect

    def _turn(self, each: _Watched, ts_us: int) -> None:
        """The first quote of a trade date: the one before it is counted to its end. An older quote turns nothing."""
        if each.changed and each.end_us:
            self._ended.append([each.symbol, each.state()])
        span = trade_date_span(ts_us, DEFAULT_GROUP if each.facts is None else each.facts.group)
        each.begin(span.trade_date, span.start_us, span.end_us)
        each.gate.levels = 0

    def rows(self) -> list[Row]:
        """How good the quotes were, of every symbol that was heard since this was last asked."""
        changed = [each for _, each in sorted(self._watched.items()) if each.changed]
        for each in changed:
            each.changed = False
        found = [_restored(*kept).row() for kept in self._ended]
        self._ended = []
        return [*found, *(each.row() for each in changed)]

    def state(self) -> State:
        return {**{symbol: each.state() for symbol, each in self._watched.items()}, ENDED: self._ended}

    def restore(self, state: State) -> None:
        for symbol, kept in state.items():
            if symbol == ENDED:
                self._ended = list(kept)
            else:
                self._watched[symbol] = _restored(symbol, kept)
                self._watched[symbol].follow(self._facts.get(symbol))


def _restored(symbol: str, kept: Sequence[Any]) -> _Watched:
    each = _Watched(symbol, None)
    each.restore(kept)
    return each


def _texts(prices: Prices) -> list[str | None]:
    return [price_text(price) for price in prices]


def _prices(texts: Sequence[str | None]) -> Prices:
    last, bid, ask = (price_of(text) for text in texts)
    return last, bid, ask
