"""The prices that graded a row."""

from __future__ import annotations

from typing import Any

from thor.market_open.answers import no_session


async def path(session_id: str, symbol: str | None) -> dict[str, Any]:
    """From stored ticks. Raises Problem 404."""
    del symbol
    raise no_session(session_id)
