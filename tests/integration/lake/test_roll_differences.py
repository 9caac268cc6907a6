"""Rolls that ticks decide, and differences that are measured of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.lake.bar_twins import Tick, table_of
from thor.instruments.models import Instrument, Roll, RollRule
from thor.instruments.services import seed_instruments
from thor.lake.bars import session_of
from thor.lake.files import list_file, write_table
from thor.lake.layout import ticks_part
from thor.lake.models import LakeFile, RollDifference
from thor.lake.roll_differences import Rolled, roll_over
from thor.lake.runs import Silent
from thor.lake.store import LocalStore

pytestmark = pytest.mark.django_db

#: By ES's rule ESZ25 is left on Monday 2025-12-15.
THURSDAY, FRIDAY, MONDAY = date(2025, 12, 11), date(2025, 12, 12), date(2025, 12, 15)
MINUTE = 60_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalStore]:
    seed_instruments()
    yield LocalStore(tmp_path / "lake")


def ticks(day: date, price: str, minutes: range, volume: int) -> list[Tick]:
    """A tick a minute, all at a price; ``volume`` is what they say in the end."""
    open_us = session_of("ES", "cme_equity", day, None).open_us
    last = len(minutes) - 1
    return [
        Tick(open_us + minute * MINUTE, Decimal(price) + n, volume=volume * n // max(last, 1))
        for n, minute in enumerate(minutes)
    ]


def put(store: LocalStore, day: date, extra: str | None = None, **contracts: list[Tick]) -> None:
    parts = [table_of(each, "ES", name) for name, each in contracts.items()]
    if extra is not None:
        at = pa.schema(parts[0].schema).get_field_index("extra")
        parts[-1] = parts[-1].set_column(at, "extra", pa.repeat(pa.scalar(extra), len(parts[-1])))
    table = pa.concat_tables(parts).sort_by("ts")
    list_file(ticks_part(day, "ES"), write_table(store, ticks_part(day, "ES"), table, "test", {}))


def roll(store: LocalStore, first: date = THURSDAY, last: date = MONDAY) -> Rolled:
    return roll_over(store, first, last, None, Silent())


def follow(method: str) -> None:
    RollRule.objects.filter(instrument__symbol="ES").update(method=method)


def differences() -> list[tuple[str, str, date, Decimal]]:
    names = ("from_contract", "to_contract", "trade_date", "difference")
    return list(RollDifference.objects.values_list(*names))


def test_a_difference_is_of_the_last_minute_in_which_both_traded(store: LocalStore) -> None:
    put(store, FRIDAY, ESZ25=ticks(FRIDAY, "6800", range(10), 9), ESH26=ticks(FRIDAY, "6855.25", range(4, 8), 9))
    assert roll(store) == Rolled(0, 1, 0)
    # Minute 7: the old one is at 6807, the new one at 6858.25.
    assert differences() == [("ESZ25", "ESH26", FRIDAY, Decimal("51.25"))]
    assert RollDifference.objects.get().measured == "last prices of both in the minute of 2025-12-11T23:07:00.000000Z"
    rows = pq.ParquetFile(store.uri("rolls/date=2025-12-12/rolls.parquet")).read().to_pylist()
    assert rows == [
        {
            "symbol": "ES", "trade_date": FRIDAY, "from_contract": "ESZ25", "to_contract": "ESH26",
            "difference": Decimal("51.250000"),
        }
    ]  # fmt: skip
    assert LakeFile.objects.get(kind="table").rows == 1
    assert roll(store) == Rolled(0, 0, 0), "it is known"


def test_late_ticks_measure_it_anew_and_a_persons_word_stays(store: LocalStore) -> None:
    put(store, FRIDAY, ESZ25=ticks(FRIDAY, "6800", range(5), 9), ESH26=ticks(FRIDAY, "6850", range(5), 9))
    roll(store)
    put(store, FRIDAY, ESZ25=ticks(FRIDAY, "6800", range(9), 9), ESH26=ticks(FRIDAY, "6852", range(9), 9))
    assert roll(store).measured == 1
    assert differences()[0][3] == Decimal(52)
    RollDifference.objects.update(by_hand=True, difference=Decimal("50.5"))
    put(store, FRIDAY, ESZ25=ticks(FRIDAY, "6800", range(9), 9), ESH26=ticks(FRIDAY, "6860", range(9), 9))
    assert roll(store).measured == 0
    assert differences()[0][3] == Decimal("50.5")


def test_without_ticks_of_both_there_is_no_difference(store: LocalStore) -> None:
    put(store, FRIDAY, ESZ25=ticks(FRIDAY, "6800", range(5), 9))
    assert roll(store) == Rolled(0, 0, 1)
    assert differences() == []


def test_volume_that_moved_on_rolls_at_the_next_session_once_and_never_back(store: LocalStore) -> None:
    follow("volume")
    days = {date(2025, 12, 8): (90, 10), date(2025, 12, 9): (40, 41), date(2025, 12, 10): (80, 20)}
    for day, (old, new) in days.items():
        put(store, day, ESZ25=ticks(day, "6800", range(5), old), ESH26=ticks(day, "6850", range(5), new))
    assert roll(store, date(2025, 12, 1)) == Rolled(1, 1, 0)
    row = Roll.objects.get()
    assert (row.from_contract, row.to_contract, row.effective) == ("ESZ25", "ESH26", date(2025, 12, 10))
    assert (row.decided_by, row.reason) == ("volume", "volume of 2025-12-09: ESH26 41, ESZ25 40")
    assert differences() == [("ESZ25", "ESH26", date(2025, 12, 9), Decimal(50))]
    assert roll(store, date(2025, 12, 1)) == Rolled(0, 0, 0)
    assert Roll.objects.count() == 1


def test_open_interest_decides_where_the_ticks_say_it(store: LocalStore) -> None:
    follow("open_interest")
    both = {"ESZ25": ticks(THURSDAY, "6800", range(5), 99), "ESH26": ticks(THURSDAY, "6850", range(5), 1)}
    put(store, THURSDAY, '{"meta": {"open_interest": 5000}}', **both)
    assert roll(store, last=THURSDAY).decided == 0, "the old contract's is not known"
    table = pq.ParquetFile(store.uri(ticks_part(THURSDAY, "ES").key)).read()
    counts = [7000 if each == "ESH26" else 400 for each in table["contract"].to_pylist()]
    says = [f'{{"meta": {{"open_interest": {count}}}}}' for count in counts]
    table = table.set_column(table.schema.get_field_index("extra"), "extra", pa.array(says))
    list_file(ticks_part(THURSDAY, "ES"), write_table(store, ticks_part(THURSDAY, "ES"), table, "test", {}))
    assert roll(store, last=THURSDAY).decided == 1
    assert Roll.objects.get().reason == "open interest of 2025-12-11: ESH26 7,000, ESZ25 400"


def test_a_persons_roll_is_never_changed(store: LocalStore) -> None:
    follow("volume")
    es = Instrument.objects.get(symbol="ES")
    Roll.objects.create(instrument=es, from_contract="ESZ25", to_contract="ESH26", effective=date(2025, 12, 17))
    put(store, THURSDAY, ESZ25=ticks(THURSDAY, "6800", range(5), 1), ESH26=ticks(THURSDAY, "6850", range(5), 99))
    assert roll(store).decided == 0
    assert Roll.objects.get().effective == date(2025, 12, 17)
