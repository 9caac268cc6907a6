"""What an open and a close set off: durable jobs, deferred in the desk's transaction.

Each job is one small step that may run twice. Steps that need each other are a chain: the first defers the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from thor.desk.effects import MarketTransitioned
from thor.desk.jobs import Deferred, defer_once
from thor.markets.calendar import TransitionKind
from thor.markets.market import CME_MARKET

CHECK_SOURCES: Final = "check_sources"
CLEAR_PREVIOUS_LATEST: Final = "clear_previous_latest"
DRAIN: Final = "drain"
SUMMARISE_SESSION: Final = "summarise_session"
CAPTURE_CLOSE: Final = "capture_close"
RECOMPUTE_52W: Final = "recompute_52w"
KEEP_LAKE: Final = "keep_lake"
#: What must have ended well before, at a close.
AFTER: Final[Mapping[str, str]] = {SUMMARISE_SESSION: DRAIN, CAPTURE_CLOSE: DRAIN, KEEP_LAKE: DRAIN}


class Trigger(NamedTuple):
    """The transition that sets jobs off. ``after_id``: the entry of the unified stream that came last before it."""

    market: str
    at_us: int
    trade_date: date
    after_id: str

    def key(self, task: str) -> str:
        """Under which the job of this transition is deferred once."""
        return f"{task}:{self.market}:{self.at_us}"

    def arguments(self) -> dict[str, Any]:
        """As a job's arguments."""
        return {**self._asdict(), "trade_date": self.trade_date.isoformat()}


def tasks_of(market: str, kind: TransitionKind) -> tuple[str, ...]:
    """The steps of a market's open or close, in their order."""
    is_cme = market == CME_MARKET
    if kind is TransitionKind.CLOSE:
        return (DRAIN, SUMMARISE_SESSION, KEEP_LAKE, RECOMPUTE_52W) if is_cme else (DRAIN, SUMMARISE_SESSION)
    return (CHECK_SOURCES, CLEAR_PREVIOUS_LATEST, KEEP_LAKE) if is_cme else (CHECK_SOURCES,)


def defer_jobs(effect: MarketTransitioned) -> None:
    """Defer the jobs of a transition, in the desk's transaction."""
    defer_first(effect.kind, Trigger(effect.market, effect.at_us, effect.trade_date, effect.after_id))


def defer_first(kind: TransitionKind, trigger: Trigger) -> list[Deferred]:
    """Defer what waits for nothing; the rest of a chain follows from it."""
    is_close = kind is TransitionKind.CLOSE
    return [defer(task, trigger) for task in tasks_of(trigger.market, kind) if not (is_close and task in AFTER)]


def defer(task: str, trigger: Trigger) -> Deferred:
    """Defer one step once."""
    return defer_once(task, trigger.key(task), trigger.arguments())
