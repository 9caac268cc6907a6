"""Who changed what in the configuration, when, from what to what: in the admin, for models with a history."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import DecimalField, Field, Model
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from simple_history.admin import SimpleHistoryAdmin
from simple_history.template_utils import HistoricalRecordContextHelper
from unfold.decorators import action

from thor.runtime.admin import M, ModelAdmin, ReadOnlyAdmin, labelled
from thor.runtime.decimals import plain

_KINDS = {"+": "created", "~": "changed", "-": "deleted"}
_KIND_COLOURS = {"+": "success", "~": "info", "-": "danger"}


class PlainDecimalField(forms.DecimalField):
    """Shows 0.25, where the column holds 0.250000."""

    def prepare_value(self, value: Any) -> Any:
        return plain(value) if isinstance(value, Decimal) else super().prepare_value(value)


class _PlainChanges(HistoricalRecordContextHelper):  # type: ignore[misc]
    """Before and after as a person writes them."""

    def prepare_delta_change_value(self, change: Any, value: Any) -> Any:
        return shown(super().prepare_delta_change_value(change, value))


def shown(value: Any) -> str:
    """A field's value for a person."""
    if isinstance(value, Decimal):
        return plain(value)
    return "nothing" if value in (None, "") else str(value)


if TYPE_CHECKING:
    _Base = admin.ModelAdmin
else:

    class _Base(SimpleHistoryAdmin, ModelAdmin):
        pass


class HistoryAdmin(_Base[M]):
    """A model's pages, with the history of each row, and of all that ever were."""

    #: The model whose edits the list leads to, where it is another.
    edits_of: type[Model] | None = None
    actions_list = ("edits",)

    @action(description="All edits", url_path="edits", icon="history")  # type: ignore[untyped-decorator]
    def edits(self, request: HttpRequest) -> HttpResponseBase:
        """To the list of them."""
        del request
        meta = history_of(self.edits_of or self.model)._meta
        return redirect(reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"))

    def get_historical_record_context_helper(self, request: HttpRequest, record: Any) -> _PlainChanges:
        del request
        return _PlainChanges(self.model, record)

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, DecimalField):
            kwargs["form_class"] = PlainDecimalField
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class EditsAdmin(ReadOnlyAdmin[Model]):
    """Every edit of a model's rows, also of those that are gone. Reached from the model's list."""

    list_display = ("shown_at", "shown_row", "shown_kind", "shown_user", "shown_changes", "shown_reason")
    list_filter = ("history_type",)
    list_select_related = ("history_user",)
    list_fullwidth = True
    date_hierarchy = "history_date"

    def has_module_permission(self, request: HttpRequest) -> bool:
        del request
        return False

    @admin.display(description="when", ordering="history_date")
    def shown_at(self, record: Any) -> datetime:
        """UTC."""
        at: datetime = record.history_date
        return at

    @admin.display(description="row")
    def shown_row(self, record: Any) -> str:
        """Its name; its number where what it belonged to is gone."""
        try:
            return str(record.instance)
        except ObjectDoesNotExist:
            return f"no. {record.instance.pk}"

    @labelled("what", _KIND_COLOURS, ordering="history_type")
    def shown_kind(self, record: Any) -> tuple[str, str]:
        """created, changed or deleted."""
        return record.history_type, _KINDS[record.history_type]

    @admin.display(description="who", ordering="history_user")
    def shown_user(self, record: Any) -> str:
        """A command runs as nobody of ours."""
        return str(record.history_user or "a command")

    @admin.display(description="before → after")
    def shown_changes(self, record: Any) -> str:
        """Of a change each field that became another; else what the row held."""
        before = record.prev_record if record.history_type == "~" else None
        if before is None:
            return ", ".join(f"{name} {value}" for name, value in _values(record))
        return ", ".join(_changes(record, before)) or "nothing"

    @admin.display(description="reason", ordering="history_change_reason")
    def shown_reason(self, record: Any) -> str:
        """As it was given with the edit."""
        return record.history_change_reason or ""


def history_of(model: type[Model]) -> type[Model]:
    """The model of its history's rows."""
    found: type[Model] = model.history.model  # type: ignore[attr-defined]
    return found


def register_edits(model: type[Model]) -> None:
    """Give a model with a history the list of all its edits."""
    admin.site.register(history_of(model), EditsAdmin)


def _changes(record: Any, before: Any) -> list[str]:
    fields = {field.name: str(field.verbose_name) for field in record.tracked_fields}
    changes = record.diff_against(before, foreign_keys_are_objs=True).changes
    return [f"{fields[each.field]} {shown(each.old)} → {shown(each.new)}" for each in changes]


def _values(record: Any) -> list[tuple[str, str]]:
    plain_fields = [field for field in record.tracked_fields if not field.is_relation and not field.primary_key]
    return [(str(field.verbose_name), shown(getattr(record, field.name))) for field in plain_fields]
