"""``manage.py redis_to_postgres``: store the unified stream in ``ticks``."""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any, Final

import psycopg
import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from thor.history.group import CLAIM_IDLE_MS
from thor.history.selectors import as_json, ingest_status, rows
from thor.history.services import connect_database, ingestor_settings, known_groups, make_ingestor
from thor.history.store import count_conflicts, newest_tick
from thor.history.worker import Settings
from thor.runtime.bus import connect
from thor.runtime.log import configure_logging
from thor.runtime.problem import Problem

DEFAULT_BATCH: Final = 5000
MOST_BATCH: Final = 50_000
MOST_CLAIM_IDLE: Final = 86_400
_CONSUMER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}", re.ASCII)


def _batch_size(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_BATCH:
        raise ArgumentTypeError(f"{text!r}: wanted a number of events from 1 to {MOST_BATCH}")
    return int(text)


def _seconds(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_CLAIM_IDLE:
        raise ArgumentTypeError(f"{text!r}: wanted a number of seconds from 1 to {MOST_CLAIM_IDLE}")
    return int(text)


def _consumer(text: str) -> str:
    if not _CONSUMER.fullmatch(text):
        raise ArgumentTypeError(f"{text!r}: wanted up to 64 letters, digits and . _ : @ -")
    return text


class Command(BaseCommand):
    help = "Store every quote of the bus in the table ticks, exactly once. Several may run side by side."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--batch-size", type=_batch_size, default=DEFAULT_BATCH, metavar="N",
            help=f"at most so many events in one transaction (default {DEFAULT_BATCH})",
        )  # fmt: skip
        parser.add_argument(
            "--consumer-id", type=_consumer, metavar="NAME",
            help="this worker's name in the group, another one for each that runs (default: the host's name and -1)",
        )  # fmt: skip
        parser.add_argument(
            "--claim-idle", type=_seconds, default=CLAIM_IDLE_MS // 1000, metavar="SECONDS",
            help="take over what another worker has held for so long (default 30); what a worker holds that has not "
            "reported for five seconds is taken over at once",
        )  # fmt: skip
        parser.add_argument("--as-recorded", action="store_true", help="of a replay: take events however old they are")
        parser.add_argument("--status", action="store_true", help="show how far behind the store is, and end")
        parser.add_argument("--once", action="store_true", help="store what is there, and end")
        parser.add_argument("--json", action="store_true", help="with --status or --once: print one JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        configure_logging("ingestor")
        if options["as_recorded"] and not settings.THOR_NAMESPACE:
            raise CommandError(
                "--as-recorded is a replay's, and this is the live namespace: leave it out", returncode=2
            )
        given = ingestor_settings(
            options["batch_size"], options["consumer_id"] or "", as_recorded=options["as_recorded"]
        )
        given = given._replace(claim_idle_ms=options["claim_idle"] * 1000)
        try:
            if options["status"]:
                self._status(options["json"])
            elif options["once"]:
                self._once(given, options["json"])
            else:
                self._run(given)
        except (Problem, ConnectionError, redis.RedisError) as error:
            raise CommandError(str(error), returncode=2) from error
        except psycopg.Error as error:
            raise CommandError(f"database: {str(error).splitlines()[0]}; check DATABASE_URL", returncode=2) from error

    def _run(self, given: Settings) -> None:
        worker = make_ingestor(given)
        worker.kernel.load_in_background()
        worker.run_until_signal()

    def _once(self, given: Settings, as_object: bool) -> None:
        worker = make_ingestor(given._replace(block_ms=50))
        worker.run_until_idle()
        c = worker.counters
        found = {"stored": c.stored, "duplicates": c.duplicates, "conflicts": c.conflicts, "dead": c.dead}
        self.stdout.write(
            json.dumps(found) if as_object else ", ".join(f"{count:,} {name}" for name, count in found.items())
        )

    def _status(self, as_object: bool) -> None:
        client = connect(settings.REDIS_URL)
        try:
            status = ingest_status(client, settings.THOR_NAMESPACE)
        finally:
            client.close()
        last_tick, conflicts = None, None
        try:
            with connect_database() as database:
                last_tick = newest_tick(database, sorted(known_groups()))
                conflicts = count_conflicts(database)
        except psycopg.OperationalError:
            pass  # a status must work while the database is away, and says so
        if as_object:
            self.stdout.write(json.dumps(as_json(status, last_tick, conflicts)))
        else:
            self._table(rows(status, last_tick, conflicts))

    def _table(self, lines: Any) -> None:
        from rich.console import Console
        from rich.table import Table

        table = Table(title="ingestor", show_header=False)
        for name, value in lines:
            table.add_row(name, value)
        console = Console()
        with console.capture() as text:
            console.print(table)
        self.stdout.write(text.get(), ending="")
