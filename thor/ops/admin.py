"""Durable jobs in the admin: how each stands, and what a person may do about it."""

from __future__ import annotations

import json
from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from procrastinate.contrib.django import app, models
from procrastinate.exceptions import ConnectorException
from unfold.admin import TabularInline

from thor.desk.jobs import retry
from thor.runtime.admin import ReadOnlyAdmin, labelled

_COLOURS = {"todo": "info", "doing": "warning", "succeeded": "success", "failed": "danger"}
_WORDS = {"todo": "waits", "doing": "runs", "succeeded": "done"}


class EventInline(TabularInline):  # type: ignore[misc] # the library has no types
    """What happened to a job, and when."""

    model = models.ProcrastinateEvent
    fields = ("type", "at")
    ordering = ("at",)
    extra = 0
    can_delete = False
    hide_title = True
    verbose_name_plural = "what happened"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False


# The library's own pages, which know neither our dress nor our words.
for _model in (
    models.ProcrastinateJob,
    models.ProcrastinateEvent,
    models.ProcrastinateWorker,
    models.ProcrastinatePeriodicDefer,
):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)
apps.get_app_config("procrastinate").verbose_name = "Durable jobs"
models.ProcrastinateJob._meta.verbose_name = "job"
models.ProcrastinateJob._meta.verbose_name_plural = "jobs"


@admin.register(models.ProcrastinateJob)
class JobAdmin(ReadOnlyAdmin[models.ProcrastinateJob]):
    list_display = ("id", "task_name", "market", "state", "attempts", "scheduled_at", "changed_at")
    list_filter = ("status", "task_name")
    search_fields = ("task_name", "queueing_lock")
    ordering = ("-id",)
    list_per_page = 50
    inlines = (EventInline,)
    actions = ("retry_jobs", "cancel_jobs")
    fields = ("id", "task_name", "status", "attempts", "scheduled_at", "queue_name", "queueing_lock", "shown_arguments")
    readonly_fields = ("shown_arguments",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.ProcrastinateJob]:
        events = models.ProcrastinateEvent.objects.filter(job=OuterRef("pk")).order_by("-id")
        return super().get_queryset(request).annotate(changed=Subquery(events.values("at")[:1]))

    def has_work_permission(self, request: HttpRequest) -> bool:
        """May change what becomes of a job."""
        return bool(request.user.has_perm("procrastinate.change_procrastinatejob"))

    @labelled("state", _COLOURS, ordering="status")
    def state(self, job: models.ProcrastinateJob) -> tuple[str, str]:
        return job.status, _WORDS.get(job.status, job.status)

    @admin.display(description="market")
    def market(self, job: models.ProcrastinateJob) -> str:
        return str(job.args.get("market", ""))

    @admin.display(description="last change", ordering="changed")
    def changed_at(self, job: models.ProcrastinateJob) -> Any:
        return getattr(job, "changed", None)

    @admin.display(description="arguments")
    def shown_arguments(self, job: models.ProcrastinateJob) -> str:
        return format_html("<pre>{}</pre>", json.dumps(job.args, indent=2))

    @admin.action(description="Retry those that failed", permissions=["work"])
    def retry_jobs(self, request: HttpRequest, queryset: QuerySet[models.ProcrastinateJob]) -> None:
        done = 0
        for job in queryset.filter(status="failed"):
            try:
                retry(job.id)
                done += 1
            except ConnectorException:  # somebody else was faster
                continue
        self._say(request, f"{done} of {queryset.count()} queued again", done)

    @admin.action(description="Cancel those that wait", permissions=["work"])
    def cancel_jobs(self, request: HttpRequest, queryset: QuerySet[models.ProcrastinateJob]) -> None:
        done = sum(app.job_manager.cancel_job_by_id(job.id) for job in queryset.filter(status="todo"))
        self._say(request, f"{done} of {queryset.count()} cancelled", done)

    def _say(self, request: HttpRequest, text: str, done: int) -> None:
        self.message_user(request, text, messages.SUCCESS if done else messages.WARNING)
