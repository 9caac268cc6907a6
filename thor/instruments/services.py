"""Changing instruments, and telling the bus of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final, Protocol

from django.db import transaction
from django.db.models import Max, Model

from thor.instruments.contract import ROLL_DAYS, ContractError, RollMethod, rolls
from thor.instruments.instrument import INSTRUMENTS, InstrumentFacts
from thor.instruments.models import BOARD, Instrument, Roll, RollRule, WatchList, WatchListEntry
from thor.instruments.selectors import roll_days
from thor.runtime.problem import Problem


class InstrumentBoard(Protocol):
    """Who must know which symbols exist: the quote bus."""

    def set_instruments(self, facts: dict[str, dict[str, object]], preferred: dict[str, str]) -> None: ...


SEED: Final = "seed"


@transaction.atomic
def seed_instruments() -> tuple[int, int]:
    """Create the 11 futures that are missing. Returns (created, kept); what a person edited is never overwritten.

    A new instrument gets its roll rule, and a place on the board.
    """
    created = [each for facts in INSTRUMENTS if (each := _create(facts)) is not None]
    _put_on_board(created)
    return len(created), len(INSTRUMENTS) - len(created)


def _create(facts: InstrumentFacts) -> Instrument | None:
    """The instrument, where there was none."""
    if Instrument.objects.filter(symbol=facts.symbol).exists():
        return None
    made = Instrument(**asdict(facts))
    save(made, SEED)
    rule = ROLL_DAYS[facts.symbol]
    save(RollRule(instrument=made, days_before=rule.days_before, anchor=rule.anchor.value, months=rule.months), SEED)
    return made


def _put_on_board(instruments: list[Instrument]) -> None:
    """At its end, in the order given. What a person took off the board stays off: only new instruments come."""
    if (board := WatchList.objects.filter(name=BOARD).first()) is None:
        board = WatchList(name=BOARD)
        save(board, SEED)
    last = board.entries.aggregate(last=Max("position"))["last"]
    for position, instrument in enumerate(instruments, 0 if last is None else last + 1):
        save(WatchListEntry(watch_list=board, instrument=instrument, position=position), SEED)


def save(row: Model, reason: str) -> None:
    """Keep a row of configuration, with the reason in its history."""
    row._change_reason = reason  # type: ignore[attr-defined]
    row.save()


@dataclass(frozen=True, slots=True)
class PlannedRoll:
    """A roll that a rule gives. ``held``: the effective trade date that the calendar has instead, or has too."""

    symbol: str
    old: str
    new: str
    effective: date
    reason: str
    held: date | None
    decided_by: RollMethod = RollMethod.DAYS_BEFORE

    @property
    def is_missing(self) -> bool:
        return self.held is None

    @property
    def state(self) -> str:
        if self.held is None:
            return "missing"
        return "there" if self.held == self.effective else f"there, on {self.held}"


def plan_rolls(symbol: str | None, first: date, last: date) -> list[PlannedRoll]:
    """The rolls from ``first`` to ``last`` of one instrument, or of all that roll by days. Raises Problem."""
    rules = RollRule.objects.select_related("instrument")
    if symbol is None:
        chosen = list(rules.filter(method=RollMethod.DAYS_BEFORE))
    else:
        chosen = [_roll_rule(rules.filter(instrument__symbol=symbol.upper()).first(), symbol)]
    try:
        return [each for rule in chosen for each in _planned(rule, first, last)]
    except ContractError as error:
        raise Problem(f"{error}.") from error


def _roll_rule(found: RollRule | None, symbol: str) -> RollRule:
    if found is None:
        raise Problem(f"{symbol} has no roll rule: add one in the admin, or name another instrument.")
    if found.method != RollMethod.DAYS_BEFORE:
        raise Problem(f"{symbol} rolls by {found.get_method_display()}: that is decided from stored sessions.")
    return found


def _planned(rule: RollRule, first: date, last: date) -> Iterator[PlannedRoll]:
    held = dict(rule.instrument.rolls.values_list("from_contract", "effective"))
    reason = f"{rule.days_before} business days before the {rule.get_anchor_display()}"
    for old, new, effective in rolls(rule.instrument.symbol, first, last, roll_days(rule)):
        yield PlannedRoll(rule.instrument.symbol, old.name, new.name, effective, reason, held.get(old.name))


@transaction.atomic
def write_rolls(planned: Iterable[PlannedRoll], by: str = "roll_calendar") -> int:
    """Add those that the calendar has not. Returns how many; what is there is never changed. ``by``: who did it, for
    the history."""
    missing = [each for each in planned if each.is_missing]
    instruments = Instrument.objects.in_bulk({each.symbol for each in missing}, field_name="symbol")
    for each in missing:
        row = Roll(
            instrument=instruments[each.symbol], from_contract=each.old, to_contract=each.new,
            effective=each.effective, reason=each.reason, decided_by=each.decided_by.value,
        )  # fmt: skip
        save(row, by)
    return len(missing)


def announce(board: InstrumentBoard) -> int:
    """Put the instruments on the bus, where collectors and the merge read them. Returns how many."""
    instruments = list(Instrument.objects.all())
    board.set_instruments(
        {
            each.symbol: {
                "name": each.name,
                "tick_size": str(each.tick_size.normalize()),
                "precision": each.display_precision,
                "group": each.group,
            }
            for each in instruments
        },
        {each.symbol: each.preferred_source for each in instruments if each.preferred_source},
    )
    return len(instruments)
