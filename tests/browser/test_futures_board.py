"""What the desk makes of the quotes, on the Future Trading page: signals, TOTAL, ranges, the instrument in full."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.support import wait_until
from tests.support_browser import NUMBER, SIZES, RunningThor, axe, open_page, screenshot

pytestmark = pytest.mark.browser

WORDS = {
    "STRONG_BUY": "Strong buy", "BUY": "Buy", "HOLD": "Hold", "SELL": "Sell", "STRONG_SELL": "Strong sell",
}  # fmt: skip
NUMBER_WITH_SIGN = re.compile(r"^[+-]?[\d,]+(\.\d+)?$")


#: So many pixels of the table are out of sight.
TOO_WIDE = """() => {
  const around = document.querySelector('[data-testid=futures-table]').parentElement;
  return around.scrollWidth - around.clientWidth;
}"""
#: Parts of the page that lie at the height of the alerts.
COVERED = """() => {
  const alerts = document.querySelector('[data-testid=alerts]').getBoundingClientRect();
  const parts = document.querySelectorAll('[data-testid=world-clock], section[aria-label="Future Trading"]');
  return [...parts].map((part) => part.getBoundingClientRect())
    .filter((box) => box.top < alerts.bottom && alerts.top < box.bottom).length;
}"""


def latest(thor: RunningThor, page: Page) -> dict[str, Any]:
    answer: dict[str, Any] = page.request.get(f"{thor.url}/api/quotes/latest").json()
    return answer


def desk_speaks(thor: RunningThor, page: Page) -> dict[str, Any]:
    """The board once the desk has heard every instrument."""

    def found() -> dict[str, Any] | None:
        answer = latest(thor, page)
        rows = [row["extended_data"] for row in answer["rows"]]
        return answer if answer["total"] and all(row and row["vwap"] for row in rows) else None

    return wait_until(found, 90, lambda: json.dumps(latest(thor, page))[:2000])


def query(page: Page) -> str:
    return str(page.evaluate("location.search"))


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def says(page: Page, symbol: str) -> str:
    """The signal that stands on the page."""
    return str(page.get_by_test_id(f"signal-{symbol}").get_attribute("data-signal"))


def test_the_page_says_what_the_desk_says(thor: RunningThor, context: BrowserContext) -> None:
    watched = open_page(context, f"{thor.url}/futures")
    page = watched.page
    desk_speaks(thor, page)

    def agrees() -> bool:
        # Both move: they agree when nothing came in between.
        rows = {row["instrument"]["symbol"]: row["extended_data"] for row in latest(thor, page)["rows"]}
        return all(says(page, symbol) == (row["signal"] or "none") for symbol, row in rows.items())

    wait_until(agrees, 20)
    total = latest(thor, page)["total"]
    expect(page.get_by_test_id("total-signal")).to_contain_text(WORDS[total["signal"]])
    expect(page.get_by_test_id("total-status")).to_have_text(total["status"])
    page.get_by_role("button", name="TOTAL").click()
    expect(page.get_by_test_id("contributions").locator("li")).to_have_count(11)
    expect(page.get_by_test_id("cell-ES-vwap_distance")).to_have_text(NUMBER_WITH_SIGN)
    expect(page.get_by_test_id("desk-silent")).to_have_count(0)
    assert watched.complaints == []


def test_an_event_of_the_desk_moves_its_row(thor_without_source: RunningThor, context: BrowserContext) -> None:
    thor = thor_without_source
    page = open_page(context, f"{thor.url}/futures").page
    expect(page.get_by_test_id("connection-state")).to_contain_text("Live")
    at = "2026-11-20T15:00:00Z"
    row = {
        "symbol": "ES", "at": at, "trade_date": "2026-11-20", "signal": "SELL", "reason": None, "vwap": 6718.25,
        "vwap_distance": -3.25, "suspect": ["spike"], "suspects": 2,
    }  # fmt: skip

    def moved() -> bool:
        with thor.bus() as bus:
            bus.xadd("board:stream", {"b": json.dumps({"at": at, "rows": [row]})})
        return says(page, "ES") == "SELL"

    # The reader of the stream may just be connecting: what came before is not told.
    wait_until(moved, 15)
    expect(page.get_by_test_id("cell-ES-vwap_distance")).to_have_text("-3.25")
    expect(page.get_by_test_id("suspect-ES")).to_contain_text("suspect 2")
    assert says(page, "NQ") == "none"


def test_views_and_an_instrument_by_keyboard_with_the_address_and_back(
    thor: RunningThor, context: BrowserContext
) -> None:
    page = open_page(context, f"{thor.url}/futures").page
    expect(page.get_by_test_id("cell-ES-last")).to_have_text(NUMBER)
    page.keyboard.press("v")
    expect(page.get_by_test_id("futures-cards")).to_be_visible()
    page.keyboard.press("v")
    expect(page.get_by_test_id("futures-heatmap")).to_be_visible()
    assert query(page) == "?view=heatmap"
    page.go_back()
    expect(page.get_by_test_id("futures-cards")).to_be_visible()
    # Over the cards by lines: the one below the first.
    page.keyboard.press("j")
    expect(page.get_by_test_id("row-YM")).to_be_focused()
    page.keyboard.press("ArrowDown")
    below = page.evaluate("document.activeElement.dataset.symbol")
    assert below not in {"YM", "ES"}
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    panel = page.get_by_test_id("panel")
    expect(panel).to_have_attribute("data-panel-of", "YM")
    page.keyboard.press("j")
    expect(panel).to_have_attribute("data-panel-of", "ES")
    assert "symbol=ES" in query(page)
    page.reload()
    expect(panel).to_have_attribute("data-panel-of", "ES")
    page.get_by_role("button", name="Next instrument").focus()
    page.keyboard.press("ArrowRight")
    expect(panel).to_have_attribute("data-panel-of", "NQ")
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(page.get_by_test_id("row-NQ")).to_be_focused()
    page.keyboard.press("Shift+?")
    expect(page.get_by_test_id("key-help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("key-help")).not_to_be_visible()


def test_columns_are_chosen_and_kept_in_the_address(thor: RunningThor, context: BrowserContext) -> None:
    page = open_page(context, f"{thor.url}/futures").page
    expect(page.get_by_test_id("cell-ES-last")).to_have_text(NUMBER)
    # What is shown by itself fits, without scrolling sideways.
    assert page.evaluate(TOO_WIDE) <= 0
    for column in ("signal", "vwap_distance", "day_range", "year_range", "spread_ticks", "volume"):
        expect(page.get_by_test_id(f"cell-ES-{column}")).to_be_visible()
    page.keyboard.press("c")
    page.get_by_role("checkbox", name="Settlement").check()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("cell-ES-settlement")).to_have_text(NUMBER)
    assert "settlement" in query(page)
    page.reload()
    expect(page.get_by_test_id("cell-ES-settlement")).to_have_text(NUMBER)


def test_an_instrument_has_its_chart_which_moves(thor: RunningThor, context: BrowserContext) -> None:
    watched = open_page(context, f"{thor.url}/futures?symbol=ES")
    page = watched.page
    desk_speaks(thor, page)
    chart = page.get_by_test_id("chart")
    expect(chart).to_have_attribute("data-state", "drawn")
    expect(chart.locator("canvas").first).to_be_visible()
    legend = page.get_by_test_id("chart-legend")
    expect(legend).to_contain_text("C ")
    first = legend.inner_text()
    wait_until(lambda: legend.inner_text() != first, 20)
    expect(page.get_by_test_id("panel-vwap")).to_contain_text("15 min")
    page.get_by_role("button", name="5m", exact=True).click()
    expect(chart).to_have_attribute("data-state", "drawn")
    assert "tf=5m" in query(page)
    # The chart of the other theme has its colours.
    dark = chart_background(page)
    page.get_by_test_id("theme-toggle").click()
    wait_until(lambda: chart_background(page) != dark, 5)
    assert watched.complaints == []


def chart_background(page: Page) -> list[int]:
    """Red, green and blue of the chart's corner."""
    script = (
        "(c => [...c.getContext('2d').getImageData(2, c.height - 30, 1, 1).data].slice(0, 3))"
        "(document.querySelector('[data-testid=chart] canvas'))"
    )
    found: list[int] = page.evaluate(script)
    return found


