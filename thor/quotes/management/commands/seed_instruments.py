"""``manage.py seed_instruments``: create the 11 futures that are missing and tell the bus of all instruments."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from thor.instruments.services import seed_instruments
from thor.quotes.services import announce_instruments


class Command(BaseCommand):
    help = "Create the 11 futures that are missing (edited ones stay as they are) and announce all on the bus."

    def handle(self, *_args: Any, **_options: Any) -> None:
        created, kept = seed_instruments()
        announced = announce_instruments()
        self.stdout.write(f"instruments: {created} created, {kept} already there; {announced} announced on the bus")
