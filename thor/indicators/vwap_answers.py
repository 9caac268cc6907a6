"""What is answered about VWAP: how it stands now, by what the desk keeps on the bus; earlier instants, by the rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Final

import redis
from asgiref.sync import sync_to_async
from django.conf import settings

from thor.indicators.models import VwapMinute
from thor.indicators.vwap import MINUTE_US, WINDOWS, vwap_of
from thor.instruments.answers import instrument_named
from thor.instruments.instrument import InstrumentFacts
from thor.markets.now import market_now
from thor.markets.session import parse_instant
from thor.markets.trade_date import epoch_us, trade_date_span, utc
from thor.quotes.enriched import TOTAL
from thor.quotes.keys import Keys
from thor.quotes.quote import format_ts
from thor.quotes.selectors import in_time
from thor.runtime.bus import connect
from thor.runtime.problem import Problem
from thor.runtime.schema import current_namespace

TODAY: Final = "today"
Answer = dict[str, Any]


async def today(symbol: str, at: str | None) -> Answer:
    """VWAP of the trade date of now or of an instant, up to the last minute boundary. Of TOTAL: how far its instruments
    are from their own. Raises Problem 422 or 503."""
    if symbol.upper() == TOTAL:
        return await _total_today(at)
    facts = await instrument_named(symbol)
    if at is not None:
        return await _rows_today(facts, _boundary_us(at))
    board, window = await _kept(facts.symbol, WINDOWS[0])
    day = trade_date_span(market_now().now_us, facts.group).trade_date
    is_of_today = board.get("trade_date") == day.isoformat()
    return _answer(facts.symbol, TODAY, board.get("vwap") if is_of_today else None, window.get("ts"))


async def rolling(symbol: str, window: str, at: str | None) -> Answer:
    """VWAP of the clock minutes (T-window, T], T the last minute boundary of now or of an instant. Raises Problem 422
    or 503."""
    minutes = _minutes(window)
    if symbol.upper() == TOTAL:
        raise Problem("symbol: TOTAL has no volume and so no window; /api/vwap/today?symbol=TOTAL knows it", status=422)
    facts = await instrument_named(symbol)
    if at is not None:
        return await _rows_rolling(facts, minutes, _boundary_us(at))
    _, kept = await _kept(facts.symbol, minutes)
    return _answer(facts.symbol, minutes, kept.get("vwap"), kept.get("ts"))


async def minutes_of(symbol: str, day: str | None) -> Answer:
    """The rows of a trade date, of the present one by default. Raises Problem 422 or 503."""
    facts = await instrument_named(symbol)
    wanted = trade_date_span(market_now().now_us, facts.group).trade_date if day is None else _trade_date(day)
    found = await sync_to_async(_read_minutes)(facts.symbol, wanted)
    return {"symbol": facts.symbol, "trade_date": wanted.isoformat(), "minutes": found}


# --- now ------------------------------------------------------------------------------------------------------------


async def _total_today(at: str | None) -> Answer:
    if at is not None:
        raise Problem("at: TOTAL's VWAP is known of now only; leave at out, or ask for an instrument", status=422)
    total, _ = await _kept(TOTAL, WINDOWS[0])
    return _answer(TOTAL, TODAY, None, total.get("as_of"), total.get("vwap_deviation_pct"))


async def _kept(symbol: str, minutes: int) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What the desk keeps of a symbol: its row of the board, and a window. Both are written in one step, so that they
    speak of the same boundary. Empty where there is none."""
    return await in_time(lambda: _read_kept(symbol, minutes))


def _read_kept(symbol: str, minutes: int) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    keys = Keys(current_namespace())
    pipe = _client().pipeline(transaction=True)
    pipe.hget(keys.board_latest, symbol)
    pipe.get(keys.vwap_rolling(symbol, minutes))
    row, window = (json.loads(text, parse_float=Decimal) if text else {} for text in pipe.execute())
    return row, window


@cache
def _client() -> redis.Redis:
    return connect(settings.REDIS_URL)


# --- an earlier instant ---------------------------------------------------------------------------------------------


def _boundary_us(at: str) -> int:
    """The last minute boundary of an instant; of one that is still to come, that of now."""
    try:
        at_us = parse_instant(at)
    except ValueError as error:
        raise Problem(f"at: {error}", status=422) from None
    return min(at_us, market_now().now_us) // MINUTE_US * MINUTE_US


@sync_to_async
def _rows_today(facts: InstrumentFacts, until_us: int) -> Answer:
    day = trade_date_span(until_us, facts.group).trade_date
    rows = VwapMinute.objects.filter(symbol=facts.symbol, trade_date=day, minute__lte=utc(until_us))
    found = rows.order_by("-minute").values_list("vwap", flat=True).first()
    return _answer(facts.symbol, TODAY, found, format_ts(until_us))


@sync_to_async
def _rows_rolling(facts: InstrumentFacts, minutes: int, until_us: int) -> Answer:
    after = utc(until_us - minutes * MINUTE_US)
    rows = VwapMinute.objects.filter(symbol=facts.symbol, minute__gt=after, minute__lte=utc(until_us))
    found = vwap_of(rows.values_list("last_price", "delta_volume"))
    return _answer(facts.symbol, minutes, found, format_ts(until_us))


def _read_minutes(symbol: str, day: date) -> list[Answer]:
    rows = VwapMinute.objects.filter(symbol=symbol, trade_date=day).order_by("minute")
    return [
        {"ts": format_ts(epoch_us(minute)), "last_price": last.normalize(), "delta_volume": delta,
         "vwap": vwap.normalize()}
        for minute, last, delta, vwap in rows.values_list("minute", "last_price", "delta_volume", "vwap")
    ]  # fmt: skip


# --- words ----------------------------------------------------------------------------------------------------------


def _answer(
    symbol: str, window: str | int, vwap: Decimal | int | None, ts: str | None, deviation: Decimal | int | None = None
) -> Answer:
    tidy = vwap.normalize() if isinstance(vwap, Decimal) else vwap
    return {"symbol": symbol, "window": window, "vwap": tidy, "vwap_deviation_pct": deviation, "ts": ts}


def _minutes(text: str) -> int:
    if text not in map(str, WINDOWS):
        raise Problem(f"window: {text[:20]!r} is none that is kept: give 5, 15, 30 or 60 (minutes)", status=422)
    return int(text)


def _trade_date(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or len(text) != len("2025-10-09"):
        raise Problem(f"trade_date: {text[:20]!r} is no date: give one such as 2025-10-09", status=422)
    return found
