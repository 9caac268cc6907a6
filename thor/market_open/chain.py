"""The audit chain in its table: records are added in the transaction of what they are about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from django.db import connections, router, transaction

from thor.market_open.audit import ORIGIN, Kind, Link, canonical, link
from thor.market_open.models import AuditRecord
from thor.markets.trade_date import epoch_us, utc

_PAGE: Final = 2_000


class Entry(NamedTuple):
    """What is to be recorded. ``symbol`` empty: of the whole session."""

    kind: Kind
    session_id: str
    symbol: str
    body: Mapping[str, Any]


def append(entries: Sequence[Entry], at_us: int) -> list[Link]:
    """Add records in the open transaction; whoever else adds some waits for its end. ``at_us``: epoch microseconds."""
    if not entries:
        return []
    newest = lock()
    number, previous = (0, ORIGIN) if newest is None else newest
    made: list[Link] = []
    for each in entries:
        number += 1
        subject = (each.session_id, each.symbol)
        made.append(link(number, at_us, each.kind, subject, canonical(each.body), previous))
        previous = made[-1].hash
    AuditRecord.objects.bulk_create([_row(each) for each in made])
    return made


def links(start: int = 1) -> Iterator[Link]:
    """The chain's records in order, from a number on."""
    for row in AuditRecord.objects.filter(number__gte=start).order_by("number").iterator(_PAGE):
        yield Link(
            row.number, epoch_us(row.at), row.kind, row.session_id, row.symbol, row.body, row.previous_hash, row.hash
        )  # fmt: skip


def head(day: date | None = None) -> AuditRecord | None:
    """The newest record; of a UTC day the last one up to its end. None: there is none."""
    records = AuditRecord.objects.order_by("-number")
    if day is not None:
        records = records.filter(at__date__lte=day)
    return records.first()


def lock() -> tuple[int, str] | None:
    """Nobody else adds a record until this transaction ends. Returns the newest one's number and hash.

    The desk adds records while it holds rows: whoever else changes rows takes this first, and waits for none of them.
    """
    connection = connections[router.db_for_write(AuditRecord)]
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("records are added in the transaction of what they are about")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.market_open.audit', 0))")
    found: tuple[int, str] | None = AuditRecord.objects.order_by("-number").values_list("number", "hash").first()
    return found


def _row(each: Link) -> AuditRecord:
    fields = each._asdict()
    return AuditRecord(at=utc(fields.pop("at_us")), **fields)
