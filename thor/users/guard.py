"""Method and rights in front of a path that is served from memory, without Django."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final

from django.db import Error as DatabaseError

from thor.runtime.asgi import App, Headers, Receive, Scope, Send, header, refuse
from thor.runtime.problem import Problem
from thor.users.rights import Gate, wrong_host

_ALLOW: Final[Headers] = [(b"allow", b"GET, HEAD, OPTIONS")]


def guarded(app: App, gate: Gate) -> App:
    """The app behind the same rules that Django's answers have, before anything else is looked at."""

    def serve(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["method"] == "GET" and gate.is_open_to(header(scope, b"host")):
            return app(scope, receive, send)
        return check(scope, receive, send)

    async def check(scope: Scope, receive: Receive, send: Send) -> None:
        host, method = header(scope, b"host"), scope["method"]
        if not gate.knows(host):
            await refuse(scope, send, wrong_host())
        elif method == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": _ALLOW})
            await send({"type": "http.response.body"})
        elif method not in ("GET", "HEAD"):
            problem = Problem(f"{method} is not allowed here: this is read with GET", status=405)
            await refuse(scope, send, problem, _ALLOW)
        elif (objection := await _objection(gate, host, scope)) is not None:
            await refuse(scope, send, objection)
        else:
            await app(scope, receive, send)

    return serve


async def _objection(gate: Gate, host: str, scope: Scope) -> Problem | None:
    """Why this request may not read; None when it may."""
    try:
        if await gate.may_read(host, header(scope, b"cookie")):
            return None
    except DatabaseError:
        return Problem("the database does not answer, and it holds the sessions", status=503)
    return Problem("log in to read this", status=401)
