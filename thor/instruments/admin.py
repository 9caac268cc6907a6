"""Instruments in the admin."""

from __future__ import annotations

from django.contrib import admin

from thor.instruments.models import Instrument
from thor.runtime.admin import ModelAdmin


@admin.register(Instrument)
class InstrumentAdmin(ModelAdmin[Instrument]):
    list_display = (
        "symbol",
        "name",
        "exchange",
        "group",
        "tick_size",
        "tick_value_usd",
        "position",
        "is_tracked",
        "preferred_source",
    )
    list_editable = ("position", "is_tracked", "preferred_source")
    list_filter = ("exchange", "group", "is_tracked")
    search_fields = ("symbol", "name")
