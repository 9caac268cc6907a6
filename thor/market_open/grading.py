"""What becomes of a theoretical trade, quote by quote (SPEC 8). A rule file.

A quote counts when its price, the one at which the trade could be closed, is known and ``start < ts <= until``. The
first that touches a level decides; equality is a touch. Where one observation covers both levels the stop counts.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from thor.market_open.config import GradingPrice
from thor.market_open.targets import Side
from thor.quotes.quote import Quote

#: A longer silence before a touch leaves open what happened in it.
SILENCE_US: Final = 5_000_000
#: A quote that was on its way as the window ended still counts: a trade waits so long for one.
GRACE_US: Final = 6_000_000
_CENT: Final = Decimal("0.01")


class Outcome(StrEnum):
    """The column ``wndw``."""

    PENDING = "PENDING"
    WORKED = "WORKED"
    DIDNT_WORK = "DIDNT_WORK"
    EXPIRED = "EXPIRED"
    NEUTRAL = "NEUTRAL"
    ERROR = "ERROR"

    @property
    def text(self) -> str:
        """As a person reads it."""
        return _TEXTS[self]


_TEXTS: Final = {
    Outcome.PENDING: "Pending",
    Outcome.WORKED: "Worked",
    Outcome.DIDNT_WORK: "Didn't Work",
    Outcome.EXPIRED: "Expired",
    Outcome.NEUTRAL: "No Entry",
    Outcome.ERROR: "Error",
}


class HitType(StrEnum):
    """Which level was touched."""

    TARGET = "TARGET"
    STOP = "STOP"


class Quality(StrEnum):
    """How sure an outcome is. ``GAP``: a silence leaves open what happened in it; ``BAR_ONLY``: only bars."""

    EXACT = "exact"
    GAP = "gap"
    BAR_ONLY = "bar_only"


class Deciding(msgspec.Struct, frozen=True):
    """The quote on which something was decided: its key, and its prices in points."""

    entry_id: str
    symbol: str
    source: str
    ts_us: int
    seq: int | None
    bid: Decimal | None
    ask: Decimal | None
    last: Decimal | None

    @classmethod
    def of(cls, quote: Quote, entry_id: str) -> Deciding:
        return cls(
            entry_id, quote.symbol, quote.source, quote.ts_us, quote.seq, quote.bid, quote.ask, quote.last
        )  # fmt: skip


class Resolution(msgspec.Struct, frozen=True):
    """How a trade ended. ``price``: the one that was seen, ``hit_price``: the level; USD of one contract.

    ``at_us``: the deciding quote's time, or the window's end. ``deciding``: of an expired trade the last quote."""

    outcome: Outcome
    at_us: int
    reason: str
    pnl_usd: Decimal | None
    quality: Quality | None
    observations: int
    hit_type: HitType | None = None
    hit_price: Decimal | None = None
    price: Decimal | None = None
    mark_to_market_usd: Decimal | None = None
    deciding: Deciding | None = None


def graded_price(grading_price: GradingPrice, side: Side) -> str:
    """Which of a quote's prices is held against the levels: bid, ask or last."""
    if grading_price is GradingPrice.LAST:
        return "last"
    return "bid" if grading_price is GradingPrice.BID or side is Side.BUY else "ask"


class Entry(msgspec.Struct, frozen=True):
    """A trade of one contract as it began. Prices in points, ``point_value_usd`` of one; ``start_us`` exclusive,
    ``until_us`` inclusive. ``seen_us``: the quote that it was entered on; ``exit_at_entry``: what closing it at once
    would have got."""

    symbol: str
    side: Side
    price: Decimal
    target: Decimal
    stop: Decimal
    start_us: int
    until_us: int
    seen_us: int
    point_value_usd: Decimal
    exit_at_entry: Decimal
    grading_price: GradingPrice = GradingPrice.EXIT_SIDE

    def worth(self, price: Decimal) -> Decimal:
        """P&L of closing at a price, USD to the cent."""
        points = price - self.price if self.side is Side.BUY else self.price - price
        return (points * self.point_value_usd).quantize(_CENT)

    def observed(self, quote: Quote) -> Decimal | None:
        """The price of a quote that is graded."""
        price: Decimal | None = getattr(quote, graded_price(self.grading_price, self.side))
        return price


