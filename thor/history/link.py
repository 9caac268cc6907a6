"""A raw connection to the bus: requests as ready-made bytes, replies into the caller's memory.

redis-py makes Python objects of every field of every entry; the ingestor wants none of them.
"""

from __future__ import annotations

import select
import socket
import ssl
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, unquote, urlsplit

import hiredis

from thor.runtime.bus import BusReplyError, BusUnavailableError, address

if TYPE_CHECKING:
    from thor.history.batch import Batch, Parser

CONNECT_SECONDS: Final = 3.0
#: Longer than any BLOCK; a server that is silent for so long is gone.
REPLY_SECONDS: Final = 15.0
_BUFFER_BYTES: Final = 1024 * 1024


def command(*words: str | bytes | int) -> bytes:
    """A request in RESP."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        raw = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(raw), raw))
    return b"".join(parts)


class Link:
    """One connection, one request at a time, in RESP2. Raises ConnectionError (OSError) when the bus goes away."""

    def __init__(self, url: str) -> None:
        self._socket = _open(url)
        self._reader = hiredis.Reader()

    def send(self, *parts: bytes | memoryview) -> None:
        """Send a request; the reply must be taken before the next one."""
        for part in parts:
            self._socket.sendall(part)

    def reply(self) -> object:
        """The next reply, decoded. Raises :class:`BusReplyError` when it is an error."""
        while True:
            reply = self._reader.gets()
            if reply is False:
                data = self._socket.recv(65536)
                if not data:
                    raise BusReplyError("the bus closed the connection")
                self._reader.feed(data)
            elif isinstance(reply, hiredis.ReplyError):
                raise BusReplyError(str(reply))
            else:
                return reply

    def read(self, parser: Parser, batch: Batch) -> None:
        """Parse the next reply, a leased read's, into ``batch``."""
        parser.begin(batch)
        complete = parser.received(0)
        while not complete:
            count = self._socket.recv_into(parser.room())
            if not count:
                raise BusReplyError("the bus closed the connection")
            complete = parser.received(count)

    def is_readable(self, seconds: float) -> bool:
        """Bytes have arrived, or do within so many seconds."""
        return bool(select.select([self._socket], [], [], seconds)[0])

    def interrupt(self) -> None:
        """End a read that waits in another thread: it raises."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # already gone: then nobody waits

    def close(self) -> None:
        self._socket.close()


def _open(url: str) -> socket.socket:
    """Connect, log in and choose the database of a redis://, rediss:// or unix:// URL."""
    parts = urlsplit(url)
    try:
        if parts.scheme == "unix":
            raw = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            raw.settimeout(CONNECT_SECONDS)
            raw.connect(unquote(parts.path))
        else:
            raw = socket.create_connection((parts.hostname or "localhost", parts.port or 6379), CONNECT_SECONDS)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if parts.scheme == "rediss":
                raw = ssl.create_default_context().wrap_socket(raw, server_hostname=parts.hostname)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
        raw.settimeout(REPLY_SECONDS)
        _log_in(raw, url)
    except OSError as error:
        raise BusUnavailableError(f"bus at {address(url)} is not reachable: {error}; check REDIS_URL") from error
    return raw


def _log_in(raw: socket.socket, url: str) -> None:
    parts = urlsplit(url)
    if parts.password is not None:
        user = [unquote(parts.username)] if parts.username else []
        _ask(raw, command("AUTH", *user, unquote(parts.password)))
    database = parse_qs(parts.query).get("db", ["0" if parts.scheme == "unix" else parts.path.strip("/") or "0"])[0]
    if database != "0":
        _ask(raw, command("SELECT", database))


def _ask(raw: socket.socket, request: bytes) -> None:
    raw.sendall(request)
    answer = raw.recv(4096)
    if not answer.startswith(b"+OK"):
        raise BusReplyError(answer[1:].decode("utf-8", "replace").strip() or "no answer to the log-in")
