"""``thor export_market_opens``: rows of opens as CSV, Excel or Parquet."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError
from psycopg.errors import UndefinedTable

from thor.instruments.selectors import known_symbols
from thor.instruments.symbol import SymbolError, canonical
from thor.market_open.export import Format, write
from thor.market_open.filters import ALL, FilterError, Filters, listed, understood
from thor.markets.models import Market
from thor.runtime.namespace import WANTED, is_name, within
from thor.signals.composite import TOTAL


class Command(BaseCommand):
    help = "Write rows of market opens as CSV, Excel or Parquet, with the filters of the API."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=[each.value for each in Format], default=Format.CSV.value)
        parser.add_argument("--file", type=Path, help="where to (default: standard output)")
        parser.add_argument("--market", action="append", default=[], help="keys such as USA (all)")
        parser.add_argument("--day-of-week", action="append", default=[], help="Monday to Sunday, or 1 to 7 (all)")
        parser.add_argument("--start-date", metavar="YYYY-MM-DD", help="the first trade date")
        parser.add_argument("--end-date", metavar="YYYY-MM-DD", help="the last trade date")
        parser.add_argument("--outcome", action="append", default=[], help="such as WORKED (all)")
        parser.add_argument("--signal", action="append", default=[], help="such as STRONG_BUY (all)")
        parser.add_argument("--symbol", default=TOTAL, help="TOTAL, an instrument, or all (TOTAL)")
        parser.add_argument("--kind", action="append", default=[], help="OPEN, LATE, MANUAL (all)")
        parser.add_argument("--namespace", default="", help="of a replay (this Thor's own)")

    def handle(self, *_args: Any, **options: Any) -> None:
        namespace: str = options["namespace"]
        if namespace and not is_name(namespace):
            raise CommandError(f"--namespace {namespace[:40]!a} is no name: wanted {WANTED}", returncode=2)
        with within(namespace) if namespace else nullcontext():
            try:
                _write(options["file"], _filters(options), Format(options["format"]))
            except FilterError as error:
                raise CommandError(str(error), returncode=2) from error
            except ProgrammingError as error:
                if not isinstance(error.__cause__, UndefinedTable):
                    raise
                where = f"the namespace {namespace}" if namespace else "this database"
                raise CommandError(
                    f"{where} has no tables of market opens: give the name of a replay, or run `thor migrate`",
                    returncode=2,
                ) from error


def _filters(options: dict[str, Any]) -> Filters:
    found = understood(
        days=options["day_of_week"], start=options["start_date"], end=options["end_date"],
        outcomes=options["outcome"], signals=options["signal"], kinds=options["kind"],
    )  # fmt: skip
    return found._replace(markets=_markets(options["market"]), symbol=_symbol(options["symbol"]))


def _markets(names: list[str]) -> tuple[str, ...]:
    known = {each.casefold(): each for each in Market.objects.values_list("country", flat=True)}
    wanted = listed(names)
    if unknown := [name for name in wanted if name.casefold() not in known]:
        raise FilterError(f"market: {unknown[0][:40]!a} is none: give one of {', '.join(known.values())}")
    return tuple(known[name.casefold()] for name in wanted)


def _symbol(text: str) -> str:
    if text.upper() == TOTAL or text.lower() == ALL:
        return TOTAL if text.upper() == TOTAL else ALL
    try:
        symbol = canonical(text[:40]).symbol
    except SymbolError as error:
        raise FilterError(f"symbol: {error}") from error
    if symbol not in known_symbols():
        raise FilterError(f"symbol: {symbol} is no instrument: give TOTAL, all, or one of the board")
    return symbol


def _write(file: Path | None, filters: Filters, form: Format) -> None:
    if file is None:
        write(sys.stdout.buffer, filters, form)
        sys.stdout.flush()
        return
    unfinished = file.with_name(file.name + ".part")
    try:
        with unfinished.open("wb") as out:
            write(out, filters, form)
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(file)
    except OSError as error:
        raise CommandError(f"{file} cannot be written ({error.strerror}); give another --file", returncode=2) from error
    finally:
        unfinished.unlink(missing_ok=True)
