"""The dead letters' bounds: by count and by age, the oldest archived in a file before they leave the bus."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

import redis
import structlog

from thor.history.dead_letters import PAGE, DeadLetters
from thor.history.letter import KeptLetter
from thor.history.letter_files import archive
from thor.history.tick import id_ms
from thor.quotes.keys import Keys

log = structlog.get_logger()

_DAY_MS: Final = 86_400_000


class Bounds(NamedTuple):
    """``most``: letters that the bus keeps; ``days``: for how long."""

    most: int
    days: float


class Kept(NamedTuple):
    """``archived``: letters moved to ``folder``; ``is_done``: none is over the bounds now; ``trouble``: why the archive
    could not be written, empty when it could."""

    archived: int
    is_done: bool
    trouble: str = ""


def keep_dead_letters_bounded(
    client: redis.Redis, keys: Keys, folder: Path, bounds: Bounds, most_seconds: float = 0.5
) -> Kept:
    """Move the oldest letters over the bounds to a file of ``folder``, for at most so many seconds.

    A letter leaves the bus when its line is on the disk: a process killed in between leaves it twice, never nowhere.
    A folder that cannot be written is alarmed and nothing is trimmed. Raises redis errors while the bus is away.
    """
    letters = DeadLetters(client, keys)
    until = time.monotonic() + most_seconds
    archived, trouble, page = 0, "", _oldest_over(letters, bounds)
    try:
        while page:
            archived += _move(letters, folder, page)
            if time.monotonic() > until:
                break
            page = _oldest_over(letters, bounds)
    except OSError as error:
        trouble = f"{folder} cannot be written ({error.strerror or error})"
    letters.forget_removed()
    _alarm(archived, folder, trouble)
    return Kept(archived, not page, trouble)


def _oldest_over(letters: DeadLetters, bounds: Bounds) -> list[KeptLetter]:
    """The next letters to go, at most a page: the oldest of too many, and those that are too old."""
    too_many = max(0, letters.count() - bounds.most)
    horizon_ms = letters.now_us() // 1000 - round(bounds.days * _DAY_MS)
    first = letters.first_id()
    if not first or not (too_many or id_ms(first) < horizon_ms):
        return []
    page = next(letters.oldest_first("+"), [])
    return [each for n, each in enumerate(page) if n < too_many or id_ms(each.id) < horizon_ms]


def _move(letters: DeadLetters, folder: Path, page: list[KeptLetter]) -> int:
    for month, of_month in groupby(page, _month):
        archive(folder, list(of_month), month)
    return letters.remove(page[0].id, page[-1].id, PAGE)


def _alarm(archived: int, folder: Path, trouble: str) -> None:
    if trouble:
        log.error(
            "dead letters are over their bounds and stay on the bus: their archive cannot be written", error=trouble
        )
    if archived:
        log.warning("dead letters over their bounds were moved to files", letters=archived, folder=str(folder))


def _month(letter: KeptLetter) -> str:
    return datetime.fromtimestamp(id_ms(letter.id) / 1000, UTC).strftime("%Y-%m")
