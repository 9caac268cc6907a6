"""How long to wait after a failure: one formula for workers, sources, the bus and supervised processes. A rule file."""

from __future__ import annotations

from collections.abc import Callable

#: Doublings beyond this change nothing and would overflow.
_MOST_DOUBLINGS = 30


def backoff_seconds(failures: int, first: float, longest: float, chance: Callable[[], float]) -> float:
    """The wait after the ``failures``-th failure in a row: ``first`` seconds doubled each time up to ``longest``.

    Half of it by ``chance`` (a number from 0 to 1, such as ``random.random``), so that many do not march in step: the
    first wait is between ``first / 2`` and ``first``.
    """
    ceiling = min(longest, first * 2.0 ** min(max(failures, 1) - 1, _MOST_DOUBLINGS))
    return ceiling * (0.5 + 0.5 * chance())


class Pause:
    """Not again before a time; over at the start. A clock that is set back ends it: better too soon than an hour late.

    Times are epoch microseconds of the caller's clock.
    """

    def __init__(self) -> None:
        self._began_us = 0
        self._until_us = 0

    def begin(self, now_us: int, seconds: float) -> None:
        """Wait ``seconds`` from now."""
        self._began_us, self._until_us = now_us, now_us + round(seconds * 1_000_000)

    def end(self) -> None:
        """Wait no longer."""
        self._until_us = self._began_us

    def is_over(self, now_us: int) -> bool:
        return not self._began_us <= now_us < self._until_us
