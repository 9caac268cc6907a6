"""Bars: over which intervals, and where each begins. A rule file.

A bar begins with its interval; one of a day with the session's open, and it holds all of its trade date.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from thor.markets.calendar import Calendar, TransitionKind
from thor.markets.trade_date import Span, trade_date_span

MOST_BARS: Final = 1_500
#: However few bars: so many ticks can be read while somebody waits.
MOST_DAYS: Final = 31
_MINUTE_US: Final = 60_000_000
_DAY_US: Final = 86_400_000_000


class Timeframe(StrEnum):
    """How much time a bar spans."""

    MINUTE = "1m"
    FIVE_MINUTES = "5m"
    QUARTER = "15m"
    HOUR = "1h"
    DAY = "1d"


WIDTH_US: Final = {
    Timeframe.MINUTE: _MINUTE_US,
    Timeframe.FIVE_MINUTES: 5 * _MINUTE_US,
    Timeframe.QUARTER: 15 * _MINUTE_US,
    Timeframe.HOUR: 60 * _MINUTE_US,
    Timeframe.DAY: _DAY_US,
}


class Grid(NamedTuple):
    """Where bars begin. ``edges_us``: the rising lower bounds of their intervals; ``starts_us``: the time that each is
    known by; the last one ends before ``end_us``; ``base_us``: where the trade date of the first begins. Epoch
    microseconds. ``opens_us``: when sessions opened in between."""

    edges_us: list[int]
    starts_us: list[int]
    end_us: int
    base_us: int
    opens_us: list[int]


def most_us(timeframe: Timeframe) -> int:
    """The longest time that one question may be about."""
    return min(MOST_BARS * WIDTH_US[timeframe], MOST_DAYS * _DAY_US)


class SpanError(ValueError):
    """A span that cannot be asked for; one line for a person."""


def span_of(timeframe: Timeframe, start_us: int | None, end_us: int | None, newest_us: int) -> tuple[int, int]:
    """What a question is about, ``[start, end)``: where it does not say, up to the newest tick, and as much before as
    may be asked for. Raises SpanError. Nothing is there where the start is behind the newest tick."""
    most = most_us(timeframe)
    if end_us is None:
        end_us = max(newest_us + 1, start_us + 1 if start_us is not None else 0)
    if start_us is None:
        start_us = end_us - most
    if end_us <= start_us:
        raise SpanError("end is not after start: give a later one, or leave it out for all up to now")
    if end_us - start_us > most:
        raise SpanError(
            f"start and end are {_days(end_us - start_us)} apart; for bars of {timeframe} it is at most {_days(most)}: "
            "give a later start or an earlier end"
        )
    return start_us, end_us


def _days(span_us: int) -> str:
    hours = span_us / 3_600_000_000
    return f"{hours:.4g} hours" if hours < 48 else f"{hours / 24:.4g} days"


def bar_grid(timeframe: Timeframe, start_us: int, end_us: int, group: str, calendar: Calendar | None) -> Grid:
    """The bars from the one that holds ``start_us`` to the last that begins before ``end_us``, of a product group.
    ``calendar``: its hours; without them a day begins where its trade date does."""
    base_us = trade_date_span(start_us, group).start_us
    if timeframe is Timeframe.DAY:
        spans = _spans(start_us, end_us, group)
        opens = _first_opens(calendar, base_us, spans[-1].end_us)
        starts = [opens.get(span.trade_date, span.start_us) for span in spans]
        return Grid([span.start_us for span in spans], starts, spans[-1].end_us, base_us, sorted(opens.values()))
    width_us = WIDTH_US[timeframe]
    edges = list(range(start_us - start_us % width_us, end_us, width_us))
    last_us = edges[-1] + width_us
    return Grid(edges, edges, last_us, base_us, sorted(_first_opens(calendar, base_us, last_us).values()))


def _spans(start_us: int, end_us: int, group: str) -> list[Span]:
    found = [trade_date_span(start_us, group)]
    while found[-1].end_us < end_us:
        found.append(trade_date_span(found[-1].end_us, group))
    return found


def _first_opens(calendar: Calendar | None, after_us: int, until_us: int) -> dict[date, int]:
    """Trade date -> when its session opened; after a halt it opens again, which is none."""
    found: dict[date, int] = {}
    for turn in calendar.transitions(after_us - 1, until_us) if calendar is not None else ():
        if turn.kind is TransitionKind.OPEN:
            found.setdefault(turn.trade_date, turn.at_us)
    return found
