"""The ingestor: from the unified stream into ``ticks``, each event once, acknowledged only after its commit.

    read and lease a batch (a thread ahead) -> COPY, which commits -> settle: acknowledge, dead letters, tally -> next

Whatever goes wrong, the answer is the start: connections are closed and opened again, and what was leased to this
consumer and not settled comes first, through the staging table that skips what is stored.
"""

from __future__ import annotations

import math
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import ModuleType
from typing import Final, NamedTuple, cast

import redis
import structlog

from thor.history.batch import Batch, FastParser, Parser, SlowParser
from thor.history.fetch import BLOCK_MS, Fetcher, Idle
from thor.history.group import CLAIM_IDLE_MS, Held, IngestGroup, IngestHealth, age_seconds
from thor.history.lease import Lease, Letter, id_key, tally_key
from thor.history.link import Link
from thor.history.store import Connect, RowRefusedError, Stored, TickStore, isolate
from thor.history.tick import Refused, stream_id_of, ts_us_of
from thor.quotes.keys import Keys
from thor.quotes.quote import Reason
from thor.runtime.bus import BusUnavailableError, connect, server_caution, server_problems
from thor.runtime.worker import Worker

log = structlog.get_logger()

#: A step waits so long for a batch, then looks whether it should stop.
WAIT_SECONDS: Final = 0.5
REPORT_SECONDS: Final = 1.0
CLAIM_SECONDS: Final = 2.0
HOUSEKEEPING_SECONDS: Final = 10.0
PARTITIONS_SECONDS: Final = 6 * 3600.0
RATE_SECONDS: Final = 10.0
RELOAD_SECONDS: Final = 1.0
#: An event that waits for so long is an alarm, repeated as often while it lasts.
LAG_ALARM_SECONDS: Final = 15.0
#: A running statement is cancelled so long after the order to stop: the whole stop takes less than five seconds.
CANCEL_SECONDS: Final = 3.0
_STAGE_STORE: Final = "store"


class Settings(NamedTuple):
    """``retention_ms``: how long the streams are kept. ``block_ms``: how long a read waits for the first entry.
    ``claim_idle_ms``: a lease idle for longer is taken over. ``as_recorded``: of a replay, whose events are as old
    as they are."""

    redis_url: str
    namespace: str
    consumer: str
    batch_size: int
    retention_ms: int
    block_ms: int = BLOCK_MS
    claim_idle_ms: int = CLAIM_IDLE_MS
    as_recorded: bool = False


