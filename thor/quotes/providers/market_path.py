"""The simulated market's prices: a pure function of a seed and an instant, for the 11 instruments together.

Whoever starts at whatever moment finds the same session: closes follow one another over the days, indices move
together and the VIX future against them, activity is U-shaped over the Chicago day, and now and then a price jumps.
Prices are whole ticks of the instrument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from thor.instruments.instrument import BY_SYMBOL
from thor.markets.trade_date import DEFAULT_GROUP, trade_date_span

STEPS: Final = 86_400
FACTORS: Final = ("equity", "dollar", "rates")
_CHICAGO: Final = ZoneInfo("America/Chicago")
#: Yesterday's shock still counts 95 % today, so that prices wander around their level and never away from it.
_MEMORY: Final = 0.95
_MEMORY_DAYS: Final = 60


@dataclass(frozen=True, slots=True)
class Character:
    """How an instrument behaves. ``level``: its price in late 2026. ``daily_move``: standard deviation of a day's log
    return. The loadings say how it follows the factors; what is left to 1 is its own. ``volume``: contracts a day.
    ``share``: of all events."""

    level: float
    daily_move: float
    equity: float
    dollar: float
    rates: float
    volume: int
    share: float

    @property
    def own(self) -> float:
        return float(np.sqrt(1.0 - self.equity**2 - self.dollar**2 - self.rates**2))


CHARACTERS: Final[Mapping[str, Character]] = {
    "YM": Character(47_000, 0.008, 0.92, 0.0, 0.05, 150_000, 0.10),
    "ES": Character(6_750, 0.009, 0.98, 0.0, 0.0, 1_500_000, 0.20),
    "NQ": Character(25_000, 0.012, 0.93, 0.0, -0.10, 600_000, 0.16),
    "RTY": Character(2_450, 0.013, 0.86, 0.0, 0.10, 200_000, 0.10),
    "CL": Character(60.0, 0.020, 0.30, -0.20, 0.0, 300_000, 0.10),
    "SI": Character(50.0, 0.022, 0.25, -0.50, 0.15, 80_000, 0.06),
    "HG": Character(5.0, 0.015, 0.45, -0.35, 0.0, 60_000, 0.05),
    "GC": Character(4_100, 0.012, -0.05, -0.50, 0.30, 200_000, 0.09),
    "VX": Character(18.0, 0.050, -0.82, 0.0, 0.0, 100_000, 0.05),
    "DX": Character(99.5, 0.004, -0.15, 0.85, -0.20, 20_000, 0.04),
    "ZB": Character(117.0, 0.006, -0.25, -0.15, 0.85, 400_000, 0.05),
}
SYMBOLS: Final = tuple(CHARACTERS)
_INDEX: Final = {symbol: index for index, symbol in enumerate(SYMBOLS)}
_MOVES: Final = np.array([c.daily_move for c in CHARACTERS.values()])
_LEVELS: Final = np.log([c.level for c in CHARACTERS.values()])
_LOADINGS: Final = np.array([[c.equity, c.dollar, c.rates] for c in CHARACTERS.values()])
_OWN: Final = np.array([c.own for c in CHARACTERS.values()])
_TICKS: Final = np.array([float(BY_SYMBOL[symbol].tick_size) for symbol in SYMBOLS])


@dataclass(frozen=True, slots=True)
class Day:
    """One trade date of the equity futures, whose clock the simulated market keeps.

    ``ticks``: int32, shape (11, STEPS), the fair price of each step. ``elapsed``: float, shape (STEPS,), the share of
    the day's activity up to and with each step. ``volume``: contracts of the day, shape (11,).
    """

    start_us: int
    end_us: int
    ticks: NDArray[np.int32]
    elapsed: NDArray[np.float64]
    volume: NDArray[np.float64]

    def step(self, at_us: int) -> int:
        return (at_us - self.start_us) * STEPS // (self.end_us - self.start_us)


class MarketPath:
    """The market of a seed. Days are made when first asked for; a few are kept."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._days: dict[int, Day] = {}

    def day(self, at_us: int) -> Day:
        """The day that holds an instant (epoch microseconds)."""
        span = trade_date_span(at_us, DEFAULT_GROUP)
        day = self._days.get(span.start_us)
        if day is None:
            day = self._make(span.start_us, span.end_us, span.trade_date.toordinal())
            while len(self._days) >= 3:
                del self._days[next(iter(self._days))]
            self._days[span.start_us] = day
        return day

    def ticks(self, symbol: str, start_us: int, end_us: int) -> NDArray[np.int32]:
        """The prices in ticks from one instant up to and with another, one per step of the path."""
        parts = []
        while True:
            day = self.day(start_us)
            last_us = min(end_us, day.end_us - 1)
            parts.append(day.ticks[_INDEX[symbol], day.step(start_us) : day.step(last_us) + 1])
            if end_us < day.end_us:
                return np.concatenate(parts)
            start_us = day.end_us

    def volume(self, symbol: str, start_us: int, end_us: int) -> int:
        """Contracts traded between two instants."""
        total = 0.0
        while True:
            day = self.day(start_us)
            last_us = min(end_us, day.end_us - 1)
            share = float(day.elapsed[day.step(last_us)] - day.elapsed[day.step(start_us)])
            total += share * float(day.volume[_INDEX[symbol]])
            if end_us < day.end_us:
                return round(total)
            start_us = day.end_us

    def _make(self, start_us: int, end_us: int, ordinal: int) -> Day:
        before = trade_date_span(start_us - 1, DEFAULT_GROUP).trade_date.toordinal()
        first, last = _level(self._seed, before), _level(self._seed, ordinal)
        activity = _activity(start_us, end_us)
        elapsed = np.cumsum(activity)
        rng = np.random.default_rng([self._seed, ordinal, 1])
        factors = _steps(rng, len(FACTORS), activity, jumps=4.0)
        own = _steps(rng, len(SYMBOLS), activity, jumps=1.0)
        walk = np.cumsum(_LOADINGS @ factors + _OWN[:, None] * own, axis=1)
        # Tied down at both ends: the day leads from yesterday's close to its own.
        walk -= elapsed * walk[:, -1:]
        logs = first[:, None] + elapsed * (last - first)[:, None] + _MOVES[:, None] * walk
        ticks = np.maximum(np.rint(np.exp(logs) / _TICKS[:, None]), 1).astype(np.int32)
        contracts = np.array([c.volume for c in CHARACTERS.values()]) * rng.uniform(0.7, 1.3, len(SYMBOLS))
        return Day(start_us, end_us, ticks, elapsed, contracts)


