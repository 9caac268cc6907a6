"""``thor listen_market_opens``: a desk that says a line for each open."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from thor.desk.management.opens_desk import OPENS, OpensDesk


class Command(BaseCommand):
    help = "Run a desk, and say what becomes of each open, until SIGTERM. Where another desk leads it waits."

    def handle(self, *_args: Any, **_options: Any) -> None:
        OpensDesk(OPENS, self.stdout.write).run_until_signal()
