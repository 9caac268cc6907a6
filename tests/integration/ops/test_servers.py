"""The embedded servers in the situations that people meet: killed, orphaned, moved, damaged, refused."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support import wait_until
from thor.ops.reset import reset
from thor.runtime.home import read_servers, run_dir
from thor.runtime.problem import Problem
from thor.runtime.processes import exists, home_lock, is_running, lock_holder, port_is_free
from thor.runtime.servers import Servers, embedded_servers

IS_ROOT = os.geteuid() == 0
ORPHAN_MAKER = """
import sys, time
from pathlib import Path
from thor.runtime.servers import embedded_servers
with embedded_servers(Path(sys.argv[1])) as servers:
    print("up", flush=True)
    time.sleep(600)
"""


def database(servers: Servers) -> psycopg.Connection[tuple[object, ...]]:
    assert servers.database_url is not None
    return psycopg.connect(servers.database_url, autocommit=True, connect_timeout=5)


def bus(servers: Servers) -> redis.Redis:
    assert servers.redis_url is not None
    return redis.Redis.from_url(servers.redis_url, decode_responses=True)


def pids(home: Path) -> dict[str, int]:
    files = {"postgres": home / "postgres" / "postmaster.pid", "valkey": home / "valkey" / "valkey.pid"}
    return {name: int(path.read_text().split()[0]) for name, path in files.items()}


def fill(servers: Servers, value: int) -> None:
    with database(servers) as connection:
        connection.execute("create table if not exists kept (value int)")
        connection.execute("insert into kept values (%s)", [value])
    bus(servers).rpush("kept", value)


def kept(servers: Servers) -> tuple[list[object], list[str]]:
    with database(servers) as connection:
        rows = [row[0] for row in connection.execute("select value from kept order by value").fetchall()]
    return rows, bus(servers).lrange("kept", 0, -1)


def test_data_addresses_and_passwords_stay_over_a_restart(home: Path) -> None:
    with embedded_servers(home) as first:
        fill(first, 1)
        assert read_servers(home).database_url == first.database_url
        before = pids(home)
    assert not any(exists(pid) for pid in before.values()), "the servers ended with the block"
    with embedded_servers(home) as second:
        assert second == first
        assert kept(second) == ([1], ["1"])


def test_the_servers_are_set_up_as_promised(home: Path) -> None:
    with embedded_servers(home) as servers:
        with database(servers) as connection:
            wanted = {
                "data_checksums": "on",
                "fsync": "on",
                "server_encoding": "UTF8",
                "timezone": "UTC",
                "jit": "off",
                "unix_socket_directories": "",
                "listen_addresses": "127.0.0.1",
                "password_encryption": "scram-sha-256",
            }
            seen = {name: connection.execute("select current_setting(%s)", [name]).fetchone() for name in wanted}
            assert {name: row[0] for name, row in seen.items() if row} == wanted
        for name, value in {"appendonly": "yes", "appendfsync": "no", "maxmemory-policy": "noeviction"}.items():
            assert bus(servers).config_get(name) == {name: value}


def test_no_password_no_entry(home: Path) -> None:
    with embedded_servers(home) as servers:
        address = urlsplit(servers.database_url or "")
        for password in ("", "wrong"):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(
                    host=address.hostname,
                    port=address.port,
                    user="thor",
                    dbname="thor",
                    password=password,
                    passfile=str(home / "no-such-file"),
                )
        port = urlsplit(servers.redis_url or "").port or 0
        at_once = Retry(NoBackoff(), 0)
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=port, retry=at_once).ping()
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=port, password="wrong", retry=at_once).ping()


def test_no_secret_is_readable_by_others_or_in_a_command_line(home: Path) -> None:
    with embedded_servers(home) as servers:
        secrets = [urlsplit(url or "").password or "" for url in (servers.database_url, servers.redis_url)]
        command_lines = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
        assert not any(secret in command_lines for secret in secrets)
        for path in (
            home / "run" / "servers.json",
            home / "postgres" / "thor.password",
            home / "valkey" / "valkey.conf",
        ):
            assert path.stat().st_mode & 0o077 == 0, path
        assert (home / "postgres").stat().st_mode & 0o077 == 0
        assert (home / "valkey").stat().st_mode & 0o077 == 0


@pytest.mark.skipif(not IS_ROOT, reason="only root has to run the servers as another user")
def test_root_runs_the_servers_as_another_user(home: Path) -> None:
    with embedded_servers(home):
        for pid in pids(home).values():
            assert Path(f"/proc/{pid}").stat().st_uid != 0


def test_what_was_acknowledged_survives_kill_9_of_both_servers(home: Path) -> None:
    with embedded_servers(home) as servers:
        fill(servers, 1)
        for pid in pids(home).values():
            os.kill(pid, signal.SIGKILL)
    with embedded_servers(home) as servers:
        assert kept(servers) == ([1], ["1"])


def test_a_killed_owner_leaves_nothing_that_blocks_the_next_start(home: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", ORPHAN_MAKER, str(home)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "up\n"
    left = pids(home)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    with embedded_servers(home) as servers:  # at once, while what was left is still ending
        fill(servers, 1)
        assert left["postgres"] != pids(home)["postgres"]
        assert not any(is_running(pid) for pid in left.values())


def test_servers_that_outlived_their_owner_are_stopped_and_started_again(home: Path) -> None:
    """Where the kernel does not tell a child of its parent's death, the servers go on: made so here by hand."""
    with embedded_servers(home) as servers:
        fill(servers, 1)
    from thor.runtime import servers as module

    made = module.make_servers(home, postgres=True, valkey=True, environ=os.environ, report=module.quiet)
    processes_before = {server.name: server.start() for server in made}
    wait_until(lambda: all(s.serves(processes_before[s.name].pid) for s in made), 20)
    said: list[str] = []
    with embedded_servers(home, report=said.append) as again:
        assert kept(again) == ([1], ["1"])
    assert [line for line in said if "left by a Thor that was killed" in line] != []
    assert all(child.wait(5) is not None for child in processes_before.values())


