"""The namespaces of replays: made, listed, held by one player at a time, and dropped.

A schema's comment says that it is a replay's: no other schema, and never the live one, is touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, LiteralString

import redis
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.models import Model
from psycopg import sql

from thor.history.services import connect_database
from thor.instruments.models import Instrument, Roll, RollRule, WatchList, WatchListEntry
from thor.instruments.services import announce
from thor.market_open.models import GlobalConfig, RegionConfig, TargetHighLowConfig
from thor.markets.models import CalendarDay, CalendarEdition, CalendarOverride, FeatureWindow, Market, SessionInterval
from thor.ops.kept_replays import MARK, list_names
from thor.quotes.bus import ValkeyQuoteBus
from thor.quotes.replaying import forget
from thor.runtime.namespace import WANTED, is_name
from thor.runtime.problem import Problem
from thor.runtime.schema import alias_of
from thor.signals.models import ContractWeight, SignalStatValue, SignalWeight, TotalThresholds

#: What a replay has of the live Thor: what a person edits, and the compiled calendars.
COPIED: Final[tuple[type[Model], ...]] = (
    Instrument, WatchList, WatchListEntry, RollRule, Roll, SignalStatValue, ContractWeight, SignalWeight,
    TotalThresholds, Market, FeatureWindow, CalendarEdition, CalendarDay, CalendarOverride, SessionInterval,
    GlobalConfig, RegionConfig, TargetHighLowConfig,
)  # fmt: skip
#: A process that is just ending may still have a table in use.
_LOCK_WAIT: Final = "10s"


def check_name(name: str) -> None:
    """Raises Problem for a name that no replay may have."""
    if not is_name(name):
        raise Problem(f"{name[:40]!r} is no name for a replay: give {WANTED}.")
    if name == settings.THOR_NAMESPACE:
        raise Problem(f"{name} is the namespace of this Thor, which a replay must not touch: choose another --into.")


@contextmanager
def held(name: str) -> Iterator[None]:
    """No other player has this namespace meanwhile; a killed one's claim ends with its connection. Raises Problem."""
    with connect_database() as own:
        own.autocommit = True
        row = own.execute("SELECT pg_try_advisory_lock(hashtext('thor.replay'), hashtext(%s))", [name]).fetchone()
        if row != (True,):
            raise Problem(f"{name} is being replayed: wait for its end, or choose another name with --into.")
        yield


def create(name: str) -> None:
    """A new namespace: the schema with all tables, what a person edits and the calendars as they are live, and the
    instruments on the bus. Raises Problem."""
    if not CalendarEdition.objects.exists():
        raise Problem("no calendar is compiled: run `thor prepare`, then replay.")
    _make_schema(name)
    alias = alias_of(name)
    try:
        call_command("migrate", database=alias, interactive=False, verbosity=0)
    finally:
        connections[alias].close()
    with connection.cursor() as cursor:
        for model in COPIED:
            for statement in _copy(model, name):
                cursor.execute(statement)
    bus = ValkeyQuoteBus(settings.REDIS_URL, name)
    try:
        announce(bus)
    finally:
        bus.close()


def drop(name: str, client: redis.Redis) -> bool:
    """Forget a replay: its keys, then its schema. False when there was none. Raises Problem for one that is none."""
    check_name(name)
    was_there = name in list_names()
    if not was_there and _exists(name):
        raise Problem(f"the schema {name} is none of a replay's and stays: choose another name with --into.")
    keys = forget(client, name)
    if was_there:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_LOCK_WAIT])
            cursor.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))
    return was_there or bool(keys)


def count_rows(name: str, table: str, condition: LiteralString = "true") -> int:
    """How many rows of a replay's table fulfil a condition."""
    counted = sql.SQL("SELECT count(*) FROM {} WHERE {}").format(sql.Identifier(name, table), sql.SQL(condition))
    with connection.cursor() as cursor:
        cursor.execute(counted)
        return int(cursor.fetchone()[0])


def _exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(%s) IS NOT NULL", [name])
        return bool(cursor.fetchone()[0])


def _make_schema(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
        cursor.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(sql.Identifier(name), sql.Literal(MARK)))


def _copy(model: type[Model], name: str) -> Iterator[sql.Composable]:
    """The rows of a table as they are live, and its numbers going on after theirs."""
    table, columns = model._meta.db_table, [str(field.column) for field in model._meta.local_concrete_fields]
    there = sql.Identifier(name, table)
    names = sql.SQL(", ").join(sql.Identifier(column) for column in columns)
    yield sql.SQL("INSERT INTO {there} ({names}) SELECT {names} FROM {live}").format(
        there=there, names=names, live=sql.Identifier(table)
    )
    key = model._meta.pk
    if key is not None and key.get_internal_type() == "BigAutoField":
        column = str(key.column)
        newest = sql.SQL("SELECT coalesce(max({}), 0) + 1 FROM {}").format(sql.Identifier(column), there)
        sequence = (sql.Literal(f"{name}.{table}"), sql.Literal(column))
        yield sql.SQL("SELECT setval(pg_get_serial_sequence({}, {}), ({}), false)").format(*sequence, newest)
