"""Take the README's pictures: a whole Thor on the simulator, seen by chromium after some minutes.

    .venv/bin/python scripts/screenshots.py [--minutes 5]

Needs the browser tests' packages (`make browser` installs them) and chromium.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

CHECKOUT = Path(__file__).resolve().parents[1]
IMAGES = CHECKOUT / "docs" / "images"
#: Name, path, colour scheme, width and height.
PICTURES = (
    ("home-dark", "/", "dark", 1440, 800),
    ("home-light", "/", "light", 1440, 800),
    ("home-narrow", "/", "dark", 390, 844),
    ("futures-dark", "/futures", "dark", 1440, 600),
    ("futures-light", "/futures", "light", 1440, 600),
    ("futures-narrow", "/futures", "dark", 390, 844),
    ("futures-cards", "/futures?view=cards", "dark", 1440, 900),
    ("futures-heatmap", "/futures?view=heatmap", "light", 1440, 600),
    ("instrument-dark", "/futures?symbol=ES", "dark", 1440, 900),
    ("instrument-light", "/futures?symbol=ES", "light", 1440, 900),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0, help="let the sparklines fill for so long")
    minutes = parser.parse_args().minutes
    home = tempfile.mkdtemp(prefix="thor-pictures-")
    environ = {**os.environ, "THOR_HOME": home, "MOCK_RATE": "60"}
    command = [sys.executable, "-m", "thor", "up", "--port", "0", "--no-view"]
    with subprocess.Popen(command, env=environ, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as thor:
        assert thor.stdout is not None
        url = next(
            match[1] for line in thor.stdout if (match := re.search(r"ready after .*(http://\S+?)/?$", line.rstrip()))
        )
        time.sleep(minutes * 60)
        take(url)
        thor.send_signal(signal.SIGTERM)
        thor.communicate()
    shutil.rmtree(home, ignore_errors=True)


def take(url: str) -> None:
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, path, scheme, width, height in PICTURES:
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
            page.goto(f"{url}{path}")
            page.get_by_test_id("cell-ZB-last").wait_for()
            page.get_by_test_id("total").wait_for()
            page.get_by_test_id("market-countdown").wait_for()
            page.wait_for_timeout(3000)  # for the latency to be known
            page.screenshot(path=IMAGES / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
