"""The paths that many browsers ask often, served from memory in front of Django, with the same rights as the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

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


class HotPaths:
    """Path -> ASGI callable of the paths served from memory."""

    def __init__(self, live: LiveQuotes, gate: Gate, most_streams_per_client: int) -> None:
        self._live = live
        self._gate = gate
        streams = Streams(live, gate, most_streams_per_client)
        apps: dict[str, App] = {path: self._snapshot(source) for path, source in SNAPSHOT_PATHS.items()}
        apps[QUOTE_STREAM_PATH] = self._guarded(streams.quotes)
        apps[EVENT_STREAM_PATH] = self._guarded(streams.events)
        self._apps = apps | {f"{path}/": app for path, app in apps.items()}

    @property
    def find(self) -> Callable[[str], App | None]:
        """The callable of a path, None for a path that is Django's."""
        return self._apps.get

    def _snapshot(self, source: str | None) -> App:
        quotes = self._live.snapshot
        sent = b""
        head: Message = {}
        rest: Message = {}

        async def serve(scope: Scope, _receive: Receive, send: Send) -> None:
            nonlocal sent, head, rest
            try:
                body = quotes.answer(scope["query_string"], source)
            except Problem as problem:
                await refuse(scope, send, problem)
                return
            if body is not sent:  # the same bytes as last time go out in the same messages
                sent, head = body, start(200, b"application/json", len(body), _NO_STORE)
                rest = {"type": "http.response.body", "body": body}
            await send(head)
            await send(rest)

        return self._guarded(serve)

    def _guarded(self, app: App) -> App:
        """Method and rights, before anything else is looked at."""
        gate = self._gate

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            host = header(scope, b"host")
            if gate.is_open_to(host) and scope["method"] == "GET":
                await app(scope, receive, send)
            elif not gate.knows(host):
                await refuse(scope, send, wrong_host())
            elif scope["method"] == "OPTIONS":
                await send({"type": "http.response.start", "status": 204, "headers": _ALLOW})
                await send({"type": "http.response.body"})
            elif scope["method"] not in ("GET", "HEAD"):
                detail = f"{scope['method']} is not allowed here: quotes are read with GET"
                await refuse(scope, send, Problem(detail, status=405), _ALLOW)
            elif (problem := await self._objection(host, scope)) is not None:
                await refuse(scope, send, problem, RETRY_AFTER if problem.status == 503 else ())
            else:
                await app(scope, receive, send)

        return serve

    async def _objection(self, host: str, scope: Scope) -> Problem | None:
        """Why this request may not read; None when it may."""
        try:
            if await self._gate.may_read(host, header(scope, b"cookie")):
                return None
        except DatabaseError:
            return Problem("the database does not answer, and it holds the sessions", status=503)
        return Problem("log in to read quotes", status=401)
