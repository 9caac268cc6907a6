"""``manage.py seed_stat_values``: create the thresholds and weights of signals that were never there."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from thor.signals.services import seed_signals


class Command(BaseCommand):
    help = "Create thresholds and weights that were never there; edited ones stay, deleted ones stay away."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--create-instruments", action="store_true", help="seed_instruments first")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["create_instruments"]:
            call_command("seed_instruments", stdout=self.stdout)
        seeded = seed_signals()
        self.stdout.write(f"signals: {seeded.created} values created, {seeded.kept} already there")
