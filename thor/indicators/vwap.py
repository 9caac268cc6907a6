"""The volume-weighted average price: one row a minute in which contracts were traded, and rolling windows (SPEC 9).

A rule file. At each minute boundary T a symbol's row speaks of the minute (T-60 s, T]: the last in force at T, weighed
with the contracts traded since the row before. These are what the sources' cumulative volume says, quote by quote:

- a count that falls began anew: what it says now was traded since (``is_restart``);
- another source that says less than what was counted is behind, and adds nothing until it has caught up;
- a trade date's first count is taken from 0 where its session was seen from its start, and is else only the base.
  One that is not below what was said last on the date before has not begun anew: only what is above it counts.

Sums are whole numbers (millionths of a point times contracts), so that no digit is lost, whatever the volume.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar, Final

from thor.instruments.instrument import BY_SYMBOL, InstrumentFacts, InstrumentTable
from thor.markets.calendar import Calendar, GroupCalendars, Status, TransitionKind
from thor.markets.trade_date import DEFAULT_GROUP, Span, trade_date_span
from thor.quotes.quote import MAX_INTEGER, Quote, format_ts
from thor.quotes.reactor import NOTHING, Config, Effects, Reactor, Row, State, price_of, price_text

MINUTE_US: Final = 60_000_000
#: Minutes of the rolling windows that are kept on the bus.
WINDOWS: Final = (5, 15, 30, 60)
_LONGEST_US: Final = max(WINDOWS) * MINUTE_US
_DIGITS: Final = 6
_PERCENT: Final = Decimal("0.0001")
#: Above every volume: where none was said yet, any is below it.
_NONE_SAID: Final = MAX_INTEGER + 1


@dataclass(frozen=True, slots=True)
class VwapMinute(Row):
    """A minute's row: ``vwap`` is that of the trade date up to it. ``cumulative_volume``: as the source counts."""

    key: ClassVar[tuple[str, ...]] = ("symbol", "minute_us", "trade_date")

    symbol: str
    minute_us: int
    trade_date: date
    last_price: Decimal
    cumulative_volume: int
    delta_volume: int
    vwap: Decimal
    is_restart: bool


def vwap_of(weighed: Iterable[tuple[Decimal, int]]) -> Decimal | None:
    """The average of (price, contracts), in points to 6 decimals half up; None without a contract."""
    value = contracts = 0
    for price, traded in weighed:
        value += _millionths(price) * traded
        contracts += traded
    return _average(value, contracts) if contracts else None


def vwap_deviation(rows: Iterable[tuple[Decimal, Decimal | None, Decimal | None]]) -> Decimal | None:
    """TOTAL's VWAP: the mean of each instrument's distance from its own VWAP, in per cent to 4 decimals half up.

    ``rows``: (contract weight, last, vwap). The mean is weighed with the weights' absolute values, as TOTAL's own
    average is. Instruments without last or VWAP are left out; None when nothing is left. Of a VWAP below zero the
    distance is measured against its size, so that above it is always plus."""
    known = [(abs(weight), (last - vwap) / abs(vwap) * 100) for weight, last, vwap in rows if last is not None and vwap]
    weights = sum((weight for weight, _ in known), Decimal(0))
    if not weights:
        return None
    return (sum((weight * pct for weight, pct in known), Decimal(0)) / weights).quantize(_PERCENT, ROUND_HALF_UP)


def _millionths(price: Decimal) -> int:
    """Exact: a price has at most 6 digits after the point."""
    return int(price.scaleb(_DIGITS))


def _average(value: int, contracts: int) -> Decimal:
    """Half up, away from zero."""
    size = (2 * abs(value) + contracts) // (2 * contracts)
    return Decimal(size if value >= 0 else -size).scaleb(-_DIGITS)


