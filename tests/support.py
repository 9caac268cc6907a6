"""Small helpers of tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TypeVar

CHECKOUT = Path(__file__).resolve().parents[1]

T = TypeVar("T")


def wait_until(found: Callable[[], T | None], seconds: float, why: Callable[[], str] = str) -> T:
    """What ``found`` gives once it is neither None nor False; fails with ``why()`` after ``seconds``.

    For events of other processes, which cannot be awaited.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = found()
        if value is not None and value is not False:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s. {why()}")


def run_thor(environ: Mapping[str, str], *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run ``thor ARGS`` to its end; its output is kept."""
    done = subprocess.run(
        [sys.executable, "-m", "thor", *args], env=environ, cwd=CHECKOUT, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert not check or done.returncode == 0, f"thor {' '.join(args)} ended with {done.returncode}: {done.stderr}"
    return done


#: A namespace on the bus alone: its tables stay where every test looks for them.
ONE_SCHEMA = "?options=-c%20search_path%3Dpublic"


def create_database(server_url: str, name: str, template: str = "template1") -> str:
    """The address of a new database on the server, a copy of another."""
    import psycopg

    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    base, _, _ = server_url.rpartition("/")
    return f"{base}/{name}{ONE_SCHEMA}"


def create_migrated(server_url: str, name: str) -> str:
    """The same with all tables: a copy, made in a fraction of a second, of one that was migrated once."""
    return create_database(server_url, name, _migrated(server_url))


@cache
def _migrated(server_url: str) -> str:
    name = "thor_migrated"
    run_thor({**os.environ, "DATABASE_URL": create_database(server_url, name)}, "migrate", "-v", "0")
    return name
