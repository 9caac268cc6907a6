"""What an open and a close set off: durable jobs, in the desk's transaction."""

from __future__ import annotations

from thor.desk.reactor import MarketTransitioned


def defer_jobs(effect: MarketTransitioned) -> None:
    """The jobs of a transition."""
    del effect
