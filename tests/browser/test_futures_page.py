"""The Future Trading page in a real browser, on a whole Thor: it lives, it survives, it says what is wrong."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.support import wait_until
from tests.support_browser import NUMBER, SIZES, RunningThor, axe, open_page, screenshot

pytestmark = pytest.mark.browser

SYMBOLS = ("YM", "ES", "NQ", "RTY", "CL", "SI", "HG", "GC", "VX", "DX", "ZB")


def text(page: Page, testid: str) -> str:
    return page.get_by_test_id(testid).inner_text()


def traced(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(
        "({ids: window.__thorWire.ids, reconnects: window.__thorWire.reconnects,"
        " gaps: window.__thorWire.gaps, state: window.__thorWire.state})"
    )
    return found


def diagnosis(thor: RunningThor, page: Page) -> str:
    """What a person would look at when no quotes arrive: the page's wire, the stack, the stream itself."""
    with thor.bus() as bus:
        added = bus.xinfo_stream("quotes:stream:unified")["entries-added"]
    seen = traced(page)
    wire = {**seen, "ids": len(seen["ids"])}
    log = (thor.home / "up.log").read_text(encoding="utf-8")[-4000:]
    return f"wire {wire}, unified stream {added} entries, {json.dumps(thor.status())}\n{log}"


def key(stream_id: str) -> tuple[int, int]:
    ms, _, n = stream_id.partition("-")
    return int(ms), int(n)


def test_the_board_shows_all_instruments_and_they_move(thor: RunningThor, context: BrowserContext) -> None:
    watched = open_page(context, f"{thor.url}/futures")
    page = watched.page
    expect(page.get_by_test_id("connection-state")).to_contain_text("Live")
    for symbol in SYMBOLS:
        expect(page.get_by_test_id(f"row-{symbol}")).to_be_visible()
        expect(page.get_by_test_id(f"cell-{symbol}-last")).to_have_text(NUMBER)
    first = {symbol: text(page, f"cell-{symbol}-last") for symbol in SYMBOLS}
    wait_until(lambda: sum(text(page, f"cell-{s}-last") != first[s] for s in SYMBOLS) >= 6, 20)
    expect(page.get_by_test_id("source-badge").first).to_contain_text("MOCK")
    expect(page.get_by_test_id("simulated-banner")).to_be_visible()
    assert watched.complaints == []


@pytest.mark.parametrize(
    "context",
    [
        pytest.param({"viewport": SIZES[size], "color_scheme": scheme}, id=f"{size}-{scheme}")
        for size in SIZES
        for scheme in ("dark", "light")
    ],
    indirect=True,
)
def test_it_fits_and_is_accessible_in_both_themes_and_widths(
    thor: RunningThor, context: BrowserContext, request: pytest.FixtureRequest
) -> None:
    page = open_page(context, f"{thor.url}/futures").page
    expect(page.get_by_test_id("cell-ZB-last")).to_have_text(NUMBER)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"the page is {overflow} px too wide"
    screenshot(page, f"futures-{request.node.callspec.id}")
    violations = axe(page)
    assert violations == [], json.dumps(violations, indent=1)


def test_after_kill_9_of_the_server_the_page_resumes_without_losing_an_id(
    thor: RunningThor, context: BrowserContext
) -> None:
    page = open_page(context, f"{thor.url}/futures?conflate=off", trace=True).page
    wait_until(lambda: len(traced(page)["ids"]) > 50, 20, lambda: diagnosis(thor, page))
    for _ in range(2):
        before = len(traced(page)["ids"])
        reconnects = traced(page)["reconnects"]
        os.kill(thor.pid("web"), signal.SIGKILL)
        expect(page.get_by_test_id("disconnected-banner")).to_be_visible()
        wait_until(lambda n=reconnects: traced(page)["reconnects"] > n, 60)  # type: ignore[misc]
        wait_until(lambda n=before: len(traced(page)["ids"]) > n + 200, 60)  # type: ignore[misc]
        expect(page.get_by_test_id("disconnected-banner")).not_to_be_visible()
    seen = traced(page)
    assert seen["gaps"] == 0
    ids = [key(each) for each in seen["ids"]]
    assert ids == sorted(set(ids)), "an id came twice or out of order"
    with thor.bus() as bus:
        entries = bus.xrange("quotes:stream:unified", seen["ids"][0], seen["ids"][-1])
    assert [key(entry_id.decode()) for entry_id, _ in entries] == ids


def test_when_the_source_falls_silent_its_quotes_are_shown_as_stale(thor: RunningThor, context: BrowserContext) -> None:
    page = open_page(context, f"{thor.url}/futures").page
    expect(page.get_by_test_id("cell-ES-last")).to_have_text(NUMBER)
    source = thor.pid("source")
    os.kill(source, signal.SIGSTOP)
    try:
        expect(page.get_by_test_id("stale-ES")).to_be_visible()
        screenshot(page, "futures-stale")
        expect(page.get_by_test_id("connection-state")).to_contain_text("Live")
    finally:
        os.kill(source, signal.SIGCONT)
    expect(page.get_by_test_id("stale-ES")).not_to_be_visible(timeout=30_000)


def test_the_board_is_used_by_keyboard_and_its_state_lives_in_the_address(
    thor: RunningThor, context: BrowserContext
) -> None:
    page = open_page(context, f"{thor.url}/futures").page
    expect(page.get_by_test_id("row-ES")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("zb")
    expect(page.get_by_test_id("row-ZB")).to_be_visible()
    expect(page.get_by_test_id("row-ES")).not_to_be_visible()
    wait_until(lambda: "zb" in page.url.lower(), 5)
    page.reload()
    expect(page.get_by_test_id("row-ZB")).to_be_visible()
    expect(page.get_by_test_id("row-ES")).not_to_be_visible()


def test_the_theme_is_remembered_and_an_unknown_page_says_so(thor: RunningThor, context: BrowserContext) -> None:
    page = open_page(context, f"{thor.url}/futures").page
    scheme = "() => document.documentElement.getAttribute('data-mantine-color-scheme')"
    assert page.evaluate(scheme) == "dark"
    page.get_by_test_id("theme-toggle").click()
    wait_until(lambda: page.evaluate(scheme) == "light", 5)
    page.goto(f"{thor.url}/no-such-page")
    expect(page.get_by_test_id("not-found")).to_be_visible()
    assert page.evaluate(scheme) == "light"
