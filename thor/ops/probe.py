"""Is the page ready, and do quotes move on it? Asked over HTTP, as a browser would."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from typing import Any

TIMEOUT_SECONDS = 2.0


@dataclass
class Probe:
    """Looks at one web server, a step at a time, so that the loop that calls it keeps turning."""

    host: str
    port: int
    ready: bool = False
    moving: bool = False
    reason: str = "the web app does not answer yet"
    _first_seen: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        return f"http://{printable_host(self.host)}:{self.port}"

    def step(self) -> None:
        """Ask the next open question. `ready` and `moving` stay true once they are."""
        if not self.ready:
            self.ready = self._ask_ready()
        elif not self.moving:
            self.moving = self._ask_moving()

    def _ask_ready(self) -> bool:
        status, body = get_json(self.host, self.port, "/readyz")
        if status == 200:
            return True
        if status:
            self.reason = str(body.get("detail") or f"/readyz answers {status}")
        return False

    def _ask_moving(self) -> bool:
        """The newest quote is another one than at the first look."""
        status, body = get_json(self.host, self.port, "/api/quotes")
        if status != 200:
            return False
        newest = max((str(quote.get("ts", "")) for quote in body.get("quotes", [])), default="")
        if not self._first_seen:
            self._first_seen = newest
            return False
        return newest > self._first_seen


def get_json(host: str, port: int, path: str) -> tuple[int, dict[str, Any]]:
    """(status, JSON object); status 0 when nobody answers, an empty object when it is no JSON object."""
    connection = http.client.HTTPConnection(reachable_host(host), port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
    except (OSError, http.client.HTTPException):
        return 0, {}
    finally:
        connection.close()
    try:
        body = json.loads(text)
    except ValueError:
        body = {}
    return answer.status, body if isinstance(body, dict) else {}


def reachable_host(host: str) -> str:
    """Where a server that listens on `host` can be reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "[::]": "::1"}.get(host, host.strip("[]"))


def printable_host(host: str) -> str:
    """The same, as part of an address."""
    reachable = reachable_host(host)
    return f"[{reachable}]" if ":" in reachable else reachable