class _Weighed:
    """What was traded of a symbol on its trade date."""

    __slots__ = (
        "before", "contracts", "counted", "day", "end_us", "first_us", "from_start", "is_restart",
        "last", "minutes", "offset", "open_us", "said", "source", "start_us", "symbol", "value", "volume", "vwap",
    )  # fmt: skip

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        #: The rows of the last hour, and those that nobody asked for yet. Another list whenever it changes.
        self.minutes: list[VwapMinute] = []
        self.said: int | None = None
        self.source = ""
        self.begin(Span(date.min, 0, 0), 0, 0, from_start=False)

    def begin(self, span: Span, open_us: int, first_us: int, *, from_start: bool) -> None:
        """A trade date from nothing. ``open_us``: when its session opens, ``first_us``: its first quote."""
        #: What was said last on the date before.
        self.before = self.said
        self.day, self.start_us, self.end_us = span
        self.open_us, self.first_us, self.from_start = open_us, first_us, from_start
        self.last: Decimal | None = None
        #: What the source said last; the highest that was said since the count began; what earlier counts came to.
        self.said = None
        self.volume, self.offset = _NONE_SAID, 0
        #: Up to where the rows have counted, and what they came to.
        self.counted = self.value = self.contracts = 0
        self.is_restart = False
        self.vwap: Decimal | None = None

    def hear_less(self, volume: int, source: str, ts_us: int) -> None:
        """A volume below the one in force: the first, a count that began anew, or a source that is behind."""
        if self.said is None:
            self.counted = self._first_counted(volume, ts_us)
            self.volume = volume
        elif source == self.source and volume < self.said:
            self.offset += self.volume
            self.volume, self.is_restart = volume, True
        self.said, self.source = volume, source

    def _first_counted(self, volume: int, ts_us: int) -> int:
        """How much of a trade date's first count was traded before it is counted."""
        if not self.from_start or ts_us < self.open_us:
            return volume
        return 0 if self.before is None or volume < self.before else self.before

    def close(self, minute_us: int) -> VwapMinute | None:
        """The row of a minute; None when nothing was traded in it, or at no known price."""
        traded = 0 if self.said is None else self.offset + self.volume - self.counted
        if not traded or self.last is None:
            return None
        self.counted += traded
        self.contracts += traded
        self.value += _millionths(self.last) * traded
        self.vwap = _average(self.value, self.contracts)
        row = VwapMinute(self.symbol, minute_us, self.day, self.last, self.volume, traded, self.vwap, self.is_restart)
        self.is_restart = False
        self.minutes = [*self.minutes, row]
        return row

    def rolling(self, minutes: int, until_us: int) -> Decimal | None:
        """Of the clock minutes (T-N, T]."""
        after_us = until_us - minutes * MINUTE_US
        return vwap_of(
            (each.last_price, each.delta_volume) for each in self.minutes if after_us < each.minute_us <= until_us
        )

    def forget(self, until_us: int) -> None:
        """The rows that no window reaches."""
        if self.minutes and self.minutes[0].minute_us <= until_us:
            self.minutes = [each for each in self.minutes if each.minute_us > until_us]


#: What is remembered of a symbol as it is: whole numbers, text, true or false, None.
_PLAIN: Final = (
    "start_us", "end_us", "open_us", "first_us", "from_start", "said", "source", "volume", "offset", "before",
    "counted", "value", "contracts", "is_restart",
)  # fmt: skip
_CLOCK: Final = "clock"
_MINUTES: Final = ":minutes"


