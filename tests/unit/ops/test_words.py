"""Small pure parts of the operator's commands: lines, durations, quoting, choices."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

import pytest

from thor.ops.consoles import Picture, drawing, span
from thor.ops.doctor import Finding, exit_code, node_is_recent
from thor.ops.life import Life, Phase
from thor.ops.lines import readable
from thor.ops.prepared import preparation_digest
from thor.ops.probe import printable_host, reachable_host
from thor.ops.stack import left_out
from thor.ops.status import _shell_quoted
from thor.runtime.environment import parse_environment
from thor.runtime.home import claim_home, foreign_names, read_servers, secret_key
from thor.runtime.problem import Problem, problem_document


def test_a_json_line_becomes_readable() -> None:
    line = json.dumps({"event": "started", "level": "info", "port": 8000, "service": "web", "name": "a b"})
    assert readable(line) == "info started port=8000 name=a b"


@pytest.mark.parametrize("line", ["plain", "{broken", "{}", "[1]", '{"a": 1}'])
def test_any_other_line_stays_as_it_is(line: str) -> None:
    assert readable(line) == line


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (18120, "5 h 02 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert span(seconds) == text


@pytest.mark.parametrize(
    ("version", "recent"),
    [("v20.18.9", False), ("v20.19.0", True), ("v21.7.0", False), ("v22.0.0", True), ("v24.19.0", True), ("", False)],
)
def test_node_versions(version: str, recent: bool) -> None:
    assert node_is_recent(version) is recent


def test_hosts_that_listen_everywhere_are_reached_at_loopback() -> None:
    assert reachable_host("0.0.0.0") == "127.0.0.1"
    assert printable_host("::") == "[::1]"
    assert printable_host("localhost") == "localhost"


def test_doctor_fails_only_for_what_is_needed() -> None:
    assert exit_code([Finding("a", "ok", ""), Finding("b", "optional", "")]) == 0
    assert exit_code([Finding("a", "ok", ""), Finding("b", "missing", "")]) == 1


def test_shell_quoting_survives_a_shell() -> None:
    text = 'it\'s $HOME `x` "y"'
    shown = subprocess.run(["sh", "-c", f"printf %s {_shell_quoted(text)}"], capture_output=True, text=True, check=True)
    assert shown.stdout == text


def test_services_are_left_out_by_switch_and_by_setting() -> None:
    environment, _ = parse_environment({"THOR_DISABLE_SOURCE": "1"})
    assert left_out(environment, ["web"]) == {"web", "source"}
    with pytest.raises(Problem, match="--without wed: no such service"):
        left_out(environment, ["wed"])


def test_the_digest_follows_migrations_and_seeds(tmp_path: Path) -> None:
    migration = tmp_path / "quotes" / "migrations" / "0001_initial.py"
    migration.parent.mkdir(parents=True)
    migration.write_text("a")
    first = preparation_digest(tmp_path)
    assert preparation_digest(tmp_path) == first
    migration.write_text("b")
    assert preparation_digest(tmp_path) != first


def test_the_live_view_shows_every_service() -> None:
    from rich.console import Console

    lives = {
        "web": Life(phase=Phase.RUNNING, since=1.0, pid=42),
        "source": Life(phase=Phase.BACKOFF, since=1.0, restarts=3),
    }
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(drawing(Picture(61.0, lives, "ready", {"web": "hello"}), ("source  failed",)))
    text = console.export_text()
    for word in ("ready", "web", "42", "1 min", "hello", "source", "restarting", "3", "failed"):
        assert word in text


def test_the_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    home = tmp_path / "home"
    key = secret_key(home)
    assert len(key) >= 64
    assert secret_key(home) == key
    assert (home / "secret_key").stat().st_mode & 0o777 == 0o600
    assert secret_key(tmp_path / "other") != key


def test_a_damaged_secret_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("short")
    with pytest.raises(Problem, match=r"too short\. Delete the file"):
        secret_key(tmp_path)


def test_damaged_addresses_say_what_to_do(tmp_path: Path) -> None:
    assert read_servers(tmp_path).database_url is None
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "servers.json").write_text("{nonsense")
    with pytest.raises(Problem, match="Delete it and start `thor up` again"):
        read_servers(tmp_path)


def test_what_was_in_a_home_before_thor_is_known(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    claim_home(tmp_path)
    (tmp_path / "log").mkdir()
    claim_home(tmp_path)
    assert foreign_names(tmp_path) == {"data"}


def test_a_problem_is_rfc_9457() -> None:
    document = problem_document(Problem("no such page. Go home.", status=404), "/x")
    assert document == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "no such page. Go home.",
        "instance": "/x",
    }
