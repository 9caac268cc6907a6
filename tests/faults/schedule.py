"""What is done to the stack, in which order: a pure function of the seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class Fault(Enum):
    KILL = "kill"
    POSTGRES = "postgres"
    VALKEY = "valkey"
    PAUSE = "pause"
    FLUSH = "flush"


class How(Enum):
    """How a server is killed. ``CHILD``: one of PostgreSQL's own processes, which then restarts by itself."""

    SERVER = "server"
    ALL = "all"
    CHILD = "child"


@dataclass(frozen=True)
class Numbers:
    """How much of everything. ``claim_idle``: seconds after which entries of a silent worker are taken over."""

    seed: int
    events: int
    workers: int
    kills: int
    postgres: int = 0
    valkey: int = 0
    pauses: int = 0
    flush: bool = False
    claim_idle: int = 2


@dataclass(frozen=True)
class Step:
    """One fault. ``choice``: which of the candidates, from 0 to 1.

    ``aimed``: at a worker that holds entries, else at any. ``calm``: nothing else happens until what the killed worker
    held is stored, so that the time it takes can be told. ``delay``: seconds after new events were released.
    ``outage``: seconds that a server stays away. ``sleep``: seconds that a worker is stopped. ``same_name``: the
    successor has the dead one's name. ``with_worker``: a worker is killed while the server is away.
    """

    fault: Fault
    aimed: bool
    calm: bool
    delay: float
    outage: float
    sleep: float
    same_name: bool
    how: How
    with_worker: bool
    choice: float


def steps(numbers: Numbers) -> list[Step]:
    """All faults in order. The flush stands in the middle; the first and the last are kills of workers."""
    rng = random.Random(f"steps {numbers.seed}")
    counts = {
        Fault.KILL: numbers.kills,
        Fault.POSTGRES: numbers.postgres,
        Fault.VALKEY: numbers.valkey,
        Fault.PAUSE: numbers.pauses,
    }
    faults = [fault for fault, count in counts.items() for _ in range(count)]
    rng.shuffle(faults)
    if numbers.flush:
        faults.insert(len(faults) // 2, Fault.FLUSH)
    return [_step(rng, fault, numbers.claim_idle) for fault in faults]


def _step(rng: random.Random, fault: Fault, claim_idle: int) -> Step:
    return Step(
        fault=fault,
        aimed=rng.random() < 0.88,
        calm=rng.random() < 0.15,
        delay=rng.expovariate(1 / 0.02),
        outage=rng.choice((0.0, 0.0, 0.3, 1.5)),
        sleep=claim_idle * rng.uniform(1.2, 2.5),
        same_name=rng.random() < 0.4,
        how=rng.choices((How.SERVER, How.ALL, How.CHILD), (3, 2, 1))[0],
        with_worker=rng.random() < 0.2,
        choice=rng.random(),
    )


def batch_sizes(numbers: Numbers) -> Iterator[int]:
    """The batch size of each life of a worker; small ones make more commits and so more places to be killed at."""
    rng = random.Random(f"batches {numbers.seed}")
    while True:
        yield rng.choice((1, 7, 50, 200, 500, 500, 1000, 5000))


def pieces(numbers: Numbers) -> Iterator[int]:
    """How many entries go in each pipeline of the producer."""
    rng = random.Random(f"pieces {numbers.seed}")
    while True:
        yield rng.choice((1, 10, 50, 100, 200))
