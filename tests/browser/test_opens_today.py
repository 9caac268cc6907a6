"""Market opens in a real browser, in a replay: Today from countdown to outcome, the session in full, Home in short."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.support import wait_until
from tests.support_browser import CHECKOUT, SIZES, RunningThor, axe, open_page, screenshot

pytestmark = pytest.mark.browser

#: New York opens at 14:30, and YM, bought at the ask 47028, is with its bid at the target 47048 some minutes later.
FROM, OPENS, UNTIL = (datetime(2026, 11, 20, 14, minute, tzinfo=UTC) for minute in (25, 30, 37))
TOUCHED = OPENS + timedelta(minutes=5, seconds=46)
SPEED = 40
EVERY = timedelta(seconds=2)
#: Symbol -> settlement, tick size, and where it is at the start: all rise, the bears fall.
MADE = {
    "YM": (47000, 1, 47005), "ES": (6700, 0.25, 6710), "NQ": (24500, 0.25, 24530), "RTY": (2470, 0.1, 2490),
    "CL": (59, 0.01, 59.4), "SI": (51, 0.005, 51.1), "HG": (5.2, 0.0005, 5.25), "GC": (4400, 0.1, 4390),
    "VX": (16, 0.05, 15.7), "DX": (99, 0.005, 99), "ZB": (118.5, 0.03125, 118.5),
}  # fmt: skip


def make_recording(path: Path) -> Path:
    """Every symbol each two seconds; all stand but YM, which rises a point each 15 s."""
    rows = []
    for place, (symbol, (settled, tick, price)) in enumerate(MADE.items()):
        ts = FROM + timedelta(milliseconds=100 * place)
        while ts < UNTIL:
            risen = int((ts - FROM).total_seconds() / 15) if symbol == "YM" else 0
            last = float(price + risen)
            ask = round(last + tick * (3 if symbol == "YM" else 1), 6)
            rows.append((symbol, ts, last, last, ask, float(settled)))
            ts += EVERY
    rows.sort(key=lambda row: row[1])
    schema = ["symbol", "ts", "last", "bid", "ask", "settlement"]
    pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        pl.col("ts").cast(pl.Datetime("us", "UTC"))
    ).write_parquet(path)
    return path


@contextmanager
def playing(thor: RunningThor, path: Path) -> Iterator[None]:
    words = ["--file", str(path), "--as-recorded", "--into", "opens", "--speed", str(SPEED)]
    child = subprocess.Popen(
        [sys.executable, "-m", "thor", "replay", *words, "--until", UNTIL.isoformat()],
        env=thor.environ, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield
    finally:
        child.terminate()
        child.communicate(timeout=30)


def test_an_open_is_watched_from_countdown_to_outcome_and_explained(
    thor: RunningThor, context: BrowserContext, tmp_path: Path
) -> None:
    with playing(thor, make_recording(tmp_path / "made.parquet")):
        asking = context.request
        wait_until(lambda: asking.get(f"{thor.url}/api/market-open/today?namespace=opens").ok, 60)
        watched = open_page(context, f"{thor.url}/futures/market-open/today?namespace=opens")
        page = watched.page
        expect(page.get_by_test_id("open-USA")).to_have_attribute("data-state", "upcoming")
        expect(page.get_by_test_id("state-USA")).to_have_text(re.compile(r"^opens in 00:0\d:\d\d$"))
        expect(page.get_by_test_id("open-Japan")).to_have_attribute("data-state", "missed")
        assert axe(page) == []
        runs(page)
        ends(page)
        rows = asking.get(f"{thor.url}/api/market-open/session/usa-2026-11-20/symbols?namespace=opens").json()["rows"]
        rows_unfold(page, rows)
        explained(page)
        in_short(page, thor)
        assert watched.complaints == []
        page.goto(f"{thor.url}/futures/market-open/session/mars-2026-11-20?namespace=opens")
        expect(page.get_by_test_id("problem")).to_contain_text("no such open")


def runs(page: Page) -> None:
    """The capture comes by itself; its trade is worth what the quotes say, more with each."""
    expect(page.get_by_test_id("outcome-USA")).to_have_text("Pending", timeout=30_000)
    expect(page.get_by_test_id("composite-USA")).to_contain_text("Strong buy")
    expect(page.get_by_test_id("status-of-USA")).to_have_text("LIVE TOTAL")
    trade = page.get_by_test_id("trade-usa-2026-11-20")
    expect(trade).to_contain_text("Buy YM at 47,028spread 3")
    expect(trade).to_contain_text("stop 47,008target 47,048")
    expect(page.get_by_test_id("window-usa-2026-11-20")).to_have_text(re.compile(r"^2\d:\d\d left$"))
    # One look at both, so that no quote comes between.
    found = re.search(r"([+-]?)\$(\d+)\.00bid 47,(\d{3})", trade.inner_text().replace("\n", ""))
    assert found is not None, trade.inner_text()
    assert (-1 if found[1] == "-" else 1) * int(found[2]) == (int(found[3]) - 28) * 5
    live = page.get_by_test_id("live-pnl-usa-2026-11-20")
    first = live.inner_text()
    expect(live).not_to_have_text(first)


def ends(page: Page) -> None:
    expect(page.get_by_test_id("outcome-USA")).to_have_text("Worked", timeout=30_000)
    expect(page.get_by_test_id("pnl-USA")).to_have_text("+$100.00")
    expect(page.get_by_test_id("summary-hit-rate")).to_have_text("100% of 1")
    expect(page.get_by_test_id("summary-pnl")).to_have_text("+$100.00")
    screenshot(page, "opens-today")


def rows_unfold(page: Page, rows: Any) -> None:
    """By keyboard, and they are those of the API."""
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    table = page.get_by_test_id("session-rows")
    expect(table.locator("tbody tr")).to_have_count(12)
    shown = [row.inner_text() for row in table.locator("tbody th").all()]
    assert shown == [row["symbol"] for row in rows] and shown[-1] == "TOTAL"
    expect(page.get_by_test_id("session-row-TOTAL")).to_contain_text("Buy YM 47,028")
    expect(page.get_by_test_id("session-outcome-ZB")).to_have_text("No entry")
    page.set_viewport_size(SIZES["narrow"])
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    screenshot(page, "opens-today-narrow")
    page.set_viewport_size(SIZES["wide"])


def explained(page: Page) -> None:
    """The session in full says which quote decided, and draws its price."""
    page.get_by_role("link", name="path and why of New York").click()
    expect(page).to_have_url(re.compile(r"/futures/market-open/session/usa-2026-11-20\?namespace=opens"))
    local = f"{TOUCHED - timedelta(hours=5):%H:%M:%S}"
    expect(page.get_by_test_id("why")).to_contain_text(f"The bid of YM touched the target 47,048 first, at {local}")
    expect(page.get_by_test_id("deciding-quote")).to_contain_text(f"decided {local}")
    expect(page.get_by_test_id("deciding-mark")).to_be_visible()
    expect(page.get_by_test_id("path-chart")).to_have_attribute("data-points", re.compile(r"^[1-9]\d+$"))
    expect(page.get_by_test_id("audit")).to_contain_text("capture")
    assert axe(page) == []
    screenshot(page, "opens-session")
    page.get_by_test_id("session-row-GC").get_by_role("button").click()
    expect(page).to_have_url(re.compile(r"symbol=GC"))
    page.reload()
    expect(page.get_by_role("heading", name="GC", exact=True)).to_be_visible()
    expect(page.get_by_test_id("row-facts")).to_contain_text("Bid x size")


def in_short(page: Page, thor: RunningThor) -> None:
    page.goto(f"{thor.url}/?namespace=opens")
    expect(page.get_by_test_id("brief-USA")).to_contain_text("Worked")
    page.get_by_role("link", name="Market opens", exact=True).click()
    expect(page.get_by_test_id("open-USA")).to_be_visible()
    page.keyboard.press("[")
    expect(page.get_by_test_id("opens-date")).to_have_attribute("data-date", "2026-11-19")
    page.go_back()
    expect(page.get_by_test_id("opens-date")).to_have_attribute("data-date", "2026-11-20")
