"""A replay as recorded, watched on Home: under its banner, in simulated time, every open and close when it happens."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.support import wait_until
from tests.support_browser import CHECKOUT, RunningThor, axe, open_page, screenshot

pytestmark = pytest.mark.browser

SPEED = 600
FROM, UNTIL = "2025-10-09T10:40:00Z", "2025-10-09T16:00:00Z"
#: What turns between them, from the exchanges' own hours.
TURNS = {
    ("Pre_USA", "OPEN", "12:30"), ("Pre_USA", "CLOSED", "13:30"), ("USA", "OPEN", "13:30"),
    ("Canada", "OPEN", "13:30"), ("Mexico", "OPEN", "13:30"), ("Germany", "CLOSED", "15:30"),
    ("Netherlands", "CLOSED", "15:30"), ("United Kingdom", "CLOSED", "15:30"),
}  # fmt: skip
#: How late a row may turn, in our seconds.
LATEST = 1.0

#: Keeps what each row turns to, and when by the page's own clock.
WATCH = """() => {
  window.turns = [];
  const seen = ({target}) => window.turns.push([target.dataset.testid.slice(7), target.dataset.status, Date.now()]);
  for (const row of document.querySelectorAll('[data-testid=markets-table] tr[data-status]'))
    new MutationObserver((records) => records.forEach(seen)).observe(row, {attributeFilter: ['data-status']});
}"""

#: What time the API says it is there, and by the page's own clock: of some answers the quickest, the surest one.
READ_CLOCK = """async (path) => {
  const readings = [];
  for (let i = 0; i < 10; i++) {
    const sent = Date.now();
    const {now} = await (await fetch(path)).json();
    readings.push({now, wall: (sent + Date.now()) / 2, took: Date.now() - sent});
  }
  return readings.sort((a, b) => a.took - b.took)[0];
}"""


def test_every_market_turns_in_the_browser_when_it_does_in_the_replay(
    thor_without_source: RunningThor, context: BrowserContext
) -> None:
    thor = thor_without_source
    replay = subprocess.Popen(
        [sys.executable, "-m", "thor", "replay", "--as-recorded", "--from", FROM, "--until", UNTIL,
         "--speed", str(SPEED), "--into", "day"],
        env=thor.environ, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        live = open_page(context, thor.url).page
        wait_until(lambda: has_replay(live.request.get(f"{thor.url}/api/replays").json()), 60)
        page = open_page(context, f"{thor.url}/?namespace=day").page
        expect(page.get_by_test_id("markets-table")).to_be_visible()
        page.evaluate(WATCH)
        expect(page.get_by_test_id("namespace-banner")).to_contain_text(
            f"Replay day: recorded 9 Oct 2025, at x{SPEED}, simulated time 9 Oct 2025 1"
        )
        expect(page.get_by_test_id("connection-state")).to_have_text("Connected")
        assert axe(page) == []
        # Once time runs: before, the replay's stack is still starting.
        wait_until(lambda: page.evaluate("window.turns.length > 0"), 60)
        reading = page.evaluate(READ_CLOCK, "/api/markets?namespace=day")
        wait_until(lambda: len(page.evaluate("window.turns")) >= len(TURNS), 90, lambda: str(turns_of(page, reading)))
        screenshot(page, "home-replay")
        out, err = replay.communicate(timeout=120)
        assert replay.returncode == 0, out + err
    finally:
        replay.kill()
    found = turns_of(page, reading)
    assert {(market, status, at) for market, status, at, _ in found} == TURNS, found
    print("\n".join(f"{market} {status} {at} seen {late:.2f} s late" for market, status, at, late in found))
    assert max(late for *_, late in found) < LATEST, found
    expect(page.get_by_test_id("namespace-banner")).to_contain_text("ended, simulated time 9 Oct 2025 16:00:00")
    # The live page knows of the replay, and nothing of it touched the live markets.
    page.get_by_test_id("back-to-live").click()
    expect(page.get_by_test_id("replay-day")).to_contain_text("ended")
    expect(page.get_by_test_id("namespace-banner")).not_to_be_visible()


def has_replay(answer: Any) -> bool:
    return any(each["namespace"] == "day" and each["state"] == "running" for each in answer["replays"])


def turns_of(page: Any, reading: Any) -> list[tuple[str, str, str, float]]:
    """Market, status, the last half hour before it was seen (UTC), and how many of our seconds after that it was."""
    found = []
    for market, status, wall in page.evaluate("window.turns"):
        simulated = datetime.fromisoformat(reading["now"]).timestamp() + (wall - reading["wall"]) / 1000 * SPEED
        at = round(simulated / 1800 - 0.25) * 1800
        found.append((market, status, f"{datetime.fromtimestamp(at, UTC):%H:%M}", (simulated - at) / SPEED))
    return found
