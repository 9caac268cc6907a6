"""One command brings everything up, quotes move, and one signal ends it with nothing left running."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import CHECKOUT, run_thor, wait_until
from thor.ops.probe import get_json
from thor.ops.state import read_state
from thor.runtime.processes import exists, free_port, is_running

READY_SECONDS = 90
SERVICES = ["postgres", "valkey", "web", "ingestor", "source", "desk", "jobs"]


class Up:
    """A `thor up` on a home of its own, and the pids that it ever showed."""

    def __init__(self, environ: dict[str, str], *words: str, program: tuple[str, ...] = (sys.executable, "-m", "thor")):
        self.environ = environ
        self.home = Path(environ["THOR_HOME"])
        self.port = int(environ["THOR_PORT"])
        self.output = self.home.with_name(f"{self.home.name}.out")
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*program, *words], env=environ, cwd=CHECKOUT, stdout=output, stderr=subprocess.STDOUT
            )
        self.seen: set[int] = set()

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def wait_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, f"it ended early: {self.said()}"
            return "| ready after" in self.said()

        wait_until(ready, READY_SECONDS, self.said)

    def pids(self) -> dict[str, int]:
        """Each service's process now; none is missing."""
        state = read_state(self.home)
        assert state is not None
        found = {service.name: service.pid for service in state.services if service.pid}
        self.seen |= set(found.values())
        return found

    def quotes(self) -> dict[str, Any]:
        return get_json("127.0.0.1", self.port, "/api/quotes")[1]

    def stop(self, sig: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(sig)
        return self.process.wait(30)


@pytest.fixture
def environ() -> Iterator[dict[str, str]]:
    """The environment of a Thor with an empty home and a free port, on the simulator."""
    home = Path(tempfile.mkdtemp(prefix="thor-up-"))
    names = ("PATH", "HOME", "LANG", "VIRTUAL_ENV")
    yield {
        **{name: os.environ[name] for name in names if name in os.environ},
        "THOR_HOME": str(home),
        "THOR_PORT": str(free_port()),
        "DATA_PROVIDER": "mock",
        "DATABASE_URL": "",
        "REDIS_URL": "",
    }
    shutil.rmtree(home, ignore_errors=True)
    home.with_name(f"{home.name}.out").unlink(missing_ok=True)


@pytest.fixture
def up(environ: dict[str, str]) -> Iterator[Up]:
    running = Up(environ, "up")
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()
        for pid in running.seen:
            wait_until(lambda pid=pid: not is_running(pid), 30)


def newest(quotes: dict[str, Any]) -> str:
    return max((quote["ts"] for quote in quotes.get("quotes", [])), default="")


def stored_ticks(environ: dict[str, str]) -> int:
    import psycopg

    address = json.loads((Path(environ["THOR_HOME"]) / "run" / "servers.json").read_text())["database_url"]
    with psycopg.connect(address) as connection:
        row = connection.execute("select count(*) from ticks").fetchone()
    assert row is not None
    return int(row[0])


def _desk_and_workers(environ: dict[str, str]) -> tuple[bool, int]:
    """Whether a desk leads that knows what comes next, and how many job workers are alive."""
    feed = json.loads(run_thor(environ, "status", "--json").stdout)["feed"] or {}
    return bool((feed.get("desk") or {}).get("next_at")), (feed.get("jobs") or {}).get("workers", 0)


def test_up_runs_everything_survives_kills_and_ends_clean(up: Up, environ: dict[str, str]) -> None:
    up.wait_ready()
    assert sorted(up.pids()) == sorted(SERVICES)
    assert get_json("127.0.0.1", up.port, "/readyz")[0] == 200

    # Quotes move on the page and are stored.
    first = newest(up.quotes())
    wait_until(lambda: newest(up.quotes()) > first, 10)
    assert {quote["source"] for quote in up.quotes()["quotes"]} == {"MOCK"}
    wait_until(lambda: stored_ticks(environ) > 0, 30, up.said)

    # Other commands see it.
    status = json.loads(run_thor(environ, "status", "--json").stdout)
    assert status["running"] is True
    assert status["ready"] is True
    assert {service["name"]: service["alive"] for service in status["services"]} == dict.fromkeys(SERVICES, True)
    wait_until(lambda: _desk_and_workers(environ) == (True, 1), 20, up.said)
    assert "export DATABASE_URL='postgresql://thor:" in run_thor(environ, "env").stdout
    refused = run_thor(environ, "up", check=False)
    assert refused.returncode == 2
    assert "another Thor" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    refused = run_thor(environ, "reset", "--yes", check=False)
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)

    # Each service that is killed comes back, and quotes move again.
    before = up.pids()
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: all(up.pids().get(name) not in (None, pid) for name, pid in before.items()), 30, up.said)
    moved = newest(up.quotes())
    wait_until(lambda: newest(up.quotes()) > moved, 60, up.said)
    ticks = stored_ticks(environ)
    wait_until(lambda: stored_ticks(environ) > ticks, 60, up.said)
    wait_until(lambda: _desk_and_workers(environ) == (True, 1), 60, up.said)

    up.pids()
    assert up.stop() == 0, up.said()
    assert [pid for pid in up.seen if exists(pid)] == []
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", up.port))

    # The data are still there, and a second start is quick.
    began = time.monotonic()
    again = Up(environ, "up")
    try:
        again.wait_ready()
        print(f"second start: ready after {time.monotonic() - began:.1f} s")
        assert "preparing the database" not in again.said()
        assert stored_ticks(environ) >= ticks
        again.pids()
    finally:
        code = again.stop(signal.SIGINT)
    assert code == 0, again.said()
    assert [pid for pid in again.seen if exists(pid)] == []


