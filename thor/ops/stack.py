"""What a running Thor consists of: its services in their order, and the switches that leave one out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from thor.ops.life import Policy
from thor.ops.supervisor import Service, command
from thor.runtime.environment import SERVICES, Environment
from thor.runtime.problem import Problem
from thor.runtime.servers import EmbeddedServer

SERVER_NAMES = ("postgres", "valkey")
#: Each service's `thor` command, and what must run before it. A source is stopped before the ingestor, so that the
#: ingestor still stores what the source published last.
PROGRAMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "web": ("web", SERVER_NAMES),
    "ingestor": ("redis_to_postgres", SERVER_NAMES),
    "source": ("collect", (*SERVER_NAMES, "ingestor")),
    "desk": ("market_monitor", SERVER_NAMES),
    "jobs": ("jobs", SERVER_NAMES),
}


def left_out(environment: Environment, without: Sequence[str]) -> frozenset[str]:
    """The services switched off by THOR_DISABLE_<SERVICE> and by --without. Raises Problem for an unknown name."""
    unknown = [name for name in without if name not in SERVICES]
    if unknown:
        raise Problem(f"--without {unknown[0]}: no such service. Name one of {', '.join(SERVICES)}.")
    return environment.disabled_services | frozenset(without)


def child_environment(
    environ: Mapping[str, str], environment: Environment, port: int, database_url: str, redis_url: str
) -> dict[str, str]:
    """What a service sees: our settings, with the addresses as they are now and lines written at once."""
    return {
        **environ,
        "THOR_HOME": str(environment.home),
        "THOR_HOST": environment.host,
        "THOR_PORT": str(port),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "THOR_LOG_FORMAT": "json" if environment.log_format == "auto" else environment.log_format,
        "PYTHONUNBUFFERED": "1",
    }


def thor_argv(*words: str) -> list[str]:
    """The command line of `thor WORDS`, with this very Python."""
    return [sys.executable, "-m", "thor", *words]


def program_services(env: Mapping[str, str], out: frozenset[str]) -> list[Service]:
    """The services that are programs of ours."""
    return [
        Service(name, command(thor_argv(verb), env, Path.cwd()), after=after)
        for name, (verb, after) in PROGRAMS.items()
        if name not in out
    ]


def server_service(server: EmbeddedServer, report: Callable[[str], None]) -> Service:
    """An embedded server as a service: restarted soon, since everything waits for it, and stopped with patience."""

    def start() -> subprocess.Popen[bytes]:
        server.clear_the_way(report)
        return server.start()

    return Service(
        server.name,
        start,
        serves=server.serves,
        stop_signal=server.stop_signal,
        policy=Policy(first_backoff=0.3, longest_backoff=5.0, stop_timeout=server.stop_seconds),
    )


def handle_signals(on_signal: Callable[[], None]) -> None:
    """SIGINT, SIGTERM and SIGHUP (a closed terminal) all mean: stop cleanly."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: on_signal())


def console_format(log_format: str, *, embedded: bool) -> str:
    """Of the stack's own lines: `thor stack` under a service manager speaks JSON, to a person on a terminal in words;
    `thor up` is a person's command and always speaks in words, unless told otherwise."""
    return "json" if log_format == "auto" and not embedded and not sys.stdout.isatty() else log_format


def terminal_is_shown() -> bool:
    """Somebody looks at a terminal that can show a live view."""
    return sys.stdout.isatty() and os.environ.get("TERM", "") != "dumb"
