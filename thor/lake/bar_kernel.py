"""The fast path of bars: a file's ticks in one compiled pass, judged and weighed, without the GIL.

Whole numbers all through: prices in millionths of a point as the file holds them, times in microseconds. What is not
said is :data:`NULL`. The gate is ``quotes/gate.py``'s, judged at each tick's own time, so that nothing is stale or out
of order; volume is counted as ``indicators/vwap.py`` counts it. ``tests/unit/lake/bar_twins.py`` has the slow twins,
``sql/bars.sql`` is the one in SQL.

Bars are rows of a matrix, so that a part of a file can be taken at a time; bars of longer timeframes are folded of the
shorter ones, whose sums are exact.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from thor.instruments.instrument import InstrumentFacts
from thor.quotes.gate import AGREEING, ATR_BARS, DEFAULT_LIMIT_PCT, MINUTE_US
from thor.runtime.compiled import compiled

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]
Codes = NDArray[np.int32]


#: Not said.
NULL: Final = -(2**63 - 1)
#: Further than any two prices are from each other.
_MOST: Final = 9 * 10**18
#: Digits of a price after the point.
SCALE: Final = 10**6

# --- what is set of the instrument ----------------------------------------------------------------------------------

#: The percentage in hundredths, ticks in millionths of a point, average true ranges in hundredths; below 0: no such
#: limit. The least limit; whether a price may be below zero.
_PERCENT, _TICKS, _RANGES, _LEAST, _MAY_BE_NEGATIVE = range(5)


def limits_of(facts: InstrumentFacts | None) -> Integers:
    """The gate's limits. Raises ValueError for such as have more digits than the table of instruments keeps."""
    if facts is None:
        return np.array([_hundredths(DEFAULT_LIMIT_PCT), -1, -1, 0, 0], np.int64)
    tick = facts.tick_size * SCALE
    ticks = -1 if facts.spike_limit_ticks is None else facts.spike_limit_ticks * tick
    found = [_hundredths(facts.spike_limit_pct), ticks, _hundredths(facts.spike_limit_atr), tick, facts.may_be_negative]
    if any(each != int(each) for each in found):
        raise ValueError(f"{facts.symbol}: a limit has too many digits")
    return np.array([min(int(each), _MOST) for each in found], np.int64)


def _hundredths(limit: Any) -> Any:
    return -1 if limit is None else limit * 100


# --- what a gate remembers ------------------------------------------------------------------------------------------

_LAST, _BID, _ASK = 0, 1, 2
#: How many doubted prices there are, and their triples.
_DOUBTED, _DOUBTS = 3, 4
#: The minute bar of the true range, how many ranges there are, where the next goes, their sum, they themselves.
_MINUTE, _HIGH, _LOW, _CLOSE, _RANGE_COUNT, _RANGE_NEXT, _RANGE_SUM = range(10, 17)
_RANGE_LIST = 17
#: Prices between these need no comparison.
_BAND_LOW, _BAND_HIGH, _LEVELS = range(_RANGE_LIST + ATR_BARS, _RANGE_LIST + ATR_BARS + 3)
_GATE_SIZE = _LEVELS + 1


def new_gate() -> Integers:
    """A gate that heard nothing."""
    gate = np.zeros(_GATE_SIZE, np.int64)
    gate[[_LAST, _BID, _ASK]] = NULL
    gate[_MINUTE], gate[_BAND_LOW] = -1, 1
    return gate


