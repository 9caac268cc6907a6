"""The world by weight and region."""

from __future__ import annotations

from decimal import Decimal

from thor.markets.calendar import Status
from thor.markets.composite import Weighed, by_region, share
from thor.markets.market import MARKETS


def weighed(market: str, region: str, weight: str, status: str) -> Weighed:
    return Weighed(market, region, Decimal(weight), Status(status))


def test_open_weight_by_region() -> None:
    asia, europe = by_region(
        [
            weighed("Japan", "Asia", "0.25", "OPEN"),
            weighed("China", "Asia", "0.10", "CLOSED"),
            weighed("Germany", "Europe", "0.20", "CLOSED"),
            weighed("India", "Asia", "0.05", "UNKNOWN"),
        ]
    )
    assert (asia.weight, asia.open_weight, str(asia.open_share)) == (Decimal("0.40"), Decimal("0.25"), "0.6250")
    assert (asia.open, asia.unknown, asia.markets) == (["Japan"], ["India"], ["Japan", "China", "India"])
    assert (europe.open, str(europe.open_share)) == ([], "0.0000")


def test_shares_are_rounded_half_up_and_nothing_of_nothing_is_nothing() -> None:
    assert str(share(Decimal("0.05"), Decimal("0.6"))) == "0.0833"
    assert str(share(Decimal("0.00005"), Decimal(1))) == "0.0001"
    assert str(share(Decimal(0), Decimal(0))) == "0.0000"
    assert by_region([]) == []


def test_the_nine_control_markets_weigh_one() -> None:
    control = [facts for facts in MARKETS if facts.weight > 0]
    assert (len(control), sum(facts.weight for facts in control)) == (9, Decimal(1))
