"""Research in a real browser, over a made lake: the history of an instrument and what data there is, by pointer and by
keys, in the address, told live."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.fill_lake import DIFFERENCE, NEW, OLD, REAL_DATES, weekdays
from tests.support import CHECKOUT
from tests.support_browser import SIZES, RunningThor, axe, open_page, screenshot
from thor.quotes.events import DomainEvent, publish
from thor.quotes.keys import Keys

pytestmark = pytest.mark.browser

CHART, DATA = "/research/chart", "/research/data"
STAFF, PASSWORD = "anna", uuid.uuid4().hex
LOOKS = [
    pytest.param({"viewport": SIZES[size], "color_scheme": scheme}, id=f"{size}-{scheme}")
    for size, scheme in (("wide", "dark"), ("narrow", "light"))
]
#: Trade dates of which there are ticks; all but the last are exported.
DATES = weekdays(datetime.now(UTC).date() - timedelta(days=1), REAL_DATES)
ROLLED, EXPORTED = DATES[2], DATES[-2]
#: Of all that is made.
MADE = weekdays(DATES[-1], 30)


@pytest.fixture(scope="module")
def filled(thor: RunningThor) -> RunningThor:
    """A Thor with a year in its lake."""
    words = [sys.executable, "-m", "tests.fill_lake", "--staff", STAFF, "--dates", str(len(MADE))]
    environ = {**thor.environ, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    subprocess.run(words, env=environ, cwd=CHECKOUT, check=True, timeout=90, capture_output=True)
    return thor


def ask(thor: RunningThor, page: Page, path: str) -> dict[str, Any]:
    """What the API says."""
    found: dict[str, Any] = page.request.get(f"{thor.url}/api/{path}").json()
    return found


def query(page: Page) -> str:
    return str(page.evaluate("decodeURIComponent(location.search)"))


def at(day: date, hour: int) -> str:
    return f"{day}T{hour:02}:00Z"


def expect_bar(page: Page, begins: str) -> None:
    """The bar whose figures are shown."""
    expect(page.get_by_test_id("readout")).to_have_attribute("data-bar", begins)


def open_chart(context: BrowserContext, thor: RunningThor, search: str) -> Page:
    watched = open_page(context, f"{thor.url}{CHART}?symbol=ES&{search}")
    expect(watched.page.get_by_test_id("history-chart")).to_have_attribute("data-state", "drawn")
    return watched.page


def test_a_link_shares_the_view_and_its_figures_are_those_of_the_api(
    filled: RunningThor, context: BrowserContext
) -> None:
    page = open_chart(context, filled, f"tf=5m&from={at(DATES[0], 3)}&to={at(ROLLED, 12)}")
    expect(page.get_by_test_id("rolls")).to_contain_text(f"{OLD} → {NEW} +{DIFFERENCE}")
    expect_bar(page, f"{ROLLED}T12:00:00.000Z")
    bars = ask(filled, page, f"history/bars?symbol=ES&timeframe=5m&start={at(ROLLED, 12)}&end={at(ROLLED, 13)}")["bars"]
    expect(page.get_by_test_id("readout")).to_contain_text(f"Close{bars[0]['close']:,.2f}")
    expect(page.get_by_test_id("readout")).to_contain_text(NEW)
    # By keys, from bar to bar; the address keeps what is seen.
    page.get_by_test_id("chart-pointer").press("ArrowLeft")
    expect_bar(page, f"{ROLLED}T11:55:00.000Z")
    page.get_by_test_id("chart-pointer").press("ArrowRight")
    words = re.compile(f"close {bars[0]['close']:,.2f}$")
    expect(page.get_by_test_id("chart-pointer")).to_have_attribute("aria-valuetext", words)
    # Back-adjusted, the old contract stands at the new one's level.
    page.get_by_role("button", name="Back-adjusted").click()
    assert "adjust=difference" in query(page)
    expect(page.get_by_test_id("history-chart")).to_have_attribute("data-state", "drawn")
    expect_bar(page, f"{ROLLED}T12:00:00.000Z")


def test_older_bars_come_as_one_scrolls_back_and_a_date_is_gone_to(
    filled: RunningThor, context: BrowserContext
) -> None:
    page = open_chart(context, filled, f"tf=1m&to={at(DATES[-1], 20)}")
    chart, pointer = page.get_by_test_id("history-chart"), page.get_by_test_id("chart-pointer")
    words = page.get_by_test_id("in-sight")
    for _ in range(2):
        before = str(chart.get_attribute("data-bars"))
        pointer.press("Home")
        expect(chart).not_to_have_attribute("data-bars", before)
    page.keyboard.press("7")
    expect(words).to_contain_text(f"There are none before {MADE[0]}")
    page.keyboard.press("3")
    page.get_by_label("Go to").fill(str(EXPORTED))
    expect(page.get_by_test_id("in-sight")).to_contain_text("bars read")
    expect(page.get_by_test_id("kept-words")).to_contain_text("from the lake")
    for key, timeframe in (("6", "1h"), ("1", "1s")):
        pointer.press(key)
        expect(page.get_by_role("button", name=timeframe, exact=True)).to_have_attribute("aria-pressed", "true")
        expect(chart).to_have_attribute("data-state", "drawn")


def test_what_is_seen_is_a_file(filled: RunningThor, context: BrowserContext) -> None:
    page = open_chart(context, filled, f"tf=5m&from={at(EXPORTED, 12)}&to={at(EXPORTED, 15)}")
    expect(page.get_by_test_id("in-sight")).to_contain_text("37 of")
    page.get_by_role("button", name="Download").click()
    menu = page.get_by_test_id("download-menu")
    for name in ("CSV", "Parquet", "Arrow"):
        assert f"format={name.lower()}" in str(menu.get_by_role("link", name=name).get_attribute("href"))
    with page.expect_download() as started:
        menu.get_by_role("link", name="CSV").click()
    lines = started.value.path().read_text(encoding="utf-8").splitlines()
    assert len(lines) == 38 and started.value.suggested_filename.endswith(".csv")


def test_the_grid_is_gone_through_by_keys_and_leads_to_a_day_and_its_chart(
    filled: RunningThor, context: BrowserContext
) -> None:
    watched = open_page(context, f"{filled.url}{DATA}")
    page = watched.page
    grid = page.get_by_test_id("coverage-grid")
    expect(grid).to_be_visible()
    states = [cell["state"] for day in ask(filled, page, "history/coverage")["days"] for cell in day["cells"]]
    for state, word in (("exported", "In the lake"), ("archived", "Lake only"), ("damaged", "Damaged")):
        count = page.get_by_test_id("coverage-legend").locator("li", has_text=word)
        expect(count).to_contain_text(f"{states.count(state):,}")
    page.locator(f"[data-testid=coverage-ES] [data-date='{EXPORTED}']").click()
    expect(page.get_by_test_id("day-state")).to_have_text("In the lake")
    found = ask(filled, page, f"history/quality?symbol=ES&trade_date={EXPORTED}")["rows"][0]
    share = math.floor(found["covered_seconds"] / found["open_seconds"] * 10_000) / 100
    expect(page.get_by_test_id("day-quality")).to_contain_text(f"{share:.2f}%")
    expect(page.get_by_test_id("gap-list").locator("li")).to_have_count(found["gaps"])
    grid.press("ArrowUp")
    expect(page.get_by_test_id("day-panel")).to_contain_text("YM, ")
    grid.press("ArrowDown")
    grid.press("ArrowRight")
    expect(page.get_by_test_id("day-state")).to_have_text("Not exported")
    assert query(page) == f"?symbol=ES&date={DATES[-1]}"
    page.get_by_role("button", name="Quality").click()
    expect(grid).to_have_attribute("data-by", "quality")
    page.keyboard.press("[")
    expect(page.get_by_role("button", name="Later")).to_be_enabled()
    page.keyboard.press("]")
    grid.press("Enter")
    expect(page.get_by_test_id("history-chart")).to_have_attribute("data-state", "drawn")
    assert "/research/chart" in page.url
    assert watched.complaints == []


def told(**fields: Any) -> DomainEvent:
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    run = {
        "id": 900, "kind": "export", "title": "Export, made", "arguments": {}, "status": "running", "done": 0,
        "total": 40, "unit": "files", "note": "", "asked_by": "", "asked_at": now, "started_at": now, "heard_at": now,
        "ended_at": None,
    }  # fmt: skip
    return DomainEvent("lake.run", run | fields)


def test_runs_are_told_live_and_staff_start_and_cancel_them(filled: RunningThor, context: BrowserContext) -> None:
    page = open_page(context, f"{filled.url}{DATA}").page
    expect(page.get_by_test_id("may-not-start")).to_contain_text("Only staff start work: log in to do this")
    expect(page.get_by_test_id("connection-state")).to_have_attribute("data-state", "live")
    with filled.bus() as bus:
        publish(bus, Keys("").events, [told(done=7, note="ticks of ES")])
        row = page.get_by_test_id("run-900")
        expect(row).to_contain_text("7 of 40 files")
        expect(row).to_have_attribute("data-status", "running")
        publish(bus, Keys("").events, [told(done=40, status="done", note="40 files", ended_at="2026-11-20T00:00:00Z")])
        expect(row).to_have_attribute("data-status", "done")
    page.get_by_role("link", name="Log in").click()
    page.fill("[name=username]", STAFF)
    page.fill("[name=password]", PASSWORD)
    page.click("[type=submit]")
    form = page.get_by_test_id("start-run")
    form.get_by_label("Do").select_option("quality")
    form.get_by_label("from").fill(str(EXPORTED))
    form.get_by_label("to").fill(str(DATES[0]))
    form.get_by_role("button", name="Start").click()
    expect(form.get_by_role("status")).to_contain_text("end is before start")
    form.get_by_label("to").fill(str(EXPORTED))
    form.get_by_role("textbox", name="Instruments").fill("es")
    form.get_by_role("button", name="Start").click()
    expect(form.get_by_role("status")).to_contain_text("Asked for: Quality report")
    first = page.get_by_test_id("runs").locator("tbody tr").first
    expect(first).to_contain_text(f"Quality report, {EXPORTED}, ES")
    expect(first).to_contain_text(STAFF)
    cancel = first.get_by_role("button", name="Cancel")
    if cancel.count():
        cancel.click()
    expect(first).to_have_attribute("data-status", re.compile("done|cancelled"))


def test_a_replay_says_that_it_has_no_lake(filled: RunningThor, context: BrowserContext) -> None:
    page = open_page(context, f"{filled.url}{DATA}?namespace=week").page
    expect(page.get_by_test_id("replay-has-no-lake")).to_contain_text("A replay has no lake")
    expect(page.get_by_test_id("coverage-grid")).to_have_count(0)


@pytest.mark.parametrize("address", [CHART, DATA], ids=["chart", "data"])
@pytest.mark.parametrize("context", LOOKS, indirect=True)
def test_it_fits_and_is_accessible(
    filled: RunningThor, context: BrowserContext, address: str, request: pytest.FixtureRequest
) -> None:
    search = f"&tf=15m&to={at(EXPORTED, 20)}" if address == CHART else f"&date={EXPORTED}&span=quarter"
    watched = open_page(context, f"{filled.url}{address}?symbol=ES{search}")
    page = watched.page
    if address == CHART:
        expect(page.get_by_test_id("history-chart")).to_have_attribute("data-state", "drawn")
        expect(page.get_by_test_id("kept-words")).to_contain_text("from the lake")
    else:
        expect(page.get_by_test_id("day-quality")).to_be_visible()
        expect(page.get_by_test_id("runs").locator("tbody tr").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    screenshot(page, f"research-{request.node.callspec.id}")
    violations = axe(page)
    assert violations == [], json.dumps(violations, indent=1)
    assert watched.complaints == []