def test_a_kill_of_the_supervisor_ends_everything_and_the_next_start_goes_on(up: Up, environ: dict[str, str]) -> None:
    up.wait_ready()
    left = up.pids()
    up.process.kill()
    up.process.wait()
    again = Up(environ, "up")
    try:
        again.wait_ready()
        assert not [name for name, pid in left.items() if is_running(pid)]
        again.pids()
    finally:
        code = again.stop()
    assert code == 0, again.said()
    assert [pid for pid in again.seen if exists(pid)] == []


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_a_signal_to_make_ends_thor(environ: dict[str, str]) -> None:
    """The recipe of `make up` hands its process over, so that whoever stops make stops Thor."""
    makefile = Path(environ["THOR_HOME"]) / "Makefile"
    makefile.write_text(f"up:\n\t@exec {sys.executable} -m thor up\n")
    recipe = (CHECKOUT / "Makefile").read_text()
    assert "@exec $(PYTHON) -m thor up $(ARGS)" in recipe
    switches = {"DISABLE_GLOBAL_MARKETS_MONITOR": "1", "THOR_DISABLE_JOBS": "1"}
    running = Up(environ | switches, "up", program=("make", "-f", str(makefile)))
    running.wait_ready()
    pids = running.pids()
    assert sorted(pids) == sorted(set(SERVICES) - {"desk", "jobs"}), "what is switched off is left out"
    running.stop()
    wait_until(lambda: not [pid for pid in pids.values() if exists(pid)], 15, running.said)


def test_a_port_in_use_is_one_line(environ: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(environ["THOR_PORT"]))):
        refused = run_thor(environ, "up", check=False)
    assert refused.returncode == 2
    assert refused.stderr.splitlines() == [
        f"thor: port {environ['THOR_PORT']} of 127.0.0.1 is in use by another program. Stop that one, "
        f"or choose another port: thor up --port {int(environ['THOR_PORT']) + 1} (or THOR_PORT)."
    ]


def test_wrong_settings_are_one_line_each(environ: dict[str, str]) -> None:
    refused = run_thor({**environ, "THOR_PORT": "web", "DATA_PROVIDER": "moock"}, "up", check=False)
    assert refused.returncode == 2
    assert refused.stderr.splitlines() == [
        "thor: THOR_PORT is 'web': give a port number from 1 to 65535.",
        "thor: DATA_PROVIDER names 'moock' (did you mean mock?): "
        "give one or more of mock, json, excel_file, excel_live, replay.",
    ]


def test_without_a_running_thor_a_command_says_so_in_one_line(environ: dict[str, str]) -> None:
    refused = run_thor(environ, "migrate", check=False)
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    assert "Start it with `thor up`, or set DATABASE_URL." in refused.stderr
