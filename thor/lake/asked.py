"""What a question about history is about: instants, trade dates, and a place in the ticks. A rule file."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from thor.lake.layout import WIDTH_US, Timeframe
from thor.markets.session import parse_instant
from thor.markets.trade_date import DEFAULT_GROUP, Span, is_business_day, spans_of, trade_date_span

#: So many bars or ticks are answered as JSON at most.
MOST_ROWS: Final = 10_000
#: So many rows of a file.
MOST_FILE_ROWS: Final = 10_000_000
#: So many trade dates are read from PostgreSQL while somebody waits, and so many days of ticks make a file.
MOST_DAYS: Final = 31
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_PLACE: Final = re.compile(r"(-?\d{1,18})\.(\d{1,9})")


class AskedError(ValueError):
    """A question that cannot be answered; one line for a person."""


class Place(NamedTuple):
    """Behind which tick to go on: of those at ``ts_us`` so many were told."""

    ts_us: int
    told: int

    def text(self) -> str:
        """As a caller keeps it."""
        return base64.urlsafe_b64encode(f"{self.ts_us}.{self.told}".encode()).decode().rstrip("=")


def place_of(text: str) -> Place:
    """The inverse of :meth:`Place.text`. Raises AskedError."""
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
    except ValueError:
        plain = ""
    if len(text) > 60 or (found := _PLACE.fullmatch(plain)) is None:
        raise AskedError("after: give `next` of the answer before, as it is")
    return Place(int(found[1]), int(found[2]))


def instants(start: str | None, end: str | None) -> tuple[int | None, int | None]:
    """Both ends, epoch microseconds, None where not given. Raises AskedError."""
    first, last = _instant("start", start), _instant("end", end)
    if first is not None and last is not None and last <= first:
        raise AskedError("end is not after start: give a later one, or leave it out for all up to now")
    return first, last


def _instant(name: str, text: str | None) -> int | None:
    try:
        return None if not text else parse_instant(text)
    except ValueError as error:
        raise AskedError(f"{name}: {error}") from None


def bar_start(timeframe: Timeframe, at_us: int | None, group: str) -> int | None:
    """From when on bars begin that hold an instant or come after it."""
    if at_us is None:
        return None
    if timeframe is Timeframe.DAY:
        return trade_date_span(at_us, group).start_us
    return at_us - at_us % WIDTH_US[timeframe]


def dates(start: str | None, end: str | None, now: date) -> tuple[date, date]:
    """First and last trade date; by default the year up to ``now``. Raises AskedError."""
    last = trade_date("end", end) or now
    first = trade_date("start", start) or last - timedelta(days=365)
    if last < first:
        raise AskedError(f"end: {last} lies before start {first}")
    if (last - first).days > 366 * 20:
        raise AskedError("start and end are more than 20 years apart: give a later start or an earlier end")
    return first, last


def trade_date(name: str, text: str | None) -> date | None:
    """A date as ``YYYY-MM-DD``; None for none. Raises AskedError."""
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise AskedError(f"{name}: {text[:40]!a} is no trade date: give one such as 2025-10-09")
    return found


def span_of(day: date, group: str = DEFAULT_GROUP) -> Span | None:
    """When a trade date is; None for one that the product group has not."""
    return next(iter(spans_of(day, [group])), None)


def business_days(first: date, last: date, group: str = DEFAULT_GROUP) -> Iterator[date]:
    """The trade dates of a product group, oldest first."""
    for number in range((last - first).days + 1):
        if is_business_day(day := first + timedelta(days=number), group):
            yield day


def date_of(at_us: int, group: str) -> date:
    """The trade date of an instant."""
    return trade_date_span(at_us, group).trade_date
