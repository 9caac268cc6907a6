"""What a web process holds of the instruments: edits are followed within a second, no request asks the database."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Final

from django.db import Error as DatabaseError

from thor.instruments.models import Instrument
from thor.instruments.selectors import Catalogue, load_catalogue
from thor.runtime.kept import Kept
from thor.runtime.namespace import replayed, within
from thor.runtime.problem import Problem
from thor.runtime.schema import connection_for
from thor.runtime.visited import Visited

#: Two small queries on a connection that stays open: 2.5 ms; a new connection each time would be three times that.
LOOK_SECONDS: Final = 0.5


def _kept_of(namespace: str) -> Kept[Catalogue]:
    """``namespace``: of a replay; empty is this Thor's own."""

    def there() -> AbstractContextManager[None]:
        return within(namespace) if namespace else nullcontext()

    def read(before: Catalogue | None) -> Catalogue:
        with there():
            try:
                found = load_catalogue()
            except DatabaseError:
                connection_for(Instrument).close()
                raise
        return before if found == before and before is not None else found

    def end() -> None:
        with there():
            connection_for(Instrument).close()

    return Kept("instruments", read, LOOK_SECONDS, DatabaseError, end)


_kept: Kept[Catalogue] | None = None
_replays = Visited(_kept_of)


def begin() -> Kept[Catalogue]:
    """Start keeping the instruments in the running event loop."""
    global _kept
    _kept = _kept_of("")
    _kept.start()
    return _kept


def replays() -> Visited[Kept[Catalogue]]:
    """Those of the replays that somebody looks at."""
    return _replays


async def catalogue() -> Catalogue:
    """All instruments of what is looked at; the same object until one is edited. Raises Problem 503."""
    if _kept is not None and (namespace := replayed()):
        return await _replays.get(namespace).get()
    if _kept is None:
        raise Problem("sessions are served by `manage.py web`; this process does not keep the instruments", status=503)
    return await _kept.get()
