"""What a web process holds of a namespace for as long as somebody looks at it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

from thor.runtime.problem import Problem

MOST: Final = 4
IDLE_SECONDS: Final = 60.0


class Held(Protocol):
    """Started and stopped in a running event loop."""

    def start(self) -> None: ...

    async def stop(self) -> None: ...


T = TypeVar("T", bound=Held)


class Visited(Generic[T]):
    """Things by namespace, each started when it is first asked for and stopped when nobody asked for a while.

    ``is_busy`` says that one is in use also without being asked for. All of it happens in one event loop.
    """

    def __init__(
        self,
        make: Callable[[str], T],
        is_busy: Callable[[T], bool] = lambda _: False,
        most: int = MOST,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._make, self._is_busy, self._most, self._idle_seconds = make, is_busy, most, idle_seconds
        self._held: dict[str, T] = {}
        self._asked_at: dict[str, float] = {}
        self._keeper: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    def get(self, namespace: str) -> T:
        """The thing of a namespace. Raises Problem 503 when too many are in use."""
        found = self._held.get(namespace)
        if found is None:
            self._make_room()
            found = self._held[namespace] = self._make(namespace)
            found.start()
            self._keeper = self._keeper or asyncio.create_task(self._keep(), name="visited")
        self._asked_at[namespace] = time.monotonic()
        return found

    def all(self) -> list[T]:
        """Those that are held now."""
        return list(self._held.values())

    async def stop(self) -> None:
        """Stop all of them."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        for namespace in list(self._held):
            self._end(namespace)
        await asyncio.gather(*self._ending)

    def _make_room(self) -> None:
        if len(self._held) < self._most:
            return
        idle = [name for name, each in self._held.items() if not self._is_busy(each)]
        if not idle:
            raise Problem(f"{self._most} replays are being looked at already: close one of their pages", status=503)
        self._end(min(idle, key=self._asked_at.__getitem__))

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._idle_seconds / 4)
            limit = time.monotonic() - self._idle_seconds
            for namespace, each in list(self._held.items()):
                if self._is_busy(each):
                    self._asked_at[namespace] = time.monotonic()
                elif self._asked_at[namespace] < limit:
                    self._end(namespace)

    def _end(self, namespace: str) -> None:
        del self._asked_at[namespace]
        task = asyncio.ensure_future(self._held.pop(namespace).stop())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