@compiled
def _share(amount: int, part: int, whole: int) -> int:
    """``amount * part / whole``, rounded down; the most there is where that is more."""
    if part > 0 and amount // whole > _MOST // part - 1:
        return _MOST
    return int((amount // whole) * part + (amount % whole) * part // whole)


@compiled
def _limit(good: int, gate: Integers, limits: Integers) -> int:
    """How far from a good price another may be."""
    limit, own = _MOST, limits[_TICKS]
    if limits[_PERCENT] >= 0:
        limit = _share(abs(good), limits[_PERCENT], 10_000)
    if limits[_RANGES] >= 0 and gate[_RANGE_COUNT] == ATR_BARS:
        own = max(own, _share(gate[_RANGE_SUM], limits[_RANGES], 100 * ATR_BARS))
    if own >= 0:
        limit = min(limit, own)
    return int(max(limit, limits[_LEAST]))


@compiled
def _is_near(price: int, good: int, gate: Integers, limits: Integers) -> bool:
    return bool(price == NULL or good == NULL or abs(price - good) <= _limit(good, gate, limits))


@compiled
def _agree(last: int, bid: int, ask: int, at: int, gate: Integers, limits: Integers) -> bool:
    """Three prices and those that stand at ``at``."""
    return bool(
        _is_near(last, gate[at], gate, limits)
        and _is_near(bid, gate[at + 1], gate, limits)
        and _is_near(ask, gate[at + 2], gate, limits)
    )


@compiled
def _makes_level(last: int, bid: int, ask: int, gate: Integers, limits: Integers) -> bool:
    """This spike and those before it in a row agree, and are enough."""
    for number in range(gate[_DOUBTED]):
        if not _agree(last, bid, ask, _DOUBTS + 3 * number, gate, limits):
            gate[_DOUBTED] = 0
            break
    at = _DOUBTS + 3 * gate[_DOUBTED]
    gate[_DOUBTED] += 1
    if gate[_DOUBTED] >= AGREEING:
        return True
    gate[at], gate[at + 1], gate[at + 2] = last, bid, ask
    return False


@compiled
def _hear(last: int, at_us: int, gate: Integers) -> bool:
    """A good last, for the true range. True when a minute's bar was closed by it."""
    minute = at_us // MINUTE_US
    if minute <= gate[_MINUTE]:
        gate[_HIGH], gate[_LOW] = max(gate[_HIGH], last), min(gate[_LOW], last)
        gate[_CLOSE] = last
        return False
    is_first, before = gate[_MINUTE] < 0, gate[_CLOSE]
    if not is_first:
        at = _RANGE_LIST + gate[_RANGE_NEXT]
        if gate[_RANGE_COUNT] == ATR_BARS:
            gate[_RANGE_SUM] -= gate[at]
        else:
            gate[_RANGE_COUNT] += 1
        gate[at] = gate[_HIGH] - gate[_LOW]
        gate[_RANGE_SUM] += gate[at]
        gate[_RANGE_NEXT] = (gate[_RANGE_NEXT] + 1) % ATR_BARS
    gate[_HIGH] = last if is_first else max(before, last)
    gate[_LOW] = last if is_first else min(before, last)
    gate[_MINUTE], gate[_CLOSE] = minute, last
    return not is_first


@compiled
def _calm(around: int, gate: Integers, limits: Integers) -> None:
    """The band around a good price in which any two prices are near each other; empty where that cannot be said: at a
    third of the limit to each side the lower one's own limit is wide enough, as long as it is at most the price."""
    gate[_BAND_LOW], gate[_BAND_HIGH] = 1, 0
    if around == NULL or around <= 0 or limits[_PERCENT] > 10_000:
        return
    half = _limit(around, gate, limits) // 3
    if half >= around:
        return
    for at in range(3):
        if gate[at] != NULL and abs(gate[at] - around) > half:
            return
    gate[_BAND_LOW], gate[_BAND_HIGH] = around - half, around + half


@compiled
def _judge(last: int, bid: int, ask: int, at_us: int, gate: Integers, limits: Integers) -> bool:
    """Whether a tick is suspect; the prices of a good one are in force then."""
    plain = bid != NULL and ask != NULL and bid > ask
    for price in (last, bid, ask):
        if price != NULL and (price == 0 or (price < 0 and limits[_MAY_BE_NEGATIVE] == 0)):
            plain = True
    if plain:
        gate[_DOUBTED] = 0
    if not _agree(last, bid, ask, _LAST, gate, limits):
        if plain or not _makes_level(last, bid, ask, gate, limits):
            return True
        gate[_LEVELS] += 1
        gate[_LAST] = gate[_BID] = gate[_ASK] = NULL
    if plain:
        return True
    gate[_DOUBTED] = 0
    gate[_LAST] = gate[_LAST] if last == NULL else last
    gate[_BID] = gate[_BID] if bid == NULL else bid
    gate[_ASK] = gate[_ASK] if ask == NULL else ask
    if limits[_RANGES] >= 0 and last != NULL:
        _hear(last, at_us, gate)
    _calm(last if last != NULL else bid if bid != NULL else ask, gate, limits)
    return False


# --- bars -----------------------------------------------------------------------------------------------------------

#: Columns of a bar. ``SAID``: how many ticks said a volume. ``VALUE``: millionths times contracts, right where it fits
#: into 64 bits, which ``floats`` tells. ``SPREADS``: the sum of ``SIDED`` spreads.
START, OPEN, HIGH, LOW, CLOSE, VOLUME, SAID, VALUE, TICKS, BID, ASK, SPREADS, SIDED = range(13)
BAR_WIDTH = SIDED + 1

#: What is carried from part to part of a file: rows that are finished; where the interval at hand ends (0: none is);
#: the highest cumulative volume since the count began, the one said last, by which source; what counts as traded before
#: the first; how many were suspect; the time of the tick before; the place of the first tick that was before it, else
#: -1; before when a first count is only a base.
USED, EDGE, HIGHEST, HEARD, SOURCE, BASE, SUSPECT, NEWEST, DISORDER, OPENED = range(10)
_STATE_SIZE = OPENED + 1
#: Of ``BASE``: the first count is only what the next is compared with.
ONLY_BASE: Final = -1


def rows_of(state: Integers) -> int:
    """How many rows there are, with the one at hand."""
    return int(state[USED]) + (1 if state[EDGE] else 0)


class Ticks(NamedTuple):
    """Columns of a part of a file. Prices: pairs of which the first is the number. ``*_known``: 0 where null, empty
    where nothing is. ``is_trade``: the size was traded just then, empty where none is; ``sources``: whose volume it is,
    empty where all are the same."""

    ts: Integers
    last: Integers
    last_known: Bytes
    bid: Integers
    bid_known: Bytes
    ask: Integers
    ask_known: Bytes
    volume: Integers
    volume_known: Bytes
    size: Integers
    size_known: Bytes
    is_trade: Bytes
    sources: Codes


def new_state() -> Integers:
    """Of a file of which nothing was taken yet."""
    state = np.zeros(_STATE_SIZE, np.int64)
    state[[HEARD, SOURCE, DISORDER]] = -1
    state[NEWEST], state[BASE] = NULL, ONLY_BASE
    return state


@compiled
def _begin(row: int, start_us: int, rows: Integers, floats: Floats) -> None:
    for column in range(BAR_WIDTH):
        rows[row, column] = 0
    rows[row, START] = start_us
    rows[row, BID] = rows[row, ASK] = NULL
    floats[row] = 0.0


@compiled
def _traded(volume: int, source: int, at_us: int, state: Integers) -> int:
    """What was traded since the cumulative volume before, and what is said now is remembered."""
    if state[HEARD] < 0:
        is_base = state[BASE] < 0 or at_us < state[OPENED]
        traded = 0 if is_base else volume - (state[BASE] if volume >= state[BASE] else 0)
        state[HIGHEST] = volume
    elif volume >= state[HIGHEST]:
        traded = volume - state[HIGHEST]
        state[HIGHEST] = volume
    elif source == state[SOURCE] and volume < state[HEARD]:
        traded = state[HIGHEST] = volume
    else:
        traded = 0
    state[HEARD], state[SOURCE] = volume, source
    return int(traded)


@compiled
def take(
    ticks: Ticks,
    open_us: int,
    width_us: int,
    limits: Integers,
    gate: Integers,
    state: Integers,
    rows: Integers,
    floats: Floats,
    verdicts: Bytes,
) -> None:
    """Judge the ticks and put the good ones into bars.

    ``width_us``: of a bar, 0: all are of one that begins at ``open_us``, when the session opened. ``rows`` ([bars,
    BAR_WIDTH]) and ``floats`` must have room for a bar a tick, and one. ``verdicts`` gets 1 for a suspect tick, where
    it is not empty. An interval without a last has a row too, whose ``TICKS`` are 0: it is no bar, but longer ones
    may be made of it.
    """
    row, suspect = state[USED], 0
    for i in range(len(ticks.ts)):
        ts = ticks.ts[i]
        if ts < state[NEWEST] and state[DISORDER] < 0:
            state[DISORDER] = i
        state[NEWEST] = ts
        last = ticks.last[2 * i] if len(ticks.last_known) == 0 or ticks.last_known[i] else NULL
        bid = ticks.bid[2 * i] if len(ticks.bid_known) == 0 or ticks.bid_known[i] else NULL
        ask = ticks.ask[2 * i] if len(ticks.ask_known) == 0 or ticks.ask_known[i] else NULL
        low, high = gate[_BAND_LOW], gate[_BAND_HIGH]
        if (
            (last == NULL or low <= last <= high)
            and (bid == NULL or low <= bid <= high)
            and (ask == NULL or low <= ask <= high)
            and (bid == NULL or ask == NULL or bid <= ask)
        ):
            gate[_DOUBTED] = 0
            if last != NULL:
                gate[_LAST] = last
                if limits[_RANGES] >= 0 and _hear(last, ts, gate):
                    _calm(last, gate, limits)
            if bid != NULL:
                gate[_BID] = bid
            if ask != NULL:
                gate[_ASK] = ask
        elif _judge(last, bid, ask, ts, gate, limits):
            suspect += 1
            if len(verdicts) > 0:
                verdicts[i] = 1
            continue
        if ts >= state[EDGE]:
            if state[EDGE] != 0:
                row += 1
            start_us = open_us if width_us == 0 else ts - ts % width_us
            state[EDGE] = _MOST if width_us == 0 else start_us + width_us
            _begin(row, start_us, rows, floats)
        if bid != NULL:
            rows[row, BID] = bid
        if ask != NULL:
            rows[row, ASK] = ask
            if bid != NULL:
                rows[row, SPREADS] += ask - bid
                rows[row, SIDED] += 1
        if last == NULL:
            continue
        if rows[row, TICKS] == 0:
            rows[row, OPEN] = rows[row, HIGH] = rows[row, LOW] = last
        else:
            rows[row, HIGH] = max(rows[row, HIGH], last)
            rows[row, LOW] = min(rows[row, LOW], last)
        rows[row, CLOSE] = last
        rows[row, TICKS] += 1
        if len(ticks.volume_known) == 0 or ticks.volume_known[i]:
            source = ticks.sources[i] if len(ticks.sources) > 0 else 0
            traded = _traded(ticks.volume[i], source, ts, state)
        elif len(ticks.is_trade) > 0 and ticks.is_trade[i]:
            traded = ticks.size[i] if len(ticks.size_known) == 0 or ticks.size_known[i] else 0
        else:
            continue
        rows[row, SAID] += 1
        rows[row, VOLUME] += traded
        rows[row, VALUE] += last * traded
        floats[row] += float(last) * float(traded)
    state[USED] = row
    state[SUSPECT] += suspect


@compiled
def fold(count: int, open_us: int, width_us: int, rows: Integers, floats: Floats) -> int:
    """Make longer rows of the first ``count``, in place. Returns how many there are."""
    used = 0
    for i in range(count):
        start_us = open_us if width_us == 0 else rows[i, START] - rows[i, START] % width_us
        if used > 0 and rows[used - 1, START] == start_us:
            _add(used - 1, i, rows, floats)
        else:
            for column in range(BAR_WIDTH):
                rows[used, column] = rows[i, column]
            rows[used, START] = start_us
            floats[used] = floats[i]
            used += 1
    return used


@compiled
def _add(to: int, of: int, rows: Integers, floats: Floats) -> None:
    """A later row to one before it."""
    if rows[of, TICKS] > 0:
        is_first = rows[to, TICKS] == 0
        if is_first:
            rows[to, OPEN] = rows[of, OPEN]
        rows[to, HIGH] = rows[of, HIGH] if is_first else max(rows[to, HIGH], rows[of, HIGH])
        rows[to, LOW] = rows[of, LOW] if is_first else min(rows[to, LOW], rows[of, LOW])
        rows[to, CLOSE] = rows[of, CLOSE]
    if rows[of, BID] != NULL:
        rows[to, BID] = rows[of, BID]
    if rows[of, ASK] != NULL:
        rows[to, ASK] = rows[of, ASK]
    for column in (VOLUME, SAID, VALUE, TICKS, SPREADS, SIDED):
        rows[to, column] += rows[of, column]
    floats[to] += floats[of]
