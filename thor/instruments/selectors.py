"""Reading instruments."""

from __future__ import annotations

from thor.instruments.contract import Anchor, RollDays
from thor.instruments.instrument import InstrumentFacts
from thor.instruments.models import BOARD, Instrument, RollRule, WatchListEntry


def known_symbols() -> frozenset[str]:
    """Every symbol that an event may carry."""
    return frozenset(Instrument.objects.values_list("symbol", flat=True))


def groups() -> dict[str, str]:
    """Symbol -> product group."""
    return dict(Instrument.objects.values_list("symbol", "group"))


def board_symbols() -> tuple[str, ...]:
    """The symbols of the board's watch list, in its order."""
    entries = WatchListEntry.objects.filter(watch_list__name=BOARD)
    return tuple(entries.values_list("instrument__symbol", flat=True))


def load_instruments() -> dict[str, InstrumentFacts]:
    """Every instrument's facts by symbol, also of those that are not on the board."""
    return {each.symbol: facts_of(each) for each in Instrument.objects.all()}


def facts_of(each: Instrument) -> InstrumentFacts:
    """A row as the value that rules take."""
    return InstrumentFacts(
        each.symbol,
        each.name,
        each.exchange,
        each.tick_size,
        each.tick_value_usd,
        each.display_precision,
        each.group,
        each.months,
        each.spike_limit_pct,
        each.spike_limit_ticks,
        each.spike_limit_atr,
        each.may_be_negative,
    )


def roll_days() -> dict[str, RollDays]:
    """Symbol -> when its front contract gives way."""
    rules = RollRule.objects.select_related("instrument")
    return {each.instrument.symbol: RollDays(each.days_before, Anchor(each.anchor), each.months) for each in rules}
