"""The baseline at an open: what the sources last said of the session before. A rule file."""

from __future__ import annotations

from typing import Any, ClassVar

from thor.desk.effects import Baseline, SnapshotTaken
from thor.markets.calendar import TransitionKind
from thor.markets.transition import MarketTransition
from thor.quotes.quote import Quote
from thor.quotes.reactor import NOTHING, Effects, Reactor, State, price_of, price_text


class SnapshotReactor(Reactor):
    """Remembers each symbol's last quote; tells all of them when a market opens."""

    name: ClassVar[str] = "snapshot"

    def __init__(self) -> None:
        self._quotes: dict[str, Quote] = {}
        self._baselines: dict[str, Baseline] = {}

    def on_quote(self, quote: Quote, _entry_id: str, _at_us: int) -> Effects:
        self._quotes[quote.symbol] = quote
        return NOTHING

    def on_transition(self, transition: MarketTransition) -> Effects:
        if transition.kind is TransitionKind.CLOSE:
            return NOTHING
        self._sum_up()
        ordered = {symbol: self._baselines[symbol] for symbol in sorted(self._baselines)}
        return [SnapshotTaken(transition.market, transition.trade_date, transition.at_us, ordered)]

    def _sum_up(self) -> None:
        """Only where it is asked for: a quote costs no more than being kept."""
        for symbol, quote in self._quotes.items():
            self._baselines[symbol] = Baseline(quote.source, quote.close, quote.settlement, quote.last, quote.ts_us)

    def newest(self, symbol: str) -> Quote | None:
        """A symbol's newest good quote since the desk began."""
        return self._quotes.get(symbol)

    def state(self) -> State:
        self._sum_up()
        return {symbol: _written(each) for symbol, each in self._baselines.items()}

    def restore(self, state: State) -> None:
        self._baselines = {symbol: _read(fields) for symbol, fields in state.items()}


def _written(each: Baseline) -> list[object]:
    return [each.source, price_text(each.close), price_text(each.settlement), price_text(each.last), each.ts_us]


def _read(fields: list[Any]) -> Baseline:
    source, close, settlement, last, ts_us = fields
    assert isinstance(ts_us, int)
    return Baseline(str(source), price_of(close), price_of(settlement), price_of(last), ts_us)
