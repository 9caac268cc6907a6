"""A session's hours: how they are written, where they lie on a date, how a short day cuts them. A rule file.

Written as local times with the phase that begins at each: ``-17:00 regular 15:15 break 15:30 regular 16:00``. A minus
means the evening before the session's date. The last time is the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from thor.markets.calendar import IntervalPhase
from thor.markets.trade_date import epoch_us

_MINUTES: Final = 24 * 60


class HoursError(ValueError):
    """Hours, or a time of day, that cannot be read."""


class Stretch(NamedTuple):
    """Part of a session in minutes from the local midnight that begins its date; negative: the evening before."""

    phase: IntervalPhase
    start: int
    end: int


class Piece(NamedTuple):
    """Part of a session in epoch microseconds, half-open."""

    phase: IntervalPhase
    open_us: int
    close_us: int


def parse_hours(text: str) -> tuple[Stretch, ...]:
    """Hours as text. Raises :class:`HoursError`, with a sentence, for what are none."""
    words = text.split()
    if len(words) < 3 or len(words) % 2 == 0:
        raise HoursError(f"{text!r} are no hours: write a time, a phase, a time, such as '09:00 regular 17:30'")
    times = [parse_time(word) for word in words[::2]]
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise HoursError(f"the times of {text!r} do not rise")
    phases = [_phase(word) for word in words[1::2]]
    return tuple(map(Stretch, phases, times, times[1:]))


def parse_time(text: str) -> int:
    """``HH:MM`` as minutes from midnight, with a minus those of the evening before. Raises :class:`HoursError`."""
    hours, colon, minutes = text.removeprefix("-").partition(":")
    good = colon and len(hours) == len(minutes) == 2 and (hours + minutes).isdigit() and (hours + minutes).isascii()
    found = int(hours) * 60 + int(minutes) if good and int(minutes) < 60 else _MINUTES
    if found >= _MINUTES:
        raise HoursError(f"{text!r} is no time of day: write HH:MM, with a minus for the evening before")
    return found - _MINUTES if text.startswith("-") else found


def _phase(word: str) -> IntervalPhase:
    try:
        return IntervalPhase(word)
    except ValueError:
        raise HoursError(f"{word!r} is no phase: one of {', '.join(IntervalPhase)}") from None


def place(hours: Iterable[Stretch], day: date, zone: tzinfo) -> tuple[Piece, ...]:
    """Where hours lie on a session's date, in local time whatever the daylight saving."""
    return tuple(Piece(each.phase, instant(day, each.start, zone), instant(day, each.end, zone)) for each in hours)


@lru_cache(maxsize=65536)
def instant(day: date, minute: int, zone: tzinfo) -> int:
    """Epoch microseconds of a local minute of a date."""
    days, minute = divmod(minute, _MINUTES)
    return epoch_us(datetime.combine(day + timedelta(days=days), time(minute // 60, minute % 60), zone))


def until(pieces: Iterable[Piece], end_us: int) -> tuple[Piece, ...]:
    """What is left of a session that ends early."""
    return tuple(each._replace(close_us=min(each.close_us, end_us)) for each in pieces if each.open_us < end_us)


def since(pieces: Iterable[Piece], start_us: int) -> tuple[Piece, ...]:
    """What is left of a session that begins late."""
    return tuple(each._replace(open_us=max(each.open_us, start_us)) for each in pieces if each.close_us > start_us)
