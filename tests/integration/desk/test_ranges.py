"""Intraday metrics, ranges and the 52 weeks on real tables: made anew of ticks, seeded, held against the days."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.desk_support import ALPHA, BEGIN_US, MINUTE_US
from tests.integration.desk.conftest import DeskBench
from tests.replay_support import Site, made_site, make_recording
from tests.support import run_thor

DAY, NAME = "2025-10-10", "ranges"
METRICS = "SELECT * FROM {n}.indicators_intradaymetric ORDER BY market, trade_date, symbol"
RANGES = "SELECT symbol, high, low, last FROM {n}.indicators_dailyrange WHERE trade_date = '2025-10-10' ORDER BY symbol"
MARKETS = ["CME_Futures", "Canada", "China", "Germany", "India", "Japan", "Mexico", "Netherlands", "Pre_USA", "USA"]
#: Every market of the day but the United Kingdom's, whose name sorts behind.
COUNT = (len(MARKETS) + 1) * 3


@pytest.fixture(scope="module")
def site(database_url: str, valkey_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A Thor in whose namespace a recording was played by the whole stack."""
    with made_site(database_url, valkey_url, tmp_path_factory.mktemp("home")) as found:
        recording = make_recording(tmp_path_factory.mktemp("recording") / "day.parquet")
        found.replay("--file", recording, "--as-recorded", "--speed", "max", "--into", NAME)
        yield found


def thor(site: Site, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """In the namespace's schema."""
    url = site.environ["DATABASE_URL"].replace("search_path%3Dpublic", f"search_path%3D{NAME}")
    return run_thor(site.environ | {"DATABASE_URL": url, "THOR_NAMESPACE": NAME}, *words, check=check)


def test_the_ticks_give_the_rows_that_the_desk_left(site: Site) -> None:
    before = site.rows(NAME, METRICS)
    assert len(before) == COUNT
    said = thor(site, "backfill_intraday", "--date", DAY, "--dry-run").stdout
    assert f"metrics: 0 new, 0 changed, {COUNT} equal; ranges: 0 new, 0 changed, 3 equal\n" in said
    assert "nothing was written" in said
    assert site.rows(NAME, METRICS) == before


def test_rows_that_are_wrong_are_mended_and_a_second_time_changes_nothing(site: Site) -> None:
    before, ranges = site.rows(NAME, METRICS), site.rows(NAME, RANGES)
    site.database.execute(f"DELETE FROM {NAME}.indicators_dailyrange WHERE symbol = 'ES'")
    site.database.execute(f"UPDATE {NAME}.indicators_intradaymetric SET market_close = 1 WHERE market = 'USA'")
    said = thor(site, "backfill_intraday", "--date", DAY, "--symbols", "ES").stdout
    assert f"metrics: 0 new, 1 changed, {COUNT // 3 - 1} equal; ranges: 1 new, 0 changed, 0 equal\n" in said
    said = thor(site, "backfill_intraday", "--date", DAY).stdout
    assert f"metrics: 0 new, 2 changed, {COUNT - 2} equal; ranges: 0 new, 0 changed, 3 equal\n" in said
    assert (site.rows(NAME, METRICS), site.rows(NAME, RANGES)) == (before, ranges)


def test_a_date_without_ticks_is_one_line(site: Site) -> None:
    done = thor(site, "backfill_intraday", "--date", "2025-10-13", check=False)
    assert (done.returncode, "no tick of 2025-10-13 is stored as asked" in done.stderr) == (2, True)


def test_a_replays_job_does_nothing_and_says_so(site: Site) -> None:
    jobs = "SELECT status FROM {n}.procrastinate_jobs WHERE task_name = 'recompute_52w'"
    assert site.rows(NAME, jobs) == [("succeeded",)]
    assert site.rows(NAME, "SELECT count(*) FROM {n}.indicators_extremesseed") == [(0,)]


def test_the_52_weeks_are_recomputed_from_days_and_a_file(site: Site, tmp_path: Path) -> None:
    bars = tmp_path / "bars.csv"
    bars.write_text("symbol,date,high,low\nES,2025-03-03,6000.25,4000\nES,2020-01-06,9000,3000\n")
    words = ("recompute_52w", "--as-of", DAY, "--file", str(bars))
    said = thor(site, *words).stdout
    assert "  high: " in said and "-> 6000.25 (2025-03-03)" in said and "-> 9000 (2020-01-06)" in said
    assert said.endswith("1 to be changed: --apply tells the desk\n")
    assert thor(site, *words, "--apply").stdout.endswith("1 told to the desk\n")
    found = site.rows(NAME, "SELECT symbol, high_52w, low_52w, all_time_high, origin FROM {n}.indicators_extremesseed")
    assert found == [("ES", Decimal("6000.25"), Decimal(4000), Decimal(9000), "import")]
    assert "nothing is to be changed" in thor(site, "recompute_52w", "--as-of", DAY).stdout


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--symbols", "ES,XX"], "No instrument of this Thor: XX."),
        (["--as-of", "10.10.2025"], "'10.10.2025': wanted a trade date such as 2025-10-09"),
        (["--symbols", ","], "',': wanted symbols such as ES,YM"),
        (["--file", "/none.csv"], "/none.csv is not there."),
    ],
)
def test_a_wrong_call_is_one_line(site: Site, words: list[str], complaint: str) -> None:
    done = thor(site, "recompute_52w", *words, check=False)
    assert done.returncode == 2
    assert complaint in done.stderr.splitlines()[-1]


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
