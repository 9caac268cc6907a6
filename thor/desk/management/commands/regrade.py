"""``thor regrade --session usa-2025-10-09``: a captured session graded anew from the stored ticks."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import redis
from django.core.management.base import BaseCommand, CommandError

from thor.desk.regrade import Regraded, apply, regrade, session_named
from thor.market_open.management.words import add_who, reason
from thor.markets.trade_date import epoch_us
from thor.quotes.quote import format_ts
from thor.runtime.decimals import plain
from thor.runtime.problem import Problem


class Command(BaseCommand):
    help = "Grade a captured session anew from the stored ticks; exit 1 where that differs. --apply writes it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--session", metavar="ID", help="such as usa-2025-10-09")
        parser.add_argument("--market", metavar="NAME", help="with --number instead: a market's key")
        parser.add_argument("--number", type=int, metavar="N", help="the session's number at its market")
        parser.add_argument("--apply", action="store_true", help="write what differs as corrections")
        parser.add_argument("--reason", type=reason, metavar="TEXT", help="why; it is kept for good")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        add_who(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            found = regrade(_session(options))
            is_applied = bool(options["apply"] and found.differences)
            if is_applied:
                apply(found, options["reason"], options["user"])
        except (Problem, redis.RedisError) as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(record(found, is_applied=is_applied)))
        else:
            for line in lines(found, is_applied=is_applied):
                self.stdout.write(line)
        if found.differences and not is_applied:
            sys.exit(1)


def _session(options: dict[str, Any]) -> str:
    if options["apply"] and options["reason"] is None:
        raise Problem('--apply needs --reason "why": it stands in the audit chain.')
    named = options["market"] is not None, options["number"] is not None
    if (options["session"] is not None) == any(named) or any(named) != all(named):
        raise Problem("say which session: --session usa-2025-10-09, or --market USA --number 12.")
    return options["session"] or session_named(options["market"], options["number"])


def record(found: Regraded, *, is_applied: bool) -> dict[str, Any]:
    """As JSON."""
    return {
        "session_id": found.session_id,
        "trades": found.trades,
        "ticks": found.ticks,
        "differences": [
            {
                "symbol": each.symbol,
                "columns": [
                    {"column": name, "old": shown(each.old[name]), "new": shown(each.new[name])} for name in each.new
                ],
            }
            for each in found.differences
        ],
        "is_applied": is_applied,
    }


def lines(found: Regraded, *, is_applied: bool) -> Iterator[str]:
    """As a table."""
    if found.differences:
        yield _line("", "column", "as it stands", "by the ticks")
    for each in found.differences:
        for name in each.new:
            yield _line(each.symbol, name, shown(each.old[name]), shown(each.new[name]))
    count = f"{found.session_id}: {found.trades} trades on {found.ticks:,} ticks"
    if not found.differences:
        yield f"{count}, no difference"
    elif is_applied:
        yield f"{count}, {len(found.differences)} corrected"
    else:
        yield f'{count}, {len(found.differences)} differ. Nothing was written: --apply --reason "why" does it'


def _line(symbol: str, column: str, old: str, new: str) -> str:
    return f"{symbol:<6} {column:<20} {old:<32} {new}".rstrip()


def shown(value: Any) -> str:
    """A column's value for a person; ``-`` for none."""
    if value in (None, ""):
        return "-"
    if isinstance(value, Decimal):
        return plain(value)
    return format_ts(epoch_us(value)) if isinstance(value, datetime) else str(value)
