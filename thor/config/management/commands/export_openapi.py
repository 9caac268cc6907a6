"""``thor export_openapi``: the API's description, from which the web app's client is generated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from thor.runtime.problem import Problem


class Command(BaseCommand):
    help = "Write the OpenAPI document; the same API gives the same bytes."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, help="where to (default: standard output)")

    def handle(self, *_args: Any, **options: Any) -> None:
        from thor.config.api import api

        text = json.dumps(api.get_openapi_schema(path_prefix="/api/"), indent=2, sort_keys=True) + "\n"
        file: Path | None = options["file"]
        if file is None:
            self.stdout.write(text, ending="")
            return
        try:
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise Problem(f"{file} cannot be written ({error.strerror}); give another --file") from error
