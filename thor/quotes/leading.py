"""Whether a collector leads its source: of several collectors of one source, one does."""

from __future__ import annotations

from typing import Final

import structlog

from thor.quotes.bus import QuoteBus
from thor.runtime.backoff import Pause
from thor.runtime.clock import Clock
from thor.runtime.lease import Lease, new_owner

#: The lease is renewed this often, and asked for this often by who waits: both well within LEASE_SECONDS.
RENEW_SECONDS: Final = 1.0
ASK_SECONDS: Final = 0.5

log = structlog.get_logger()


class Leadership:
    """One collector's part in who leads. ``fence``: its fencing number while it leads, as far as it knows; ``leader``:
    the owner it waits for; ``standby``: how many wait for it. Bus errors leave :meth:`ask` and :meth:`leave`."""

    def __init__(self, source: str, clock: Clock) -> None:
        self.owner = new_owner()
        self.fence: int | None = None
        self.leader = ""
        self.standby = 0
        self._source = source
        self._now = clock
        self._lease: Lease | None = None
        self._pause = Pause()

    def join(self, bus: QuoteBus) -> None:
        """Use the lease on this bus."""
        self._lease = bus.lease(self._source, self.owner)

    def is_due(self, now_us: int) -> bool:
        """It is time to renew, or to ask again."""
        return self._pause.is_over(now_us)

    def ask(self) -> int | None:
        """Renew the lease, or ask for it: its fencing number, None when another holds it."""
        if self._lease is None:
            return None
        grant = self._lease.take()
        self._pause.begin(self._now.now_us(), ASK_SECONDS if grant.number is None else RENEW_SECONDS)
        self.standby = grant.waiting
        if grant.number is None and grant.holder != self.leader:
            log.info("waits: another collector leads the source", source=self._source, leader=grant.holder)
            self.leader = grant.holder
        return grant.number

    def begin(self, fence: int) -> None:
        """Lead from now on: all that the predecessor still sends is refused."""
        if self.leader:
            log.info("leads the source now", source=self._source, before=self.leader)
        self.fence, self.leader = fence, ""

    def end(self) -> None:
        """Lead no more; ask again at once."""
        self.fence = None
        self._pause.end()

    def leave(self) -> None:
        """Let another lead at once."""
        self.end()
        if self._lease is not None:
            self._lease.release()
