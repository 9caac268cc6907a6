"""The web server: uvicorn in this process, with the few things that endless streams and hostile clients need of it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from thor.config.asgi import Front
from thor.runtime.problem import Problem

#: A request whose headers take longer than this is no browser's.
HEADER_SECONDS: Final = 10.0
TICKS_A_SECOND: Final = 10
#: How long open requests may take to finish after SIGTERM; what takes longer is cut off. The whole stop takes <= 5 s.
DRAIN_SECONDS: Final = 3
#: The kernel takes no more than this ahead of what it can send: a slow browser is noticed, not fed old quotes.
UNSENT_BYTES: Final = 128 * 1024
BACKLOG: Final = 2_048
#: File descriptors kept for the database, the bus and files.
RESERVED_FILES: Final = 128


class Connection(HttpToolsProtocol):
    """uvicorn's HTTP connection; it hands its transport to the stream's door."""

    #: Since when it has been asked nothing whole, by the server's sweep.
    waiting_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._extensions = {"thor.transport": transport}
        sock = transport.get_extra_info("socket")
        if hasattr(socket, "TCP_NOTSENT_LOWAT") and sock.family in (socket.AF_INET, socket.AF_INET6):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = self._extensions  # type: ignore[typeddict-item]

    def is_waiting_for_headers(self) -> bool:
        """Nothing came yet, or a request has begun and its headers are not complete."""
        return self.scope is None or "path" not in self.scope


class Server(uvicorn.Server):
    """uvicorn's server; before it waits for open requests it ends the endless ones, and it waits for headers only so
    long."""

    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    async def on_tick(self, counter: int) -> bool:
        if counter % TICKS_A_SECOND == 0:
            self._sweep(time.monotonic())
        return await super().on_tick(counter)

    def _sweep(self, now: float) -> None:
        """Cut off who keeps a connection without asking: cheaper than a timer for each request."""
        for connection in list(self.server_state.connections):
            assert isinstance(connection, Connection)
            if not connection.is_waiting_for_headers():
                connection.waiting_since = None
            elif connection.waiting_since is None:
                connection.waiting_since = now
            elif now - connection.waiting_since > HEADER_SECONDS:
                connection.transport.abort()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._end_streams()
        await super().shutdown(sockets)


def serve(app: Front, listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT, then end every stream with a goodbye and return."""
    config = uvicorn.Config(
        app,
        http=Connection,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        lifespan="on",
        interface="asgi3",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        limit_concurrency=_most_connections(),
        timeout_keep_alive=30,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    # uvicorn raises the signal again after its clean end: here that must not kill the process.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _already_stopped)
    # What is loaded by now stays: the collector need not walk through all of Django again and again.
    gc.collect()
    gc.freeze()
    Server(config, app.end_streams).run(sockets=[listener])


def _already_stopped(_number: int, _frame: Any) -> None:
    """The server has ended by this signal, as it should."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises Problem in one line when the address cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OverflowError as error:
        raise Problem(f"port {port} does not exist: give one from 0 to 65535") from error
    except OSError as error:
        raise Problem(
            f"cannot listen on {host}:{port} ({error.strerror or error}); is another Thor running there? "
            "Stop it, or choose another address with THOR_HOST and THOR_PORT (or --host and --port)."
        ) from error


def _most_connections() -> int | None:
    """As many as the process may have files open, after asking for all that are allowed."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return max(1, soft - RESERVED_FILES)
