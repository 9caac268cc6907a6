"""Does the audit chain hold, and does every row say what its records say?

The chain is read in one stream and its hashes computed here. Rows are held against their records by the database, which
reads a record's JSON as the table's own columns: only the rows that differ come out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from django.db import DataError, connection, transaction

from thor.market_open import chain
from thor.market_open.audit import Kind, Link, faults
from thor.market_open.capture import OUTCOME_COLUMNS
from thor.market_open.models import MarketSession

_COLUMNS: Final = tuple(field.attname for field in MarketSession._meta.concrete_fields)
#: What a capture's record says of each row. The counts so far are made of the rows before it, and are in none.
_CAPTURED: Final = tuple(
    name for name in _COLUMNS if name not in {"id", "session_number", "signal_counts", *OUTCOME_COLUMNS}
)
#: Columns that hold text: without a record they are empty, not null.
_TEXTS: Final = dict.fromkeys(("target_hit_type", "resolution_reason", "deciding_stream_id", "deciding_source"), "")


def _differ(columns: Iterable[str], said: str) -> str:
    """SQL: a row's columns are not those of a record."""
    row, record = (", ".join(f"{place}.{name}" for name in columns) for place in ("m", f"({said})"))
    return f"({row}) IS DISTINCT FROM ({record})"


_ENDED_SAID: Final = "CASE WHEN e.number IS NULL THEN c.said ELSE e.said END"
#: Materialized: each column of a composite would make it anew.
_COMPARE: Final = f"""
WITH captured AS MATERIALIZED (
    SELECT a.number, a.session_id, r.value->>'symbol' AS symbol, jsonb_populate_record(
        NULL::market_open_marketsession,
        %(texts)s::jsonb || r.value || jsonb_build_object('session_number', a.body->'session_number')) AS said
    FROM (SELECT number, session_id, body::jsonb FROM market_open_auditrecord WHERE kind = '{Kind.CAPTURE}') AS a,
        jsonb_array_elements(a.body->'rows') AS r
),
newest AS (
    SELECT max(number) AS number FROM market_open_auditrecord WHERE kind IN ('{Kind.OUTCOME}', '{Kind.CORRECTION}')
    GROUP BY session_id, symbol
),
ended AS MATERIALIZED (
    SELECT number, session_id, symbol,
        jsonb_populate_record(NULL::market_open_marketsession, body::jsonb->'outcome') AS said
    FROM newest JOIN market_open_auditrecord USING (number)
)
SELECT session_id, symbol, json_build_object('captured', c.number, 'ended', e.number)::text,
    coalesce(CASE WHEN m.id IS NOT NULL THEN to_jsonb(m) END, 'null')::text,
    coalesce(CASE WHEN c.number IS NOT NULL THEN to_jsonb(c.said) END, 'null')::text,
    coalesce(to_jsonb({_ENDED_SAID}), 'null')::text
FROM captured AS c
    FULL JOIN market_open_marketsession AS m USING (session_id, symbol)
    FULL JOIN ended AS e USING (session_id, symbol)
WHERE c.number IS NULL OR m.id IS NULL OR {_differ((*_CAPTURED, "session_number"), "c.said")}
    OR {_differ(OUTCOME_COLUMNS, _ENDED_SAID)}
ORDER BY coalesce(c.number, e.number), session_id, symbol
"""


class Head(NamedTuple):
    """A record that somebody kept elsewhere."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


class Verified(NamedTuple):
    """How much was looked at, and what is wrong, a line each."""

    records: int
    rows: int
    faults: list[str]


def verify(kept: Head | None = None) -> Verified:
    """Look at the whole chain and all rows. ``kept``: a head that must still be in it."""
    counted = _Counted(kept)
    found = list(faults(counted.links()))
    if kept is not None and not counted.has_kept:
        found.append(f"the kept head {kept} is no longer in the chain: {counted.instead or 'it ends before it'}")
    found += _different()
    return Verified(counted.records, MarketSession.objects.count(), found)


class _Counted:
    """The chain as it goes by."""

    def __init__(self, kept: Head | None) -> None:
        self._kept = kept
        self.records = 0
        self.has_kept = False
        self.instead = ""

    def links(self) -> Iterator[Link]:
        for each in chain.links():
            self.records += 1
            if self._kept is not None and each.number == self._kept.number:
                self.has_kept = each.hash == self._kept.hash
                self.instead = f"record {each.number} has the hash {each.hash}"
            yield each


def _different() -> list[str]:
    """Rows that say something else than their records."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_COMPARE, {"texts": json.dumps(_TEXTS)})
            return [_line(*row[:2], *map(json.loads, row[2:])) for row in cursor.fetchall()]
    except DataError as error:
        reason = str(error).splitlines()[0]
        return [f"the rows cannot be held against their records, one of which is not to be read: {reason}"]


def _line(session_id: str, symbol: str, numbers: Mapping[str, int | None], row: Any, captured: Any, ended: Any) -> str:
    name = f"{session_id} {symbol}"
    if captured is None:
        return f"{name} has no record of its capture" if row is not None else f"{name} was never captured, but graded"
    if row is None:
        return f"{name} is gone, record {numbers['captured']} has it"
    wrong = [_was(each, row, captured, numbers["captured"]) for each in (*_CAPTURED, "session_number")]
    wrong += [_was(each, row, ended, numbers["ended"] or numbers["captured"]) for each in OUTCOME_COLUMNS]
    return f"{name}: {'; '.join(filter(None, wrong))}"


def _was(column: str, row: Mapping[str, Any], said: Mapping[str, Any], number: int | None) -> str:
    if row[column] == said[column]:
        return ""
    return f"{column} is {row[column]!r}, record {number} says {said[column]!r}"
