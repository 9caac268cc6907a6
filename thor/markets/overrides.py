"""Where the calendar libraries are wrong: ``overrides.yaml``, read strictly. Each line says why and from where.

A line is a mapping: ``calendar`` (a name or several), the days (``days``: dates, month-days such as 05-01 or names
of :mod:`thor.markets.us_holidays`; and, or, ``from`` and ``until``; and ``weekdays``), exactly one change (see
:class:`Change`) or a ``name`` alone, ``reason``, ``source``, ``dated``, and ``uncertain`` where something is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

import yaml

from thor.markets.hours import HoursError, Stretch, parse_hours, parse_time
from thor.markets.market import MARKETS
from thor.markets.trade_date import GROUPS
from thor.markets.us_holidays import NAMES, holiday

FILE: Final = Path(__file__).with_name("overrides.yaml")
CALENDARS: Final = tuple(dict.fromkeys((*(market.calendar for market in MARKETS), *GROUPS)))
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAYS: Final = ("days", "from", "until", "weekdays")
_TEXTS: Final = ("reason", "source")


class OverrideError(ValueError):
    """A line of the file that cannot be followed. The text says which, what is wrong and what would be right."""


class Change(StrEnum):
    """What a line changes on its days."""

    CLOSED = "closed"  # no session
    HOURS = "hours"  # the usual hours; a short day stays as short
    CLOSE = "close"  # ends early, or later than the library's early close
    OPEN = "open"  # begins late
    SESSION = "session"  # a session with these hours, whatever the library has
    NAME = "name"  # only what the day is called


@dataclass(frozen=True, slots=True)
class Override:
    """A line. ``on``: dates, (month, day) or names; empty: every day of the span. ``minute``: of ``open`` and
    ``close``, from midnight. ``zone``: of the times, None for the calendar's own."""

    place: int
    calendars: tuple[str, ...]
    on: tuple[date | tuple[int, int] | str, ...]
    first: date
    last: date
    weekdays: frozenset[int]
    change: Change
    hours: tuple[Stretch, ...]
    minute: int
    zone: ZoneInfo | None
    name: str
    text: str
    reason: str
    source: str
    dated: date
    uncertain: str

    def days(self, first: date, last: date) -> Iterator[date]:
        """The days within a span that the line is about, in order."""
        first, last = max(first, self.first), min(last, self.last)
        for day in self._candidates(first, last):
            if first <= day <= last and day.weekday() in self.weekdays:
                yield day

    def _candidates(self, first: date, last: date) -> Iterator[date]:
        if not self.on:
            yield from (first + timedelta(days=n) for n in range((last - first).days + 1))
            return
        years = range(first.year, last.year + 1)
        found = {day for each in self.on for day in _dates(each, years)}
        yield from sorted(found)


def _dates(each: date | tuple[int, int] | str, years: Sequence[int]) -> Iterator[date]:
    if isinstance(each, date):
        yield each
    elif isinstance(each, tuple):
        yield from (date(year, *each) for year in years)
    else:
        yield from (day for year in years if (day := holiday(each, year)) is not None)


def load_overrides(path: Path = FILE) -> tuple[Override, ...]:
    """The lines of the file, in its order. Raises :class:`OverrideError`."""
    return parse_overrides(path.read_text(encoding="utf-8"))


