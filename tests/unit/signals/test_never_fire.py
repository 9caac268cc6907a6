"""Thresholds that never fire, at and around the limit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from thor.signals.config import Thresholds
from thor.signals.never_fire import firing

DX = Thresholds(Decimal(30), Decimal(5), Decimal(-5), Decimal(-30))


@pytest.mark.parametrize(
    ("held", "fired", "is_judged", "never_fires", "held_pct"),
    [
        (60, 0, True, True, "100.0"),
        (58, 2, True, True, "96.7"),
        (57, 3, True, False, "95.0"),
        (0, 60, True, False, "0.0"),
        (20, 0, True, True, "100.0"),
        (19, 0, False, False, "100.0"),
        (0, 0, False, False, "0.0"),
    ],
)
def test_over_95_per_cent_of_hold(held: int, fired: int, is_judged: bool, never_fires: bool, held_pct: str) -> None:
    found = firing("DX", [Decimal("0.2")] * held + [Decimal("5.01")] * fired, DX)
    assert (found.sessions, found.held) == (held + fired, held)
    assert (found.is_judged, found.never_fires, str(found.held_pct)) == (is_judged, never_fires, held_pct)


def test_the_newest_sixty_sessions_count() -> None:
    found = firing("DX", [Decimal(0)] * 60 + [Decimal(100)] * 40, DX)
    assert (found.sessions, found.held, found.never_fires) == (60, 60, True)


def test_a_threshold_itself_is_hold() -> None:
    assert firing("DX", [Decimal(5), Decimal(-5), Decimal("5.005"), Decimal("-5.005")], DX).held == 2
