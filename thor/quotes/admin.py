"""How good the quotes were, in the admin."""

from __future__ import annotations

from django.contrib import admin

from thor.quotes.models import QuoteQuality
from thor.runtime.admin import ReadOnlyAdmin


@admin.register(QuoteQuality)
class QuoteQualityAdmin(ReadOnlyAdmin[QuoteQuality]):
    list_display = (
        "symbol",
        "trade_date",
        "good",
        "suspect",
        "crossed",
        "zero",
        "negative",
        "spike",
        "out_of_order",
        "stale",
        "levels",
        "last_suspect",
        "last_reasons",
    )
    list_filter = ("symbol", "trade_date")
