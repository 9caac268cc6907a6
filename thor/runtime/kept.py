"""What a process keeps of the database in memory, so that a request asks nobody."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Final, Generic, TypeVar

from thor.runtime.problem import Problem

#: How long the first request waits for the first reading.
FIRST_SECONDS: Final = 5.0
#: As long as there is no value at all, it is asked for this often at least.
IMPATIENT_SECONDS: Final = 1.0

logger = logging.getLogger(__name__)
T = TypeVar("T")
Away = type[Exception] | tuple[type[Exception], ...]


class Kept(Generic[T]):
    """The value that ``read`` gives, looked at again every ``seconds`` in a thread of its own, always the same one: a
    connection that it leaves open is found again, and ``end`` may close it there.

    ``read`` gets the value of before (None at first) and raises ``away`` while the database is away: then the last
    value stands. Any other error ends the keeping, and the next who asks gets it. Started and stopped in a running
    event loop.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[T | None], T],
        seconds: float,
        away: Away,
        end: Callable[[], None] | None = None,
    ) -> None:
        self._name, self._read, self._seconds, self._away, self._end = name, read, seconds, away, end
        self._value: T | None = None
        self._said = ""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._tried = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep(), name=self._name)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._end is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._end)
        self._thread.shutdown(wait=False)

    async def get(self) -> T:
        """The value; the first reading is waited for. Raises Problem 503 when there is none."""
        if self._value is None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._tried.wait(), FIRST_SECONDS)
        if self._task is not None and self._task.done():
            self._task.result()
        if self._value is None:
            raise Problem(f"{self._name}: the database does not answer; it is asked again soon", status=503)
        return self._value

    async def _keep(self) -> None:
        while True:
            try:
                await self._look()
            finally:
                self._tried.set()
            await asyncio.sleep(self._seconds if self._value is not None else min(self._seconds, IMPATIENT_SECONDS))

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._value = await loop.run_in_executor(self._thread, copy_context().run, self._read, self._value)
            self._say("")
        except self._away as error:
            self._say(f"not read: {str(error).split(chr(10), 1)[0]}")

    def _say(self, what: str) -> None:
        """Once for as long as it stays the same."""
        if what and what != self._said:
            logger.warning("%s: %s", self._name, what)
        self._said = what
