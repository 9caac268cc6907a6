"""The world by weight: how much of it is open, by region (SPEC 7). A rule file.

Weights count as they are given; they need not add up to one. A market is open while its session is on: a lunch break
keeps it open, so that the composite changes with the transitions and with nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

from thor.markets.calendar import Status

_PLACES: Final = Decimal("0.0001")


class Weighed(NamedTuple):
    """A control market and how it stands."""

    market: str
    region: str
    weight: Decimal
    status: Status


class RegionShare(NamedTuple):
    """One part of the world. ``open`` and ``markets``: keys, in the order given; ``unknown``: those whose calendar
    does not know the instant, which do not count as open."""

    region: str
    weight: Decimal
    open_weight: Decimal
    open: list[str]
    unknown: list[str]
    markets: list[str]

    @property
    def open_share(self) -> Decimal:
        return share(self.open_weight, self.weight)


def by_region(markets: Iterable[Weighed]) -> list[RegionShare]:
    """Each region's share, in the order in which the regions first appear."""
    regions: dict[str, list[Weighed]] = {}
    for each in markets:
        regions.setdefault(each.region, []).append(each)
    return [_region(name, members) for name, members in regions.items()]


def share(part: Decimal, whole: Decimal) -> Decimal:
    """From 0 to 1 with four places; nothing of nothing is 0."""
    return (part / whole if whole else Decimal(0)).quantize(_PLACES, ROUND_HALF_UP)


def _region(name: str, members: list[Weighed]) -> RegionShare:
    opened = [each for each in members if each.status is Status.OPEN]
    return RegionShare(
        name,
        sum((each.weight for each in members), Decimal(0)),
        sum((each.weight for each in opened), Decimal(0)),
        [each.market for each in opened],
        [each.market for each in members if each.status is Status.UNKNOWN],
        [each.market for each in members],
    )
