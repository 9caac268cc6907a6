"""The account of a trade date: every entry in one place, and what is wrong said in one line."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thor.history.account import Account, Acknowledged, AnyGroup, Place, letter_place, see, span_of, tally_of
from thor.quotes.quote import format_ts

DAY = date(2025, 10, 9)
NOW_US = 1_760_016_675_123_456
ID = f"{NOW_US // 1000}-0"
GROUPS = AnyGroup({"ES": "cme_equity", "DX": "ice_dx"})


def event(symbol: str = "ES", ts_us: int = NOW_US, last: str = "5342.25") -> bytes:
    return f'{{"v":1,"symbol":"{symbol}","ts":"{format_ts(ts_us)}","source":"TOS","last":{last}}}'.encode()


def us(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000_000)


def test_the_span_of_a_date_holds_every_group() -> None:
    span = span_of(DAY)
    assert span is not None
    assert span.start_us == us("2025-10-08T22:00")  # 17:00 Chicago, summer
    assert span.end_us == us("2025-10-10T00:00")  # 20:00 New York
    assert span.first_id == f"{us('2025-10-08T21:55') // 1000}-0"
    assert span.last_ms == us("2025-10-17T00:00") // 1000
    assert span_of(date(2025, 10, 11)) is None
    assert span_of(date(2025, 12, 25)) is None


def test_an_entry_is_of_its_events_trade_date_and_one_that_breaks_the_contract_of_the_day_it_came() -> None:
    evening = us("2025-10-09T22:30")
    assert see(ID, {b"s": b"ES", b"e": event()}, GROUPS).place == Place(DAY, "TOS", "ES")
    late = see(f"{evening // 1000}-0", {b"s": b"ES", b"e": event(ts_us=evening)}, GROUPS)
    assert late.place.trade_date == date(2025, 10, 10)
    assert late.line.startswith(b"ES\t2025-10-09T22:30")
    broken = see(f"{evening // 1000}-0", {b"s": b"ES", b"e": event(last='"x"')}, GROUPS)
    assert broken == (Place(date(2025, 10, 10), "TOS", "ES"), b"")
    assert see(ID, {b"x": b"y"}, GROUPS) == (Place(DAY, "?", "?"), b"")


def test_a_letter_of_an_unknown_symbol_has_its_events_place() -> None:
    early = us("2025-10-08T12:00")
    assert letter_place(ID, event("QQ", early), GROUPS) == Place(date(2025, 10, 8), "TOS", "QQ")
    assert letter_place(ID, b"\xff", GROUPS) == Place(DAY, "?", "?")


@given(
    st.integers(0, 40),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=6),
    st.integers(0, 50),
)
def test_what_was_acknowledged_is_up_to_the_last_and_in_no_range(
    last: int, starts: list[tuple[int, int]], stream_id: int
) -> None:
    ranges = [(first, first + length) for first, length in starts]
    view = Acknowledged(f"{last}-0", [(f"{a}-0", f"{b}-0") for a, b in ranges])
    assert view.holds(f"{stream_id}-0") == (stream_id <= last and not any(a <= stream_id <= b for a, b in ranges))


def test_a_tally_is_read() -> None:
    fields = {"since": "5-1", "TOS:ES:rows": "7", "TOS:ES:duplicates": "2", "MOCK:ZB.A:rows": "1"}
    assert tally_of(fields) == ("5-1", {("TOS", "ES"): (7, 2), ("MOCK", "ZB.A"): (1, 0)})
    assert tally_of({}) == ("", {})


COUNT = st.integers(0, 50)


@given(COUNT, COUNT, COUNT, COUNT, COUNT, COUNT, COUNT)
def test_what_was_published_is_found_again(
    rows: int, duplicates: int, lost: int, skipped: int, dead: int, waiting: int, late: int
) -> None:
    """``lost``: acknowledged as rows and gone since; ``skipped``: acknowledged with other tools and never stored."""
    account = Account("TOS", "ES", dead=dead, waiting=waiting, late_stored=late, missing_found=lost + skipped)
    account.acknowledged, account.tallied_duplicates, account.rows = rows + duplicates + lost, duplicates, rows
    assert account.missing == lost + skipped
    assert account.published == rows + duplicates + lost + skipped + dead + waiting + late
    assert account.is_balanced == (lost + skipped == 0)


def test_rows_that_nobody_acknowledged_are_a_surplus() -> None:
    account = Account("TOS", "ES", acknowledged=5, rows=7)
    assert (account.surplus, account.missing, account.published, account.is_balanced) == (2, 0, 5, False)


def test_without_a_tally_what_the_stream_holds_is_all_that_is_known() -> None:
    account = Account("TOS", "ES", held_stored=3, held_duplicates=1, rows=0, earlier=9)
    assert (account.published, account.stored, account.duplicates, account.is_balanced) == (4, 3, 1, True)


def test_what_is_wrong_is_one_line_with_a_few_ids() -> None:
    account = Account("TOS", "ES", missing_found=4, changed=1)
    for n in range(4):
        account.note("missing", f"{n}-0")
    account.note("changed", "9-0")
    assert account.sentence() == "TOS ES: 4 missing (0-0, 1-0, 2-0, ...), 1 with other values than published (9-0)"
    assert Account("TOS", "ES").sentence() == ""


@pytest.mark.parametrize("symbol", ["ES", "DX"])
def test_any_symbol_has_a_group(symbol: str) -> None:
    assert symbol in AnyGroup({})
    assert AnyGroup({})[symbol] == "cme_equity"
