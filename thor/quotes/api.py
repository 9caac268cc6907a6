"""Quotes over HTTP, as OpenAPI describes them. The hot paths (``hot.py``) make the same bytes in front of Django."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from thor.quotes.answers import latest_answer
from thor.quotes.hot import SNAPSHOT_PATHS
from thor.quotes.live import looked_at
from thor.quotes.selectors import floats, from_bus, symbols_of
from thor.runtime.asgi import query_fields
from thor.runtime.problem import Problem

router = Router(tags=["quotes"])
events_router = Router(tags=["events"])

Symbols = Annotated[
    str | None, Query(description="Comma-separated, at most 100, such as ES,YM. Default: all tracked instruments.")
]
Source = Annotated[str | None, Query(description="Only quotes whose active source is this one.")]
Since = Annotated[
    str | None, Query(description="Resume after this stream id. The header Last-Event-ID, where given, wins.")
]
Conflate = Annotated[
    str | None, Query(description="10ms to 5000ms: of each symbol the newest quote per interval.", examples=["50ms"])
]


Events = Annotated[str | None, Query(description="1: domain events too, without ids; they are not resumed.")]
BoardToo = Annotated[
    str | None, Query(description="1: what changes on the board too (`event: board`), without ids; it is not resumed.")
]


class QuoteRecord(Schema):
    """The newest canonical event of a symbol, with who won the merge and where it stands in the stream. Fields without
    a value that the source does not have at all (open, meta, ...) are absent; unknown extra fields are kept."""

    model_config = ConfigDict(extra="allow")

    v: Literal[1]
    symbol: str
    ts: str = Field(description="Event time, ISO 8601 UTC with microseconds")
    source: Literal["TOS", "SCHWAB", "MOCK", "REPLAY"]
    last: float | None
    bid: float | None
    ask: float | None
    lastSize: int | None  # noqa: N815 (the wire's names)
    bidSize: int | None  # noqa: N815
    askSize: int | None  # noqa: N815
    volume: int | None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = Field(None, description="Previous close")
    change: float | None = None
    settlement: float | None = Field(None, description="Prior settlement")
    recv: str | None = None
    seq: int | None = None
    condition: str | None = None
    venue: str | None = None
    meta: dict[str, Any] | None = None
    active_source: str
    updated_at: str = Field(description="When the bus took the event")
    stream_id: str


class QuotesAnswer(Schema):
    quotes: list[QuoteRecord]
    unknown: list[str] = Field(description="Asked for, but no instrument of this Thor")
    missing: list[str] = Field(description="Instruments without a quote (of the asked source)")
    as_of: str = Field(description="When the newest of these quotes arrived")


class QuotedInstrument(Schema):
    symbol: str
    name: str
    exchange: str
    tick_size: float
    tick_value_usd: float
    display_precision: int


SignalName = Literal["STRONG_BUY", "BUY", "HOLD", "SELL", "STRONG_SELL"]
Reason = Literal["no quote", "closed", "suspect", "stale", "no baseline", "no thresholds"]


class BoardRow(Schema):
    """What the desk makes of an instrument's newest good quote; prices in points."""

    symbol: str
    at: str | None = Field(description="Time of that quote")
    trade_date: str | None
    signal: SignalName | None
    reason: Reason | None = Field(description="Why it does not count in TOTAL")
    stat_value: float | None
    contract_weight: float
    signal_weight: int | None = Field(description="In TOTAL's sum; a bear instrument's is turned")
    baseline: float | None
    baseline_from: Literal["settlement", "close"] | None
    change: float | None = Field(description="last - baseline")
    change_pct: float | None
    high_52w: float | None
    high_52w_date: str | None
    low_52w: float | None
    low_52w_date: str | None
    dist_from_52w_high: float | None = Field(description="high_52w - last")
    dist_from_52w_low: float | None = Field(description="last - low_52w")
    vwap: float | None = Field(description="Of the trade date, up to the last minute")
    vwap_distance: float | None = Field(description="last - vwap")
    vwap_distance_pct: float | None
    session_high: float | None = Field(
        description="Highest good last of the trade date, or the source's session high where that is higher"
    )
    session_low: float | None
    session_volume: int | None
    suspect: list[Literal["crossed", "zero", "negative", "spike", "out_of_order", "stale"]] = Field(
        description="What is wrong with the newest quote: it moves no number"
    )
    suspects: int = Field(description="Suspect quotes of the trade date")


class EnrichedRow(Schema):
    """An instrument's newest quote, as it came, with what the desk makes of it."""

    instrument: QuotedInstrument
    bid: float | None
    ask: float | None
    last: float | None
    bid_size: int | None
    ask_size: int | None
    spread: float | None
    spread_ticks: float | None
    volume: int | None
    open_price: float | None
    high_price: float | None
    low_price: float | None
    close_price: float | None = Field(description="Previous close")
    settlement: float | None = Field(description="Prior settlement")
    ts: str | None
    source: str | None
    age_ms: int | None
    change: float | None
    change_pct: float | None
    change_from: Literal["settlement", "close"] | None
    extended_data: BoardRow | None = Field(description="Null while no desk has spoken of it")


class MissingRow(Schema):
    symbol: str
    reason: Reason


class ContributionRow(Schema):
    symbol: str
    signal: SignalName
    signal_weight: int
    stat_value: float
    contract_weight: float
    weighted: float = Field(description="stat_value x contract_weight")


