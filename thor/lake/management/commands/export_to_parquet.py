"""``thor export_to_parquet``: the stored ticks of trade dates as files of the lake."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from thor.lake.export import Wish, export
from thor.lake.management.asked import add_dates, dates_of, symbols
from thor.lake.management.plainly import plainly
from thor.lake.management.told import told
from thor.lake.root import open_store, own_store


class Command(BaseCommand):
    help = "Export stored ticks into the lake. Safe to repeat: what is up to date is left alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_dates(parser)
        parser.add_argument("--symbols", type=symbols, metavar="ES,YM", help="only these (all)")
        parser.add_argument("--overwrite", action="store_true", help="also what is up to date")
        parser.add_argument("--output-dir", metavar="DIR", help="into another lake: a folder, or s3://bucket/prefix")

    def handle(self, *_args: Any, **options: Any) -> None:
        with plainly():
            wish = Wish(*dates_of(options), options["symbols"], options["overwrite"])
            store = open_store(options["output_dir"]) if options["output_dir"] else own_store()
            with told() as progress:
                done = export(store, wish, progress)
        self.stdout.write(f"{store.root}: {done.said()}")
