"""Dated contracts: their spelling, when each ends, and which one is in front. A rule file.

The last day of trading by the exchanges' own rules (business days are those of the product group; half days count):

- ES NQ RTY YM (chapters 358 and 359 of CME's rulebook, 27 of CBOT's): the third Friday of the contract month; when
  that is a holiday, the business day before.
- CL (NYMEX 200): three business days before the 25th of the month that precedes the contract month; when the 25th
  is no business day, three before the business day that precedes it.
- GC SI HG (COMEX 113, 112, 111): the third last business day of the contract month.
- VX (CFE rule 1202): thirty days before the third Friday of the month that follows the contract month; when that Friday
  is a holiday, thirty days before the business day that precedes it; when the day found is a holiday, the business day
  before.
- DX (ICE Futures US): two business days before the third Wednesday of the contract month.
- ZB (CBOT 18): the seventh business day that precedes the last business day of the contract month.

The first notice day of the metals and of ZB is the last business day before the contract month. The others settle in
cash, or notice is given after the last day of trading (CL, DX).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import count as count_from
from itertools import islice
from typing import Final, NamedTuple

from thor.instruments.instrument import BY_SYMBOL, EVERY_MONTH
from thor.instruments.symbol import SymbolError, canonical
from thor.markets.trade_date import is_business_day

_DAY: Final = timedelta(days=1)
_WEDNESDAY, _FRIDAY = 2, 4
#: Two digits from here on are of the last century.
_CENTURY_TURN: Final = 70


_NOTHING: Final[Mapping[str, date]] = {}


class ContractError(ValueError):
    """No contract, or none whose rule is known, in one line for a person."""


class Labelled(StrEnum):
    """A stored value with its name for a person."""

    @property
    def label(self) -> str:
        return self.value.replace("_", " ")


class RollMethod(Labelled):
    """What decides that the next contract is in front."""

    DAYS_BEFORE = "days_before"
    VOLUME = "volume"
    OPEN_INTEREST = "open_interest"


class Anchor(Labelled):
    """The day before which business days are counted."""

    LAST_TRADING_DAY = "last_trading_day"
    FIRST_NOTICE_DAY = "first_notice_day"


@dataclass(frozen=True, slots=True)
class Contract:
    """One delivery month of a root symbol; ``month`` 1 to 12, ``year`` with four digits."""

    root: str
    year: int
    month: int

    @property
    def name(self) -> str:
        """ESZ25."""
        return f"{self.root}{EVERY_MONTH[self.month - 1]}{self.year % 100:02}"


@dataclass(frozen=True, slots=True)
class RollDays:
    """Leave a contract so many business days before its anchor. ``months``: letters of those that are followed."""

    days_before: int
    anchor: Anchor
    months: str


_EXPIRY: Final = Anchor.LAST_TRADING_DAY
_NOTICE: Final = Anchor.FIRST_NOTICE_DAY
_INDEX: Final = RollDays(4, _EXPIRY, "HMUZ")
#: The seeds. Index futures: the Monday of the week of expiry, CME's published roll date (the Friday before, where a
#: holiday falls into the week). The others: when the volume has usually moved on. Gold's October and the metals'
#: other thin months are listed but not followed.
ROLL_DAYS: Final[Mapping[str, RollDays]] = {
    "YM": _INDEX,
    "ES": _INDEX,
    "NQ": _INDEX,
    "RTY": _INDEX,
    "CL": RollDays(3, _EXPIRY, EVERY_MONTH),
    "SI": RollDays(2, _NOTICE, "HKNUZ"),
    "HG": RollDays(2, _NOTICE, "HKNUZ"),
    "GC": RollDays(2, _NOTICE, "GJMQZ"),
    "VX": RollDays(4, _EXPIRY, EVERY_MONTH),
    "DX": RollDays(4, _EXPIRY, "HMUZ"),
    "ZB": RollDays(2, _NOTICE, "HMUZ"),
}


def parse_contract(text: str, on: date | None = None) -> Contract:
    """The contract that a spelling names: ESZ25, /ESZ25:XCME, ESZ5. Raises ContractError.

    One digit names the first such year whose contract is not over ``on`` that day; without a day it names none.
    """
    try:
        root, spelling = canonical(text)
    except SymbolError as error:
        raise ContractError(str(error)) from None
    if spelling is None:
        raise ContractError(f"{text[:40]!r} names no delivery month: wanted such as ESZ25")
    digits = spelling[len(spelling.rstrip("0123456789")) :]
    month = EVERY_MONTH.index(spelling[-len(digits) - 1]) + 1
    if len(digits) == 2:
        return Contract(root, (2000 if int(digits) < _CENTURY_TURN else 1900) + int(digits), month)
    if on is None:
        raise ContractError(f"{text[:40]!r} has one digit of its year: give two, such as {spelling[:-1]}2{digits}")
    return _of_digit(root, month, int(digits), on)


def _of_digit(root: str, month: int, digit: int, on: date) -> Contract:
    years = (Contract(root, year, month) for year in range(on.year, on.year + 12) if year % 10 == digit)
    return next(each for each in years if last_trading_day(each) >= on)


def last_trading_day(contract: Contract) -> date:
    """The last trade date of a contract. Raises ContractError for a root without a known rule."""
    if (rule := _LAST.get(contract.root)) is None:
        raise ContractError(f"when {contract.root}'s contracts end is not known: {', '.join(_LAST)} are")
    return rule(contract.year, contract.month, BY_SYMBOL[contract.root].group)


def first_notice_day(contract: Contract) -> date | None:
    """The first day on which delivery may be announced while the contract still trades; None where there is none."""
    if contract.root not in _NOTICED:
        return None
    return _back(date(contract.year, contract.month, 1), 1, BY_SYMBOL[contract.root].group)


def chain(root: str, on: date, count: int, months: str = EVERY_MONTH) -> list[Contract]:
    """The next ``count`` contracts that still trade on a day, nearest first. Raises ContractError."""
    return list(islice(_from(root, on, months), count))


def roll_date(contract: Contract, rule: RollDays) -> date:
    """The first trade date on which the next contract is in front. Raises ContractError."""
    notice = first_notice_day(contract) if rule.anchor is Anchor.FIRST_NOTICE_DAY else None
    anchor = notice or last_trading_day(contract)
    return _back(anchor, rule.days_before, BY_SYMBOL[contract.root].group)


def front(root: str, on: date, rule: RollDays, decided: Mapping[str, date] = _NOTHING) -> Contract:
    """The contract in front on a trade date. Raises ContractError.

    ``decided``: of contracts by name the trade date on which they are left, where that is not for the rule to say.
    """
    followed = _from(root, on, rule.months)
    return next(each for each in followed if (decided.get(each.name) or roll_date(each, rule)) > on)


class RollStep(NamedTuple):
    """On the trade date ``effective`` the front contract is no longer ``old`` but ``new``."""

    old: Contract
    new: Contract
    effective: date


def rolls(root: str, first: date, last: date, rule: RollDays) -> list[RollStep]:
    """Every roll that takes effect from ``first`` to ``last``. Raises ContractError."""
    found = []
    old = front(root, first - _DAY, rule)
    while (effective := roll_date(old, rule)) <= last:
        new = front(root, effective, rule)
        found.append(RollStep(old, new, effective))
        old = new
    return found


def _from(root: str, on: date, months: str) -> Iterator[Contract]:
    """Every contract from the first that still trades on a day. One can end in the month before its own."""
    wanted = {EVERY_MONTH.index(each) + 1 for each in months}
    for index in count_from(on.year * 12 + on.month - 1):
        contract = Contract(root, index // 12, index % 12 + 1)
        if contract.month in wanted and last_trading_day(contract) >= on:
            yield contract


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    """The ``month`` may be 13: the next year's first."""
    first = date(year + month // 13, (month - 1) % 12 + 1, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _at_or_before(day: date, group: str) -> date:
    """The day itself, or the business day before it."""
    while not is_business_day(day, group):
        day -= _DAY
    return day


def _back(day: date, count: int, group: str) -> date:
    """So many business days before a day."""
    for _ in range(count):
        day = _at_or_before(day - _DAY, group)
    return day


def _third_friday(year: int, month: int, group: str) -> date:
    return _at_or_before(_nth(year, month, _FRIDAY, 3), group)


def _crude(year: int, month: int, group: str) -> date:
    of_25th = date(year - (month == 1), 12 if month == 1 else month - 1, 25)
    return _back(_at_or_before(of_25th, group), 3, group)


def _next_month(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)


def _metal(year: int, month: int, group: str) -> date:
    return _back(_next_month(year, month), 3, group)


def _volatility(year: int, month: int, group: str) -> date:
    friday = _at_or_before(_nth(year, month + 1, _FRIDAY, 3), group)
    return _at_or_before(friday - timedelta(days=30), group)


def _dollar(year: int, month: int, group: str) -> date:
    return _back(_nth(year, month, _WEDNESDAY, 3), 2, group)


def _bond(year: int, month: int, group: str) -> date:
    return _back(_next_month(year, month), 8, group)


_NOTICED: Final = frozenset({"GC", "SI", "HG", "ZB"})
_LAST: Final[Mapping[str, Callable[[int, int, str], date]]] = {
    **dict.fromkeys(("YM", "ES", "NQ", "RTY"), _third_friday),
    "CL": _crude,
    **dict.fromkeys(("SI", "HG", "GC"), _metal),
    "VX": _volatility,
    "DX": _dollar,
    "ZB": _bond,
}
