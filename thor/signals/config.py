"""What a person sets for signals, as values that are compared with each other. A rule file.

The tables they come from are in ``models``; ``selectors.load_signal_settings`` reads them. The seeds are SPEC 6's.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final


class Signal(StrEnum):
    """From the strongest rise to the strongest fall."""

    STRONG_BUY = "STRONG_BUY"
    BUY = "BUY"
    HOLD = "HOLD"
    SELL = "SELL"
    STRONG_SELL = "STRONG_SELL"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Price points of net change. ``strong_buy > buy >= 0 >= sell > strong_sell``."""

    strong_buy: Decimal
    buy: Decimal
    sell: Decimal
    strong_sell: Decimal

    def fault(self) -> str:
        """What is wrong with their order, in one line; empty when nothing is."""
        if self.strong_buy > self.buy >= 0 >= self.sell > self.strong_sell:
            return ""
        values = ", ".join(f"{value:f}" for value in (self.strong_buy, self.buy, self.sell, self.strong_sell))
        return f"wanted strong buy > buy >= 0 >= sell > strong sell, got {values}"


@dataclass(frozen=True, slots=True)
class InstrumentSignals:
    """One instrument of the board. Without ``thresholds`` it is never classified."""

    symbol: str
    thresholds: Thresholds | None
    contract_weight: Decimal
    is_bear: bool


@dataclass(frozen=True, slots=True)
class TotalSettings:
    """Thresholds of the sum of signal weights; classified rows needed; how old a quote may be to count."""

    strong_buy: int
    buy: int
    sell: int
    strong_sell: int
    minimum_count: int
    max_quote_age_us: int


@dataclass(frozen=True, slots=True)
class SignalSettings:
    """Everything that a classification rests on. ``instruments``: the board's, in its order.

    ``weights``: every signal with its weight, strongest rise first.
    """

    instruments: tuple[InstrumentSignals, ...]
    weights: tuple[tuple[Signal, int], ...]
    total: TotalSettings


SIGNAL_WEIGHTS: Final = (
    (Signal.STRONG_BUY, 2),
    (Signal.BUY, 1),
    (Signal.HOLD, 0),
    (Signal.SELL, -1),
    (Signal.STRONG_SELL, -2),
)
TOTAL: Final = TotalSettings(strong_buy=9, buy=3, sell=-3, strong_sell=-9, minimum_count=8, max_quote_age_us=10_000_000)


def _seed(symbol: str, strong_buy: str, buy: str, *, is_bear: bool = False) -> InstrumentSignals:
    """The two sides mirror each other."""
    strong, weak = Decimal(strong_buy), Decimal(buy)
    return InstrumentSignals(symbol, Thresholds(strong, weak, -weak, -strong), Decimal(1), is_bear)


#: In the order in which the board shows them.
SEEDS: Final = (
    _seed("YM", "60", "10"),
    _seed("ES", "6", "1"),
    _seed("NQ", "15", "2.5"),
    _seed("RTY", "15", "2.5"),
    _seed("CL", "0.3", "0.05"),
    _seed("SI", "0.06", "0.01"),
    _seed("HG", "0.012", "0.002"),
    _seed("GC", "3", "0.5", is_bear=True),
    _seed("VX", "0.10", "0.05", is_bear=True),
    _seed("DX", "30", "5", is_bear=True),
    _seed("ZB", "30", "5", is_bear=True),
)
#: What the tables hold for a person who has set nothing.
SETTINGS: Final = SignalSettings(SEEDS, SIGNAL_WEIGHTS, TOTAL)
