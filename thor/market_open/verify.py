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

_FIELDS: Final = {field.attname: field for field in MarketSession._meta.concrete_fields}
#: What a capture's record says of each row. The counts so far are made of the rows before it, and are in none.
_CAPTURED: Final = tuple(
    name for name in _FIELDS if name not in {"id", "session_number", "signal_counts", *OUTCOME_COLUMNS}
)
#: An outcome that is not there yet: what a capture's record does not say of it.
_NO_OUTCOME: Final = {
    name: _FIELDS[name].get_default() for name in OUTCOME_COLUMNS if name not in {"wndw", "pnl_usd"}
}  # fmt: skip


def _typed(names: Iterable[str]) -> str:
    """SQL: columns with their types, as JSON is read."""
    return ", ".join(f"{name} {_FIELDS[name].db_type(connection)}" for name in names)


def _list(names: Iterable[str], of: str) -> str:
    return ", ".join(f"{of}.{name}" for name in names)


def _comparison() -> str:
    """SQL: the rows that differ from their records, with both. ``OFFSET 0``: a body is read once, not for each row."""
    given = [*_CAPTURED, "wndw", "pnl_usd"]
    first = [name for name in given if name != "session_id"]
    nothing = ", ".join("NULL" if value is None else "''" for value in _NO_OUTCOME.values())
    return f"""
WITH captured AS MATERIALIZED (
    SELECT a.number AS record, a.session_id, (b.body->>'session_number')::int AS session_number, {_list(first, "r")}
    FROM market_open_auditrecord AS a, LATERAL (SELECT a.body::jsonb AS body OFFSET 0) AS b,
        jsonb_to_recordset(b.body->'rows') AS r({_typed(first)})
    WHERE a.kind = '{Kind.CAPTURE}'
),
newest AS (
    SELECT max(number) AS number FROM market_open_auditrecord WHERE kind IN ('{Kind.OUTCOME}', '{Kind.CORRECTION}')
    GROUP BY session_id, symbol
),
ended AS MATERIALIZED (
    SELECT a.number AS record, a.session_id, a.symbol, {_list(OUTCOME_COLUMNS, "r")}
    FROM newest JOIN market_open_auditrecord AS a USING (number),
        jsonb_to_record(a.body::jsonb->'outcome') AS r({_typed(OUTCOME_COLUMNS)})
)
SELECT session_id, symbol, to_jsonb(m)::text, to_jsonb(c)::text, to_jsonb(e)::text
FROM captured AS c
    FULL JOIN market_open_marketsession AS m USING (session_id, symbol)
    FULL JOIN ended AS e USING (session_id, symbol)
WHERE c.record IS NULL OR m.id IS NULL
    OR (m.session_number, {_list(_CAPTURED, "m")}) IS DISTINCT FROM (c.session_number, {_list(_CAPTURED, "c")})
    OR CASE WHEN e.record IS NULL
        THEN (m.wndw, m.pnl_usd, {_list(_NO_OUTCOME, "m")}) IS DISTINCT FROM (c.wndw, c.pnl_usd, {nothing})
        ELSE ({_list(OUTCOME_COLUMNS, "m")}) IS DISTINCT FROM ({_list(OUTCOME_COLUMNS, "e")}) END
ORDER BY coalesce(c.record, e.record), session_id, symbol
"""


Values = Mapping[str, Any]


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
            cursor.execute(_comparison())
            return [_line(name, symbol, *map(_read, found)) for name, symbol, *found in cursor.fetchall()]
    except DataError as error:
        reason = str(error).splitlines()[0]
        return [f"the rows cannot be held against their records, one of which is not to be read: {reason}"]


def _read(text: str | None) -> dict[str, Any]:
    """A row or record; empty where there is none."""
    found: dict[str, Any] = {} if text is None else json.loads(text)
    return found


def _line(session_id: str, symbol: str, row: Values, captured: Values, ended: Values) -> str:
    name = f"{session_id} {symbol}"
    if not captured:
        return f"{name} has no record of its capture" if row else f"{name} was never captured, but graded"
    if not row:
        return f"{name} is gone, record {captured['record']} has it"
    wrong = [_was(each, row, captured) for each in ("session_number", *_CAPTURED)]
    wrong += [_was(each, row, ended or {**_NO_OUTCOME, **captured}) for each in OUTCOME_COLUMNS]
    return f"{name}: {'; '.join(filter(None, wrong))}"


def _was(column: str, row: Values, said: Values) -> str:
    if row[column] == said[column]:
        return ""
    return f"{column} is {row[column]!r}, record {said['record']} says {said[column]!r}"
