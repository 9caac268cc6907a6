"""What is held for those who look at a replay: started once, kept while asked for, few at a time."""

from __future__ import annotations

import asyncio

import pytest

from thor.runtime.problem import Problem
from thor.runtime.visited import Visited


class Thing:
    def __init__(self, name: str) -> None:
        self.name = name
        self.running = self.busy = False

    def start(self) -> None:
        self.running = True

    async def stop(self) -> None:
        await asyncio.sleep(0)
        self.running = False


async def until_stopped(thing: Thing) -> None:
    async with asyncio.timeout(5):
        while thing.running:
            await asyncio.sleep(0.001)


def visited(idle_seconds: float = 60.0) -> Visited[Thing]:
    return Visited(Thing, lambda thing: thing.busy, most=2, idle_seconds=idle_seconds)


def test_one_of_each_name_and_all_stopped_at_the_end() -> None:
    async def check() -> None:
        held = visited()
        first = held.get("a")
        assert first.running
        assert held.get("a") is first
        assert held.get("b") is not first
        await held.stop()
        assert not first.running
        assert held.all() == []
        assert held.get("a") is not first
        await held.stop()

    asyncio.run(check())


def test_the_one_least_asked_for_makes_room_but_none_in_use() -> None:
    async def check() -> None:
        held = visited()
        first, second = held.get("a"), held.get("b")
        held.get("a")
        third = held.get("c")
        await until_stopped(second)
        first.busy = third.busy = True
        with pytest.raises(Problem, match="2 replays are being looked at already"):
            held.get("d")
        first.busy = False
        held.get("d")
        await until_stopped(first)
        await held.stop()

    asyncio.run(check())


def test_what_nobody_asks_for_is_stopped_unless_it_is_in_use() -> None:
    async def check() -> None:
        held = visited(idle_seconds=0.02)
        first, second = held.get("a"), held.get("b")
        second.busy = True
        await until_stopped(first)
        assert second.running
        second.busy = False
        await until_stopped(second)
        await held.stop()

    asyncio.run(check())
