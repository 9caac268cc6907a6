"""The paths that many browsers ask often, served from memory in front of Django, with the same rights as the rest."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final

from django.db import Error as DatabaseError

from thor.quotes.live import LiveQuotes
from thor.quotes.sse import RETRY_AFTER, Streams
from thor.runtime.asgi import App, Headers, Message, Receive, Scope, Send, header, refuse, start
from thor.runtime.problem import Problem
from thor.users.rights import Gate, wrong_host

#: Path -> the source that it stands for (None: any). A trailing slash is ignored.
SNAPSHOT_PATHS: Final[dict[str, str | None]] = {
    "/api/quotes": None,
    "/api/feed/quotes/snapshot": None,
    "/api/feed/tos/quotes/latest": "TOS",
    "/api/schwab/quotes/latest": "SCHWAB",
}
QUOTE_STREAM_PATH: Final = "/api/quotes/stream"
EVENT_STREAM_PATH: Final = "/api/events/stream"
_ALLOW: Final[Headers] = [(b"allow", b"GET, HEAD, OPTIONS")]
_NO_STORE: Final[Headers] = [(b"cache-control", b"no-store")]


def hot_paths(live: LiveQuotes, gate: Gate, most_streams_per_client: int) -> dict[str, App]:
    """Path -> ASGI callable of the paths served from memory."""
    streams = Streams(live, gate, most_streams_per_client)
    apps: dict[str, App] = {path: _snapshot(live, source) for path, source in SNAPSHOT_PATHS.items()}
    apps |= {QUOTE_STREAM_PATH: streams.quotes, EVENT_STREAM_PATH: streams.events}
    guarded = {path: _guarded(app, gate) for path, app in apps.items()}
    return guarded | {f"{path}/": app for path, app in guarded.items()}


def _snapshot(live: LiveQuotes, source: str | None) -> App:
    quotes, hub = live.snapshot, live.reader.quotes
    asked: tuple[Any, ...] = ()
    head: Message = {}
    rest: Message = {}

    async def serve(scope: Scope, _receive: Receive, send: Send) -> None:
        nonlocal asked, head, rest
        question = (hub.version, quotes.board, scope["query_string"])
        if question != asked:  # else the same bytes as last time go out in the same messages
            try:
                body = quotes.answer(scope["query_string"], source)
            except Problem as problem:
                await refuse(scope, send, problem)
                return
            asked, head = question, start(200, b"application/json", len(body), _NO_STORE)
            rest = {"type": "http.response.body", "body": body}
        await send(head)
        await send(rest)

    return serve


def _guarded(app: App, gate: Gate) -> App:
    """Method and rights, before anything else is looked at."""

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
            problem = Problem(f"{method} is not allowed here: quotes are read with GET", status=405)
            await refuse(scope, send, problem, _ALLOW)
        elif (objection := await _objection(gate, host, scope)) is not None:
            await refuse(scope, send, objection, RETRY_AFTER if objection.status == 503 else ())
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
    return Problem("log in to read quotes", status=401)
