"""No quote while the futures trade: an alarm (SPEC 7). A rule file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from thor.markets.calendar import Status, TransitionKind
from thor.markets.market import CME_MARKET
from thor.markets.transition import MarketTransition
from thor.quotes.quote import Quote
from thor.quotes.reactor import NOTHING, AlertEnded, AlertRaised, Effects, Reactor, State

LOOK_US: Final = 10_000_000
SILENT_US: Final = 30_000_000
ALERT: Final = "no_quotes"


class SilenceReactor(Reactor):
    """While CME trades, looks every ten seconds whether any quote came in the last thirty.

    The quote's own time counts: a feed that repeats old quotes is as silent as one that says nothing. A quote ends the
    alarm at once.
    """

    name: ClassVar[str] = "silence"
    needs_quotes: ClassVar[bool] = True

    def __init__(self) -> None:
        self._heard_us = 0
        #: Silence is counted from here on: the open, or the desk's start.
        self._since_us = 0
        self._raised = False
        self._next_us: int | None = None

    def on_start(self, statuses: Mapping[str, Status], at_us: int) -> Effects:
        is_open = statuses.get(CME_MARKET) is Status.OPEN
        if is_open and self._next_us is None:
            # Whoever begins gives the sources their thirty seconds; whoever was restored goes on as if never away.
            self._begin(at_us)
        return NOTHING if is_open else self._stop(at_us)

    def on_transition(self, transition: MarketTransition) -> Effects:
        if transition.market != CME_MARKET:
            return NOTHING
        if transition.kind is TransitionKind.OPEN:
            self._begin(transition.at_us)
            return NOTHING
        return self._stop(transition.at_us)

    def on_quote(self, quote: Quote, _entry_id: str, _at_us: int) -> Effects:
        if quote.ts_us > self._heard_us:
            self._heard_us = quote.ts_us
            if self._raised:
                self._raised = False
                return [AlertEnded(ALERT, f"quotes come again, {quote.symbol} first", quote.ts_us)]
        return NOTHING

    def on_suspect(self, quote: Quote, entry_id: str, at_us: int) -> Effects:
        """A sign of life, whatever its price."""
        return self.on_quote(quote, entry_id, at_us)

    def on_timer(self, at_us: int) -> Effects:
        self._next_us = at_us + LOOK_US
        silent_us = at_us - max(self._heard_us, self._since_us)
        if self._raised or silent_us < SILENT_US:
            return NOTHING
        self._raised = True
        text = f"no quote for {silent_us // 1_000_000} s while the futures market is open; see the sources"
        return [AlertRaised(ALERT, "critical", text, at_us)]

    def next_timer_us(self) -> int | None:
        return self._next_us

    def state(self) -> State:
        return {
            "heard_us": self._heard_us,
            "since_us": self._since_us,
            "raised": self._raised,
            "next_us": self._next_us,
        }

    def restore(self, state: State) -> None:
        self._heard_us, self._since_us = state["heard_us"], state["since_us"]
        self._raised, self._next_us = state["raised"], state["next_us"]

    def _begin(self, at_us: int) -> None:
        self._since_us = at_us
        self._next_us = at_us + LOOK_US

    def _stop(self, at_us: int) -> Effects:
        self._next_us = None
        if not self._raised:
            return NOTHING
        self._raised = False
        return [AlertEnded(ALERT, "the futures market is closed", at_us)]