LOOKS = [
    pytest.param({"viewport": SIZES[size], "color_scheme": scheme}, id=f"{size}-{scheme}")
    for size in SIZES
    for scheme in ("dark", "light")
]


@pytest.mark.parametrize("address", ["?view=cards", "?view=heatmap", "?symbol=ES"])
@pytest.mark.parametrize("context", LOOKS, indirect=True)
def test_every_view_fits_and_is_accessible(
    thor: RunningThor, context: BrowserContext, address: str, request: pytest.FixtureRequest
) -> None:
    watched = open_page(context, f"{thor.url}/futures{address}")
    page = watched.page
    expect(page.get_by_test_id("total")).to_be_attached()
    if "symbol" in address:
        expect(page.get_by_test_id("chart")).to_have_attribute("data-state", "drawn")
    else:
        expect(page.get_by_test_id("cell-ZB-last")).to_have_text(NUMBER)
    assert overflow(page) <= 0
    screenshot(
        page,
        f"futures-{address.partition('=')[2]}-{request.node.callspec.params['context']['color_scheme']}-"
        f"{request.node.callspec.params['context']['viewport']['width']}",
    )
    violations = axe(page)
    assert violations == [], json.dumps(violations, indent=1)
    assert watched.complaints == []


@pytest.mark.parametrize("context", [{"viewport": {"width": 320, "height": 700}}], indirect=True, ids=["320"])
@pytest.mark.parametrize("address", ["/", "/futures", "/futures?view=cards", "/futures?view=heatmap"])
def test_the_smallest_telephone_needs_no_scrolling_sideways(
    thor: RunningThor, context: BrowserContext, address: str
) -> None:
    page = open_page(context, f"{thor.url}{address}").page
    expect(page.get_by_test_id("total")).to_be_attached()
    expect(page.get_by_test_id("row-ZB")).to_be_attached()
    assert overflow(page) <= 0


@pytest.mark.parametrize("context", [{"viewport": SIZES["narrow"]}], indirect=True, ids=["narrow"])
def test_an_alert_covers_nothing_of_a_telephones_page(thor: RunningThor, context: BrowserContext) -> None:
    page = open_page(context, thor.url).page
    expect(page.get_by_test_id("connection-state")).to_contain_text("Live")
    card = page.get_by_test_id("alert-cover")
    said = {"alert": "cover", "severity": "warning", "text": "no quote of ES", "at": "2026-11-20T14:30:00Z"}

    def raised() -> bool:
        with thor.bus() as bus:
            bus.xadd("thor:events", {"t": "alert", "e": json.dumps({**said, "ended": False})})
        return card.is_visible()

    wait_until(raised, 10)
    covered = page.evaluate(COVERED)
    assert covered == 0
    with thor.bus() as bus:
        bus.xadd("thor:events", {"t": "alert", "e": json.dumps({**said, "ended": True})})
    expect(card).not_to_be_visible()
