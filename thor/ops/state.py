"""What a running stack tells the other commands: THOR_HOME/run/status.json, replaced at every change."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thor.ops.life import Life
from thor.runtime.home import run_dir, write_private
from thor.runtime.processes import is_running, lock_holder, start_mark, stop_stranger

LEFTOVER_SECONDS = 5.0


@dataclass(frozen=True)
class ServiceState:
    """One service as last written: `since` is epoch seconds, `mark` tells its process from a later one of that pid."""

    name: str
    phase: str
    pid: int | None
    mark: str
    since: float
    restarts: int
    exit_code: int | None


@dataclass(frozen=True)
class StackState:
    """A stack as last written, with the pid of its supervisor and the address of its page."""

    pid: int
    url: str
    started_at: float
    services: tuple[ServiceState, ...]


def state_file(home: Path) -> Path:
    return run_dir(home) / "status.json"


def running_pid(home: Path) -> int | None:
    """The pid of the Thor that runs on this THOR_HOME; None when none does."""
    return lock_holder(run_dir(home) / "lock")


def describe(pid: int, url: str, started_at: float, lives: Mapping[str, Life], monotonic_now: float) -> dict[str, Any]:
    """The state as JSON. Monotonic times become epoch seconds, which other processes understand."""
    offset = time.time() - monotonic_now
    services = {
        name: {
            "phase": life.phase.value,
            "pid": life.pid,
            "mark": start_mark(life.pid) if life.pid else "",
            "since": round(life.since + offset, 3),
            "restarts": life.restarts,
            "exit_code": life.exit_code,
        }
        for name, life in lives.items()
    }
    return {"pid": pid, "url": url, "started_at": round(started_at, 3), "services": services}


def write_state(home: Path, state: dict[str, Any]) -> None:
    write_private(state_file(home), json.dumps(state, indent=2) + "\n")


def read_state(home: Path) -> StackState | None:
    """The last written state; None when there is none or it cannot be read (it is rewritten by the next start)."""
    try:
        content = json.loads(state_file(home).read_text(encoding="utf-8"))
        services = tuple(ServiceState(name=name, **fields) for name, fields in content["services"].items())
        return StackState(content["pid"], content["url"], content["started_at"], services)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def end_leftovers(home: Path, names: frozenset[str]) -> list[str]:
    """End the services of a stack whose supervisor was killed, where the kernel did not. The caller holds the lock."""
    ended = []
    state = read_state(home)
    for service in state.services if state else ():
        if (
            service.name in names
            and service.pid
            and is_running(service.pid)
            and start_mark(service.pid) == service.mark
        ):
            stop_stranger(service.pid, signal.SIGTERM, LEFTOVER_SECONDS)
            ended.append(service.name)
    return ended
