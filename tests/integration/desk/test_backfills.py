"""What a desk left, made anew of the stored ticks: VWAP, intraday metrics, ranges; the 52 weeks seeded, and held
against the days."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from tests.desk_support import ALPHA, BEGIN_US, MINUTE_US
from tests.integration.desk.conftest import DeskBench
from tests.replay_support import Site, expected_ticks, made_site, make_recording, with_calendars
from tests.support import CHECKOUT, create_database, wait_until
from tests.warm import WarmThor, warm_thor

DAY, NAME = "2025-10-10", "ranges"
METRICS = "SELECT * FROM {n}.indicators_intradaymetric ORDER BY market, trade_date, symbol"
RANGES = "SELECT symbol, high, low, last FROM {n}.indicators_dailyrange WHERE trade_date = '2025-10-10' ORDER BY symbol"
MINUTES = (
    "SELECT symbol, minute, delta_volume, vwap, is_restart FROM {n}.indicators_vwapminute"
    " WHERE trade_date = '2025-10-10'"
)
SYMBOLS = ["CL", "ES", "ZB"]
MARKETS = ["CME_Futures", "Canada", "China", "Germany", "India", "Japan", "Mexico", "Netherlands", "Pre_USA", "USA"]
#: Every market of the day but the United Kingdom's, whose name sorts behind.
COUNT = (len(MARKETS) + 1) * 3


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_recording(tmp_path_factory.mktemp("recording") / "day.parquet")


@pytest.fixture(scope="module")
def site(
    database_url: str, valkey_url: str, recording: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A Thor in whose namespace a recording was played by the whole stack."""
    with made_site(database_url, valkey_url, tmp_path_factory.mktemp("home")) as found:
        found.replay("--file", recording, "--as-recorded", "--speed", "max", "--into", NAME)
        yield found


@pytest.fixture(scope="module")
def warm(site: Site) -> Iterator[WarmThor]:
    """Commands in the namespace's schema."""
    url = site.environ["DATABASE_URL"].replace("search_path%3Dpublic", f"search_path%3D{NAME}")
    with warm_thor(site.environ | {"DATABASE_URL": url, "THOR_NAMESPACE": NAME}) as found:
        yield found


# --- metrics and ranges ----------------------------------------------------------------------------------------------


def test_the_ticks_give_the_metrics_that_the_desk_left(site: Site, warm: WarmThor) -> None:
    before = site.rows(NAME, METRICS)
    assert len(before) == COUNT
    said = warm.run("backfill_intraday", "--date", DAY, "--dry-run").stdout
    assert f"metrics: 0 new, 0 changed, {COUNT} equal; ranges: 0 new, 0 changed, 3 equal\n" in said
    assert "nothing was written" in said
    assert site.rows(NAME, METRICS) == before


def test_metrics_that_are_wrong_are_mended_and_a_second_time_changes_nothing(site: Site, warm: WarmThor) -> None:
    before, ranges = site.rows(NAME, METRICS), site.rows(NAME, RANGES)
    site.database.execute(f"DELETE FROM {NAME}.indicators_dailyrange WHERE symbol = 'ES'")
    site.database.execute(f"UPDATE {NAME}.indicators_intradaymetric SET market_close = 1 WHERE market = 'USA'")
    said = warm.run("backfill_intraday", "--date", DAY, "--symbols", "ES").stdout
    assert f"metrics: 0 new, 1 changed, {COUNT // 3 - 1} equal; ranges: 1 new, 0 changed, 0 equal\n" in said
    said = warm.run("backfill_intraday", "--date", DAY).stdout
    assert f"metrics: 0 new, 2 changed, {COUNT - 2} equal; ranges: 0 new, 0 changed, 3 equal\n" in said
    assert (site.rows(NAME, METRICS), site.rows(NAME, RANGES)) == (before, ranges)


def test_a_date_without_ticks_is_one_line(warm: WarmThor) -> None:
    done = warm.run("backfill_intraday", "--date", "2025-10-13", check=False)
    assert (done.returncode, "no tick of 2025-10-13 is stored as asked" in done.stderr) == (2, True)


