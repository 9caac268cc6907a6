"""Reading instruments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.db.models import F, OuterRef, Subquery

from thor.instruments.contract import Anchor, RollDays
from thor.instruments.instrument import InstrumentFacts
from thor.instruments.models import BOARD, Instrument, Roll, RollRule, WatchListEntry


@dataclass(frozen=True)
class Listed:
    """One instrument as it stands in the tables. ``place``: its place on the board's watch list, None beside it.
    ``decided``: of the roll calendar, contracts by name with the trade date on which they are left."""

    facts: InstrumentFacts
    currency: str
    preferred_source: str
    place: int | None
    roll: RollDays | None
    roll_method: str | None
    decided: tuple[tuple[str, date], ...]


@dataclass(frozen=True)
class Catalogue:
    """Every instrument, the board's first and in its order."""

    listed: tuple[Listed, ...]

    @cached_property
    def board(self) -> tuple[str, ...]:
        """The symbols of the board's watch list, in its order."""
        return tuple(each.facts.symbol for each in self.listed if each.place is not None)

    @cached_property
    def by_symbol(self) -> dict[str, InstrumentFacts]:
        """Symbol -> its facts."""
        return {each.facts.symbol: each.facts for each in self.listed}


def known_symbols() -> frozenset[str]:
    """Every symbol that an event may carry."""
    return frozenset(Instrument.objects.values_list("symbol", flat=True))


def groups() -> dict[str, str]:
    """Symbol -> product group."""
    return dict(Instrument.objects.values_list("symbol", "group"))


def load_instruments() -> dict[str, InstrumentFacts]:
    """Every instrument's facts by symbol, also of those that are not on the board."""
    return {each.symbol: facts_of(each) for each in Instrument.objects.all()}


def load_catalogue() -> Catalogue:
    """All of it as it is now, in two queries."""
    place = WatchListEntry.objects.filter(watch_list__name=BOARD, instrument=OuterRef("pk")).values("position")
    rows = Instrument.objects.select_related("roll_rule").annotate(place=Subquery(place))
    decided = _decided()
    ordered = rows.order_by(F("place").asc(nulls_last=True), "symbol")
    return Catalogue(tuple(_listed(each, each.place, tuple(decided.get(each.pk, ()))) for each in ordered))


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


def roll_days(rule: RollRule) -> RollDays:
    """A rule as the value that ``contract`` takes."""
    return RollDays(rule.days_before, Anchor(rule.anchor), rule.months)


def _listed(each: Instrument, place: int | None, decided: tuple[tuple[str, date], ...]) -> Listed:
    rule: RollRule | None = getattr(each, "roll_rule", None)
    days = None if rule is None else roll_days(rule)
    method = None if rule is None else rule.method
    return Listed(facts_of(each), each.currency, each.preferred_source, place, days, method, decided)


def _decided() -> dict[int, list[tuple[str, date]]]:
    """Instrument's id -> its rolls as the calendar has them."""
    found: dict[int, list[tuple[str, date]]] = {}
    for key, contract, effective in Roll.objects.order_by("effective").values_list(
        "instrument_id", "from_contract", "effective"
    ):
        found.setdefault(key, []).append((contract, effective))
    return found
