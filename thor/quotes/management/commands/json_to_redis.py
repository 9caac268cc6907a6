"""``manage.py json_to_redis``: a JSON file of quotes, source MOCK."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from thor.quotes.collecting import collect, provider_settings
from thor.runtime.problem import Problem


class Command(BaseCommand):
    help = "Publish the quotes of a JSON or JSON-lines file, source MOCK, again whenever it changes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--file", type=Path, help="the file (default JSON_DATA_FILE)")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            collect(("json",), provider_settings(json_data_file=options["file"]))
        except Problem as error:
            raise CommandError(error.detail, returncode=2) from error