def test_a_pid_file_of_a_stranger_or_of_nonsense_does_not_block(home: Path) -> None:
    with embedded_servers(home) as servers:
        fill(servers, 1)
    for text in (f"{os.getpid()}\n{home}/postgres\n", "nonsense\n", "", f"{2**22 - 1}\n"):
        for path in (home / "postgres" / "postmaster.pid", home / "valkey" / "valkey.pid"):
            path.write_text(text)
        with embedded_servers(home) as servers:
            assert kept(servers) == ([1], ["1"])


def test_a_home_that_was_moved_goes_on(home: Path) -> None:
    with embedded_servers(home) as servers:
        fill(servers, 1)
    moved = home.with_name(f"{home.name}-moved")
    home.rename(moved)
    try:
        with embedded_servers(moved) as servers:
            assert kept(servers) == ([1], ["1"])
    finally:
        moved.rename(home)


def test_lost_addresses_and_a_lost_password_are_made_anew(home: Path) -> None:
    with embedded_servers(home) as servers:
        fill(servers, 1)
    (home / "run" / "servers.json").unlink()
    (home / "postgres" / "thor.password").unlink()
    (home / "valkey" / "thor.password").unlink()
    with embedded_servers(home) as servers:
        assert kept(servers) == ([1], ["1"])


def test_a_port_taken_meanwhile_is_replaced(home: Path) -> None:
    with embedded_servers(home, valkey=False) as first:
        pass
    port = urlsplit(first.database_url or "").port or 0
    with socket.create_server(("127.0.0.1", port)), embedded_servers(home, valkey=False) as second:
        assert urlsplit(second.database_url or "").port != port
        with database(second) as connection:
            assert connection.execute("select 1").fetchone() == (1,)


def test_an_initdb_that_was_broken_off_leaves_no_half_database(home: Path) -> None:
    (home / "postgres.new" / "base").mkdir(parents=True)
    (home / "postgres").mkdir()
    with embedded_servers(home, valkey=False) as servers, database(servers) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert not (home / "postgres.new").exists()


