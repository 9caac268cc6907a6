"""What of the stream is a quote at the desk: what the ingestor takes, unknown symbols apart."""

from __future__ import annotations

import pytest

from tests.faults.draft import Draft
from tests.faults.odd import ACCEPTED, REFUSED
from tests.unit.quotes.test_quick import NOW_US, PLAIN, spelled
from thor.desk.entries import _entries, quote_of
from thor.history.tick import read_entry
from thor.quotes.quote import QuoteRefusedError

GROUPS = {"ES": "cme_equity", "CL": "cme_metals_energy"}
PLAIN_EVENT = spelled(PLAIN)


@pytest.mark.parametrize("name", [*ACCEPTED, *REFUSED])
def test_the_desk_takes_what_the_ingestor_takes(name: str) -> None:
    draft = Draft(NOW_US, dict(PLAIN), {"symbol": "ES"})
    change = ACCEPTED[name] if name in ACCEPTED else REFUSED[name][1]
    change(draft)
    fields = [part for pair in draft.entry_fields() for part in pair]
    at_ms = NOW_US // 1000
    try:
        read_entry(f"{at_ms}-0", fields, GROUPS)
        is_quote = True
    except QuoteRefusedError as error:
        is_quote = error.reason == "unknown_symbol"
    assert (quote_of(fields, at_ms * 1000) is not None) == is_quote


@pytest.mark.parametrize("days", [-8, -7, 0, 1])
def test_a_recording_is_as_old_as_it_is(days: int) -> None:
    payload = PLAIN_EVENT.replace(b"2025-10-09T", b"2025-10-%02dT" % (9 + days))
    fields = [b"s", b"ES", b"e", payload]
    assert quote_of(fields, None) is not None
    assert (quote_of(fields, NOW_US) is not None) == (days in (-7, 0))


def test_a_reply_of_either_protocol_is_its_entries() -> None:
    entries = [[b"1-0", [b"s", b"ES", b"e", b"{}"]]]
    assert _entries({b"quotes:stream:unified": entries}) == entries
    assert _entries([[b"quotes:stream:unified", entries]]) == entries
    assert list(_entries(None)) == list(_entries({})) == []
