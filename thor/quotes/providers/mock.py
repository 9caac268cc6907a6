"""The simulated exchange, source MOCK: quotes and trades around the market path, on the instruments' tick grids.

Events are equally spaced in time. The random draws of event k depend on the seed and k alone, its price also on its
time: the same seed over the same timeline gives the same bytes, however it is polled.
Prices are whole ticks until they are written; :meth:`MockEvent.payload` writes the canonical JSON straight from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from thor.instruments.instrument import BY_SYMBOL, InstrumentFacts
from thor.markets.trade_date import trade_date_span
from thor.quotes.provider import Event, Provider, ProviderConfigError, ProviderSettings
from thor.quotes.providers.market_path import CHARACTERS, SYMBOLS, MarketPath
from thor.quotes.quote import Quote, format_ts
from thor.runtime.clock import Clock

SOURCE: Final = "MOCK"
MIN_RATE: Final = 0.01
MAX_RATE: Final = 100_000.0
#: Events whose draws are made at once; part of what the seed means.
BLOCK: Final = 1024
MAX_PER_POLL: Final = 2_000
#: Further behind than this (a machine that slept), the exchange skips to now.
MAX_BEHIND_US: Final = 2_000_000
TRADE_SHARE: Final = 0.35
_SETTLEMENT_US: Final = 60_000_000
_COUNT_MARKET_US: Final = 1_000_000


class _PriceText(dict[int, str]):
    """Ticks -> the price as text with the digits of the tick size; filled as prices appear."""

    def __init__(self, tick_size: Decimal) -> None:
        super().__init__()
        self._tick_size = tick_size

    def __missing__(self, ticks: int) -> str:
        text = self[ticks] = format(ticks * self._tick_size, "f")
        return text


@dataclass(frozen=True, slots=True)
class Session:
    """What stays the same over one trade date of an instrument; prices in ticks."""

    symbol: str
    text: _PriceText
    start_us: int
    end_us: int
    open: int
    close: int
    settlement: int


@lru_cache(maxsize=8)
def _second(seconds: int) -> str:
    return format_ts(seconds * 1_000_000)[:20]


class MockEvent:
    """One event of the exchange; prices in ticks."""

    __slots__ = (
        "ask", "ask_size", "bid", "bid_size", "high", "last", "last_size", "low", "session", "symbol", "ts_us",
        "volume",
    )  # fmt: skip

    def __init__(
        self, session: Session, ts_us: int, last: int, bid: int, ask: int, last_size: int, bid_size: int, ask_size: int,
        volume: int, high: int, low: int,
    ) -> None:  # fmt: skip
        self.session = session
        self.symbol = session.symbol
        self.ts_us = ts_us
        self.last = last
        self.bid = bid
        self.ask = ask
        self.last_size = last_size
        self.bid_size = bid_size
        self.ask_size = ask_size
        self.volume = volume
        self.high = high
        self.low = low

    def payload(self, seq: int) -> bytes:
        """The canonical JSON, equal to ``encode(self.quote(seq))`` and several times faster."""
        s = self.session
        text = s.text
        seconds, us = divmod(self.ts_us, 1_000_000)
        return (
            f'{{"v":1,"symbol":"{s.symbol}","ts":"{_second(seconds)}{us:06d}Z","source":"MOCK"'
            f',"last":{text[self.last]},"bid":{text[self.bid]},"ask":{text[self.ask]}'
            f',"lastSize":{self.last_size},"bidSize":{self.bid_size},"askSize":{self.ask_size},"volume":{self.volume}'
            f',"open":{text[s.open]},"high":{text[self.high]},"low":{text[self.low]},"close":{text[s.close]}'
            f',"change":{text[self.last - s.settlement]},"settlement":{text[s.settlement]},"seq":{seq}}}'
        ).encode("ascii")

    def quote(self, seq: int | None = None) -> Quote:
        """The event as a quote."""
        s = self.session
        price = s.text
        return Quote(
            symbol=s.symbol,
            ts_us=self.ts_us,
            source=SOURCE,
            last=Decimal(price[self.last]),
            bid=Decimal(price[self.bid]),
            ask=Decimal(price[self.ask]),
            last_size=self.last_size,
            bid_size=self.bid_size,
            ask_size=self.ask_size,
            volume=self.volume,
            open=Decimal(price[s.open]),
            high=Decimal(price[self.high]),
            low=Decimal(price[self.low]),
            close=Decimal(price[s.close]),
            change=Decimal(price[self.last - s.settlement]),
            settlement=Decimal(price[s.settlement]),
            seq=seq,
        )


class _Book:
    """One instrument's running state."""

    def __init__(self, facts: InstrumentFacts, path: MarketPath) -> None:
        self._facts = facts
        self._path = path
        self._text = _PriceText(facts.tick_size)
        self.session = Session(facts.symbol, self._text, 0, 0, 0, 0, 0)
        self._last = self._high = self._low = self._volume = 0
        self._last_size = 1
        self._count_market_at_us = 0

    def event(
        self,
        ts_us: int,
        fair: int,
        ticks_below: int,
        spread: int,
        traded: bool,
        size: int,
        bid_size: int,
        ask_size: int,
    ) -> MockEvent:
        """The book after one event: a quote around ``fair``, or a trade at one of its sides."""
        if ts_us >= self.session.end_us:
            self._begin(ts_us)
        if ts_us >= self._count_market_at_us:
            self._count_market(ts_us)
        session = self.session
        bid = fair - ticks_below
        ask = bid + spread
        if traded:
            self._last = last = ask if bid_size & 1 else bid
            self._last_size = size
            if last > self._high:
                self._high = last
            elif last < self._low:
                self._low = last
            self._volume += size
        return MockEvent(
            session, ts_us, self._last, bid, ask, self._last_size, bid_size, ask_size, self._volume, self._high,
            self._low,
        )  # fmt: skip

    def _begin(self, ts_us: int) -> None:
        """The session that holds ``ts_us``, as it stands then: also one that began before this process."""
        symbol = self._facts.symbol
        span = trade_date_span(ts_us, self._facts.group)
        before = self._path.ticks(symbol, span.start_us - _SETTLEMENT_US, span.start_us - 1)
        so_far = self._path.ticks(symbol, span.start_us, ts_us)
        self.session = Session(
            symbol,
            self._text,
            span.start_us,
            span.end_us,
            open=int(so_far[0]),
            close=int(before[-1]),
            settlement=round(float(before.mean())),
        )
        self._last, self._high, self._low = int(so_far[-1]), int(so_far.max()), int(so_far.min())
        self._volume = 0

    def _count_market(self, ts_us: int) -> None:
        """Raise the volume to what the market has traded by now: between our events others trade too."""
        self._volume = max(self._volume, self._path.volume(self._facts.symbol, self.session.start_us, ts_us))
        self._count_market_at_us = ts_us + _COUNT_MARKET_US


