"""Home in a real browser, on a whole Thor: the world clock says what the API says, ticks by itself, turns by events."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.support import wait_until
from tests.support_browser import NUMBER, SIZES, RunningThor, axe, open_page, screenshot

pytestmark = pytest.mark.browser

MARKETS = (
    "Japan", "China", "India", "Germany", "Netherlands", "United Kingdom", "Pre_USA", "USA", "Canada", "Mexico",
    "CME_Futures",
)  # fmt: skip
WORDS = {"OPEN": "Open", "CLOSED": "Closed", "UNKNOWN": "Unknown"}
#: The page asks anew in this part of every five minutes (seconds).
ASKING = (-3.0, 18.0)


def api(thor: RunningThor, page: Page, path: str) -> Any:
    return page.request.get(f"{thor.url}{path}").json()


def requests_of(page: Page) -> list[str]:
    """The paths that the page asks for from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    return asked


def publish(thor: RunningThor, kind: str, said: dict[str, Any]) -> None:
    with thor.bus() as bus:
        bus.xadd("thor:events", {"t": kind, "e": json.dumps(said)})


def turn(market: str, *, opens: bool) -> dict[str, Any]:
    """What the desk says when a market opens or closes just now."""
    now = datetime.now(UTC)
    return {
        "market": market, "display_name": market, "kind": "OPEN" if opens else "CLOSE", "at": now.isoformat(),
        "trade_date": now.date().isoformat(), "status": "OPEN" if opens else "CLOSED",
        "phase": "OPEN" if opens else "CLOSED",
        "next_transition_at": (now + timedelta(hours=6)).isoformat(),
        "next_transition_type": "CLOSE" if opens else "OPEN", "late_seconds": 0.0,
    }  # fmt: skip


def events_flow(page: Page) -> None:
    """The stream is connected: what comes from here on is told. Everything is asked for once more, the alerts first:
    once they are answered, the other questions are out."""
    expect(page.get_by_test_id("world-clock")).to_have_attribute("data-events", "live")
    answered = "() => performance.getEntriesByType('resource').some(({name}) => name.includes('/api/alerts'))"
    wait_until(lambda: page.evaluate(answered), 15)  # playwright's own waiting needs eval, which the policy forbids


def row(page: Page, market: str) -> Locator:
    return page.get_by_test_id(f"market-{market}")


def away_from_asking() -> None:
    """The page is allowed its look at the markets every five minutes: be elsewhere for the next seconds."""

    def is_away() -> bool:
        second = time.time() % 300
        return ASKING[1] < second < 300 + ASKING[0] - 6

    wait_until(is_away, 60)


def test_home_lists_every_market_as_the_api_says(thor: RunningThor, context: BrowserContext) -> None:
    watched = open_page(context, thor.url)
    page = watched.page
    expect(page.get_by_test_id("markets-table")).to_be_visible()
    answer = {each["country"]: each for each in api(thor, page, "/api/markets")["markets"]}
    assert tuple(answer) == MARKETS
    for country, said in answer.items():
        expect(page.get_by_test_id(f"status-{country}")).to_contain_text(WORDS[said["status"]])
        if said["next_transition_type"]:
            verb = "closes in" if said["next_transition_type"] == "CLOSE" else "opens in"
            expect(page.get_by_test_id(f"next-{country}")).to_contain_text(verb)
        if said["holiday_name"] and said["status"] != "UNKNOWN":
            expect(page.get_by_test_id(f"note-{country}")).to_contain_text(said["holiday_name"])
    for region in api(thor, page, "/api/markets/composite")["regions"]:
        shown = page.get_by_test_id(f"share-{region['region']}").get_attribute("data-share") or ""
        assert float(shown.removesuffix("%")) == pytest.approx(float(region["open_share"]) * 100, abs=0.06)
    expect(page.get_by_test_id("cell-ES-last")).to_have_text(NUMBER)
    assert watched.complaints == []


def test_clocks_and_countdowns_tick_without_requests(thor: RunningThor, context: BrowserContext) -> None:
    page = open_page(context, thor.url).page
    clock, countdown = page.get_by_test_id("time-Japan"), page.get_by_test_id("next-USA")
    expect(countdown).to_contain_text(":")
    events_flow(page)
    away_from_asking()
    asked = requests_of(page)
    started = time.monotonic()
    seen: list[tuple[str, str]] = []

    def five_seconds() -> bool:
        seen.append((clock.inner_text(), countdown.inner_text()))
        return time.monotonic() - started >= 5

    wait_until(five_seconds, 10)
    # Every second once, in order.
    assert 5 <= len(dict.fromkeys(clock for clock, _ in seen)) <= 7
    assert 5 <= len(dict.fromkeys(countdown for _, countdown in seen)) <= 7
    assert set(asked) <= {"/api/sources", "/api/status", "/api/replays"}, "the clock asked the server"


