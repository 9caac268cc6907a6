"""``manage.py seed_symbol_config``: ``seed_stat_values --create-instruments`` under its old name."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Create the instruments, thresholds and weights that are missing: seed_stat_values --create-instruments."

    def handle(self, *_args: Any, **_options: Any) -> None:
        call_command("seed_stat_values", create_instruments=True, stdout=self.stdout)
