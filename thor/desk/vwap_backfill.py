"""A trade date's VWAP made anew of its stored ticks, and written over what is there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from django.db import transaction

from thor.desk.backfill import Compared, compare, feed, write
from thor.history.queries import query
from thor.history.services import connect_database, known_groups
from thor.indicators.models import VwapMinute as VwapMinuteRow
from thor.indicators.vwap import VwapMinute, VwapReactor
from thor.markets.trade_date import spans_of, utc
from thor.quotes.quote import format_ts
from thor.runtime.problem import Problem

#: How long before a trade date the last count may have been said: over any holiday.
_BEFORE_US: Final = 8 * 24 * 3600 * 1_000_000


class Remade(NamedTuple):
    """How the rows compare with those that were there; ``gone``: how many were there that the ticks do not give."""

    quotes: int
    compared: Compared
    gone: int


def remake_vwap(day: date, symbols: Sequence[str] | None = None, *, only_look: bool = False) -> Remade:
    """Make a trade date's rows anew, and write those of these symbols (None: of all) unless ``only_look``. Raises
    Problem for a date that is none, that is not over, or of which no tick is stored, and for an unknown symbol."""
    known = sorted(known_groups())
    wanted = set(known if symbols is None else symbols)
    if unknown := sorted(wanted.difference(known)):
        raise Problem(f"no such instrument: {', '.join(unknown)}. Choose others with --symbols.")
    reactor = VwapReactor()
    _carry_over(reactor, day, known)
    # All of them are heard: whether a session was seen from its start is said by any symbol.
    fed = feed(day, [reactor])
    made = [row for row in [*fed.rows, *_last_minute(reactor)] if isinstance(row, VwapMinute)]
    rows = [row for row in made if row.trade_date == day and row.symbol in wanted]
    with transaction.atomic():
        compared = compare(rows) if only_look else write(rows)
        gone = _gone(day, rows)
        if not only_look:
            VwapMinuteRow.objects.filter(pk__in=gone).delete()
    return Remade(fed.quotes, compared, len(gone))


def _carry_over(reactor: VwapReactor, day: date, symbols: Sequence[str]) -> None:
    """A live desk knows what was said on the date before."""
    spans = spans_of(day)
    if not spans:
        return  # the feed says so, as it does of a date that is not over
    from_us = min(each.start_us for each in spans)
    given = {"symbols": symbols, "from": format_ts(from_us - _BEFORE_US), "until": format_ts(from_us)}
    with connect_database() as connection:
        for symbol, volume in connection.execute(query("last_volumes"), given):
            reactor.carry_over(symbol, volume)


def _last_minute(reactor: VwapReactor) -> Sequence[object]:
    """The feed ends just before the boundary at which the last date turns."""
    if (due_us := reactor.next_timer_us()) is not None:
        reactor.on_timer(due_us)
    return reactor.rows()


def _gone(day: date, rows: Sequence[VwapMinute]) -> list[int]:
    """Rows of the symbols that were made, which are no longer among them."""
    made = {(row.symbol, utc(row.minute_us)) for row in rows}
    there = VwapMinuteRow.objects.filter(trade_date=day, symbol__in={symbol for symbol, _ in made})
    return [key for key, *place in there.values_list("pk", "symbol", "minute") if tuple(place) not in made]
