"""A recorded day watched in the browser: 2013-10-08, six symbols in one stream, four of them not among the 11."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from tests.support import run_thor, wait_until
from tests.support_browser import CHECKOUT, NUMBER, RunningThor, open_page, screenshot

pytestmark = pytest.mark.browser

ADD_SHARES = """
from thor.instruments.models import BOARD, Instrument, WatchList, WatchListEntry
board = WatchList.objects.get(name=BOARD)
for n, symbol in enumerate(("AIG", "BAC", "IBM", "SPY")):
    share = Instrument.objects.create(symbol=symbol, name=symbol + " share", exchange="NYSE", tick_size="0.01",
        tick_value_usd="0.01", display_precision=2)
    WatchListEntry.objects.create(watch_list=board, instrument=share, position=50 + n)
"""


def test_a_recorded_day_moves_on_the_page_and_ends_at_the_files_last_row(
    shared_data: Path, thor_without_source: RunningThor, context: BrowserContext
) -> None:
    thor = thor_without_source
    path = shared_data / "ticks" / "snapshots_20131008.parquet"
    run_thor(thor.environ, "shell", "-v", "0", "-c", ADD_SHARES)
    page = open_page(context, f"{thor.url}/futures").page
    expect(page.get_by_test_id("row-SPY")).to_contain_text("no quote yet")

    replay = subprocess.Popen(
        [sys.executable, "-m", "thor", "replay", "--file", str(path), "--speed", "7200"],
        env=thor.environ, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        symbols = ("ES", "GC", "AIG", "BAC", "IBM", "SPY")
        expect(page.get_by_test_id("cell-ES-bid")).to_have_text(NUMBER)
        expect(page.get_by_test_id("cell-SPY-bid")).to_have_text(NUMBER, timeout=60_000)
        expect(page.get_by_test_id("source-badge").first).to_contain_text("REPLAY")
        screenshot(page, "recorded-day")
        out, err = replay.communicate(timeout=120)
        assert replay.returncode == 0, err
    finally:
        replay.kill()

    # What stands on the page at the end is what the file states last for each symbol.
    file = pl.read_parquet(path)
    assert f"{len(file):,}" in out or str(len(file)) in out
    for symbol in symbols:
        bids = file.filter(pl.col("symbol") == symbol)["bid"].to_list()
        if bids[-1] is not None:
            wait_for_number(page.get_by_test_id(f"cell-{symbol}-bid"), bids[-1])


def wait_for_number(cell: Locator, wanted: float) -> None:
    wait_until(lambda: float(cell.inner_text().replace(",", "")) == wanted, 10, lambda: f"{cell} is not {wanted}")
