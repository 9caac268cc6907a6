"""The example notebook runs from top to bottom, where there is no lake and where there is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.support import CHECKOUT


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def said(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The outputs of a run in a home of its own."""
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("IPYTHONDIR", str(home / "ipython"))
    path = CHECKOUT / "notebooks" / "backtest_example.ipynb"
    notebook: Any = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]
    assert all(not cell.get("outputs") for cell in notebook.cells), "commit it without outputs"
    NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(CHECKOUT)}}
    ).execute()
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


@pytest.mark.parametrize(("own", "told"), [(False, "MOCK: a simulated week of ES in"), (True, "bars of ES")])
def test_it_runs_from_top_to_bottom(home: Path, monkeypatch: pytest.MonkeyPatch, own: bool, told: str) -> None:
    monkeypatch.setenv("THOR_DATA_DIR", str(home / ".thor" / "example_lake") if own else "")
    shown = [output["data"] for output in said(home, monkeypatch)]
    assert told in shown[0]["text/plain"]
    assert "shape: (5, 6)" in shown[1]["text/plain"]
    assert "sides traded" in shown[3]["text/plain"]
    assert shown[4]["image/svg+xml"].startswith("<svg")
