"""The street door: hot paths from memory, files from disk, all else Django.

Starts and stops what the process holds of the market.
A Host that is not this Thor's is refused before anything else is looked at, in the API's own form.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable
from typing import cast

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thor.config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402

from thor.config.static import StaticFiles, send_file  # noqa: E402
from thor.instruments import answers as instrument_answers  # noqa: E402
from thor.instruments import live as instruments  # noqa: E402
from thor.markets import hot as markets_hot  # noqa: E402
from thor.markets import live as markets  # noqa: E402
from thor.quotes import answers as quote_answers  # noqa: E402
from thor.quotes import live  # noqa: E402
from thor.quotes.hot import hot_paths  # noqa: E402
from thor.runtime.asgi import App, Receive, Scope, Send, header, refuse  # noqa: E402
from thor.users.guard import guarded  # noqa: E402
from thor.users.rights import Gate, gate, wrong_host  # noqa: E402


class Front:
    """The ASGI application of a web process."""

    def __init__(self, django_app: App, entrance: Gate, files: StaticFiles) -> None:
        self._django = django_app
        self._gate = entrance
        self._files = files
        self._hot: dict[str, App] | None = None
        self._live: live.LiveQuotes | None = None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # No coroutine of its own around a hot path's: each costs a third of a microsecond of about 25.
        if self._hot is not None and (app := self._hot.get(scope.get("path", ""))) is not None:
            return app(scope, receive, send)
        if scope["type"] == "lifespan":
            return self._lifespan(receive, send)
        return self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if not self._gate.knows(header(scope, b"host")):
            await refuse(scope, send, wrong_host())
        elif (file := self._files.find(path)) is not None:
            await send_file(file, scope, receive, send)
        else:
            await self._django(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self._live = live.begin()
        kept = (markets.begin(), instruments.begin())
        self._hot = hot_paths(self._live, self._gate, settings.THOR_MAX_STREAMS_PER_CLIENT, live.replays())
        for path, ask in (markets_hot.ANSWERS | instrument_answers.ANSWERS | quote_answers.ANSWERS).items():
            self._hot[path] = guarded(markets_hot.from_memory(ask, self._django), self._gate)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for each in (self._live, *kept, live.replays(), markets.replays(), instruments.replays()):
            await each.stop()
        await send({"type": "lifespan.shutdown.complete"})

    def end_streams(self) -> None:
        """Say goodbye to every browser: the server waits for open requests, and streams would never end."""
        for each in (self._live, *live.replays().all()):
            if each is not None:
                each.reader.end_streams()


application = Front(cast(App, get_asgi_application()), gate(), StaticFiles(settings.THOR_WEB_DIST))
