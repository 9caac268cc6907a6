"""Is everything there that must hear and store quotes when a market opens? A rule file."""

from __future__ import annotations

from collections.abc import Sequence

from thor.quotes.health import SourceHealth, SourceState


def missing(providers: Sequence[str], reports: Sequence[SourceHealth], ingestors: int) -> str:
    """What does not report, in one line; empty when all is there. A source that waits or is silent is there: before
    the open nothing need come."""
    by_provider = {report.provider: report for report in reports}
    found = [_trouble(name, by_provider.get(name)) for name in providers]
    if not ingestors:
        found.append("no ingestor reports: quotes are not stored")
    return "; ".join(filter(None, found))


def _trouble(provider: str, report: SourceHealth | None) -> str:
    if report is None:
        return f"source {provider} reports nothing"
    if report.state is SourceState.DOWN:
        return f"source {provider} is down: {report.reason or 'no reason given'}"
    return ""
