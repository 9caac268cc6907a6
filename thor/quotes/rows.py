"""Rows of reactors into their tables, in the transaction that is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from django.db.models import Model

from thor.markets.trade_date import utc
from thor.quotes.reactor import Row

Tables = Mapping[type[Row], type[Model]]


def write_rows(rows: Sequence[Row], tables: Tables) -> None:
    """Each over the one with the same key; of several with one key the last. Rows without a key are added."""
    by_type: dict[type[Row], dict[Any, Row]] = {}
    for number, row in enumerate(rows):
        key = tuple(getattr(row, name) for name in row.key) or number
        by_type.setdefault(type(row), {})[key] = row
    for kind, found in by_type.items():
        _write(tables[kind], kind, list(found.values()))


def columns(row: Row) -> dict[str, Any]:
    """A row as its table has it: column -> value."""
    return {_column(field.name): _value(field.name, getattr(row, field.name)) for field in fields(row)}


def _write(model: type[Model], kind: type[Row], rows: Sequence[Row]) -> None:
    names = [field.name for field in fields(kind)]
    made = [model(**columns(row)) for row in rows]
    if not kind.key:
        model._default_manager.bulk_create(made)
        return
    model._default_manager.bulk_create(
        made,
        update_conflicts=True,
        unique_fields=[_column(name) for name in kind.key],
        update_fields=[_column(name) for name in names if name not in kind.key],
    )


def _column(name: str) -> str:
    return name.removesuffix("_us")


def _value(name: str, value: Any) -> Any:
    return utc(value) if name.endswith("_us") and value is not None else value
