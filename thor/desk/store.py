"""The desk's memory: effects, the reactors' states and the stream id they rest on, in one transaction.

The checkpoint's row is written first and holds everybody else off: a desk whose fencing number is older than the one
it finds there was deposed, and nothing of it is written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.db import connection, transaction

from thor.desk.desk import BEGINNING, FiredTimer
from thor.desk.handlers import Context, DomainEvent, handle
from thor.desk.models import DeskCheckpoint, ReactorState
from thor.desk.models import FiredTimer as FiredTimerRow
from thor.desk.reactor import Effect, State

NAME: Final = "desk"
#: PostgreSQL ends a session that stands still in a transaction: a frozen desk holds its successor up no longer.
FROZEN_MS: Final = 2_000
#: Nobody holds the checkpoint for longer than a frozen one may.
LOCK_MS: Final = 10_000


class DeposedError(Exception):
    """Another desk leads since: nothing was written."""

    def __init__(self) -> None:
        super().__init__("another desk leads since")


class Saved(NamedTuple):
    """The checkpoint as it was found. ``position_us`` None: no desk ever ran."""

    cursor: str
    position_us: int | None
    states: Mapping[str, State]
    unpublished: Sequence[DomainEvent]


class DeskStore:
    """Reads and writes the checkpoint with one fencing number, on Django's connection of this thread."""

    def __init__(self, fence: int) -> None:
        self._fence = fence
        self._written: dict[str, str] = {}

    def claim(self) -> Saved:
        """Lead from now on: whatever an older desk still writes is refused. Raises :class:`DeposedError`."""
        with connection.cursor() as cursor:
            cursor.execute(f"SET idle_in_transaction_session_timeout = {FROZEN_MS}; SET lock_timeout = {LOCK_MS}")
        with transaction.atomic():
            row, _ = DeskCheckpoint.objects.select_for_update().get_or_create(
                name=NAME, defaults={"cursor": BEGINNING, "position_us": 0, "fence": 0}
            )
            if row.fence > self._fence:
                raise DeposedError
            DeskCheckpoint.objects.filter(name=NAME).update(fence=self._fence)
            states = dict(ReactorState.objects.values_list("reactor", "state"))
        self._written = {name: _text(state) for name, state in states.items()}
        events = [DomainEvent(*each) for each in row.unpublished]
        return Saved(row.cursor, row.position_us or None, states, events)

    def commit(
        self,
        cursor: str,
        position_us: int,
        effects: Sequence[Effect],
        timers: Sequence[FiredTimer],
        states: Mapping[str, State],
        context: Context,
    ) -> list[DomainEvent]:
        """Write all of it or nothing. Returns what to tell now. Raises :class:`DeposedError`."""
        changed = {name: text for name, state in states.items() if (text := _text(state)) != self._written.get(name)}
        with transaction.atomic():
            self._move(cursor=cursor, position_us=position_us)
            events = [event for effect in effects for event in handle(effect, context)]
            FiredTimerRow.objects.bulk_create([FiredTimerRow(**each._asdict()) for each in timers])
            ReactorState.objects.bulk_create(
                [ReactorState(reactor=name, state=json.loads(text)) for name, text in changed.items()],
                update_conflicts=True, unique_fields=["reactor"], update_fields=["state"],
            )  # fmt: skip
            DeskCheckpoint.objects.filter(name=NAME).update(unpublished=events)
        self._written |= changed
        return events

    def told(self) -> None:
        """The events of the last commit were published: a start need not repeat them."""
        DeskCheckpoint.objects.filter(name=NAME, fence=self._fence).update(unpublished=[])

    def _move(self, **fields: Any) -> None:
        moved = DeskCheckpoint.objects.filter(name=NAME, fence__lte=self._fence).update(fence=self._fence, **fields)
        if not moved:
            raise DeposedError


def _text(state: State) -> str:
    return json.dumps(state, sort_keys=True)
