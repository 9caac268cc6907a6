"""What is answered about bars, ticks and rolls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Any, Final, TypeVar

from asgiref.sync import sync_to_async
from django.http.response import HttpResponseBase

from thor.lake import download
from thor.lake.about import About, Answer, about, rolls_told
from thor.lake.asked import AskedError, bar_start, date_of, instants, place_of
from thor.lake.bar_answers import BarsAsked, Found, bar_batches, newest_bars
from thor.lake.layout import Timeframe
from thor.lake.stored import PATIENCE_SECONDS, TooMuchError
from thor.lake.tick_answers import TicksAsked, file_schema, page, tick_batches
from thor.markets.now import market_now
from thor.runtime.problem import Problem

#: So many questions are answered at a time; the others wait, as long as anybody would.
AT_ONCE: Final = 2
_places: Final = asyncio.Semaphore(AT_ONCE)
#: Rolls are told from so long ago on, and up to the next ones.
_FIRST: Final = date(2000, 1, 1)
T = TypeVar("T")


async def bars(
    *, symbol: str, timeframe: Timeframe, start: str | None, end: str | None, format: str, adjust: str, session: str,
    limit: int, seen_etag: str = "",
) -> Found | HttpResponseBase | None:  # fmt: skip
    """Bars as JSON or as a file; None where the caller has them already. Raises Problem."""
    of = await about(symbol)
    asked = _asked(lambda: _bars_asked(of, timeframe, start, end, adjust, session, limit))
    if format == "json":
        return await _answered(lambda: newest_bars(of, asked, seen_etag))
    return await _file(lambda: bar_batches(of, asked), _bars_schema, format, _name(of, f"bars-{timeframe}", start, end))


def _bars_asked(
    of: About, timeframe: Timeframe, start: str | None, end: str | None, adjust: str, session: str, limit: int
) -> BarsAsked:
    start_us, end_us = instants(start, end)
    start_us = bar_start(timeframe, start_us, of.group)
    return BarsAsked(timeframe, start_us, end_us, adjust == "difference", session == "rth", limit)


def _bars_schema() -> Any:
    from thor.lake.columns import BARS

    return BARS


async def ticks(
    *, symbol: str, start: str | None, end: str | None, format: str, limit: int, after: str | None
) -> Answer | HttpResponseBase:
    """Ticks as JSON or as a file. Raises Problem."""
    of = await about(symbol)
    asked = _asked(lambda: TicksAsked(*instants(start, end)))
    if format == "json":
        place = _asked(lambda: place_of(after) if after else None)
        return await _answered(lambda: page(of, asked, limit, place))
    return await _file(lambda: tick_batches(of, asked), file_schema, format, _name(of, "ticks", start, end))


async def rolls(symbol: str) -> Answer:
    """An instrument's rolls up to now and the next one. Raises Problem."""
    of = await about(symbol)
    today = date_of(market_now().now_us, of.group)
    told = await sync_to_async(rolls_told)(of, _FIRST, today.replace(year=today.year + 1, day=1))
    past = [each for each in told if each["trade_date"] <= today.isoformat()]
    return {"symbol": of.symbol, "rolls": told[: len(past) + 1]}


# --- how ------------------------------------------------------------------------------------------------------------


def _asked(parse: Callable[[], T]) -> T:
    """What a question means. Raises Problem 422."""
    try:
        return parse()
    except AskedError as error:
        raise Problem(str(error), status=422) from None


async def _answered(work: Callable[[], T]) -> T:
    """The work done in a thread, two at a time. Raises Problem 422, 429 and 503."""
    try:
        await asyncio.wait_for(_places.acquire(), PATIENCE_SECONDS)
    except TimeoutError:
        raise Problem("other questions take all the time there is: try again", status=429) from None
    try:
        return await sync_to_async(work)()
    except AskedError as error:
        raise Problem(str(error), status=422) from None
    except TooMuchError:
        raise _too_much() from None
    finally:
        _places.release()


async def _file(batches: Callable[[], Any], schema: Callable[[], Any], form: str, name: str) -> HttpResponseBase:
    try:
        return await download.response(batches, schema, form, name)
    except AskedError as error:
        raise Problem(str(error), status=422) from None
    except TooMuchError:
        raise _too_much() from None


def _too_much() -> Problem:
    return Problem(f"so much cannot be read within {PATIENCE_SECONDS} s: give a later start", status=422)


def _name(of: About, what: str, start: str | None, end: str | None) -> str:
    """ES-bars-1m-2025-10-01-2025-10-31."""
    dates = [text[:10] for text in (start, end) if text]
    return "-".join([of.symbol, what, *dates])
