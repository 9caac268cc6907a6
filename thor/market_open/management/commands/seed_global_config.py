"""``thor seed_global_config``: create the settings of captures and grading that were never there."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from thor.market_open.seeds import seed_market_opens


class Command(BaseCommand):
    help = "Create settings of captures and grading that were never there; edited ones stay, deleted ones stay away."

    def handle(self, *_args: Any, **_options: Any) -> None:
        seeded = seed_market_opens()
        self.stdout.write(f"market opens: {seeded.created} settings created, {seeded.kept} already there")