class Exchange:
    """All books over one timeline: event k is due at ``start_us`` + k / ``rate``."""

    def __init__(self, seed: int, rate: float, symbols: Sequence[str], start_us: int) -> None:
        self._seed = seed
        self._rate = rate
        self._start_us = start_us
        self._path = MarketPath(seed)
        self._books = [_Book(BY_SYMBOL[symbol], self._path) for symbol in symbols]
        self._rows = np.array([SYMBOLS.index(symbol) for symbol in symbols])
        shares = np.array([CHARACTERS[symbol].share for symbol in symbols])
        self._shares = np.cumsum(shares / shares.sum())
        self._next = 0
        self._block: list[MockEvent] = []

    def due(self, now_us: int) -> int:
        """How many events are due by ``now_us``, counted from the start."""
        return max(0, int((now_us - self._start_us) * self._rate / 1_000_000) + 1)

    def take(self, upto: int, most: int) -> list[MockEvent]:
        """The next events, at most up to number ``upto`` and at most ``most``."""
        taken: list[MockEvent] = []
        while self._next < upto and len(taken) < most:
            offset = self._next % BLOCK
            if offset == 0 or not self._block:
                self._block = self._make(self._next // BLOCK)
            count = min(BLOCK - offset, upto - self._next, most - len(taken))
            taken += self._block[offset : offset + count]
            self._next += count
        return taken

    def skip(self, upto: int) -> None:
        """Leave out the events before number ``upto``."""
        if upto > self._next:
            self._next = upto
            self._block = []

    def _make(self, block: int) -> list[MockEvent]:
        rng = np.random.default_rng([self._seed, block, 2])
        numbers = np.arange(block * BLOCK, (block + 1) * BLOCK)
        times = self._start_us + (numbers * (1_000_000 / self._rate)).astype(np.int64)
        which = np.minimum(np.searchsorted(self._shares, rng.random(BLOCK), side="right"), len(self._books) - 1)
        if block == 0:
            which[: len(self._books)] = np.arange(len(self._books))  # the whole board at once, then by share
        spread = np.where(rng.random(BLOCK) < 0.88, 1, rng.integers(2, 4, BLOCK))
        below = (rng.random(BLOCK) * (spread + 1)).astype(np.int64)
        traded = rng.random(BLOCK) < TRADE_SHARE
        sizes = rng.geometric([[0.35], [0.06], [0.06]], (3, BLOCK))
        fair = self._fair(times, which)
        books = self._books
        rows = zip(
            which.tolist(), times.tolist(), fair.tolist(), below.tolist(), spread.tolist(), traded.tolist(),
            *sizes.tolist(), strict=True,
        )  # fmt: skip
        return [books[index].event(*row) for index, *row in rows]

    def _fair(self, times: NDArray[np.int64], which: NDArray[np.int64]) -> NDArray[np.int64]:
        """The path's price of each event; a block may reach into the next day."""
        fair = np.empty(len(times), np.int64)
        begin = 0
        while begin < len(times):
            day = self._path.day(int(times[begin]))
            end = int(np.searchsorted(times, day.end_us))
            steps = (times[begin:end] - day.start_us) * len(day.elapsed) // (day.end_us - day.start_us)
            fair[begin:end] = day.ticks[self._rows[which[begin:end]], steps]
            begin = end
        return fair


class MockProvider(Provider):
    """The simulator behind MOCK_SEED and MOCK_RATE."""

    name: ClassVar[str] = "mock"
    source = SOURCE

    def __init__(self, settings: ProviderSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        if not MIN_RATE <= settings.mock_rate <= MAX_RATE:
            raise ProviderConfigError(
                f"MOCK_RATE is {settings.mock_rate:.12g}: give events a second from {MIN_RATE:g} to {MAX_RATE:.0f}."
            )
        if settings.mock_seed < 0:
            raise ProviderConfigError(f"MOCK_SEED is {settings.mock_seed}: give a whole number of 0 or more.")
        if settings.mock_count is not None and settings.mock_count < 1:
            raise ProviderConfigError(f"count is {settings.mock_count}: give a number of events of 1 or more.")
        unknown = [symbol for symbol in settings.symbols if symbol not in CHARACTERS]
        if unknown:
            raise ProviderConfigError(f"The simulator has no {', '.join(unknown)}: it has {', '.join(CHARACTERS)}.")
        self.poll_seconds = min(0.5, max(0.005, 1 / settings.mock_rate))
        self.stale_after_seconds = max(5.0, 3 / settings.mock_rate)
        self._symbols = settings.symbols or SYMBOLS
        self._exchange: Exchange | None = None
        self._left = settings.mock_count

    def connect(self) -> None:
        if self._exchange is None:
            settings = self.settings
            self._exchange = Exchange(settings.mock_seed, settings.mock_rate, self._symbols, self.clock.now_us())

    def poll(self) -> Sequence[Event]:
        exchange = self._exchange
        if exchange is None:
            return ()
        now_us = self.clock.now_us()
        exchange.skip(exchange.due(now_us - MAX_BEHIND_US) - 1)
        most = MAX_PER_POLL if self._left is None else min(MAX_PER_POLL, self._left)
        events = exchange.take(exchange.due(now_us), most)
        if self._left is not None:
            self._left -= len(events)
            self.finished = self._left == 0
        return events

    def close(self) -> None:
        """The exchange stays: its clock runs on while nobody looks."""
