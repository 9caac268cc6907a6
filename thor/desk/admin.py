"""What the desk told and what it warned of, to look at."""

from __future__ import annotations

from django.contrib import admin

from thor.desk.models import Alert, DeskCheckpoint, TransitionRecord
from thor.runtime.admin import ReadOnlyAdmin, labelled

_KIND_COLOURS = {"OPEN": "success", "CLOSE": "info"}
_SEVERITY_COLOURS = {"critical": "danger", "warning": "warning", "info": "info"}


@admin.register(TransitionRecord)
class TransitionRecordAdmin(ReadOnlyAdmin[TransitionRecord]):
    list_display = ("at", "market", "shown_kind", "trade_date", "shown_late", "after_id")
    list_filter = ("market", "kind")
    date_hierarchy = "at"
    search_fields = ("market",)

    @labelled("kind", _KIND_COLOURS, ordering="kind")
    def shown_kind(self, record: TransitionRecord) -> str:
        """OPEN or CLOSE."""
        return record.kind

    @admin.display(description="late")
    def shown_late(self, record: TransitionRecord) -> str:
        """How much later than the transition it was told."""
        return f"{(record.told_at - record.at).total_seconds():.3f} s"


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin[Alert]):
    list_display = ("started_at", "shown_severity", "text", "ended_at")
    list_filter = ("severity", "alert")
    date_hierarchy = "started_at"
    search_fields = ("alert", "text")

    @labelled("severity", _SEVERITY_COLOURS, ordering="severity")
    def shown_severity(self, alert: Alert) -> str:
        """critical, warning or info."""
        return alert.severity


@admin.register(DeskCheckpoint)
class DeskCheckpointAdmin(ReadOnlyAdmin[DeskCheckpoint]):
    list_display = ("name", "cursor", "position_us", "fence", "updated_at")
