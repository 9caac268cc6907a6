"""Building the ingestor from the settings: one way for the command, the tests and the benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.db import connection

from thor.history.group import default_consumer
from thor.history.letter_retention import Bounds, keep_dead_letters_bounded
from thor.history.worker import Ingestor, Settings
from thor.instruments.selectors import groups
from thor.quotes.keys import Keys
from thor.quotes.services import announce_instruments


def connect_database() -> psycopg.Connection[tuple[Any, ...]]:
    """A plain psycopg connection to Django's database: the ingestor's own, which no request shares."""
    parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context", "prepare_threshold", "pool"):
        parameters.pop(name, None)
    return psycopg.connect(**{**parameters, "connect_timeout": 3, "application_name": "thor ingestor"})


def known_groups() -> Mapping[str, str]:
    """Symbol -> product group. The connection is not kept: threads come and go, and the database may restart."""
    try:
        return groups()
    finally:
        connection.close()


def _announce() -> None:
    try:
        announce_instruments()
    finally:
        connection.close()


def ingestor_settings(batch_size: int, consumer: str = "", *, as_recorded: bool = False) -> Settings:
    """The settings of an ingestor on this Thor's bus."""
    return Settings(
        redis_url=settings.REDIS_URL,
        namespace=settings.THOR_NAMESPACE,
        consumer=consumer or default_consumer(),
        batch_size=batch_size,
        retention_ms=round(settings.THOR_STREAM_RETENTION_HOURS * 3_600_000),
        as_recorded=as_recorded,
    )


def make_ingestor(given: Settings) -> Ingestor:
    """An ingestor that stores into Django's database, and archives dead letters under THOR_HOME."""
    folder = settings.THOR_HOME / "dead_letters"
    bounds = Bounds(settings.THOR_DEAD_LETTERS_MAX, settings.THOR_DEAD_LETTERS_DAYS)

    def bound_letters(client: redis.Redis) -> None:
        keep_dead_letters_bounded(client, Keys(given.namespace), folder, bounds)

    return Ingestor(given, connect_database, known_groups, announce=_announce, bound_letters=bound_letters)