def parse_overrides(text: str) -> tuple[Override, ...]:
    """The same of a text."""
    try:
        lines = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise OverrideError(f"overrides.yaml is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(lines, list):
        raise OverrideError("overrides.yaml must be a list of lines, each beginning with '- calendar:'")
    return tuple(_Line(place, line).override() for place, line in enumerate(lines, 1))


class _Line:
    """Reads one line."""

    def __init__(self, place: int, line: object) -> None:
        self.place = place
        if not isinstance(line, dict):
            raise self.wrong("is no mapping: begin it with '- calendar:'")
        self.line: Mapping[str, Any] = line

    def wrong(self, what: str) -> OverrideError:
        name = self.line.get("calendar", "") if hasattr(self, "line") else ""
        return OverrideError(f"overrides.yaml, entry {self.place} ({name}): {what}")

    def override(self) -> Override:
        known = {"calendar", *_DAYS, *Change, *_TEXTS, "zone", "dated", "uncertain"}
        if unknown := sorted(str(key) for key in self.line if key not in known):
            raise self.wrong(f"{unknown[0]!r} is not known; known are {', '.join(sorted(known))}")
        change = self.change()
        first, last = self.day("from", date.min), self.day("until", date.max)
        if first > last:
            raise self.wrong("'from' is later than 'until'")
        if not any(key in self.line for key in ("days", "from", "until")):
            raise self.wrong("say which days: 'days', 'from' or 'until'")
        return Override(
            self.place, self.calendars(), self.on(), first, last, self.weekdays(), change, *self.times(change),
            self.zone(), self.optional("name", 120), self.what(change), self.text("reason"), self.text("source"),
            self.day("dated", None), self.optional("uncertain"),
        )  # fmt: skip

    def change(self) -> Change:
        found = [each for each in Change if each is not Change.NAME and each in self.line]
        if len(found) > 1 or (not found and Change.NAME not in self.line):
            raise self.wrong(f"needs exactly one of {', '.join(Change)}")
        if found == [Change.CLOSED] and self.line["closed"] is not True:
            raise self.wrong("'closed' can only be true")
        return found[0] if found else Change.NAME

    def times(self, change: Change) -> tuple[tuple[Stretch, ...], int]:
        """The hours, and the minute of an open or close; empty and 0 where the change has none."""
        value = self.line[change]
        if change in (Change.CLOSED, Change.NAME):
            return (), 0
        if not isinstance(value, str):
            raise self.wrong(f"'{change}' must be a text in quotes: YAML takes 12:15 for a number")
        try:
            return ((), parse_time(value)) if change in (Change.CLOSE, Change.OPEN) else (parse_hours(value), 0)
        except HoursError as error:
            raise self.wrong(str(error)) from None

    def what(self, change: Change) -> str:
        """The line's change in words, for people."""
        days = ", ".join(map(str, self.line.get("days", ())))
        span = " ".join(f"{key} {self.line[key]}" for key in ("from", "until") if key in self.line)
        weekdays = "/".join(self.line.get("weekdays", ()))
        value = "" if change is Change.CLOSED else str(self.line[change])
        return " ".join(part for part in (days, span, weekdays, f"{change}: {value}".rstrip(": ")) if part)

    def calendars(self) -> tuple[str, ...]:
        value = self.line.get("calendar")
        names = value if isinstance(value, list) else [value]
        for name in names:
            if name not in CALENDARS:
                raise self.wrong(f"{name!r} is no calendar: one of {', '.join(CALENDARS)}")
        return tuple(names)

    def on(self) -> tuple[date | tuple[int, int] | str, ...]:
        value = self.line.get("days", [])
        if not isinstance(value, list) or ("days" in self.line and not value):
            raise self.wrong("'days' must be a list of dates, month-days or names")
        return tuple(self.one_day(each) for each in value)

    def one_day(self, each: object) -> date | tuple[int, int] | str:
        if type(each) is date or each in NAMES:
            return each
        try:
            day = date.fromisoformat(f"2005-{each}")
        except ValueError:
            raise self.wrong(
                f"{each!r} is no date, no month-day such as '05-01' and none of {', '.join(NAMES)}"
            ) from None
        return day.month, day.day

    def weekdays(self) -> frozenset[int]:
        value = self.line.get("weekdays", list(WEEKDAYS))
        if not isinstance(value, list) or not all(each in WEEKDAYS for each in value):
            raise self.wrong(f"'weekdays' must be a list of {', '.join(WEEKDAYS)}")
        return frozenset(WEEKDAYS.index(each) for each in value)

    def day(self, key: str, default: date | None) -> date:
        value = self.line.get(key, default)
        if type(value) is not date:
            raise self.wrong(f"{key!r} must be a date such as 2026-11-21")
        return value

    def zone(self) -> ZoneInfo | None:
        value = self.line.get("zone")
        if value is None:
            return None
        if value not in available_timezones():
            raise self.wrong(f"{value!r} is no time zone")
        return ZoneInfo(value)

    def text(self, key: str) -> str:
        value = self.optional(key)
        if not value:
            raise self.wrong(f"{key!r} is missing: a line says why and from where")
        return value

    def optional(self, key: str, length: int = 300) -> str:
        value = self.line.get(key, "")
        if not isinstance(value, str) or len(value) > length:
            raise self.wrong(f"{key!r} must be a text of at most {length} characters")
        return " ".join(value.split())
