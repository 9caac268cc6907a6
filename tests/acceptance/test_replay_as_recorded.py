"""A recorded day of a real exchange through the whole running stack, at its own times, row for row."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.in_process import heard_in_process, left_by_replay
from tests.replay_support import made_site

#: What the world did on 26 December 2023, a holiday for half of it: (market, kind, UTC).
WANTED = [
    ("CME_Futures", "OPEN", "25 23:00"), ("Japan", "OPEN", "26 00:00"), ("China", "OPEN", "26 01:30"),
    ("India", "OPEN", "26 03:45"), ("Japan", "CLOSE", "26 06:00"), ("China", "CLOSE", "26 07:00"),
    ("India", "CLOSE", "26 10:00"), ("Pre_USA", "OPEN", "26 13:30"), ("Mexico", "OPEN", "26 14:30"),
    ("Pre_USA", "CLOSE", "26 14:30"), ("USA", "OPEN", "26 14:30"), ("Mexico", "CLOSE", "26 21:00"),
    ("USA", "CLOSE", "26 21:00"), ("CME_Futures", "CLOSE", "26 22:00"),
]  # fmt: skip


def test_a_recorded_holiday_at_its_own_times(
    shared_data: Path, database_url: str, valkey_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = shared_data / "ticks" / "esh24_l1_20231225.parquet"
    with made_site(database_url, valkey_url, tmp_path_factory.mktemp("home"), first_year=2023) as site:
        before = site.live_things()
        said = site.replay("--file", path, "--as-recorded", "--speed", "max").stdout
        assert said.startswith("replay_20231226: 28,412 of 28,412 rows read, 28,412 published, 0 repeated, 0 refused;")
        assert site.live_things() == before
        left = site.left("replay_20231226")

    ticks = sorted(left["ticks"], key=lambda tick: tick[3])
    file = pl.read_parquet(path)
    assert [tick[3] for tick in ticks] == [*range(28_412)]
    assert [tick[1] for tick in ticks] == file["ts"].dt.truncate("1us").to_list()
    for column, place in {"last": 4, "bid": 5, "ask": 6}.items():
        stated = ((said, tick[place]) for said, tick in zip(file[column], ticks, strict=True) if said is not None)
        assert [(said, held) for said, held in stated if Decimal(str(said)) != held] == []
    assert {(tick[2], str(tick[13])) for tick in ticks} == {("REPLAY", "2023-12-26")}

    told = sorted((at, market, kind) for market, kind, at, *_ in left["transitions"])
    assert [(market, kind, f"{at:%d %H:%M}") for at, market, kind in told] == WANTED
    times = [tick[1] for tick in ticks]
    for _, _, at, _, told_at, _, heard, _ in left["transitions"]:
        assert (told_at, heard) == (at, max(ts for ts in times if ts <= at))
    assert {status for _, _, status, _ in left["jobs"]} == {"succeeded"}
    # The whole session, from its open to its close, is what the snapshot of the futures' open sums up.
    (session,) = (row for row in left["snapshots"] if row[0] == "CME_Futures")
    assert session[5] == sum(session[2] < ts <= session[4] for ts in times) > 28_000


def test_a_recorded_day_comes_to_the_same_rows_in_one_process(
    shared_data: Path, database_url: str, valkey_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Stocks and two futures of 8 October 2013; the stack at full speed, with commits, against the desk by itself."""
    path = shared_data / "ticks" / "snapshots_20131008.parquet"
    with made_site(database_url, valkey_url, tmp_path_factory.mktemp("home"), first_year=2013) as site:
        site.replay("--file", path, "--symbols", "ES,GC", "--as-recorded", "--speed", "max", "--into", "day")
        left, state = left_by_replay(site.left("day")), site.state("day")
        heard = heard_in_process(site, path, int(state["from_us"]), int(state["until_us"]), "ES", "GC")
    assert heard == left
    file = pl.read_parquet(path).filter(pl.col("symbol").is_in(["ES", "GC"]))
    assert sum(int(row[2]) + int(row[3]) for row in left["QuoteQuality"]) == file.height
    assert all(left[kind] for kind in ("VwapMinute", "IntradayMetric", "DailyRange", "Rolling52WeekStats"))
