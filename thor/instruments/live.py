"""What a web process holds of the instruments to answer whose hours a symbol keeps."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Final

from django.db import Error as DatabaseError
from django.db import close_old_connections

from thor.instruments.selectors import groups
from thor.runtime.kept import Kept
from thor.runtime.namespace import replayed, within
from thor.runtime.problem import Problem
from thor.runtime.visited import Visited

LOOK_SECONDS: Final = 10.0


Groups = Mapping[str, str]


def _kept_of(namespace: str) -> Kept[Groups]:
    """``namespace``: of a replay; empty is this Thor's own."""

    def read(_before: Groups | None) -> Groups:
        try:
            with within(namespace) if namespace else nullcontext():
                return groups()
        finally:
            close_old_connections()

    return Kept("instruments", read, LOOK_SECONDS, DatabaseError)


_kept: Kept[Groups] | None = None
_replays = Visited(_kept_of)


def begin() -> Kept[Groups]:
    """Start keeping symbol -> product group in the running event loop."""
    global _kept
    _kept = _kept_of("")
    _kept.start()
    return _kept


def replays() -> Visited[Kept[Groups]]:
    """Those of the replays that somebody looks at."""
    return _replays


async def product_groups() -> Groups:
    """Symbol -> product group in what is looked at. Raises Problem 503 where they are not kept."""
    if _kept is not None and (namespace := replayed()):
        return await _replays.get(namespace).get()
    if _kept is None:
        raise Problem("sessions are served by `manage.py web`; this process does not keep the instruments", status=503)
    return await _kept.get()
