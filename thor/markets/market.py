"""The markets that the world clock follows (SPEC 7). A rule file."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final


class Region(StrEnum):
    """Part of the world, for the composite view."""

    ASIA = "Asia"
    EUROPE = "Europe"
    AMERICAS = "Americas"


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """What is seeded of a market. ``country`` is its key; ``open_time`` and ``close_time`` are its usual local hours,
    for people: the compiled ``calendar`` decides."""

    country: str
    display_name: str
    timezone_name: str
    calendar: str
    region: Region
    open_time: str
    close_time: str
    currency: str
    weight: Decimal
    captures: bool


def _row(
    country: str, name: str, zone: str, calendar: str, region: Region, hours: str, currency: str, weight: str, on: bool
) -> MarketFacts:
    opens, _, closes = hours.partition("-")
    return MarketFacts(country, name, zone, calendar, region, opens, closes, currency, Decimal(weight), on)


_ASIA, _EUROPE, _AMERICAS = Region.ASIA, Region.EUROPE, Region.AMERICAS
#: In the order in which they open along a day in UTC, CME last.
MARKETS: Final[tuple[MarketFacts, ...]] = (
    _row("Japan", "Tokyo", "Asia/Tokyo", "XTKS", _ASIA, "09:00-15:30", "JPY", "0.25", True),
    _row("China", "Shanghai", "Asia/Shanghai", "XSHG", _ASIA, "09:30-15:00", "CNY", "0.10", True),
    _row("India", "Bombay", "Asia/Kolkata", "XBOM", _ASIA, "09:15-15:30", "INR", "0.05", True),
    _row("Germany", "Frankfurt", "Europe/Berlin", "XFRA", _EUROPE, "09:00-17:30", "EUR", "0.20", True),
    _row("Netherlands", "Amsterdam (EuroNext)", "Europe/Amsterdam", "XAMS", _EUROPE, "09:00-17:30", "EUR", "0", True),
    _row("United Kingdom", "London", "Europe/London", "XLON", _EUROPE, "08:00-16:30", "GBP", "0.05", True),
    _row("Pre_USA", "Pre_USA", "America/New_York", "PRE_USA", _AMERICAS, "08:30-09:30", "USD", "0.05", True),
    _row("USA", "New York", "America/New_York", "XNYS", _AMERICAS, "09:30-16:00", "USD", "0.25", True),
    _row("Canada", "Toronto", "America/Toronto", "XTSE", _AMERICAS, "09:30-16:00", "CAD", "0.03", False),
    _row("Mexico", "Mexico City", "America/Mexico_City", "XMEX", _AMERICAS, "09:30-16:00", "MXN", "0.02", False),
    _row("CME_Futures", "CME", "America/Chicago", "cme_equity", _AMERICAS, "17:00-16:00", "USD", "0", False),
)
DEFAULT_MARKET: Final = "USA"
CME_MARKET: Final = "CME_Futures"


@dataclass(frozen=True, slots=True)
class ControlMarkets:
    """The markets that count in the composite, as people set them: what a desk is told."""

    countries: frozenset[str]
