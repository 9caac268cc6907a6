"""The few words of ASGI that our own doors speak, next to Django: read a header, a query, send an answer, refuse."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qs

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
NO_STORE: Final[Headers] = [(b"cache-control", b"no-store")]
RETRY_AFTER: Final[Headers] = [(b"retry-after", b"5")]


def header(scope: Scope, name: bytes) -> str:
    """The first header of this (lower-case) name; empty when it is absent."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""


def query_fields(query: bytes) -> dict[str, str]:
    """A query string's fields, each given once. Raises Problem 400."""
    try:
        fields = parse_qs(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError as error:
        raise Problem("the query string is no valid UTF-8, percent-encoded", status=400) from error
    for name, values in fields.items():
        if len(values) > 1:
            raise Problem(f"{shown(name)} is given {len(values)} times: give it once", status=400)
    return {name: values[0] for name, values in fields.items()}


def shown(text: str) -> str:
    """Foreign text for an error line: printable, short."""
    return ascii(text if len(text) <= 30 else text[:27] + "...")


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
    """Send a problem as RFC 9457 says; what passes by itself says when to come back."""
    body = json.dumps(problem_document(problem, scope["path"])).encode()
    headers = [*NO_STORE, *(RETRY_AFTER if problem.status in (429, 503) else ()), *extra]
    await answer(send, problem.status, body, CONTENT_TYPE.encode(), headers)
