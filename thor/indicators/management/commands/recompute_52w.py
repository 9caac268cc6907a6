"""``thor recompute_52w``: what the 52 weeks should be by the daily ranges, beside what they are."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from thor.indicators.bars_file import read_days
from thor.indicators.daily import merged
from thor.indicators.extremes import Known
from thor.indicators.lake_days import lake_days
from thor.indicators.services import Proposal, propose, sow
from thor.instruments.selectors import groups
from thor.markets.now import market_now
from thor.markets.trade_date import trade_date_span
from thor.runtime.decimals import plain
from thor.runtime.problem import Problem

_SIDES: Final = ("high", "low", "all-time high", "all-time low")


def _date(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise ArgumentTypeError(f"{text!r}: wanted a trade date such as 2025-10-09") from None


def _symbols(text: str) -> list[str]:
    found = list(dict.fromkeys(filter(None, (each.strip().upper() for each in text.split(",")))))
    if not found:
        raise ArgumentTypeError(f"{text!r}: wanted symbols such as ES,YM")
    return found


class Command(BaseCommand):
    help = "Show what the 52 weeks should be by the daily ranges; with --apply the desk takes it up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--symbols", type=_symbols, metavar="ES,YM", help="only these (all)")
        parser.add_argument("--as-of", type=_date, metavar="YYYY-MM-DD", help="the trade date that counts last (now)")
        parser.add_argument(
            "--file", type=Path, help="daily bars besides: CSV or Parquet with symbol, date, and high and low, or close"
        )
        parser.add_argument("--lake", action="store_true", help="the lake's daily bars besides")
        parser.add_argument("--apply", action="store_true", help="write seeds, which the desk takes up")

    def handle(self, *_args: Any, **options: Any) -> None:
        as_of = options["as_of"] or trade_date_span(market_now().now_us).trade_date
        try:
            more = None if options["file"] is None else read_days(options["file"])
            symbols = options["symbols"] if options["symbols"] or more is None else sorted(more)
            if options["lake"]:
                more = merged(more or {}, lake_days(as_of, symbols or groups()))
            found = propose(as_of, symbols, more)
            for line in self._lines(found, options):
                self.stdout.write(line)
        except Problem as error:
            raise CommandError(str(error), returncode=2) from error

    def _lines(self, found: list[Proposal], options: dict[str, Any]) -> Iterator[str]:
        for each in found:
            yield from lines(each)
        count = sum(each.differs for each in found)
        if not count:
            yield "nothing is to be changed"
        elif not options["apply"]:
            yield f"{count} to be changed: --apply tells the desk"
        else:
            file: Path | None = options["file"]
            reason = "recomputed from the daily ranges" if file is None else f"{file.name} and the daily ranges"
            yield f"{sow(found, 'recompute' if file is None else 'import', reason[:200])} told to the desk"


def lines(each: Proposal) -> Iterator[str]:
    """A symbol's proposal in words."""
    if each.found is None or each.wanted is None:
        yield f"{each.symbol}: no day is known"
        return
    known = f"{each.found.days} days, {each.found.missing} missing"
    yield f"{each.symbol}: {known}{'' if each.found.covers else ': too few to take back an extreme'}"
    for name, wanted, held in zip(_SIDES, each.wanted, each.held or (None,) * len(_SIDES), strict=True):
        if wanted != held:
            yield f"  {name}: {_said(held)} -> {_said(wanted)}"


def _said(known: Known | None) -> str:
    if known is None:
        return "none"
    return f"{plain(known[0])} ({known[1] or 'no date'})"
