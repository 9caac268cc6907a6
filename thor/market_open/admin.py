"""Market opens in the admin: what was missed, asked for and recorded, and what people set."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from thor.market_open.audit import Kind
from thor.market_open.models import (
    AuditRecord,
    CaptureRequest,
    GlobalConfig,
    MissedCapture,
    RegionConfig,
    TargetHighLowConfig,
)
from thor.market_open.session_admin import MarketSessionAdmin as MarketSessionAdmin  # registers itself
from thor.runtime.admin import ReadOnlyAdmin, labelled
from thor.runtime.decimals import plain
from thor.runtime.edits import HistoryAdmin, register_edits
from thor.signals.admin import FixedRowsAdmin

_KIND_COLOURS: Final = {Kind.CORRECTION.value: "warning", Kind.CLOSE.value: "warning", Kind.REQUEST.value: "info"}
_STATUS_COLOURS: Final = {"CAPTURED": "success", "REFUSED": "danger", "WAITING": "info", "WITHDRAWN": "warning"}


@admin.register(MissedCapture)
class MissedCaptureAdmin(ReadOnlyAdmin[MissedCapture]):
    list_display = ("opened_at", "country", "trade_date", "error", "noted_at")
    list_filter = ("country",)
    date_hierarchy = "trade_date"
    search_fields = ("country", "error")


@admin.register(CaptureRequest)
class CaptureRequestAdmin(ReadOnlyAdmin[CaptureRequest]):
    list_display = ("requested_at", "country", "requested_by", "reason", "shown_status", "answer", "session_id")
    list_filter = ("status", "country")
    date_hierarchy = "requested_at"
    search_fields = ("requested_by", "reason", "session_id")

    @labelled("status", _STATUS_COLOURS, ordering="status")
    def shown_status(self, request: CaptureRequest) -> str:
        """What became of it."""
        return request.status


@admin.register(AuditRecord)
class AuditRecordAdmin(ReadOnlyAdmin[AuditRecord]):
    list_display = ("number", "at", "shown_kind", "session_id", "symbol", "shown_hash")
    list_filter = ("kind",)
    search_fields = ("session_id", "hash")
    date_hierarchy = "at"
    show_full_result_count = False
    fields = ("number", "at", "kind", "shown_session", "symbol", "shown_body", "previous_hash", "hash")
    readonly_fields = ("shown_session", "shown_body")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """A session's page leads here."""
        return lookup == "session_id" or super().lookup_allowed(lookup, value, request)

    @labelled("kind", _KIND_COLOURS, ordering="kind")
    def shown_kind(self, record: AuditRecord) -> str:
        """Of what."""
        return record.kind

    @admin.display(description="hash")
    def shown_hash(self, record: AuditRecord) -> str:
        """Its beginning."""
        return f"{record.hash[:12]}…"

    @admin.display(description="session")
    def shown_session(self, record: AuditRecord) -> str:
        """To its rows."""
        if not record.session_id:
            return "-"
        url = f"{reverse('admin:market_open_marketsession_changelist')}?{urlencode({'q': record.session_id})}"
        return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', url, record.session_id)

    @admin.display(description="body")
    def shown_body(self, record: AuditRecord) -> str:
        """Readable; the hash is of the text as it is stored."""
        try:
            text = json.dumps(json.loads(record.body), indent=2)
        except ValueError:  # somebody changed it
            text = record.body
        return format_html('<pre class="overflow-x-auto">{}</pre>', text)


@admin.register(GlobalConfig)
class GlobalConfigAdmin(FixedRowsAdmin[GlobalConfig]):
    list_display = (
        "__str__", "capture_enabled", "grading_enabled", "default_evaluation_window_sec", "grading_price",
        "capture_max_quote_age_sec",
    )  # fmt: skip


@admin.register(RegionConfig)
class RegionConfigAdmin(HistoryAdmin[RegionConfig]):
    list_display = ("market", "is_active", "evaluation_window_sec", "notes")
    list_editable = ("is_active", "evaluation_window_sec")
    list_select_related = ("market",)


@admin.register(TargetHighLowConfig)
class TargetHighLowConfigAdmin(HistoryAdmin[TargetHighLowConfig]):
    list_display = ("instrument", "mode", "shown_high", "shown_low")
    list_select_related = ("instrument",)
    search_fields = ("instrument__symbol",)

    @admin.display(description="high", ordering="high")
    def shown_high(self, row: TargetHighLowConfig) -> str:
        """Above the entry."""
        return plain(row.high)

    @admin.display(description="low", ordering="low")
    def shown_low(self, row: TargetHighLowConfig) -> str:
        """Below the entry."""
        return plain(row.low)


for model in (GlobalConfig, RegionConfig, TargetHighLowConfig):
    register_edits(model)
