"""Contract facts of the 11 futures (SPEC 6). A rule file: the seeds of the instrument table.

Tick values agree with the exchanges' contract specifications; ``tests/unit/instruments`` holds them against another
table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

TARGET_USD: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class InstrumentFacts:
    """One tracked root symbol.

    ``tick_size`` in price points, ``tick_value_usd`` per contract, ``display_precision`` digits after the point,
    ``group`` the product group whose trading hours and trade date it follows. ``months``: letters of the delivery
    months in which it trades. A quote further from the last good one than a ``spike_limit`` is suspect: in per cent,
    in ticks, in multiples of the average true range; None is off. ``may_be_negative``: a price may be below zero.
    """

    symbol: str
    name: str
    exchange: str
    tick_size: Decimal
    tick_value_usd: Decimal
    display_precision: int
    group: str
    months: str = "HMUZ"
    spike_limit_pct: Decimal | None = Decimal(5)
    spike_limit_ticks: int | None = None
    spike_limit_atr: Decimal | None = None
    may_be_negative: bool = False

    @property
    def point_value_usd(self) -> Decimal:
        """USD per contract for one point of price."""
        return self.tick_value_usd / self.tick_size


@dataclass(frozen=True, slots=True)
class InstrumentTable:
    """All instruments as people set them: what a desk is told."""

    by_symbol: Mapping[str, InstrumentFacts]


def target_ticks(tick_value_usd: Decimal, target_usd: Decimal = TARGET_USD) -> int:
    """How many ticks of one contract come nearest to the target, half up and at least 1. ZB: 3.2 -> 3."""
    return max(1, int((target_usd / tick_value_usd).to_integral_value(ROUND_HALF_UP)))


def _facts(
    symbol: str,
    name: str,
    exchange: str,
    ticks: tuple[str, str, int],
    group: str,
    months: str = "HMUZ",
    *,
    spike_limit_pct: str = "5",
    may_be_negative: bool = False,
) -> InstrumentFacts:
    """``ticks``: size in points, value in USD, digits shown."""
    size, value, precision = ticks
    return InstrumentFacts(
        symbol,
        name,
        exchange,
        Decimal(size),
        Decimal(value),
        precision,
        group,
        months,
        spike_limit_pct=Decimal(spike_limit_pct),
        may_be_negative=may_be_negative,
    )


EVERY_MONTH: Final = "FGHJKMNQUVXZ"
_METALS: Final = "cme_metals_energy"

#: In the order in which the board shows them.
INSTRUMENTS: Final = (
    _facts("YM", "Dow Jones E-mini", "CBOT", ("1", "5.00", 0), "cme_equity"),
    _facts("ES", "S&P 500 E-mini", "CME", ("0.25", "12.50", 2), "cme_equity"),
    _facts("NQ", "Nasdaq-100 E-mini", "CME", ("0.25", "5.00", 2), "cme_equity"),
    _facts("RTY", "Russell 2000 E-mini", "CME", ("0.10", "5.00", 2), "cme_equity"),
    _facts(
        "CL", "Crude oil", "NYMEX", ("0.01", "10.00", 2), _METALS, EVERY_MONTH, spike_limit_pct="15",
        may_be_negative=True,
    ),
    _facts("SI", "Silver", "COMEX", ("0.005", "25.00", 3), _METALS, "HKNUZ"),
    _facts("HG", "Copper", "COMEX", ("0.0005", "12.50", 4), _METALS, "HKNUZ"),
    _facts("GC", "Gold", "COMEX", ("0.10", "10.00", 2), _METALS, "GJMQVZ"),
    _facts("VX", "VIX future", "CFE", ("0.05", "50.00", 2), "cfe_vx", EVERY_MONTH, spike_limit_pct="30"),
    _facts("DX", "US Dollar Index", "ICE", ("0.005", "5.00", 3), "ice_dx"),
    _facts("ZB", "30-year T-bond", "CBOT", ("0.03125", "31.25", 5), "cbot_rates"),
)  # fmt: skip

BY_SYMBOL: Final = {facts.symbol: facts for facts in INSTRUMENTS}
