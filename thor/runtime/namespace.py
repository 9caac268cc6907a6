"""Namespaces: another Thor on the same servers, under a key prefix and in a PostgreSQL schema of that name.

The empty name is the live one. Which one a piece of work is about stands in its context: nothing else is set, and so
nothing can be left behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Final, NamedTuple

#: What else would stand under the same key prefix, or is PostgreSQL's own.
RESERVED: Final = frozenset({"public", "information_schema", "quotes", "thor", "desk", "vwap", "board"})
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,30}", re.ASCII)
WANTED: Final = (
    "lower-case letters, digits and _ (at most 31), such as week1, but no name that PostgreSQL or Thor has for itself"
)


class Present(NamedTuple):
    """A replay's present. ``now_us``: simulated, epoch microseconds; ``speed``: how many times as fast as ours (0: it
    stands still, None: as fast as it goes)."""

    namespace: str
    now_us: int
    speed: float | None


_present: ContextVar[Present | None] = ContextVar("thor_present", default=None)


def is_name(text: str) -> bool:
    """A name that a namespace may have."""
    return bool(_NAME.fullmatch(text)) and text not in RESERVED and not text.startswith("pg_")


def search_path(namespace: str) -> str:
    """The schema alone: with the live one behind it, a table that is missing here would be found there."""
    return f"-c search_path={namespace}"


def present() -> Present | None:
    """The replay that the work at hand is about; None: the Thor of this process."""
    return _present.get()


def replayed() -> str:
    """The name of that replay, or empty."""
    found = _present.get()
    return found.namespace if found else ""


def within(namespace: str) -> AbstractContextManager[None]:
    """Work on a replay's tables, for which its time is of no importance."""
    return looking_at(Present(namespace, 0, 0.0))


@contextmanager
def looking_at(there: Present) -> Iterator[None]:
    """Work that is about a replay, in this thread and in what it awaits."""
    token = _present.set(there)
    try:
        yield
    finally:
        _present.reset(token)
