"""A stored day heard anew: the very same desk, gate and reactors over the ticks of a trade date, in one process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Model

from thor.desk.config import ConfigTables
from thor.desk.desk import Desk
from thor.desk.handlers import TABLES
from thor.desk.models import FiredTimer
from thor.history.group import IngestGroup
from thor.history.lease import id_key
from thor.history.services import connect_database, known_groups
from thor.history.tape import StoredTape
from thor.markets.calendar import MarketCalendars
from thor.markets.now import market_now
from thor.markets.trade_date import DEFAULT_GROUP, Span, spans_of, utc
from thor.quotes.keys import Keys
from thor.quotes.quick import decode
from thor.quotes.reactor import Reactor, Row, setting
from thor.quotes.replay_clock import BY_ARRIVAL
from thor.quotes.rows import columns, write_rows
from thor.runtime.bus import connect
from thor.runtime.problem import Problem

#: So much of the time before a trade date is heard too: the futures' daily break, in which sources go on.
LEAD_IN_US: Final = 3_600_000_000


class Fed(NamedTuple):
    """What was heard. ``span``: the trade date of the equity futures, in which the world's markets of the day open."""

    span: Span
    quotes: int
    rows: list[Row]


class Compared(NamedTuple):
    """Rows that were not there, that were there with other values, and that were there as they are."""

    new: list[Row]
    changed: list[Row]
    equal: list[Row]

    def said(self) -> str:
        """In words."""
        return f"{len(self.new):,} new, {len(self.changed):,} changed, {len(self.equal):,} equal"


def feed(day: date, reactors: Sequence[Reactor], symbols: Sequence[str] | None = None) -> Fed:
    """Feed the stored ticks of a trade date through the gate to reactors that know nothing yet, with transitions and
    timers, in the order in which they arrived. ``symbols``: only of these.

    From an hour before the product group that begins first to the end of the one that ends last, whichever trade date a
    tick in between has: a session that opens finds what is in force then. So rows of the dates beside it may come out
    too. Raises Problem for an unknown symbol, and for a date without a session, without a tick, or that still runs.
    """
    groups = known_groups()
    wanted = _known(symbols, groups)
    spans = spans_of(day, {DEFAULT_GROUP, *(groups[symbol] for symbol in wanted)})
    if not spans:
        raise Problem(f"{day} is no trade date: no session belongs to it.")
    from_us, until_us = min(each.start_us for each in spans), max(each.end_us for each in spans) - 1
    if until_us >= market_now().now_us:
        end = f"{utc(until_us + 1):%Y-%m-%d %H:%M} UTC"
        raise Problem(f"{day} is not over: the desk still writes its rows. Try again after {end}.")
    quotes, rows = feed_span(from_us, until_us, reactors, wanted)
    if not quotes:
        raise Problem(f"no tick of {day} is stored as asked: choose another --date, or other --symbols.")
    return Fed(_main_span(spans), quotes, rows)


def feed_span(
    from_us: int, until_us: int, reactors: Sequence[Reactor], symbols: Sequence[str]
) -> tuple[int, list[Row]]:
    """Feed the stored ticks with times in ``[from_us, until_us]``, and those of the hour before, through the gate to
    reactors that know nothing yet. Everything up to the end must be stored. Returns how many ticks there were between
    the two instants, and the rows."""
    desk = new_desk(reactors, from_us - LEAD_IN_US - 1)
    quotes = _hear(desk, from_us, until_us, symbols)
    return quotes, desk.rows()


def check_stored(last_id: str, what: str) -> None:
    """Raises Problem 503 while an entry up to ``last_id`` waits to be stored. ``what`` comes before it."""
    with connect(settings.REDIS_URL) as client:
        oldest = IngestGroup(client, Keys(settings.THOR_NAMESPACE)).lag().oldest_id
    if oldest and id_key(oldest) <= id_key(last_id):
        raise Problem(f"quotes of before {what} are not stored yet: try again.", status=503)


def new_desk(reactors: Sequence[Reactor], position_us: int) -> Desk:
    """A desk that knows nothing yet but what people have set."""
    config = ConfigTables().read()
    calendars = setting(config, MarketCalendars).by_market
    if not calendars:
        raise Problem("no calendar is compiled: run `thor sync_calendars` and `thor seed_markets`")
    desk = Desk(calendars, reactors, position_us)
    desk.start({}, config)
    return desk


def compare(rows: Sequence[Row]) -> Compared:
    """Rows with the same key columns ``symbol`` and ``trade_date`` as their tables have them, against what is there."""
    found = Compared([], [], [])
    for kind in {type(row) for row in rows}:
        own = [row for row in rows if type(row) is kind]
        there = _there(TABLES[kind], own)
        for row in own:
            values = columns(row)
            before = there.get(_key(row, values))
            same = before is not None and all(getattr(before, name) == value for name, value in values.items())
            (found.new if before is None else found.equal if same else found.changed).append(row)
    return found


def write(rows: Sequence[Row]) -> Compared:
    """Write what is new or changed, all or nothing. Says what it was."""
    with transaction.atomic():
        found = compare(rows)
        write_rows([*found.new, *found.changed], TABLES)
    return found


def _known(symbols: Sequence[str] | None, groups: Mapping[str, str]) -> list[str]:
    if symbols is None:
        return sorted(groups)
    if unknown := sorted(set(symbols) - groups.keys()):
        raise Problem(f"No instrument of this Thor: {', '.join(unknown)}. Choose others with --symbols.")
    return list(symbols)


def _hear(desk: Desk, from_us: int, until_us: int, symbols: Sequence[str]) -> int:
    """Everything between two instants, and what came within the hour before. Returns how many quotes there were between
    them."""
    begin_us, quotes = from_us - LEAD_IN_US, 0
    has_timers = FiredTimer.objects.filter(at_us__gte=begin_us, at_us__lte=until_us).exists()
    with connect_database() as database:
        tape = StoredTape(database, None, begin_us, until_us, symbols, has_timers=has_timers)
        by_arrival = tape.order == BY_ARRIVAL
        for cue in tape.cues():
            quote = decode(cue.event.payload)
            desk.hear(cue.event.entry_id, quote, cue.due_us if by_arrival else quote.ts_us, 0)
            desk.take()
            quotes += quote.ts_us >= from_us
        desk.advance(max(until_us, tape.last_us), 0)
        return quotes


def _main_span(spans: Sequence[Span]) -> Span:
    """Of the equity futures; where they have no such date, of the others together."""
    own = spans_of(spans[0].trade_date, (DEFAULT_GROUP,))
    return own[0] if own else Span(spans[0].trade_date, min(s.start_us for s in spans), max(s.end_us for s in spans))


def _there(model: type[Model], rows: Sequence[Row]) -> dict[tuple[Any, ...], Model]:
    """The rows of a table that these would be written over, by their keys."""
    values = [columns(row) for row in rows]
    asked = {f"{name}__in": {each[name] for each in values} for name in ("symbol", "trade_date")}
    names = [name.removesuffix("_us") for name in rows[0].key]
    found = model._default_manager.filter(**asked)
    return {tuple(getattr(each, name) for name in names): each for each in found}


def _key(row: Row, values: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(values[name.removesuffix("_us")] for name in row.key)
