"""Where "now" comes from for whoever asks the markets: the one place that reads a clock for them."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings

from thor.runtime.clock import SystemClock
from thor.runtime.namespace import present


class MarketNow(NamedTuple):
    """``now_us``: epoch microseconds. ``simulated``: it is a replay's time, which runs ``speed`` times as fast as ours
    (None: as fast as it goes, 0: it stands). ``namespace``: whose time it is; empty is the live one."""

    now_us: int
    simulated: bool
    speed: float | None
    namespace: str


_clock = SystemClock()


def market_now() -> MarketNow:
    """The present of what is looked at: of this Thor the system's clock, of a replay its simulated time."""
    if (there := present()) is not None:
        return MarketNow(there.now_us, simulated=True, speed=there.speed, namespace=there.namespace)
    return MarketNow(_clock.now_us(), simulated=False, speed=1.0, namespace=settings.THOR_NAMESPACE)
