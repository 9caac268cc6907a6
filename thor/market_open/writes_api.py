"""What staff may do about market opens over HTTP: capture one that is on, and the close of one that is over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from thor.market_open.requests import ask_async
from thor.runtime.child import run_command
from thor.runtime.schema import current_namespace
from thor.users.writes import StaffAuth, writer

router = Router(tags=["market open"], auth=StaffAuth())


class CaptureBody(Schema):
    country: str = Field(description="The market's key, such as USA.", max_length=40)
    reason: str = Field(description="Why, in 5 to 200 characters. It is kept for good.", max_length=1000)


class CaptureAnswer(Schema):
    status: Literal["captured", "already_captured", "refused"]
    session_id: str | None = Field(description="null where it was refused")
    answer: str = Field(description="In the desk's words")


class CloseAnswer(Schema):
    status: Literal["closed", "already_closed", "open", "no_session"]
    country: str
    session_id: str | None
    session_number: int | None
    close_rows_updated: int = Field(description="Rows that got another close; of a GET, that would get one")
    range_rows_updated: int = Field(description="The same of the range")
    is_written: bool


CountryOf = Annotated[str, Query(description="The market's key, such as USA.", max_length=40)]
ForceOf = Annotated[bool, Query(description="Also rows that have their close already.")]


@router.post(
    "/market-open/capture",
    response=CaptureAnswer,
    operation_id="market_open_capture",
    summary="Capture a market that is open now, and was not captured today",
)
async def capture(request: HttpRequest, body: CaptureBody) -> dict[str, Any]:
    """Staff, with the CSRF token. The desk captures with the prices of now; 503 where no desk answers within 15 s."""
    status, session_id, answer = await ask_async(body.country, writer(request), body.reason)
    return {"status": status.value, "session_id": session_id or None, "answer": answer}


@router.get(
    "/future-trading/market-close/capture",
    response=CloseAnswer,
    operation_id="market_close_look",
    summary="What capturing the newest session's close would write; it writes nothing",
)
async def look_at_close(request: HttpRequest, country: CountryOf, force: ForceOf = False) -> dict[str, Any]:
    """Staff. A link must not change history: POST writes."""
    del request
    return await _close(country, "--dry-run", *_forced(force))


@router.post(
    "/future-trading/market-close/capture",
    response=CloseAnswer,
    operation_id="market_close_capture",
    summary="Capture the close of a market's newest session from the stored ticks",
)
async def capture_close(request: HttpRequest, country: CountryOf, force: ForceOf = False) -> dict[str, Any]:
    """Staff, with the CSRF token. Rows that have their close are left alone without `force`."""
    return await _close(country, f"--user={writer(request)}", *_forced(force))


def _forced(force: bool) -> list[str]:
    return ["--force"] if force else []


async def _close(country: str, *words: str) -> dict[str, Any]:
    said = await asyncio.to_thread(
        run_command, "capture_market_close", f"--market={country}", "--json", *words, namespace=current_namespace()
    )
    answer: dict[str, Any] = json.loads(said)
    return answer


def _declare(path: str, view: Callable[..., Awaitable[dict[str, Any]]]) -> None:
    """An old name, with and without a slash at the end."""
    name = path.strip("/").replace("/", "_").replace("-", "_")
    said: dict[str, Any] = {"response": CaptureAnswer, "deprecated": True}
    summary = "Old name of /api/market-open/capture"
    router.post(f"{path}/", operation_id=name, summary=summary, **said)(view)
    router.post(path, operation_id=f"{name}_bare", include_in_schema=False, **said)(view)


_declare("/futures/market-opens/capture", capture)
_declare("/futuretrading/market-open/capture", capture)