class VwapReactor(Reactor):
    """Weighs every symbol's trades, a row a minute. :meth:`vwap` and :meth:`rolling` speak of the last boundary."""

    name: ClassVar[str] = "vwap"
    needs_quotes: ClassVar[bool] = True

    def __init__(self) -> None:
        self._symbols: dict[str, _Weighed] = {}
        self._facts: Mapping[str, InstrumentFacts] = BY_SYMBOL
        self._calendars: Mapping[str, Calendar] = {}
        #: What came before the desk began to tell timers was of minutes that nobody closed.
        self._since_us = -1
        self._next_us: int | None = None
        self._new: list[VwapMinute] = []
        self._told_us: int | None = None
        #: Symbol -> its rows and what the state says of them: the same value again as long as they stay.
        self._kept: dict[str, tuple[list[VwapMinute], list[Any]]] = {}

    # --- hearing --------------------------------------------------------------------------------------------------

    def on_config(self, config: Config, at_us: int) -> Effects:
        del at_us
        if isinstance(table := config.get(InstrumentTable), InstrumentTable):
            self._facts = table.by_symbol
        if isinstance(groups := config.get(GroupCalendars), GroupCalendars):
            self._calendars = groups.by_group
        return NOTHING

    def on_start(self, statuses: Mapping[str, Status], at_us: int) -> Effects:
        del statuses
        if self._next_us is None:
            self._since_us = at_us
            self._next_us = (at_us // MINUTE_US + 1) * MINUTE_US
        return NOTHING

    def on_quote(self, quote: Quote, _entry_id: str, at_us: int) -> Effects:
        each = self._symbols.get(quote.symbol)
        if each is None or quote.ts_us >= each.end_us:
            each = self._turn(quote, at_us)
            if each is None:
                return NOTHING
        if (last := quote.last) is not None:
            each.last = last
        if (volume := quote.volume) is not None:
            if volume >= each.volume:
                each.volume = each.said = volume
                each.source = quote.source
            else:
                each.hear_less(volume, quote.source, quote.ts_us)
        return NOTHING

    def carry_over(self, symbol: str, volume: int) -> None:
        """What was said last before the reactor begins to hear a symbol."""
        each = self._symbols.get(symbol)
        if each is None:
            each = self._symbols[symbol] = _Weighed(symbol)
        each.said = volume

    def on_timer(self, at_us: int) -> Effects:
        for _, each in sorted(self._symbols.items()):
            self._close(each, at_us)
        self._next_us = (at_us // MINUTE_US + 1) * MINUTE_US
        return NOTHING

    def next_timer_us(self) -> int | None:
        return self._next_us

    def _turn(self, quote: Quote, at_us: int) -> _Weighed | None:
        """The first quote of a trade date; what the one before had open is a row of its last minute. None: the quote
        came before the desk began."""
        symbol = quote.symbol
        if at_us <= self._since_us:
            if quote.volume is not None:
                self.carry_over(symbol, quote.volume)
            return None
        each = self._symbols.get(symbol)
        if each is None:
            each = self._symbols[symbol] = _Weighed(symbol)
        else:
            self._close(each, -(-at_us // MINUTE_US) * MINUTE_US)
        facts = self._facts.get(symbol)
        group = DEFAULT_GROUP if facts is None else facts.group
        span = trade_date_span(quote.ts_us, group)
        open_us = self._open_us(group, span)
        each.begin(span, open_us, quote.ts_us, from_start=self._saw_start(quote.ts_us, open_us))
        return each

    def _open_us(self, group: str, span: Span) -> int:
        """When a trade date's session opens; without a calendar, when its date begins."""
        calendar = self._calendars.get(group)
        turns = [] if calendar is None else calendar.transitions(span.start_us - 1, span.end_us - 1)
        opens = (
            turn.at_us for turn in turns if turn.kind is TransitionKind.OPEN and turn.trade_date == span.trade_date
        )
        return next(opens, span.start_us)

    def _saw_start(self, ts_us: int, open_us: int) -> bool:
        """Whether a session was seen from its start: its symbol, or any other one, was heard on that trade date by the
        end of the session's first minute. The quotes say so, not the desk's beginning: their replay says the same."""
        by_us = open_us + MINUTE_US
        return ts_us <= by_us or any(
            each.start_us <= open_us < each.end_us and each.first_us <= by_us for each in self._symbols.values()
        )

    def _close(self, each: _Weighed, minute_us: int) -> None:
        if (row := each.close(minute_us)) is not None:
            self._new.append(row)

    # --- what follows ---------------------------------------------------------------------------------------------

    def rows(self) -> Sequence[Row]:
        found, self._new = self._new, []
        for each in self._symbols.values():
            each.forget(self.boundary_us - _LONGEST_US)
        return found

    @property
    def boundary_us(self) -> int:
        """The last minute boundary, of which :meth:`vwap` and :meth:`rolling` speak; 0 before the desk began."""
        return 0 if self._next_us is None else self._next_us - MINUTE_US

    def vwap(self, symbol: str) -> Decimal | None:
        """Of the trade date so far; None before its first minute."""
        each = self._symbols.get(symbol)
        return None if each is None else each.vwap

    def rolling(self, symbol: str, minutes: int) -> Decimal | None:
        """Of the last clock minutes, at most the longest of WINDOWS; None when nothing was traded in them."""
        each = self._symbols.get(symbol)
        return None if each is None else each.rolling(minutes, self.boundary_us)

    def rolled(self) -> Mapping[tuple[str, int], Mapping[str, Any]]:
        """(symbol, minutes) -> ``{"vwap", "ts"}`` of every rolling window, once after each boundary; nothing until the
        next."""
        until_us = self.boundary_us
        if self._told_us == until_us:
            return {}
        self._told_us = until_us
        at = format_ts(until_us)
        return {
            (symbol, minutes): {"vwap": each.rolling(minutes, until_us), "ts": at}
            for symbol, each in sorted(self._symbols.items())
            for minutes in WINDOWS
        }

    # --- memory ---------------------------------------------------------------------------------------------------

    def state(self) -> State:
        found: dict[str, Any] = {_CLOCK: {"since_us": self._since_us, "next_us": self._next_us}}
        for symbol, each in self._symbols.items():
            found[symbol] = {
                **{name: getattr(each, name) for name in _PLAIN},
                "day": each.day.isoformat(),
                "last": price_text(each.last),
                "vwap": price_text(each.vwap),
            }
            found[symbol + _MINUTES] = self._written(each)
        return found

    def _written(self, each: _Weighed) -> list[Any]:
        rows, written = self._kept.get(each.symbol, (None, []))
        if rows is not each.minutes:
            written = [_row_state(row) for row in each.minutes]
            self._kept[each.symbol] = each.minutes, written
        return written

    def restore(self, state: State) -> None:
        clock = state[_CLOCK]
        self._since_us, self._next_us = clock["since_us"], clock["next_us"]
        for symbol in sorted(part for part in state if part != _CLOCK and not part.endswith(_MINUTES)):
            self._symbols[symbol] = _restored(symbol, state[symbol], state[symbol + _MINUTES])
        self._new = sorted(
            (row for each in self._symbols.values() for row in each.minutes),
            key=lambda row: (row.minute_us, row.symbol, row.trade_date),
        )


def _restored(symbol: str, kept: Mapping[str, Any], minutes: Sequence[Sequence[Any]]) -> _Weighed:
    each = _Weighed(symbol)
    for name in _PLAIN:
        setattr(each, name, kept[name])
    each.day = date.fromisoformat(kept["day"])
    each.last, each.vwap = price_of(kept["last"]), price_of(kept["vwap"])
    each.minutes = [_row(symbol, row) for row in minutes]
    return each


def _row_state(row: VwapMinute) -> list[Any]:
    return [
        row.minute_us, row.trade_date.isoformat(), str(row.last_price), row.cumulative_volume, row.delta_volume,
        str(row.vwap), row.is_restart,
    ]  # fmt: skip


def _row(symbol: str, kept: Sequence[Any]) -> VwapMinute:
    minute_us, day, last, cumulative, delta, vwap, is_restart = kept
    return VwapMinute(
        symbol, minute_us, date.fromisoformat(day), Decimal(last), cumulative, delta, Decimal(vwap), is_restart
    )
