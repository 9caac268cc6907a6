"""What the lake's commands are asked: trade dates and symbols."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from datetime import date
from typing import Any

from thor.runtime.problem import Problem


def trade_date(text: str) -> date:
    """A date as it is written."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r}: wanted a trade date such as 2025-10-09") from None


def symbols(text: str) -> tuple[str, ...]:
    """Comma-separated, each once."""
    found = tuple(dict.fromkeys(filter(None, (each.strip().upper() for each in text.split(",")))))
    if not found:
        raise ArgumentTypeError(f"{text!r}: wanted symbols such as ES,YM")
    return found


def add_dates(parser: ArgumentParser) -> None:
    """One trade date, or a first and a last one."""
    parser.add_argument("--date", type=trade_date, metavar="YYYY-MM-DD", help="one trade date")
    parser.add_argument("--start", type=trade_date, metavar="YYYY-MM-DD", help="the first of several")
    parser.add_argument("--end", type=trade_date, metavar="YYYY-MM-DD", help="the last of them")


def dates_of(options: Mapping[str, Any]) -> tuple[date, date]:
    """The first and the last trade date that were asked for. Raises Problem."""
    day, first, last = options["date"], options["start"], options["end"]
    if day is not None and first is None and last is None:
        return day, day
    if day is not None or first is None or last is None:
        raise Problem("give --date, or --start and --end", status=422)
    if last < first:
        raise Problem(f"--end {last} is before --start {first}", status=422)
    return first, last
