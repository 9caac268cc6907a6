"""``manage.py collect``: run every source of DATA_PROVIDER."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from thor.quotes.collecting import collect, provider_settings
from thor.runtime.problem import Problem


class Command(BaseCommand):
    help = "Publish the quotes of every source in DATA_PROVIDER on the bus, until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--provider", metavar="NAME", help="these instead of DATA_PROVIDER, separated by commas")

    def handle(self, *_args: Any, **options: Any) -> None:
        given: str | None = options["provider"]
        names = settings.DATA_PROVIDER if given is None else tuple(filter(None, map(str.strip, given.split(","))))
        try:
            collect(names, provider_settings())
        except Problem as error:
            raise CommandError(error.detail, returncode=2) from error
