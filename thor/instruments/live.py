"""What a web process holds of the instruments to answer whose hours a symbol keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import Error as DatabaseError
from django.db import close_old_connections

from thor.instruments.selectors import groups
from thor.runtime.kept import Kept
from thor.runtime.problem import Problem

LOOK_SECONDS: Final = 10.0


def _read(_before: Mapping[str, str] | None) -> Mapping[str, str]:
    try:
        return groups()
    finally:
        close_old_connections()


_kept: Kept[Mapping[str, str]] | None = None


def begin() -> Kept[Mapping[str, str]]:
    """Start keeping symbol -> product group in the running event loop."""
    global _kept
    _kept = Kept("instruments", _read, LOOK_SECONDS, DatabaseError)
    _kept.start()
    return _kept


async def product_groups() -> Mapping[str, str]:
    """Symbol -> product group. Raises Problem 503 where they are not kept."""
    if _kept is None:
        raise Problem("sessions are served by `manage.py web`; this process does not keep the instruments", status=503)
    return await _kept.get()
