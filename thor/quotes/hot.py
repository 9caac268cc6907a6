"""The paths that many browsers ask often, served from memory in front of Django, with the same rights as the rest."""

from __future__ import annotations

from typing import Any, Final

from thor.quotes.live import LiveQuotes
from thor.quotes.sse import Streams
from thor.runtime.asgi import NO_STORE, App, Message, Receive, Scope, Send, refuse, start
from thor.runtime.problem import Problem
from thor.users.guard import guarded
from thor.users.rights import Gate

#: Path -> the source that it stands for (None: any). A trailing slash is ignored.
SNAPSHOT_PATHS: Final[dict[str, str | None]] = {
    "/api/quotes": None,
    "/api/feed/quotes/snapshot": None,
    "/api/feed/tos/quotes/latest": "TOS",
    "/api/schwab/quotes/latest": "SCHWAB",
}
QUOTE_STREAM_PATH: Final = "/api/quotes/stream"
EVENT_STREAM_PATH: Final = "/api/events/stream"


def hot_paths(live: LiveQuotes, gate: Gate, most_streams_per_client: int) -> dict[str, App]:
    """Path -> ASGI callable of the paths served from memory."""
    streams = Streams(live, gate, most_streams_per_client)
    apps: dict[str, App] = {path: _snapshot(live, source) for path, source in SNAPSHOT_PATHS.items()}
    apps |= {QUOTE_STREAM_PATH: streams.quotes, EVENT_STREAM_PATH: streams.events}
    behind = {path: guarded(app, gate) for path, app in apps.items()}
    return behind | {f"{path}/": app for path, app in behind.items()}


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
            asked, head = question, start(200, b"application/json", len(body), NO_STORE)
            rest = {"type": "http.response.body", "body": body}
        await send(head)
        await send(rest)

    return serve
