"""Market opens over HTTP: what is read. Old names answer the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Query, Router, Schema
from pydantic import Field

from thor.market_open import answers, figures, path, questions
from thor.market_open import download as downloads
from thor.market_open.schemas import (
    AnswersAnswer,
    HistoryAnswer,
    InsightsAnswer,
    PathAnswer,
    PendingAnswer,
    SessionAnswer,
    StatsAnswer,
    TodayAnswer,
)

router = Router(tags=["market open"])

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


Format = Literal["csv", "xlsx", "parquet"]


class Filters(Schema):
    """Which opens. A list is given by repeating its name, or comma-separated."""

    market: list[str] = Field([], description="Keys such as USA. Default: all.")
    day_of_week: list[str] = Field([], description="Monday to Sunday, or 1 to 7.")
    start_date: str | None = Field(None, description="First trade date, such as 2025-10-09.")
    end_date: str | None = Field(None, description="Last trade date.")
    outcome: list[str] = Field([], description="WORKED, DIDNT_WORK, EXPIRED, NEUTRAL, ERROR, PENDING, or as texts.")
    signal: list[str] = Field([], description="STRONG_BUY, BUY, HOLD, SELL, STRONG_SELL.")
    symbol: str | None = Field(None, description="An instrument, TOTAL (default), or all.")
    kind: list[str] = Field([], description="OPEN, LATE, MANUAL. Default: all; of figures all but MANUAL.")


class Page(Schema):
    sort: str | None = Field(None, description="A column, - before it for descending. Default: -opened_at.")
    page: int = Field(1, ge=1, le=1_000_000)
    page_size: int = Field(50, ge=1, le=500)


class Varied(Schema):
    market: str | None = Field(None, description="Of the first question. Default: Japan.")
    day: str | None = Field(None, description="Of the first question. Default: Monday.")
    a: str | None = Field(None, description="Of the questions about an instrument. Default: ES.")
    b: str | None = Field(None, description="With which it is compared. Default: NQ.")


SymbolOf = Annotated[str | None, Query(description="An instrument, or TOTAL. Default: TOTAL.")]
DateOf = Annotated[
    str | None, Query(alias="date", description="A trade date such as 2025-10-09. Default: that of CME equities now.")
]


def _reply(answer: dict[str, Any]) -> HttpResponse:
    return HttpResponse(_ENCODER.encode(answer), content_type="application/json", headers={"Cache-Control": "no-store"})


@router.get(
    "/market-open/today",
    response=TodayAnswer,
    operation_id="market_open_today",
    summary="The markets of a trade date in the order of their opens, each with its capture and what became of it",
)
async def today(request: HttpRequest, day: DateOf = None) -> HttpResponse:
    """Without `date`: the CME equity trade date of now, of a replay its own."""
    del request
    return _reply(await answers.today(day))


@router.get(
    "/market-open/history",
    response=HistoryAnswer,
    operation_id="market_open_history",
    summary="Rows of past opens, filtered, sorted and paged",
)
async def history(request: HttpRequest, filters: Query[Filters], page: Query[Page]) -> HttpResponse:
    """TOTAL rows unless `symbol` says otherwise."""
    del request
    asked = await answers.understood(**filters.dict())
    return _reply(await answers.history(asked, page.sort, page.page, page.page_size))


@router.get(
    "/market-open/session/{session_id}/symbols",
    response=SessionAnswer,
    operation_id="market_open_session",
    summary="The 12 rows of an open, and the records that prove them",
)
async def session(request: HttpRequest, session_id: str) -> HttpResponse:
    """TOTAL is the last row."""
    del request
    return _reply(await answers.session(session_id))


@router.get(
    "/market-open/session/{session_id}/path",
    response=PathAnswer,
    operation_id="market_open_path",
    summary="The prices that graded a row, and the quotes around the one that decided",
)
async def session_path(request: HttpRequest, session_id: str, symbol: SymbolOf = None) -> HttpResponse:
    """From stored ticks: a minute before the capture to a minute after the outcome, at most two hours."""
    del request
    return _reply(await path.path(session_id, symbol))


@router.get(
    "/market-open/pending",
    response=PendingAnswer,
    operation_id="market_open_pending",
    summary="The rows that are graded now",
)
async def pending(
    request: HttpRequest, symbol: Annotated[str | None, Query(description="An instrument, or all.")] = None
) -> HttpResponse:
    """TOTAL rows unless `symbol` says otherwise."""
    del request
    return _reply(await answers.pending(symbol))


@router.get(
    "/market-open/stats",
    response=StatsAnswer,
    operation_id="market_open_stats",
    summary="Hit rates, expected values and P&L of the opens that match, with their intervals and sample sizes",
)
async def stats(request: HttpRequest, filters: Query[Filters]) -> HttpResponse:
    """The filters of history. Captures on request are left out unless `kind` asks for them."""
    del request
    return _reply(await figures.stats(await answers.understood(**filters.dict())))


@router.get(
    "/market-open/insights",
    response=InsightsAnswer,
    operation_id="market_open_insights",
    summary="Which instrument's signal told what became of TOTAL's trade",
)
async def insights(request: HttpRequest, filters: Query[Filters]) -> HttpResponse:
    """The filters of history, of TOTAL rows."""
    del request
    return _reply(await figures.insights(await answers.understood(**filters.dict())))


@router.get(
    "/market-open/answers",
    response=AnswersAnswer,
    operation_id="market_open_answers",
    summary="Six questions in plain sentences, each with its sample",
)
async def six_questions(request: HttpRequest, varied: Query[Varied]) -> HttpResponse:
    """`market`, `day`, `a` and `b` vary them."""
    del request
    return _reply(await questions.questions(**varied.dict()))


@router.get(
    "/market-open/download",
    response=None,
    operation_id="market_open_download",
    summary="The rows that match as CSV, Excel or Parquet",
    openapi_extra={
        "responses": {
            200: {
                "description": "A file, `market-opens-<from>-<to>.<format>`, with all columns of the rows. Text that a"
                " spreadsheet would take for a formula has an apostrophe before it.",
                "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            }
        }
    },
)
async def download(
    request: HttpRequest,
    filters: Query[Filters],
    format: Annotated[Format, Query(description="csv (default), xlsx or parquet")] = "csv",
) -> HttpResponseBase:
    """The filters of history; `symbol=all` for every row of a session."""
    del request
    asked = await answers.understood(**filters.dict())
    return await downloads.response(asked, format)


def _declare_aliases() -> None:
    """Old names of the same answers, with and without a slash at the end."""
    named: dict[str, tuple[Callable[..., Awaitable[HttpResponseBase]], type[Schema]]] = {
        "today": (today, TodayAnswer),
        "history": (history, HistoryAnswer),
        "pending": (pending, PendingAnswer),
        "stats": (stats, StatsAnswer),
        "insights": (insights, InsightsAnswer),
        "answers": (six_questions, AnswersAnswer),
        "session/{session_id}/symbols": (session, SessionAnswer),
        "session/{session_id}/path": (session_path, PathAnswer),
    }
    for name, (view, answer) in named.items():
        _declare(f"/futuretrading/market-open/{name}", f"/api/market-open/{name}", view, answer)
    for name in ("today", "pending", "stats"):
        _declare(f"/futures/market-opens/{name}", f"/api/market-open/{name}", *named[name])
    _declare("/futures/market-opens", "/api/market-open/history", history, HistoryAnswer)
    symbols = "/api/market-open/session/{session_id}/symbols"
    _declare("/futures/market-opens/{session_id}", symbols, session, SessionAnswer)


def _declare(path: str, means: str, view: Callable[..., Awaitable[HttpResponseBase]], answer: type[Schema]) -> None:
    name = path.strip("/").replace("/", "_").replace("-", "_").replace("{", "").replace("}", "")
    said = {"response": answer, "deprecated": True, "summary": f"Old name of {means}"}
    router.get(f"{path}/", operation_id=name, **said)(view)  # type: ignore[arg-type]
    router.get(path, operation_id=f"{name}_bare", include_in_schema=False, **said)(view)  # type: ignore[arg-type]


_declare_aliases()
