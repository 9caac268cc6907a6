"""Keeps services running: starts them in order, restarts what ends, keeps their output, stops them in reverse order.

One thread, one loop: `tick` does what is due and reads what the children wrote. Which step comes next is decided in
`life.py`; this file holds the processes.
"""

from __future__ import annotations

import contextlib
import os
import random
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from thor.ops import life as lives
from thor.ops.life import Life, Phase, Policy
from thor.runtime.home import PRIVATE_FILE
from thor.runtime.processes import end_group, spawn

LARGEST_LOG_BYTES = 10 * 1024 * 1024
LONGEST_LINE_BYTES = 64 * 1024

Forward = Callable[[str, str], None]


@dataclass(frozen=True)
class Service:
    """One thing to keep running. `after` names what must run before it, and is stopped only after it."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    after: tuple[str, ...] = ()
    serves: Callable[[int], bool] = lambda pid: True  # noqa: ARG005 (a process that exists is enough by default)
    stop_signal: signal.Signals = signal.SIGTERM
    policy: Policy = field(default_factory=Policy)


def command(argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> Callable[[], subprocess.Popen[bytes]]:
    """A start function for a program whose output we read."""

    def start() -> subprocess.Popen[bytes]:
        return spawn(argv, env=env, cwd=cwd, output=subprocess.PIPE, parent_death_signal=signal.SIGTERM)

    return start


class LogFile:
    """A service's output on disk; when it has grown large it becomes NAME.log.1 and a new one begins."""

    def __init__(self, path: Path, largest_bytes: int = LARGEST_LOG_BYTES) -> None:
        self._path = path
        self._largest = largest_bytes
        self._file = self._open()

    def _open(self) -> BinaryIO:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE)
        return os.fdopen(descriptor, "ab", buffering=0)

    def write(self, data: bytes) -> None:
        """Append; a full disk must not stop the service, so a failed write is dropped (the view still shows it)."""
        with contextlib.suppress(OSError):
            self._file.write(data)
            if self._file.tell() > self._largest:
                self._file.close()
                self._path.replace(self._path.with_suffix(".log.1"))
                self._file = self._open()

    def close(self) -> None:
        self._file.close()


