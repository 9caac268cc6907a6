"""The supervisor over real processes: order, restarts, output, and an end that leaves nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import wait_until
from thor.ops.life import Phase, Policy
from thor.ops.supervisor import LogFile, Service, Supervisor, command
from thor.runtime.processes import exists, is_running

QUICK = Policy(first_backoff=0.05, longest_backoff=0.1, stop_timeout=0.5)


class Bench:
    """A supervisor in a temporary folder, with what its services wrote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.supervisor: Supervisor | None = None

    def service(self, name: str, script: str, **settings: object) -> Service:
        start = command(["/bin/sh", "-c", script], {"PATH": os.environ["PATH"]}, self.folder)
        return Service(name, start, **{"policy": QUICK, **settings})  # type: ignore[arg-type]

    def watch(self, *services: Service) -> Supervisor:
        self.supervisor = Supervisor(
            services, log_folder=self.folder, forward=lambda name, line: self.lines.append(f"{name}: {line}")
        )
        return self.supervisor

    def turn_until(self, found: Callable[[], bool], seconds: float = 10.0) -> None:
        assert self.supervisor is not None
        deadline = time.monotonic() + seconds
        while not found():
            assert time.monotonic() < deadline, f"not within {seconds} s: {self.supervisor.lives()} {self.lines}"
            self.supervisor.tick(0.01)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def phase(supervisor: Supervisor, name: str) -> Phase:
    return supervisor.lives()[name].phase


def test_output_is_kept_and_forwarded_line_by_line(bench: Bench) -> None:
    supervisor = bench.watch(bench.service("talker", "printf 'one\\ntw'; printf 'o\\n\\nlast'; exec sleep 60"))
    bench.turn_until(lambda: len(bench.lines) == 2)
    supervisor.run_until_stopped()
    assert bench.lines == ["talker: one", "talker: two", "talker: last"]
    assert (bench.folder / "talker.log").read_text() == "one\ntwo\n\nlast"
    assert (bench.folder / "talker.log").stat().st_mode & 0o777 == 0o600
    assert supervisor.last_line("talker") == "last"


def test_what_ends_is_started_again(bench: Bench) -> None:
    supervisor = bench.watch(bench.service("mortal", "echo born; exit 3"))
    bench.turn_until(lambda: supervisor.lives()["mortal"].restarts >= 3)
    assert supervisor.lives()["mortal"].exit_code == 3
    supervisor.run_until_stopped()
    assert phase(supervisor, "mortal") is Phase.STOPPED


def test_a_program_that_cannot_be_started_is_tried_again(bench: Bench) -> None:
    supervisor = bench.watch(Service("absent", command(["/no/such/program"], {}, bench.folder), policy=QUICK))
    bench.turn_until(lambda: supervisor.lives()["absent"].failures >= 2)
    assert "cannot be started" in supervisor.last_line("absent")
    supervisor.run_until_stopped()


def test_services_start_after_what_they_need_and_stop_before_it(bench: Bench) -> None:
    log = bench.folder / "order"
    script = "trap 'echo {name} stop >> order; exit 0' TERM; echo {name} start >> order; while :; do sleep 0.02; done"
    ready: dict[str, bool] = {"base": False}
    base = bench.service("base", script.format(name="base"), serves=lambda pid: ready["base"])
    middle = bench.service("middle", script.format(name="middle"), after=("base",))
    top = bench.service("top", script.format(name="top"), after=("middle", "not-run-here"))
    supervisor = bench.watch(top, middle, base)
    bench.turn_until(lambda: log.exists() and "base start" in log.read_text())
    assert phase(supervisor, "middle") is Phase.WAITING
    ready["base"] = True
    bench.turn_until(lambda: log.read_text().count("start") == 3)
    supervisor.run_until_stopped()
    assert log.read_text().splitlines() == [
        "base start",
        "middle start",
        "top start",
        "top stop",
        "middle stop",
        "base stop",
    ]


def test_what_does_not_heed_is_killed_with_its_children(bench: Bench) -> None:
    script = "trap '' TERM; sleep 600 & echo $!; while :; do sleep 0.02; done"
    supervisor = bench.watch(bench.service("stubborn", script))
    bench.turn_until(lambda: len(bench.lines) == 1)
    child = int(bench.lines[0].split()[1])
    pid = supervisor.lives()["stubborn"].pid
    assert pid is not None
    began = time.monotonic()
    supervisor.run_until_stopped()
    assert 0.4 < time.monotonic() - began < 5
    assert not exists(pid)
    wait_until(lambda: not is_running(child), 5)


def test_a_renewed_service_is_a_new_process_without_a_wait(bench: Bench) -> None:
    supervisor = bench.watch(bench.service("reloaded", "echo up; exec sleep 60", policy=Policy(first_backoff=60)))
    bench.turn_until(lambda: len(bench.lines) == 1)
    before = supervisor.lives()["reloaded"].pid
    supervisor.renew("reloaded")
    bench.turn_until(lambda: len(bench.lines) == 2)
    after = supervisor.lives()["reloaded"]
    assert after.pid != before
    assert (after.restarts, after.failures) == (0, 0)
    supervisor.run_until_stopped()


def test_a_renewed_service_that_does_not_stop_is_killed(bench: Bench) -> None:
    supervisor = bench.watch(bench.service("deaf", "trap '' TERM; echo up; while :; do sleep 0.05; done"))
    bench.turn_until(lambda: bench.lines == ["deaf: up"])
    first = supervisor.lives()["deaf"].pid
    assert first is not None
    supervisor.renew("deaf")
    bench.turn_until(lambda: len(bench.lines) == 2)
    assert supervisor.lives()["deaf"].pid not in (None, first)
    assert not is_running(first)
    supervisor.run_until_stopped()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a child of its parent's death")
def test_children_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, os; from pathlib import Path\n"
        "from thor.ops.supervisor import Service, Supervisor, command\n"
        "folder = Path(sys.argv[1])\n"
        "argv = ['/bin/sh', '-c', 'echo $$; exec sleep 600']\n"
        "service = Service('s', command(argv, {'PATH': os.environ['PATH']}, folder))\n"
        "supervisor = Supervisor([service], log_folder=folder, forward=lambda name, line: print(line, flush=True))\n"
        "while True: supervisor.tick(0.05)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_running(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not is_running(child), 5)


def test_a_log_file_is_rotated_by_size(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "web.log", largest_bytes=100)
    for number in range(12):
        log.write(f"line {number:03d} {'x' * 20}\n".encode())
    log.close()
    kept = (tmp_path / "web.log.1").read_text() + (tmp_path / "web.log").read_text()
    assert kept.splitlines()[-1].startswith("line 011")
    assert (tmp_path / "web.log").stat().st_size <= 130
    assert (tmp_path / "web.log.1").stat().st_size <= 130
