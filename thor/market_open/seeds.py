"""Creating settings of captures and grading that were never there."""

from __future__ import annotations

from django.db import transaction

from thor.market_open.models import GlobalConfig, RegionConfig
from thor.markets.models import Market
from thor.signals.services import Seeded, make_once


@transaction.atomic
def seed_market_opens() -> Seeded:
    """The settings of all markets, and a row for each market: what SPEC 8 says. What a person edited is never
    overwritten, what one deleted stays away."""
    markets = list(Market.objects.all())
    created = make_once(GlobalConfig(), id=1)
    created += sum(make_once(RegionConfig(market=market), market=market) for market in markets)
    return Seeded(created, 1 + len(markets) - created)
