"""The slow twins of ``thor/lake/bar_kernel.py``: the gate itself, and bars counted in plain Python. Ticks for both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from thor.instruments.instrument import InstrumentFacts
from thor.lake import columns
from thor.lake.bar_table import Weigher, What
from thor.lake.bars import Session, label_of, session_of, start_of
from thor.lake.layout import WIDTH_US, Timeframe
from thor.quotes.gate import SymbolGate
from thor.quotes.quote import Quote

SESSION = session_of("ES", "cme_equity", date(2025, 10, 9), None)
OPEN = SESSION.open_us
SECOND = 1_000_000
#: Prices about 100, of which some are far from the others, and some are none.
PRICES = [None, None, *(100 + Decimal(n) / 4 for n in (0, 0, 0, 1, 1, -1, -1, 2, 3, 5, 19, 20, 21, 24, 40, 44, -30))]
PRICES += [Decimal(each) for each in ("0", "-100", "105.000001", "50")]
STEPS = (0, 1, SECOND // 3, 2 * SECOND, 40 * SECOND, 400 * SECOND)
SOURCES = ("TOS", "TOS", "SCHWAB")
TRADE = '{"meta": {"event": "trade"}}'


class Tick(NamedTuple):
    """What of a tick its bar depends on."""

    ts: int
    last: Decimal | None
    bid: Decimal | None = None
    ask: Decimal | None = None
    volume: int | None = None
    last_size: int | None = None
    source: str = "TOS"
    is_trade: bool = False


def table_of(ticks: Sequence[Tick], symbol: str = "ES", contract: str | None = None) -> pa.Table:
    """As a tick file holds them."""
    count = len(ticks)
    names = ("ts", "last", "bid", "ask", "volume", "last_size", "source")
    found: dict[str, Any] = {name: [getattr(each, name) for each in ticks] for name in names}
    found |= {"symbol": [symbol] * count, "contract": [contract] * count, "seq": list(range(count))}
    found |= {"extra": [TRADE if each.is_trade else None for each in ticks], "created_at": found["ts"]}
    arrays = [pa.array(found.get(each.name, [None] * count), each.type) for each in columns.TICKS]
    return pa.Table.from_arrays(arrays, schema=columns.TICKS)


def suspects(ticks: Iterable[Tick], facts: InstrumentFacts | None) -> list[bool]:
    """What the desk's own gate says of each tick, judged at its time."""
    gate = SymbolGate(facts)
    quotes = (Quote("ES", each.ts, each.source, each.last, each.bid, each.ask) for each in ticks)
    return [bool(gate.judge(quote, quote.ts_us)) for quote in quotes]


def day_of(first: int, numbers: list[int]) -> list[Tick]:
    """Ticks from about the session's open on, one a number, with spikes, gaps, restarts and two sources."""
    at, found, volume = OPEN + first, [], 0
    for number in numbers:
        picks = []
        for choices in (PRICES, PRICES, PRICES, STEPS, SOURCES, (0, 0, 1, 5, None), (0, 1, 2), (None, 0, 3)):
            number, pick = divmod(number, len(choices))
            picks.append(choices[pick])
        last, bid, ask, step, source, more, says, size = picks
        at += step
        volume = number % 50 if more is None else volume + more
        found.append(Tick(at, last, bid, ask, volume if says else None, size, source, says == 0 and number % 2 == 0))
    return found


def kernels_suspects(ticks: list[Tick], facts: InstrumentFacts | None) -> list[bool]:
    verdicts = np.zeros(len(ticks), np.uint8)
    weigher = Weigher(What("ES", SESSION, facts), (Timeframe.DAY,))
    for batch in table_of(ticks).combine_chunks().to_batches():
        weigher.take(batch, verdicts)
    return [bool(each) for each in verdicts]


def rows(table: pa.Table) -> list[dict[str, Any]]:
    names = (
        "ts", "open", "high", "low", "close", "volume", "vwap", "tick_count", "bid_close", "ask_close", "spread_mean",
        "session",
    )  # fmt: skip
    found = table.select(names)
    return found.set_column(0, "ts", found["ts"].cast(pa.int64())).to_pylist()


@dataclass
class Counter:
    """What was traded, by what sources say in the order in which they say it (``indicators/vwap.py``)."""

    open_us: int
    seen: bool
    before: int = 0
    highest: int = 0
    said: int | None = None
    source: str = ""

    def traded(self, tick: Tick) -> int | None:
        if tick.volume is None:
            return (tick.last_size or 0) if tick.is_trade else None
        before, self.said, source, self.source = self.said, tick.volume, self.source, tick.source
        if before is None:
            self.highest = tick.volume
            if not self.seen or tick.ts < self.open_us:
                return 0
            return tick.volume - (self.before if tick.volume >= self.before else 0)
        if tick.volume >= self.highest:
            traded, self.highest = tick.volume - self.highest, tick.volume
            return traded
        if source == tick.source and tick.volume < before:
            self.highest = tick.volume
            return tick.volume
        return 0


@dataclass
class Interval:
    lasts: list[Decimal] = field(default_factory=list)
    traded: list[tuple[Decimal, int]] = field(default_factory=list)
    sides: list[tuple[Decimal | None, Decimal | None]] = field(default_factory=list)


def bars(
    ticks: Sequence[Tick], session: Session, facts: InstrumentFacts | None, timeframe: Timeframe, before: int = 0
) -> list[dict[str, Any]]:
    """The bars, in the order of their times."""
    found: dict[int, Interval] = {}
    seen = bool(ticks) and ticks[0].ts <= session.open_us + 60_000_000
    counter = Counter(session.open_us, seen, before)
    for tick, is_suspect in zip(ticks, suspects(ticks, facts), strict=True):
        if is_suspect:
            continue
        each = found.setdefault(start_of(timeframe, tick.ts, session), Interval())
        each.sides.append((tick.bid, tick.ask))
        if tick.last is None:
            continue
        each.lasts.append(tick.last)
        traded = counter.traded(tick)
        if traded is not None:
            each.traded.append((tick.last, traded))
    return [_bar(start, each, session, timeframe) for start, each in found.items() if each.lasts]


def _bar(start: int, each: Interval, session: Session, timeframe: Timeframe) -> dict[str, Any]:
    volume = sum(contracts for _, contracts in each.traded)
    value = sum(Fraction(price) * contracts for price, contracts in each.traded)
    spreads = [Fraction(ask - bid) for bid, ask in each.sides if bid is not None and ask is not None]
    end = start + WIDTH_US[timeframe]
    return {
        "ts": start,
        "open": float(each.lasts[0]),
        "high": float(max(each.lasts)),
        "low": float(min(each.lasts)),
        "close": float(each.lasts[-1]),
        "volume": volume if each.traded else None,
        "vwap": float(value / volume) if volume else None,
        "tick_count": len(each.lasts),
        "bid_close": _last([bid for bid, _ in each.sides]),
        "ask_close": _last([ask for _, ask in each.sides]),
        "spread_mean": float(sum(spreads) / len(spreads)) if spreads else None,
        "session": "ETH" if timeframe is Timeframe.DAY else label_of(session, start, end),
    }


def _last(prices: list[Decimal | None]) -> float | None:
    return next((float(each) for each in reversed(prices) if each is not None), None)
