"""Where a running stack speaks: plain lines, JSON lines, or a live table on a terminal."""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from thor.ops.life import Life, Phase
from thor.ops.lines import readable

if TYPE_CHECKING:
    from rich.console import RenderableType

NEWS_LINES = 8
#: Plain lines say this often how the stack stands.
STATUS_SECONDS = 60.0


@dataclass(frozen=True)
class Picture:
    """What a view shows at one moment. `now` is of the same monotonic clock as the lives' times."""

    now: float
    lives: Mapping[str, Life]
    headline: str
    last_lines: Mapping[str, str]
    #: How the stack stands in one line; empty while nothing is known.
    status: str = ""


class Console(Protocol):
    """A place to speak. `say` is the stack's own word, `forward` a line of a service."""

    def say(self, line: str) -> None: ...
    def forward(self, service: str, line: str) -> None: ...
    def show(self, picture: Picture) -> None: ...
    def close(self) -> None: ...


class PlainConsole:
    """Readable lines, for a file or a pipe."""

    def __init__(self) -> None:
        self._status_at: float | None = None

    def say(self, line: str) -> None:
        _print(f"thor      | {line}")

    def forward(self, service: str, line: str) -> None:
        _print(f"{service:<9} | {readable(line)}")

    def show(self, picture: Picture) -> None:
        """Of a picture its line, once a minute."""
        if self._status_at is None:
            self._status_at = picture.now + STATUS_SECONDS
        if picture.status and picture.now >= self._status_at:
            self._status_at = picture.now + STATUS_SECONDS
            self.say(picture.status)

    def close(self) -> None:
        """Nothing is held."""


class JsonConsole(PlainConsole):
    """One JSON object a line, for a log collector."""

    def say(self, line: str) -> None:
        self._write("thor", line)

    def forward(self, service: str, line: str) -> None:
        if line.startswith("{"):
            _print(line)
        else:
            self._write(service, line)

    def _write(self, service: str, event: str) -> None:
        instant = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        _print(json.dumps({"timestamp": instant, "level": "info", "service": service, "event": event}))


class LiveConsole:
    """A table of the services that redraws itself, with the latest news below it."""

    def __init__(self) -> None:
        from rich.live import Live

        self._news: deque[str] = deque(maxlen=NEWS_LINES)
        # Redrawn by our own loop: a refresh thread would live beside the forks of the supervisor.
        self._live = Live(auto_refresh=False)
        self._live.start()

    def say(self, line: str) -> None:
        self._live.console.print(line, highlight=False, markup=False)
        self._live.refresh()

    def forward(self, service: str, line: str) -> None:
        self._news.append(f"{service:<9} {readable(line)}")

    def show(self, picture: Picture) -> None:
        self._live.update(drawing(picture, tuple(self._news)), refresh=True)

    def close(self) -> None:
        from rich.text import Text

        self._live.update(Text(""), refresh=True)
        self._live.stop()


def drawing(picture: Picture, news: tuple[str, ...]) -> RenderableType:
    """The live view: a headline, one row a service, the latest lines."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("service", "state", "pid", "since", "restarts", "last line"):
        table.add_column(heading, overflow="ellipsis", no_wrap=True)
    for name, life in picture.lives.items():
        table.add_row(
            name,
            Text(life.phase.value, style=_style(life.phase)),
            str(life.pid or ""),
            span(picture.now - life.since) if life.since else "",
            str(life.restarts or ""),
            Text(readable(picture.last_lines.get(name, "")).split("\n")[0], style="dim"),
        )
    latest = Text("\n".join(line.split("\n")[0] for line in news), style="dim", no_wrap=True, overflow="ellipsis")
    head = [Text(picture.headline, style="bold"), *([Text(picture.status)] if picture.status else [])]
    return Group(*head, Text(""), table, Text(""), latest)


def span(seconds: float) -> str:
    """A duration as people say it: 12 s, 3 min, 5 h 02 min."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _style(phase: Phase) -> str:
    return {Phase.RUNNING: "green", Phase.BACKOFF: "red", Phase.STOPPED: "dim"}.get(phase, "yellow")


def choose_console(log_format: str, *, live: bool) -> Console:
    """JSON when asked for, the live view where somebody looks, plain lines else."""
    if log_format == "json":
        return JsonConsole()
    return LiveConsole() if live else PlainConsole()


def _print(line: str) -> None:
    """A reader that went away (a closed pipe) must not end the stack."""
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except (BrokenPipeError, ValueError):
        sys.stdout = open("/dev/null", "w")  # noqa: SIM115, PTH123 (for the rest of this process)
