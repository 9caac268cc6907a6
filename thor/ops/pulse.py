"""What the stack knows of its work: who reports, how far behind, what the clock waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from thor.desk.health import DeskHealth
from thor.ops.consoles import span
from thor.ops.life import Life, Phase
from thor.quotes.health import SourceHealth


@dataclass(frozen=True)
class Pulse:
    """``desk`` None: none leads. ``sources``: the collectors that reported just now. ``lag_ms``: how old the oldest
    tick of the last batch was when it was stored; None when no ingestor reports."""

    desk: DeskHealth | None
    sources: tuple[SourceHealth, ...]
    lag_ms: int | None


def stack_line(lives: Mapping[str, Life], pulse: Pulse | None, now: datetime | None = None) -> str:
    """The stack in one line: `stack: 7 running, 0 restarting · clock: USA closes in 2 h 13 min · lag 3 ms`."""
    running = sum(life.phase is Phase.RUNNING for life in lives.values())
    restarting = sum(life.phase is Phase.BACKOFF for life in lives.values())
    words = [f"stack: {running} running, {restarting} restarting"]
    if pulse is None:
        return " · ".join([*words, "the bus does not answer"])
    words.append(f"clock: {_clock(pulse.desk, now or datetime.now(UTC))}")
    words.append("no ingestor reports" if pulse.lag_ms is None else f"lag {pulse.lag_ms} ms")
    return " · ".join(words)


def _clock(desk: DeskHealth | None, now: datetime) -> str:
    if desk is None:
        return "no desk leads"
    if not desk.next_at:
        return "no calendar reaches further"
    verb = "opens" if desk.next_kind == "OPEN" else "closes"
    return f"{desk.next_market} {verb} in {span((datetime.fromisoformat(desk.next_at) - now).total_seconds())}"
