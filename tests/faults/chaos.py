"""The run: entries go in, faults happen as the schedule says, and in the end everything must stand where it belongs."""

from __future__ import annotations

import contextlib
import signal
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.checker import Snapshot, Verdict, judge
from tests.faults.events import entries
from tests.faults.producer import Producer
from tests.faults.schedule import Fault, How, Numbers, Step, batch_sizes, pieces, steps
from tests.faults.stack import STOP_SECONDS, Stack, Worker

READY_SECONDS = 60.0
#: One event in so many is there before the first worker is.
EARLY = 20
#: An aimed kill waits so long for a worker that holds entries, then strikes any.
AIM_SECONDS = 5.0
#: While it waits, more events are released this often.
FEED_SECONDS = 0.05
RECOVERY_SECONDS = 60.0
DRAIN_SECONDS = 180.0

#: Events that stay for each fault to come.
KEPT_FOR_A_STEP = 50
_NEWER = "SELECT EXISTS (SELECT FROM ticks WHERE created_at >= to_timestamp(%s))"


@dataclass
class Tally:
    """What happened; seconds."""

    kills: int = 0
    with_pending: int = 0
    postgres: int = 0
    valkey: int = 0
    pauses: int = 0
    flushes: int = 0
    self_exits: int = 0
    slow_stops: int = 0
    worker_recovery: list[float] = field(default_factory=list)
    postgres_recovery: list[float] = field(default_factory=list)
    valkey_recovery: list[float] = field(default_factory=list)
    stop: list[float] = field(default_factory=list)
    seconds: float = 0.0
    complaints: list[str] = field(default_factory=list)


