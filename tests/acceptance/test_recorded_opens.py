"""The opens of a real exchange's day, with companions for what it did not record, through the whole running stack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.faults import opens
from tests.in_process import heard_in_process, left_by_replay
from tests.replay_support import SESSION_COLUMNS, Site, made_site
from tests.support import CHECKOUT
from thor.markets.trade_date import epoch_us

#: Nine of eleven are companions: what the exchange's day says of ES and GC has no baseline.
WITHOUT = {"ES", "GC"}
#: Until that autumn VX traded from 7:00 Chicago on.
WITHOUT_VX = ("Germany", "Netherlands", "United Kingdom")
MARKETS = ("Germany", "Netherlands", "United Kingdom", "Pre_USA", "USA")
Row = dict[str, Any]


@pytest.fixture(scope="module")
def day(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> opens.Day:
    del shared_data
    return opens.real_day(tmp_path_factory.mktemp("day"), 4.0, 9)


@pytest.fixture(scope="module")
def site(database_url: str, valkey_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with made_site(database_url, valkey_url, tmp_path_factory.mktemp("home"), first_year=2013) as found:
        yield found


@pytest.fixture(scope="module")
def left(site: Site, day: opens.Day) -> dict[str, list[tuple[Any, ...]]]:
    site.replay(*opens.words(day, "max", "day"))
    return site.left("day")


@pytest.fixture(scope="module")
def rows(left: dict[str, list[tuple[Any, ...]]]) -> list[Row]:
    return [dict(zip(("session_number", *SESSION_COLUMNS), row, strict=False)) for row in left["sessions"]]


def test_every_open_of_the_day_is_captured_and_every_trade_decided(rows: list[Row]) -> None:
    assert Counter(row["country"] for row in rows) == dict.fromkeys(MARKETS, 12)
    assert {str(row["trade_date"]) for row in rows} == {"2013-10-08"}
    left_out = {(row["country"], row["symbol"], row["reason"]) for row in rows if row["bhs"] is None}
    unknown = {(country, symbol, "no baseline") for country in MARKETS for symbol in WITHOUT}
    assert left_out == unknown | {(country, "VX", "closed") for country in WITHOUT_VX}
    counts = {row["country"]: row["instrument_count"] for row in rows if row["symbol"] == "TOTAL"}
    assert counts == {country: 8 if country in WITHOUT_VX else 9 for country in MARKETS}
    assert all(row["last_price"] for row in rows if row["symbol"] != "TOTAL")
    assert "PENDING" not in {row["wndw"] for row in rows}


def test_every_trade_ended_as_another_program_says(rows: list[Row], day: opens.Day) -> None:
    """``tests/answers/grading.sql`` over the files' own quotes of the instruments that enter."""
    entered = [row for row in rows if row["entry_side"]]
    by_open = {(row["country"], row["symbol"]): row for row in rows}
    trades = []
    for number, row in enumerate(entered):
        seen = by_open[row["country"], row["traded_symbol"]]
        prices = [int(seen[name].scaleb(6)) for name in ("bid_price", "ask_price")]
        times = [epoch_us(row[name]) for name in ("captured_at", "window_ends_at")]
        trades.append((number, row["traded_symbol"], row["entry_side"], *prices, epoch_us(seen["quote_ts"]), *times))
    found = _by_sql(day.files[-1], trades)
    assert len(entered) > 10
    for row, (_, entry, target, stop, outcome, at_us, cents, quality, seen, price, mark, _) in zip(
        entered, found, strict=True
    ):  # fmt: skip
        own = [row[name] for name in ("entry_price", "target_high", "target_low", "pnl_usd", "resolution_price")]
        high, low = max(target, stop), min(target, stop)
        assert own == [_points(entry), _points(high), _points(low), _usd(cents), _points(price)]
        assert (row["wndw"], epoch_us(row["resolved_at"]), row["resolution_quality"]) == (outcome, at_us, quality)
        assert (row["observations"], row["mark_to_market_usd"]) == (seen, _usd(mark))
    assert {row["wndw"] for row in entered} >= {"WORKED", "DIDNT_WORK"}


def _by_sql(path: Path, trades: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    database = duckdb.connect()
    database.execute(
        "CREATE TABLE quotes AS SELECT symbol AS walk, row_number() OVER () AS n, epoch_us(ts::TIMESTAMPTZ) AS ts_us,"
        " (bid * 1000000)::BIGINT AS bid, (ask * 1000000)::BIGINT AS ask, (last * 1000000)::BIGINT AS last"
        f" FROM read_parquet('{path}')"
    )
    database.execute(
        "CREATE TABLE trades (id INT, symbol TEXT, side TEXT, bid BIGINT, ask BIGINT, seen_us BIGINT,"
        " start_us BIGINT, until_us BIGINT, walk TEXT AS (symbol))"
    )
    database.executemany("INSERT INTO trades VALUES (?, ?, ?, ?, ?, ?, ?, ?)", trades)
    return database.execute((CHECKOUT / "tests" / "answers" / "grading.sql").read_text(encoding="utf-8")).fetchall()


def _points(millionths: int | None) -> Decimal | None:
    return None if millionths is None else Decimal(millionths).scaleb(-6)


def _usd(cents: int | None) -> Decimal | None:
    return None if cents is None else Decimal(cents).scaleb(-2)


def test_one_process_comes_to_the_same_opens(
    site: Site, day: opens.Day, left: dict[str, list[tuple[Any, ...]]]
) -> None:
    state = site.state("day")
    heard = heard_in_process(site, day.files, int(state["from_us"]), int(state["until_us"]), *opens.COMPANIONS)
    found = left_by_replay(left)
    assert {kind: heard[kind] == found[kind] for kind in found} == dict.fromkeys(found, True)
