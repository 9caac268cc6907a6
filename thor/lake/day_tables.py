"""What else of a trade date is kept in the lake: tables of rooms above, found by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

import pyarrow as pa
from django.utils.module_loading import import_string

from thor.lake.files import list_file, write_table
from thor.lake.layout import table_part
from thor.lake.lines import rows_sha256
from thor.lake.models import LakeFile
from thor.lake.store import LakeStore

#: The table -> the function that gives its rows of a trade date, as a ``pyarrow.Table`` in an order that stays.
DAY_TABLES: Final[Mapping[str, str]] = {"baselines": "thor.signals.baseline_table.baselines_of"}


def export_tables(store: LakeStore, day: date) -> list[str]:
    """Publish the tables of a trade date that say something new. Returns their keys."""
    written = []
    for name, path in DAY_TABLES.items():
        rows: pa.Table = import_string(path)(day)
        part = table_part(day, name)
        if rows.num_rows and not _is_there(store, part.key, rows):
            list_file(part, write_table(store, part, rows, f"postgresql:{name}", {}))
            written.append(part.key)
    return written


def _is_there(store: LakeStore, key: str, rows: pa.Table) -> bool:
    listed = LakeFile.objects.filter(key=key).first()
    there = store.find(key)
    if listed is None or there is None or there.size != listed.size:
        return False
    return listed.rows_sha256 == rows_sha256(rows.to_batches())
