"""History and Analytics in a real browser, over two years of made opens: what is filtered, sorted and unfolded stays in
the address, files hold what is shown, figures say what they rest on."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.support import CHECKOUT
from tests.support_browser import SIZES, RunningThor, axe, open_page, screenshot

pytestmark = pytest.mark.browser

HISTORY, ANALYTICS = "/futures/market-open/history", "/futures/analytics"
LOOKS = [
    pytest.param({"viewport": SIZES[size], "color_scheme": scheme}, id=f"{size}-{scheme}")
    for size in SIZES
    for scheme in ("dark", "light")
]


@pytest.fixture(scope="module")
def filled(thor: RunningThor) -> RunningThor:
    """A Thor with 500 days of opens in 11 markets."""
    subprocess.run([sys.executable, "-m", "tests.fill_opens"], env=thor.environ, cwd=CHECKOUT, check=True, timeout=60)
    return thor


def ask(thor: RunningThor, page: Page, path: str) -> dict[str, Any]:
    """What the API says."""
    found: dict[str, Any] = page.request.get(f"{thor.url}/api/market-open/{path}").json()
    return found


def query(page: Page) -> str:
    return str(page.evaluate("decodeURIComponent(location.search)"))


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def column(page: Page, header: str) -> list[str]:
    """What stands in a column of the table of sessions, by its head."""
    script = """(header) => {
      const table = document.querySelector('[data-testid=history-table]');
      const heads = [...table.querySelectorAll('thead th')].map((th) => th.innerText.replace(/ [↑↓]$/, ''));
      const nth = heads.indexOf(header) + 1;
      return [...table.querySelectorAll('tbody > tr[data-testid]')].map((tr) => tr.cells[nth].innerText);
    }"""
    found: list[str] = page.evaluate(script, header)
    return found


def test_filters_are_set_in_the_drawer_and_survive_in_the_address(filled: RunningThor, context: BrowserContext) -> None:
    watched = open_page(context, f"{filled.url}{HISTORY}")
    page = watched.page
    expect(page.get_by_test_id("history-table")).to_be_visible()
    page.keyboard.press("f")
    drawer = page.get_by_test_id("filter-drawer")
    drawer.get_by_role("checkbox", name="Tokyo").check()
    drawer.get_by_role("checkbox", name="Monday").check()
    drawer.get_by_role("checkbox", name="Worked").check()
    total = ask(filled, page, "history?market=Japan&day_of_week=Monday&outcome=WORKED")["total"]
    expect(drawer.get_by_role("status")).to_have_text(f"{total} sessions")
    page.keyboard.press("Escape")
    expect(drawer).not_to_be_visible()
    assert query(page) == "?markets=Japan&days=Monday&outcomes=WORKED"
    for _ in range(2):
        expect(page.get_by_test_id("summary-Sessions")).to_have_text(str(total))
        assert set(column(page, "Market")) == {"Tokyo"}
        assert {day[:3] for day in column(page, "Date")} == {"Mon"}
        assert set(column(page, "Outcome")) == {"Worked"}
        page.reload()
    page.get_by_test_id("filter-outcomes").click()
    expect(page.get_by_test_id("filter-outcomes")).to_have_count(0)
    page.go_back()
    expect(page.get_by_test_id("filter-outcomes")).to_have_text("Worked")
    page.goto(f"{filled.url}{HISTORY}?from=2030-01-01")
    expect(page.get_by_test_id("history-no-match")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.get_by_test_id("history-table")).to_be_visible()
    assert watched.complaints == []


def test_columns_sort_pages_turn_and_a_session_unfolds(filled: RunningThor, context: BrowserContext) -> None:
    page = open_page(context, f"{filled.url}{HISTORY}?markets=USA").page
    expect(page.get_by_test_id("history-table")).to_be_visible()
    page.get_by_role("button", name="P&L").click()
    expect(page.get_by_role("columnheader", name="P&L")).to_have_attribute("aria-sort", "descending")
    expect(page.get_by_test_id("history-table").locator("tbody tr").first).to_contain_text("+$100.00")
    page.get_by_role("button", name="P&L").click()
    expect(page.get_by_test_id("history-table").locator("tbody tr").first).to_contain_text("-$100.00")
    assert set(column(page, "P&L")) == {"-$100.00"}
    page.keyboard.press("]")
    expect(page.get_by_test_id("paging")).to_contain_text("51 to 100")
    assert query(page) == "?markets=USA&sort=pnl_usd&page=2"
    page.keyboard.press("j")
    page.keyboard.press("j")
    focused = page.evaluate("document.activeElement.dataset.fold")
    page.keyboard.press("Enter")
    rows = page.get_by_test_id(f"rows-{focused}")
    expect(rows.get_by_test_id("session-rows").locator("tbody tr")).to_have_count(12)
    page.reload()
    expect(rows.get_by_test_id("session-rows").locator("tbody tr")).to_have_count(12)
    rows.get_by_role("link").click()
    expect(page).to_have_url(f"{filled.url}/futures/market-open/session/{focused}")
    page.go_back()
    expect(rows).to_be_visible()
    page.keyboard.press("Escape")
    expect(rows).to_have_count(0)


def test_a_download_holds_what_is_shown(filled: RunningThor, context: BrowserContext, tmp_path: Path) -> None:
    page = open_page(context, f"{filled.url}{HISTORY}?markets=Japan&days=Monday&outcomes=WORKED").page
    shown = page.get_by_test_id("summary-Sessions")
    expect(shown).to_be_visible()
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as started:
        page.get_by_test_id("download-menu").get_by_role("link", name="CSV").click()
    assert started.value.suggested_filename.startswith("market-opens-")
    started.value.save_as(tmp_path / "opens.csv")
    with (tmp_path / "opens.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == int(shown.inner_text())
    assert {(row["country"], row["day"], row["wndw"], row["symbol"]) for row in rows} == {
        ("Japan", "Monday", "WORKED", "TOTAL")
    }
    page.get_by_role("button", name="Download").click()
    page.get_by_role("checkbox", name="All 12 rows").check()
    menu = page.get_by_test_id("download-menu")
    assert "symbol=all" in str(menu.get_by_role("link", name="Parquet").get_attribute("href"))
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)


def test_a_cell_of_the_map_filters_analytics_to_itself_and_back(filled: RunningThor, context: BrowserContext) -> None:
    watched = open_page(context, f"{filled.url}{ANALYTICS}")
    page = watched.page
    overall = ask(filled, page, "stats")["overall"]
    expect(page.get_by_test_id("headline")).to_contain_text(f"{overall['decided']:,} decided")
    expect(page.get_by_test_id("hit-rate")).to_have_text(f"{overall['hit_rate'] * 100:.1f}%".replace(".0%", "%"))
    one = ask(filled, page, "stats?market=Japan&day_of_week=Monday")["overall"]
    cell = page.get_by_test_id("cell-Japan-Monday")
    expect(cell).to_contain_text(f"n {one['decided']}")
    cell.click()
    expect(cell).to_have_attribute("aria-pressed", "true")
    assert query(page) == "?markets=Japan&days=Monday"
    expect(page.get_by_test_id("headline")).to_contain_text(f"{one['decided']} decided")
    assert axe(page) == []
    page.reload()
    expect(page.get_by_test_id("headline")).to_contain_text(f"{one['decided']} decided")
    page.get_by_role("link", name="These sessions in History").click()
    expect(page.get_by_test_id("summary-Sessions")).to_have_text(str(one["sessions"]))
    assert query(page) == "?markets=Japan&days=Monday"
    page.go_back()
    cell.click()
    expect(page.get_by_test_id("filter-markets")).to_have_count(0)
    expect(page.get_by_test_id("headline")).to_contain_text(f"{overall['decided']:,} decided")
    assert watched.complaints == []


def test_analytics_says_what_each_figure_rests_on(filled: RunningThor, context: BrowserContext) -> None:
    page = open_page(context, f"{filled.url}{ANALYTICS}").page
    insights = ask(filled, page, "insights")
    best = insights["predictors"][0]
    first = page.get_by_test_id("predictors").locator("tbody tr").first
    expect(first).to_contain_text(best["symbol"])
    expect(first).to_contain_text(f"{best['n']:,}")
    page.get_by_label("Hold the others against").select_option("NQ")
    expect(page.get_by_test_id("comparison-NQ-ES")).to_be_visible()
    cell = next(each for each in insights["by_signal"] if (each["symbol"], each["signal"]) == ("ES", "STRONG_BUY"))
    expect(page.get_by_test_id("matrix-ES-STRONG_BUY")).to_contain_text(f"n {cell['n']:,}")
    # The curve is read by keyboard too.
    days = ask(filled, page, "stats")["pnl_curve"]
    expect(page.get_by_test_id("pnl-day")).to_contain_text(days[-1]["trade_date"])
    page.get_by_label("Day of the curve").press("ArrowLeft")
    expect(page.get_by_test_id("pnl-day")).to_contain_text(days[-2]["trade_date"])
    # The questions, and what they ask about.
    expect(page.get_by_test_id("answers").locator("dt")).to_have_count(6)
    page.get_by_role("combobox", name="Market", exact=True).select_option("USA")
    page.get_by_role("combobox", name="Day", exact=True).select_option("Friday")
    expect(page.get_by_test_id("answers")).to_contain_text("New York (USA) on Fridays")
    asked = ask(filled, page, "answers?market=USA&day=Friday")["answers"]
    expect(page.get_by_test_id("answer-hit_rate")).to_contain_text(asked[0]["answer"])
    page.get_by_text("What is counted, and how sure it is").click()
    expect(page.get_by_test_id("definitions")).to_contain_text("Hit rate of entries")


@pytest.mark.parametrize("address", [HISTORY, ANALYTICS], ids=["history", "analytics"])
@pytest.mark.parametrize("context", LOOKS, indirect=True)
def test_it_fits_and_is_accessible(
    filled: RunningThor, context: BrowserContext, address: str, request: pytest.FixtureRequest
) -> None:
    watched = open_page(context, f"{filled.url}{address}")
    page = watched.page
    if address == HISTORY:
        page.locator("[data-fold]").first.click()
        expect(page.get_by_test_id("session-rows")).to_be_visible()
    else:
        expect(page.get_by_test_id("signal-matrix")).to_be_visible()
        expect(page.get_by_test_id("answers")).to_be_visible()
    assert overflow(page) <= 0
    screenshot(page, f"opens-{request.node.callspec.id}")
    violations = axe(page)
    assert violations == [], json.dumps(violations, indent=1)
    assert watched.complaints == []


def test_how_soon_the_pages_can_be_used(
    filled: RunningThor, context: BrowserContext, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prints figures; how fast the machine is now says nothing of the page."""
    page = open_page(context, filled.url).page
    for address, sign in ((HISTORY, "history-table"), (ANALYTICS, "headline"), (ANALYTICS, "signal-matrix")):
        took = []
        for _ in range(2):
            began = time.perf_counter()
            page.goto(f"{filled.url}{address}", wait_until="commit")
            page.get_by_test_id(sign).wait_for()
            took.append(time.perf_counter() - began)
        with capsys.disabled():
            print(f"\n{address}: {sign} after " + ", ".join(f"{each * 1000:.0f} ms" for each in took))
        assert len(took) == 2
