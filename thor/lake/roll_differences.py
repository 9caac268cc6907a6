"""Rolls, of the lake's ticks: when volume or open interest has moved on, and how far apart two contracts were then.

Both rest on tick files of a trade date that hold the old contract and the new one. What was decided or measured stays:
a roll is written once, and a person's word is not measured again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from thor.instruments.contract import RollMethod, chain
from thor.instruments.models import Roll
from thor.instruments.selectors import Listed, load_catalogue
from thor.instruments.services import PlannedRoll, write_rolls
from thor.lake.back_adjustment import DayVolume, front_contract, overtaken
from thor.lake.bar_table import What, batches_of_contract, contracts_of, make_bars, needed
from thor.lake.bars import session_of
from thor.lake.columns import PRICE
from thor.lake.files import list_file, write_table
from thor.lake.layout import Kind, Timeframe, table_part
from thor.lake.lines import rows_sha256
from thor.lake.models import FileState, LakeFile, RollDifference
from thor.lake.runs import Progress
from thor.lake.store import LakeStore, as_any
from thor.markets.calendar import Calendar
from thor.markets.selectors import load_calendars
from thor.markets.session import instant_text
from thor.markets.trade_date import DEFAULT_GROUP, GROUPS, spans_of, trade_date_span
from thor.runtime.problem import Problem

#: The table of a trade date with the differences of rolls after it.
ROLLS: Final = "rolls"
_ROLLS: Final = pa.schema(
    [
        ("symbol", pa.string()),
        ("trade_date", pa.date32()),
        ("from_contract", pa.string()),
        ("to_contract", pa.string()),
        ("difference", PRICE),
    ]
)
_OPEN_INTEREST: Final = r'"open_?[iI]nterest":\s*"?(?P<count>\d+)'
_MINUTE_US: Final = 60_000_000


class Rolled(NamedTuple):
    """What came of it: rolls written into the calendar, differences measured, rolls without ticks of both contracts."""

    decided: int
    measured: int
    unknown: int

    def said(self) -> str:
        """In one line."""
        said = f"{self.decided} rolls decided, {self.measured} differences measured"
        return said + (f"; {self.unknown} without ticks of both contracts" if self.unknown else "")


class _Day(NamedTuple):
    """A trade date of a symbol whose ticks are in the lake. ``next``: the trade date that follows."""

    listed: Listed
    day: date
    next: date
    key: str
    calendar: Calendar | None

    @property
    def symbol(self) -> str:
        return self.listed.facts.symbol

    def front(self, day: date, decided: Mapping[str, date]) -> str | None:
        return front_contract(self.symbol, day, self.listed.roll, decided)


def roll_over(store: LakeStore, first: date, last: date, symbols: Sequence[str] | None, progress: Progress) -> Rolled:
    """Decide the rolls of the trade dates ``first`` to ``last`` where they are for the ticks to decide, and measure the
    differences of those that took effect after one of them. Raises Problem for a tick file that cannot be read."""
    decided = measured = unknown = 0
    touched = set()
    for each in _days(first, last, symbols):
        progress.check()
        dates = _decided(each.symbol)
        if _decide(store, each, dates):
            decided += 1
            dates = _decided(each.symbol)
        old, new = each.front(each.day, dates), each.front(each.next, dates)
        if old is None or new is None or old == new:
            continue
        found = _measure(store, each, old, new)
        measured, unknown = measured + (found is True), unknown + (found is None)
        touched.add(each.day)
    for day in sorted(touched):
        publish_rolls(store, day)
    return Rolled(decided, measured, unknown)


def _days(first: date, last: date, symbols: Sequence[str] | None) -> Iterator[_Day]:
    """In the order of dates: what is decided of one may matter to the next."""
    catalogue = {each.facts.symbol: each for each in load_catalogue().listed}
    calendars = load_calendars()
    files = LakeFile.objects.filter(
        kind=Kind.TICKS.value, trade_date__range=(first, last), state__in=(FileState.OK, FileState.ARCHIVED)
    )
    for file in files.order_by("trade_date", "symbol"):
        listed = catalogue.get(file.symbol)
        if listed is None or listed.roll is None or (symbols is not None and file.symbol not in symbols):
            continue
        group = listed.facts.group
        yield _Day(listed, file.trade_date, _next(file.trade_date, group), file.key, calendars.get(group))


def _next(day: date, group: str) -> date:
    """The trade date that follows one."""
    group = group if group in GROUPS else DEFAULT_GROUP
    spans = spans_of(day, [group])
    return trade_date_span(spans[0].end_us, group).trade_date if spans else day


def _decided(symbol: str) -> dict[str, date]:
    """The roll calendar as it is now."""
    return dict(Roll.objects.filter(instrument__symbol=symbol).values_list("from_contract", "effective"))


# --- deciding -------------------------------------------------------------------------------------------------------


def _decide(store: LakeStore, each: _Day, dates: Mapping[str, date]) -> bool:
    """Write the roll that this trade date decides. False where it decides none, or the calendar has one."""
    if each.listed.roll_method not in (RollMethod.VOLUME, RollMethod.OPEN_INTEREST):
        return False
    old = each.front(each.day, dates)
    if old is None or old in dates or each.front(each.next, dates) != old:
        return False
    if each.next in dates.values():
        return False
    new = _following(each, old)
    method = RollMethod(each.listed.roll_method)
    told = overtaken([_told(store, each, method, old, new)])
    if told is None:
        return False
    reason = f"{method.label} of {each.day}: {new} {told.new:,}, {old} {told.old:,}"
    planned = PlannedRoll(each.symbol, old, new, each.next, reason, None, method)
    return write_rolls([planned], "lake") == 1


def _following(each: _Day, old: str) -> str:
    """The contract after one in the chain that is followed."""
    assert each.listed.roll is not None
    names = [contract.name for contract in chain(each.symbol, each.day, 14, each.listed.roll.months)]
    return names[names.index(old) + 1]


def _told(store: LakeStore, each: _Day, method: RollMethod, old: str, new: str) -> DayVolume:
    count = _volume if method is RollMethod.VOLUME else _open_interest
    return DayVolume(each.day, count(store, each, old), count(store, each, new))


def _volume(store: LakeStore, each: _Day, contract: str) -> int | None:
    bars = _bars(store, each, contract, Timeframe.DAY)
    return None if bars is None or not bars.num_rows else bars["volume"][0].as_py()


def _open_interest(store: LakeStore, each: _Day, contract: str) -> int | None:
    """What was said last, where the ticks say it."""
    said = None
    with store.open(each.key) as opened:
        file = pq.ParquetFile(as_any(opened))
        for batch in batches_of_contract(file, ["contract", "extra"], contract, is_mixed=True):
            found = pc.extract_regex(batch.column(1), _OPEN_INTEREST).drop_null()
            said = int(found[-1].as_py()["count"]) if len(found) else said
    return said


# --- measuring ------------------------------------------------------------------------------------------------------


def _measure(store: LakeStore, each: _Day, old: str, new: str) -> bool | None:
    """Keep how far apart two contracts were at the end of a trade date, the old one's last. False where that is known;
    None where it cannot be."""
    known = RollDifference.objects.filter(symbol=each.symbol, from_contract=old, to_contract=new).first()
    if known is not None and known.by_hand:
        return False
    found = _difference(_bars(store, each, old, Timeframe.MINUTE), _bars(store, each, new, Timeframe.MINUTE))
    if found is None:
        return None if known is None else False
    difference, at_us = found
    measured = f"last prices of both in the minute of {instant_text(at_us)}"
    told: dict[str, Any] = {"trade_date": each.day, "difference": difference, "measured": measured}
    if known is not None and all(getattr(known, name) == value for name, value in told.items()):
        return False
    RollDifference.objects.update_or_create(symbol=each.symbol, from_contract=old, to_contract=new, defaults=told)
    return True


def _difference(old: pa.Table | None, new: pa.Table | None) -> tuple[Decimal, int] | None:
    """The new contract's price less the old one's, in the last minute in which both have one."""
    if old is None or new is None:
        return None
    before, after = dict(_closes(old)), dict(_closes(new))
    both = before.keys() & after.keys()
    if not both:
        return None
    at_us = max(both)
    return after[at_us] - before[at_us], at_us


def _closes(bars: pa.Table) -> Iterator[tuple[int, Decimal]]:
    times, prices = bars["ts"].cast(pa.int64()).to_pylist(), bars["close"].to_pylist()
    return ((at, round(Decimal(repr(price)), 6)) for at, price in zip(times, prices, strict=True))


def _bars(store: LakeStore, each: _Day, contract: str, timeframe: Timeframe) -> pa.Table | None:
    """Of one contract of a trade date; None where it has no ticks."""
    session = session_of(each.symbol, each.listed.facts.group, each.day, each.calendar)
    try:
        with store.open(each.key) as opened:
            file = pq.ParquetFile(as_any(opened))
            contracts = contracts_of(file)
            if contract not in contracts:
                return None
            is_mixed = len(contracts) > 1
            batches = batches_of_contract(file, needed(file, is_mixed=is_mixed), contract, is_mixed=is_mixed)
            what = What(each.symbol, session, each.listed.facts, contract)
            return make_bars(batches, what, [timeframe]).bars[timeframe]
    except (OSError, pa.ArrowInvalid, ValueError) as error:
        said = (str(error).splitlines() or ["no reason"])[0]
        raise Problem(
            f"{each.key} cannot be read: {said[:160]}. Run `thor lake verify`, and export it anew."
        ) from error


# --- in the lake ----------------------------------------------------------------------------------------------------


def publish_rolls(store: LakeStore, day: date) -> None:
    """The differences of a trade date as a file, for whoever reads the lake alone; left alone when it says the same."""
    rows = RollDifference.objects.filter(trade_date=day).order_by("symbol", "from_contract", "to_contract")
    told = list(rows.values(*_ROLLS.names))
    table = pa.Table.from_pylist(told, schema=_ROLLS)
    part = table_part(day, ROLLS)
    listed = LakeFile.objects.filter(key=part.key).first()
    same = listed is not None and listed.rows_sha256 == rows_sha256(table.to_batches())
    if told and not (same and store.find(part.key)):
        list_file(part, write_table(store, part, table, "postgresql:lake_rolldifference", {}))
