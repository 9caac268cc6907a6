"""The one way to change a graded row: with a reason, by somebody, into the audit chain.

Only the outcome may be corrected, of a row that has a trade; what was captured stands. The database refuses any other
update (migration ``0002_guards``), and ``audit verify`` tells of one that was made past it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import redis
import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from thor.market_open import chain
from thor.market_open.audit import Kind
from thor.market_open.capture import OUTCOME_COLUMNS
from thor.market_open.grading import HitType, Outcome
from thor.market_open.models import MarketSession
from thor.market_open.reasons import reason_of
from thor.market_open.services import code_version
from thor.market_open.targets import target_and_stop
from thor.markets.now import market_now
from thor.markets.trade_date import utc
from thor.quotes.events import DomainEvent, publish
from thor.quotes.keys import Keys
from thor.runtime.bus import connect
from thor.runtime.problem import Problem

log = structlog.get_logger()

Values = dict[str, Any]
#: So long after its window a row that is still pending is given up by the desk.
GIVEN_UP: Final = timedelta(seconds=60)
#: What a correction may make of a row.
ENDS: Final = (Outcome.WORKED, Outcome.DIDNT_WORK, Outcome.EXPIRED, Outcome.ERROR)


def correct(session_id: str, symbol: str, changes: Mapping[str, Any], reason: str, who: str) -> int | None:
    """Change the outcome of a row. ``changes``: column -> value; what follows from another ``wndw`` (P&L, level) is
    filled in. Returns the number of its audit record, None where nothing is to be changed.

    Raises Problem: 404 without such a row, 422 for a change that may not be, 503 while the desk writes the row.
    """
    said = reason_of(reason)
    with transaction.atomic():
        chain.lock()
        row = _row(session_id, symbol)
        before, after = outcome_of(row), _after(row, changes)
        changed = [name for name in OUTCOME_COLUMNS if before[name] != after[name]]
        if not changed:
            return None
        _write(row, {name: after[name] for name in changed})
        body = {
            "outcome": after,
            "old": {name: before[name] for name in changed},
            "new": {name: after[name] for name in changed},
            "reason": said,
            "who": who,
            "code": code_version(),
        }
        entry = chain.Entry(Kind.CORRECTION, session_id, symbol, body)
        number = chain.append([entry], market_now().now_us)[0].number
        told = {"session_id": session_id, "symbol": symbol, "audit_number": number, "reason": said}
        transaction.on_commit(lambda: _tell(DomainEvent("market_open.corrected", told)))
    return number


def outcome_of(row: MarketSession) -> Values:
    """What became of a row, as its table has it."""
    return {name: getattr(row, name) for name in OUTCOME_COLUMNS}


def consequences(row: MarketSession, outcome: Outcome) -> Values:
    """What an outcome says besides: of a trade that touched a level, which one and its P&L."""
    target, stop = target_and_stop(row.entry_side, row.target_high, row.target_low)
    hits = {
        Outcome.WORKED: (HitType.TARGET.value, target, row.target_usd),
        Outcome.DIDNT_WORK: (HitType.STOP.value, stop, row.stop_usd),
        Outcome.EXPIRED: ("", None, Decimal("0.00")),
    }
    hit_type, level, pnl = hits.get(outcome, ("", None, None))
    found: Values = {"target_hit_type": hit_type, "target_hit_price": level, "pnl_usd": pnl}
    if outcome is not Outcome.EXPIRED:
        found["mark_to_market_usd"] = None
    if outcome is Outcome.ERROR:
        found["resolution_quality"] = None
    return found


def _row(session_id: str, symbol: str) -> MarketSession:
    """The row, held until the transaction ends. The desk adds records while it holds rows, so nobody who holds the
    chain waits for a row."""
    try:
        rows = MarketSession.objects.select_for_update(nowait=True)
        row = rows.filter(session_id=session_id, symbol=symbol).first()
    except DatabaseError as error:
        raise Problem(f"{session_id} {symbol} is being written just now: try again.", status=503) from error
    if row is None:
        raise Problem(f"there is no row {symbol} of an open {session_id}.", status=404)
    if not row.entry_side:
        raise Problem(f"{session_id} {symbol} has no trade that could be graded: {row.reason or 'HOLD'}.", status=422)
    if row.wndw == Outcome.PENDING and row.window_ends_at + GIVEN_UP > utc(market_now().now_us):
        raise Problem(f"{session_id} {symbol} is graded until {row.window_ends_at:%H:%M:%S} UTC: wait.", status=422)
    return row


def _after(row: MarketSession, changes: Mapping[str, Any]) -> Values:
    """The outcome as it is to be. Raises Problem for one that contradicts itself or the row."""
    if others := sorted(changes.keys() - set(OUTCOME_COLUMNS)):
        raise Problem(f"{', '.join(others)}: stands as it was captured, only the outcome may be corrected.", status=422)
    wndw = changes.get("wndw", row.wndw)
    if wndw not in ENDS:
        raise Problem(f"wanted an outcome: {', '.join(ENDS)}.", status=422)
    follows = consequences(row, Outcome(wndw))
    after = outcome_of(row) | (follows if wndw != row.wndw else {}) | _cleaned(row, changes)
    after |= _times(row, after)
    if wrong := [name for name, value in follows.items() if after[name] != value]:
        said = ", ".join(f"{name} {follows[name]}" for name in wrong)
        raise Problem(f"{wndw} means {said}.", status=422)
    return after


def _times(row: MarketSession, after: Values) -> Values:
    """When it ended, in the three ways in which the row says it."""
    ended: datetime = after["resolved_at"] or row.window_ends_at
    if ended <= row.captured_at:
        raise Problem(f"a trade ends after its capture at {row.captured_at:%Y-%m-%d %H:%M:%S} UTC.", status=422)
    elapsed = Decimal((ended - row.captured_at) // timedelta(microseconds=1)) / 1_000_000
    return {
        "resolved_at": ended,
        "elapsed_sec": elapsed,
        "target_hit_at": ended if after["target_hit_type"] else None,
    }


def _cleaned(row: MarketSession, changes: Mapping[str, Any]) -> Values:
    """Values as their columns take them. Raises Problem."""
    fields = {field.name: field for field in MarketSession._meta.concrete_fields}
    found: Values = {}
    for name, value in changes.items():
        field = fields[name]
        try:
            found[name] = field.clean(value, row) if value not in (None, "") else field.get_default()
        except ValidationError as error:
            raise Problem(f"{name}: {' '.join(error.messages)}", status=422) from error
    return found


def _write(row: MarketSession, values: Values) -> None:
    """The update that the guards let through, and nothing after it."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL thor.correction = 'on'")
    MarketSession.objects.filter(pk=row.pk).update(**values)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL thor.correction = 'off'")


def _tell(event: DomainEvent) -> None:
    """To the pages. A correction stands also where the bus is away."""
    try:
        with connect(settings.REDIS_URL) as client:
            publish(client, Keys(settings.THOR_NAMESPACE).events, [event])
    except (redis.RedisError, Problem) as error:
        log.warning("the pages were not told of a correction", error=str(error), **event.payload)
