"""What is answered about bars, ticks and rolls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from asgiref.sync import sync_to_async
from django.http.response import HttpResponseBase

from thor.instruments.answers import instrument_named
from thor.instruments.contract import ContractError, front
from thor.instruments.live import catalogue
from thor.instruments.models import Roll
from thor.instruments.selectors import Listed
from thor.lake.asked import MOST_DAYS, MOST_ROWS, AskedError, Place, bar_start, date_of, instants, place_of, span_of
from thor.lake.layout import Timeframe
from thor.lake.models import RollDifference
from thor.lake.stored import (
    PATIENCE_SECONDS,
    Cursor,
    TooMuchError,
    Wanted,
    bars_of_date,
    reading,
    stored_span,
    ticks_between,
)
from thor.markets.calendar import Calendar
from thor.markets.live import market_table
from thor.markets.session import instant_text
from thor.markets.trade_date import epoch_us
from thor.runtime.problem import Problem

Answer = dict[str, Any]
_DAY: Final = timedelta(days=1)
_TICK: Final = (
    "ts", "last", "bid", "ask", "last_size", "bid_size", "ask_size", "volume", "source", "cond", "venue", "seq",
    "contract", "stream_id", "trade_date",
)  # fmt: skip


class About(NamedTuple):
    """An instrument, its hours, and how its contracts roll."""

    listed: Listed
    calendar: Calendar | None

    @property
    def symbol(self) -> str:
        return self.listed.facts.symbol

    @property
    def group(self) -> str:
        return self.listed.facts.group

    def front(self, day: date) -> str | None:
        """The contract in front on a trade date; None where no rule is known."""
        if (rule := self.listed.roll) is None:
            return None
        try:
            return front(self.symbol, day, rule, dict(self.listed.decided)).name
        except ContractError:
            return None


async def about(symbol: str) -> About:
    """What is known of an instrument in any spelling. Raises Problem 422 and 503."""
    facts = await instrument_named(symbol)
    listed = next(each for each in (await catalogue()).listed if each.facts.symbol == facts.symbol)
    return About(listed, (await market_table()).calendars.get(facts.group))


async def bars(
    *, symbol: str, timeframe: Timeframe, start: str | None, end: str | None, format: str, adjust: str, session: str
) -> Answer | HttpResponseBase:
    """Bars as JSON or as a file. Raises Problem."""
    of = await about(symbol)
    if format != "json":
        raise Problem("only json is there yet", status=422)
    try:
        start_us, end_us = instants(start, end)
        start_us = bar_start(timeframe, start_us, of.group)
        return await sync_to_async(_bars)(of, timeframe, start_us, end_us, adjust, session)
    except AskedError as error:
        raise Problem(str(error), status=422) from None
    except TooMuchError:
        raise _too_much() from None


def _too_much() -> Problem:
    return Problem(f"so much cannot be read within {PATIENCE_SECONDS} s: give a later start", status=422)


def _bars(
    of: About, timeframe: Timeframe, start_us: int | None, end_us: int | None, adjust: str, session: str
) -> Answer:
    with reading() as cursor:
        stored = stored_span(cursor, of.symbol)
        found, is_cut = _newest_bars(cursor, of, timeframe, start_us, end_us)
    found = [each for each in found if session == "all" or each["session"] == session.upper()]
    days = [each["trade_date"] for each in found]
    return {
        "symbol": of.symbol,
        "timeframe": timeframe.value,
        "adjust": adjust,
        "bars": [_bar(each) for each in found],
        "rolls": [_roll(each) for each in _rolls(of.symbol, days[0] + _DAY, days[-1])] if days else [],
        "newest": None if stored is None else instant_text(epoch_us(stored[1])),
        "truncated": is_cut,
    }


def _newest_bars(
    cursor: Cursor, of: About, timeframe: Timeframe, start_us: int | None, end_us: int | None
) -> tuple[list[dict[str, Any]], bool]:
    stored = stored_span(cursor, of.symbol)
    if stored is None:
        return [], False
    first_us = max(start_us or 0, epoch_us(stored[0]))
    last_us = min((end_us or 2**62) - 1, epoch_us(stored[1]))
    wanted = Wanted(of.listed.facts, timeframe, of.calendar, of.front)
    found: list[dict[str, Any]] = []
    for number, day in enumerate(_dates_back(first_us, last_us, of.group)):
        if number >= MOST_DAYS or len(found) > MOST_ROWS:
            return found[-MOST_ROWS:], True
        found = [each for each in bars_of_date(cursor, wanted, day) if _is_asked(each, start_us, end_us)] + found
    return found[-MOST_ROWS:], len(found) > MOST_ROWS


def _is_asked(bar: dict[str, Any], start_us: int | None, end_us: int | None) -> bool:
    at_us = epoch_us(bar["ts"])
    return (start_us is None or at_us >= start_us) and (end_us is None or at_us < end_us)


def _dates_back(first_us: int, last_us: int, group: str) -> Iterator[date]:
    while last_us >= first_us:
        day = date_of(last_us, group)
        yield day
        span = span_of(day, group)
        assert span is not None
        last_us = span.start_us - 1


def _bar(each: dict[str, Any]) -> Answer:
    said = {name: value for name, value in each.items() if name not in ("symbol", "timeframe")}
    return said | {"ts": instant_text(epoch_us(each["ts"])), "trade_date": each["trade_date"].isoformat()}


async def ticks(
    *, symbol: str, start: str | None, end: str | None, format: str, limit: int, after: str | None
) -> Answer | HttpResponseBase:
    """Ticks as JSON or as a file. Raises Problem."""
    of = await about(symbol)
    if format != "json":
        raise Problem("only json is there yet", status=422)
    try:
        span = instants(start, end)
        place = place_of(after) if after else None
        return await sync_to_async(_ticks)(of, *span, limit, place)
    except AskedError as error:
        raise Problem(str(error), status=422) from None
    except TooMuchError:
        raise _too_much() from None


def _ticks(of: About, start_us: int | None, end_us: int | None, limit: int, place: Place | None) -> Answer:
    with reading() as cursor:
        stored = stored_span(cursor, of.symbol)
        if stored is None:
            return {"symbol": of.symbol, "ticks": [], "next": None}
        if place is not None:
            start_us = place.ts_us
        elif start_us is None:
            start_us = 0
        skip = place.told if place is not None else 0
        rows = ticks_between(cursor, of.symbol, start_us, end_us or 2**52, skip, limit + 1)
    told = rows[:limit]
    return {
        "symbol": of.symbol,
        "ticks": [_tick(each) for each in told],
        "next": _place(told, place).text() if len(rows) > limit else None,
    }


def _place(told: list[Any], before: Place | None) -> Place:
    """Behind the last of these."""
    last_us = epoch_us(told[-1][0])
    same = sum(1 for each in told if epoch_us(each[0]) == last_us)
    return Place(last_us, same + (before.told if before is not None and before.ts_us == last_us else 0))


def _tick(row: tuple[Any, ...]) -> Answer:
    said = dict(zip(_TICK, row, strict=True))
    return said | {"ts": instant_text(epoch_us(row[0])), "trade_date": said["trade_date"].isoformat()}


async def rolls(symbol: str) -> Answer:
    """An instrument's rolls. Raises Problem."""
    of = await about(symbol)
    found = await sync_to_async(_rolls)(of.symbol, date.min, date.max)
    return {"symbol": of.symbol, "rolls": found}


def _rolls(symbol: str, first: date, last: date) -> list[Answer]:
    differences = {
        (each.from_contract, each.to_contract): each for each in RollDifference.objects.filter(symbol=symbol)
    }
    rows = Roll.objects.filter(instrument__symbol=symbol, effective__range=(first, last)).order_by("effective")
    return [_decided(each, differences.get((each.from_contract, each.to_contract))) for each in rows]


def _decided(roll: Roll, difference: RollDifference | None) -> Answer:
    return {
        "trade_date": roll.effective.isoformat(),
        "from_contract": roll.from_contract,
        "to_contract": roll.to_contract,
        "difference": None if difference is None else float(difference.difference),
        "measured": None if difference is None else difference.measured,
        "decided_by": roll.decided_by,
    }


def _roll(decided: Answer) -> Answer:
    return {name: decided[name] for name in ("trade_date", "from_contract", "to_contract", "difference")}