class _Watched:
    """A service with its process, its life and its unread output."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.life = Life()
        self.child: subprocess.Popen[bytes] | None = None
        self.log: LogFile | None = None
        self.partial = b""
        self.last_line = ""
        self.renewing = False
        self.renew_by = 0.0


class Supervisor:
    """See the module. `forward(service, line)` receives every line a child writes."""

    def __init__(
        self,
        services: Sequence[Service],
        *,
        log_folder: Path,
        forward: Forward,
        now: Callable[[], float] = time.monotonic,
        rand: Callable[[], float] = random.random,
    ) -> None:
        self._watched = {service.name: _Watched(service) for service in services}
        self._log_folder = log_folder
        self._forward = forward
        self._now = now
        self._rand = rand
        self._selector = selectors.DefaultSelector()
        self._stopping = False

    def adopt(self, name: str, child: subprocess.Popen[bytes]) -> None:
        """Take over a process that serves already (a server that was started before its clients)."""
        watched = self._watched[name]
        watched.child = child
        watched.life = lives.became_ready(lives.started(watched.life, child.pid, self._now()), self._now())

    def lives(self) -> dict[str, Life]:
        """Where each service stands, in the order they were given."""
        return {name: watched.life for name, watched in self._watched.items()}

    def last_line(self, name: str) -> str:
        """The last line that a service wrote."""
        return self._watched[name].last_line

    @property
    def stopped(self) -> bool:
        """Everything ended after `stop`."""
        return all(watched.life.phase is Phase.STOPPED for watched in self._watched.values())

    def renew(self, name: str) -> None:
        """Stop one service and start it again at once; one that does not stop in time is killed."""
        watched = self._watched[name]
        if watched.child is not None and not self._stopping:
            watched.renewing = True
            watched.renew_by = self._now() + watched.service.policy.stop_timeout
            watched.child.send_signal(watched.service.stop_signal)

    def stop(self) -> None:
        """Begin to stop; go on calling `tick` until `stopped`."""
        self._stopping = True

    def run_until_stopped(self) -> None:
        """Stop everything, in reverse order, however long the slowest may take by its policy."""
        self.stop()
        while not self.stopped:
            self.tick(0.02)
        self._selector.close()

    def tick(self, timeout_seconds: float) -> None:
        """Do what is due, then wait for output for at most `timeout_seconds`."""
        for watched in self._watched.values():
            self._advance(watched)
        if not self._selector.get_map():
            time.sleep(timeout_seconds)
            return
        for key, _ in self._selector.select(timeout_seconds):
            self._read(key.data)

    def _advance(self, watched: _Watched) -> None:
        now = self._now()
        self._notice_end(watched, now)
        if self._stopping:
            self._advance_stop(watched, now)
        elif lives.is_due(watched.life, now) and self._dependencies_run(watched.service):
            self._start(watched, now)
        child = watched.child
        if watched.renewing and child is not None and now >= watched.renew_by:
            end_group(child.pid, signal.SIGKILL)
        if watched.life.phase is Phase.STARTING and child is not None and watched.service.serves(child.pid):
            watched.life = lives.became_ready(watched.life, now)

    def _notice_end(self, watched: _Watched, now: float) -> None:
        child = watched.child
        if child is None or (exit_code := child.poll()) is None:
            return
        end_group(child.pid, signal.SIGKILL)  # a helper that it left behind
        self._drain(watched)
        watched.child = None
        if watched.renewing and not self._stopping:
            watched.life = lives.renewed(watched.life, now)
        else:
            watched.life = lives.ended(watched.life, exit_code, now, watched.service.policy, self._rand)
        watched.renewing = False

    def _advance_stop(self, watched: _Watched, now: float) -> None:
        if watched.life.phase in (Phase.STOPPING, Phase.STOPPED):
            if lives.is_overdue(watched.life, now) and watched.child is not None:
                end_group(watched.child.pid, signal.SIGKILL)
            return
        if self._dependents_stopped(watched.service):
            watched.life = lives.asked_to_stop(watched.life, now, watched.service.policy)
            if watched.child is not None:
                watched.child.send_signal(watched.service.stop_signal)

    def _dependencies_run(self, service: Service) -> bool:
        """What is switched off here counts as there: it runs elsewhere."""
        return all(self._watched[name].life.phase is Phase.RUNNING for name in service.after if name in self._watched)

    def _dependents_stopped(self, service: Service) -> bool:
        return all(
            watched.life.phase is Phase.STOPPED
            for watched in self._watched.values()
            if service.name in watched.service.after
        )

    def _start(self, watched: _Watched, now: float) -> None:
        try:
            child = watched.service.start()
        except OSError as error:
            watched.last_line = f"cannot be started: {error}"
            watched.life = lives.ended(watched.life, 127, now, watched.service.policy, self._rand)
            return
        watched.child = child
        watched.life = lives.started(watched.life, child.pid, now)
        if child.stdout is not None:
            os.set_blocking(child.stdout.fileno(), False)
            self._selector.register(child.stdout, selectors.EVENT_READ, watched)

    def _read(self, watched: _Watched) -> bool:
        """Take one piece of output. True when there may be more."""
        child = watched.child
        if child is None or child.stdout is None or child.stdout.closed:
            return False
        try:
            data = os.read(child.stdout.fileno(), 65536)
        except BlockingIOError:
            return False
        if not data:
            self._close_output(child)
            return False
        if watched.log is None:
            watched.log = LogFile(self._log_folder / f"{watched.service.name}.log")
        watched.log.write(data)
        self._split(watched, data)
        return True

    def _split(self, watched: _Watched, data: bytes) -> None:
        *lines, watched.partial = (watched.partial + data).split(b"\n")
        if len(watched.partial) > LONGEST_LINE_BYTES:
            lines.append(watched.partial)
            watched.partial = b""
        for line in lines:
            text = line.decode(errors="replace").rstrip()
            if text:
                watched.last_line = text
                self._forward(watched.service.name, text)

    def _drain(self, watched: _Watched) -> None:
        """Read what an ended process still had to say."""
        while self._read(watched):
            pass
        if watched.partial:
            self._split(watched, b"\n")
        if watched.child is not None:
            self._close_output(watched.child)

    def _close_output(self, child: subprocess.Popen[bytes]) -> None:
        if child.stdout is not None and not child.stdout.closed:
            with contextlib.suppress(KeyError):
                self._selector.unregister(child.stdout)
            child.stdout.close()
