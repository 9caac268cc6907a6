"""Files to the browser: the built web app and the static files of Django's apps, straight over ASGI.

whitenoise finds them, knows their types and ages, and answers conditional and range requests; its Django middleware
would hand the file's blocks through a thread one by one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.staticfiles import finders
from whitenoise.base import WhiteNoise  # type: ignore[import-untyped]

from thor.runtime.asgi import SECURITY_HEADERS, Receive, Scope, Send

#: Vite puts a hash of the content into the names below /assets/: they never change.
IMMUTABLE: Final = r"^/assets/"
BLOCK_BYTES: Final = 256 * 1024


class StaticFiles:
    """Looks a path up in memory and sends its file."""

    def __init__(self, web_dist: Path) -> None:
        self._index = web_dist / "index.html"
        self._web_dist = web_dist
        self._built_at: int | None = None
        self._files: dict[str, Any] = {}
        self._scan()

    def find(self, path: str) -> Any:
        """The file of a path, None when there is none. A web app that was built anew is noticed by its new names."""
        found = self._files.get(path)
        if found is None and path.startswith("/assets/") and self._build_time() != self._built_at:
            self._scan()
            found = self._files.get(path)
        return found

    def _build_time(self) -> int | None:
        try:
            return self._index.stat().st_mtime_ns
        except OSError:
            return None

    def _scan(self) -> None:
        noise = WhiteNoise(None, immutable_file_test=IMMUTABLE, allow_all_origins=False)
        for finder in finders.get_finders():
            for name, storage in finder.list(None):
                noise.add_file_to_dictionary(f"{settings.STATIC_URL}{name}", storage.path(name))
        self._built_at = self._build_time()
        if self._built_at is not None:
            noise.add_files(str(self._web_dist))
        # The page itself is served by its view, which also answers for the paths that the app routes.
        self._files = {path: file for path, file in noise.files.items() if path != "/index.html"}


async def send_file(file: Any, scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer GET and HEAD with a file that :meth:`StaticFiles.find` gave."""
    asked = {_environ_name(name): value.decode("latin-1") for name, value in scope["headers"]}
    response = file.get_response(scope["method"], asked)
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    headers += SECURITY_HEADERS
    await send({"type": "http.response.start", "status": int(response.status), "headers": headers})
    if response.file is not None:
        with response.file as handle:
            while block := handle.read(BLOCK_BYTES):
                await send({"type": "http.response.body", "body": block, "more_body": True})
    await send({"type": "http.response.body"})


def _environ_name(header: bytes) -> str:
    """A header's name as CGI, and whitenoise, spell it."""
    return f"HTTP_{header.decode('latin-1').upper().replace('-', '_')}"