def test_a_row_turns_when_the_event_comes_and_not_by_asking(thor: RunningThor, context: BrowserContext) -> None:
    page = open_page(context, f"{thor.url}/?market=Japan").page
    events_flow(page)
    away_from_asking()
    asked = requests_of(page)
    for opens in (True, False, True):
        publish(thor, "market.open" if opens else "market.close", turn("Japan", opens=opens))
        word = "OPEN" if opens else "CLOSED"
        expect(row(page, "Japan")).to_have_attribute("data-status", word, timeout=2_000)
        expect(page.get_by_test_id("market-status")).to_have_attribute("data-status", word)
        expect(page.get_by_test_id("next-Japan")).to_contain_text("closes in 0" if opens else "opens in 0")
    assert "/api/markets" not in asked


def test_alerts_come_and_go(thor: RunningThor, context: BrowserContext) -> None:
    page = open_page(context, f"{thor.url}/futures").page
    expect(page.get_by_test_id("connection-state")).to_contain_text("Live")
    alert = {"alert": "test", "severity": "critical", "text": "no quote of ES for 30 s", "at": "2026-11-20T14:30:00Z"}
    card = page.get_by_test_id("alert-test")

    def raised() -> bool:
        publish(thor, "alert", {**alert, "ended": False})
        return card.is_visible()

    # The stream of events may just be connecting: what came before is not told.
    wait_until(raised, 10)
    expect(card).to_contain_text("no quote of ES for 30 s")
    publish(thor, "alert", {**alert, "ended": True})
    expect(card).not_to_be_visible()


@pytest.mark.parametrize(
    "context",
    [
        pytest.param({"viewport": SIZES[size], "color_scheme": scheme}, id=f"{size}-{scheme}")
        for size in SIZES
        for scheme in ("dark", "light")
    ],
    indirect=True,
)
def test_home_fits_and_is_accessible_in_both_themes_and_widths(
    thor: RunningThor, context: BrowserContext, request: pytest.FixtureRequest
) -> None:
    page = open_page(context, thor.url).page
    expect(page.get_by_test_id("markets-table")).to_be_visible()
    expect(page.get_by_test_id("cell-ZB-last")).to_have_text(NUMBER)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"the page is {overflow} px too wide"
    assert page.evaluate(OVERLAPS) == []
    screenshot(page, f"home-{request.node.callspec.id}")
    violations = axe(page)
    assert violations == [], json.dumps(violations, indent=1)


#: Texts that stick out of their cell of the world clock, and parts of the page that lie over each other.
OVERLAPS = """() => {
  const cells = [...document.querySelectorAll('[data-testid=markets-table] :is(td, th)')];
  const wide = cells.filter((cell) => cell.scrollWidth > cell.clientWidth + 1).map((cell) => cell.innerText);
  const header = document.querySelector('header > div');
  const parts = [...header.children, ...document.querySelectorAll('[data-testid=world-clock], section[aria-label]')]
    .filter((part) => getComputedStyle(part).position !== 'fixed' && part.getBoundingClientRect().width > 0);
  const boxes = parts.map((part) => [part, part.getBoundingClientRect()]);
  const over = boxes.flatMap(([a, p], i) => boxes.slice(i + 1)
    .filter(([b, q]) => !a.contains(b) && p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 1 &&
      q.top < p.bottom - 1)
    .map(([b]) => `${a.className} over ${b.className}`));
  return [...wide, ...over];
}"""


def test_home_and_its_header_are_used_by_keyboard(thor: RunningThor, context: BrowserContext) -> None:
    page = open_page(context, thor.url).page
    expect(row(page, "Japan")).to_be_visible()
    page.get_by_role("button", name="Tokyo").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("market-status")).to_have_attribute("data-market", "Japan")
    assert "market=Japan" in page.url
    page.get_by_role("combobox", name="Market in the header").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_test_id("market-status")).to_have_attribute("data-market", "China")
    page.keyboard.press("Tab")
    page.keyboard.press("j")
    expect(page.get_by_test_id("row-YM")).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("f")
    expect(page.get_by_role("heading", level=1)).to_have_text("Future Trading")
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(row(page, "Japan")).to_be_visible()
    page.goto(f"{thor.url}/futures")
    expect(page.get_by_test_id("market-status")).to_have_attribute("data-market", "China")
