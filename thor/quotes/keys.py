"""The names of everything on the bus (SPEC 3), under a namespace's prefix. A rule file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

_NAMESPACE: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,39}|", re.ASCII)


@dataclass(frozen=True, slots=True)
class Keys:
    """All bus keys of one namespace; the empty namespace is the live one and has no prefix."""

    namespace: str = ""

    def __post_init__(self) -> None:
        if not _NAMESPACE.fullmatch(self.namespace):
            raise ValueError(
                f"namespace {self.namespace!r}: wanted at most 40 lower-case letters, digits and underscores"
            )

    @property
    def prefix(self) -> str:
        return f"{self.namespace}:" if self.namespace else ""

    @property
    def unified(self) -> str:
        """Stream of merged canonical events: what everyone downstream reads."""
        return f"{self.prefix}quotes:stream:unified"

    @property
    def dead(self) -> str:
        """Stream of refused events: ``event``, ``reason``, ``stage``, ``source_id``, ``at``."""
        return f"{self.prefix}quotes:stream:dead"

    @property
    def dead_removed(self) -> str:
        """Sorted set: entries of the unified stream whose dead letter was put back, purged or exported; score: their
        milliseconds."""
        return f"{self.prefix}quotes:dead_removed"

    @property
    def group(self) -> str:
        """The ingestor's consumer group on the unified stream."""
        return f"{self.prefix}quotes:cgrp:postgres_ingest"

    @property
    def events(self) -> str:
        """Stream of domain events for the browser."""
        return f"{self.prefix}thor:events"

    @property
    def ingest_losses(self) -> str:
        """Hash ``lost_to_trim``, ``lost_pending``: entries that were gone before they were stored."""
        return f"{self.prefix}quotes:ingest_losses"

    @property
    def leases(self) -> str:
        """Hash first id -> ``<last id> <entries>``: the ranges of the unified stream that ingestors hold."""
        return f"{self.prefix}quotes:ingest_leases"

    @property
    def leased_up_to(self) -> str:
        """String ``<id> <entries read>``: every entry up to this id was leased to an ingestor."""
        return f"{self.prefix}quotes:ingest_leased_up_to"

    @property
    def desk_lease(self) -> str:
        """Hash ``owner``, ``number``, ``version``: which desk leads."""
        return f"{self.prefix}desk:lease"

    @property
    def desk_health(self) -> str:
        """Hash: how the leading desk is; it expires when the desk is gone."""
        return f"{self.prefix}desk:health"

    @property
    def board(self) -> str:
        """Short stream of what changed on the board: ``b``, JSON ``{"at", "rows", "total"?}``."""
        return f"{self.prefix}board:stream"

    @property
    def board_latest(self) -> str:
        """Hash symbol or TOTAL -> the newest row of the board as JSON."""
        return f"{self.prefix}board:latest"

    @property
    def replay(self) -> str:
        """Hash: how far a recording was played into this namespace, and what time it is there."""
        return f"{self.prefix}replay"

    @property
    def collect_losses(self) -> str:
        """Hash ``<source>``, ``<source>:<symbol>``, ``<source>:superseded``: quotes that never reached the bus."""
        return f"{self.prefix}quotes:collect_losses"

    @property
    def instruments(self) -> str:
        """Hash symbol -> JSON of its facts, so that a collector without a database knows the symbols."""
        return f"{self.prefix}quotes:instruments"

    @property
    def preferred(self) -> str:
        """Hash symbol -> the source that wins while it is fresh."""
        return f"{self.prefix}quotes:preferred"

    def source_stream(self, source: str) -> str:
        """Stream of everything one source published."""
        return f"{self.prefix}quotes:stream:{source}"

    def latest(self, symbol: str) -> str:
        """Hash: the newest quote's fields, ``active_source``, ``updated_at``, ``stream_id``."""
        return f"{self.prefix}quotes:latest:{symbol}"

    def merge(self, symbol: str) -> str:
        """Hash: what the merge remembers (``merge.MergeState``), and each source's highest ``seq``."""
        return f"{self.prefix}quotes:merge:{symbol}"

    def series(self, symbol: str) -> str:
        """List of the last 300 points ``epoch_ms,last`` of a sparkline."""
        return f"{self.prefix}quotes:series:{symbol}"

    def vwap_rolling(self, symbol: str, minutes: int) -> str:
        """String: JSON ``{"vwap", "ts"}`` of the last so many clock minutes."""
        return f"{self.prefix}vwap:rolling:{symbol}:{minutes}"

    def lease(self, source: str) -> str:
        """Hash ``owner``, ``number``, ``version``: which collector leads a source. ``merge.lua`` reads ``number``."""
        return f"{self.prefix}quotes:lease:{source}"

    def health(self, source: str) -> str:
        """Hash: how a source's collector is; it expires when the collector is gone."""
        return f"{self.prefix}quotes:health:{source}"

    def tally(self, trade_date: date) -> str:
        """Hash ``<source>:<symbol>:rows`` and ``:duplicates``: what was acknowledged as stored; ``since``: from which
        stream id on."""
        return f"{self.prefix}quotes:tally:{trade_date.isoformat()}"

    @property
    def tallies(self) -> str:
        """Pattern of all tallies."""
        return f"{self.prefix}quotes:tally:*"

    def ingest(self, consumer: str) -> str:
        """Hash: how an ingestor is; it expires when the ingestor is gone."""
        return f"{self.prefix}quotes:ingest:{consumer}"