class Trade(msgspec.Struct):
    """A trade that is graded. ``seen_us``: the newest observation; ``was_silent``: a silence lay in its window."""

    entry: Entry
    seen_us: int
    was_silent: bool = False
    observations: int = 0
    newest: Deciding | None = None
    price: Decimal | None = None
    resolution: Resolution | None = None

    @classmethod
    def begin(cls, entry: Entry) -> Trade:
        return cls(entry, entry.seen_us)

    @property
    def due_us(self) -> int:
        """When it is over for want of quotes."""
        return self.entry.until_us + GRACE_US

    def hear(self, quote: Quote, entry_id: str) -> Resolution | None:
        """A good quote of its symbol, in order of time. Answers how it ended, once."""
        entry = self.entry
        if self.resolution is not None or quote.ts_us <= entry.start_us:
            return None
        if quote.ts_us > entry.until_us:
            return self.expire()
        price = entry.observed(quote)
        if price is None:
            return None
        return self.observe(price, price, quote.ts_us, Deciding.of(quote, entry_id))

    def observe(self, low: Decimal, high: Decimal, ts_us: int, deciding: Deciding | None) -> Resolution | None:
        """Its price was between ``low`` and ``high`` up to ``ts_us``: of a quote one price, of a bar (which has no
        ``deciding``) two. Answers how it ended, once."""
        if ts_us - self.seen_us > SILENCE_US:
            self.was_silent, is_gap = True, True
        else:
            is_gap = False
        self.seen_us = ts_us
        self.observations += 1
        is_buy = self.entry.side is Side.BUY
        # Of a bar's two ends the worse one is what it is marked at.
        self.newest, self.price = deciding, low if is_buy else high
        at_stop = low <= self.entry.stop if is_buy else high >= self.entry.stop
        at_target = high >= self.entry.target if is_buy else low <= self.entry.target
        if not at_stop and not at_target:
            return None
        quality = Quality.BAR_ONLY if deciding is None else Quality.GAP if is_gap else Quality.EXACT
        if not at_stop:
            self.price = high if is_buy else low
        return self._end(HitType.STOP if at_stop else HitType.TARGET, quality, both=at_stop and at_target)

    def _end(self, hit: HitType, quality: Quality, *, both: bool) -> Resolution:
        is_target = hit is HitType.TARGET
        level = self.entry.target if is_target else self.entry.stop
        reason = f"{hit.value.lower()} touched"
        if both:
            reason = "both levels in one observation: the stop counts"
        elif quality is Quality.GAP:
            reason += " after a silence"
        self.resolution = Resolution(
            Outcome.WORKED if is_target else Outcome.DIDNT_WORK,
            self.seen_us, reason, self.entry.worth(level), quality, self.observations, hit, level,
            self.price, deciding=self.newest,
        )  # fmt: skip
        return self.resolution

    def expire(self) -> Resolution | None:
        """Its window is over, and every quote of it was heard. Answers how it ended, once."""
        if self.resolution is not None:
            return None
        until_us = self.entry.until_us
        if not self.observations or self.price is None:
            reason = "no quote with the price that is graded in the whole window"
            self.resolution = Resolution(Outcome.ERROR, until_us, reason, None, None, 0)
            return self.resolution
        is_gap = self.was_silent or until_us - self.seen_us > SILENCE_US
        quality = Quality.BAR_ONLY if self.newest is None else Quality.GAP if is_gap else Quality.EXACT
        self.resolution = Resolution(
            Outcome.EXPIRED, until_us, "window over, neither level touched", Decimal("0.00"), quality,
            self.observations, price=self.price, mark_to_market_usd=self.entry.worth(self.price), deciding=self.newest,
        )  # fmt: skip
        return self.resolution
