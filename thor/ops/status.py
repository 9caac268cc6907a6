"""`thor status`, `thor env` and `thor logs`: what runs, where it listens, what it wrote."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from thor.ops.consoles import span
from thor.ops.lines import readable
from thor.ops.probe import get_json
from thor.ops.state import ServiceState, read_state, running_pid
from thor.runtime.environment import SERVICES, Environment, resolve_addresses
from thor.runtime.home import log_dir
from thor.runtime.problem import Problem
from thor.runtime.processes import is_running, start_mark

POLL_SECONDS = 0.2
TAIL_LINES = 40


def collect_status(environment: Environment) -> dict[str, Any]:
    """The stack as JSON: its services, and what the page says of the feed when it answers (else null)."""
    pid = running_pid(environment.home)
    state = read_state(environment.home) if pid is not None else None
    page = urlsplit(state.url) if state else None
    host, port = (page.hostname or environment.host, page.port or environment.port) if page else ("", 0)
    return {
        "running": pid is not None,
        "pid": pid,
        "home": str(environment.home),
        "url": state.url if state else None,
        "uptime_seconds": round(time.time() - state.started_at, 1) if state else None,
        "services": [_service(service) for service in state.services] if state else [],
        "ready": get_json(host, port, "/readyz")[0] == 200 if page else False,
        "feed": _feed(host, port) if page else None,
    }


def _service(service: ServiceState) -> dict[str, Any]:
    """As written by the supervisor, but `alive` is looked at now."""
    alive = bool(service.pid) and is_running(service.pid or 0) and start_mark(service.pid or 0) == service.mark
    fields = asdict(service)
    del fields["mark"]
    return {**fields, "alive": alive, "uptime_seconds": round(time.time() - service.since, 1) if alive else None}


def _feed(host: str, port: int) -> dict[str, Any] | None:
    """Lag, rate and sources, from the page's own API; None when it does not answer or wants a login."""
    status, body = get_json(host, port, "/api/status")
    if status != 200:
        return None
    sources_status, sources = get_json(host, port, "/api/sources")
    return {**body, "sources": sources.get("sources", []) if sources_status == 200 else []}


def status_lines(status: Mapping[str, Any]) -> list[str]:
    """The status for a person."""
    if not status["running"]:
        return [f"Thor does not run on {status['home']}. Start it with `thor up`."]
    lines = [
        f"Thor runs (process {status['pid']}) on {status['home']}",
        f"page      {status['url']} ({'ready' if status['ready'] else 'not ready'})",
    ]
    for service in status["services"]:
        uptime = span(service["uptime_seconds"]) if service["uptime_seconds"] is not None else "-"
        lines.append(
            f"{service['name']:<9} {service['phase']:<10} pid {service['pid'] or '-':<8} up {uptime:<12} "
            f"restarts {service['restarts']}"
        )
    if feed := status["feed"]:
        ingest = feed.get("ingest") or {}
        words = [f"{name} {value}" for name, value in ingest.items() if value is not None]
        lines.append(f"ingest    {', '.join(words)}")
        lines.append(f"desk      {_desk_words(feed.get('desk'))}")
        lines.append(f"jobs      {_job_words(feed.get('jobs'))}")
        lines.extend(
            f"source    {source.get('source')} ({source.get('provider')}) {source.get('state')}, "
            f"{source.get('events')} events, {source.get('events_per_second')} a second, "
            f"{source.get('standby')} on standby"
            for source in feed["sources"]
        )
    return lines


def _desk_words(desk: Mapping[str, Any] | None) -> str:
    if not desk:
        return "none leads"
    coming = "no calendar reaches further"
    if desk["next_at"]:
        coming = f"next {desk['next_market']} {desk['next_kind']} at {desk['next_at'][:19]}Z"
    return f"{desk['leader']} leads, {desk['standby']} on standby, lag {desk['lag_ms']} ms, {coming}"


def _job_words(jobs: Mapping[str, Any] | None) -> str:
    if not jobs:
        return "not known: the database does not answer"
    return ", ".join(f"{jobs[name]} {name}" for name in ("waiting", "running", "failed", "workers"))


def env_lines(environment: Environment) -> list[str]:
    """Export lines for a shell: `eval "$(thor env)"`, then psql and redis-cli join in."""
    database_url, redis_url = resolve_addresses(environment)
    if not database_url or not redis_url:
        raise Problem(
            "no servers are known for this THOR_HOME. Start them with `thor up`, or set DATABASE_URL and REDIS_URL."
        )
    state = read_state(environment.home) if running_pid(environment.home) is not None else None
    port = urlsplit(state.url).port if state else environment.port
    database = urlsplit(database_url)
    values = {
        "THOR_HOME": str(environment.home),
        "THOR_PORT": str(port),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PGHOST": database.hostname or "",
        "PGPORT": str(database.port or 5432),
        "PGUSER": unquote(database.username or ""),
        "PGPASSWORD": unquote(database.password or ""),
        "PGDATABASE": unquote(database.path.lstrip("/")),
    }
    return [f"export {name}={_shell_quoted(value)}" for name, value in values.items()]


def _shell_quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def log_lines(environment: Environment, service: str | None, *, follow: bool) -> Iterator[str]:
    """The last lines of one service's log or of all; with `follow`, every new line until interrupted."""
    names = (service,) if service else (*SERVICES, "prepare")
    if service and service not in (*SERVICES, "prepare"):
        raise Problem(f"no service is called {service}. Name one of {', '.join(SERVICES)}.")
    paths = {name: log_dir(environment.home) / f"{name}.log" for name in names}
    if not any(path.exists() for path in paths.values()):
        raise Problem(f"nothing was logged in {log_dir(environment.home)} yet. Start Thor with `thor up`.")
    tails = {name: _Tail(path) for name, path in paths.items()}
    prefix = service is None
    for name, tail in tails.items():
        for line in tail.last(TAIL_LINES):
            yield _labelled(name, line, prefix)
    while follow:
        for name, tail in tails.items():
            for line in tail.new():
                yield _labelled(name, line, prefix)
        time.sleep(POLL_SECONDS)


def _labelled(name: str, line: str, prefix: bool) -> str:
    return f"{name:<9} | {readable(line)}" if prefix else readable(line)


class _Tail:
    """Whole lines of a growing file, also over its rotation."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0
        self._inode = 0
        self._partial = b""

    def last(self, count: int) -> list[str]:
        return self.new()[-count:]

    def new(self) -> list[str]:
        try:
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_ino != self._inode or status.st_size < self._position:
                    self._inode, self._position, self._partial = status.st_ino, 0, b""
                file.seek(self._position)
                data = file.read()
                self._position += len(data)
        except OSError:
            return []
        *lines, self._partial = (self._partial + data).split(b"\n")
        return [line.decode(errors="replace") for line in lines]
