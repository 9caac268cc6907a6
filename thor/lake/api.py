"""The lake and the tick store over HTTP: bars, ticks, what there is, how good it is, and when contracts rolled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Final

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Query, Router, Schema
from ninja.throttling import BaseThrottle, SimpleRateThrottle
from pydantic import Field

from thor.lake import answers, coverage
from thor.lake.layout import Timeframe
from thor.lake.schemas import (
    AdjustName,
    BarsAnswer,
    CoverageAnswer,
    FormatName,
    QualityAnswer,
    RollsAnswer,
    SessionsName,
    TicksAnswer,
)
from thor.users.rights import gate


class HistoryThrottle(SimpleRateThrottle):
    """So many questions of one user, or of one address where nobody need log in."""

    scope = "history"

    def get_cache_key(self, request: HttpRequest) -> str | None:
        """Whose count it is. The session is a good one: who has none was sent away before."""
        session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        is_open = gate().is_open_to(request.headers.get("host", ""))
        return f"history {request.META.get('REMOTE_ADDR', '') if is_open else session}"


def throttles() -> list[BaseThrottle]:
    """By THOR_HISTORY_RATE."""
    return [HistoryThrottle(settings.THOR_HISTORY_RATE)] if settings.THOR_HISTORY_RATE else []


router = Router(tags=["history"], throttle=throttles())

SymbolOf = Annotated[str, Query(description="An instrument in any spelling, such as ES.")]
DateOf = Annotated[str | None, Query(description="A trade date such as 2025-10-09.")]


class BarsQuery(Schema):
    """Which bars."""

    symbol: str = Field(description="An instrument in any spelling, such as ES.")
    timeframe: Timeframe
    start: str | None = Field(None, description="From the bar that holds this instant, ISO 8601 with a zone.")
    end: str | None = Field(None, description="Up to the last bar that begins before this instant.")
    format: FormatName = Field("json", description="json, or a file: csv, parquet, arrow (an IPC stream).")
    adjust: AdjustName = Field("none", description="difference: earlier contracts moved to the newest one's level.")
    session: SessionsName = Field("all", description="rth: regular hours only.")
    limit: int = Field(10_000, ge=1, le=10_000, description="Of json: at most so many, the newest of the span.")


class TicksQuery(Schema):
    """Which ticks."""

    symbol: str = Field(description="An instrument in any spelling, such as ES.")
    start: str | None = Field(None, description="From this instant on, ISO 8601 with a zone.")
    end: str | None = Field(None, description="Up to before this instant.")
    format: FormatName = Field("json", description="json, or a file: csv, parquet, arrow (an IPC stream).")
    limit: int = Field(1_000, ge=1, le=10_000, description="Of json: at most so many, the oldest first.")
    after: str | None = Field(None, description="`next` of the answer before.")


_FILE: Final[dict[str, Any]] = {
    "text/csv": {"schema": {"type": "string"}},
    "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
    "application/vnd.apache.arrow.stream": {"schema": {"type": "string", "format": "binary"}},
}
_FILES: Final[dict[str, Any]] = {"responses": {200: {"content": _FILE}}}


_NO_STORE: Final = {"Cache-Control": "no-store"}
_ENCODER: Final = msgspec.json.Encoder()


def _reply(answer: dict[str, Any], headers: Mapping[str, str] = _NO_STORE) -> HttpResponse:
    return HttpResponse(_ENCODER.encode(answer), content_type="application/json", headers=dict(headers))


def _revalidate(etag: str) -> dict[str, str]:
    """A browser may keep it, and asks each time whether it still holds."""
    return {"Cache-Control": "private, no-cache", "ETag": etag}


@router.get(
    "/history/bars",
    response=BarsAnswer,
    operation_id="history_bars",
    summary="Bars of the lake, and of stored ticks that are not in it yet",
    openapi_extra=_FILES,
)
async def bars(request: HttpRequest, asked: Query[BarsQuery]) -> HttpResponseBase:
    """json: at most 10,000, the newest of the span. A file: at most 10 million rows."""
    seen = request.headers.get("If-None-Match", "")
    found = await answers.bars(**asked.dict(), seen_etag=seen)
    if found is None:
        return HttpResponse(status=304, headers=_revalidate(seen))
    if isinstance(found, HttpResponseBase):
        return found
    return _reply(found.answer, _revalidate(found.etag) if found.etag else _NO_STORE)


@router.get(
    "/history/ticks",
    response=TicksAnswer,
    operation_id="history_ticks",
    summary="Ticks of the lake, and stored ones that are not in it yet",
    openapi_extra=_FILES,
)
async def ticks(request: HttpRequest, asked: Query[TicksQuery]) -> HttpResponseBase:
    """json: page by page. A file: at most 31 days."""
    del request
    found = await answers.ticks(**asked.dict())
    return _reply(found) if isinstance(found, dict) else found


@router.get(
    "/history/coverage",
    response=CoverageAnswer,
    operation_id="history_coverage",
    summary="What there is of each trade date, and how good it is",
)
async def covered(request: HttpRequest, start: DateOf = None, end: DateOf = None) -> HttpResponse:
    """Trade dates; without `start` and `end` the last twelve months."""
    del request
    return _reply(await coverage.coverage(start, end))


@router.get(
    "/history/quality",
    response=QualityAnswer,
    operation_id="history_quality",
    summary="How good the ticks of a trade date are",
)
async def quality(request: HttpRequest, trade_date: DateOf = None, symbol: str | None = None) -> HttpResponse:
    """Of a date, of a symbol, or of both; at most 1,000 rows, the newest first."""
    del request
    return _reply(await coverage.quality(trade_date, symbol))


@router.get(
    "/history/rolls",
    response=RollsAnswer,
    operation_id="history_rolls",
    summary="When an instrument went from one contract to the next, and how far apart they were",
)
async def rolls(request: HttpRequest, symbol: SymbolOf) -> HttpResponse:
    """Oldest first."""
    del request
    return _reply(await answers.rolls(symbol))


def _declare_aliases() -> None:
    """Old names of the same answers, with and without a slash at the end."""
    named: dict[str, Callable[..., Awaitable[HttpResponseBase]]] = {
        "bars": bars,
        "ticks": ticks,
        "coverage": covered,
        "quality": quality,
        "rolls": rolls,
    }
    for name, view in named.items():
        for path in (f"/thordata/{name}", f"/thordata/{name}/"):
            router.get(path, include_in_schema=False, operation_id=f"thordata_{name}_{len(path)}")(view)


_declare_aliases()