class KnownGroups:
    """The instruments by symbol, read again at most once a second, in whichever thread asks."""

    def __init__(self, load: Callable[[], Mapping[str, str]]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._asked = -RELOAD_SECONDS
        self._current: Mapping[str, str] = {}

    @property
    def current(self) -> Mapping[str, str]:
        return self._current

    def reload(self) -> bool:
        with self._lock:
            if time.monotonic() - self._asked < RELOAD_SECONDS:
                return False
            found = self._load()
            self._asked = time.monotonic()
            changed = found != self._current
            if changed:
                self._current = found
            return changed


class Counters:
    """What a worker did since its start, and how fast lately."""

    def __init__(self) -> None:
        self.read = self.stored = self.duplicates = self.conflicts = 0
        self.dead = self.blocked = self.lost = self.batches = 0
        self.lag_ms = self.last_tick_us = 0
        self._recent: deque[tuple[float, int]] = deque()

    def add(self, batch: Batch, stored: Stored) -> None:
        self.batches += 1
        self.read += batch.entries
        self.stored += stored.new
        self.duplicates += stored.duplicates
        self.conflicts += stored.conflicts
        if batch.rows:
            self.lag_ms = max(0, time.time_ns() // 1_000_000 - int(batch.row_ms[0]))
            self.last_tick_us = max(self.last_tick_us, batch.last_ts_us)

    def rate(self) -> float:
        """Ticks a second, stored or found stored, over the last ten seconds; called about once a second."""
        now, done = time.monotonic(), self.stored + self.duplicates
        self._recent.append((now, done))
        while now - self._recent[0][0] > RATE_SECONDS:
            self._recent.popleft()
        first, before = self._recent[0]
        return (done - before) / (now - first) if now > first else 0.0


class Kernel:
    """The compiled parser, loaded in the background: until it is there the slow one does the work."""

    def __init__(self) -> None:
        self.state = "slow"
        self.seconds = 0.0
        self._module: ModuleType | None = None

    def load(self) -> None:
        """Import and compile. A machine where that fails keeps working, at a third of the speed."""
        began = time.monotonic()
        try:
            from thor.history import kernel

            kernel.warm()
        except Exception as error:  # noqa: BLE001 - numba and LLVM fail in ways of their own; ticks are stored all the same
            self.state = "failed"
            log.warning("compiled parser is not available, going on without it", error=str(error).split("\n", 1)[0])
            return
        self.seconds = time.monotonic() - began
        self._module = kernel
        self.state = "compiled"
        log.info("compiled parser ready", seconds=round(self.seconds, 2))

    def load_in_background(self) -> None:
        threading.Thread(target=self.load, name="kernel", daemon=True).start()

    @property
    def module(self) -> ModuleType | None:
        return self._module


class Ingestor(Worker):
    """Stores the unified stream. ``groups`` reads symbol -> product group; ``connect_database`` opens a connection;
    ``announce`` tells the bus of the instruments, which a bus that was emptied has forgotten; ``bound_letters`` keeps
    the dead letters within their bounds.

    Several run side by side on one group, under different consumer names.
    """

    name = "ingestor"
    #: Events wait in the stream meanwhile: the first commit follows a few seconds after the database is back.
    longest_backoff_seconds = 3.0

    def __init__(
        self,
        settings: Settings,
        connect_database: Connect,
        groups: Callable[[], Mapping[str, str]],
        kernel: Kernel | None = None,
        announce: Callable[[], object] = lambda: None,
        bound_letters: Callable[[redis.Redis], object] = lambda _client: None,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.keys = Keys(settings.namespace)
        self.counters = Counters()
        self.kernel = kernel or Kernel()
        self._connect_database = connect_database
        self._groups = KnownGroups(groups)
        self._announce = announce
        self._bound_letters = bound_letters
        self._since_us = self.clock.now_us()
        self._client: redis.Redis | None = None
        self._store: TickStore | None = None
        self._link: Link | None = None
        self._fetcher: Fetcher | None = None
        self._parser: Parser | None = None
        self._settlements_due = 0
        self._due: dict[str, float] = {}

    # --- opening and closing ---

    def setup(self) -> None:
        """Open everything, then finish what was begun: what was leased before and never settled."""
        self._client = connect(self.settings.redis_url)
        if problems := server_problems(self._client):
            raise BusUnavailableError("; ".join(problems))
        if (caution := server_caution(self._client)) and self._is_due("caution", math.inf):
            log.warning("the bus may lose what it acknowledged", caution=caution)
        self._group = IngestGroup(self._client, self.keys)
        if self._group.ensure():
            log.info("consumer group made", stream=self.keys.unified, group=self.keys.group)
        self._count_losses()
        self._warn_of_lag()
        self._report()  # alive, also while the database is not
        self._link = Link(self.settings.redis_url)
        self._store = TickStore(self._connect_database)
        self._groups.reload()
        self._tell(self._announce)
        self._store.prepare(self.clock.now_us())
        self._take_up(lambda: self._group.mine(self.settings.consumer))
        self._claim()  # before new entries are read: a short claim idle must not take those for a dead worker's
        now = time.monotonic()
        self._due |= {"partitions": now + PARTITIONS_SECONDS, "claim": now + CLAIM_SECONDS}
        self._fetcher = Fetcher(
            Link(self.settings.redis_url),
            self._group.reads(self.settings.consumer),
            self._make_batch,
            self._current_parser,
            self.settings.block_ms,
        )

    def teardown(self) -> None:
        """Close everything; what was read and not stored stays pending."""
        for part in (self._fetcher, self._link, self._store, self._client):
            if part is not None:
                part.close()
        self._fetcher = self._link = self._store = self._client = self._parser = None
        self._settlements_due = 0

    def stop(self) -> None:
        """Ask the loop to end; a statement that hangs, on a lock say, is cancelled in time."""
        super().stop()
        timer = threading.Timer(CANCEL_SECONDS, self._cancel)
        timer.daemon = True
        timer.start()

    def _cancel(self) -> None:
        if (store := self._store) is not None:
            store.cancel()

    # --- one batch ---

    def step(self) -> bool:
        """Store one batch. False when there was none, or nothing in the stream."""
        self._keep_house()
        assert self._fetcher is not None
        item = self._fetcher.next(WAIT_SECONDS)
        if item is None or isinstance(item, Idle):
            return False
        self._process(item)
        self._fetcher.give_back(item)
        return True

    def run_until_idle(self) -> None:
        """Set up, store what is there at the start, tear down: ``--once``. Errors are raised."""
        try:
            self.setup()
            assert self._fetcher is not None
            last = id_key(self._group.last_id())
            while not self.stopping and not isinstance(item := self._fetcher.next(WAIT_SECONDS), Idle):
                if item is not None:
                    self._process(item)
                    if id_key(item.leases[-1].last) >= last:
                        break
                    self._fetcher.give_back(item)
            self._take_replies()
            self._keep_house()
            self._report()
        finally:
            self.teardown()

    def _process(self, batch: Batch) -> None:
        """Commit, then settle: in this order nothing is ever acknowledged that is not kept."""
        stored = self._keep(batch)
        self._settle(batch.leases)
        self.counters.add(batch, stored)

    def _keep(self, batch: Batch) -> Stored:
        """Commit the rows; those that were there already are counted on their leases."""
        stored = self._store_rows(batch) if batch.rows else Stored()
        for row in stored.duplicate_rows:
            batch.lease_of(row.stream_id).count_duplicate(row.key)
        return stored

    def _store_rows(self, batch: Batch) -> Stored:
        assert self._store is not None
        try:
            return self._store.store(
                batch.data, batch.rows, batch.first_ts_us, batch.last_ts_us, redelivered=batch.redelivered
            )
        except RowRefusedError:
            return self._keep_good_rows(batch)

    def _keep_good_rows(self, batch: Batch) -> Stored:
        """A row of the batch is to blame: find it, keep the others; it becomes a letter of its lease."""
        total = Stored()
        for stored, culprit in isolate(batch.lines(), self._store_lines):
            total = total.plus(stored)
            if culprit is not None:
                line, reason = culprit
                stream_id = stream_id_of(line)
                event = self._group.event_of(stream_id) or line
                refused = Refused(stream_id, event, f"{Reason.REFUSED_BY_DATABASE}: {reason}")
                batch.lease_of(stream_id).refuse(tally_key(line), Letter(refused, _STAGE_STORE))
        return total

    def _store_lines(self, lines: Sequence[bytes]) -> Stored:
        assert self._store is not None
        times = [ts_us_of(line) for line in lines]
        return self._store.store(b"".join(lines), len(lines), min(times), max(times), redelivered=True)

    # --- settlement ---

    def _settle(self, leases: Sequence[Lease]) -> None:
        """Those without letters are sent, and answered while the next batch is being stored."""
        self._take_replies()
        assert self._link is not None
        for lease in leases:
            if lease.letters or lease.missing:
                self._settle_with_care(lease)
            else:
                self._link.send(self._group.settle_request(lease))
                self._settlements_due += 1

    def _settle_with_care(self, lease: Lease) -> None:
        try:
            settled = self._group.settle(lease, self.clock.now_us())
        except redis.exceptions.OutOfMemoryError as error:
            # The lease stays pending, and is tried again when it is claimed.
            self.counters.blocked += len(lease.letters)
            if self._is_due("bury_warning", REPORT_SECONDS):
                log.error("dead letters not written, their entries stay pending", error=str(error), id=lease.first)
            return
        if settled:
            self.counters.dead += len(lease.letters)
            self._count_deleted(lease.missing)

    def _count_deleted(self, count: int) -> None:
        if count:
            self.counters.lost += count
            log.error("entries were deleted from the stream before they were stored", entries=count)

    def _take_replies(self) -> None:
        while self._settlements_due:
            assert self._link is not None
            self._link.reply()
            self._settlements_due -= 1

    # --- leases from before, and of others ---

    def _take_up(self, ask: Callable[[], Held]) -> None:
        """Store and settle what ``ask`` finds, as long as it finds something new."""
        done: set[str] = set()
        entries = 0
        while not self.stopping:
            held = ask()
            self._count_deleted(held.lost)
            fresh = [lease for lease in held.leases if lease.first not in done]
            if not fresh:
                break
            for lease in fresh:
                done.add(lease.first)
                entries += self._store_again(lease)
        if entries:
            log.info("entries handed out before were taken up again", entries=entries)

    def _store_again(self, lease: Lease) -> int:
        """Store a lease that was read before, in pages, and settle it when all of it is stored. Returns its entries."""
        batch, after = self._make_batch(), lease.first
        while page := self._page(after, lease.last):
            if self.stopping:
                return lease.found
            batch.clear(redelivered=True)
            for stream_id, fields in page:
                batch.add_entry(stream_id, fields, self._groups)
            batch.end_of_read(lease)
            stored = self._keep(batch)
            self.counters.add(batch, stored)
            after = "(" + page[-1][0].decode("ascii")
        self._settle([lease])
        self._take_replies()
        return lease.found

    def _make_batch(self) -> Batch:
        return Batch(self.settings.batch_size, as_recorded=self.settings.as_recorded)

    def _page(self, after: str, last: str) -> list[tuple[bytes, list[bytes]]]:
        self._take_replies()
        assert self._link is not None
        self._link.send(self._group.entries_request(after, last, self.settings.batch_size))
        return cast("list[tuple[bytes, list[bytes]]]", self._link.reply())

    def _claim(self) -> None:
        """Take over what a dead worker left."""
        self._take_up(lambda: self._group.claim(self.settings.consumer, self.settings.claim_idle_ms))

    # --- housekeeping ---

    def _keep_house(self) -> None:
        if self._is_due("report", REPORT_SECONDS):
            self._report()
        if self._is_due("claim", CLAIM_SECONDS):
            self._claim()
        if self._is_due("house", HOUSEKEEPING_SECONDS):
            self._count_losses()
            if not self.settings.as_recorded:  # there the ids may be the recording's, and its player keeps the bounds
                self._warn_of_lag()
                self._trim()
        if self._is_due("partitions", PARTITIONS_SECONDS):
            assert self._store is not None
            self._store.prepare(self.clock.now_us())

    def _trim(self) -> None:
        """Keep the streams and the dead letters within their bounds."""
        assert self._client is not None
        self._tell(partial(self._bound_letters, self._client))
        trimmed = self._group.trim(self.settings.retention_ms)
        if trimmed:
            log.debug("streams trimmed", entries=trimmed)

    def _is_due(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + seconds
        return True

    def _count_losses(self) -> None:
        self._tell(self._count_trimmed)

    def _count_trimmed(self) -> None:
        lost = self._group.count_loss()
        if lost:
            self.counters.lost += lost
            log.error("entries were trimmed from the stream before they were read", entries=lost)

    def _warn_of_lag(self) -> None:
        """A store that falls behind is told of long before the stream's retention ends."""
        lag = self._group.lag()
        seconds = age_seconds(lag.oldest_id, self._group.now_ms())
        if seconds > LAG_ALARM_SECONDS and self._is_due("lag_alarm", LAG_ALARM_SECONDS):
            log.error("the store is behind", entries=lag.entries, seconds=round(seconds, 1))

    def _tell(self, say: Callable[[], object]) -> None:
        """Write what the store can do without: a bus that is out of memory hears it later, and is drained meanwhile."""
        try:
            say()
        except redis.exceptions.OutOfMemoryError as error:
            if self._is_due("memory_warning", LAG_ALARM_SECONDS):
                log.error("the bus is out of memory; what it holds is still being stored", error=str(error))

    def _report(self) -> None:
        self._tell(lambda: self._group.report(self._health()))

    def _health(self) -> IngestHealth:
        c = self.counters
        return IngestHealth(
            consumer=self.settings.consumer,
            host=socket.gethostname(),
            pid=os.getpid(),
            since_us=self._since_us,
            at_us=self.clock.now_us(),
            kernel=self.kernel.state,
            rate=round(c.rate(), 1),
            lag_ms=c.lag_ms,
            read=c.read,
            stored=c.stored,
            duplicates=c.duplicates,
            conflicts=c.conflicts,
            dead=c.dead,
            blocked=c.blocked,
            lost=c.lost,
            batches=c.batches,
            last_tick_us=c.last_tick_us,
        )

    def _current_parser(self) -> Parser:
        """The fast parser as soon as it is compiled. Called by the fetching thread, between two replies."""
        module = self.kernel.module
        if module is not None and not isinstance(self._parser, FastParser):
            self._parser = FastParser(module, self._groups)
        elif self._parser is None:
            self._parser = SlowParser(self._groups)
        return self._parser
