"""The few words of ASGI that our own doors speak, next to Django: read a header, send an answer, refuse."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final

from thor.runtime.problem import CONTENT_TYPE, Problem, problem_document

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

#: For every answer that is no page: it is what it says it is, and other sites may not load it.
SECURITY_HEADERS: Final[Headers] = [
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


def header(scope: Scope, name: bytes) -> str:
    """The first header of this (lower-case) name; empty when it is absent."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""


def start(status: int, content_type: bytes, length: int, extra: Iterable[tuple[bytes, bytes]] = ()) -> Message:
    """The message that begins a whole answer."""
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % length), *SECURITY_HEADERS, *extra]
    return {"type": "http.response.start", "status": status, "headers": headers}


async def answer(
    send: Send, status: int, body: bytes, content_type: bytes, extra: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    """Send a whole answer."""
    await send(start(status, content_type, len(body), extra))
    await send({"type": "http.response.body", "body": body})


async def refuse(scope: Scope, send: Send, problem: Problem, extra: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """Send a problem as RFC 9457 says."""
    body = json.dumps(problem_document(problem, scope["path"])).encode()
    await answer(send, problem.status, body, CONTENT_TYPE.encode(), [(b"cache-control", b"no-store"), *extra])
