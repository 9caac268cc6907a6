"""The SQL of this room by name: one file of ``thor/lake/sql`` a statement."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import LiteralString


@cache
def query(name: str) -> LiteralString:
    """The text of ``sql/<name>.sql``. It ships with the package, so that it is as trusted as a literal."""
    text = resources.files("thor.lake").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    return text
