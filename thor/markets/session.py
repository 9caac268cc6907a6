"""How a market stands at an instant, as ``GET /api/session`` says it (SPEC 7). A rule file."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from thor.markets.calendar import Calendar, DayNote, Moment, Phase, Status, Transition, TransitionKind
from thor.markets.trade_date import epoch_us, utc

_SATURDAY: Final = 5
_ORDINARY: Final = DayNote("", is_holiday=False, is_closed=False, is_early_close=False)
#: Nobody traded before, and nobody knows what is after: an instant outside is a mistake.
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


class Session(NamedTuple):
    """The answer. Instants are text, ISO 8601 UTC with microseconds; what the table does not know is None.

    ``market``: the market's key, or the product group that a symbol follows. ``is_open``: trading takes place, so not
    in a break. ``current_time``: ``now`` on the market's own clocks, with its offset. ``next_transition`` and
    ``next_transition_at`` are the same instant. ``is_trading_day``, ``is_weekend``, ``is_holiday`` and
    ``is_early_close`` speak of the local calendar date; ``holiday`` is the name of a holiday, ``holiday_name`` the name
    of any day that has one, a half day or a special session too. ``trade_date``: while closed the next session's.
    """

    market: str
    status: Status
    phase: Phase
    is_open: bool | None
    resumes_at: str | None
    now: str
    current_time: str
    next_transition: str | None
    next_transition_at: str | None
    next_transition_type: TransitionKind | None
    seconds_to_next: float | None
    is_trading_day: bool | None
    is_weekend: bool
    is_holiday: bool | None
    holiday: str | None
    holiday_name: str | None
    is_early_close: bool | None
    trade_date: date | None
    timezone: str


def session_answer(calendar: Calendar, now_us: int, market: str) -> Session:
    """How a calendar stands at an instant in epoch microseconds, for the market or product group of that name."""
    moment = calendar.at(now_us)
    local = utc(now_us).astimezone(_zone(calendar.zone))
    known = moment.phase is not Phase.UNKNOWN
    note = _note(calendar, local.date()) if known else None
    turn = moment.next_transition
    turn_at = instant_text(turn.at_us) if turn else None
    return Session(
        market=market,
        status=moment.status,
        phase=moment.phase,
        is_open=moment.is_open if known else None,
        resumes_at=_resumes_at(moment),
        now=instant_text(now_us),
        current_time=local.isoformat(timespec="microseconds"),
        next_transition=turn_at,
        next_transition_at=turn_at,
        next_transition_type=turn.kind if turn else None,
        seconds_to_next=_seconds_to(turn, now_us),
        is_trading_day=calendar.is_trading_day(local.date()) if known else None,
        is_weekend=local.weekday() >= _SATURDAY,
        is_holiday=note.is_holiday if note else None,
        holiday=note.name or None if note and note.is_holiday else None,
        holiday_name=note.name or None if note else None,
        is_early_close=note.is_early_close if note else None,
        trade_date=moment.trade_date,
        timezone=calendar.zone,
    )


def no_calendar(name: str, zone: str) -> Calendar:
    """The table that knows nothing: of a calendar that was never compiled."""
    return Calendar(name, zone, (), {}, 0, 0)


def instant_text(at_us: int) -> str:
    """Epoch microseconds as the API writes them, 27 characters: ``2026-11-27T18:00:00.000000Z``."""
    return utc(at_us).isoformat(timespec="microseconds")[:26] + "Z"


def parse_instant(text: str) -> int:
    """ISO 8601 with a zone, to epoch microseconds. Raises ValueError with one line for a person."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ValueError(
            f"{text[:40]!r} is no instant: give ISO 8601 with a zone, such as 2026-11-27T18:00:00Z "
            "(in an address a + is written %2B)"
        )
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise ValueError(f"{text[:40]!r} is out of reach: give a year from {_FIRST_YEAR} to {_LAST_YEAR}")
    return epoch_us(at)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _note(calendar: Calendar, day: date) -> DayNote:
    return calendar.note(day) or _ORDINARY


def _resumes_at(moment: Moment) -> str | None:
    return instant_text(moment.resumes_us) if moment.resumes_us is not None else None


def _seconds_to(turn: Transition | None, now_us: int) -> float | None:
    return round((turn.at_us - now_us) / 1_000_000, 3) if turn else None
