"""``thor jobs``: run the durable jobs that opens and closes set off."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from thor.desk.job_worker import JobWorker, leave_process, quiet_library


class Command(BaseCommand):
    help = "Run durable jobs until SIGTERM: those that opens and closes set off. Several may run side by side."

    def handle(self, *_args: Any, **_options: Any) -> None:
        quiet_library()
        JobWorker(settings.REDIS_URL, settings.THOR_NAMESPACE, leave=leave_process).run_until_signal()