def _steps(rng: np.random.Generator, count: int, activity: NDArray[np.float64], jumps: float) -> NDArray[np.float64]:
    """Increments of ``count`` walks with variance 1 over the day, livelier when the market is, with rare jumps."""
    steps = rng.standard_normal((count, STEPS)) * np.sqrt(activity)
    for walk in steps:
        at = rng.integers(0, STEPS, rng.poisson(jumps))
        walk[at] += rng.choice([-1.0, 1.0], at.size) * rng.uniform(0.1, 0.35, at.size)
    return steps


@lru_cache(maxsize=1024)
def _shock(seed: int, ordinal: int) -> NDArray[np.float64]:
    """The log returns that a day brings by itself, shape (11,)."""
    rng = np.random.default_rng([seed, ordinal, 0])
    drawn: NDArray[np.float64] = _MOVES * (
        _LOADINGS @ rng.standard_normal(len(FACTORS)) + _OWN * rng.standard_normal(len(SYMBOLS))
    )
    return drawn


def _level(seed: int, ordinal: int) -> NDArray[np.float64]:
    """The log closing prices of a day, shape (11,)."""
    level: NDArray[np.float64] = _LEVELS.copy()
    for age in range(_MEMORY_DAYS):
        level += _MEMORY**age * _shock(seed, ordinal - age)
    return level


def _activity(start_us: int, end_us: int) -> NDArray[np.float64]:
    """The share of a day's activity in each step, sum 1: quiet at night, a swell at Europe's open, U-shaped from 8:30
    to 15:00 Chicago. The zone's offset is that of the start: two weekends a year are an hour off."""
    offset = datetime.fromtimestamp(start_us / 1e6, UTC).astimezone(_CHICAGO).utcoffset()
    assert offset is not None
    seconds = start_us / 1e6 + np.arange(STEPS) * ((end_us - start_us) / 1e6 / STEPS) + offset.total_seconds()
    hour = seconds % 86_400 / 3600
    across = (hour - 11.75) / 3.25
    weight = np.where(np.abs(across) <= 1, 1.0 + 1.8 * across**2, 0.22)
    weight += np.where((hour >= 2) & (hour < 4), 0.3, 0.0)
    share: NDArray[np.float64] = weight / weight.sum()
    return share
