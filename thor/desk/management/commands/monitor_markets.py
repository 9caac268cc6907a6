"""``thor monitor_markets``: another name of ``market_monitor``."""

from thor.desk.management.commands.market_monitor import Command

__all__ = ["Command"]
