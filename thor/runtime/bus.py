"""The door to Redis or Valkey: connections, and the server rules without which the bus loses data silently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast
from urllib.parse import urlsplit

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry

from thor.runtime.problem import Problem

CONNECT_TIMEOUT_SECONDS: Final = 5.0
#: How long an answer may take where nobody waits for it.
TIMEOUT_SECONDS: Final = 15.0


class BusUnavailableError(Problem):
    """The bus cannot be reached, or its server breaks a rule."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, status=503)


class BusReplyError(ConnectionError):
    """The bus answered a raw request with an error (NOGROUP after FLUSHALL, say); the text is the server's."""


def address(url: str) -> str:
    """Where a bus URL points, without its password: what may stand in a log line."""
    parts = urlsplit(url)
    return f"{parts.hostname or parts.path}:{parts.port or 6379}"


def _options(timeout_seconds: float) -> dict[str, Any]:
    return {
        "socket_connect_timeout": min(timeout_seconds, CONNECT_TIMEOUT_SECONDS),
        "socket_timeout": timeout_seconds,
        "socket_keepalive": True,
        "health_check_interval": 0,
    }


def connect(url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> redis.Redis:
    """A connected client; replies stay bytes. Raises :class:`BusUnavailableError` in one line.

    Commands are not retried by the client: only the caller knows which of them may be repeated.
    """
    try:
        client = redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), **_options(timeout_seconds))
        client.ping()
    except (redis.RedisError, ValueError, OSError) as error:
        reason = str(error).rstrip(".")
        raise BusUnavailableError(
            f"bus at {address(url)} is not reachable: {reason}; start it with `thor up`, or check REDIS_URL"
        ) from error
    return client


def connect_async(url: str) -> redis.asyncio.Redis:
    """An asyncio client, not yet connected; replies stay bytes."""
    return redis.asyncio.Redis.from_url(url, **_options(TIMEOUT_SECONDS))


def load_functions(client: redis.Redis, code: str) -> None:
    """Load a library of server functions unless the server has this very one: loading is refused when memory is short.
    Raises redis.ResponseError for a server that cannot."""
    name = code.split("\n", 1)[0].partition("name=")[2].strip()
    there = client.function_list(library=name, withcode=True)
    if code.encode() not in _strings_of(there):
        client.function_load(code, replace=True)


def _strings_of(reply: object) -> list[object]:
    return [each for part in reply for each in _strings_of(part)] if isinstance(reply, list) else [reply]


def rule_problems(settings: Mapping[str, str]) -> list[str]:
    """What is wrong with a server's settings (``maxmemory-policy``, ``appendonly``), one sentence each."""
    problems = []
    policy = settings.get("maxmemory-policy")
    if policy != "noeviction":
        problems.append(
            f"maxmemory-policy is {policy}: the server would delete whole streams when memory is short; "
            "run CONFIG SET maxmemory-policy noeviction and put it in the server's configuration"
        )
    if settings.get("appendonly") != "yes":
        problems.append(
            "appendonly is no: a restart of the server would lose every quote not yet stored; "
            "run CONFIG SET appendonly yes and put it in the server's configuration"
        )
    return problems


def server_problems(client: redis.Redis) -> list[str]:
    """The rules of SPEC 3 that a connected server breaks, one sentence each; empty when all is well."""
    try:
        settings = {name: _config(client, name) for name in ("maxmemory-policy", "appendonly")}
    except redis.ResponseError as error:
        return [f"the server refuses CONFIG GET ({error}): Thor cannot check its settings; allow it for Thor's user"]
    return rule_problems(settings)


def server_caution(client: redis.Redis) -> str:
    """What a server that Thor works with may lose all the same, in one sentence; empty when nothing."""
    if _config(client, "appendfsync") != "everysec":
        return ""
    return (
        "appendfsync is everysec: a server killed while it syncs loses what it acknowledged in the last two seconds; "
        "set it to always, or to no and sync the file each second beside it (docs/reference/guarantees.md)"
    )


def _config(client: redis.Redis, name: str) -> str:
    found = cast("dict[str, str]", client.config_get(name))
    return found.get(name, "")
