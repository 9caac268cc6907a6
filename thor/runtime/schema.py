"""The database of a namespace: a connection of its own, on which nothing else is ever found.

A search_path that is set on a shared connection is still there for whoever uses it next; so each namespace has an entry
in ``DATABASES`` of its own, made when it is first asked for. Users and their sessions are always the live ones.
"""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from thor.runtime.namespace import replayed, search_path

LIVE_ONLY: Final = frozenset({"admin", "auth", "contenttypes", "sessions", "users"})


def current_namespace() -> str:
    """The namespace that the work at hand is about."""
    return replayed() or str(settings.THOR_NAMESPACE)


def alias_of(namespace: str) -> str:
    """The name of the namespace's database among Django's."""
    alias = f"namespace {namespace}"
    if alias not in connections.settings:
        live = connections.settings[DEFAULT_DB_ALIAS]
        options = {**live.get("OPTIONS", {}), "options": search_path(namespace)}
        connections.settings[alias] = {**live, "OPTIONS": options}
    return alias


def current_connection() -> BaseDatabaseWrapper:
    """Where plain SQL finds tables that are no models: in the namespace that the work at hand is about."""
    namespace = replayed()
    return connections[alias_of(namespace) if namespace else DEFAULT_DB_ALIAS]


def connection_for(model: type[Model]) -> BaseDatabaseWrapper:
    """Where plain SQL finds a model's table: in the namespace that the work at hand is about."""
    return connections[router.db_for_read(model)]


class NamespaceRouter:
    """Django's question where a model is: of a replay, in its schema."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> str | None:
        namespace = replayed()
        if not namespace or model._meta.app_label in LIVE_ONLY:
            return None
        return alias_of(namespace)