class TotalScale(Schema):
    strong_buy: int
    buy: int
    sell: int
    strong_sell: int


class TotalRow(Schema):
    """The composite over the board."""

    signal: SignalName
    composite_signal_weight: int
    signal_weight_sum: int
    sum_weighted: float
    avg_weighted: float | None
    count: int
    as_of: str | None
    status: str = Field(description="LIVE TOTAL, PARTIAL n/11 or STALE")
    missing: list[MissingRow]
    contributions: list[ContributionRow]
    vwap_deviation_pct: float | None
    thresholds: TotalScale


class LatestAnswer(Schema):
    rows: list[EnrichedRow]
    total: TotalRow | None
    as_of: str
    board_at: str | None = Field(description="When the desk last said something")


class SeriesAnswer(Schema):
    series: dict[str, list[tuple[int, float]]] = Field(description="Symbol -> (epoch milliseconds, last), oldest first")


def _fields(request: HttpRequest) -> dict[str, str]:
    return query_fields(request.META["QUERY_STRING"].encode())


async def _snapshot(request: HttpRequest, source: str | None) -> HttpResponse:
    body = (await looked_at()).snapshot.answer(request.META["QUERY_STRING"].encode(), source)
    return HttpResponse(body, content_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/quotes", response=QuotesAnswer, operation_id="quotes", summary="Newest quote of each symbol")
async def quotes(request: HttpRequest, symbols: Symbols = None, source: Source = None) -> HttpResponse:
    """From memory: the newest quote never goes back in time. Unknown symbols are listed, they are no error."""
    del symbols, source  # read from the query string itself, by the code that the hot path uses
    return await _snapshot(request, None)


@router.get(
    "/quotes/latest",
    response=LatestAnswer,
    operation_id="quotes_latest",
    summary="The board: newest quotes with signals, VWAP, 52 weeks, and TOTAL",
)
@router.get(
    "/futuretrading/quotes/latest/",
    response=LatestAnswer,
    operation_id="futuretrading_quotes_latest",
    deprecated=True,
    summary="Old name of /api/quotes/latest",
)
async def quotes_latest(request: HttpRequest) -> HttpResponse:
    """From memory: what the desk last published, beside each instrument's newest quote."""
    return HttpResponse(
        await latest_answer(_fields(request)), content_type="application/json", headers={"Cache-Control": "no-store"}
    )


@router.get(
    "/quotes/series",
    response=SeriesAnswer,
    operation_id="quotes_series",
    summary="Last prices of the past minutes, at most one a second, for sparklines",
)
async def series(request: HttpRequest, symbols: Symbols = None) -> dict[str, Any]:
    """Symbols without points have an empty list; unknown symbols are a 422."""
    del symbols  # read from the query string itself, by the rules of the hot path
    board = (await looked_at()).snapshot.board
    asked = symbols_of(_fields(request).get("symbols")) or board.tracked
    if unknown := [symbol for symbol in asked if symbol not in board.known]:
        raise Problem(f"no such instrument: {', '.join(unknown)}; /api/instruments lists them", status=422)
    return {"series": floats(await from_bus(lambda bus: bus.series(asked)))}


_EVENT_STREAM: Final[dict[str, Any]] = {
    "responses": {
        200: {
            "description": "Server-sent events. `hello` first, `clock` every 10 s, `gap` when something is lost for "
            "good, `conflated` when the client was too slow for every event, `bye` before the server ends the stream.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    }
}


@router.get(
    "/quotes/stream",
    response=None,
    operation_id="quotes_stream",
    summary="Every quote as it happens (server-sent events)",
    openapi_extra=_EVENT_STREAM,
)
async def quotes_stream(
    request: HttpRequest,
    symbols: Symbols = None,
    since: Since = None,
    conflate: Conflate = None,
    events: Events = None,
    board: BoardToo = None,
) -> HttpResponse:
    """Each event is `event: quote` with the stream id as `id:`. Resumes after Last-Event-ID or `since` with nothing
    lost while the stream holds it. `conflate=50ms` (10ms to 5000ms) sends the newest quote of each symbol per interval.
    `events=1` sends domain events beside the quotes, `board=1` what the desk makes of them (ten times a second at
    most), both without ids: from now on only, and not resumed.
    """
    del request, symbols, since, conflate, events, board
    raise _only_in_front()


@events_router.get(
    "/events/stream",
    response=None,
    operation_id="events_stream",
    summary="Domain events as they happen (server-sent events)",
    openapi_extra=_EVENT_STREAM,
)
async def events_stream(request: HttpRequest, symbols: Symbols = None, since: Since = None) -> HttpResponse:
    """`event:` is the domain event's type; resumes like the stream of quotes."""
    del request, symbols, since
    raise _only_in_front()


def _only_in_front() -> Problem:
    return Problem("streams are served by `manage.py web`, in front of Django", status=503)


def _declare_alias(path: str, source: str | None) -> None:
    async def alias(request: HttpRequest, symbols: Symbols = None) -> HttpResponse:
        del symbols
        return await _snapshot(request, source)

    name = path.removeprefix("/api/").replace("/", "_")
    router.get(
        f"{path.removeprefix('/api')}/",
        response=QuotesAnswer,
        operation_id=name,
        deprecated=True,
        summary=f"Old name of /api/quotes{f'?source={source}' if source else ''}",
    )(alias)


for _path, _source in SNAPSHOT_PATHS.items():
    if _path != "/api/quotes":
        _declare_alias(_path, _source)
