"""What is held against the ticks of a trade date: when the market was open, what a gap is, what a spike. A rule file.

A gap is a silence of a symbol, of all its contracts and sources, that is longer than a limit, within the regular
intervals of its product group's calendar: a break or a halt is none. The limit is the same for every symbol unless
somebody asks for another: one that followed from the ticks themselves would let a poor feed off.

A spike is a last price further than ten average true ranges from the one before of the same contract. The average is
the gate's: a plain mean over the 14 newest one-minute bars before the tick's own minute (minutes without a tick are no
bars). It counts as a tick at least: in a market that stands still the next price is no spike. A single bad print is
two: there and back.
"""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from thor.markets.calendar import Calendar, Phase
from thor.markets.trade_date import Span

#: From how long on a silence is a gap.
GAP_SECONDS: Final = 60.0
#: A spike is further than so many average true ranges.
SPIKE_RANGES: Final = 10
#: So many of the longest gaps are kept by their times.
MOST_GAPS: Final = 50


class Piece(NamedTuple):
    """Open hours in one piece, half-open, epoch microseconds."""

    open_us: int
    close_us: int


class Gaps(NamedTuple):
    """The silences of a trade date. ``listed``: the longest, by time, as (from, to) in epoch microseconds."""

    number: int
    longest_us: int | None
    total_us: int
    listed: list[tuple[int, int]]


def open_pieces(span: Span, day: date, calendar: Calendar | None, until_us: int) -> list[Piece]:
    """When the market was open on a trade date, up to an instant; nothing where the calendar does not know."""
    found: list[Piece] = []
    end_us, at_us = min(span.end_us, until_us), span.start_us
    while calendar is not None and at_us < end_us:
        moment = calendar.at(at_us)
        if moment.phase is Phase.UNKNOWN:
            break
        if moment.phase is Phase.OPEN and moment.trade_date == day:
            found.append(Piece(max(moment.since_us, span.start_us), min(moment.until_us, end_us)))
        at_us = moment.until_us
    return found


def open_us(pieces: list[Piece]) -> int:
    """How long that is."""
    return sum(each.close_us - each.open_us for each in pieces)


def gaps_of(silences: list[tuple[int, int]]) -> Gaps:
    """Silences that are gaps, summed up."""
    lengths = [end - start for start, end in silences]
    longest = sorted(silences, key=lambda each: each[0] - each[1])[:MOST_GAPS]
    return Gaps(len(silences), max(lengths, default=None), sum(lengths), sorted(longest))
