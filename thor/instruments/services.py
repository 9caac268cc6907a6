"""Changing instruments, and telling the bus of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final, Protocol

from django.db import transaction
from django.db.models import Max, Model

from thor.instruments.contract import ROLL_DAYS
from thor.instruments.instrument import INSTRUMENTS, InstrumentFacts
from thor.instruments.models import BOARD, Instrument, RollRule, WatchList, WatchListEntry


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
    board, _ = WatchList.objects.get_or_create(name=BOARD)
    last = board.entries.aggregate(last=Max("position"))["last"]
    for position, instrument in enumerate(instruments, 0 if last is None else last + 1):
        save(WatchListEntry(watch_list=board, instrument=instrument, position=position), SEED)


def save(row: Model, reason: str) -> None:
    """Keep a row of configuration, with the reason in its history."""
    row._change_reason = reason  # type: ignore[attr-defined]
    row.save()


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
