"""The walls between rooms, by import-linter, and the names every room keeps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
ROOMS = sorted(path.parent for path in (CHECKOUT / "thor").glob("*/__init__.py"))


def test_no_import_points_upward() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_says_what_enters_what_leaves_and_who_listens(room: Path) -> None:
    text = (room / "__init__.py").read_text(encoding="utf-8")
    if room.name == "config":
        return
    assert all(word in text for word in ("In:", "Out:", "Listening:")), f"{room.name}/__init__.py"


def test_the_web_process_starts_without_the_heavy_libraries() -> None:
    code = (
        "import django, sys; django.setup(); import thor.config.asgi; "
        "print(*sorted({'polars', 'numba', 'numpy', 'openpyxl', 'xlwings', 'pandas'} & set(sys.modules)))"
    )
    assert _printed(code) == ""


def test_only_the_compiler_knows_the_calendar_libraries() -> None:
    """All that runs for long, in one process: what none of them brings in all together do not."""
    code = (
        "import django; django.setup(); "
        "import sys, thor.config.asgi, thor.desk.worker, thor.history.worker, thor.quotes.collector; "
        "print(*sorted({'pandas', 'pandas_market_calendars', 'exchange_calendars', 'holidays'} & set(sys.modules)))"
    )
    assert _printed(code) == ""


def _printed(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=False,
                          env=_environment())  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "DJANGO_SETTINGS_MODULE": "thor.config.settings"}
