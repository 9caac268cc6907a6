"""``manage.py suggest_thresholds``: thresholds from the distribution of past net changes, beside the present ones."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from thor.runtime.decimals import plain
from thor.runtime.problem import Problem
from thor.signals.closes import read_net_changes
from thor.signals.config import Signal, Thresholds
from thor.signals.selectors import past_net_changes
from thor.signals.services import apply_suggestions, suggest_thresholds
from thor.signals.suggestion import FEWEST, QUANTILES, Suggestion

_HEAD: Final = ("", "strong buy", "buy", "sell", "strong sell", *(f"{each} %" for each in Signal))


def _quantiles(text: str) -> tuple[Decimal, ...]:
    try:
        found = tuple(Decimal(each) for each in text.split(","))
        is_rising = len(found) == 4 and 0 < found[0] < found[1] < found[2] < found[3] < 100
    except InvalidOperation:  # no number, or NaN
        is_rising = False
    if not is_rising:
        raise ArgumentTypeError(f"{text!r}: wanted four rising per cents between 0 and 100, such as 20,40,60,80")
    return found


def _sessions(text: str) -> int:
    sessions = int(text) if text.isascii() and text.isdigit() else 0
    if not FEWEST <= sessions <= 100_000:
        raise ArgumentTypeError(f"{text!r}: wanted a number of sessions, at least {FEWEST}")
    return sessions


def _reason(text: str) -> str:
    if not 1 <= len(text.strip()) <= 80:
        raise ArgumentTypeError("wanted a reason of 1 to 80 characters")
    return text.strip()


class Command(BaseCommand):
    help = "Propose thresholds at quantiles of past net changes, on the grid of ticks. Without --apply nothing is set."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--symbol", metavar="ES", help="one instrument (default: all with enough sessions)")
        parser.add_argument("--sessions", type=_sessions, default=250, metavar="N", help="the last N (default 250)")
        parser.add_argument("--closes", type=Path, metavar="FILE", help="a CSV or Parquet with symbol, date and close,"
                            " instead of the sessions that the desk saw")  # fmt: skip
        parser.add_argument("--quantiles", type=_quantiles, default=QUANTILES, metavar="20,40,60,80",
                            help="per cent: strong sell, sell, buy, strong buy")  # fmt: skip
        parser.add_argument("--apply", action="store_true", help="set them, with --reason in the history")
        parser.add_argument("--reason", type=_reason, metavar="TEXT", help="why they are set")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            if options["apply"] and options["reason"] is None:
                raise Problem('--apply needs --reason "why": it stands in the history.')
            sessions, closes = options["sessions"], options["closes"]
            changes = past_net_changes(sessions) if closes is None else read_net_changes(closes, sessions)
            found = suggest_thresholds(options["symbol"], changes, options["quantiles"])
        except Problem as error:
            raise CommandError(error.detail, returncode=2) from error
        for line in found.refusals:
            self.stderr.write(f"{line}: left out")
        for each in found.suggestions:
            self._show(each)
        if options["apply"]:
            changed = apply_suggestions(found.suggestions, options["reason"])
            self.stdout.write(f"{changed} instruments have new thresholds")
        else:
            self.stdout.write('nothing was set: --apply --reason "why" sets what is proposed')

    def _show(self, each: Suggestion) -> None:
        self.stdout.write(f"{each.symbol}, {each.sessions} sessions")
        self.stdout.write(_line(_HEAD))
        if each.present is not None:
            self.stdout.write(_line(_cells("present", each.present, each.present_shares)))
        self.stdout.write(_line(_cells("proposed", each.proposed, each.proposed_shares)))


def _cells(name: str, thresholds: Thresholds, shares: Mapping[Signal, Decimal]) -> tuple[str, ...]:
    values = (thresholds.strong_buy, thresholds.buy, thresholds.sell, thresholds.strong_sell)
    return (name, *(plain(value) for value in values), *(str(shares[signal]) for signal in Signal))


def _line(cells: tuple[str, ...]) -> str:
    return f"  {cells[0]:<9}" + "".join(f"{cell:>14}" for cell in cells[1:])
