"""Nothing that runs on starts unasked: not with the apps, in the web's modules, in migrations or a shell."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support import CHECKOUT, run_thor

LOOK = """
import os, pathlib, threading
children = pathlib.Path(f"/proc/self/task/{os.getpid()}/children")
print("THREADS", *(each.name for each in threading.enumerate()))
print("CHILDREN", children.read_text() if children.exists() else "")
"""
NOTHING = ["THREADS MainThread", "CHILDREN"]


def looked(output: str) -> list[str]:
    return [line.rstrip() for line in output.splitlines() if line.startswith(("THREADS", "CHILDREN"))]


@pytest.mark.parametrize(
    "modules", ["thor.config.asgi", "thor.config.urls, thor.desk.worker, thor.desk.job_worker, thor.desk.tasks"]
)
def test_importing_everything_starts_no_thread_and_no_process(modules: str) -> None:
    code = f"import django; django.setup(); import {modules}\n{LOOK}"
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "thor.config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert looked(done.stdout) == NOTHING


def test_migrations_and_a_shell_start_no_thread_and_no_process(fresh_thor: dict[str, str]) -> None:
    shell = run_thor(fresh_thor, "shell", "-v", "0", "-c", LOOK)
    assert looked(shell.stdout) == NOTHING
    migrate = f"from django.core.management import call_command; call_command('migrate', verbosity=0)\n{LOOK}"
    assert looked(run_thor(fresh_thor, "shell", "-v", "0", "-c", migrate).stdout) == NOTHING
