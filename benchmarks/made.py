"""Events that the benchmarks publish; the programs beside this file import it."""

from __future__ import annotations

import time
from decimal import Decimal

from thor.instruments.instrument import INSTRUMENTS
from thor.quotes.bus import Outgoing, outgoing
from thor.quotes.quote import Quote


def events(count: int) -> list[Outgoing]:
    """Canonical events of the 11 instruments, about 300 bytes each, ``seq`` and ``ts`` rising."""
    start_us = time.time_ns() // 1000
    made = []
    for n in range(count):
        facts = INSTRUMENTS[n % len(INSTRUMENTS)]
        last = facts.tick_size * (10_000 + n % 97)
        made.append(
            outgoing(
                Quote(
                    facts.symbol,
                    start_us + n,
                    "MOCK",
                    last=last,
                    bid=last - facts.tick_size,
                    ask=last + facts.tick_size,
                    last_size=1 + n % 9,
                    bid_size=5 + n % 7,
                    ask_size=7 + n % 5,
                    volume=n,
                    open=last,
                    high=last,
                    low=last,
                    close=last,
                    change=Decimal(0),
                    seq=start_us + n,
                )
            )
        )
    return made
