"""The chain of audit records: each holds the hash of the one before it. A rule file.

Whoever keeps a head elsewhere can tell later whether anything up to it was changed, taken out or put in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, NamedTuple

from thor.quotes.quote import format_ts

#: What the first record names as the one before it.
ORIGIN: Final = "0" * 64


class Kind(StrEnum):
    """What a record is of."""

    REQUEST = "request"
    CAPTURE = "capture"
    OUTCOME = "outcome"
    CORRECTION = "correction"
    CLOSE = "close"


class Link(NamedTuple):
    """A record. ``at_us``: epoch microseconds; ``body``: canonical JSON."""

    number: int
    at_us: int
    kind: str
    session_id: str
    symbol: str
    body: str
    previous_hash: str
    hash: str


def canonical(body: Mapping[str, Any]) -> str:
    """JSON that is the same text for the same facts: keys in order, decimals as text without trailing noughts."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return format_ts(round(value.timestamp() * 1_000_000))
    return str(value)


def link(number: int, at_us: int, kind: Kind, subject: tuple[str, str], body: str, previous_hash: str) -> Link:
    """The record that follows. ``subject``: (session_id, symbol)."""
    own = _digest(number, at_us, kind, *subject, body, previous_hash)
    return Link(number, at_us, kind.value, *subject, body, previous_hash, own)


def _digest(*parts: object) -> str:
    # Each part with its length: no two records are the same text.
    text = "".join(f"{len(each)}:{each}" for each in map(str, parts))
    return hashlib.sha256(text.encode()).hexdigest()


def faults(links: Iterable[Link]) -> Iterator[str]:
    """What is wrong with a chain that begins with its first record, a line each; nothing where it is whole."""
    number, previous = 0, ORIGIN
    for each in links:
        number += 1
        if each.number != number:
            yield f"record {number} is missing: {each.number} follows {number - 1}"
            number = each.number
        elif each.previous_hash != previous:
            yield f"record {each.number} does not follow the one before it"
        subject = (each.session_id, each.symbol)
        if each.hash != _digest(each.number, each.at_us, each.kind, *subject, each.body, each.previous_hash):
            yield f"record {each.number} ({each.kind} of {each.session_id}) was changed"
        previous = each.hash
