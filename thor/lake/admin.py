"""The lake in the admin: what is listed, what was done, how good dates are; and how far apart contracts were, which a
person may say."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat

from thor.lake.models import FileState, LakeFile, LakeRun, QualityDay, RollDifference, RunStatus
from thor.runtime.admin import ModelAdmin, ReadOnlyAdmin, labelled
from thor.runtime.decimals import plain

_STATE_COLOURS: Final = {
    FileState.OK.value: "success",
    FileState.ARCHIVED.value: "info",
    FileState.DAMAGED.value: "danger",
    FileState.MISSING.value: "danger",
}
_STATUS_COLOURS: Final = {
    RunStatus.DONE.value: "success",
    RunStatus.RUNNING.value: "info",
    RunStatus.WAITING.value: "info",
    RunStatus.FAILED.value: "danger",
    RunStatus.CANCELLED.value: "warning",
}


@admin.register(LakeFile)
class LakeFileAdmin(ReadOnlyAdmin[LakeFile]):
    list_display = ("key", "shown_state", "rows", "shown_size", "exported_at", "verified_at")
    list_filter = ("state", "kind", "timeframe", "symbol")
    date_hierarchy = "trade_date"
    search_fields = ("key", "rows_sha256", "file_sha256")
    show_full_result_count = False

    @labelled("state", _STATE_COLOURS, ordering="state")
    def shown_state(self, file: LakeFile) -> str:
        """As it was found last."""
        return file.state

    @admin.display(description="size", ordering="size")
    def shown_size(self, file: LakeFile) -> str:
        """For people."""
        return filesizeformat(file.size)


@admin.register(LakeRun)
class LakeRunAdmin(ReadOnlyAdmin[LakeRun]):
    list_display = ("title", "shown_status", "shown_progress", "note", "asked_by", "asked_at", "ended_at")
    list_filter = ("status", "kind")
    date_hierarchy = "asked_at"
    search_fields = ("title", "note", "asked_by")

    @labelled("status", _STATUS_COLOURS, ordering="status")
    def shown_status(self, run: LakeRun) -> str:
        """How it stands."""
        return run.status

    @admin.display(description="done")
    def shown_progress(self, run: LakeRun) -> str:
        """Of how many."""
        of = "" if run.total is None else f" of {run.total:,}"
        return f"{run.done:,}{of} {run.unit}".strip()


@admin.register(QualityDay)
class QualityDayAdmin(ReadOnlyAdmin[QualityDay]):
    list_display = (
        "trade_date", "symbol", "ticks", "shown_coverage", "gaps", "longest_gap_seconds", "crossed", "spikes",
        "duplicates", "conflicts", "out_of_order",
    )  # fmt: skip
    list_filter = ("symbol",)
    date_hierarchy = "trade_date"
    search_fields = ("symbol",)

    @admin.display(description="covered")
    def shown_coverage(self, day: QualityDay) -> str:
        """Share of the open hours that is in no gap."""
        return f"{day.covered_seconds / day.open_seconds:.1%}" if day.open_seconds else "-"


@admin.register(RollDifference)
class RollDifferenceAdmin(ModelAdmin[RollDifference]):
    list_display = ("__str__", "symbol", "trade_date", "shown_difference", "by_hand", "measured")
    list_filter = ("by_hand", "symbol")
    date_hierarchy = "trade_date"
    search_fields = ("symbol", "from_contract", "to_contract", "measured")
    fields = ("symbol", "from_contract", "to_contract", "trade_date", "difference", "measured", "by_hand")
    readonly_fields = ("by_hand",)

    @admin.display(description="difference", ordering="difference")
    def shown_difference(self, roll: RollDifference) -> str:
        """In points."""
        return plain(roll.difference)

    def save_model(self, request: HttpRequest, obj: RollDifference, form: Any, change: bool) -> None:
        """What a person says is not measured again."""
        obj.by_hand = True
        super().save_model(request, obj, form, change)
