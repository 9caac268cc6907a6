"""What is answered from memory in front of Django, and by it for other namespaces."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from thor.instruments.live import catalogue
from thor.markets.now import market_now
from thor.quotes.live import looked_at

Fields = Mapping[str, str]


async def latest_answer(_fields: Fields) -> bytes:
    """The board's instruments with their newest quotes and what the desk makes of them. Raises Problem 503."""
    quotes = await looked_at()
    listed = [each.facts for each in (await catalogue()).listed if each.place is not None]
    return quotes.enriched.answer(listed, market_now().now_us)


ANSWERS: Final[dict[str, Callable[[Fields], Awaitable[bytes]]]] = {
    "/api/quotes/latest": latest_answer,
    "/api/futuretrading/quotes/latest/": latest_answer,
}
