"""Compacted files are copies: whatever happens to them, a reader sees every row once."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

import thor.lake
from tests.lake_support import bars_table, put_bars, put_days, put_ticks, ticks_table
from thor.lake import compact as compacting
from thor.lake.compact import Compacted, compact
from thor.lake.copies import INDEX, read_copies
from thor.lake.layout import Timeframe, bars_part, ticks_part
from thor.lake.root import open_store
from thor.lake.runs import Silent
from thor.lake.store import LakeStore, LocalStore

pytestmark = pytest.mark.django_db

OCTOBER = [date(2025, 10, 9), date(2025, 10, 10), date(2025, 10, 13)]
NOVEMBER = [date(2025, 11, 3), date(2025, 11, 4)]
TODAY = date(2025, 12, 2)
SYMBOLS = ("ES", "NQ")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalStore:
    monkeypatch.setattr(compacting, "_SETTLED", timedelta(0))
    made = LocalStore(tmp_path / "lake")
    put_days(made, SYMBOLS, OCTOBER + NOVEMBER)
    return made


def run(store: LocalStore, month: str | None = None) -> Compacted:
    return compact(store, Silent(), TODAY, month)


def seen(store: LakeStore) -> Counter[tuple[Any, ...]]:
    """Every row that a reader finds, in SQL; and the same in frames."""
    with thor.lake.connect(store.root) as connection:
        ticks = connection.sql("SELECT 'tick', symbol, date, seq, last::VARCHAR FROM ticks").fetchall()
        bars = connection.sql("SELECT timeframe, symbol, date, ts, close FROM bars").fetchall()
    frames = thor.lake.scan_ticks(root=store.root).select("symbol", "date", "seq").collect()
    assert Counter(frames.rows()) == Counter((row[1], row[2], row[3]) for row in ticks)
    minutes = thor.lake.scan_bars("1m", root=store.root).select("symbol", "date", "ts").collect()
    assert Counter(minutes.rows()) == Counter(row[1:4] for row in bars if row[0] == "1m")
    return Counter([*ticks, *bars])


def once(store: LakeStore) -> Counter[tuple[Any, ...]]:
    found = seen(store)
    assert set(found.values()) == {1}
    return found


def test_a_months_files_become_few_and_every_row_is_there_once(store: LocalStore) -> None:
    before = once(store)
    assert len(before) == 5 * 2 * 10
    done = run(store)
    assert (done.files, done.parts, done.skipped, done.rows) == (6, 20, 0, 100)
    assert done.said().startswith("20 small files copied into 6 (100 rows, ")
    assert once(store) == before
    keys = sorted(copy.key.rpartition("/")[0] for copy in read_copies(store))
    assert keys == [
        "compact/bars/timeframe=1m/month=2025-10",
        "compact/bars/timeframe=1m/month=2025-11",
        "compact/ticks/month=2025-10/symbol=ES",
        "compact/ticks/month=2025-10/symbol=NQ",
        "compact/ticks/month=2025-11/symbol=ES",
        "compact/ticks/month=2025-11/symbol=NQ",
    ]
    again = run(store)
    assert (again.files, again.skipped) == (0, 6)


def test_what_is_compacted_is_read_from_the_copy_alone(store: LocalStore) -> None:
    before = once(store)
    run(store)
    with thor.lake.connect(store.root) as connection:
        plan = connection.sql("EXPLAIN ANALYZE SELECT sum(close) FROM bars WHERE timeframe = '1m'").fetchall()[0][1]
    assert plan.count("READ_PARQUET") == 1
    assert "Total Files Read: 2" in plan
    shutil.rmtree(Path(store.root, "compact"))
    assert once(store) == before


def test_a_copy_says_what_is_in_it_and_is_sorted_by_symbol_and_time(store: LocalStore) -> None:
    run(store)
    copy = next(each for each in read_copies(store) if "timeframe=1m/month=2025-10" in each.key)
    file = pq.ParquetFile(store.uri(copy.key))
    rows = file.read(["symbol", "ts"]).to_pylist()
    assert rows == sorted(rows, key=lambda row: (row["symbol"], row["ts"]))
    assert file.metadata.num_row_groups == len(SYMBOLS)
    parts = json.loads(file.metadata.metadata[b"thor.parts"])
    assert [part[:2] for part in parts] == [[f"{day}", symbol] for symbol in SYMBOLS for day in OCTOBER]


def test_a_part_that_is_made_again_is_read_from_its_own_file(store: LocalStore) -> None:
    run(store)
    put_bars(store, "ES", OCTOBER[1], table=bars_table("ES", OCTOBER[1], price=200.0))
    put_ticks(store, "ES", OCTOBER[1], ticks_table("ES", OCTOBER[1], count=7))
    put_bars(store, "ES", date(2025, 10, 14))
    found = once(store)
    assert len(found) == 100 + 2 + 5
    assert sum(1 for row in found if row[0] == "1m" and row[4] >= 200) == 5
    done = run(store)
    assert (done.files, done.skipped) == (2, 4)
    assert once(store) == found


def test_a_part_that_is_gone_is_gone(store: LocalStore) -> None:
    run(store)
    store.delete(bars_part(OCTOBER[0], "NQ", Timeframe.MINUTE).key)
    assert len(once(store)) == 95


def test_who_began_to_read_before_a_compaction_reads_on(store: LocalStore) -> None:
    before = thor.lake.connect(store.root)
    run(store)
    between = thor.lake.connect(store.root)
    put_bars(store, "ES", OCTOBER[1], table=bars_table("ES", OCTOBER[1], price=200.0))
    run(store)
    for connection in (before, between):
        rows = connection.sql("SELECT symbol, date, ts, count(*) FROM bars GROUP BY ALL").fetchall()
        assert (len(rows), {row[3] for row in rows}) == (50, {1})


class Killed(BaseException):
    pass


class Mortal(LocalStore):
    """A store whose user is killed at the n-th thing it changes, before or after it is done."""

    def __init__(self, store: LocalStore, left: int, *, after: bool) -> None:
        super().__init__(Path(store.root))
        self.left, self.after = left, after

    def _change(self, work: Any) -> None:
        self.left -= 1
        if self.left < 0 and not self.after:
            raise Killed
        work()
        if self.left < 0:
            raise Killed

    def publish(self, path: Path, key: str) -> None:
        self._change(lambda: super(Mortal, self).publish(path, key))

    def delete(self, key: str) -> None:
        self._change(lambda: super(Mortal, self).delete(key))


def _is_killed(store: Mortal) -> bool:
    try:
        run(store)
    except Killed:
        return True
    return False


@pytest.mark.parametrize("after", [False, True])
def test_a_compaction_that_is_killed_anywhere_changes_nothing_for_readers(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    monkeypatch.setattr(compacting, "_INDEX_SECONDS", -1.0)
    monkeypatch.setattr(compacting, "_GRACE", timedelta(0))
    before, killed = once(store), 0
    for left in range(after, 13, 2):
        shutil.rmtree(Path(store.root, "compact"), ignore_errors=True)
        killed += _is_killed(Mortal(store, left, after=after))
        assert once(store) == before
        put_bars(store, "NQ", OCTOBER[0])
        killed += _is_killed(Mortal(store, left // 2, after=after))
        assert once(store) == before
    assert killed > 7
    run(store)
    assert once(store) == before


def test_superseded_copies_go_when_nobody_can_be_reading_them(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(store)
    put_bars(store, "ES", OCTOBER[1], table=bars_table("ES", OCTOBER[1], price=200.0))
    run(store)
    assert len(list(store.list("compact/"))) == 1 + 7
    assert run(store).deleted == 0
    monkeypatch.setattr(compacting, "_GRACE", timedelta(0))
    assert run(store).deleted == 1
    assert {found.key for found in store.list("compact/")} == {INDEX, *(copy.key for copy in read_copies(store))}


def test_a_damaged_file_is_not_copied(store: LocalStore) -> None:
    path = Path(store.uri(ticks_part(OCTOBER[0], "ES").key))
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)
    done = run(store)
    assert done.damaged == (ticks_part(OCTOBER[0], "ES").key,)
    assert "LEFT OUT, run `thor lake verify`: ticks/date=2025-10-09/symbol=ES/ticks.parquet" in done.said()
    assert (done.files, done.parts) == (5, 17)


def test_an_index_that_is_none_is_as_if_there_were_no_copies(store: LocalStore) -> None:
    before = once(store)
    run(store)
    for text in ("", "[]", "{", '{"version": 2, "files": {}}', '{"version": 1, "files": {"x": {}}}'):
        Path(store.root, INDEX).write_text(text)
        assert once(store) == before
    assert run(store).files == 6


@pytest.fixture
def at_home(store: LocalStore) -> Iterator[None]:
    with override_settings(THOR_DATA_DIR=store.root, THOR_NAMESPACE=""):
        yield


@pytest.mark.usefixtures("at_home")
def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("compact_lake", "--dry-run")
    assert "compact/bars/timeframe=1m/month=2025-10  6 small files, to be written" in capsys.readouterr().out
    call_command("compact_lake", "--month", "2025-10")
    assert "12 small files copied into 3" in capsys.readouterr().out
    call_command("compact_lake", "--dry-run", "--month", "2025-10")
    assert "to be written" not in capsys.readouterr().out
    with pytest.raises(CommandError, match="2999-01 is not over"):
        call_command("compact_lake", "--month", "2999-01")


def test_in_an_object_store_the_same(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compacting, "_SETTLED", timedelta(0))
    store = open_store(f"{s3}/compacted")
    put_days(store, ("ES",), OCTOBER)
    before = once(store)
    done = compact(store, Silent(), TODAY)
    assert (done.files, done.parts) == (2, 6)
    assert once(store) == before
    with thor.lake.connect(store.root) as connection:
        plan = connection.sql("EXPLAIN ANALYZE SELECT sum(close) FROM bars WHERE timeframe = '1m'").fetchall()[0][1]
    assert "Total Files Read: 1" in plan
    put_bars(store, "ES", OCTOBER[1], table=bars_table("ES", OCTOBER[1], count=7))
    assert len(once(store)) == len(before) + 2
