"""`thor up` and `thor stack`: bring everything up, keep it running, say when it is ready, end with nothing left."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from thor.ops import state as stack_state
from thor.ops.consoles import Console, Picture, choose_console
from thor.ops.dev import VITE_URL, SourceWatcher, vite_service
from thor.ops.life import Life, Phase
from thor.ops.lines import readable
from thor.ops.prepared import is_prepared, mark_prepared, preparation_digest
from thor.ops.probe import Probe
from thor.ops.stack import (
    PROGRAMS,
    SERVER_NAMES,
    child_environment,
    console_format,
    handle_signals,
    left_out,
    program_services,
    server_service,
    terminal_is_shown,
    thor_argv,
)
from thor.ops.stack_watch import StackWatch
from thor.ops.supervisor import Supervisor
from thor.runtime.environment import Environment, resolve_addresses
from thor.runtime.home import PRIVATE_FILE, ensure_home, log_dir, run_dir
from thor.runtime.problem import Problem
from thor.runtime.processes import free_port, home_lock, port_is_free, spawn, stop_child
from thor.runtime.servers import EmbeddedServer, addresses_of, make_servers, start_servers, stop_servers

TICK_SECONDS = 0.05
PROBE_SECONDS = 0.1
VIEW_SECONDS = 0.5
PATIENCE_SECONDS = 10.0  # for the first moving quote, once the page is ready
OUTSIDE_SECONDS = 60.0  # for an outside database to answer


@dataclass(frozen=True)
class Options:
    """How to come up. `port` 0 takes a free one; None takes THOR_PORT."""

    embedded: bool
    port: int | None = None
    view: bool = True
    without: tuple[str, ...] = ()
    dev: bool = False


class _Interrupted(BaseException):
    """A signal came before the stack was running."""


class _Wish:
    """Whether somebody wants the stack to end. Before it runs a signal breaks off what is being done."""

    def __init__(self) -> None:
        self.to_stop = False
        self.interrupts = True

    def __call__(self) -> None:
        first = not self.to_stop
        self.to_stop = True
        if self.interrupts and first:
            raise _Interrupted


def run(options: Options, environment: Environment, environ: Mapping[str, str]) -> int:
    """Run until a signal; returns the exit code. Raises Problem, with nothing left running."""
    if os.name != "posix":
        raise Problem("`thor up` needs Linux, macOS or WSL. docs/howto/windows.md says what runs on Windows itself.")
    begun = time.monotonic()
    out = left_out(environment, options.without)
    wish = _Wish()
    handle_signals(wish)
    console: Console | None = None
    try:
        ensure_home(environment.home)
        with home_lock(run_dir(environment.home) / "lock"):
            log_format = console_format(environment.log_format, embedded=options.embedded)
            console = choose_console(log_format, live=options.view and terminal_is_shown())
            _Start(options, environment, environ, out, console, wish, begun).run()
    except _Interrupted:
        pass
    finally:
        if console:
            console.close()
    return 0


class _Start:
    """One run of the stack, from the lock to the last ended process."""

    def __init__(
        self,
        options: Options,
        environment: Environment,
        environ: Mapping[str, str],
        out: frozenset[str],
        console: Console,
        wish: _Wish,
        begun: float,
    ) -> None:
        self.options = options
        self.environment = environment
        self.environ = environ
        self.out = out
        self.console = console
        self.wish = wish
        self.begun = begun
        self.home = environment.home
        self.port = self._choose_port()
        self.probe = Probe(environment.host, self.port)

    def run(self) -> None:
        for name in stack_state.end_leftovers(self.home, frozenset(PROGRAMS)):
            self.console.say(f"ended {name}, left by a Thor that was killed")
        self._require_free_port()
        servers = self._make_servers()
        started = start_servers(servers, self.console.say)
        if servers:
            self._say_time("servers are ready")
        supervisor: Supervisor | None = None
        try:
            env = self._child_environment(servers)
            if self.options.dev:
                env["THOR_DEBUG"] = "1"
            self._prepare(servers, env)
            supervisor = self._supervisor(servers, started, env)
            self.wish.interrupts = False
            if not self.wish.to_stop:
                self._keep(supervisor, env["REDIS_URL"])
        finally:
            self.wish.interrupts = False
            self._end(supervisor, servers, started)

    def _choose_port(self) -> int:
        wanted = self.environment.port if self.options.port is None else self.options.port
        return wanted or free_port()

    def _require_free_port(self) -> None:
        if "web" not in self.out and not port_is_free(self.environment.host, self.port):
            raise Problem(
                f"port {self.port} of {self.environment.host} is in use by another program. "
                f"Stop that one, or choose another port: thor up --port {self.port + 1} (or THOR_PORT)."
            )

    def _make_servers(self) -> list[EmbeddedServer]:
        given = self.environment
        embedded = self.options.embedded
        return make_servers(
            self.home,
            postgres=embedded and not given.database_url and "postgres" not in self.out,
            valkey=embedded and not given.redis_url and "valkey" not in self.out,
            environ=self.environ,
            report=self.console.say,
        )

    def _child_environment(self, servers: Sequence[EmbeddedServer]) -> dict[str, str]:
        own = addresses_of(servers)
        noted_database, noted_redis = resolve_addresses(self.environment)
        database_url = self.environment.database_url or own.database_url or noted_database
        redis_url = self.environment.redis_url or own.redis_url or noted_redis
        if not database_url or not redis_url:
            missing = "DATABASE_URL" if not database_url else "REDIS_URL"
            raise Problem(f"{missing} is not set and no server of this THOR_HOME is known. Set it, or use `thor up`.")
        return child_environment(self.environ, self.environment, self.port, database_url, redis_url)

    def _prepare(self, servers: Sequence[EmbeddedServer], env: Mapping[str, str]) -> None:
        """Migrate and seed, unless both embedded servers carry the mark of this very schema."""
        digest = preparation_digest()
        marked = [] if self.environment.namespace else servers  # the mark speaks of the live schema
        if is_prepared(marked, digest):
            return
        self.console.say("preparing the database")
        deadline = time.monotonic() + (0.0 if len(servers) == len(SERVER_NAMES) else OUTSIDE_SECONDS)
        while (failure := _run_prepare(self.home, env)) is not None:
            if time.monotonic() >= deadline:
                raise Problem(
                    f"the database could not be prepared: {failure} (all of it: {log_dir(self.home)}/prepare.log)"
                )
            self.console.say(f"preparing again: {failure}")
            time.sleep(2.0)
        mark_prepared(marked, digest)
        self._say_time("database is prepared")

    def _supervisor(
        self,
        servers: Sequence[EmbeddedServer],
        started: Mapping[str, subprocess.Popen[bytes]],
        env: Mapping[str, str],
    ) -> Supervisor:
        services = [server_service(server, self.console.say) for server in servers]
        programs = program_services(env, self.out)
        if self.options.dev:
            programs.append(vite_service(env))
        supervisor = Supervisor(
            [*services, *programs],
            log_folder=log_dir(self.home),
            forward=self.console.forward,
        )
        for name, child in started.items():
            supervisor.adopt(name, child)
        return supervisor

    def _keep(self, supervisor: Supervisor, redis_url: str) -> None:
        """Turn the loop until somebody wishes the end."""
        if not self.environment.web_dist.is_dir() and "web" not in self.out:
            self.console.say("the web app is not built, so only the API answers: run `make web`")
        if "web" in self.out:
            self._say_time("running without the web app")
        announce = _Announcement(self)
        watcher = SourceWatcher(time.monotonic()) if self.options.dev else None
        watch = self._watch(supervisor, redis_url)
        shown: dict[str, tuple[Phase, int | None]] = {}
        next_view = 0.0
        while not self.wish.to_stop:
            supervisor.tick(TICK_SECONDS)
            now = time.monotonic()
            lives = supervisor.lives()
            if (changed := {name: (life.phase, life.pid) for name, life in lives.items()}) != shown:
                self._note_changes(supervisor, shown, lives)
                shown = changed
            announce.step(now)
            watch.step(now)
            if watcher and (changed_file := watcher.changed(now)):
                self.console.say(f"{changed_file} changed: starting the programs anew")
                for name in PROGRAMS.keys() - self.out:
                    supervisor.renew(name)
            if now >= next_view:
                next_view = now + VIEW_SECONDS
                last_lines = {name: supervisor.last_line(name) for name in lives}
                self.console.show(Picture(now, lives, announce.headline, last_lines, watch.line(lives)))
        watch.close()

    def _watch(self, supervisor: Supervisor, redis_url: str) -> StackWatch:
        providers = () if "source" in self.out else self.environment.data_providers
        namespace, say = self.environment.namespace, self.console.say
        return StackWatch(supervisor, redis_url, namespace, providers, say, time.monotonic())

    def _note_changes(
        self, supervisor: Supervisor, shown: Mapping[str, tuple[Phase, int | None]], lives: Mapping[str, Life]
    ) -> None:
        self._write_state(lives)
        for name, life in lives.items():
            if life.phase is Phase.BACKOFF and shown.get(name, (None, None))[0] is not Phase.BACKOFF:
                seconds = max(0.0, life.retry_at - time.monotonic())
                why = readable(supervisor.last_line(name)).split("\n", 1)[0]
                self.console.say(
                    f"{name} ended with exit code {life.exit_code}; again in {seconds:.1f} s"
                    + (f": {why}" if why else "")
                )

    def _write_state(self, lives: Mapping[str, Life]) -> None:
        now = time.monotonic()
        started_at = time.time() - (now - self.begun)
        state = stack_state.describe(os.getpid(), self.probe.url, started_at, lives, now)
        with suppress(OSError):  # a full disk must not end the stack
            stack_state.write_state(self.home, state)

    def _end(
        self,
        supervisor: Supervisor | None,
        servers: Sequence[EmbeddedServer],
        started: Mapping[str, subprocess.Popen[bytes]],
    ) -> None:
        self.console.say("stopping")
        if supervisor is None:
            stop_servers(servers, started)
            return
        supervisor.run_until_stopped()
        self._write_state(supervisor.lives())
        self.console.say("stopped")

    def _say_time(self, line: str) -> None:
        self.console.say(f"{line} ({time.monotonic() - self.begun:.1f} s)")


class _Announcement:
    """Says once that the page is ready and once that quotes move; keeps the headline of the view."""

    def __init__(self, start: _Start) -> None:
        self._start = start
        self._has_web = "web" not in start.out
        self._has_source = "source" not in start.out
        self._next = 0.0
        self._ready_at: float | None = None
        self._told_ready = False
        self._told_all = not self._has_web
        self.headline = "starting" if self._has_web else "running without the web app"

    def step(self, now: float) -> None:
        if self._told_all or now < self._next:
            return
        self._next = now + PROBE_SECONDS
        probe = self._start.probe
        probe.step()
        if not probe.ready:
            self.headline = f"starting: {probe.reason}"
            return
        self._ready_at = self._ready_at or now
        if probe.moving or not self._has_source:
            self._tell(f"ready after {now - self._start.begun:.1f} s: {probe.url}")
            self._told_all = True
        elif not self._told_ready and now - self._ready_at > PATIENCE_SECONDS:
            names = ", ".join(self._start.environment.data_providers)
            self._tell(f"ready, but no quotes yet from {names}: {probe.url} (see `thor logs source`)")
            self._told_ready = True

    def _tell(self, line: str) -> None:
        if self._start.options.dev:
            line = f"{line}; with hot reload at {VITE_URL}"
        self.headline = line
        self._start.console.say(line)


def _run_prepare(home: Path, env: Mapping[str, str]) -> str | None:
    """Run `thor prepare`; None when it worked, else the line that says why not."""
    log = log_dir(home) / "prepare.log"
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as output:
        child = spawn(thor_argv("prepare"), env=env, cwd=Path.cwd(), output=output, parent_death_signal=signal.SIGTERM)
    try:
        if child.wait() == 0:
            return None
    except BaseException:
        stop_child(child, signal.SIGTERM, 5.0)
        raise
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else f"exit code {child.returncode}"
