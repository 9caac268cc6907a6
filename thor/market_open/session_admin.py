"""The rows of market opens in the admin: looked at, never edited."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import urlencode

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from thor.market_open.grading import Outcome
from thor.market_open.models import MarketSession
from thor.market_open.session_actions import SessionActions
from thor.runtime.admin import labelled
from thor.runtime.decimals import plain

_OUTCOME_COLOURS: Final = {
    Outcome.WORKED.value: "success",
    Outcome.DIDNT_WORK.value: "danger",
    Outcome.ERROR.value: "warning",
    Outcome.EXPIRED.value: "info",
    Outcome.NEUTRAL.value: "info",
    Outcome.PENDING.value: "info",
}


@admin.register(MarketSession)
class MarketSessionAdmin(SessionActions):
    class Media:
        css = {"all": ("markets/tables.css",)}

    list_display = (
        "session_id", "symbol", "bhs", "entry_side", "shown_entry", "shown_outcome", "pnl_usd", "resolution_quality",
        "capture_kind", "opened_at",
    )  # fmt: skip
    list_filter = ("country", "day", "symbol", "wndw", "resolution_quality", "capture_kind")
    list_fullwidth = True
    search_fields = ("session_id",)
    date_hierarchy = "trade_date"
    show_full_result_count = False
    readonly_fields = ("shown_counts", "shown_records")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("session_id", "session_number", "country"), ("symbol", "trade_date", "day"),
                    ("opened_at", "captured_at", "capture_kind"), "shown_records",
                )
            },
        ),
        ("Signal", {"fields": (("bhs", "weight"), ("stat_value", "contract_weight"), "reason")}),
        (
            "TOTAL",
            {
                "fields": (("weighted_average", "sum_weighted"), ("instrument_count", "status")),
                "classes": ("collapse",),
            },
        ),
        (
            "Quote",
            {
                "fields": (
                    ("quote_ts", "quote_age_ms"), ("quote_source", "quote_seq"), "quote_stream_id",
                    ("bid_price", "bid_size"), ("ask_price", "ask_size"), ("last_price", "spread"),
                    ("volume", "market_open"), ("net_change", "baseline_from"),
                )
            },
        ),
        (
            "Ranges",
            {
                "fields": (
                    ("prev_close_24h", "open_price_24h"), ("open_prev_diff_24h", "open_prev_pct_24h"),
                    ("low_24h", "high_24h"), ("range_diff_24h", "range_pct_24h"), ("low_52w", "low_pct_52w"),
                    ("high_52w", "high_pct_52w"), ("range_52w", "range_pct_52w"),
                ),
                "classes": ("collapse",),
            },
        ),
        (
            "Trade",
            {
                "fields": (
                    ("traded_symbol", "entry_side", "entry_price"), ("target_high", "target_low"),
                    ("target_usd", "stop_usd", "exit_price_at_entry"),
                    ("grading_price", "evaluation_window_sec", "window_ends_at"),
                )
            },
        ),
        (
            "Outcome",
            {
                "fields": (
                    ("wndw", "pnl_usd", "mark_to_market_usd"), ("target_hit_type", "target_hit_price", "target_hit_at"),
                    ("resolved_at", "elapsed_sec", "observations"),
                    ("resolution_price", "resolution_quality", "resolution_reason"),
                )
            },
        ),
        (
            "The quote that decided",
            {
                "fields": (
                    ("deciding_ts", "deciding_source"), ("deciding_seq", "deciding_stream_id"),
                    ("deciding_bid", "deciding_ask", "deciding_last"),
                )
            },
        ),
        ("Counts as they stood at the capture", {"fields": ("shown_counts",), "classes": ("collapse",)}),
    )  # fmt: skip

    @admin.display(description="entry", ordering="entry_price")
    def shown_entry(self, row: MarketSession) -> str:
        """In points."""
        return "" if row.entry_price is None else plain(row.entry_price)

    @labelled("outcome", _OUTCOME_COLOURS, ordering="wndw")
    def shown_outcome(self, row: MarketSession) -> tuple[str, str]:
        """As a person reads it."""
        return row.wndw, Outcome(row.wndw).text

    @admin.display(description="signal counts")
    def shown_counts(self, row: MarketSession) -> str:
        """Of the market and the instrument, by signal."""
        return format_html("<pre>{}</pre>", json.dumps(row.signal_counts, indent=2))

    @admin.display(description="audit records")
    def shown_records(self, row: MarketSession) -> str:
        """To those of its session."""
        url = f"{reverse('admin:market_open_auditrecord_changelist')}?{urlencode({'session_id': row.session_id})}"
        return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">of this session</a>', url)
