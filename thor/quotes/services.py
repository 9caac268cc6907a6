"""Services of the quotes room: one bus for a process's commands, and the instruments on it."""

from __future__ import annotations

from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_delete, post_save

from thor.instruments.models import Instrument
from thor.instruments.services import announce
from thor.quotes.bus import ValkeyQuoteBus
from thor.runtime.bus import TIMEOUT_SECONDS
from thor.runtime.problem import Problem

log = structlog.get_logger()


def open_bus(timeout_seconds: float = TIMEOUT_SECONDS) -> ValkeyQuoteBus:
    """The bus of the settings. Raises BusUnavailableError in one line."""
    return ValkeyQuoteBus(settings.REDIS_URL, settings.THOR_NAMESPACE, timeout_seconds)


def announce_instruments() -> int:
    """Put the instruments of the database on the bus. Returns how many."""
    bus = open_bus()
    try:
        return announce(bus)
    finally:
        bus.close()


def follow_instruments() -> None:
    """Announce the instruments after every edit, so that collectors and the merge follow the admin."""
    post_save.connect(_on_edit, sender=Instrument, dispatch_uid="thor.quotes.announce.save")
    post_delete.connect(_on_edit, sender=Instrument, dispatch_uid="thor.quotes.announce.delete")


def _on_edit(**_kwargs: Any) -> None:
    # Seeding saves 11 rows in one transaction: one announcement after the commit is enough.
    connection = transaction.get_connection()
    if not any(each[1] is _announce_or_log for each in connection.run_on_commit):
        transaction.on_commit(_announce_or_log)


def _announce_or_log() -> None:
    try:
        announce_instruments()
    except Problem as error:
        # The edit stands; ``seed_instruments`` or the next start announces it.
        log.warning("instruments saved, but the bus does not know yet", error=str(error))
