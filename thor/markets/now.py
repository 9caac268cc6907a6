"""Where "now" comes from for whoever asks the markets: the one place that reads a clock for them."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings

from thor.runtime.clock import SystemClock


class MarketNow(NamedTuple):
    """``now_us``: epoch microseconds. ``simulated``: it is a replay's time, which runs ``speed`` times as fast as ours
    (None: as fast as it goes). ``namespace``: whose time it is; empty is the live one."""

    now_us: int
    simulated: bool
    speed: float | None
    namespace: str


_clock = SystemClock()


def market_now() -> MarketNow:
    """The present of this Thor: the system's clock."""
    return MarketNow(_clock.now_us(), simulated=False, speed=1.0, namespace=settings.THOR_NAMESPACE)