def test_a_second_thor_on_the_same_home_is_refused(home: Path) -> None:
    with embedded_servers(home, postgres=False):
        assert lock_holder(run_dir(home) / "lock") == os.getpid()
        with pytest.raises(Problem, match=rf"another Thor \(process {os.getpid()}\) runs on"), embedded_servers(home):
            pass
    assert lock_holder(run_dir(home) / "lock") is None


def test_data_of_another_postgres_are_refused_and_untouched(home: Path) -> None:
    with embedded_servers(home, valkey=False):
        pass
    version = home / "postgres" / "PG_VERSION"
    version.write_text("13\n")
    with (
        pytest.raises(Problem, match=r"was made by PostgreSQL 13, and .* is version \d+\. Set THOR_PG_BIN"),
        embedded_servers(home, valkey=False),
    ):
        pass
    assert version.read_text() == "13\n"


def test_a_folder_that_is_no_database_is_refused_and_untouched(home: Path) -> None:
    (home / "postgres").mkdir()
    (home / "postgres" / "letter.txt").write_text("mine")
    if IS_ROOT:
        shutil.chown(home / "postgres", "nobody")
    with pytest.raises(Problem, match="holds no PostgreSQL data"), embedded_servers(home, valkey=False):
        pass
    assert (home / "postgres" / "letter.txt").read_text() == "mine"


def test_a_server_that_cannot_start_is_one_line_with_its_own_reason(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from thor.runtime import servers as module

    with embedded_servers(home, valkey=False):
        pass
    monkeypatch.setattr(module, "BLOCKED_SECONDS", 0.5)
    (home / "postgres" / "postgresql.conf").write_text("shared_buffers = nonsense\nmax_connections = -1\n")
    with (
        pytest.raises(Problem, match=r"postgres does not start \(exit code 1\): .*FATAL") as caught,
        embedded_servers(home, valkey=False),
    ):
        pass
    assert "\n" not in caught.value.detail


def test_too_little_disk_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from thor.runtime import servers as module

    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 10**8))
    with pytest.raises(Problem, match="has 95 MB free and Thor needs 200 MB"), embedded_servers(home):
        pass


def test_an_unwritable_home_is_refused() -> None:
    with (
        pytest.raises(Problem, match=r"THOR_HOME /proc/thor cannot be written .* set THOR_HOME to another folder"),
        embedded_servers(Path("/proc/thor")),
    ):
        pass
    with pytest.raises(Problem, match="THOR_HOME /dev/null cannot be written"), embedded_servers(Path("/dev/null")):
        pass


def test_reset_deletes_what_is_thors_and_spares_the_rest(home: Path) -> None:
    (home / "data").mkdir()
    (home / "data" / "mine.txt").write_text("mine")
    with embedded_servers(home), pytest.raises(Problem, match="another Thor"):
        reset(home, sure=True)
    (home / "log" / "web.log").write_text("x")
    assert "Nothing was deleted" in reset(home, sure=False)[-1]
    assert (home / "postgres").exists()
    reset(home, sure=True)
    assert [path.name for path in home.iterdir()] == ["data"]
    assert (home / "data" / "mine.txt").read_text() == "mine"


def test_a_lock_frees_itself_when_its_holder_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    code = (
        "import sys, time; from pathlib import Path; from thor.runtime.processes import home_lock\n"
        "with home_lock(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert lock_holder(path) == holder.pid
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with home_lock(path):
        assert lock_holder(path) == os.getpid()


def test_addresses_are_published_for_other_commands(home: Path) -> None:
    with embedded_servers(home) as servers:
        content = json.loads((home / "run" / "servers.json").read_text())
        assert content == {"database_url": servers.database_url, "redis_url": servers.redis_url}
        port = urlsplit(servers.redis_url or "").port or 0
        assert not port_is_free("127.0.0.1", port)
    began = time.monotonic()
    with embedded_servers(home):
        assert time.monotonic() - began < 5, "a warm start is quick"
