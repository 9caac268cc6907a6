"""Which replays there are: schemas whose comment says so."""

from __future__ import annotations

from typing import Final

from django.db import connection

MARK: Final = "A replay of Thor: `thor replay --drop` removes it."


def list_names() -> list[str]:
    """The namespaces of replays, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nspname FROM pg_namespace WHERE obj_description(oid, 'pg_namespace') = %s ORDER BY nspname", [MARK]
        )
        return [str(name) for (name,) in cursor.fetchall()]