class Chaos:
    """One run on a stack that serves."""

    def __init__(self, numbers: Numbers, stack: Stack) -> None:
        self.numbers = numbers
        self.tally = Tally()
        self._stack = stack
        self._batches = batch_sizes(numbers)
        self._workers: list[Worker] = []
        self._waking: list[tuple[float, Worker]] = []
        self._earlier: list[Snapshot] = []
        self._steps_left = 1

    def run(self) -> Verdict:
        """Do it all. Raises RuntimeError or AssertionError when the stack cannot go on."""
        sent = list(entries(self.numbers.seed, self.numbers.events, time.time_ns() // 1000))
        self._producer = Producer(self._stack.new_client(), sent, pieces(self.numbers))
        self._producer.start()
        self._producer.release(self.numbers.events // EARLY)
        self._wait(lambda: self._producer.idle, READY_SECONDS, "the bus does not take the first events")
        self._workers = [self._stack.start_worker(next(self._batches)) for _ in range(self.numbers.workers)]
        self._wait(lambda: all(map(self._stack.is_ready, self._workers)), READY_SECONDS, "workers do not get ready")
        began = time.monotonic()
        schedule = steps(self.numbers)
        for number, step in enumerate(schedule):
            self._steps_left = len(schedule) - number
            self._do(step)
        self._finish()
        self.tally.seconds = time.monotonic() - began
        self._stop_workers()
        with self._stack.database() as database:
            snapshots = [*self._earlier, Snapshot.of(self._stack.client)]
            return judge(sent, self._producer.acknowledged, snapshots, database)

    # --- waiting ---

    def _wait(self, found: Callable[[], bool], seconds: float, complaint: str) -> None:
        deadline = time.monotonic() + seconds
        while not found():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{complaint} within {seconds:.0f} s; {self._words()}")
            self._look_after()
            time.sleep(0.002)

    def _words(self) -> str:
        return "; ".join(f"{worker.consumer}: {worker.last_words()}" for worker in self._workers)

    def _look_after(self) -> None:
        """What goes on beside the faults: wake the paused, replace whoever ended by itself."""
        now = time.monotonic()
        for due, worker in [each for each in self._waking if each[0] <= now]:
            worker.signal(signal.SIGCONT)
            worker.paused = False
            self._waking.remove((due, worker))
        for worker in [each for each in self._workers if each.process.poll() is not None]:
            self.tally.self_exits += 1
            self.tally.complaints.append(f"{worker.consumer} ended by itself: {worker.last_words()}")
            self._replace(worker, None)

    def _feed(self, parts: int = 1) -> None:
        """Release a share of what is left, so that every fault meets work."""
        share = self._producer.left // (self._steps_left + 1) // parts
        self._producer.release(max(1, share))

    # --- faults ---

    def _do(self, step: Step) -> None:
        self._look_after()
        {
            Fault.KILL: self._kill,
            Fault.POSTGRES: lambda each: self._outage("postgres", each),
            Fault.VALKEY: lambda each: self._outage("valkey", each),
            Fault.PAUSE: self._pause,
            Fault.FLUSH: self._flush,
        }[step.fault](step)

    def _kill(self, step: Step) -> None:
        victim = self._victim(step)
        self._strike(victim)
        killed_at = time.monotonic()
        held = self._stack.held_by(victim.consumer)
        self.tally.with_pending += bool(held)
        self._replace(victim, victim.consumer if step.same_name else None)
        if held and step.calm:
            self._wait(lambda: not any(map(self._stack.is_pending, held)), RECOVERY_SECONDS, "nobody takes over")
            self.tally.worker_recovery.append(time.monotonic() - killed_at)

    def _strike(self, victim: Worker) -> None:
        self._stack.kill_worker(victim)
        self.tally.kills += 1

    def _replace(self, worker: Worker, consumer: str | None) -> None:
        self._workers[self._workers.index(worker)] = self._stack.start_worker(next(self._batches), consumer)

    def _victim(self, step: Step) -> Worker:
        """A worker that is awake: one that holds entries when the fault is aimed and there is one in time."""
        if step.aimed:
            self._wait(lambda: any(map(self._is_ready, self._workers)), READY_SECONDS, "no worker gets ready")
        self._feed()
        time.sleep(step.delay)
        awake = [worker for worker in self._workers if not worker.paused]
        if step.aimed and (holder := self._holder(step)):
            return holder
        return awake[int(step.choice * len(awake))]

    def _is_ready(self, worker: Worker) -> bool:
        return not worker.paused and self._stack.is_ready(worker)

    def _holder(self, step: Step) -> Worker | None:
        deadline = time.monotonic() + AIM_SECONDS
        feed_at = time.monotonic() + FEED_SECONDS
        while (now := time.monotonic()) < deadline:
            pending = self._stack.pending_by_consumer()
            # A life of the same name may hold what its forerunner left: only one that works is struck.
            holders = [each for each in self._workers if not each.paused and pending.get(each.consumer)]
            if holders:
                return holders[int(step.choice * len(holders))]
            if now > feed_at:
                self._feed(parts=5)
                self._look_after()
                feed_at = now + FEED_SECONDS
        return None

    def _pause(self, step: Step) -> None:
        """Stop a worker for longer than its entries stay its own, while the others go on."""
        victim = self._victim(step)
        if sum(not worker.paused for worker in self._workers) < 2:
            self._wait(lambda: not self._waking, step.sleep + 1, "the paused do not wake")
        victim.signal(signal.SIGSTOP)
        victim.paused = True
        self._waking.append((time.monotonic() + step.sleep, victim))
        self.tally.pauses += 1

    def _outage(self, name: str, step: Step) -> None:
        self._feed()
        time.sleep(step.delay)
        self._stack.kill_server(name, step.how)
        if step.with_worker:
            awake = [worker for worker in self._workers if not worker.paused]
            victim = awake[int(step.choice * len(awake))]
            self._strike(victim)
            self._replace(victim, victim.consumer if step.same_name else None)
        if step.how is not How.CHILD or name == "valkey":
            time.sleep(step.outage)
        self._stack.revive(name)
        ready, ready_at = time.monotonic(), time.time()
        self._feed()
        self._wait_for_commit(ready_at)
        getattr(self.tally, f"{name}_recovery").append(time.monotonic() - ready)
        setattr(self.tally, name, getattr(self.tally, name) + 1)

    def _wait_for_commit(self, since: float) -> None:
        """Until a tick is stored whose transaction began after ``since``, epoch seconds."""
        with self._stack.database() as database:

            def found() -> bool:
                row = database.execute(_NEWER, [since]).fetchone()
                # However long it takes, the faults to come must meet work too.
                if self._producer.left > self._steps_left * KEPT_FOR_A_STEP:
                    self._feed(parts=20)
                return row == (True,)

            self._wait(found, RECOVERY_SECONDS, "nothing is stored after a server's return")

    def _flush(self, _step: Step) -> None:
        """Empty the bus when all is stored: what comes later must be stored without anybody's help."""
        self._wait(self._is_quiet, DRAIN_SECONDS, "not everything is stored")
        self._earlier.append(Snapshot.of(self._stack.client))
        self._stack.client.flushall()
        self.tally.flushes += 1

    def _is_quiet(self) -> bool:
        return self._producer.idle and self._stack.caught_up()

    # --- the end ---

    def _finish(self) -> None:
        self._wait(lambda: not self._waking, self.numbers.claim_idle * 3 + 1, "the paused do not wake")
        self._producer.release(self._producer.left)
        self._wait(self._is_quiet, DRAIN_SECONDS, "not everything is stored")
        self._look_after()

    def _stop_workers(self) -> None:
        """All at once; each must end with 0 and in time."""
        self._wait(lambda: all(map(self._stack.is_ready, self._workers)), READY_SECONDS, "workers do not get ready")
        for worker in self._workers:
            began = time.monotonic()
            worker.signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                self._await_end(worker, began)
            self.tally.stop.append(time.monotonic() - began)

    def _await_end(self, worker: Worker, began: float) -> None:
        code = worker.process.wait(STOP_SECONDS * 3)
        if code or time.monotonic() - began > STOP_SECONDS:
            self.tally.slow_stops += 1
            self.tally.complaints.append(f"{worker.consumer} ended with {code}: {worker.last_words()}")


def result_line(numbers: Numbers, tally: Tally, verdict: Verdict) -> str:
    """The one line: what was done and what came of it."""
    wrong = verdict.wrong
    letters = sum(wrong[name] for name in ("wrong_letter", "repeated_letter", "mismatched_letter"))
    words = [
        f"chaos seed={numbers.seed} events={numbers.events} workers={numbers.workers}",
        f"kills={tally.kills} (with pending {tally.with_pending}) pg={tally.postgres} valkey={tally.valkey}",
        f"pauses={tally.pauses} flushes={tally.flushes}",
        *(f"{name}={wrong[name]}" for name in ("lost", "duplicated", "mismatched", "extra", "conflicts", "forgotten")),
        f"dead={verdict.letters}/{verdict.poison} vanished={wrong['vanished']} wrong_letters={letters}",
        f"miscounted={wrong['miscounted']} self_exits={tally.self_exits} bad_stops={tally.slow_stops}",
        f"worker_recovery_s {_spread(tally.worker_recovery)}",
        f"pg_recovery_s {_spread(tally.postgres_recovery)} valkey_recovery_s {_spread(tally.valkey_recovery)}",
        f"stop_s max={max(tally.stop, default=0):.1f}",
        f"rate={verdict.stored / max(tally.seconds, 0.001):.0f}/s seconds={tally.seconds:.0f}",
    ]
    return " ".join(words)


def _spread(seconds: list[float]) -> str:
    if not seconds:
        return "none"
    return f"p50={statistics.median(seconds):.1f} max={max(seconds):.1f}"
