"""Nobody waits for longer than ten seconds, and what cannot be read is said in one line."""

from __future__ import annotations

import asyncio
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from tests.lake_support import bars_table
from thor.lake import answers, questions, stored
from thor.lake.catalog import Stamp
from thor.lake.files import write_table
from thor.lake.layout import Kind, Part, Timeframe, bars_part
from thor.lake.store import LocalStore
from thor.lake.stored import TooMuchError
from thor.runtime.problem import Problem

DAY = date(2025, 10, 9)
PART = bars_part(DAY, "ES", Timeframe.MINUTE)


def ask(root: Path, sql: str) -> list[Any]:
    there: dict[Part, Stamp] = {PART: Stamp(1, 0, "")}
    with override_settings(THOR_DATA_DIR=str(root)):
        return questions.rows(Kind.BARS, there, lambda _part: True, sql)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_table(LocalStore(tmp_path), PART, bars_table("ES", DAY), "test", {})
    return tmp_path


def test_a_question_to_files_that_takes_too_long_is_ended(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(root, "SELECT count(*) FROM {rows}") == [(5,)]
    monkeypatch.setattr(questions, "PATIENCE_SECONDS", 0.1)
    began = time.monotonic()
    with pytest.raises(TooMuchError):
        ask(
            root,
            "SELECT count(*) FROM {rows} AS a, range(40000) AS b, range(40000) AS c WHERE a.close + b.range > c.range",
        )
    assert time.monotonic() - began < 5
    assert ask(root, "SELECT count(*) FROM {rows}") == [(5,)]


def test_files_that_are_none_are_said_in_one_line(root: Path) -> None:
    path = Path(LocalStore(root).uri(PART.key))
    for data in (b"PAR1 no such thing", None):
        path.unlink() if data is None else path.write_bytes(data)
        with pytest.raises(Problem, match="files of the lake cannot be read: `thor lake verify` says which") as caught:
            ask(root, "SELECT * FROM {rows}")
        assert caught.value.status == 503


@pytest.mark.django_db
def test_a_question_to_stored_ticks_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "PATIENCE_SECONDS", 0.05)
    with pytest.raises(TooMuchError), stored.reading() as cursor:
        cursor.execute("SELECT pg_sleep(5)")


def test_who_comes_while_all_places_are_taken_waits_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    async def crowd() -> list[Any]:
        monkeypatch.setattr(answers, "_places", asyncio.Semaphore(1))
        monkeypatch.setattr(answers, "PATIENCE_SECONDS", 0.1)
        slow = answers._answered(lambda: time.sleep(0.5))
        return list(await asyncio.gather(slow, answers._answered(lambda: 1), return_exceptions=True))

    first, second = asyncio.run(crowd())
    assert first is None
    assert isinstance(second, Problem)
    assert second.status == 429