def test_a_replays_job_does_nothing_and_says_so(site: Site) -> None:
    jobs = "SELECT status FROM {n}.procrastinate_jobs WHERE task_name = 'recompute_52w'"
    assert site.rows(NAME, jobs) == [("succeeded",)]
    assert site.rows(NAME, "SELECT count(*) FROM {n}.indicators_extremesseed") == [(0,)]


def test_the_52_weeks_are_recomputed_from_days_and_a_file(site: Site, warm: WarmThor, tmp_path: Path) -> None:
    bars = tmp_path / "bars.csv"
    bars.write_text("symbol,date,high,low\nES,2025-03-03,6000.25,4000\nES,2020-01-06,9000,3000\n")
    words = ("recompute_52w", "--as-of", DAY, "--file", str(bars))
    said = warm.run(*words).stdout
    assert "  high: " in said and "-> 6000.25 (2025-03-03)" in said and "-> 9000 (2020-01-06)" in said
    assert said.endswith("1 to be changed: --apply tells the desk\n")
    assert warm.run(*words, "--apply").stdout.endswith("1 told to the desk\n")
    found = site.rows(NAME, "SELECT symbol, high_52w, low_52w, all_time_high, origin FROM {n}.indicators_extremesseed")
    assert found == [("ES", Decimal("6000.25"), Decimal(4000), Decimal(9000), "import")]
    assert "nothing is to be changed" in warm.run("recompute_52w", "--as-of", DAY).stdout


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--symbols", "ES,XX"], "No instrument of this Thor: XX."),
        (["--as-of", "10.10.2025"], "'10.10.2025': wanted a trade date such as 2025-10-09"),
        (["--symbols", ","], "',': wanted symbols such as ES,YM"),
        (["--file", "/none.csv"], "/none.csv is not there."),
    ],
)
def test_a_wrong_call_of_recompute_52w_is_one_line(warm: WarmThor, words: list[str], complaint: str) -> None:
    done = warm.run("recompute_52w", *words, check=False)
    assert done.returncode == 2
    assert complaint in done.stderr.splitlines()[-1]


# --- VWAP ------------------------------------------------------------------------------------------------------------


def test_the_ticks_give_the_minutes_that_the_desk_left(site: Site, warm: WarmThor) -> None:
    before = sorted(site.rows(NAME, MINUTES))
    assert len(before) > 500
    assert any(restart for *_, restart in before)
    said = warm.run("backfill_vwap", "--date", DAY, "--dry-run").stdout
    assert f"minutes: 0 new, 0 changed, {len(before):,} equal\n" in said
    assert "nothing was written" in said
    assert sorted(site.rows(NAME, MINUTES)) == before


def test_minutes_that_are_wrong_are_mended_and_a_second_time_changes_nothing(site: Site, warm: WarmThor) -> None:
    before = sorted(site.rows(NAME, MINUTES))
    one, other, third, *_ = [(symbol, minute) for symbol, minute, *_ in before if symbol == "CL"]
    where = " WHERE symbol = %s AND minute = %s"
    table = f"{NAME}.indicators_vwapminute"
    with site.database.transaction():
        site.database.execute(f"DELETE FROM {table}{where}", one)
        site.database.execute(f"UPDATE {table} SET vwap = 1{where}", other)
        site.database.execute(f"UPDATE {table} SET minute = minute + interval '1 second'{where}", third)
    said = warm.run("backfill_vwap", "--date", DAY, "--symbols", "ES").stdout
    assert "minutes: 0 new, 0 changed, " in said and "do not give" not in said
    said = warm.run("backfill_vwap", "--date", DAY, "--symbols", "CL,es").stdout
    assert "minutes: 2 new, 1 changed, " in said and said.endswith(", 1 that the ticks do not give\n")
    assert sorted(site.rows(NAME, MINUTES)) == before
    assert f"minutes: 0 new, 0 changed, {len(before):,} equal\n" in warm.run("backfill_vwap", "--date", DAY).stdout


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--date", "2025-10-11"], "2025-10-11 is no trade date: no session belongs to it."),
        (["--date", "2025-10-13"], "no tick of 2025-10-13 is stored as asked"),
        (["--date", "2199-12-30"], "2199-12-30 is not over: the desk still writes its rows."),
        (["--date", DAY, "--symbols", "ES,XX"], "no such instrument: XX. Choose others with --symbols."),
        (["--date", "10.10.2025"], "'10.10.2025': wanted a trade date such as 2025-10-09"),
        (["--date", DAY, "--symbols", ","], "',': wanted symbols such as ES,YM"),
        ([], "--date"),
    ],
)
def test_a_wrong_call_of_backfill_vwap_is_one_line(warm: WarmThor, words: list[str], complaint: str) -> None:
    done = warm.run("backfill_vwap", *words, check=False)
    assert done.returncode == 2
    assert complaint in done.stderr.splitlines()[-1]


