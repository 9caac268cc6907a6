"""``thor trigger_market_close``: set off by hand what a market's close sets off."""

from __future__ import annotations

from thor.desk.management.trigger import TriggerCommand
from thor.markets.calendar import TransitionKind


class Command(TriggerCommand):
    help = "Set off the jobs of a market's newest close, as the desk does. What was done is not done again."
    kind = TransitionKind.CLOSE
