"""Child processes that never outlive their parent, and the facts about other processes that a supervisor needs.

Linux tells a child when its parent dies (PR_SET_PDEATHSIG); elsewhere the next start ends what was left behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from thor.runtime.problem import Problem

LINUX = sys.platform.startswith("linux")
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if LINUX else None


@dataclass(frozen=True)
class Account:
    """The operating system's user that a server runs as, when we are root and it must not be."""

    uid: int
    gid: int


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    output: int | IO[bytes],
    parent_death_signal: signal.Signals,
    account: Account | None = None,
) -> subprocess.Popen[bytes]:
    """Start `argv` in a session of its own (Ctrl-C reaches us, not it), ending when we end. stdin is empty.

    Call from the main thread only: Linux sends the parent-death signal when the thread that forked ends.
    """
    return subprocess.Popen(
        list(argv),
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=die_with_parent(parent_death_signal),
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """What the child does between fork and exec. It runs after the change of user, which would clear the setting."""
    parent = os.getpid()

    def prepare() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:  # the parent died before we asked to be told
                os._exit(1)

    return prepare


def end_group(pid: int, sig: signal.Signals) -> None:
    """Send `sig` to the process group that `spawn` made for `pid`; gone already is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, sig)


def stop_child(child: subprocess.Popen[bytes], sig: signal.Signals, timeout_seconds: float) -> bool:
    """Ask with `sig`, wait, then kill the whole group. True when it ended by itself in time."""
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(sig)
    try:
        child.wait(timeout_seconds)
        return True
    except subprocess.TimeoutExpired:
        return False
    finally:
        end_group(child.pid, signal.SIGKILL)
        child.wait()


def stop_stranger(pid: int, sig: signal.Signals, timeout_seconds: float) -> None:
    """End a process that is not our child: ask with `sig`, then kill. Raises Problem when it cannot be ended."""
    for attempt, seconds in ((sig, timeout_seconds), (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, attempt)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise Problem(
                f"process {pid} of an earlier Thor belongs to another user. End it, then start again."
            ) from error
        if _wait_gone(pid, seconds):
            return
    raise Problem(f"process {pid} of an earlier Thor does not end. End it by hand, then start again.")


def _wait_gone(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not is_running(pid):
            return True
        time.sleep(0.02)
    return not is_running(pid)


def exists(pid: int) -> bool:
    """The pid is taken, be it by a zombie."""
    try:
        os.kill(pid, 0)
    except OSError as error:
        return error.errno == errno.EPERM
    return True


def is_running(pid: int) -> bool:
    """The process exists and is no zombie."""
    return exists(pid) and _state(pid) != "Z"


def is_zombie(pid: int) -> bool:
    """Ended, but not yet reaped by its parent: it blocks a server's lock file and holds nothing else."""
    return exists(pid) and _state(pid) == "Z"


def _state(pid: int) -> str:
    """One letter of the process state ('' when unknown)."""
    if LINUX:
        fields = _stat_fields(pid)
        return fields[0] if fields else ""
    return _ps(pid, "stat")[:1]


def start_mark(pid: int) -> str:
    """What tells this process from a later one with the same pid ('' when it is gone)."""
    if LINUX:
        fields = _stat_fields(pid)
        return fields[19] if fields else ""
    return _ps(pid, "lstart")


def _stat_fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; the name before them may hold spaces and brackets."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _ps(pid: int, column: str) -> str:
    result = subprocess.run(["ps", "-o", f"{column}=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return result.stdout.strip()


def works_in(pid: int, folder: Path) -> bool:
    """The process is a server of this data folder: it works in it or, where that is hidden, was started with it."""
    if LINUX:
        try:
            return Path(f"/proc/{pid}/cwd").samefile(folder)
        except OSError:
            return False
    return str(folder) in _ps(pid, "command")


def free_port() -> int:
    """A loopback TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(host: str, port: int) -> bool:
    """Nobody listens on host:port (a port in TIME_WAIT counts as free, as it does for servers)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


@contextlib.contextmanager
def home_lock(path: Path) -> Iterator[None]:
    """Hold THOR_HOME for this process. Raises Problem when another Thor holds it. The kernel frees it at any death."""
    import fcntl  # absent on Windows, where nothing is supervised

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(descriptor, 32).decode(errors="replace").strip()
            raise Problem(
                f"another Thor (process {holder or 'unknown'}) runs on {path.parent.parent}. "
                "Stop it, or set THOR_HOME to another folder."
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


def lock_holder(path: Path) -> int | None:
    """The pid of the Thor that holds this lock now (0 when it has not written it yet); None when nobody does."""
    if os.name != "posix":
        return None  # nothing is supervised there
    import fcntl

    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        text = os.read(descriptor, 32).decode(errors="replace").strip()
        return int(text) if text.isdigit() else 0
    finally:
        os.close(descriptor)