# --- all of a session, of a recording, where no desk was ------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def url(database_url: str, valkey_url: str) -> str:
    return create_database(database_url, "session_backfill", with_calendars(database_url, valkey_url, 2025))


@pytest.fixture(scope="module")
def environ(url: str, valkey_url: str, home: Path) -> dict[str, str]:
    addresses = {"DATABASE_URL": url, "REDIS_URL": valkey_url, "THOR_HOME": str(home), "THOR_NAMESPACE": ""}
    return {**os.environ, **addresses}


@pytest.fixture(scope="module")
def live(environ: dict[str, str]) -> Iterator[WarmThor]:
    with warm_thor(environ) as found:
        yield found


@pytest.fixture(scope="module")
def stored(url: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def said(live: WarmThor, recording: Path, home: Path) -> str:
    empty = live.run("backfill_session", "--date", DAY, check=False)
    assert (empty.returncode, "no tick of 2025-10-10 is stored as asked" in empty.stderr) == (2, True)
    assert not (home / "data").exists()
    return live.run("backfill_session", "--date", DAY, "--file", str(recording)).stdout


def lake(home: Path, query: str) -> list[tuple[Any, ...]]:
    """By another program than Thor's: DuckDB over the files."""
    return duckdb.sql(query.replace("{data}", str(home / "data"))).fetchall()


def test_the_lake_has_what_postgresql_has(
    said: str, home: Path, stored: psycopg.Connection[tuple[Any, ...]], recording: Path
) -> None:
    assert "3,000 stored, 0 already there, 0 refused" in said
    sums = "count(*), sum(last), sum(bid), sum(ask), sum(volume), sum(seq), min(ts), max(ts)"
    wanted = stored.execute(
        f"SELECT symbol, {sums} FROM ticks WHERE trade_date = '{DAY}' GROUP BY symbol ORDER BY symbol"
    ).fetchall()
    found = lake(
        home,
        f"SELECT symbol, {sums} FROM read_parquet('{{data}}/ticks/date={DAY}/symbol=*/ticks.parquet')"
        " GROUP BY 1 ORDER BY 1",
    )
    assert [row[0] for row in found] == SYMBOLS and found == wanted
    assert sum(row[1] for row in found) == sum(
        f"{ts:%Y-%m-%dT%H}" >= "2025-10-09T22" for _, ts, *_ in expected_ticks(recording)
    )


def test_bars_quality_metrics_and_minutes_are_there(
    said: str, home: Path, stored: psycopg.Connection[tuple[Any, ...]]
) -> None:
    bars = f"read_parquet('{{data}}/bars/date={DAY}/symbol=*/bars_*.parquet')"
    frames = lake(home, f"SELECT timeframe, sum(tick_count), sum(volume) FROM {bars} GROUP BY 1 ORDER BY 1")
    assert [row[0] for row in frames] == ["15m", "1d", "1h", "1m", "1s", "5m", "5s"]
    assert len({row[1:] for row in frames}) == 1
    judged = stored.execute("SELECT symbol, crossed > 0, spikes > 0 FROM lake_qualityday ORDER BY symbol").fetchall()
    assert judged == [(symbol, True, True) for symbol in SYMBOLS]
    for table in ("indicators_intradaymetric", "indicators_dailyrange", "indicators_vwapminute"):
        (count,) = stored.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
        assert count, table
    assert "metrics: " in said and "VWAP minutes: " in said


def test_a_second_time_nothing_is_done_and_a_look_writes_nothing(said: str, live: WarmThor, home: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (home / "data").rglob("*.parquet")}
    looked = live.run("backfill_session", "--date", DAY, "--dry-run").stdout
    assert " 0 new, 0 changed" in looked and "nothing was written" in looked
    again = live.run("backfill_session", "--date", DAY).stdout
    assert "3 up to date" in again and " 0 new, 0 changed" in again
    assert {path: path.stat().st_mtime_ns for path in (home / "data").rglob("*.parquet")} == before


def test_the_52_weeks_know_the_lakes_days(
    said: str, live: WarmThor, stored: psycopg.Connection[tuple[Any, ...]]
) -> None:
    ranges = stored.execute("DELETE FROM indicators_dailyrange RETURNING symbol, high, low").fetchall()
    assert "ES: no day is known" in live.run("recompute_52w", "--as-of", DAY, "--symbols", "ES").stdout
    found = live.run("recompute_52w", "--as-of", DAY, "--lake").stdout
    for symbol, high, low in ranges:
        assert f"{symbol}: 1 days" in found
        assert f"  high: none -> {high.normalize():f} ({DAY})" in found and f"-> {low.normalize():f} ({DAY})" in found


ASK = """
from datetime import date
from thor.desk.lake_runs import RunKind, Wish, ask
print(ask(Wish(RunKind.{kind}, date(2025, 10, 10), date(2025, 10, 10)), "somebody").pk)
"""


def test_a_job_carries_a_run_out_in_a_process_of_its_own(
    said: str, live: WarmThor, environ: dict[str, str], stored: psycopg.Connection[tuple[Any, ...]]
) -> None:
    def asked(kind: str) -> int:
        return int(live.run("shell", "--no-imports", "-v", "0", "-c", ASK.format(kind=kind)).stdout)

    def ended() -> bool:
        jobs = stored.execute("SELECT status FROM procrastinate_jobs WHERE task_name = 'lake_run'").fetchall()
        return jobs == [("succeeded",), ("succeeded",)]

    runs = [asked("SESSION"), asked("VERIFY")]
    with subprocess.Popen([sys.executable, "-m", "thor", "jobs"], env=environ, cwd=CHECKOUT) as worker:
        try:
            wait_until(ended, 60)
        finally:
            worker.terminate()
    notes = "SELECT status, note FROM lake_lakerun WHERE id = ANY(%s) ORDER BY id"
    (done, session), (also, verified) = stored.execute(notes, [runs]).fetchall()
    assert (done, also, "3 up to date" in session, "24 files" in verified) == ("done", "done", True, True)


# --- seeds, at a desk -------------------------------------------------------------------------------------------------


def test_the_desk_takes_up_a_seed_once_and_prices_extend_it(desk_bench: DeskBench) -> None:
    from thor.indicators.models import DailyRange, ExtremesSeed, Rolling52WeekStats
    from thor.instruments.services import seed_instruments
    from thor.markets.models import Market

    seed_instruments()
    Market.objects.filter(country=ALPHA).update(is_control_market=True)
    ExtremesSeed.objects.create(symbol="ES", high_52w=200, low_52w=Decimal("50.25"), low_52w_date=date(2025, 5, 5))
    desk_bench.record()
    desk_bench.play(BEGIN_US + MINUTE_US, ("ES", BEGIN_US + 5), ("ES", BEGIN_US + 6))
    desk_bench.worker().drain()
    row = Rolling52WeekStats.objects.get(symbol="ES")
    assert (row.high_52w, row.high_52w_date, row.low_52w, row.low_52w_date) == (
        200, None, Decimal("50.25"), date(2025, 5, 5),
    )  # fmt: skip
    assert DailyRange.objects.get(symbol="ES").last == 102 and row.last_price_checked == 101
    ExtremesSeed.objects.create(symbol="ES", high_52w=101, low_52w=100)
    desk_bench.play(BEGIN_US + 2 * MINUTE_US, ("ES", BEGIN_US + MINUTE_US + 5))
    desk_bench.worker().drain()
    row.refresh_from_db()
    assert (row.high_52w, row.low_52w, row.all_time_high) == (103, 100, 200)
