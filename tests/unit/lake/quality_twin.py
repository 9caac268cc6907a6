"""The quality of a day's ticks, counted tick by tick: the slow twin of ``thor/lake/sql/quality_*.sql``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from thor.lake.quality import SPIKE_RANGES, Piece
from thor.markets.trade_date import epoch_us
from thor.quotes.gate import ATR_BARS, AverageTrueRange

Row = dict[str, Any]
PRICES = ("last", "bid", "ask")
SAME = (*PRICES, "ts", "last_size", "bid_size", "ask_size", "volume", "source", "cond", "venue", "contract")


def counted(rows: Sequence[Row], tick: Decimal, *, may_be_negative: bool) -> dict[str, int]:
    """Every count of a day, of ticks in file order."""
    prices = [[row[name] for name in PRICES if row[name] is not None] for row in rows]
    return {
        "ticks": len(rows),
        "crossed": sum(is_crossed(row) for row in rows),
        "zero": sum(any(price == 0 for price in each) for each in prices),
        "negative": 0 if may_be_negative else sum(any(price < 0 for price in each) for each in prices),
        "duplicates": duplicates(rows),
        "out_of_order": out_of_order(rows),
        "spikes": spikes(rows, tick, may_be_negative=may_be_negative),
    }


def is_crossed(row: Row) -> bool:
    return row["bid"] is not None and row["ask"] is not None and row["bid"] > row["ask"]


def duplicates(rows: Sequence[Row]) -> int:
    seen: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        extra = re.sub(r'"recv": ?"[^"]*"', "", row["extra"] or "", count=1), row["extra"] is None
        seen[*(row[name] for name in SAME), extra] += 1
    return sum(count - 1 for count in seen.values())


def out_of_order(rows: Sequence[Row]) -> int:
    arrived = [(tuple(map(int, row["stream_id"].split("-"))), row["ts"]) for row in rows if row["stream_id"]]
    newest, late = None, 0
    for _, at in sorted(arrived):
        late += newest is not None and at < newest
        newest = at if newest is None else max(newest, at)
    return late


def spikes(rows: Sequence[Row], tick: Decimal, *, may_be_negative: bool) -> int:
    averages: dict[str | None, AverageTrueRange] = {}
    before: dict[str | None, Decimal] = {}
    found = 0
    for row in rows:
        last, contract = row["last"], row["contract"]
        if last is None or last == 0 or (last < 0 and not may_be_negative) or is_crossed(row):
            continue
        average = averages.setdefault(contract, AverageTrueRange())
        average.hear(last, epoch_us(row["ts"]))  # closes the bar of the minute before: its range counts from now on
        if average.value is not None and contract in before:
            # The mean times 14 is the sum again; rounded, because the mean is cut to 28 digits.
            ranges = round(average.value * ATR_BARS, 6)
            move = abs(last - before[contract])
            found += move * ATR_BARS > SPIKE_RANGES * ranges and move > SPIKE_RANGES * tick
        before[contract] = last
    return found


def silences(rows: Sequence[Row], pieces: Sequence[Piece], gap_us: int) -> list[tuple[int, int]]:
    found = []
    for opened, closed in pieces:
        heard = [opened, *(at for row in rows if opened <= (at := epoch_us(row["ts"])) < closed), closed]
        found += [(one, two) for one, two in zip(sorted(heard), sorted(heard)[1:], strict=False) if two - one > gap_us]
    return found
