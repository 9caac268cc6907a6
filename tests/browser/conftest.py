"""A whole Thor, as ``make up`` starts it, and Debian's chromium to look at it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.support import wait_until
from tests.support_browser import SIZES, RunningThor

CHECKOUT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("THOR_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
DIST = CHECKOUT / "frontend" / "dist" / "index.html"
START_SECONDS = 90
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def thor() -> Iterator[RunningThor]:
    """``thor up`` on a throw-away home with the simulator at 60 events a second."""
    with running_thor() as started:
        yield started


@pytest.fixture(scope="module")
def thor_without_source() -> Iterator[RunningThor]:
    """The same with no source: what a test publishes is all there is."""
    with running_thor("--without", "source") as started:
        yield started


@pytest.fixture(scope="module")
def busy_thor() -> Iterator[RunningThor]:
    """The same with 200 events a second, as on a lively day."""
    with running_thor(rate=200) as started:
        yield started


@contextmanager
def running_thor(*options: str, rate: int = 60) -> Iterator[RunningThor]:
    """``rate``: events a second of the simulator."""
    if not DIST.is_file():
        pytest.fail("the web app is not built: run `make web` first")
    home = Path(tempfile.mkdtemp(prefix="thor-browser-"))
    mock = {"MOCK_RATE": str(rate), "MOCK_SEED": "7"}
    environ = {**os.environ, **mock, "THOR_HOME": str(home), "THOR_LOG_FORMAT": "console"}
    log = (home / "up.log").open("w+", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "thor", "up", "--port", "0", "--no-view", *options],
        env=environ, cwd=CHECKOUT, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield RunningThor(_wait_for_url(process, home / "up.log"), home, environ)
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=40)
        log.close()
        text = (home / "up.log").read_text(encoding="utf-8")
        shutil.rmtree(home, ignore_errors=True)
    assert code == 0, text


def _wait_for_url(process: subprocess.Popen[bytes], log: Path) -> str:
    """The page's address, once the stack says that it is ready and quotes move."""

    def found() -> str | None:
        text = log.read_text(encoding="utf-8")
        assert process.poll() is None, f"thor up ended:\n{text}"
        match = re.search(r"ready after .*(http://127\.0\.0\.1:\d+)", text)
        return match[1] if match else None

    return wait_until(found, START_SECONDS, lambda: log.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("no chromium: `apt-get install chromium`, or set THOR_TEST_CHROMIUM")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync",
            ],
        )  # fmt: skip
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    options: dict[str, Any] = getattr(request, "param", {})
    opened = browser.new_context(**{"viewport": SIZES["wide"], "color_scheme": "dark", **options})
    opened.set_default_timeout(15_000)
    yield opened
    opened.close()
