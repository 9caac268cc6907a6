"""Changing instruments, and telling the bus of it."""

from __future__ import annotations

from typing import Protocol

from django.db import transaction

from thor.instruments.instrument import INSTRUMENTS
from thor.instruments.models import Instrument


class InstrumentBoard(Protocol):
    """Who must know which symbols exist: the quote bus."""

    def set_instruments(self, facts: dict[str, dict[str, object]], preferred: dict[str, str]) -> None: ...


@transaction.atomic
def seed_instruments() -> tuple[int, int]:
    """Create the 11 futures that are missing. Returns (created, kept); what a person edited is never overwritten."""
    created = 0
    for position, facts in enumerate(INSTRUMENTS):
        _, is_new = Instrument.objects.get_or_create(
            symbol=facts.symbol,
            defaults={
                "name": facts.name,
                "exchange": facts.exchange,
                "tick_size": facts.tick_size,
                "tick_value_usd": facts.tick_value_usd,
                "display_precision": facts.display_precision,
                "group": facts.group,
                "position": position,
            },
        )
        created += is_new
    return created, len(INSTRUMENTS) - created


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
