"""``thor web``: the API, the live streams and the built web app, in one process."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Serve the API, the live streams and the built web app until SIGTERM or Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.THOR_HOST, help="address to listen on (THOR_HOST)")
        parser.add_argument("--port", type=int, default=settings.THOR_PORT, help="0: any free port (THOR_PORT)")

    def handle(self, *_args: Any, **options: Any) -> None:
        from thor.config import asgi, web

        listener = web.listen(options["host"], options["port"])
        host, port = listener.getsockname()[:2]
        self.stdout.write(f"listening on http://{f'[{host}]' if ':' in host else host}:{port}")
        self.stdout.flush()
        web.serve(asgi.application, listener)
