"""What browser tests share: a running Thor, a page whose complaints are kept, screenshots."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from playwright.sync_api import BrowserContext, Page, ViewportSize

CHECKOUT = Path(__file__).resolve().parents[1]
RESULTS = CHECKOUT / "test-results"
AXE = CHECKOUT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SIZES: dict[str, ViewportSize] = {"wide": {"width": 1440, "height": 900}, "narrow": {"width": 390, "height": 844}}
#: A price or size as the page writes it.
NUMBER = re.compile(r"^-?[\d,]+(\.\d+)?$")


@dataclass(frozen=True)
class RunningThor:
    """A Thor that is up. ``url`` of its page, ``home`` its THOR_HOME."""

    url: str
    home: Path
    environ: dict[str, str]

    def status(self) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "thor", "status", "--json"],
            env=self.environ, cwd=CHECKOUT, capture_output=True, text=True, check=True, timeout=20,
        )  # fmt: skip
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def pid(self, service: str) -> int:
        return next(int(each["pid"]) for each in self.status()["services"] if each["name"] == service)

    def bus(self) -> redis.Redis:
        addresses = json.loads((self.home / "run" / "servers.json").read_text(encoding="utf-8"))
        return redis.Redis.from_url(addresses["redis_url"])


class Watched:
    """A page whose complaints are kept: a test ends by asking that there were none."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)


def open_page(context: BrowserContext, url: str, *, trace: bool = False) -> Watched:
    page = context.new_page()
    if trace:
        page.add_init_script("localStorage.setItem('thor.trace', '1')")
    watched = Watched(page)
    page.goto(url)
    return watched


def screenshot(page: Page, name: str) -> None:
    RESULTS.mkdir(exist_ok=True)
    page.screenshot(path=RESULTS / f"{name}.png")


def axe(page: Page) -> list[dict[str, Any]]:
    """What axe-core finds wrong with the page for people who cannot see it well: id and places of each."""
    # Injected as a script of the page's own world: the page's policy allows none from elsewhere.
    page.evaluate(f"() => {{ {AXE.read_text(encoding='utf-8')} }}")
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    return [{"id": each["id"], "nodes": [node["html"][:200] for node in each["nodes"]]} for each in found]
