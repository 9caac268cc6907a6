"""Which contract stands for an instrument on which trade date, and what back-adjusting adds to its prices. A rule file.

Adjusted by difference, never by ratio: a tick stays a tick, so that money and fixed targets come out right. The newest
contract's prices are as they were traded; those of a contract before are moved by the sum of the differences of all
rolls that came after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from thor.instruments.contract import ContractError, RollDays, front

_ZERO: Final = Decimal(0)


class RollPoint(NamedTuple):
    """A roll: ``last_date`` is the last trade date of the old contract. ``difference``: price of the new contract less
    that of the old one at its end, in points; None where it is not known."""

    last_date: date
    old: str
    new: str
    difference: Decimal | None


class Offset(NamedTuple):
    """What is added to the prices of all trade dates up to ``until`` (with it) that no earlier offset reaches; None
    where a later roll's difference is not known: they cannot be compared with today's."""

    until: date
    points: Decimal | None


def front_contract(root: str, day: date, rule: RollDays | None, decided: Mapping[str, date]) -> str | None:
    """The contract in front on a trade date, such as ESZ25; None for a root without a rule. ``decided``: of contracts
    the trade date on which they are left."""
    if rule is None:
        return None
    try:
        return front(root, day, rule, decided).name
    except ContractError:
        return None


def offsets(rolls: Iterable[RollPoint]) -> list[Offset]:
    """What to add to which dates, oldest first; the last is of all that came after the newest roll, and 0."""
    found = [Offset(date.max, _ZERO)]
    for roll in sorted(rolls, reverse=True):
        points = found[-1].points
        known = points is not None and roll.difference is not None
        found.append(Offset(roll.last_date, points + roll.difference if known else None))  # type: ignore[operator]
    return found[::-1]


def offset_on(day: date, found: Sequence[Offset]) -> Decimal | None:
    """Of the answer of :func:`offsets`, what is added on a trade date."""
    return next(each.points for each in found if day <= each.until)


class DayVolume(NamedTuple):
    """What decides a roll: of a trade date, the volume or the open interest of both contracts; None: not known."""

    trade_date: date
    old: int | None
    new: int | None


def overtaken(days: Iterable[DayVolume]) -> DayVolume | None:
    """The first session at whose end the next contract has more than the one in front; None: it has not yet."""
    known = (each for each in sorted(days) if each.old is not None and each.new is not None)
    return next((each for each in known if each.new > each.old), None)  # type: ignore[operator]
