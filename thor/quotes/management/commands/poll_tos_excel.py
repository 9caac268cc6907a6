"""``manage.py poll_tos_excel``: the thinkorswim workbook, live in Excel or saved, source TOS."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from thor.quotes.collecting import collect, provider_settings
from thor.runtime.problem import Problem

READERS: Final = ("excel_live", "excel_file")


class Command(BaseCommand):
    help = (
        "Publish the rows of the thinkorswim workbook, source TOS: live from Excel, "
        "or from the saved file with DATA_PROVIDER=excel_file."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--file", type=Path, help="the workbook (default EXCEL_DATA_FILE)")

    def handle(self, *_args: Any, **options: Any) -> None:
        names = [name for name in settings.DATA_PROVIDER if name in READERS] or READERS[:1]
        try:
            collect(names, provider_settings(excel_data_file=options["file"]))
        except Problem as error:
            raise CommandError(error.detail, returncode=2) from error
