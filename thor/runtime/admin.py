"""The admin's common dress: every room's pages build on these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.decorators import display

M = TypeVar("M", bound=Model)
Show = Callable[[Any, Any], Any]

# Django's class takes its type parameter in the stubs only, and django-unfold's has no types at all.
if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline
else:
    import unfold.admin

    class ModelAdmin(unfold.admin.ModelAdmin):
        """A model's pages."""

        def __class_getitem__(cls, _model: type[Model]) -> type:
            return cls

    class TabularInline(unfold.admin.TabularInline):
        """Rows that belong to a model's, on its page."""

        def __class_getitem__(cls, _models: object) -> type:
            return cls


class ReadOnlyAdmin(ModelAdmin[M]):
    """Pages to look at: what programs write and nobody edits."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        del request, obj
        return False


def labelled(description: str, colours: Mapping[str, str], ordering: str) -> Callable[[Show], Show]:
    """A list's column as a coloured label. The method gives the text, or the key of its colour and the text.

    ``colours``: key -> ``success``, ``info``, ``warning`` or ``danger``.
    """
    decorate: Callable[[Show], Show] = display(description=description, ordering=ordering, label=dict(colours))
    return decorate
