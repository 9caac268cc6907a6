"""Thresholds that never fire: an instrument that was HOLD in over 95 % of its last 60 sessions. A rule file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from thor.signals.classification import classify
from thor.signals.config import Signal, Thresholds

SESSIONS: Final = 60
#: With fewer sessions nothing is said.
FEWEST: Final = 20
LIMIT_PCT: Final = 95


@dataclass(frozen=True, slots=True)
class Firing:
    """How often an instrument's thresholds fired. ``sessions`` that were looked at, of which ``held`` were HOLD."""

    symbol: str
    sessions: int
    held: int

    @property
    def is_judged(self) -> bool:
        """There were enough sessions to say anything."""
        return self.sessions >= FEWEST

    @property
    def never_fires(self) -> bool:
        return self.is_judged and self.held * 100 > LIMIT_PCT * self.sessions

    @property
    def held_pct(self) -> Decimal:
        """HOLD in per cent of the sessions, one digit, half up; 0 without a session."""
        share = Decimal(100 * self.held) / max(self.sessions, 1)
        return share.quantize(Decimal("0.1"), ROUND_HALF_UP)


def firing(symbol: str, net_changes: Sequence[Decimal], thresholds: Thresholds) -> Firing:
    """What the thresholds of now make of the net changes at the ends of past sessions, newest first."""
    looked_at = net_changes[:SESSIONS]
    held = sum(classify(each, thresholds) is Signal.HOLD for each in looked_at)
    return Firing(symbol, len(looked_at), held)
