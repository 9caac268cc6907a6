"""``thor lake_run``: carry out one run on the lake; what the job worker starts."""

from __future__ import annotations

import os
import sys
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from thor.desk.lake_runs import Wish
from thor.desk.lake_work import work
from thor.lake.models import LakeRun
from thor.lake.runs import carry_out
from thor.runtime.problem import Problem


class Command(BaseCommand):
    help = "Carry out a run on the lake that was asked for; the job worker does this."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--id", type=int, required=True, metavar="N", help="the run")
        parser.add_argument("--while-stdin", action="store_true", help="end at once when stdin ends")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["while_stdin"]:
            threading.Thread(target=_end_with_stdin, daemon=True).start()
        run = LakeRun.objects.filter(pk=options["id"]).first()
        if run is None:
            raise CommandError(f"there is no run {options['id']}", returncode=2)
        try:
            ended = carry_out(run, lambda progress: work(Wish.of(run), progress))
        except Problem as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(f"{ended.title}: {ended.note}")


def _end_with_stdin() -> None:
    # Not sys.stdin: a thread that holds its lock would break the interpreter's end.
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)
