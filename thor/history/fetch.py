"""The thread that reads the stream one batch ahead of the database, so that the two never wait for each other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final

from thor.history.batch import Batch, Parser
from thor.history.group import LeasedReads
from thor.history.link import Link

#: How long a read waits for the first entry.
BLOCK_MS: Final = 1000
#: At low rates a read waits for about so many more events, at most so long: a commit for each would cost more.
LINGER_EVENTS: Final = 10
LINGER_SECONDS: Final = 0.005
#: A batch is read in pieces: an answer of 5000 entries costs the server twice as much for each as one of 500.
MOST_OF_A_READ: Final = 500
#: How long the server may take to begin its answer when there is a backlog: while the worker waits for the batch, and
#: while it is still busy with the one before.
_ANSWER_SECONDS: Final = 0.003
_BUSY_SECONDS: Final = 0.05
#: One batch with the worker, one ready, one being read.
_BATCHES: Final = 3


class Idle:
    """Handed over when a read waited in vain: all that there was has been handed over before."""


IDLE: Final = Idle()


class Fetcher:
    """Reads new entries of the group into batches, from its start to :meth:`close`.

    ``reads`` makes the requests; ``parser`` is asked for before each read, so that a faster one takes over as soon as
    there is one.
    """

    def __init__(
        self,
        link: Link,
        reads: LeasedReads,
        make_batch: Callable[[], Batch],
        parser: Callable[[], Parser],
        block_ms: int,
    ) -> None:
        batches = [make_batch() for _ in range(_BATCHES)]
        most_entries = batches[0].most_entries
        self._most_of_a_read = min(most_entries, MOST_OF_A_READ)
        self._link = link
        self._parser = parser
        self._reads = reads
        self._block_ms = block_ms
        self._request = reads.take(self._most_of_a_read)
        self._free: SimpleQueue[Batch | None] = SimpleQueue()
        self._ready: SimpleQueue[Batch | Idle | Exception] = SimpleQueue()
        for batch in batches:
            self._free.put(batch)
        self._closing = False
        self._rate = self._last = 0.0
        self._asked = self._was_full = False
        self._caught_up = ""
        self._awaited = False
        self._active = parser()
        self._thread = threading.Thread(target=self._run, name="fetch", daemon=True)
        self._thread.start()

    def next(self, timeout_seconds: float) -> Batch | Idle | None:
        """The next batch in stream order; None when none came in time. Raises what the reading raised."""
        self._awaited = True
        try:
            item = self._ready.get(timeout=timeout_seconds)
        except Empty:
            return None
        self._awaited = False
        if isinstance(item, Exception):
            raise item
        return item

    def give_back(self, batch: Batch) -> None:
        """The worker is done with a batch."""
        self._free.put(batch)

    def close(self) -> None:
        """End the thread. What was read and not stored stays pending."""
        self._closing = True
        self._link.interrupt()
        self._free.put(None)
        self._thread.join(timeout=2.0)
        self._link.close()

    def _run(self) -> None:
        try:
            while not self._closing and (batch := self._free.get()) is not None:
                self._fetch(batch)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the worker's to handle, in the worker's thread
            self._ready.put(error)

    def _fetch(self, batch: Batch) -> None:
        batch.clear()
        if self._caught_up and not self._asked and not self._something_comes():
            self._free.put(batch)
            self._ready.put(IDLE)
            return
        self._read(batch)
        while self._was_full and batch.entries + self._most_of_a_read <= batch.most_entries and self._more_is_there():
            self._read(batch)
        if not batch.entries:  # another worker was quicker, or it was the first look
            self._free.put(batch)
            return
        count = batch.entries  # the batch is the worker's from here on
        self._ready.put(batch)
        if not self._asked:
            self._linger(count)

    def _something_comes(self) -> bool:
        """Wait until the stream has an entry that the group has not handed out. A leased read cannot wait itself: the
        server runs it as one transaction."""
        self._link.send(self._reads.wait(self._caught_up, self._block_ms))
        return self._link.reply() is not None

    def _read(self, batch: Batch) -> None:
        if not self._asked:
            self._active = self._parser()
            self._link.send(self._request)
        self._asked = self._was_full
        if self._asked:
            # There is a backlog: ask for the next entries before these are parsed, so that the bus need not wait.
            self._link.send(self._request)
        before = batch.entries
        self._link.read(self._active, batch)
        self._was_full = batch.entries - before == self._most_of_a_read
        self._caught_up = "" if self._was_full else self._active.leased_up_to

    def _more_is_there(self) -> bool:
        """The answer to the next request has begun to arrive: a batch never waits for events to come."""
        patience = _ANSWER_SECONDS if self._awaited else _BUSY_SECONDS
        return self._asked and (self._active.holds_more() or self._link.is_readable(patience))

    def _linger(self, count: int) -> None:
        """At low rates wait a little before the next read, so that it finds several events."""
        now = time.monotonic()
        self._rate += 0.2 * (count / max(now - self._last, 1e-5) - self._rate)
        self._last = now
        wait = min(LINGER_SECONDS, LINGER_EVENTS / max(self._rate, 1.0))
        if wait > 0.0002:
            time.sleep(wait)
