"""``manage.py seed_markets``: create the markets of the world clock that are missing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from thor.markets.services import seed_markets


class Command(BaseCommand):
    help = "Create the 11 markets of the world clock that are missing; edited ones stay as they are."

    def handle(self, *_args: Any, **_options: Any) -> None:
        created, kept = seed_markets()
        self.stdout.write(f"markets: {created} created, {kept} already there")
