"""Entries of the unified stream, as the desk reads them: bytes in lists, of which nothing is made that nobody needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis

from thor.quotes.quick import decode
from thor.quotes.quote import REFUSE_AGE_US, REFUSE_AHEAD_US, Quote, QuoteRefusedError

#: Its id, and its fields: names and values in turn.
Entry = tuple[bytes, Sequence[bytes]]


def read_plainly(client: redis.Redis) -> None:
    """From now on ``client.xread`` answers the list of entries of the one stream that was asked for. By itself it makes
    a mapping of each entry's fields, which costs twice what the reading does."""
    client.set_response_callback("XREAD", _entries)


def _entries(reply: Any, **_options: Any) -> Sequence[Entry]:
    if not reply:
        return ()
    [(_, entries)] = reply.items() if isinstance(reply, dict) else reply
    found: Sequence[Entry] = entries
    return found


def quote_of(fields: Sequence[bytes], at_us: int | None) -> Quote | None:
    """The quote of an entry of the time ``at_us``; None of one that the ingestor puts to the dead letters, so that one
    from the far future holds nobody up. ``at_us`` None: of a recording, however old or new."""
    if len(fields) != 4 or fields[0] != b"s" or fields[2] != b"e":
        return None
    try:
        quote = decode(fields[3])
    except QuoteRefusedError:
        return None
    if at_us is not None and not -REFUSE_AHEAD_US <= at_us - quote.ts_us <= REFUSE_AGE_US:
        return None
    return quote if quote.symbol.encode() == fields[1] else None
