"""The independent judge: what was sent against what stands in the stream, in ``ticks`` and in the dead letters.

It reads with SQL and XRANGE of its own and imports nothing of the program under test.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import psycopg
import redis

from tests.faults.draft import Bad, Entry, Good, Row
from tests.faults.stack import DEAD, LOSSES, UNIFIED

_PAGE = 5000
_FLAG_AHEAD_US = 5_000_000
_TICKS = """
SELECT symbol, (extract(epoch FROM ts) * 1000000)::bigint, source, seq, last::text, bid::text, ask::text,
    last_size, bid_size, ask_size, volume, cond, venue, extra::text, stream_id,
    trade_date - (ts AT TIME ZONE 'UTC')::date
FROM ticks
"""

Flat = tuple[bytes, ...]
Key = tuple[str, int, str, int | None]


@dataclass
class Snapshot:
    """All entries of the unified stream and all dead letters at one moment."""

    stream: list[tuple[bytes, Flat]]
    dead: list[dict[bytes, bytes]]
    losses: int

    @classmethod
    def of(cls, client: redis.Redis, prefix: str = "") -> Snapshot:
        stream = [(name, _flat(fields)) for name, fields in _range(client, prefix + UNIFIED)]
        counts = client.hgetall(prefix + LOSSES)
        losses = sum(int(counts.get(name, 0)) for name in (b"lost_to_trim", b"lost_pending"))
        return cls(stream, [fields for _, fields in _range(client, prefix + DEAD)], losses)


@dataclass
class Verdict:
    """Counts of what is wrong, and a line for each of the first of them."""

    stored: int = 0
    letters: int = 0
    poison: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)

    def blame(self, what: str, line: object, count: int = 1) -> None:
        self.wrong[what] += count
        if self.wrong[what] <= 5:
            self.lines.append(f"{what}: {line}")

    @property
    def good(self) -> bool:
        return not self.wrong


class Sent:
    """What was sent, and under which ids it stands in the stream."""

    def __init__(self, entries: Sequence[Entry], acknowledged: Sequence[bytes | None]) -> None:
        self.by_fields: dict[Flat, Good | Bad] = {}
        self.good: dict[Key, Good] = {}
        self.ids: dict[Key, set[bytes]] = {}
        self.poison: dict[bytes, tuple[Bad, Flat]] = {}
        self._acknowledged_poison: dict[bytes, tuple[Bad, Flat]] = {}
        for entry, stream_id in zip(entries, acknowledged, strict=True):
            flat = tuple(part for pair in entry.fields for part in pair)
            self.by_fields[flat] = entry.event
            if stream_id is not None:
                self._note(stream_id, flat, entry.event)

    def _note(self, stream_id: bytes, flat: Flat, event: Good | Bad) -> None:
        if isinstance(event, Bad):
            self.poison[stream_id] = event, flat
        else:
            self.good[event.row.key] = event
            self.ids.setdefault(event.row.key, set()).add(stream_id)

    def see(self, snapshots: Iterable[Snapshot], verdict: Verdict) -> set[bytes]:
        """Add what the stream holds beyond the acknowledged (a pipeline's answer was lost). All ids that are there."""
        there = set()
        for stream_id, flat in (entry for snapshot in snapshots for entry in snapshot.stream):
            there.add(stream_id)
            event = self.by_fields.get(flat)
            if event is None:
                verdict.blame("foreign", f"entry {stream_id!r} was never sent: {flat!r:.200}")
            else:
                self._note(stream_id, flat, event)
        return there


def judge(
    entries: Sequence[Entry],
    acknowledged: Sequence[bytes | None],
    snapshots: Sequence[Snapshot],
    database: psycopg.Connection[tuple[Any, ...]],
) -> Verdict:
    """Everything that is wrong. ``snapshots``: of the bus at the end, and before each time that it was emptied."""
    verdict, sent = Verdict(), Sent(entries, acknowledged)
    there = sent.see(snapshots, verdict)
    known = [stream_id for stream_id in acknowledged if stream_id is not None]
    if forgotten := sum(stream_id not in there for stream_id in known):
        verdict.blame("forgotten", f"the bus no longer has {forgotten} entries that it acknowledged", forgotten)
    _judge_ticks(sent, database, verdict)
    _judge_letters(sent, snapshots, verdict)
    for snapshot in snapshots:
        if snapshot.losses:
            verdict.blame("miscounted", f"{snapshot.losses} entries counted as lost, none was trimmed", snapshot.losses)
    return verdict


# --- ticks ----------------------------------------------------------------------------------------------------------


def _judge_ticks(sent: Sent, database: psycopg.Connection[tuple[Any, ...]], verdict: Verdict) -> None:
    seen: Counter[Key] = Counter()
    for found in _rows(database, _TICKS):
        row = Row(*found[:14])
        verdict.stored += 1
        seen[row.key] += 1
        if (expected := sent.good.get(row.key)) is None:
            verdict.blame("extra", row)
        elif seen[row.key] > 1:
            verdict.blame("duplicated", row)
        elif difference := _difference(expected, row, str(found[14]), sent.ids[row.key], int(found[15])):
            verdict.blame("mismatched", f"{difference} {row}")
    for key in sent.good.keys() - seen.keys():
        verdict.blame("lost", f"{key} of {sorted(sent.ids[key])}")
    for kept in _rows(database, "SELECT symbol, ts, source, seq, stream_id FROM tick_conflicts"):
        verdict.blame("conflicts", kept)


def _difference(expected: Good, row: Row, stream_id: str, ids: set[bytes], days: int) -> str:
    """What is not as it was sent; empty when all is."""
    if stream_id.encode() not in ids:
        return f"stream_id {stream_id} is none of {sorted(ids)[:3]}"
    if not -3 <= days <= 7:
        return f"trade date {days} days from the event"
    for name, wanted, found in zip(Row._fields[:-1], expected.row, row, strict=False):
        if wanted != found:
            return f"{name} {found!r}, sent {wanted!r}"
    wanted_extra, found_extra = _json(expected.row.extra), _json(row.extra)
    if expected.ahead and expected.row.ts_us - int(stream_id.partition("-")[0]) * 1000 > _FLAG_AHEAD_US:
        wanted_extra.setdefault("meta", {})["ahead"] = True
    return "" if wanted_extra == found_extra else f"extra {found_extra}, sent {wanted_extra}"


def _json(text: str | None) -> dict[str, Any]:
    """Numbers by their spelling: 0.2500 is not 0.25."""
    found = json.loads(text or "{}", parse_float=_number, parse_int=_number)
    assert isinstance(found, dict)
    return found


def _number(text: str) -> tuple[str, str]:
    return "number", text


def _rows(database: psycopg.Connection[tuple[Any, ...]], query: str) -> Iterator[tuple[Any, ...]]:
    with database.transaction(), database.cursor(name="judge") as cursor:
        cursor.itersize = _PAGE
        yield from cursor.execute(query)


# --- dead letters ---------------------------------------------------------------------------------------------------


def _judge_letters(sent: Sent, snapshots: Iterable[Snapshot], verdict: Verdict) -> None:
    verdict.poison = len(sent.poison)
    written: Counter[bytes] = Counter()
    for letter in (letter for snapshot in snapshots for letter in snapshot.dead):
        source_id = letter.get(b"source_id", b"")
        verdict.letters += 1
        written[source_id] += 1
        if (poison := sent.poison.get(source_id)) is None:
            verdict.blame("wrong_letter", f"{letter!r:.300}")
        elif written[source_id] > 1:
            verdict.blame("repeated_letter", f"{letter!r:.300}")
        elif difference := _letter_difference(*poison, letter):
            verdict.blame("mismatched_letter", difference)
    for stream_id in sent.poison.keys() - written.keys():
        verdict.blame("vanished", f"{stream_id!r} {sent.poison[stream_id][0].kind}")


def _letter_difference(bad: Bad, flat: Flat, letter: Mapping[bytes, bytes]) -> str:
    reason = letter[b"reason"].decode().partition(":")[0]
    if reason not in bad.reasons:
        return f"{bad.kind}: reason {reason}, wanted {' or '.join(sorted(bad.reasons))}"
    payload, kept = flat[-1], letter[b"event"]
    if flat[::2] == (b"s", b"e") and (not payload.startswith(kept) or len(kept) < min(len(payload), 65_536)):
        return f"{bad.kind}: event {kept!r:.100}, sent {payload!r:.100}"
    return ""


def _range(client: redis.Redis, stream: str) -> Iterator[tuple[bytes, dict[bytes, bytes]]]:
    after = "-"
    while page := cast("list[tuple[bytes, dict[bytes, bytes]]]", client.xrange(stream, after, count=_PAGE)):
        yield from page
        after = f"({page[-1][0].decode()}"


def _flat(fields: Mapping[bytes, bytes]) -> Flat:
    return tuple(part for pair in fields.items() for part in pair)
