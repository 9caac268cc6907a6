"""``thor prepare``: migrate and seed the database in one process, alone."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from psycopg import sql

#: The advisory lock under which one process at a time prepares a database ("thor" as bytes).
PREPARE_LOCK = 0x74686F72


def make_schema() -> None:
    """The schema of THOR_NAMESPACE, where the search path leads nowhere yet."""
    with connection.cursor() as cursor:
        cursor.execute("select current_schema()")
        if cursor.fetchone() == (None,):
            cursor.execute(sql.SQL("create schema {}").format(sql.Identifier(settings.THOR_NAMESPACE)))


class Command(BaseCommand):
    help = "Migrate the database and create what is missing in it. Safe to repeat, and from several places at once."

    def handle(self, *_args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(%s)", [PREPARE_LOCK])
            try:
                make_schema()
                call_command("migrate", interactive=False, verbosity=options["verbosity"], stdout=self.stdout)
                call_command("seed_instruments", stdout=self.stdout)
                call_command("seed_stat_values", stdout=self.stdout)
                call_command("seed_markets", stdout=self.stdout)
                call_command("seed_global_config", stdout=self.stdout)
                call_command("sync_calendars", stdout=self.stdout, stderr=self.stderr)
            finally:
                cursor.execute("select pg_advisory_unlock(%s)", [PREPARE_LOCK])
