"""Rows as a file to keep: ``thor export_market_opens`` writes it in a process of its own, and this one hands it on."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterator
from typing import Final

from asgiref.sync import sync_to_async
from django.db.models import Max, Min
from django.http import StreamingHttpResponse

from thor.market_open.filters import Filters
from thor.market_open.selectors import filtered
from thor.runtime.namespace import replayed
from thor.runtime.problem import Problem

#: So many are written at a time; who comes then is told to come back.
AT_ONCE: Final = 2
_BLOCK_BYTES: Final = 64 * 1024
_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
_places: Final = asyncio.Semaphore(AT_ONCE)


async def response(filters: Filters, form: str) -> StreamingHttpResponse:
    """An attachment with the rows that match. Raises Problem 429 and 503."""
    if _places.locked():
        raise Problem(f"{AT_ONCE} downloads are written now: try again when one of them is done", status=429)
    await _places.acquire()
    try:
        name = await sync_to_async(_name)(filters, form)
        process = await asyncio.create_subprocess_exec(*_words(filters, form), stdin=DEVNULL, stdout=PIPE)
    except BaseException:
        _places.release()
        raise
    try:
        first = await _read(process)
        if not first:
            raise Problem("the file cannot be written now; the log says why", status=503)
    except BaseException:
        await _end(process)
        raise
    return StreamingHttpResponse(
        _blocks(process, first),
        content_type=_TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _words(filters: Filters, form: str) -> list[str]:
    words = [sys.executable, "-m", "thor", "export_market_opens", f"--format={form}", f"--symbol={filters.symbol}"]
    return [*words, *_options(filters), *([f"--namespace={name}"] if (name := replayed()) else [])]


def _options(filters: Filters) -> Iterator[str]:
    lists = {
        "market": filters.markets, "day-of-week": filters.days, "outcome": filters.outcomes,
        "signal": filters.signals, "kind": filters.kinds,
    }  # fmt: skip
    yield from (f"--{name}={value}" for name, values in lists.items() for value in values)
    dates = {"start-date": filters.start, "end-date": filters.end}
    yield from (f"--{name}={day.isoformat()}" for name, day in dates.items() if day is not None)


def _name(filters: Filters, form: str) -> str:
    found = filtered(filters).order_by().aggregate(first=Min("trade_date"), last=Max("trade_date"))
    if found["first"] is None:
        return f"market-opens-none.{form}"
    return f"market-opens-{found['first'].isoformat()}-{found['last'].isoformat()}.{form}"


async def _read(process: Process) -> bytes:
    assert process.stdout is not None
    return await process.stdout.read(_BLOCK_BYTES)


async def _blocks(process: Process, first: bytes) -> AsyncIterator[bytes]:
    """What the process writes. One that fails half-way breaks the answer off: half a file must not pass for a whole."""
    try:
        yield first
        while block := await _read(process):
            yield block
        if await process.wait():
            raise RuntimeError("a download broke off: `thor export_market_opens` says why")
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    _places.release()
    if process.returncode is None:
        process.kill()
        await process.wait()
