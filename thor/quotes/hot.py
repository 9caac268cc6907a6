"""The paths that many browsers ask often, served from memory in front of Django, with the same rights as the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final
from weakref import WeakKeyDictionary

from thor.quotes.live import LiveQuotes
from thor.quotes.replays import present_of
from thor.quotes.selectors import in_time
from thor.quotes.sse import Streams
from thor.runtime.asgi import NO_STORE, App, Message, Receive, Scope, Send, query_fields, refuse, start
from thor.runtime.problem import Problem
from thor.runtime.visited import Visited
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


def hot_paths(
    live: LiveQuotes, gate: Gate, most_streams_per_client: int, replays: Visited[LiveQuotes]
) -> dict[str, App]:
    """Path -> ASGI callable of the paths served from memory, of this process's quotes and of the replays'."""
    opened: Counter[str] = Counter()
    of_replays: WeakKeyDictionary[LiveQuotes, dict[str, App]] = WeakKeyDictionary()

    def apps_of(quotes: LiveQuotes) -> dict[str, App]:
        streams = Streams(quotes, gate, most_streams_per_client, opened=opened)
        apps: dict[str, App] = {path: _snapshot(quotes, source) for path, source in SNAPSHOT_PATHS.items()}
        return apps | {QUOTE_STREAM_PATH: streams.quotes, EVENT_STREAM_PATH: streams.events}

    async def apps_in(namespace: str) -> dict[str, App] | None:
        """Of a replay; None where the namespace is this process's own."""
        if (there := await in_time(lambda: present_of(namespace))) is None:
            return None
        quotes = await replays.get(there.namespace).ready()
        if quotes not in of_replays:
            of_replays[quotes] = apps_of(quotes)
        return of_replays[quotes]

    behind = {path: guarded(_led(path, app, apps_in), gate) for path, app in apps_of(live).items()}
    return behind | {f"{path}/": app for path, app in behind.items()}


def _led(path: str, own: App, apps_in: Callable[[str], Awaitable[dict[str, App] | None]]) -> App:
    """To the replay that the query names, if it names one."""

    def serve(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if b"namespace=" not in scope["query_string"]:
            return own(scope, receive, send)
        return elsewhere(scope, receive, send)

    async def elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            apps = await apps_in(query_fields(scope["query_string"]).get("namespace", ""))
        except Problem as problem:
            await refuse(scope, send, problem)
        else:
            await (own if apps is None else apps[path])(scope, receive, send)

    return serve


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
