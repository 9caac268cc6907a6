"""Is everything there that must hear and store quotes when a market opens? A rule file."""

from __future__ import annotations

from collections.abc import Sequence

from thor.quotes.health import SourceHealth, SourceState


def missing(providers: Sequence[str], reports: Sequence[SourceHealth], ingestors: int) -> str:
    """What does not report, in one line; empty when all is there."""
    found = [source_trouble(providers, reports)]
    if not ingestors:
        found.append("no ingestor reports: quotes are not stored")
    return "; ".join(filter(None, found))


def source_trouble(providers: Sequence[str], reports: Sequence[SourceHealth]) -> str:
    """Which sources do not work, in one line; empty when all do. One that waits or is silent is there: nothing need
    come before the open."""
    by_provider = {report.provider: report for report in reports}
    return "; ".join(filter(None, (_trouble(name, by_provider.get(name)) for name in providers)))


def _trouble(provider: str, report: SourceHealth | None) -> str:
    if report is None:
        return f"source {provider} reports nothing"
    if report.state is SourceState.DOWN:
        return f"source {provider} is down: {report.reason or 'no reason given'}"
    return ""
