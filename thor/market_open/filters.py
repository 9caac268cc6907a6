"""Which opens somebody asks about, as they say it and as it is understood. A rule file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeVar

from thor.market_open.capture import CaptureKind
from thor.market_open.grading import Outcome
from thor.signals.composite import TOTAL
from thor.signals.config import Signal

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
#: Every row of a session.
ALL: Final = "all"
#: By what rows may be sorted.
SORTS: Final = (
    "opened_at", "trade_date", "country", "session_number", "bhs", "weight", "weighted_average", "wndw", "pnl_usd",
    "elapsed_sec", "entry_price",
)  # fmt: skip
DEFAULT_SORT: Final = "-opened_at"
#: What figures are made of unless somebody asks for more: the captures that a person chose are no sample.
UNCHOSEN: Final = (CaptureKind.OPEN.value, CaptureKind.LATE.value)

_Name = TypeVar("_Name", bound=StrEnum)


class FilterError(ValueError):
    """A wish that cannot be understood: one line, what is wrong and what to give."""


class Filters(NamedTuple):
    """Empty is all. ``days``: of the week as written in the rows; ``start`` and ``end``: trade dates, both included;
    ``symbol``: one, or ``ALL``."""

    markets: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    outcomes: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    symbol: str = TOTAL
    kinds: tuple[str, ...] = ()

    @property
    def sampled(self) -> Filters:
        """The same for figures: without the captures that a person chose, unless they are asked for."""
        return self if self.kinds else self._replace(kinds=UNCHOSEN)

    def as_json(self) -> dict[str, Any]:
        """As the API says it back."""
        return {
            "market": list(self.markets),
            "day_of_week": list(self.days),
            "start_date": None if self.start is None else self.start.isoformat(),
            "end_date": None if self.end is None else self.end.isoformat(),
            "outcome": list(self.outcomes),
            "signal": list(self.signals),
            "symbol": self.symbol,
            "kind": list(self.kinds),
        }


def day_of_week(text: str) -> str:
    """Monday, mon or 1: ``Monday``. Raises FilterError."""
    if text.isdecimal() and text.isascii() and 1 <= int(text[:3]) <= len(WEEKDAYS):
        return WEEKDAYS[int(text) - 1]
    for day in WEEKDAYS:
        if text.casefold() in (day.casefold(), day[:3].casefold()):
            return day
    raise FilterError(f"day_of_week: {_shown(text)} is none: give Monday to Sunday, or 1 (Monday) to 7")


def outcome(text: str) -> str:
    """``WORKED`` or ``Worked``, ``No Entry`` too: the column's value. Raises FilterError."""
    for each in Outcome:
        if text.casefold() in (each.value.casefold(), each.text.casefold()):
            return each.value
    raise FilterError(f"outcome: {_shown(text)} is none: give one of {', '.join(Outcome)}")


def signal(text: str) -> str:
    """``STRONG_BUY``, ``Strong Buy``. Raises FilterError."""
    return _named("signal", text.replace(" ", "_"), Signal)


def kind(text: str) -> str:
    """``OPEN``, ``LATE``, ``MANUAL``. Raises FilterError."""
    return _named("kind", text, CaptureKind)


def _named(name: str, text: str, values: type[_Name]) -> str:
    for each in values:
        if text.casefold() == each.value.casefold():
            return each.value
    raise FilterError(f"{name}: {_shown(text)} is none: give one of {', '.join(values)}")


def trade_date(name: str, text: str | None) -> date | None:
    """A date as ``YYYY-MM-DD``. Raises FilterError."""
    if text is None or text == "":
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise FilterError(f"{name}: {_shown(text)} is no date: give one such as 2025-10-09")
    return found


def span(start: str | None, end: str | None) -> tuple[date | None, date | None]:
    """Both ends in their order. Raises FilterError."""
    first, last = trade_date("start_date", start), trade_date("end_date", end)
    if first is not None and last is not None and last < first:
        raise FilterError(f"end_date: {last} lies before start_date {first}")
    return first, last


def listed(values: Iterable[str]) -> list[str]:
    """What was repeated, and what was given with commas; each once, in its order."""
    parts = (part.strip() for value in values for part in value.split(","))
    return list(dict.fromkeys(part for part in parts if part))


def sort_of(text: str | None) -> str:
    """A column, ``-`` before it for descending. Raises FilterError."""
    found = text or DEFAULT_SORT
    if found.removeprefix("-") not in SORTS:
        raise FilterError(f"sort: {_shown(found)} is no column to sort by: give one of {', '.join(SORTS)}")
    return found


def understood(
    *, days: Sequence[str], start: str | None, end: str | None, outcomes: Sequence[str], signals: Sequence[str],
    kinds: Sequence[str],
) -> Filters:  # fmt: skip
    """Everything but markets and symbol, which are known elsewhere. Raises FilterError."""
    first, last = span(start, end)
    return Filters(
        days=tuple(dict.fromkeys(map(day_of_week, listed(days)))),
        start=first,
        end=last,
        outcomes=tuple(dict.fromkeys(map(outcome, listed(outcomes)))),
        signals=tuple(dict.fromkeys(map(signal, listed(signals)))),
        kinds=tuple(dict.fromkeys(map(kind, listed(kinds)))),
    )


def _shown(text: str) -> str:
    return ascii(text[:30])
