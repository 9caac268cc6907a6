"""``manage.py reconcile_ticks --date``: is everything that was published on a trade date accounted for?"""

from __future__ import annotations

import json
import math
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, Final

import psycopg
import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from thor.history.account import Account
from thor.history.lease import id_key
from thor.history.reconcile import Reconciliation, reconcile
from thor.history.services import connect_database, known_groups
from thor.quotes.keys import Keys
from thor.runtime.bus import connect
from thor.runtime.problem import Problem

_FIRST: Final = date(1971, 1, 1)
_LAST: Final = date(2199, 12, 31)
_PIPE_WIDTH: Final = 160
COLUMNS: Final = (
    "published", "stored", "duplicates", "conflicts", "dead", "waiting", "missing", "surplus", "changed", "earlier",
)  # fmt: skip


def _trade_date(text: str) -> date:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise ArgumentTypeError(f"{text!r}: wanted a trade date such as 2025-10-09") from None
    if not _FIRST <= day <= _LAST:
        raise ArgumentTypeError(f"{text!r}: wanted a trade date from {_FIRST} to {_LAST}")
    return day


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= 86_400:
        raise ArgumentTypeError(f"{text!r}: wanted seconds from 0 to 86400")
    return seconds


class Command(BaseCommand):
    help = "Account for every entry of a trade date: published = stored + duplicates + dead + waiting + missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--date", type=_trade_date, required=True, metavar="YYYY-MM-DD", help="the trade date")
        parser.add_argument(
            "--wait", type=_seconds, default=0.0, metavar="SECONDS",
            help="let what is in the stream now be acknowledged first, for at most so long (0)",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            found = _reconcile(options["date"], options["wait"])
        except (Problem, redis.RedisError) as error:
            raise CommandError(str(error), returncode=2) from error
        except psycopg.Error as error:
            raise CommandError(f"database: {str(error).splitlines()[0]}; check DATABASE_URL", returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(as_json(found)))
        else:
            self._table(found)
            for line in lines(found):
                self.stdout.write(line)
        if not found.is_done:
            sys.exit(1)

    def _table(self, found: Reconciliation) -> None:
        from rich.console import Console
        from rich.table import Table

        if not found.accounts:
            return
        table = Table(title=f"trade date {found.day}", show_footer=True)
        table.add_column("source", footer="all")
        table.add_column("symbol")
        for name in COLUMNS:
            table.add_column(name, footer=f"{sum(getattr(each, name) for each in found.accounts):,}", justify="right")
        for each in found.accounts:
            table.add_row(each.source, each.symbol, *(f"{getattr(each, name):,}" for name in COLUMNS))
        console = Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH)
        with console.capture() as text:
            console.print(table)
        self.stdout.write(text.get(), ending="")


def _reconcile(day: date, wait_seconds: float) -> Reconciliation:
    groups = known_groups()
    client = connect(settings.REDIS_URL)
    try:
        with connect_database() as database, _progress() as show:
            return reconcile(client, Keys(settings.THOR_NAMESPACE), database, groups, day, wait_seconds, show)
    finally:
        client.close()


@contextmanager
def _progress() -> Iterator[Callable[[float], object]]:
    """A bar on a terminal; nothing in a pipe."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("stream"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("stream", total=1.0)
        yield lambda share: bar.update(task, completed=share)


def lines(found: Reconciliation) -> Iterator[str]:
    """The result in words: what is wrong first, one line a symbol."""
    yield from filter(None, (each.sentence() for each in found.accounts))
    if found.waiting:
        yield f"not yet: {found.waiting:,} entries are not acknowledged; run this again, or give --wait SECONDS"
    if not found.is_trade_date:
        yield f"{found.day} is no trade date: a weekend or a holiday"
    elif not found.accounts:
        yield f"nothing was published on trade date {found.day}, and nothing is stored"
    else:
        yield _how_it_is_known(found)
    for name, count in found.losses.items():
        yield f"LOST, of any date: {count:,} entries {_LOSSES[name]}"
    for name, count in found.collect_losses.items():
        yield f"never published, of any date: {name} {count:,}"
    if found.is_done and found.accounts:
        yield "every entry is accounted for"


_LOSSES: Final = {
    "lost_to_trim": "were trimmed from the stream before they were read (counted when it happened)",
    "lost_pending": "were deleted from the stream after they were read and before they were stored (counted)",
}


def _how_it_is_known(found: Reconciliation) -> str:
    held = f"{found.held:,} entries that the stream still holds were looked for one by one"
    if not found.since:
        return f"{held}; the bus has no tally of this date, so what was trimmed before is not counted"
    since = datetime.fromtimestamp(id_key(found.since)[0] / 1000, UTC).isoformat(sep=" ", timespec="milliseconds")
    return f"{held}; all that was acknowledged since {since} was counted"


def as_json(found: Reconciliation) -> dict[str, object]:
    """The result as one JSON object."""
    return {
        "date": found.day.isoformat(),
        "is_done": found.is_done,
        "is_balanced": found.is_balanced,
        "held": found.held,
        "since": found.since or None,
        "accounts": [_account_json(each) for each in found.accounts],
        "losses": found.losses,
        "collect_losses": found.collect_losses,
    }


def _account_json(account: Account) -> dict[str, object]:
    counts = {name: getattr(account, name) for name in COLUMNS}
    return {
        "source": account.source, "symbol": account.symbol, **counts,
        "letters_removed": account.letters_removed, "examples": account.examples,
    }  # fmt: skip
