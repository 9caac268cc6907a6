"""Who may read. One rule for every door: the fast paths, the streams and everything that Django answers.

On loopback nobody need log in, unless THOR_REQUIRE_LOGIN says so; else a session of an active user is needed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache
from types import SimpleNamespace
from typing import Final, cast

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db import close_old_connections
from django.http import HttpRequest, parse_cookie
from django.http.request import split_domain_port, validate_host

from thor.runtime.environment import is_loopback
from thor.runtime.problem import Problem

#: A session that was good stays so for this long without asking again.
TRUST_SECONDS: Final = 20.0
#: An open stream asks again this often; with TRUST_SECONDS a lost right ends it within a minute.
RECHECK_SECONDS: Final = 30.0
_MOST_REMEMBERED: Final = 10_000


class Gate:
    """Answers may this request read, and may it name this host, at the price of a look into memory where possible."""

    def __init__(self, allowed_hosts: Sequence[str], require_login: bool) -> None:
        self.require_login = require_login
        self._allowed_hosts = list(allowed_hosts)
        self._hosts: dict[str, tuple[bool, bool]] = {}
        self._sessions: dict[str, tuple[float, bool]] = {}

    def knows(self, host: str) -> bool:
        """The Host header names this Thor: another name is a wrong turn, or another site's page (DNS rebinding)."""
        return self._verdict(host)[0]

    def is_open_to(self, host: str) -> bool:
        """No login is needed to read."""
        return self._verdict(host)[1]

    def _verdict(self, host: str) -> tuple[bool, bool]:
        verdict = self._hosts.get(host)
        if verdict is None:
            domain, _ = split_domain_port(host)
            known = bool(domain) and validate_host(domain, self._allowed_hosts)
            verdict = known, known and not self.require_login and is_loopback(domain)
            if len(self._hosts) < _MOST_REMEMBERED:
                self._hosts[host] = verdict
        return verdict

    async def may_read(self, host: str, cookies: str) -> bool:
        """The one rule. Raises django.db.Error when the sessions cannot be read."""
        if self.is_open_to(host):
            return True
        key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME)
        if not key:
            return False
        now = time.monotonic()
        until, good = self._sessions.get(key, (0.0, False))
        if now >= until:
            good = await sync_to_async(_is_of_active_user)(key)
            if len(self._sessions) >= _MOST_REMEMBERED:
                self._sessions.clear()
            self._sessions[key] = now + TRUST_SECONDS, good
        return good


def _is_of_active_user(session_key: str) -> bool:
    try:
        request = cast(HttpRequest, SimpleNamespace(session=SessionStore(session_key)))
        return bool(get_user(request).is_authenticated)
    finally:
        close_old_connections()


def wrong_host() -> Problem:
    """The refusal of a request whose Host is not known."""
    return Problem("this server does not answer to that Host name; THOR_ALLOWED_HOSTS lists what it does", status=400)


@cache
def gate() -> Gate:
    """This process's gate, by its settings."""
    return Gate(settings.ALLOWED_HOSTS, settings.THOR_REQUIRE_LOGIN)
