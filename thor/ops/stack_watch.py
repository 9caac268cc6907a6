"""Looks after what the running services do: the stack's line, and a source that lives but does not work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from thor.desk.sources import source_trouble
from thor.markets.market import CME_MARKET
from thor.ops.life import Life, Phase
from thor.ops.pulse import Pulse, stack_line
from thor.ops.source_watch import SourceWatch
from thor.ops.supervisor import Supervisor

if TYPE_CHECKING:
    from thor.ops.pulse_reader import PulseReader

SOURCE = "source"
LOOK_SECONDS = 10.0
#: The services come up first.
FIRST_LOOK_SECONDS = 5.0


class StackWatch:
    """Looks every ten seconds. ``providers``: what the source must report; empty where it is left out."""

    def __init__(
        self,
        supervisor: Supervisor,
        redis_url: str,
        namespace: str,
        providers: tuple[str, ...],
        say: Callable[[str], None],
        now: float,
    ) -> None:
        self._supervisor = supervisor
        self._redis_url, self._namespace = redis_url, namespace
        self._providers = providers
        self._say = say
        self._next = now + FIRST_LOOK_SECONDS
        self._reader: PulseReader | None = None
        self._pulse: Pulse | None = None
        self._source = SourceWatch()
        self._looked = False

    def step(self, now: float) -> None:
        """Look, when it is time to."""
        if now < self._next:
            return
        self._next = now + LOOK_SECONDS
        self._pulse, self._looked = self._read(), True
        if self._providers:
            self._watch_source(now)

    def line(self, lives: Mapping[str, Life]) -> str:
        """How the stack stands; empty before the first look."""
        return stack_line(lives, self._pulse) if self._looked else ""

    def close(self) -> None:
        """Let go of the bus."""
        if self._reader is not None:
            self._reader.close()

    def _read(self) -> Pulse | None:
        if self._reader is None:
            from thor.ops.pulse_reader import PulseReader

            self._reader = PulseReader(self._redis_url, self._namespace)
        return self._reader.read()

    def _watch_source(self, now: float) -> None:
        """While CME trades: a collector that reports nothing, or that its source is down, is started anew."""
        desk = self._pulse.desk if self._pulse else None
        lives = self._supervisor.lives()
        if self._pulse is None or desk is None or CME_MARKET not in desk.open or _is_down(lives[SOURCE]):
            self._source.rest()
            return
        trouble = source_trouble(self._providers, self._pulse.sources)
        if self._source.look(trouble, now):
            self._say(f"source is started anew: {trouble}")
            self._supervisor.renew(SOURCE)


def _is_down(life: Life) -> bool:
    """The supervisor starts it anyhow."""
    return life.phase is not Phase.RUNNING
