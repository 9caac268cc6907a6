"""Take the README's pictures: a whole Thor on the simulator, seen by chromium after some minutes; and, because markets
are closed on many a day, a made Friday around New York's open, played as recorded at 20 times its speed.

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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from playwright.sync_api import sync_playwright

from thor.instruments.instrument import INSTRUMENTS
from thor.quotes.providers.mock import Exchange

CHECKOUT = Path(__file__).resolve().parents[1]
IMAGES = CHECKOUT / "docs" / "images"
#: Name, path, colour scheme, width and height.
PICTURES = (
    ("home-dark", "/", "dark", 1440, 800),
    ("home-light", "/", "light", 1440, 800),
    ("home-narrow", "/", "dark", 390, 844),
)
#: Of the replay.
FRIDAY_PICTURES = (
    ("futures-dark", "/futures", "dark", 1440, 600),
    ("futures-light", "/futures", "light", 1440, 600),
    ("futures-narrow", "/futures", "dark", 390, 844),
    ("futures-cards", "/futures?view=cards", "dark", 1440, 900),
    ("futures-heatmap", "/futures?view=heatmap", "light", 1440, 600),
    ("instrument-dark", "/futures?symbol=ES", "dark", 1440, 900),
    ("instrument-light", "/futures?symbol=ES", "light", 1440, 900),
)
#: Of the same; no board is on these.
OPENS_PICTURES = (
    ("opens-today-dark", "/futures/market-open/today", "dark", 1440, 600),
    ("opens-today-narrow", "/futures/market-open/today", "dark", 390, 844),
    ("opens-session-light", "/futures/market-open/session/usa-2026-11-20", "light", 1440, 900),
)
#: Of a made lake (tests/fill_lake.py); ``{date}`` is the newest exported date. The chart is of ES over a roll.
LAKE_PICTURES = (
    ("research-chart-dark", "/research/chart?symbol=ES&tf=15m&to={date}T20:00Z", "dark", 1440, 900),
    ("research-chart-narrow", "/research/chart?symbol=ES&tf=15m&to={date}T20:00Z", "light", 390, 844),
    ("research-data-light", "/research/data?symbol=ES&date={date}", "light", 1440, 900),
    ("research-data-narrow", "/research/data?symbol=ES&date={date}&by=quality", "dark", 390, 844),
)
FROM = datetime(2026, 11, 20, 13, 55, tzinfo=UTC)
HOURS, RATE, SPEED = 1.5, 20.0, 20
#: From the file's first row to some minutes after New York's open.
FRIDAY_SECONDS = 45 * 60 / SPEED


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
        take(url, PICTURES)
        with replaying(environ, Path(home) / "friday.parquet"):
            time.sleep(FRIDAY_SECONDS)
            take(url, FRIDAY_PICTURES, "friday")
            take(url, OPENS_PICTURES, "friday", ready=("trade-usa-2026-11-20",))
        take_lake(url, environ)
        thor.send_signal(signal.SIGTERM)
        thor.communicate()
    shutil.rmtree(home, ignore_errors=True)


@contextmanager
def replaying(environ: dict[str, str], path: Path) -> Iterator[None]:
    """A Friday of the simulated exchange, recorded and played."""
    make_friday(path)
    how = ["--as-recorded", "--into", "friday", "--speed", str(SPEED)]
    words = [sys.executable, "-m", "thor", "replay", "--file", str(path), *how]
    with subprocess.Popen(words, env=environ, cwd=CHECKOUT, stdout=subprocess.DEVNULL) as child:
        try:
            yield
        finally:
            child.send_signal(signal.SIGINT)


def make_friday(path: Path) -> None:
    """The quotes of all instruments as the simulator makes them, as a recording."""
    first_us = round(FROM.timestamp() * 1e6)
    exchange = Exchange(7, RATE, [facts.symbol for facts in INSTRUMENTS], first_us)
    events = exchange.take(exchange.due(first_us + round(HOURS * 3.6e9)), round(HOURS * 3600 * RATE) + 1)
    quotes = [event.quote(seq) for seq, event in enumerate(events)]
    prices = ("last", "bid", "ask", "open", "high", "low", "close", "settlement")
    columns = {name: [float(getattr(quote, name)) for quote in quotes] for name in prices}
    whole = {
        name: [getattr(quote, name) for quote in quotes] for name in ("last_size", "bid_size", "ask_size", "volume")
    }
    times = pl.Series([quote.ts for quote in quotes], dtype=pl.Datetime("us", "UTC"))
    pl.DataFrame({"symbol": [quote.symbol for quote in quotes], "ts": times, **columns, **whole}).write_parquet(path)


def take_lake(url: str, environ: dict[str, str]) -> None:
    """The last word that is said of a made lake is its newest exported date."""
    words = [sys.executable, "-m", "tests.fill_lake"]
    done = subprocess.run(words, env=environ, cwd=CHECKOUT, check=True, stdout=subprocess.PIPE, text=True)
    for name, path, scheme, width, height in LAKE_PICTURES:
        picture = (name, path.format(date=done.stdout.split()[-1]), scheme, width, height)
        take(url, (picture,), ready=("kept-words" if "chart" in path else "day-state",))


def take(
    url: str,
    pictures: Sequence[tuple[str, str, str, int, int]],
    namespace: str = "",
    ready: Sequence[str] = ("cell-ZB-last", "total"),
) -> None:
    """``ready``: test ids of what must be there before."""
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, path, scheme, width, height in pictures:
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
            query = f"{'&' if '?' in path else '?'}namespace={namespace}" if namespace else ""
            page.goto(f"{url}{path}{query}")
            for each in ready:
                page.get_by_test_id(each).wait_for()
            page.get_by_test_id("market-countdown").wait_for()
            page.wait_for_timeout(3000)  # for the latency to be known
            page.screenshot(path=IMAGES / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
