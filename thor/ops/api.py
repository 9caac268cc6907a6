"""How Thor is, over HTTP: alive, ready, its sources, its lag."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import cache
from importlib.metadata import version
from typing import Any, Final, Literal

import redis
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from thor.desk.health import DeskHealth
from thor.desk.jobs import job_counts
from thor.history.selectors import IngestStatus, ingest_status
from thor.markets.now import market_now
from thor.ops.kept_replays import list_names
from thor.quotes.health import SourceHealth, SourceState
from thor.quotes.keys import Keys
from thor.quotes.live import LiveQuotes, live, looked_at
from thor.quotes.quote import SIMULATED_SOURCES, format_ts
from thor.quotes.replay_clock import ReplayState
from thor.quotes.replaying import read_replay
from thor.quotes.selectors import from_bus, in_time
from thor.runtime.bus import connect, server_problems
from thor.runtime.namespace import replayed
from thor.runtime.problem import Problem
from thor.runtime.schema import current_namespace

router = Router(tags=["operations"])
probes = Router(tags=["operations"])

CHECK_SECONDS: Final = 3.0


class SourceRow(Schema):
    source: str
    provider: str
    state: Literal["connected", "stale", "down", "waiting"]
    reason: str = Field(description="One line for a person, empty when all is well")
    since: str
    last_event_at: str | None
    events: int
    events_per_second: float
    null_cells: int
    errors: int
    host: str
    pid: int
    standby: int = Field(description="Collectors that wait to lead this source")


class SourcesAnswer(Schema):
    sources: list[SourceRow]
    now: str


class Ingest(Schema):
    lag_entries: int = Field(description="In the stream and not stored")
    lag_seconds: float = Field(description="Age of the oldest of them")
    pending: int = Field(description="Of these handed out to an ingestor")
    dead: int = Field(description="Dead letters")
    lost: int = Field(description="Entries that were gone from the stream before they were stored")
    rate: float | None = Field(description="Ticks a second of all ingestors; null when none is alive")


class Desk(Schema):
    leader: str = Field(description="Its host, process and a random part")
    standby: int = Field(description="Desks that wait to lead")
    position: str = Field(description="The instant up to which every transition was told")
    lag_ms: int = Field(description="How far that lies behind")
    next_market: str | None = Field(description="Whose transition comes next; null where no calendar reaches so far")
    next_kind: Literal["OPEN", "CLOSE"] | None
    next_at: str | None
    transitions: int = Field(description="Told since this desk began to lead")
    updated_at: str


class Jobs(Schema):
    waiting: int
    running: int
    failed: int
    workers: int = Field(description="Job workers that are alive")


class ReplayRow(Schema):
    namespace: str = Field(description="For ?namespace=")
    state: Literal["running", "ended", "failed"]
    from_: str = Field(alias="from", description="Where simulated time begins")
    until: str
    now: str = Field(description="Simulated")
    speed: float | None = Field(description="As asked for; null: as fast as it goes")
    rows: int = Field(description="Of the recording; 0: time alone")
    rows_done: int
    sources: list[str] = Field(description="Of the quotes so far")


class ReplaysAnswer(Schema):
    replays: list[ReplayRow]


class StatusAnswer(Schema):
    version: str
    namespace: str
    now: str
    simulated: bool = Field(description="A source that is simulated or replayed feeds the board")
    ingest: Ingest
    desk: Desk | None = Field(description="The leading desk; null when none leads")
    jobs: Jobs | None = Field(description="Durable jobs; null while the database is away")
    server_started_at: str


class Alive(Schema):
    status: Literal["alive"]


class Check(Schema):
    ok: bool
    reason: str = Field(description="Empty when all is well")


class Ready(Schema):
    ready: bool
    checks: dict[str, Check]


class NotReady(Schema):
    type: str
    title: str
    status: int
    detail: str
    instance: str
    checks: dict[str, Check]


@router.get("/sources", response=SourcesAnswer, operation_id="sources", summary="Health of each quote source")
async def sources(request: HttpRequest) -> SourcesAnswer:
    """As the collectors report it each second; a collector that is gone disappears after a minute."""
    del request
    reports = await from_bus(lambda bus: bus.health())
    return SourcesAnswer(sources=[_row(report) for report in reports], now=format_ts(market_now().now_us))


def _row(report: SourceHealth) -> SourceRow:
    return SourceRow(
        source=report.source,
        provider=report.provider,
        state=report.state.value,
        reason=report.reason,
        since=format_ts(report.since_us),
        last_event_at=None if report.last_event_us is None else format_ts(report.last_event_us),
        events=report.events,
        events_per_second=report.events_per_second,
        null_cells=report.null_cells,
        errors=report.errors,
        host=report.host,
        pid=report.pid,
        standby=report.standby,
    )


@router.get("/status", response=StatusAnswer, operation_id="status", summary="What runs, and how far behind it is")
async def status(request: HttpRequest) -> StatusAnswer:
    """Version, namespace, whether what is shown is simulated, the ingestor's lag, the desk and its jobs."""
    del request
    here = await looked_at()
    reports, ingest, desk, jobs = await asyncio.gather(
        from_bus(lambda bus: bus.health()), in_time(_ingest), in_time(_desk), _jobs()
    )
    return StatusAnswer(
        version=version("thor"),
        namespace=current_namespace(),
        now=format_ts(market_now().now_us),
        simulated=_is_simulated(here, reports),
        ingest=Ingest(
            lag_entries=ingest.lag_entries,
            lag_seconds=ingest.lag_seconds,
            pending=ingest.pending,
            dead=ingest.dead,
            lost=ingest.lost,
            rate=ingest.rate,
        ),
        desk=desk,
        jobs=jobs,
        server_started_at=format_ts(here.started_us),
    )


