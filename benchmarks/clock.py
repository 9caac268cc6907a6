"""The world clock's questions: Thor's compiled calendars against the libraries they are made from, in one run.

    python benchmarks/clock.py [--questions 20000] [--rounds 5] [--json]

The same random minutes of 2015 to 2026 are asked of New York (exchange_calendars XNYS is the peer) and of the CME
equity group (pandas_market_calendars is the peer). Before anything is timed the peer's answers for New York are
compared with Thor's.

- status: is the session on?
- at: status, phase, trade date, since, until, next transition, end of a break, all at once; at random, and as a clock
  asks, in order
- next transition, trade date
- limit: one bisect over the same array

Medians of the rounds, the designs taken in turn; the loop itself is taken off.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import exchange_calendars
import pandas as pd
import pandas_market_calendars

from thor.markets.calendar import Calendar, Status
from thor.markets.compile import compile_calendar
from thor.markets.overrides import load_overrides
from thor.markets.trade_date import epoch_us, trade_date_span

FIRST, LAST = date(2007, 1, 1), date(2028, 12, 31)
_MINUTE_US = 60_000_000
Ask = Callable[[Any], object]


def minutes(count: int) -> list[int]:
    """Random whole minutes as epoch microseconds."""
    low, high = (epoch_us(datetime(year, 1, 1, tzinfo=UTC)) // _MINUTE_US for year in (2015, 2026))
    chance = random.Random(4)
    return [chance.randrange(low, high) * _MINUTE_US for _ in range(count)]


def one_call(ask: Ask, questions: Sequence[object]) -> float:
    """Microseconds a call, without the loop."""
    began = time.perf_counter()
    for question in questions:
        ask(question)
    asked = time.perf_counter()
    for _ in questions:
        pass
    return (asked - began - (time.perf_counter() - asked)) / len(questions) * 1e6


def check(held: Calendar, peer: Any, moments: Sequence[int], stamps: Sequence[pd.Timestamp]) -> None:
    """Both must say the same of New York before their speed is compared."""
    for at_us, stamp in zip(moments, stamps, strict=True):
        assert (held.status(at_us) is Status.OPEN) == peer.is_open_on_minute(stamp), stamp


def designs(moments: list[int], stamps: list[pd.Timestamp]) -> list[tuple[str, str, Ask, Sequence[object]]]:
    """(question, who, the call, what it is given); the peers are given fewer, because they are slow."""
    overrides = load_overrides()
    york, cme = (compile_calendar(name, FIRST, LAST, overrides).calendar() for name in ("XNYS", "cme_equity"))
    peer = exchange_calendars.get_calendar("XNYS", start=str(FIRST), end=str(LAST), side="left")
    market: Any = pandas_market_calendars.get_calendar("CME Globex Equity")
    schedule = market.schedule(str(FIRST), str(LAST))
    trade_dates = pandas_market_calendars.get_calendar("CME_TradeDate").schedule(str(FIRST), str(LAST))
    check(york, peer, moments[:500], stamps[:500])
    in_order = range(moments[0], moments[0] + len(moments) * 1_000_000, 1_000_000)
    slow, slower = stamps[: len(stamps) // 10], stamps[: len(stamps) // 100]
    starts = york._turns

    def by_search(stamp: pd.Timestamp) -> object:
        return trade_dates.index[trade_dates["market_close"].searchsorted(stamp, side="right")]

    return [
        ("status", "limit: one bisect", lambda at_us: bisect_right(starts, at_us), moments),
        ("status", "Thor", york.status, moments),
        ("status", "exchange_calendars is_open_on_minute", peer.is_open_on_minute, slow),
        ("status", "pandas_market_calendars open_at_time", lambda stamp: market.open_at_time(schedule, stamp), slower),
        ("at", "Thor", york.at, moments),
        ("at", "Thor, in order", york.at, in_order),
        ("next transition", "Thor", york.next_transition, moments),
        ("next transition", "exchange_calendars next_open", peer.next_open, slow),
        ("next transition", "exchange_calendars next_open and next_close",
         lambda stamp: min(peer.next_open(stamp), peer.next_close(stamp)), slow),
        ("trade date", "Thor, the table", cme.trade_date, moments),
        ("trade date", "Thor, the function", lambda at_us: trade_date_span(at_us, "cme_equity"), moments),
        ("trade date", "exchange_calendars minute_to_session",
         lambda stamp: peer.minute_to_session(stamp, "next"), slow),
        ("trade date", "pandas_market_calendars CME_TradeDate, searchsorted", by_search, slow),
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    moments = minutes(options.questions)
    stamps = [pd.Timestamp(at_us, unit="us", tz="UTC") for at_us in moments]
    every = designs(moments, stamps)
    took: dict[tuple[str, str], list[float]] = {(question, who): [] for question, who, *_ in every}
    for _ in range(options.rounds):
        for question, who, ask, given in every:
            took[question, who].append(one_call(ask, given))
    found = {key: statistics.median(rounds) for key, rounds in took.items()}
    if options.json:
        print(json.dumps([{"question": q, "who": who, "us": round(us, 3)} for (q, who), us in found.items()]))
        return
    print(f"{'question':16} {'who':52} {'us a call':>10} {'to Thor':>9}")
    for (question, who), us in found.items():
        thor = next(value for (q, w), value in found.items() if q == question and w.startswith("Thor"))
        print(f"{question:16} {who:52} {us:10.2f} {us / thor:9.1f}")


if __name__ == "__main__":
    main()
