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
