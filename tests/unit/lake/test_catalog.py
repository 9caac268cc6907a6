"""Which files answer a question: every row once, whatever of the lake was copied, changed or deleted since."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thor.lake.asked import AskedError, Place, dates, instants, place_of, trade_date
from thor.lake.catalog import Copy, Stamp, choose, from_json, group_of, plan, to_json
from thor.lake.layout import Part, Timeframe, bars_part, part_of, ticks_part

FIRST = date(2025, 9, 25)
PARTS = [bars_part(FIRST + timedelta(days=n), symbol, Timeframe.MINUTE) for n in range(10) for symbol in ("ES", "NQ")]
States = st.lists(st.sampled_from([None, 1, 2]), min_size=len(PARTS), max_size=len(PARTS))


def there_of(states: list[int | None]) -> dict[Part, Stamp]:
    return {part: Stamp(100, each, f"{each}") for part, each in zip(PARTS, states, strict=True) if each is not None}


@given(States, States, st.booleans(), st.booleans())
def test_each_part_is_read_once_as_it_is_now(
    then: list[int | None], now: list[int | None], by_hash: bool, twice: bool
) -> None:
    copies = []
    for key in ("a", "b") if twice else ("a",):
        copies += [
            Copy(f"{key}/{group.folder}", 9, {part: there_of(then)[part] for part in parts})
            for group, parts in plan(there_of(then), date(2025, 11, 1), 200).items()
        ]
    there = there_of(now)
    if by_hash:
        there = {part: stamp._replace(changed_us=0) for part, stamp in there.items()}
    found = choose(there, copies, lambda _part: True)
    seen = Counter((part, there[part].rows_sha256) for key in found.small if (part := part_of(key)) is not None)
    by_key = {copy.key: copy for copy in copies}
    for take in found.compact:
        own = by_key[take.key].parts
        seen.update((part, stamp.rows_sha256) for part, stamp in own.items() if part not in take.without)
    assert seen == Counter((part, stamp.rows_sha256) for part, stamp in there.items())


def test_what_a_question_cannot_see_need_not_be_left_out() -> None:
    stamps = dict.fromkeys(PARTS, Stamp(1, 5))
    whole = Copy("compact", 9, stamps)
    own = {part: stamp for part, stamp in stamps.items() if part.symbol == "ES"}
    assert choose(own, [whole], lambda part: part.symbol == "ES").compact[0].without == ()
    assert choose(own, [whole], lambda _part: True).compact == ()  # as many to leave out as to take: not worth it


def test_only_small_files_of_months_that_are_over() -> None:
    there = dict.fromkeys(PARTS, Stamp(100, 1)) | {PARTS[0]: Stamp(900, 1), ticks_part(FIRST, "ES"): Stamp(5, 1)}
    found = plan(there, date(2025, 10, 20), 500)
    assert [(group.folder, len(parts)) for group, parts in found.items()] == [
        ("compact/bars/timeframe=1m/month=2025-09", 11)
    ]
    parts = next(iter(found.values()))
    assert parts == sorted(parts, key=lambda part: (part.symbol, part.trade_date))
    assert group_of(ticks_part(FIRST, "ES")).folder == "compact/ticks/month=2025-09/symbol=ES"


def test_the_index_is_read_as_it_was_written() -> None:
    for part in (PARTS[3], ticks_part(FIRST, "ES")):
        copies = [Copy(f"{group_of(part).folder}/x.parquet", 77, {part: Stamp(5, 6, "ab")})]
        assert from_json(to_json(copies)) == copies
    assert from_json({"version": 99, "files": {}}) == from_json([]) == []


@given(st.integers(-(2**40), 2**52), st.integers(0, 10**8))
def test_a_place_is_kept_as_text(ts_us: int, told: int) -> None:
    assert place_of(Place(ts_us, told).text()) == Place(ts_us, told)


@pytest.mark.parametrize("text", ["", "x", "AAAA", "ÿ", "MS4x" * 40, "MTIzLg", "LTEuLTE"])
def test_a_place_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(AskedError, match="after: give `next`"):
        place_of(text)


def test_what_is_asked() -> None:
    assert instants(None, None) == (None, None)
    assert instants("1970-01-01T00:00:01Z", "1970-01-01T01:00:02+01:00") == (1_000_000, 2_000_000)
    assert dates(None, None, date(2025, 12, 31)) == (date(2024, 12, 31), date(2025, 12, 31))
    assert trade_date("date", "2025-10-09") == date(2025, 10, 9)
    for wrong in ("20251009", "2025-10-9", "1800-01-01", "NaN", "2025-10-09T00:00:00"):
        with pytest.raises(AskedError, match="is no trade date: give one such as 2025-10-09"):
            trade_date("date", wrong)
    with pytest.raises(AskedError, match="more than 20 years apart"):
        dates("2000-01-01", "2025-01-01", date(2025, 1, 1))
