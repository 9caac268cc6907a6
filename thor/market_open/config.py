"""What people set for captures and grading, as values that are compared with each other. A rule file.

The tables they come from are in ``models``; ``selectors.load_market_open_settings`` reads them. The seeds are SPEC 8's.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

#: The trade that TOTAL stands for.
TRADED: Final = "YM"
DEFAULT_WINDOW_SECONDS: Final = 1_800
DEFAULT_MAX_QUOTE_AGE_SECONDS: Final = 10


class GradingPrice(StrEnum):
    """At which price of a quote a trade is graded. ``EXIT_SIDE``: bid for a BUY, ask for a SELL."""

    EXIT_SIDE = "exit_side"
    BID = "bid"
    LAST = "last"


class TargetMode(StrEnum):
    """How an instrument's target and stop are found instead of by $100."""

    POINTS = "POINTS"
    PERCENT = "PERCENT"
    DISABLED = "DISABLED"


@dataclass(frozen=True, slots=True)
class TargetRule:
    """One instrument's own levels: ``high`` above the entry and ``low`` below it, both positive, in points or per cent
    of the entry. DISABLED: no target, so no entry."""

    mode: TargetMode
    high: Decimal
    low: Decimal


@dataclass(frozen=True, slots=True)
class GlobalSettings:
    """For all markets."""

    window_us: int = DEFAULT_WINDOW_SECONDS * 1_000_000
    capture_enabled: bool = True
    grading_enabled: bool = True
    grading_price: GradingPrice = GradingPrice.EXIT_SIDE
    max_quote_age_us: int = DEFAULT_MAX_QUOTE_AGE_SECONDS * 1_000_000


@dataclass(frozen=True, slots=True)
class MarketSettings:
    """One market that the clock follows. ``captures``: it is captured at its open; ``window_us``: of its trades."""

    country: str
    display_name: str
    timezone_name: str
    captures: bool
    window_us: int


@dataclass(frozen=True, slots=True)
class MarketOpenSettings:
    """Everything that a capture and its grading rest on, besides signals, instruments and calendars.

    ``markets``: those that the clock follows, by place. ``targets``: (symbol, rule), only of those that have one.
    """

    general: GlobalSettings
    markets: tuple[MarketSettings, ...]
    targets: tuple[tuple[str, TargetRule], ...] = ()

    def market(self, country: str) -> MarketSettings | None:
        """The settings of a market; None of one that is not followed."""
        return next((each for each in self.markets if each.country == country), None)

    def target(self, symbol: str) -> TargetRule | None:
        """An instrument's own rule; None: $100."""
        return dict(self.targets).get(symbol)


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """A person's wish for a capture of a market that is open. ``id``: of its row."""

    id: int
    country: str


@dataclass(frozen=True, slots=True)
class CaptureRequests:
    """Those that nobody answered yet: what a desk is told."""

    waiting: tuple[CaptureRequest, ...] = ()


SETTINGS: Final = MarketOpenSettings(GlobalSettings(), ())
