"""``manage.py check_thresholds``: do the thresholds of every instrument ever fire?"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from thor.signals.never_fire import FEWEST, LIMIT_PCT, SESSIONS, Firing
from thor.signals.selectors import firings


class Command(BaseCommand):
    help = (
        f"Say how often each instrument was HOLD in its last {SESSIONS} sessions; exit 1 when one was in over "
        f"{LIMIT_PCT} % of them."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        found = sorted(firings().values(), key=lambda each: each.symbol)
        for each in found:
            self.stdout.write(f"{each.symbol:<4} {self._verdict(each)}")
        silent = [each.symbol for each in found if each.never_fires]
        if silent:
            self.stdout.write(f"never fire: {', '.join(silent)}; `thor suggest_thresholds` proposes others")
            sys.exit(1)

    def _verdict(self, each: Firing) -> str:
        if not each.is_judged:
            return f"{each.sessions} sessions, {FEWEST} are needed"
        verdict = "never fires" if each.never_fires else "fires"
        return f"HOLD in {each.held_pct} % of {each.sessions} sessions: {verdict}"
