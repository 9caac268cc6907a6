"""Contract facts of the 11 futures (SPEC 6). A rule file: the seeds of the instrument table.

Tick values agree with the exchanges' contract specifications; ``tests/answers`` holds them against another table.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final


@dataclass(frozen=True, slots=True)
class InstrumentFacts:
    """One tracked root symbol.

    ``tick_size`` in price points, ``tick_value_usd`` per contract, ``display_precision`` digits after the point,
    ``group`` the product group whose trading hours and trade date it follows.
    """

    symbol: str
    name: str
    exchange: str
    tick_size: Decimal
    tick_value_usd: Decimal
    display_precision: int
    group: str

    @property
    def point_value_usd(self) -> Decimal:
        """USD per contract for one point of price."""
        return self.tick_value_usd / self.tick_size


def _facts(
    symbol: str, name: str, exchange: str, tick_size: str, tick_value_usd: str, display_precision: int, group: str
) -> InstrumentFacts:
    return InstrumentFacts(
        symbol, name, exchange, Decimal(tick_size), Decimal(tick_value_usd), display_precision, group
    )


#: In the order in which the board shows them.
INSTRUMENTS: Final = (
    _facts("YM", "Dow Jones E-mini", "CBOT", "1", "5.00", 0, "cme_equity"),
    _facts("ES", "S&P 500 E-mini", "CME", "0.25", "12.50", 2, "cme_equity"),
    _facts("NQ", "Nasdaq-100 E-mini", "CME", "0.25", "5.00", 2, "cme_equity"),
    _facts("RTY", "Russell 2000 E-mini", "CME", "0.10", "5.00", 2, "cme_equity"),
    _facts("CL", "Crude oil", "NYMEX", "0.01", "10.00", 2, "cme_metals_energy"),
    _facts("SI", "Silver", "COMEX", "0.005", "25.00", 3, "cme_metals_energy"),
    _facts("HG", "Copper", "COMEX", "0.0005", "12.50", 4, "cme_metals_energy"),
    _facts("GC", "Gold", "COMEX", "0.10", "10.00", 2, "cme_metals_energy"),
    _facts("VX", "VIX future", "CFE", "0.05", "50.00", 2, "cfe_vx"),
    _facts("DX", "US Dollar Index", "ICE", "0.005", "5.00", 3, "ice_dx"),
    _facts("ZB", "30-year T-bond", "CBOT", "0.03125", "31.25", 5, "cbot_rates"),
)

BY_SYMBOL: Final = {facts.symbol: facts for facts in INSTRUMENTS}
