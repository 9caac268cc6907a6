"""What a process keeps of the database: looked at again, standing while the database is away."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from thor.runtime.kept import Kept
from thor.runtime.problem import Problem


class AwayError(Exception):
    """The database does not answer."""


class Source:
    """Answers in turn; an exception is raised. ``asked`` is set at each question, the last answer is given for good."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.given = list(answers), [None]
        self.times = 0

    def read(self, before: Any) -> Any:
        self.times += 1
        self.given.append(before)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def run(source: Source, check: Callable[[Kept[Any]], Any], seconds: float = 0.001) -> Any:
    async def session() -> Any:
        kept: Kept[Any] = Kept("things", source.read, seconds, AwayError)
        kept.start()
        try:
            return await asyncio.wait_for(check(kept), 10)
        finally:
            await kept.stop()

    return asyncio.run(session())


async def until(found: Callable[[], bool]) -> None:
    while not found():
        await asyncio.sleep(0)


def test_the_first_reading_is_waited_for() -> None:
    assert run(Source("a"), lambda kept: kept.get(), seconds=60) == "a"


def test_a_newer_value_is_found_and_reading_gets_the_one_before() -> None:
    source = Source("a", "b")

    async def check(kept: Kept[str]) -> str:
        await until(lambda: source.times >= 3)
        return await kept.get()

    assert run(source, check) == "b"
    assert source.given[1:4] == [None, "a", "b"]


def test_the_last_value_stands_while_the_database_is_away() -> None:
    source = Source("a", AwayError("gone"))

    async def check(kept: Kept[str]) -> str:
        await until(lambda: source.times >= 4)
        return await kept.get()

    assert run(source, check) == "a"


def test_without_any_value_the_answer_is_503_at_once() -> None:
    async def check(kept: Kept[str]) -> None:
        await kept.get()

    with pytest.raises(Problem) as refusal:
        run(Source(AwayError("gone")), check, seconds=60)
    assert (refusal.value.status, "things" in refusal.value.detail) == (503, True)


def test_what_is_not_the_databases_absence_is_not_hidden() -> None:
    source = Source("a", ValueError("a bug"))

    async def check(kept: Kept[str]) -> None:
        while True:
            await kept.get()
            await asyncio.sleep(0)

    with pytest.raises(ValueError, match="a bug"):
        run(source, check)


def test_a_bug_in_the_first_reading_is_not_waited_for() -> None:
    with pytest.raises(ValueError, match="a bug"):
        run(Source(ValueError("a bug")), lambda kept: kept.get(), seconds=60)


def test_reading_and_the_end_are_on_one_thread() -> None:
    threads: list[int] = []

    def read(_before: Any) -> str:
        threads.append(threading.get_ident())
        return "a"

    async def session() -> None:
        kept: Kept[str] = Kept("things", read, 0.001, AwayError, lambda: threads.append(threading.get_ident()))
        kept.start()
        await until(lambda: len(threads) >= 5)
        await kept.stop()

    asyncio.run(session())
    assert len(threads) >= 6
    assert len(set(threads)) == 1
    assert threading.get_ident() not in threads


def test_an_absence_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    away = AwayError("gone\nwith details")
    source = Source("a", away, away, away, "b", away, AwayError("still gone"), "c")

    async def check(kept: Kept[str]) -> None:
        await until(lambda: source.times >= 10)

    run(source, check)
    said = [record.getMessage() for record in caplog.records]
    assert said == ["things: not read: gone", "things: not read: gone", "things: not read: still gone"]
