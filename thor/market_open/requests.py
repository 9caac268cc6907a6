"""A person asks for a capture of a market that is open now. The desk that leads makes it; nobody else writes captures.

    a row and its audit record -> the desk hears of it within half a second -> it answers in the capture's transaction

Who is not answered in time takes the wish back, so that nothing is captured behind their back later.
"""

from __future__ import annotations

import asyncio
import time
from enum import StrEnum
from typing import Final, NamedTuple

from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils import timezone

from thor.market_open import chain
from thor.market_open.audit import Kind
from thor.market_open.capture import CAPTURED
from thor.market_open.models import CaptureRequest
from thor.market_open.reasons import reason_of
from thor.markets.now import market_now
from thor.markets.selectors import market_named
from thor.runtime.clock import SystemClock
from thor.runtime.problem import Problem

POLL_SECONDS: Final = 0.1
#: The desk looks for wishes twice a second, and up to six seconds for quotes.
PATIENCE_SECONDS: Final = 15.0
_WAITING: Final = CaptureRequest.Status.WAITING


class Became(StrEnum):
    """What became of a wish."""

    CAPTURED = "captured"
    ALREADY_CAPTURED = "already_captured"
    REFUSED = "refused"


class Answer(NamedTuple):
    """The desk's. ``session_id`` is empty where it was refused; ``answer``: in its words."""

    status: Became
    session_id: str
    answer: str


def ask(country: str, who: str, reason: str, patience_seconds: float = PATIENCE_SECONDS) -> Answer:
    """Ask for a capture and wait for the desk's answer. Raises Problem: 422 for an unknown market or a reason that is
    none, 503 where no desk answered: the wish is taken back then, as it is when this is interrupted."""
    wish = _put(country, who, reason)
    clock, until = SystemClock(), time.monotonic() + patience_seconds
    try:
        while _waits(wish) and time.monotonic() < until:
            clock.sleep(POLL_SECONDS)
    finally:
        _withdraw(wish)
    return _answer(wish, patience_seconds)


async def ask_async(country: str, who: str, reason: str, patience_seconds: float = PATIENCE_SECONDS) -> Answer:
    """The same, of a web process; also where its asker goes away before the answer."""
    wish = await sync_to_async(_put)(country, who, reason)
    until = time.monotonic() + patience_seconds
    try:
        while await sync_to_async(_waits)(wish) and time.monotonic() < until:
            await asyncio.sleep(POLL_SECONDS)
    finally:
        await sync_to_async(_withdraw)(wish)
    return await sync_to_async(_answer)(wish, patience_seconds)


@transaction.atomic
def _put(country: str, who: str, reason: str) -> int:
    """The wish and the record of who asked. Returns its number."""
    market, said = market_named(country), reason_of(reason)
    row = CaptureRequest.objects.create(country=market.country, requested_by=who, reason=said)
    body = {"request": row.pk, "country": market.country, "who": who, "reason": said}
    chain.append([chain.Entry(Kind.REQUEST, "", "", body)], market_now().now_us)
    return row.pk


def _waits(wish: int) -> bool:
    return CaptureRequest.objects.filter(id=wish, status=_WAITING).exists()


def _withdraw(wish: int) -> None:
    """Take a wish back unless it is answered: the desk answers those that wait only."""
    CaptureRequest.objects.filter(id=wish, status=_WAITING).update(
        status=CaptureRequest.Status.WITHDRAWN, answer="nobody answered", answered_at=timezone.now()
    )


def _answer(wish: int, patience_seconds: float) -> Answer:
    row = CaptureRequest.objects.get(id=wish)
    if row.status == CaptureRequest.Status.WITHDRAWN:
        raise Problem(
            f"no desk answered within {patience_seconds:g} s, so nothing is captured: `thor status` says whether one "
            "leads, `thor up` starts one.",
            status=503,
        )
    if row.status == CaptureRequest.Status.REFUSED:
        return Answer(Became.REFUSED, "", row.answer)
    became = Became.CAPTURED if row.answer == CAPTURED else Became.ALREADY_CAPTURED
    return Answer(became, row.session_id, row.answer)
