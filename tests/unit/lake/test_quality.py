"""The quality of a day: open hours, gaps, and DuckDB's counts against those of a slow twin and against known ones."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.lake.quality_twin import Row, counted, silences
from thor.instruments.instrument import BY_SYMBOL
from thor.lake import columns
from thor.lake.layout import ticks_part
from thor.lake.quality import Piece, gaps_of, open_pieces
from thor.lake.quality_report import Context, measure
from thor.lake.store import LocalStore
from thor.markets.calendar import Calendar, Interval, IntervalPhase
from thor.markets.trade_date import Span, epoch_us
from thor.quotes.quote import format_ts

DAY = date(2025, 10, 9)
START = datetime(2025, 10, 8, 22, tzinfo=UTC)
KEY = ticks_part(DAY, "ES").key
SECOND = 1_000_000


def tick(seconds: float, last: Any = "6700", number: int = 0, **more: Any) -> Row:
    given = {"symbol": "ES", "ts": START + timedelta(seconds=seconds), "source": "TOS", "seq": number,
             "last": None if last is None else Decimal(last)}  # fmt: skip
    row = dict.fromkeys(columns.TICKS.names) | given | more
    for name in ("bid", "ask"):
        row[name] = None if row[name] is None else Decimal(row[name])
    return row


def store_of(folder: Path, rows: list[Row]) -> LocalStore:
    store = LocalStore(folder / "lake")
    with store.aside() as path:
        pq.write_table(pa.Table.from_pylist(rows, schema=columns.TICKS), path)
        store.publish(path, KEY)
    return store


def measured(folder: Path, rows: list[Row], pieces: list[Piece] | None = None, symbol: str = "ES") -> dict[str, Any]:
    return measure(store_of(folder, rows), KEY, Context(BY_SYMBOL[symbol], pieces or [], 60.0))


def at(seconds: float) -> int:
    return epoch_us(START + timedelta(seconds=seconds))


# --- open hours and gaps ----------------------------------------------------------------------------------------------


def calendar() -> Calendar:
    """An hour, a break of ten minutes, half an hour, maintenance."""
    phases = [("regular", 0, 3600), ("break", 3600, 4200), ("regular", 4200, 6000), ("maintenance", 6000, 7200)]
    intervals = [Interval(DAY, IntervalPhase(phase), at(start), at(end)) for phase, start, end in phases]
    return Calendar("g", "UTC", intervals, {}, at(-86_400), at(86_400))


SPAN = Span(DAY, at(0), at(86_000))


def test_breaks_and_maintenance_are_no_open_hours() -> None:
    assert open_pieces(SPAN, DAY, calendar(), at(90_000)) == [Piece(at(0), at(3600)), Piece(at(4200), at(6000))]
    assert open_pieces(SPAN, DAY, calendar(), at(1800)) == [Piece(at(0), at(1800))]
    assert open_pieces(SPAN, DAY, None, at(90_000)) == []
    assert open_pieces(Span(DAY, at(-200_000), at(-190_000)), DAY, calendar(), at(0)) == []


def test_gaps_are_within_open_hours_and_longer_than_the_limit(tmp_path: Path) -> None:
    pieces = [Piece(at(0), at(3600)), Piece(at(4200), at(6000))]
    every_minute = [*range(0, 1200, 60), *range(1500, 3600, 60), *range(4260, 5900, 60)]
    rows = [tick(seconds, number=n) for n, seconds in enumerate([*every_minute, 7000])]
    found = measured(tmp_path, rows, pieces)
    # 1140 to 1500, and of the last 75 s none was heard but after the close; 4200 to 4260 is just the limit.
    assert found["gap_list"] == [
        [format_ts(at(1140)), format_ts(at(1500))], [format_ts(at(5880)), format_ts(at(6000))]
    ]  # fmt: skip
    assert (found["gaps"], found["longest_gap_seconds"]) == (2, 360)
    assert (found["open_seconds"], found["covered_seconds"]) == (5400, 5400 - 360 - 120)


def test_a_market_without_a_tick_is_one_gap_a_piece(tmp_path: Path) -> None:
    found = measured(tmp_path, [], [Piece(at(0), at(3600)), Piece(at(4200), at(6000))])
    assert (found["gaps"], found["covered_seconds"], found["first_at"], found["ticks"]) == (2, 0, None, 0)


def test_the_longest_gaps_are_kept_by_time() -> None:
    gaps = gaps_of([(n * 1000, n * 1000 + n) for n in range(1, 100)])
    assert (gaps.number, gaps.longest_us, gaps.total_us) == (99, 99, sum(range(1, 100)))
    assert gaps.listed == [(n * 1000, n * 1000 + n) for n in range(50, 100)]


# --- counts -----------------------------------------------------------------------------------------------------------


def test_a_made_day_with_known_faults(tmp_path: Path) -> None:
    steady = [tick(60 * n + 30 * half, "6700.25" if half else "6700", 2 * n + half, bid="6699.75", ask="6700.5")
              for n in range(20) for half in (0, 1)]  # fmt: skip
    faults = [
        tick(1201, "6703", 50),  # 3 points: more than ten ranges of a quarter point
        tick(1202, "6700", 51),  # and back
        tick(1203, "6702.25", 52),  # 2.25 points: nine ticks are no spike
        tick(1204, "6702.25", 53, bid="6703", ask="6702"),
        tick(1205, "6702.25", 54, ask="0"),
        tick(1206, "-1", 55),
        tick(1207, "6702.25", 56, stream_id="9-0"),
        tick(1208, "6702.25", 57, stream_id="10-0"),
        tick(1209, "6702.25", 58, stream_id="9-1", source="REPLAY"),
        tick(1209, "6702.25", 59, stream_id="11-0", extra='{"recv": "a", "meta": {"x": 1}}'),
        tick(1209, "6702.25", 60, stream_id="12-0", extra='{"recv": "b", "meta": {"x": 1}}'),
        tick(1209, "6702.25", 61, stream_id="13-0", extra='{"recv": "b", "meta": {"x": 2}}'),
    ]
    found = measured(tmp_path, [*steady, *faults])
    expected = {"ticks": 52, "crossed": 1, "zero": 1, "negative": 1, "spikes": 2, "duplicates": 1, "out_of_order": 1}
    assert {name: found[name] for name in expected} == expected
    assert found["sources"] == {"REPLAY": 1, "TOS": 51}
    assert (found["first_at"], found["last_at"]) == (START, START + timedelta(seconds=1209))


def test_each_contract_has_ranges_of_its_own(tmp_path: Path) -> None:
    rows = [tick(60 * n + 30 * far, 6800 if far else 6700, 2 * n + far, contract="ESH26" if far else "ESZ25")
            for n in range(20) for far in (0, 1)]  # fmt: skip
    assert measured(tmp_path, rows)["spikes"] == 0


def test_oil_may_be_below_zero(tmp_path: Path) -> None:
    assert measured(tmp_path, [tick(0, "-37.63")], symbol="CL")["negative"] == 0


@pytest.mark.parametrize("seed", range(4))
def test_counts_are_those_of_the_slow_twin(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    seconds, rows = 0.0, []
    for number in range(800):
        seconds += rng.choice((0, 0, 0.5, 7, 20, 90))
        price = 6700 + Decimal(rng.randint(-4, 4)) / 4 + rng.choice([0] * 30 + [40, -6800, -6700])
        rows.append(
            tick(seconds, rng.choice((price, price, None)), number, bid=rng.choice((None, 6699, 6702, 0)),
                 ask=rng.choice((None, 6700, 6701)), contract=rng.choice((None, "ESZ25", "ESH26")),
                 source=rng.choice(("TOS", "REPLAY")), stream_id=rng.choice((None, f"{rng.randint(1, 999)}-{number}")),
                 extra=rng.choice((None, json.dumps({"meta": {"a": rng.randint(1, 2)}, "recv": str(number)}))))
        )  # fmt: skip
    pieces = [Piece(at(0), at(3600)), Piece(at(4200), at(9000))]
    found = measured(tmp_path, rows, pieces)
    expected = counted(rows, BY_SYMBOL["ES"].tick_size, may_be_negative=False)
    assert {name: found[name] for name in expected} == expected
    assert expected["spikes"] > 0 < expected["out_of_order"]
    gaps = silences(rows, pieces, 60 * SECOND)
    assert (found["gaps"], found["covered_seconds"]) == (len(gaps), 8400 - sum(b - a for a, b in gaps) / 1e6)
