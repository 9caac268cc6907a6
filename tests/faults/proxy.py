"""A TCP proxy before PostgreSQL that swallows the answer to a commit and cuts the connection (commit unknown)."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

#: What a client sends last of a transaction: the end of a COPY that commits by itself, or COMMIT.
COPY_DONE: Final = b"c\x00\x00\x00\x04"
COMMIT: Final = b"COMMIT"


class CommitCutter:
    """``armed``: the next commit is forwarded, its answer awaited and thrown away, the connection closed."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.armed = False
        self.cuts = 0
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._spawn(self._accept)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _spawn(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                muted = threading.Event()
                self._spawn(self._forward, client, server, muted)
                self._spawn(self._backward, server, client, muted)

    def _forward(self, client: socket.socket, server: socket.socket, muted: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if self.armed and (COPY_DONE in data or COMMIT in data):
                    self.armed = False
                    muted.set()
                    server.sendall(data)
                    server.shutdown(socket.SHUT_WR)  # it does what it was sent, answers, and ends
                    return
                server.sendall(data)
        _end(client, server)

    def _backward(self, server: socket.socket, client: socket.socket, muted: threading.Event) -> None:
        """What the server answers; muted, nothing more of it: the client learns of the cut when all is done."""
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if not muted.is_set():
                    client.sendall(data)
        self.cuts += muted.is_set()
        _end(client, server)


def _end(*sockets: socket.socket) -> None:
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


@contextlib.contextmanager
def commit_cutter(database_url: str) -> Iterator[tuple[CommitCutter, str]]:
    """The proxy and the address of the database behind it."""
    parts = urlsplit(database_url)
    assert parts.hostname and parts.port
    cutter = CommitCutter((parts.hostname, parts.port))
    login = parts.netloc.rpartition("@")[0]
    try:
        yield cutter, parts._replace(netloc=f"{login}@127.0.0.1:{cutter.port}").geturl()
    finally:
        cutter.close()
