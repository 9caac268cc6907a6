"""``thor grade_market_opens``: do what is due, then say what became of today's opens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from thor.desk.management.opens_desk import said_pending
from thor.desk.worker import DeskWorker, OtherLeadsError
from thor.market_open.grading import Outcome
from thor.market_open.models import MarketSession
from thor.markets.now import market_now
from thor.markets.trade_date import trade_date_span, utc
from thor.runtime.decimals import plain
from thor.runtime.problem import Problem
from thor.signals.composite import TOTAL


class Command(BaseCommand):
    help = "Grade what is due, in one look, then list the outcomes of today's opens and what is pending."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            DeskWorker(settings.REDIS_URL, settings.THOR_NAMESPACE).drain()
        except OtherLeadsError as error:
            self.stdout.write(error.detail)
        except Problem as error:
            raise CommandError(error.detail, returncode=2) from error
        for line in _today():
            self.stdout.write(line)
        self.stdout.write(said_pending())


def _today() -> Iterator[str]:
    """The sessions that opened on the trade date of the equity futures: the trade, and the ends of the other rows."""
    day = trade_date_span(market_now().now_us)
    rows = MarketSession.objects.filter(opened_at__gte=utc(day.start_us)).order_by("opened_at", "country", "id")
    sessions: dict[str, list[MarketSession]] = {}
    for row in rows:
        sessions.setdefault(row.session_id, []).append(row)
    for name, found in sessions.items():
        total = next(row for row in found if row.symbol == TOTAL)
        others = Counter(Outcome(row.wndw) for row in found if row.symbol != TOTAL)
        counts = ", ".join(f"{others[each]} {each.text}" for each in Outcome if others[each])
        yield f"{name:<28} {_trade(total):<20} {_end(total):<28} the others: {counts}"
    if not sessions:
        yield f"no open was captured on {day.trade_date}"


def _trade(row: MarketSession) -> str:
    price = row.entry_price
    return f"{row.entry_side} {row.traded_symbol} {plain(price)}" if price is not None else f"{row.bhs}, no entry"


def _end(row: MarketSession) -> str:
    pnl = "" if row.pnl_usd is None or not row.entry_side else f" {plain(row.pnl_usd)} USD"
    return f"{Outcome(row.wndw).text}{pnl}"
