"""Changing markets."""

from __future__ import annotations

from django.db import transaction

from thor.markets.market import MARKETS, MarketFacts
from thor.markets.models import Market


@transaction.atomic
def seed_markets() -> tuple[int, int]:
    """Create the markets that are missing. Returns (created, kept); what a person edited is never overwritten."""
    created = 0
    for position, facts in enumerate(MARKETS):
        _, is_new = Market.objects.get_or_create(country=facts.country, defaults=_defaults(facts, position))
        created += is_new
    return created, len(MARKETS) - created


def _defaults(facts: MarketFacts, position: int) -> dict[str, object]:
    return {
        "display_name": facts.display_name,
        "region": facts.region.value,
        "timezone_name": facts.timezone_name,
        "calendar": facts.calendar,
        "open_time": facts.open_time,
        "close_time": facts.close_time,
        "currency": facts.currency,
        "weight": facts.weight,
        "position": position,
        "is_control_market": facts.weight > 0,
        "enable_futures_capture": facts.captures,
        "enable_open_capture": facts.captures,
    }
