"""Bar files of tick files: made once, made again when something changed, of the right contract."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from tests.unit.lake.bar_twins import Tick, table_of
from thor.instruments.models import Instrument, Roll, RollRule
from thor.instruments.services import seed_instruments
from thor.lake.bars import session_of
from thor.lake.build_bars import ALL, Built, build_bars
from thor.lake.files import list_file, read_metadata, write_table
from thor.lake.layout import Timeframe, bars_part, ticks_part
from thor.lake.models import FileState, LakeFile
from thor.lake.runs import CancelledError, Silent
from thor.lake.store import LocalStore
from thor.runtime.problem import Problem

pytestmark = pytest.mark.django_db

DAY, NEXT = date(2025, 10, 9), date(2025, 10, 10)
SECOND = 1_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalStore]:
    seed_instruments()
    yield LocalStore(tmp_path / "lake")


def made_ticks(symbol: str = "ES", day: date = DAY, count: int = 300, price: int = 6700, base: int = 0) -> list[Tick]:
    """A tick each seven seconds from the open on; volume rises by two."""
    open_us = session_of(symbol, Instrument.objects.get(symbol=symbol).group, day, None).open_us
    return [
        Tick(open_us + n * 7 * SECOND, Decimal(price) + Decimal(n % 5) / 4, volume=base + 2 * n) for n in range(count)
    ]


def put(store: LocalStore, symbol: str, day: date, *parts: tuple[str | None, Sequence[Tick]]) -> LakeFile:
    """A listed tick file of (contract, ticks)."""
    table = pa.concat_tables([table_of(ticks, symbol, contract) for contract, ticks in parts]).sort_by("ts")
    return list_file(ticks_part(day, symbol), write_table(store, ticks_part(day, symbol), table, "test", {}))


def build(store: LocalStore, first: date = DAY, last: date = NEXT, timeframes: Sequence[Timeframe] = ALL) -> Built:
    return build_bars(store, first, last, None, timeframes, Silent())


def bars(store: LocalStore, symbol: str = "ES", day: date = DAY, timeframe: Timeframe = Timeframe.MINUTE) -> pa.Table:
    return pq.ParquetFile(store.uri(bars_part(day, symbol, timeframe).key)).read()


def test_bars_are_made_once_and_listed_with_what_they_are_made_of(store: LocalStore) -> None:
    ticks = put(store, "ES", DAY, (None, made_ticks()))
    built = build(store)
    assert (built.files, built.skipped, built.ticks, built.suspect) == (7, 0, 300, 0)
    assert [bars(store, timeframe=each).num_rows for each in ALL] == [300, 300, 35, 7, 3, 1, 1]
    assert bars(store, timeframe=Timeframe.DAY)["volume"].to_pylist() == [598]

    listed = LakeFile.objects.get(key=bars_part(DAY, "ES", Timeframe.MINUTE).key)
    assert (listed.rows, listed.timeframe, listed.state, len(listed.made_of)) == (35, "1m", "ok", 64)
    says = read_metadata(store, listed.key)
    assert (says["thor.ticks_sha256"], says["thor.suspect"]) == (ticks.rows_sha256, "0")

    stood = {found.key: found.modified_at for found in store.list("bars/")}
    again = build(store)
    assert (again.files, again.skipped) == (0, 7)
    assert {found.key: found.modified_at for found in store.list("bars/")} == stood
    assert again.said() == "0 bar files, 0 bars of 0 ticks in 0.0 s; 7 files up to date"


def test_late_ticks_make_their_bars_anew_and_no_others(store: LocalStore) -> None:
    put(store, "ES", DAY, (None, made_ticks()))
    put(store, "NQ", DAY, (None, made_ticks("NQ", price=25_000)))
    build(store)
    put(store, "ES", DAY, (None, made_ticks(count=310)))
    again = build(store)
    assert (again.files, again.skipped) == (7, 7)
    assert bars(store, timeframe=Timeframe.DAY)["tick_count"].to_pylist() == [310]


def test_an_edited_limit_makes_an_instruments_bars_anew(store: LocalStore) -> None:
    spike = made_ticks()
    spike[100] = spike[100]._replace(last=Decimal(6900))
    put(store, "ES", DAY, (None, spike))
    assert build(store).suspect == 0
    Instrument.objects.filter(symbol="ES").update(spike_limit_pct=Decimal(1))
    again = build(store)
    assert (again.files, again.suspect) == (7, 1)
    assert max(bars(store)["high"].to_pylist()) < 6800
    assert LakeFile.objects.get(key=bars_part(DAY, "ES", Timeframe.HOUR).key).suspect == 1


def test_a_new_timeframe_is_made_beside_the_others(store: LocalStore) -> None:
    put(store, "ES", DAY, (None, made_ticks()))
    assert build(store, timeframes=[Timeframe.MINUTE]).files == 1
    assert build(store, timeframes=[Timeframe.MINUTE, Timeframe.HOUR])[:2] == (1, 1)


def test_the_contract_in_front_has_the_bars_whatever_traded_more(store: LocalStore) -> None:
    mixed = ("ESZ25", made_ticks(count=50)), ("ESH26", made_ticks(count=200, price=6760)), (None, made_ticks(count=9))
    put(store, "ES", DAY, *mixed)
    build(store)
    assert set(bars(store)["contract"].to_pylist()) == {"ESZ25"}
    assert bars(store, timeframe=Timeframe.DAY)["tick_count"].to_pylist() == [50]

    Roll.objects.create(
        instrument=Instrument.objects.get(symbol="ES"), from_contract="ESZ25", to_contract="ESH26", effective=DAY
    )
    assert build(store).files == 7, "the roll calendar says another contract"
    assert set(bars(store)["contract"].to_pylist()) == {"ESH26"}


def test_without_the_front_contract_the_unknown_one_or_the_busiest_has_the_bars(store: LocalStore) -> None:
    put(store, "ES", DAY, ("ESH26", made_ticks(count=200)), (None, made_ticks(count=9)))
    put(store, "ES", NEXT, ("ESH26", made_ticks(day=NEXT, count=20)), ("ESM26", made_ticks(day=NEXT, count=30)))
    build(store)
    assert set(bars(store)["contract"].to_pylist()) == {None}
    assert set(bars(store, day=NEXT)["contract"].to_pylist()) == {"ESM26"}


def test_a_count_that_goes_on_over_the_night_is_not_counted_twice(store: LocalStore) -> None:
    put(store, "ES", DAY, (None, made_ticks()))
    put(store, "ES", NEXT, (None, made_ticks(day=NEXT, base=598)))
    build(store)
    assert bars(store, day=NEXT, timeframe=Timeframe.DAY)["volume"].to_pylist() == [598]


def test_a_date_without_a_last_has_files_without_bars(store: LocalStore) -> None:
    put(store, "ES", DAY, (None, [tick._replace(last=None, bid=tick.last) for tick in made_ticks(count=5)]))
    assert build(store).bars == 0
    assert [bars(store, timeframe=each).num_rows for each in ALL] == [0] * 7
    assert build(store).files == 0


def test_a_file_that_a_killed_run_published_is_listed_and_not_made_again(store: LocalStore) -> None:
    put(store, "ES", DAY, (None, made_ticks()))
    build(store)
    listed = LakeFile.objects.filter(kind="bars")
    before = list(listed.values_list("key", "rows", "size", "rows_sha256", "file_sha256", "made_of", "suspect"))
    listed.delete()
    assert build(store).files == 0
    assert before == list(
        LakeFile.objects.filter(kind="bars").values_list(
            "key", "rows", "size", "rows_sha256", "file_sha256", "made_of", "suspect"
        )
    )


@pytest.mark.parametrize("damage", ["cut", "gone", "damaged"])
def test_a_damaged_bar_file_is_made_again(store: LocalStore, damage: str) -> None:
    put(store, "ES", DAY, (None, made_ticks()))
    build(store)
    key = bars_part(DAY, "ES", Timeframe.MINUTE).key
    whole = Path(store.uri(key)).read_bytes()
    if damage == "cut":
        Path(store.uri(key)).write_bytes(whole[:-100])
    elif damage == "gone":
        store.delete(key)
    else:
        LakeFile.objects.filter(key=key).update(state=FileState.DAMAGED)
    assert build(store).files == 1
    assert bars(store).num_rows == 35
    assert LakeFile.objects.get(key=key).state == "ok"


def test_a_tick_file_that_cannot_be_read_stops_only_its_own_bars(store: LocalStore) -> None:
    put(store, "ES", DAY, (None, made_ticks()))
    put(store, "NQ", DAY, (None, made_ticks("NQ", price=25_000)))
    Path(store.uri(ticks_part(DAY, "ES").key)).write_bytes(b"no file of the lake")
    with pytest.raises(Problem, match=r"ticks/date=2025-10-09/symbol=ES/ticks.parquet cannot be read"):
        build(store)
    assert bars(store, "NQ").num_rows == 35


def test_a_tick_file_that_is_not_the_listed_one_is_refused(store: LocalStore) -> None:
    put(store, "ES", DAY, (None, made_ticks()))
    write_table(store, ticks_part(DAY, "ES"), table_of(made_ticks(count=5)), "test", {})
    with pytest.raises(Problem, match="is not the file that is listed"):
        build(store)


class Impatient(Silent):
    def check(self) -> None:
        raise CancelledError


def test_a_cancelled_run_ends_and_the_next_one_does_the_rest(store: LocalStore) -> None:
    put(store, "ES", DAY, (None, made_ticks()))
    with pytest.raises(CancelledError):
        build_bars(store, DAY, NEXT, None, ALL, Impatient())
    assert build(store).files == 7


def test_generate_bars_says_what_it_did(store: LocalStore, settings: object) -> None:
    settings.THOR_DATA_DIR = store.root  # type: ignore[attr-defined]
    put(store, "ES", DAY, (None, made_ticks()))
    put(store, "NQ", DAY, (None, made_ticks("NQ", price=25_000)))
    said = StringIO()
    call_command("generate_bars", "--date", "2025-10-09", "--timeframes=1m,5m,1h", "--symbols", "es", stdout=said)
    assert said.getvalue().startswith("3 bar files, 43 bars of 300 ticks in ")
    assert sorted({found.key.split("/")[2] for found in store.list("bars/")}) == ["symbol=ES"]
    call_command("generate_bars", "--start", "2025-10-08", "--end", "2025-10-10", stdout=said)
    assert said.getvalue().splitlines()[-1].endswith("; 3 files up to date")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--date", "2025-13-09"], "wanted a trade date"),
        (["--date", "2025-10-09", "--timeframes", "2m"], "wanted timeframes of 1s, 5s, 1m, 5m, 15m, 1h, 1d"),
        (["--date", "2025-10-09", "--symbols", "NOPE"], "no such instrument: NOPE"),
        (["--start", "2025-10-09"], "give --date, or --start and --end"),
        ([], "give --date, or --start and --end"),
        (["--start", "2025-10-09", "--end", "2025-10-08"], "is before --start"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(store: LocalStore, words: list[str], wanted: str) -> None:
    with pytest.raises(CommandError, match=wanted):
        call_command("generate_bars", *words)


def test_rolling_by_another_rule_is_another_front(store: LocalStore) -> None:
    put(store, "ES", DAY, ("ESZ25", made_ticks(count=9)), ("ESH26", made_ticks(count=9)))
    build(store)
    RollRule.objects.filter(instrument__symbol="ES").update(months="H")
    build(store)
    assert set(bars(store)["contract"].to_pylist()) == {"ESH26"}
