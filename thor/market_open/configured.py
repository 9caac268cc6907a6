"""What people set for captures and grading, read from its tables. Equal settings are equal values."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils import timezone

from thor.market_open.config import CaptureRequest as Wish
from thor.market_open.config import (
    CaptureRequests,
    GlobalSettings,
    GradingPrice,
    MarketOpenSettings,
    MarketSettings,
    TargetMode,
    TargetRule,
)
from thor.market_open.models import CaptureRequest, GlobalConfig, RegionConfig, TargetHighLowConfig
from thor.markets.models import Market
from thor.markets.selectors import active_markets

_SECOND_US: Final = 1_000_000
#: A wish is good for so long: who asked and was killed before the answer must not get a capture hours later.
WISH_LASTS: Final = timedelta(seconds=60)


def load_market_open_settings() -> MarketOpenSettings:
    """What is set now; without rows what SPEC 8 says."""
    general = GlobalConfig.objects.first() or GlobalConfig()
    regions = {each.market_id: each for each in RegionConfig.objects.all()}
    markets = tuple(_market(each, regions.get(each.pk), general) for each in active_markets())
    targets = TargetHighLowConfig.objects.select_related("instrument").order_by("instrument__symbol")
    return MarketOpenSettings(
        GlobalSettings(
            general.default_evaluation_window_sec * _SECOND_US,
            general.capture_enabled,
            general.grading_enabled,
            GradingPrice(general.grading_price),
            general.capture_max_quote_age_sec * _SECOND_US,
        ),
        markets,
        tuple((each.instrument.symbol, TargetRule(TargetMode(each.mode), each.high, each.low)) for each in targets),
    )


def _market(market: Market, region: RegionConfig | None, general: GlobalConfig) -> MarketSettings:
    is_on = market.enable_futures_capture and market.enable_open_capture
    seconds = None if region is None else region.evaluation_window_sec
    return MarketSettings(
        market.country,
        market.display_name,
        market.timezone_name,
        is_on and (region is None or region.is_active),
        (general.default_evaluation_window_sec if seconds is None else seconds) * _SECOND_US,
    )


def load_capture_requests() -> CaptureRequests:
    """The wishes of the last minute that nobody answered yet, the oldest first."""
    waiting = CaptureRequest.objects.filter(
        status=CaptureRequest.Status.WAITING, requested_at__gt=timezone.now() - WISH_LASTS
    ).order_by("id")
    return CaptureRequests(tuple(Wish(*each) for each in waiting.values_list("id", "country")))
