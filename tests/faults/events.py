"""What a chaos run sends: ordinary events, duplicates, odd ones, refused ones, out of order.

Pure: a seed and a start time give the same entries, byte for byte.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from tests.faults.draft import HOUR, SECOND, Bad, Draft, Entry, iso, json_object
from tests.faults.odd import ACCEPTED, REFUSED

#: symbol -> (a price, the tick); both keep their digits.
MARKETS: Final = {
    "YM": ("47380", "1"), "ES": ("6719.50", "0.25"), "NQ": ("24900.25", "0.25"), "RTY": ("2480.10", "0.10"),
    "CL": ("61.75", "0.01"), "SI": ("48.125", "0.005"), "HG": ("5.0985", "0.0005"), "GC": ("4035.10", "0.10"),
    "VX": ("17.35", "0.05"), "DX": ("98.645", "0.005"), "ZB": ("117.03125", "0.03125"),
}  # fmt: skip
SOURCES: Final = ("TOS", "SCHWAB", "MOCK", "REPLAY")
DUPLICATES: Final = 0.05
ODD: Final = 0.04
BAD: Final = 0.02
NULL_SEQ: Final = 0.03
SEQ_RESETS: Final = 0.001
#: Events ahead of the clock stand among the first so many, which are sent before the first fault.
AHEAD_AMONG_FIRST: Final = 400


class Maker:
    """Makes ordinary events with rising seq; of one key there is only one."""

    def __init__(self, rng: random.Random, anchor_us: int) -> None:
        self._rng = rng
        self._anchor_us = anchor_us
        self._seq: dict[tuple[str, str], int] = {}
        self._taken: set[tuple[str, int, str, int | None]] = set()

    def draft(self, number: int) -> Draft:
        rng = self._rng
        symbol, source = rng.choice(tuple(MARKETS)), rng.choice(SOURCES)
        seq = self._next_seq(symbol, source)
        ts_us = self._time(number)
        while (symbol, ts_us, source, seq) in self._taken:
            ts_us += 1
        self._taken.add((symbol, ts_us, source, seq))
        record = {"v": "1", "symbol": f'"{symbol}"', "ts": f'"{iso(ts_us)}"', "source": f'"{source}"'}
        row: dict[str, object] = {"symbol": symbol, "source": source, "seq": seq, "cond": None, "venue": None}
        made = Draft(ts_us, record, row)
        self._prices(made, symbol)
        self._sizes(made)
        self._levels(made)
        if rng.random() < 0.3:
            record["recv"] = made.extra["recv"] = f'"{iso(ts_us + 1500)}"'
        record["seq"] = "null" if seq is None else str(seq)
        self._texts(made)
        return made

    def _next_seq(self, symbol: str, source: str) -> int | None:
        if self._rng.random() < NULL_SEQ:
            return None
        last = 0 if self._rng.random() < SEQ_RESETS else self._seq.get((symbol, source), 1_760_000_000)
        self._seq[symbol, source] = last + 1
        return last + 1

    def _time(self, number: int) -> int:
        """A millisecond each, out of order within fifty events and, now and then, by hours."""
        slot = number + self._rng.randint(-50, 50)
        hours = self._rng.randint(1, 30) if self._rng.random() < 0.01 else 0
        return self._anchor_us + slot * 1000 + number % 1000 - hours * HOUR

    def _prices(self, made: Draft, symbol: str) -> None:
        base, tick = map(Decimal, MARKETS[symbol])
        rng = self._rng
        bid = base + tick * rng.randint(-300, 300)
        values = {"last": bid + tick * rng.randint(0, 2), "bid": bid, "ask": bid + tick * rng.randint(0, 3)}
        absent = rng.sample(tuple(values), rng.choice((0, 0, 0, 1, 2)))
        for name, value in values.items():
            made.record[name] = "null" if name in absent else str(value)
            made.row[name] = None if name in absent else str(value)

    def _sizes(self, made: Draft) -> None:
        columns = {"lastSize": "last_size", "bidSize": "bid_size", "askSize": "ask_size", "volume": "volume"}
        for name, column in columns.items():
            value = None if self._rng.random() < 0.2 else self._rng.randint(0, 5000)
            made.record[name] = "null" if value is None else str(value)
            made.row[column] = value

    def _levels(self, made: Draft) -> None:
        if self._rng.random() < 0.3:
            for name in ("open", "high", "low", "close", "change", "settlement"):
                made.record[name] = made.extra[name] = f"{self._rng.randint(1, 9000)}.{self._rng.randint(0, 99):02}"

    def _texts(self, made: Draft) -> None:
        if self._rng.random() < 0.2:
            made.text("condition", "cond", '"@ET"', "@ET")
            made.text("venue", "venue", '"XCME"', "XCME")
        if self._rng.random() < 0.2:
            made.meta["contract"] = '"Z25"'
            made.meta["precision"] = "2"
            made.record["meta"] = json_object(made.meta)


def entries(seed: int, count: int, start_us: int) -> Iterator[Entry]:
    """``count`` entries in the order of their sending. ``start_us``: the run's start, epoch microseconds."""
    rng = random.Random(f"events {seed}")
    maker = Maker(rng, start_us - count * 1000 - 60 * SECOND)
    odd, bad = _in_turn(rng, tuple(ACCEPTED)), _in_turn(rng, tuple(REFUSED))
    recent: list[Entry] = []
    for number in range(count):
        chance = rng.random()
        if chance < DUPLICATES and recent:
            yield _again(rng, rng.choice(recent))
            continue
        made = maker.draft(number)
        if number < AHEAD_AMONG_FIRST and number % 50 == 7:
            made.at(start_us + 200 * SECOND + number)
            made.ahead = True
        elif chance < DUPLICATES + ODD:
            ACCEPTED[next(odd)](made)
        elif chance < DUPLICATES + ODD + BAD:
            kind = next(bad)
            reasons, spoil = REFUSED[kind]
            spoil(made)
            yield Entry(made.entry_fields(), Bad(kind, frozenset(reasons.split())))
            continue
        entry = Entry(made.entry_fields(), made.good())
        recent = [*recent[-300:], entry] if len(recent) > 600 else recent
        recent.append(entry)
        yield entry


def _again(rng: random.Random, entry: Entry) -> Entry:
    """The same event once more, its time perhaps in another spelling."""
    (symbol, (name, payload)) = entry.fields
    if rng.random() < 0.5:
        payload = payload.replace(b'Z","source"', b'+00:00","source"')
    return Entry((symbol, (name, payload)), entry.event)


def _in_turn(rng: random.Random, kinds: tuple[str, ...]) -> Iterator[str]:
    """Every kind once before any comes again."""
    while True:
        yield from rng.sample(kinds, len(kinds))
