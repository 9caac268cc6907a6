"""Finding what the 52 weeks should be, and saying so to the desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from django.db import transaction

from thor.indicators.daily import Computed, Stats, compute, correct, merged
from thor.indicators.extremes import Day
from thor.indicators.models import ExtremesSeed
from thor.indicators.selectors import held_stats, stored_days
from thor.instruments.selectors import groups
from thor.runtime.problem import Problem


class Proposal(NamedTuple):
    """A symbol's extremes as they are ``held`` (None: not at all), as the days say (None: none is known), and as they
    should be."""

    symbol: str
    held: Stats | None
    found: Computed | None
    wanted: Stats | None

    @property
    def differs(self) -> bool:
        """The desk has something to take up."""
        return self.wanted is not None and self.wanted != self.held


def propose(
    as_of: date, symbols: Sequence[str] | None = None, more: Mapping[str, Sequence[Day]] | None = None
) -> list[Proposal]:
    """What the 52 weeks of these symbols (None: of all) should be as of a trade date, by the stored ranges and ``more``
    days. Raises Problem for an unknown symbol."""
    known = groups()
    wanted = sorted(known) if symbols is None else list(symbols)
    if unknown := sorted({*wanted, *(more or {})} - known.keys()):
        raise Problem(f"No instrument of this Thor: {', '.join(unknown)}. Choose others, or add them in the admin.")
    held = held_stats(wanted)
    days = merged(stored_days(wanted), {symbol: found for symbol, found in (more or {}).items() if symbol in wanted})
    return [_proposal(symbol, held.get(symbol), days[symbol], as_of, known[symbol]) for symbol in wanted]


def _proposal(symbol: str, held: Stats | None, days: Sequence[Day], as_of: date, group: str) -> Proposal:
    found = compute(days, as_of, group)
    return Proposal(symbol, held, found, None if found is None else correct(held, found, as_of))


def sow(proposals: Iterable[Proposal], origin: str, reason: str) -> int:
    """Write a seed for each that differs, all or nothing: the desk takes them up within a second. How many."""
    made = [_row(each.symbol, each.wanted, origin, reason) for each in proposals if each.differs and each.wanted]
    with transaction.atomic():
        ExtremesSeed.objects.bulk_create(made)
    return len(made)


def _row(symbol: str, stats: Stats, origin: str, reason: str) -> ExtremesSeed:
    (high, high_day), (low, low_day), (top, top_day), (bottom, bottom_day) = stats
    return ExtremesSeed(
        symbol=symbol, high_52w=high, high_52w_date=high_day, low_52w=low, low_52w_date=low_day,
        all_time_high=top, all_time_high_date=top_day, all_time_low=bottom, all_time_low_date=bottom_day,
        origin=origin, reason=reason,
    )  # fmt: skip
