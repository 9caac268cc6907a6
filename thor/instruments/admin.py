"""Instruments in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin

from thor.instruments.models import Instrument

# Django's class takes its type parameter in the stubs only.
if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Instrument]
else:
    _Admin = admin.ModelAdmin


@admin.register(Instrument)
class InstrumentAdmin(_Admin):
    list_display = (
        "symbol",
        "name",
        "exchange",
        "tick_size",
        "tick_value_usd",
        "position",
        "is_tracked",
        "preferred_source",
    )
    list_editable = ("position", "is_tracked", "preferred_source")
    list_filter = ("exchange", "group", "is_tracked")
    search_fields = ("symbol", "name")
