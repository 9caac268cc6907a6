"""``thor capture_market_close --market USA``: the close of a session that the desk was not there to measure."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

import redis
from django.core.management.base import BaseCommand, CommandError

from thor.desk.close_capture import CloseCapture, Status, capture_close
from thor.market_open.management.words import add_who
from thor.runtime.problem import Problem


class Command(BaseCommand):
    help = "Make the close of a market's newest captured session from the stored ticks, where its rows have none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--market", required=True, metavar="NAME", help="its key, such as USA")
        parser.add_argument("--force", action="store_true", help="also over rows that have their close")
        parser.add_argument("--dry-run", action="store_true", help="say what would be written, and write nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        add_who(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            found = capture_close(
                options["market"], options["user"], force=options["force"], only_look=options["dry_run"]
            )
        except (Problem, redis.RedisError) as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(json.dumps(found.record()) if options["json"] else said(found, is_dry=options["dry_run"]))


def said(found: CloseCapture, *, is_dry: bool = False) -> str:
    """In words."""
    if found.status is Status.NO_SESSION:
        return f"{found.country} has no captured session"
    if found.status is Status.OPEN:
        return f"{found.session_id} is still open"
    if found.status is Status.ALREADY_CLOSED:
        return f"{found.session_id} has its close: nothing is to be written"
    verb = "would be written: leave --dry-run out to write" if is_dry else "written"
    return f"{found.session_id}: {found.close_rows_updated} closes and {found.range_rows_updated} ranges {verb}"
