"""The world clock in front of Django: at an open every browser asks at once, and the answer is in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from thor.markets.answers import composite_answer, encode, markets_answer
from thor.runtime.asgi import NO_STORE, App, Receive, Scope, Send, answer, query_fields, refuse
from thor.runtime.problem import Problem

Fields = Mapping[str, str]
#: What a query comes to: an object, or its JSON.
Answer = Callable[[Fields], Awaitable[dict[str, Any] | bytes]]

ANSWERS: Final[dict[str, Answer]] = {
    "/api/markets": markets_answer,
    "/api/markets/composite": composite_answer,
    "/api/timezones/markets/": markets_answer,
}


def from_memory(ask: Answer, django: App) -> App:
    """Serve what ``ask`` makes of a query. Another namespace than this process's is Django's to answer."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if b"namespace=" in scope["query_string"]:
            await django(scope, receive, send)
            return
        try:
            found = await ask(query_fields(scope["query_string"]))
        except Problem as problem:
            await refuse(scope, send, problem)
            return
        body = found if isinstance(found, bytes) else encode(found)
        await answer(send, 200, body, b"application/json", NO_STORE)

    return serve
