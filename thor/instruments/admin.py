"""Instruments, watch lists and rolls in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from thor.instruments.instrument import target_ticks
from thor.instruments.models import BOARD, Instrument, Roll, RollRule, WatchList, WatchListEntry
from thor.runtime.admin import TabularInline
from thor.runtime.decimals import plain
from thor.runtime.edits import HistoryAdmin, register_edits


@admin.register(Instrument)
class InstrumentAdmin(HistoryAdmin[Instrument]):
    list_display = (
        "symbol", "name", "exchange", "group", "shown_tick_size", "shown_tick_value", "shown_target", "months",
        "preferred_source",
    )  # fmt: skip
    list_editable = ("preferred_source",)
    list_filter = ("exchange", "group")
    list_fullwidth = True
    search_fields = ("symbol", "name")
    fieldsets = (
        (None, {"fields": ("symbol", "name", "exchange", "currency", "group", "months", "preferred_source")}),
        ("Contract", {"fields": ("tick_size", "tick_value_usd", "display_precision")}),
        (
            "Which quotes are suspect",
            {"fields": ("spike_limit_pct", "spike_limit_ticks", "spike_limit_atr", "may_be_negative")},
        ),
    )

    @admin.display(description="tick size", ordering="tick_size")
    def shown_tick_size(self, instrument: Instrument) -> str:
        """Price points."""
        return plain(instrument.tick_size)

    @admin.display(description="tick value", ordering="tick_value_usd")
    def shown_tick_value(self, instrument: Instrument) -> str:
        """Per contract."""
        return f"{instrument.tick_value_usd:.2f} {instrument.currency}"

    @admin.display(description="100 USD")
    def shown_target(self, instrument: Instrument) -> str:
        """How many ticks of one contract that is."""
        return f"{target_ticks(instrument.tick_value_usd)} ticks"


class WatchListEntryInline(TabularInline[WatchListEntry, WatchList]):
    model = WatchListEntry
    extra = 0
    ordering_field = "position"
    hide_ordering_field = True
    hide_title = True


@admin.register(WatchList)
class WatchListAdmin(HistoryAdmin[WatchList]):
    #: A list's name is hardly ever changed, what is on it is.
    edits_of = WatchListEntry
    list_display = ("name", "shown_instruments")
    search_fields = ("name",)
    inlines = (WatchListEntryInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: WatchList | None = None) -> tuple[str, ...]:
        """The board is known by its name."""
        del request
        return ("name",) if obj is not None and obj.name == BOARD else ()

    def has_delete_permission(self, request: HttpRequest, obj: WatchList | None = None) -> bool:
        """There is always a board, if an empty one."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.name != BOARD)

    @admin.display(description="instruments")
    def shown_instruments(self, watch_list: WatchList) -> str:
        """In their order."""
        entries = watch_list.entries.select_related("instrument")
        return " ".join(each.instrument.symbol for each in entries)


@admin.register(RollRule)
class RollRuleAdmin(HistoryAdmin[RollRule]):
    list_display = ("instrument", "method", "days_before", "anchor", "months")
    list_select_related = ("instrument",)
    search_fields = ("instrument__symbol",)


@admin.register(Roll)
class RollAdmin(HistoryAdmin[Roll]):
    list_display = ("instrument", "from_contract", "to_contract", "effective", "decided_by", "reason")
    list_filter = ("instrument", "decided_by")
    list_select_related = ("instrument",)
    date_hierarchy = "effective"


for model in (Instrument, WatchListEntry, RollRule, Roll):
    register_edits(model)