@router.get(
    "/replays",
    response=ReplaysAnswer,
    operation_id="replays",
    by_alias=True,
    summary="Replays as recorded",
)
async def replays(request: HttpRequest) -> dict[str, Any]:
    """Each in a namespace of its own; every endpoint that is read takes `?namespace=`."""
    del request
    names = await sync_to_async(_replay_names, thread_sensitive=False)()
    found = await in_time(lambda: [(name, read_replay(_client(), name)) for name in names])
    return {"replays": [_replay(name, state) for name, state in found if state is not None]}


def _replay_names() -> list[str]:
    try:
        return list_names()
    finally:
        close_old_connections()


def _replay(name: str, state: ReplayState) -> dict[str, Any]:
    wall_us = live().clock.now_us()
    seen = state.seen_from(wall_us)
    return {
        "namespace": name,
        "state": seen.state,
        "from": format_ts(seen.from_us),
        "until": format_ts(seen.until_us),
        "now": format_ts(seen.now_us(wall_us)),
        "speed": seen.speed,
        "rows": seen.rows,
        "rows_done": seen.rows_done,
        "sources": seen.sources,
    }


def _is_simulated(here: LiveQuotes, reports: list[SourceHealth]) -> bool:
    """By what stands on the board, and by who feeds it: simulated quotes are never mistaken for live ones."""
    if replayed():
        return True
    shown = {entry.source for entry in here.reader.quotes.newest.values()}
    feeding = {report.source for report in reports if report.state is SourceState.CONNECTED}
    return bool((shown | feeding) & SIMULATED_SOURCES)


@cache
def _client() -> redis.Redis:
    return connect(settings.REDIS_URL)


def _ingest() -> IngestStatus:
    return ingest_status(_client(), current_namespace())


def _desk() -> Desk | None:
    fields: Any = _client().hgetall(Keys(current_namespace()).desk_health)
    found = DeskHealth.from_fields({name.decode(): value.decode() for name, value in fields.items()})
    if found is None:
        return None
    return Desk(
        leader=found.owner,
        standby=found.standby,
        position=found.position,
        lag_ms=found.lag_ms,
        next_market=found.next_market or None,
        next_kind=found.next_kind or None,  # type: ignore[arg-type]
        next_at=found.next_at or None,
        transitions=found.transitions,
        updated_at=found.updated_at,
    )


async def _jobs() -> Jobs | None:
    """A status must work while the database is away, and says so."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await sync_to_async(_job_counts, thread_sensitive=False)()
    except (DatabaseError, TimeoutError):
        return None


def _job_counts() -> Jobs:
    try:
        return Jobs(**job_counts()._asdict())
    finally:
        close_old_connections()


@probes.get("/healthz", response=Alive, operation_id="healthz", summary="Is the process alive", auth=None)
async def healthz(request: HttpRequest) -> dict[str, str]:
    """Answers as long as the process serves requests; asks nobody else."""
    del request
    return {"status": "alive"}


@probes.get(
    "/readyz",
    response={200: Ready, 503: NotReady},
    operation_id="readyz",
    summary="Can it do its work",
    auth=None,
)
async def readyz(request: HttpRequest) -> Any:
    """Database, migrations, bus and its server's rules, and the reader that feeds the browsers."""
    del request
    questions: dict[str, Callable[[], Awaitable[str]]] = {
        "database": lambda: _asked(_database_problem),
        "migrations": lambda: _asked(_migration_problem),
        "bus": lambda: _asked(_bus_problem),
        "reader": _reader_problem,
    }
    reasons = await asyncio.gather(*(question() for question in questions.values()))
    checks = {name: {"ok": not reason, "reason": reason} for name, reason in zip(questions, reasons, strict=True)}
    wrong = [f"{name}: {reason}" for name, reason in zip(questions, reasons, strict=True) if reason]
    if wrong:
        raise NotReadyProblem("; ".join(wrong), checks)
    return {"ready": True, "checks": checks}


class NotReadyProblem(Problem):
    """503 with each dependency's verdict."""

    def __init__(self, detail: str, checks: dict[str, dict[str, Any]]) -> None:
        super().__init__(detail, status=503)
        self.extra = {"checks": checks}


async def _asked(question: Callable[[], str]) -> str:
    """The reason why something is not ready, empty when it is; silence for too long is one."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await sync_to_async(question, thread_sensitive=False)()
    except TimeoutError:
        return f"no answer within {CHECK_SECONDS:.0f} s"


def _database_problem() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except DatabaseError as error:
        return f"PostgreSQL is not reachable: {_first_line(error)}"
    finally:
        close_old_connections()
    return ""


def _migration_problem() -> str:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return f"unknown: {_first_line(error)}"
    finally:
        close_old_connections()
    return f"{len(missing)} not applied: run `thor migrate`" if missing else ""


def _bus_problem() -> str:
    try:
        return "; ".join(server_problems(_client()))
    except (redis.RedisError, OSError) as error:
        return f"the bus is not reachable: {_first_line(error)}"


async def _reader_problem() -> str:
    try:
        reader = live().reader
    except Problem as problem:
        return problem.detail
    return "" if reader.state == "reading" else reader.reason


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0] or type(error).__name__
