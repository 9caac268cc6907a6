"""``thor lake status|verify``: what is in the lake, and whether it is what was written."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any, Final

from django.core.management.base import BaseCommand

from thor.lake.management.asked import trade_date
from thor.lake.management.plainly import plainly
from thor.lake.management.told import told
from thor.lake.root import own_store
from thor.lake.verify import DayStatus, Verified, lake_status, verify
from thor.runtime.problem import Problem

_PIPE_WIDTH: Final = 120


class Command(BaseCommand):
    help = "What is in the lake (status), and whether every file is what was written (verify)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="status|verify")
        for name, text in (("status", "trade dates, rows, bytes"), ("verify", "every byte of every file")):
            action = actions.add_parser(name, help=text)
            action.add_argument("--start", type=trade_date, metavar="YYYY-MM-DD", help="not before (the oldest)")
            action.add_argument("--end", type=trade_date, metavar="YYYY-MM-DD", help="not after (the newest)")
            action.add_argument("--json", action="store_true", help="print one JSON object")
            if name == "verify":
                action.add_argument("--rows", action="store_true", help="also the hash of every row")

    def handle(self, *_args: Any, **options: Any) -> None:
        with plainly():
            if options["start"] and options["end"] and options["end"] < options["start"]:
                raise Problem(f"--end {options['end']} is before --start {options['start']}", status=422)
            self._status(options) if options["action"] == "status" else self._verify(options)

    # --- status ---

    def _status(self, options: dict[str, Any]) -> None:
        root, days = own_store().root, lake_status(options["start"], options["end"])
        if options["json"]:
            self.stdout.write(json.dumps({"root": root, "days": [each._asdict() for each in days]}, default=str))
            return
        if days:
            self._table(root, days)
        total = f"{sum(each.rows for each in days):,} ticks, {_mib(sum(each.bytes for each in days))}"
        behind = sum(each.behind for each in days)
        self.stdout.write(
            f"{root}: {len(days):,} trade dates, {total}" + (f"; {behind:,} ticks wait" if behind else "")
        )

    def _table(self, root: str, days: Sequence[DayStatus]) -> None:
        from rich.console import Console
        from rich.table import Table

        table = Table(title=root)
        for name in ("trade date", "symbols", "files", "ticks", "size", "state", "not exported", "verified"):
            table.add_column(name, justify="left" if name in ("trade date", "symbols", "state") else "right")
        for each in days:
            verified = f"{each.verified_at:%Y-%m-%d %H:%M}" if each.verified_at else ""
            counts = (f"{each.files:,}", f"{each.rows:,}", _mib(each.bytes), each.state, f"{each.behind:,}", verified)
            table.add_row(str(each.trade_date), " ".join(each.symbols), *counts)
        console = Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH)
        with console.capture() as text:
            console.print(table)
        self.stdout.write(text.get(), ending="")

    # --- verify ---

    def _verify(self, options: dict[str, Any]) -> None:
        with told() as progress:
            found = verify(own_store(), options["start"], options["end"], rows=options["rows"], progress=progress)
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(found)))
        else:
            for line in _lines(found):
                self.stdout.write(line)
        if not found.is_good:
            sys.exit(1)


def _lines(found: Verified) -> list[str]:
    lines = [each.said() for each in found.damaged]
    lines += [f"{key}: nobody listed it: export its date anew, or delete it" for key in found.unlisted]
    lines += list(found.lost)
    lines += [f"{each.part.key}: PostgreSQL has {each.rows:,} rows, not all exported" for each in found.behind]
    return [*lines, found.said()]


def _as_json(found: Verified) -> dict[str, Any]:
    return {
        "is_good": found.is_good,
        "files": found.files,
        "rows": found.rows,
        "bytes": found.bytes,
        "damaged": [{"key": each.key, "state": each.state.value, "what": each.what} for each in found.damaged],
        "unlisted": list(found.unlisted),
        "lost": list(found.lost),
        "behind": [{"key": each.part.key, "rows": each.rows} for each in found.behind],
    }


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MiB"
