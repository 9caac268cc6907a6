"""Markets in the admin: what a person sets, and what the compiled calendars say."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Field
from django.http import HttpRequest
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
)

from thor.markets.calendar import Phase, Status
from thor.markets.models import (
    HORIZON_ALARM,
    CalendarDay,
    CalendarEdition,
    CalendarOverride,
    FeatureWindow,
    Market,
    MarketDataSnapshot,
    SessionInterval,
)
from thor.markets.now import market_now
from thor.markets.selectors import editions
from thor.markets.trade_date import utc
from thor.runtime.admin import M, ModelAdmin, ReadOnlyAdmin, labelled

_STATUS_COLOURS = {Status.OPEN.value: "success", Status.CLOSED.value: "info", Status.UNKNOWN.value: "warning"}


@admin.register(Market)
class MarketAdmin(ModelAdmin[Market]):
    list_display = (
        "display_name",
        "country",
        "calendar",
        "shown_status",
        "weight",
        "is_active",
        "is_control_market",
        "enable_futures_capture",
        "enable_open_capture",
        "enable_close_capture",
    )
    list_editable = (
        "weight",
        "is_active",
        "is_control_market",
        "enable_futures_capture",
        "enable_open_capture",
        "enable_close_capture",
    )
    list_filter = ("region", "is_active", "is_control_market")
    list_fullwidth = True
    search_fields = ("country", "display_name", "calendar")
    readonly_fields = ("status", "status_at")

    @labelled("status", _STATUS_COLOURS, ordering="status")
    def shown_status(self, market: Market) -> str:
        """As the desk's clock last saw it."""
        return market.status

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "calendar":
            return self._calendar_field(db_field)
        if db_field.name == "weight":
            kwargs["widget"] = UnfoldAdminDecimalFieldWidget({"style": "min-width: 7.5rem"})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def _calendar_field(self, db_field: Field[Any, Any]) -> forms.ChoiceField:
        """One of those that were compiled, or that a market has."""
        names = {*editions(), *Market.objects.values_list("calendar", flat=True)}
        return forms.ChoiceField(
            choices=[(name, name) for name in sorted(names)],
            widget=UnfoldAdminSelectWidget,
            help_text=db_field.help_text,
        )


class TableAdmin(ReadOnlyAdmin[M]):
    """What was compiled or recorded, with dates that stay on one line."""

    class Media:
        css = {"all": ("markets/tables.css",)}


@admin.register(SessionInterval)
class SessionIntervalAdmin(TableAdmin[SessionInterval]):
    list_display = ("calendar", "trade_date", "phase", "open_utc", "close_utc", "holiday_name", "source")
    list_filter = ("calendar", "phase")
    search_fields = ("calendar", "holiday_name", "source")
    date_hierarchy = "trade_date"
    show_full_result_count = False


@admin.register(CalendarDay)
class CalendarDayAdmin(TableAdmin[CalendarDay]):
    list_display = ("calendar", "date", "name", "is_holiday", "is_closed", "is_early_close", "source")
    list_filter = ("calendar", "is_holiday", "is_closed", "is_early_close")
    search_fields = ("calendar", "name", "source")
    date_hierarchy = "date"
    show_full_result_count = False


@admin.register(CalendarEdition)
class CalendarEditionAdmin(TableAdmin[CalendarEdition]):
    list_display = ("calendar", "timezone_name", "first_utc", "horizon", "library_version", "compiled_at")
    search_fields = ("calendar",)

    @labelled("horizon", {"alarm": "danger", "fine": "success"}, ordering="end_utc")
    def horizon(self, edition: CalendarEdition) -> tuple[str, str]:
        """Until when the calendar knows; red when that is soon."""
        soon = edition.end_utc - utc(market_now().now_us) < HORIZON_ALARM
        return ("alarm" if soon else "fine"), f"{edition.end_utc:%Y-%m-%d}{' ends soon' if soon else ''}"


@admin.register(CalendarOverride)
class CalendarOverrideAdmin(TableAdmin[CalendarOverride]):
    list_display = ("calendar", "what", "reason", "source", "dated")
    list_filter = ("calendar",)
    search_fields = ("calendar", "what", "reason", "source")


@admin.register(FeatureWindow)
class FeatureWindowAdmin(ModelAdmin[FeatureWindow]):
    list_display = ("feature", "market", "phases", "starts_at", "ends_at", "is_active", "rollback_at")
    list_editable = ("is_active",)
    list_filter = ("feature", "market", "is_active")
    list_select_related = ("market",)
    search_fields = ("feature",)

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name != "phases":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        return forms.MultipleChoiceField(
            choices=[(each.value, each.value) for each in Phase],
            required=False,
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
            help_text=db_field.help_text,
        )


@admin.register(MarketDataSnapshot)
class MarketDataSnapshotAdmin(TableAdmin[MarketDataSnapshot]):
    list_display = ("market", "trade_date", "opened_at", "closed_at", "tick_count", "summarised_at")
    list_filter = ("market",)
    list_select_related = ("market",)
    date_hierarchy = "trade_date"
