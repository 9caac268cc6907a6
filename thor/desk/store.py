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
from thor.desk.handlers import Context, write
from thor.desk.models import DeskCheckpoint, ReactorState
from thor.desk.models import FiredTimer as FiredTimerRow
from thor.quotes.events import DomainEvent
from thor.quotes.reactor import Effect, State

NAME: Final = "desk"
#: PostgreSQL ends a session that stands still in a transaction: a frozen desk holds its successor up no longer.
FROZEN_MS: Final = 2_000
#: Nobody holds the checkpoint for longer than a frozen one may.
LOCK_MS: Final = 10_000


#: A reactor, and a part of what it remembers.
Part = tuple[str, str]


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
        #: Part -> its text as it stands in the table, and the very value that it was made of.
        self._written: dict[Part, tuple[str, Any]] = {}

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
            parts = list(ReactorState.objects.values_list("reactor", "part", "state"))
        states: dict[str, dict[str, Any]] = {}
        for reactor, part, state in parts:
            states.setdefault(reactor, {})[part] = state
            self._written[reactor, part] = _text(state), None
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
        changed, gone = self._moved(states)
        with transaction.atomic():
            self._move(cursor=cursor, position_us=position_us)
            events = write(effects, context)
            FiredTimerRow.objects.bulk_create([FiredTimerRow(**each._asdict()) for each in timers])
            ReactorState.objects.bulk_create(
                [ReactorState(reactor=key[0], part=key[1], state=value) for key, (_, value) in changed.items()],
                update_conflicts=True, unique_fields=["reactor", "part"], update_fields=["state"],
            )  # fmt: skip
            for reactor, part in gone:
                ReactorState.objects.filter(reactor=reactor, part=part).delete()
            if events:
                DeskCheckpoint.objects.filter(name=NAME).update(unpublished=events)
        self._written |= changed
        for key in gone:
            del self._written[key]
        return events

    def _moved(self, states: Mapping[str, State]) -> tuple[dict[Part, tuple[str, Any]], list[Part]]:
        """The parts that differ from what is written, and those that are no more."""
        changed: dict[Part, tuple[str, Any]] = {}
        there: set[Part] = set()
        for reactor, state in states.items():
            for part, value in state.items():
                there.add((reactor, part))
                text, before = self._written.get((reactor, part), ("", None))
                if value is before and value is not None:
                    continue
                if (now := _text(value)) != text:
                    changed[reactor, part] = now, value
        # What a reactor that has no place here remembers (needs_quotes) stays for when it has one.
        gone = [key for key in self._written if key[0] in states and key not in there]
        return changed, gone

    def told(self) -> None:
        """The events of the last commit were published: a start need not repeat them."""
        DeskCheckpoint.objects.filter(name=NAME, fence=self._fence).update(unpublished=[])

    def _move(self, **fields: Any) -> None:
        moved = DeskCheckpoint.objects.filter(name=NAME, fence__lte=self._fence).update(fence=self._fence, **fields)
        if not moved:
            raise DeposedError


def _text(state: object) -> str:
    return json.dumps(state, sort_keys=True)
