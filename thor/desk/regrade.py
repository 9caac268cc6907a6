"""A captured session graded anew: its stored entries over the stored ticks, by the desk's own gate and rule."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Final, NamedTuple

import msgspec
from django.db import transaction

from thor.desk.backfill import check_stored, feed_span
from thor.desk.missed import number_of
from thor.market_open.audit import Kind
from thor.market_open.capture import OUTCOME_COLUMNS, outcome_columns
from thor.market_open.config import GradingPrice
from thor.market_open.corrections import correct, outcome_of
from thor.market_open.grading import GRACE_US, Entry, Resolution, Trade
from thor.market_open.models import AuditRecord, MarketSession
from thor.market_open.targets import Side, target_and_stop
from thor.markets.now import market_now
from thor.markets.selectors import market_named
from thor.markets.trade_date import epoch_us, utc
from thor.quotes.quote import Quote
from thor.quotes.reactor import NOTHING, Effects, Reactor
from thor.runtime.problem import Problem
from thor.runtime.schema import current_connection
from thor.signals.composite import TOTAL

#: The key of a tick, as its table has it.
_KEY: Final = "symbol = %s AND ts = %s AND source = %s AND seq IS NOT DISTINCT FROM %s"


class Difference(NamedTuple):
    """A row of which the ticks say something else: the columns that differ, as they stand and as they would be."""

    symbol: str
    old: dict[str, Any]
    new: dict[str, Any]


class Regraded(NamedTuple):
    """``trades``: how many rows were graded; ``ticks``: on how many."""

    session_id: str
    trades: int
    ticks: int
    differences: list[Difference]


class _Regrading(Reactor):
    """Grades the trades of one session: each hears what came after the quote that it was entered on."""

    name: ClassVar[str] = "regrade"

    def __init__(self, trades: Iterable[tuple[Trade, str]]) -> None:
        self._trades = [(trade, number_of(seen)) for trade, seen in trades]

    def on_quote(self, quote: Quote, entry_id: str, at_us: int) -> Effects:
        del at_us
        for trade, seen in self._trades:
            if trade.entry.symbol == quote.symbol and not _is_before(entry_id, seen):
                trade.hear(quote, entry_id)
        return NOTHING

    def on_timer(self, at_us: int) -> Effects:
        for trade, _ in self._trades:
            if trade.due_us <= at_us:
                trade.expire()
        return NOTHING

    def next_timer_us(self) -> int | None:
        return min((trade.due_us for trade, _ in self._trades if trade.resolution is None), default=None)


def _is_before(entry_id: str, seen: tuple[int, int]) -> bool:
    """It came no later than what was seen; ticks without ids of their own go by their times alone."""
    return "-" in entry_id and number_of(entry_id) <= seen


def session_named(market: str, number: int) -> str:
    """The session of a market by its number. Raises Problem."""
    country = market_named(market).country
    row = MarketSession.objects.filter(country=country, session_number=number, symbol=TOTAL).first()
    if row is None:
        raise Problem(f"{country} has no session {number}.", status=404)
    return row.session_id


def regrade(session_id: str) -> Regraded:
    """Grade every trade of a session anew, and say where that differs. Writes nothing. Raises Problem: for no such
    session, one whose window still runs, and ticks that are not stored yet, or no longer."""
    rows = list(MarketSession.objects.filter(session_id=session_id).order_by("id"))
    if not rows:
        raise Problem(f"there is no open {session_id[:60]!r}: /api/market-open/history lists them.", status=404)
    entered = [row for row in rows if row.entry_side]
    if not entered:
        return Regraded(session_id, 0, 0, [])
    _check_over(entered[0])
    quoted = {row.symbol: row for row in rows}
    _check_kept([quoted[row.traded_symbol] for row in entered])
    trades = {row.symbol: _trade(row, quoted[row.traded_symbol]) for row in entered}
    ticks = _hear(entered, [(trades[row.symbol], quoted[row.traded_symbol].quote_stream_id) for row in entered])
    found = [_difference(row, trades[row.symbol].resolution) for row in entered]
    return Regraded(session_id, len(entered), ticks, [each for each in found if each is not None])


@transaction.atomic
def apply(found: Regraded, reason: str, who: str) -> list[int]:
    """Write every difference as a correction, all or none. Returns the numbers of their records. Raises Problem."""
    numbers = [correct(found.session_id, each.symbol, each.new, reason, who) for each in found.differences]
    return [number for number in numbers if number is not None]


def _end_us(row: MarketSession) -> int:
    return epoch_us(row.window_ends_at) + GRACE_US


def _check_over(row: MarketSession) -> None:
    """Every quote that may count has come, and is stored."""
    if market_now().now_us <= _end_us(row):
        raise Problem(f"{row.session_id} is graded until {row.window_ends_at:%Y-%m-%d %H:%M:%S} UTC: wait.", status=422)
    check_stored(f"{_end_us(row) // 1000}-0", f"the end of {row.session_id}'s window")


def _check_kept(quoted: Sequence[MarketSession]) -> None:
    """The very quotes of the entries are still in the database."""
    gone = sorted({row.symbol for row in quoted if not _ticks(row)})
    if gone:
        day = f"{quoted[0].captured_at:%Y-%m-%d}"
        said = f"the ticks of {', '.join(gone)} of {day} are no longer in the database (archived, or never stored)"
        raise Problem(f"{said}: there is nothing to grade {quoted[0].session_id} on.", status=422)


def _ticks(row: MarketSession) -> list[tuple[str]]:
    return _found(row.symbol, row.quote_ts, row.quote_source, row.quote_seq)


def _found(*key: Any) -> list[tuple[str]]:
    """The stream id of a tick; nothing where it is not there."""
    with current_connection().cursor() as cursor:
        cursor.execute(f"SELECT stream_id FROM ticks WHERE {_KEY}", key)
        found: list[tuple[str]] = cursor.fetchall()
    return found


def _trade(row: MarketSession, quoted: MarketSession) -> Trade:
    """As it began. ``quoted``: the row of the instrument that is traded."""
    target, stop = target_and_stop(row.entry_side, row.target_high, row.target_low)
    assert row.entry_price is not None and target is not None and stop is not None
    assert row.exit_price_at_entry is not None and quoted.quote_ts is not None
    return Trade.begin(
        Entry(
            row.traded_symbol, Side(row.entry_side), row.entry_price, target, stop, epoch_us(row.captured_at),
            epoch_us(row.window_ends_at), epoch_us(quoted.quote_ts), _point_value(row.session_id, row.traded_symbol),
            row.exit_price_at_entry,
            GradingPrice(row.grading_price),
        )
    )  # fmt: skip


def _point_value(session_id: str, symbol: str) -> Decimal:
    """USD of one point of a contract, as the capture was made with it."""
    record = AuditRecord.objects.filter(session_id=session_id, kind=Kind.CAPTURE.value).first()
    if record is None:
        raise Problem(f"{session_id} has no record of its capture: `thor audit verify` says more.", status=422)
    facts = json.loads(record.body)["basis"]["instruments"][symbol]
    return Decimal(facts["tick_value_usd"]) / Decimal(facts["tick_size"])


def _hear(entered: Sequence[MarketSession], trades: Sequence[tuple[Trade, str]]) -> int:
    from_us, until_us = epoch_us(entered[0].captured_at), _end_us(entered[0])
    ticks, _ = feed_span(from_us, until_us, [_Regrading(trades)], sorted({row.traded_symbol for row in entered}))
    return ticks


def _difference(row: MarketSession, resolution: Resolution | None) -> Difference | None:
    assert resolution is not None
    before, after = outcome_of(row), outcome_columns(_with_id(resolution), epoch_us(row.captured_at))
    names = [name for name in OUTCOME_COLUMNS if before[name] != after[name]]
    if not names:
        return None
    return Difference(row.symbol, {name: before[name] for name in names}, {name: after[name] for name in names})


def _with_id(resolution: Resolution) -> Resolution:
    """Ticks that are played by their times have no ids there; their table knows them."""
    deciding = resolution.deciding
    if deciding is None or "-" in deciding.entry_id:
        return resolution
    ((entry_id,),) = _found(deciding.symbol, utc(deciding.ts_us), deciding.source, deciding.seq)
    return msgspec.structs.replace(resolution, deciding=msgspec.structs.replace(deciding, entry_id=entry_id or ""))
