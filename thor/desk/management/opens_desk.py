"""A desk that says what becomes of market opens, a line each, for who runs it on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Max

from thor.desk.worker import DeskWorker
from thor.market_open.grading import Outcome
from thor.market_open.models import MarketSession
from thor.quotes.events import DomainEvent

Line = Callable[[Mapping[str, Any]], str]


def _captured(said: Mapping[str, Any]) -> str:
    head = f"{said['captured_at']} {said['session_id']} captured, {said['status']}, {said['signal']}"
    if said["entry_side"] is None:
        return f"{head}: no entry"
    trade = f"{said['entry_side']} YM at {said['entry_price']}, target {said['target']}, stop {said['stop']}"
    return f"{head}: {trade}, until {said['window_ends_at']}"


def _outcome(said: Mapping[str, Any]) -> str:
    pnl = "" if said["pnl_usd"] is None else f", {said['pnl_usd']} USD"
    quality = f", {said['resolution_quality']}" if said["resolution_quality"] else ""
    after = f"after {said['elapsed_sec']} s"
    return f"{said['resolved_at']} {said['session_id']} {said['symbol']} {said['outcome']}{pnl} {after}{quality}"


def _missed(said: Mapping[str, Any]) -> str:
    return f"{said['opened_at']} {said['country']} was not captured: {said['error']}"


def _skipped(said: Mapping[str, Any]) -> str:
    return f"{said['opened_at']} {said['country']} opened and was passed over: {said['reason']}"


#: What is said of captures.
OPENS: Final[Mapping[str, Line]] = {
    "market_open.captured": _captured,
    "market_open.missed": _missed,
    "market_open.skipped": _skipped,
}
#: What is said of grading.
OUTCOMES: Final[Mapping[str, Line]] = {"market_open.outcome": _outcome}


class OpensDesk(DeskWorker):
    """A whole desk: it leads or waits like any other. ``lines``: what is said of which events, by ``write``; every
    ``tell_seconds`` what is pending."""

    def __init__(self, lines: Mapping[str, Line], write: Callable[[str], object], tell_seconds: float = 0.0) -> None:
        super().__init__(settings.REDIS_URL, settings.THOR_NAMESPACE, tell_seconds=tell_seconds)
        self._lines, self._write = lines, write

    def say(self, event: DomainEvent) -> None:
        """The events asked for; the others are the log's."""
        if (line := self._lines.get(event.kind)) is None:
            super().say(event)
        else:
            self._write(line(event.payload))

    def stand(self, fields: Mapping[str, Any]) -> None:
        """How many rows wait for their ends."""
        self._write(f"{fields['position']} {said_pending()}")


def said_pending() -> str:
    """How many rows of how many sessions are graded now."""
    pending = MarketSession.objects.filter(wndw=Outcome.PENDING.value)
    found = pending.aggregate(
        rows=Count("id"), sessions=Count("session_id", distinct=True), until=Max("window_ends_at")
    )
    if not found["rows"]:
        return "nothing is pending"
    opens = "open" if found["sessions"] == 1 else "opens"
    return f"pending: {found['rows']} rows of {found['sessions']} {opens}, until {found['until']:%H:%M:%S} UTC"
