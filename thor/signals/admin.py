"""Thresholds and weights in the admin, and what the desk wrote of signals, to look at."""

from __future__ import annotations

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest

from thor.runtime.admin import M, ReadOnlyAdmin, labelled
from thor.runtime.decimals import plain
from thor.runtime.edits import HistoryAdmin, register_edits
from thor.signals.config import Signal
from thor.signals.models import (
    ContractWeight,
    SessionBaseline,
    SignalChange,
    SignalDay,
    SignalStatValue,
    SignalWeight,
    TotalThresholds,
)
from thor.signals.never_fire import FEWEST, LIMIT_PCT, SESSIONS, Firing
from thor.signals.selectors import firings

_SIGNAL_COLOURS = {
    Signal.STRONG_BUY.value: "success",
    Signal.BUY.value: "success",
    Signal.HOLD.value: "info",
    Signal.SELL.value: "warning",
    Signal.STRONG_SELL.value: "danger",
}
_SILENT = (
    f"HOLD in over {LIMIT_PCT} % of the last {SESSIONS} sessions. These thresholds never fire: "
    "`thor suggest_thresholds` proposes others."
)


@admin.register(SignalStatValue)
class SignalStatValueAdmin(HistoryAdmin[SignalStatValue]):
    list_display = (
        "instrument", "shown_strong_buy", "shown_buy", "shown_sell", "shown_strong_sell", "shown_firing",
    )  # fmt: skip
    list_select_related = ("instrument",)
    search_fields = ("instrument__symbol",)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list, with a warning of thresholds that never fire."""
        listed = super().get_changelist_instance(request)
        found = firings()
        for row in listed.result_list:
            row.firing = found.get(row.instrument.symbol)
        silent = sorted(symbol for symbol, each in found.items() if each.never_fires)
        if silent and request.method == "GET":
            messages.warning(request, f"{', '.join(silent)}: {_SILENT}")
        return listed

    @admin.display(description="strong buy", ordering="strong_buy")
    def shown_strong_buy(self, row: SignalStatValue) -> str:
        """Price points."""
        return plain(row.strong_buy)

    @admin.display(description="buy", ordering="buy")
    def shown_buy(self, row: SignalStatValue) -> str:
        """Price points."""
        return plain(row.buy)

    @admin.display(description="sell", ordering="sell")
    def shown_sell(self, row: SignalStatValue) -> str:
        """Price points."""
        return plain(row.sell)

    @admin.display(description="strong sell", ordering="strong_sell")
    def shown_strong_sell(self, row: SignalStatValue) -> str:
        """Price points."""
        return plain(row.strong_sell)

    @labelled(
        f"HOLD in the last {SESSIONS} sessions", {"never": "danger", "fires": "success", "new": "info"}, ordering="id"
    )
    def shown_firing(self, row: SignalStatValue) -> tuple[str, str]:
        """Red where the thresholds never fire."""
        return _firing_label(getattr(row, "firing", None))


def _firing_label(each: Firing | None) -> tuple[str, str]:
    if each is None or not each.is_judged:
        return "new", f"{each.sessions if each else 0} of {FEWEST} sessions"
    if each.never_fires:
        return "never", f"{each.held_pct} %: never fires"
    return "fires", f"{each.held_pct} %"


@admin.register(ContractWeight)
class ContractWeightAdmin(HistoryAdmin[ContractWeight]):
    list_display = ("instrument", "weight", "is_bear")
    list_editable = ("weight", "is_bear")
    list_select_related = ("instrument",)
    search_fields = ("instrument__symbol",)


class FixedRowsAdmin(HistoryAdmin[M]):
    """Rows that are there from the beginning: they are edited, never added or deleted."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        del request
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        del request, obj
        return False


@admin.register(SignalWeight)
class SignalWeightAdmin(FixedRowsAdmin[SignalWeight]):
    list_display = ("signal", "weight")
    readonly_fields = ("signal",)


@admin.register(TotalThresholds)
class TotalThresholdsAdmin(FixedRowsAdmin[TotalThresholds]):
    list_display = ("__str__", "strong_buy", "buy", "sell", "strong_sell", "minimum_count", "max_quote_age_seconds")


@admin.register(SessionBaseline)
class SessionBaselineAdmin(ReadOnlyAdmin[SessionBaseline]):
    list_display = ("symbol", "trade_date", "source", "settlement", "previous_close", "open", "at", "from_stream_id")
    list_filter = ("symbol", "source")
    date_hierarchy = "trade_date"
    search_fields = ("symbol",)
    show_full_result_count = False


@admin.register(SignalChange)
class SignalChangeAdmin(ReadOnlyAdmin[SignalChange]):
    list_display = ("at", "symbol", "shown_from", "shown_to", "net_change", "entry_id")
    list_filter = ("symbol", "signal_to")
    date_hierarchy = "at"
    search_fields = ("symbol",)
    show_full_result_count = False

    @labelled("from", _SIGNAL_COLOURS, ordering="signal_from")
    def shown_from(self, change: SignalChange) -> str:
        """Empty: it was not classified."""
        return change.signal_from

    @labelled("to", _SIGNAL_COLOURS, ordering="signal_to")
    def shown_to(self, change: SignalChange) -> str:
        """Empty: it is not classified."""
        return change.signal_to


@admin.register(SignalDay)
class SignalDayAdmin(ReadOnlyAdmin[SignalDay]):
    list_display = ("trade_date", "symbol", "shown_signal", "net_change", "baseline", "baseline_from", "quotes")
    list_filter = ("symbol", "signal")
    date_hierarchy = "trade_date"
    search_fields = ("symbol",)
    show_full_result_count = False

    @labelled("signal", _SIGNAL_COLOURS, ordering="signal")
    def shown_signal(self, day: SignalDay) -> str:
        """As it last stood."""
        return day.signal


for model in (SignalStatValue, ContractWeight, SignalWeight, TotalThresholds):
    register_edits(model)
