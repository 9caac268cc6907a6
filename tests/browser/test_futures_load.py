"""The Future Trading page under 200 quotes a second over 11 instruments: frames stay short.

``LOAD_SECONDS=60`` looks for a minute; the figures are printed (``pytest -s``). Other processes share the machine
with the browser here, so the bounds are generous.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, CDPSession, expect

from tests.support_browser import NUMBER, RunningThor, open_page

pytestmark = pytest.mark.browser

SECONDS = float(os.environ.get("LOAD_SECONDS", "8"))
LONG_FRAME_MS = 50
#: Of all frames, so many may be long; a page that renders itself whole with every quote has most of them long.
LONG_SHARE = 0.05
#: Of the page's main thread.
BUSY_SHARE = 0.9

#: Keeps the time between frames, and tasks of over 50 ms.
WATCH = """() => {
  const seen = window.seen = {frames: [], tasks: []};
  let before = performance.now();
  const frame = (now) => { seen.frames.push(now - before); before = now; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  new PerformanceObserver((list) => seen.tasks.push(...list.getEntries().map(({duration}) => duration)))
    .observe({entryTypes: ['longtask']});
}"""


def spent(devtools: CDPSession) -> dict[str, float]:
    """Seconds that the page's main thread has worked so far, by kind."""
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return {each["name"]: each["value"] for each in metrics}


@pytest.mark.parametrize("address", ["", "?view=cards", "?symbol=ES"], ids=["table", "cards", "instrument"])
def test_frames_stay_short_while_everything_moves(
    busy_thor: RunningThor, context: BrowserContext, address: str
) -> None:
    page = open_page(context, f"{busy_thor.url}/futures{address}", trace=True).page
    expect(page.get_by_test_id("cell-ZB-last")).to_have_text(NUMBER)
    if "symbol" in address:
        expect(page.get_by_test_id("chart")).to_have_attribute("data-state", "drawn")
    devtools = context.new_cdp_session(page)
    devtools.send("Performance.enable")
    page.wait_for_timeout(1_000)  # what the page's opening cost is another question
    heard = page.evaluate("window.__thorWire.ids.length")
    page.evaluate(WATCH)
    before = spent(devtools)
    page.wait_for_timeout(SECONDS * 1000)
    after = spent(devtools)
    seen: dict[str, Any] = page.evaluate("window.seen")
    quotes = page.evaluate("window.__thorWire.ids.length") - heard

    seconds = after["Timestamp"] - before["Timestamp"]
    share = {kind: (after[kind] - before[kind]) / seconds for kind in ("TaskDuration", "ScriptDuration")}
    frames = sorted(seen["frames"])
    long = [frame for frame in frames if frame > LONG_FRAME_MS]
    share_of_script = f"main thread {share['TaskDuration']:.0%} (script {share['ScriptDuration']:.0%})"
    print(
        f"\n{address or 'table'}: {seconds:.0f} s, {quotes / seconds:.0f} quotes/s heard,"
        f" {len(frames) / seconds:.1f} frames/s, median {frames[len(frames) // 2]:.1f} ms,"
        f" p99 {frames[int(len(frames) * 0.99)]:.1f} ms, longest {frames[-1]:.1f} ms,"
        f" {len(long)} over {LONG_FRAME_MS} ms, {len(seen['tasks'])} long tasks, {share_of_script}"
    )
    assert quotes > 0.3 * float(busy_thor.environ["MOCK_RATE"]) * SECONDS, "the page hears too little to be measured"
    assert len(frames) > 10 * SECONDS, "the page hardly draws"
    assert len(long) <= LONG_SHARE * len(frames)
    assert share["TaskDuration"] < BUSY_SHARE
