"""What the desk wrote of indicators, to look at; and the seeds of the 52 weeks, which people add."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from thor.indicators.models import DailyRange, ExtremesSeed, IntradayMetric, Rolling52WeekStats, VwapMinute
from thor.runtime.admin import ModelAdmin, ReadOnlyAdmin


@admin.register(IntradayMetric)
class IntradayMetricAdmin(ReadOnlyAdmin[IntradayMetric]):
    list_display = (
        "opened", "market", "symbol", "market_open", "market_high_open", "market_high_pct_open", "market_low_open",
        "market_low_pct_open", "market_close", "session_volume",
    )  # fmt: skip
    list_filter = ("market",)
    date_hierarchy = "opened"
    search_fields = ("symbol", "market")


@admin.register(VwapMinute)
class VwapMinuteAdmin(ReadOnlyAdmin[VwapMinute]):
    list_display = ("minute", "symbol", "trade_date", "last_price", "delta_volume", "vwap", "is_restart")
    list_filter = ("is_restart",)
    date_hierarchy = "minute"
    search_fields = ("symbol",)


@admin.register(DailyRange)
class DailyRangeAdmin(ReadOnlyAdmin[DailyRange]):
    list_display = ("trade_date", "symbol", "high", "low", "last")
    date_hierarchy = "trade_date"
    search_fields = ("symbol",)


@admin.register(Rolling52WeekStats)
class Rolling52WeekStatsAdmin(ReadOnlyAdmin[Rolling52WeekStats]):
    list_display = (
        "symbol", "high_52w", "high_52w_date", "low_52w", "low_52w_date", "all_time_high", "all_time_low",
        "last_price_checked", "last_updated",
    )  # fmt: skip
    search_fields = ("symbol",)


@admin.register(ExtremesSeed)
class ExtremesSeedAdmin(ModelAdmin[ExtremesSeed]):
    """Seeds are added and never changed: the newest of a symbol counts, the others say what was said before."""

    list_display = ("made_at", "symbol", "high_52w", "high_52w_date", "low_52w", "low_52w_date", "origin", "made_by")
    list_filter = ("origin",)
    search_fields = ("symbol", "reason")
    exclude = ("origin", "made_by")

    def has_change_permission(self, request: HttpRequest, obj: ExtremesSeed | None = None) -> bool:
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ExtremesSeed | None = None) -> bool:
        del request, obj
        return False

    def save_model(self, request: HttpRequest, obj: ExtremesSeed, form: Any, change: bool) -> None:
        """Made by who is logged in."""
        obj.made_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)
