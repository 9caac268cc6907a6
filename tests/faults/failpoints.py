"""Crashes of the ingestor in this process, at one place of its way, at one pass: the same each time for a seed.

python -m tests.faults.failpoints DATABASE_URL REDIS_URL --rounds 100

After each crash a new ingestor, under the same name or another one, goes on with what is there and what is new. In the
end the checker judges. A crash leaves everything as it stands: what would have come after it does not happen, and the
connections just go away, as at kill -9.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import logging
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import psycopg
import structlog

from tests.faults.checker import Verdict
from tests.faults.events import entries
from tests.faults.site import Site, now_us, site
from thor.history.batch import Batch
from thor.history.group import IngestGroup
from thor.history.link import Link
from thor.history.worker import Ingestor, Kernel

ROUND_EVENTS: Final = 60


class Crash(Exception):  # noqa: N818 - it stands for kill -9 and is no error of the program
    """Here the process ends."""


def _always(*_args: object) -> bool:
    return True


def _inserts(_cursor: object, statement: object = "", *_rest: object) -> bool:
    return str(statement).lstrip("- ").find("INSERT INTO ticks (") >= 0


def _buries(_group: object, lease: Any, *_rest: object) -> bool:
    return bool(lease.letters)


@dataclass(frozen=True)
class Place:
    """A step of the way: a call of ``name`` of ``owner`` with arguments that match. ``passes``: a crash is at one of
    the first so many."""

    owner: type
    name: str
    matches: Callable[..., bool] = _always
    passes: int = 5


PLACES: Final = {
    "read": Place(Link, "read"),
    "parse": Place(Batch, "end_of_read"),
    "begin": Place(psycopg.Transaction, "__enter__"),
    "copy": Place(psycopg.Copy, "write"),
    "insert": Place(psycopg.Cursor, "execute", _inserts, passes=3),
    "commit of a copy": Place(psycopg.Copy, "__exit__"),
    "commit of a transaction": Place(psycopg.Transaction, "__exit__"),
    "dead letter": Place(IngestGroup, "settle", _buries, passes=1),
    "acknowledge": Place(Ingestor, "_settle"),
    "answer": Place(Ingestor, "_take_replies"),
    "call of the bus": Place(IngestGroup, "_call", passes=4),
}


class Fuse:
    """Counts passes; crashes at one of them, once."""

    def __init__(self, crash_at: int) -> None:
        self.left = crash_at
        self.blown = False

    def passed(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.blown = True
            raise Crash


@contextlib.contextmanager
def armed(place: Place, when: str, crash_at: int) -> Iterator[Fuse]:
    """Crash ``when`` (before, after) the call number ``crash_at`` of a place."""
    real, fuse = getattr(place.owner, place.name), Fuse(crash_at)

    @functools.wraps(real)
    def call(*args: Any, **options: Any) -> Any:
        counts = place.matches(*args)
        if counts and when == "before":
            fuse.passed()
        found = real(*args, **options)
        if counts and when == "after":
            fuse.passed()
        return found

    setattr(place.owner, place.name, call)
    try:
        yield fuse
    finally:
        setattr(place.owner, place.name, real)


def run(
    where: Site, place: str, when: str, rounds: int, seed: int, kernel: Kernel | None = None
) -> tuple[int, Verdict]:
    """So many rounds of new events and a crash. Returns (crashes, what is wrong in the end)."""
    rng = random.Random(f"{place} {when} {seed}")
    everything = list(entries(seed, rounds * ROUND_EVENTS, now_us()))
    at, crashes, consumer = PLACES[place], 0, "one"
    for number in range(rounds):
        where.send(everything[number * ROUND_EVENTS : (number + 1) * ROUND_EVENTS])
        worker = where.ingestor(consumer, rng.choice((3, 10, 500)))
        worker.kernel = kernel if kernel and rng.random() < 0.5 else worker.kernel
        with armed(at, when, rng.randint(1, at.passes)) as fuse, contextlib.suppress(Crash):
            worker.run_until_idle()
        crashes += fuse.blown
        if rng.random() < 0.5:
            consumer = f"life-{number}"
            where.time_passes()
    where.store_all()
    return crashes, where.judge()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("database_url")
    parser.add_argument("redis_url")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--parser", choices=("slow", "both"), default="both", help="both: the compiled one in turn")
    parser.add_argument("--stop", action="store_true", help="end at the first place where something is wrong")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    kernel = Kernel() if options.parser == "both" else None
    if kernel:
        kernel.load()
    wrong = 0
    for place, when in product(PLACES, ("before", "after")):
        wrong += _run_at(place, when, options, kernel)
        if wrong and options.stop:
            break
    return 1 if wrong else 0


def _run_at(place: str, when: str, options: argparse.Namespace, kernel: Kernel | None) -> bool:
    """Something is wrong after crashes there; a line tells what."""
    with site(options.database_url, options.redis_url) as where:
        crashes, verdict = run(where, place, when, options.rounds, options.seed, kernel)
    print(f"{when} {place}: rounds={options.rounds} crashes={crashes} wrong={dict(verdict.wrong)}", flush=True)
    return not verdict.good


if __name__ == "__main__":
    sys.exit(main())
