"""What history is asked about: an instrument with its hours and rolls, and on which dates the lake has what of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, NamedTuple

from thor.instruments.answers import instrument_named
from thor.instruments.contract import ContractError, front, roll_date
from thor.instruments.live import catalogue
from thor.instruments.selectors import Listed
from thor.lake.asked import business_days, date_of, span_of
from thor.lake.back_adjustment import Offset, RollPoint, front_contract, offsets
from thor.lake.catalog import Stamp
from thor.lake.layout import Kind, Part, Timeframe, bars_part, ticks_part
from thor.lake.models import FileState, LakeFile, RollDifference
from thor.lake.stored import Cursor, stored_span
from thor.markets.calendar import Calendar
from thor.markets.live import market_table
from thor.markets.now import market_now
from thor.markets.trade_date import epoch_us

Answer = dict[str, Any]
_DAY: Final = timedelta(days=1)
_GOOD: Final = (FileState.OK.value, FileState.ARCHIVED.value)


class About:
    """An instrument, its hours, and how its contracts roll."""

    def __init__(self, listed: Listed, calendar: Calendar | None) -> None:
        self.facts, self.calendar = listed.facts, calendar
        self.symbol, self.group = listed.facts.symbol, listed.facts.group
        self._listed = listed

    @cached_property
    def _decided(self) -> Mapping[str, date]:
        return dict(self._listed.decided)

    def front(self, day: date) -> str | None:
        """The contract in front on a trade date; None where no rule is known."""
        return front_contract(self.symbol, day, self._listed.roll, self._decided)

    def rolls(self, first: date, last: date) -> Iterator[tuple[str, str, date]]:
        """(old, new, first trade date of the new) of every roll that takes effect from ``first`` to ``last``."""
        rule = self._listed.roll
        if rule is None:
            return
        try:
            old = front(self.symbol, first - _DAY, rule, self._decided)
            while (left := self._decided.get(old.name) or roll_date(old, rule)) <= last:
                new = front(self.symbol, left, rule, self._decided)
                yield old.name, new.name, left
                old = new
        except ContractError:
            return

    def is_decided(self, contract: str) -> bool:
        """The roll calendar says when the contract is left."""
        return contract in self._decided


async def about(symbol: str) -> About:
    """What is known of an instrument in any spelling. Raises Problem 422 and 503."""
    facts = await instrument_named(symbol)
    listed = next(each for each in (await catalogue()).listed if each.facts.symbol == facts.symbol)
    return About(listed, (await market_table()).calendars.get(facts.group))


# --- files ----------------------------------------------------------------------------------------------------------


class DayFile(NamedTuple):
    """A listed file of a trade date, in whose rows there is no doubt."""

    part: Part
    stamp: Stamp
    rows: int


def day_files(
    kind: Kind, symbol: str, timeframe: Timeframe | None, first: date | None, last: date | None
) -> dict[date, DayFile]:
    """Trade date -> the lake's file of ticks, or of bars of a timeframe; oldest first."""
    rows = LakeFile.objects.filter(
        kind=kind.value, symbol=symbol, timeframe=timeframe.value if timeframe else "", state__in=_GOOD
    ).order_by("trade_date")
    rows = rows if first is None else rows.filter(trade_date__gte=first)
    rows = rows if last is None else rows.filter(trade_date__lte=last)
    found = rows.values_list("trade_date", "size", "rows_sha256", "rows")
    return {day: DayFile(_part(symbol, day, timeframe), Stamp(size, 0, digest), n) for day, size, digest, n in found}


def _part(symbol: str, day: date, timeframe: Timeframe | None) -> Part:
    return ticks_part(day, symbol) if timeframe is None else bars_part(day, symbol, timeframe)


class Where(NamedTuple):
    """Where the rows of each trade date are: in the lake's file, or (None) to be had from stored ticks. Oldest first.
    ``newest_us``: the time of the newest stored tick."""

    days: dict[date, DayFile | None]
    newest_us: int | None


def where(
    of: About, kind: Kind, timeframe: Timeframe | None, start_us: int | None, end_us: int | None, cursor: Cursor
) -> Where:
    """The trade dates of ``[start_us, end_us)``. One that is not over comes from stored ticks, where there are any."""
    first = None if start_us is None else date_of(start_us, of.group)
    last = None if end_us is None else date_of(end_us - 1, of.group)
    files = day_files(kind, of.symbol, timeframe, first, last)
    stored = stored_span(cursor, of.symbol)
    if stored is None:
        return Where(dict(files), None)
    oldest, newest = (date_of(epoch_us(at), of.group) for at in stored)
    today = date_of(market_now().now_us, of.group)
    days: dict[date, DayFile | None] = {
        day: None
        for day in business_days(max(oldest, first or oldest), min(newest, last or newest), of.group)
        if day not in files or day >= today
    }
    return Where(dict(sorted({**files, **days}.items())), epoch_us(stored[1]))


def is_within(symbol: str, first: date, last: date, part: Part) -> bool:
    """Whether a question about these dates of a symbol can see rows of a part."""
    return part.symbol == symbol and first <= part.trade_date <= last


def day_span(day: date, group: str) -> tuple[int, int]:
    """When a trade date is, epoch microseconds; an empty span for one that the group has not."""
    span = span_of(day, group)
    return (0, 0) if span is None else (span.start_us, span.end_us)


# --- rolls ----------------------------------------------------------------------------------------------------------


def differences(symbol: str) -> dict[tuple[str, str], RollDifference]:
    """(old, new) -> how far apart they were."""
    return {(each.from_contract, each.to_contract): each for each in RollDifference.objects.filter(symbol=symbol)}


def rolls_told(of: About, first: date, last: date) -> list[Answer]:
    """Rolls that take effect from ``first`` to ``last``, oldest first."""
    known = differences(of.symbol)
    return [_told(of, old, new, day, known.get((old, new))) for old, new, day in of.rolls(first, last)]


def _told(of: About, old: str, new: str, day: date, known: RollDifference | None) -> Answer:
    return {
        "trade_date": day.isoformat(),
        "from_contract": old,
        "to_contract": new,
        "difference": None if known is None else float(known.difference),
        "measured": None if known is None else known.measured,
        "decided_by": "roll calendar" if of.is_decided(old) else "rule",
    }


def adjusting(of: About, first: date, last: date) -> list[Offset]:
    """What back-adjusting adds to the prices of trade dates from ``first`` on, against those of ``last``."""
    known = differences(of.symbol)
    points = [
        RollPoint(day - _DAY, old, new, _points(known.get((old, new))))
        for old, new, day in of.rolls(first + _DAY, last)
    ]
    return offsets(points)


def _points(known: RollDifference | None) -> Decimal | None:
    return None if known is None else known.difference
