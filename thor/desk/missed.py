"""Entries that the stream no longer holds, from the stored ticks: trimming waits for the ingestor, not for the desk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from thor.desk.entries import Entry
from thor.history.services import connect_database, known_groups
from thor.history.tape import StoredTape

#: A tick's own time and its arrival differ by no more than this, or the gate keeps it out anyway.
_EARLIER_US: Final = 3_600_000_000
_LATER_US: Final = 300_000_000


def missed_entries(after_id: str, before_id: str) -> Iterator[Entry]:
    """What was stored of the entries between two ids, both exclusive, as the stream had them. Reads in pages."""
    after, before = number_of(after_id), number_of(before_id)
    from_us, until_us = after[0] * 1000 - _EARLIER_US, before[0] * 1000 + _LATER_US
    with connect_database() as database:
        tape = StoredTape(database, None, from_us, until_us, sorted(known_groups()), has_timers=True)
        for cue in tape.cues():
            event = cue.event
            # One without an id was never on this stream.
            if "-" in event.entry_id and after < number_of(event.entry_id) < before:
                yield event.entry_id.encode(), (b"s", event.symbol.encode(), b"e", event.payload)


def number_of(stream_id: str) -> tuple[int, int]:
    """A stream id as the two numbers by which ids compare."""
    milliseconds, _, number = stream_id.partition("-")
    return int(milliseconds), int(number or 0)
