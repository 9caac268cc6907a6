"""Work on the lake over HTTP: what was asked for and how far it is; staff may ask, and cancel."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from thor.desk.lake_runs import RunKind, Wish, ask
from thor.lake.models import LakeRun
from thor.lake.runs import cancel, end_lost_runs, told
from thor.runtime.problem import Problem
from thor.users.writes import StaffAuth, refusal_of, writer

router = Router(tags=["lake"])

LimitOf = Annotated[int, Query(ge=1, le=500, description="At most so many, the newest first.")]


class Run(Schema):
    id: int
    kind: str
    title: str
    arguments: dict[str, Any]
    status: Literal["waiting", "running", "done", "failed", "cancelled"]
    done: int = Field(description="Of `total`, in `unit`")
    total: int | None
    unit: str
    note: str = Field(description="What it is at, or what came of it")
    asked_by: str
    asked_at: str
    started_at: str | None
    heard_at: str | None = Field(description="When it last said how far it is")
    ended_at: str | None


class RunsAnswer(Schema):
    runs: list[Run]
    refusal: str | None = Field(description="Why who asks here may not ask for work; null: they may")


class RunBody(Schema):
    kind: RunKind
    start: date = Field(description="First trade date")
    end: date = Field(description="Last trade date")
    symbols: list[str] = Field(default=[], max_length=200, description="None: all")
    overwrite: bool = Field(default=False, description="Also what is up to date")


@router.get("/lake/runs", response=RunsAnswer, operation_id="lake_runs", summary="Work on the lake, newest first")
async def runs(request: HttpRequest, limit: LimitOf = 50) -> dict[str, Any]:
    """Live: event `lake.run` on `/api/events/stream`, whose data is one of these."""
    refused = refusal_of(await request.auser())
    return {"runs": await sync_to_async(_newest)(limit), "refusal": refused and str(refused)}


@router.get("/lake/runs/{run_id}", response=Run, operation_id="lake_run", summary="One piece of work on the lake")
async def run(request: HttpRequest, run_id: int) -> dict[str, Any]:
    """404 where there is none."""
    del request
    return await sync_to_async(_one)(run_id)


@router.post(
    "/lake/runs", response={202: Run}, auth=StaffAuth(), operation_id="lake_run_ask", summary="Ask for work on the lake"
)
async def start(request: HttpRequest, body: RunBody) -> Status[dict[str, Any]]:
    """Staff, with the CSRF token. The same that waits already is answered as it is."""
    symbols = tuple(dict.fromkeys(each.strip().upper() for each in body.symbols))
    wish = Wish(body.kind, body.start, body.end, symbols, body.overwrite)
    return Status(202, told(await sync_to_async(ask)(wish, writer(request))))


@router.post(
    "/lake/runs/{run_id}/cancel",
    response=Run,
    auth=StaffAuth(),
    operation_id="lake_run_cancel",
    summary="End a run",
)
async def end(request: HttpRequest, run_id: int) -> dict[str, Any]:
    """Staff, with the CSRF token. What waits ends at once; what runs, within a second or two. Files are whole."""
    del request
    return told(await sync_to_async(cancel)(run_id))


def _newest(limit: int) -> list[dict[str, Any]]:
    end_lost_runs()
    return [told(each) for each in LakeRun.objects.order_by("-asked_at")[:limit]]


def _one(run_id: int) -> dict[str, Any]:
    found = LakeRun.objects.filter(pk=run_id).first()
    if found is None:
        raise Problem(f"there is no run {run_id}", status=404)
    return told(found)
