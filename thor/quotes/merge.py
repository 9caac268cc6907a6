"""Which source's quote a symbol shows when several give it (SPEC 3). The obvious twin of the bus's server function.

A rule file. The same rules run on the server in ``merge.lua``; a contract test keeps the two equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from thor.quotes.quote import SIMULATED_SOURCES

#: A source is fresh while its last event arrived at the bus less than this ago.
FRESH_US: Final = 5_000_000


@dataclass(frozen=True, slots=True)
class MergeState:
    """What the bus remembers of one symbol: the winner, and when each source was last heard.

    ``source``, ``ts_us`` and ``seq`` are the newest winner's; ``latest_ts_us`` is the highest ``ts_us`` shown, which
    never falls. ``heard_us``: source -> arrival of its last event by the bus's clock.
    """

    source: str | None = None
    ts_us: int = 0
    seq: int | None = None
    latest_ts_us: int = 0
    heard_us: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``wins``: the event goes to the unified stream. ``shows``: it also becomes the latest quote."""

    wins: bool
    shows: bool
    state: MergeState


def merge(
    state: MergeState, source: str, ts_us: int, seq: int | None, now_us: int, preferred: str | None = None
) -> Verdict:
    """Judge one event of ``source`` against what the symbol shows; ``now_us`` is the bus's clock at its arrival.

    1. Same source: the higher ``seq`` wins; without both, a ``ts`` no older. A lower ``seq`` with a ``ts`` newer by
       more than the freshness window is a feed that started again, and wins.
    2. Another source: the symbol's preferred source wins while it is fresh.
    3. A simulated source never wins while a real one is fresh, unless the symbol prefers it.
    4. Else the newer ``ts``.

    Across sources a winner never goes back in time. Within one source a winner whose clock went back is stored but
    does not show: the latest quote keeps the highest ``ts``.
    """
    heard = {**state.heard_us, source: now_us}
    wins = _wins(state, source, ts_us, seq, now_us, preferred)
    if not wins:
        return Verdict(False, False, replace(state, heard_us=heard))
    shows = ts_us >= state.latest_ts_us
    latest = ts_us if shows else state.latest_ts_us
    return Verdict(True, shows, MergeState(source, ts_us, seq, latest, heard))


def _wins(state: MergeState, source: str, ts_us: int, seq: int | None, now_us: int, preferred: str | None) -> bool:
    if source in SIMULATED_SOURCES and source != preferred and _is_real_fresh(state, now_us):
        return False
    if state.source is None:
        return True
    if source == state.source:
        if seq is not None and state.seq is not None:
            return seq > state.seq or ts_us - state.ts_us > FRESH_US
        return ts_us >= state.ts_us
    if ts_us <= state.latest_ts_us:
        return False
    if source == preferred or preferred is None:
        return True
    preferred_heard_us = state.heard_us.get(preferred)
    return preferred_heard_us is None or now_us - preferred_heard_us >= FRESH_US


def _is_real_fresh(state: MergeState, now_us: int) -> bool:
    return any(
        now_us - heard_us < FRESH_US for source, heard_us in state.heard_us.items() if source not in SIMULATED_SOURCES
    )
