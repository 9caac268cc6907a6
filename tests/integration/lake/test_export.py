"""Exports hold every row exactly, once, whatever else happens: late ticks, other exporters, crashes, full disks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

import thor.lake
from tests.ticks_support import DAY, make_week, put_stored, stored_rows
from thor.history.services import connect_database
from thor.lake import columns, lines
from thor.lake import store as stores
from thor.lake.archive import archive
from thor.lake.export import Exported, RefusedError, Wish, export, stale_parts
from thor.lake.files import batches_of, read_metadata, stored_sha256
from thor.lake.layout import ticks_part
from thor.lake.models import FileState, LakeFile
from thor.lake.root import open_store
from thor.lake.runs import CancelledError, Silent
from thor.lake.store import LakeStore
from thor.lake.verify import lake_status, verify
from thor.runtime.problem import Problem

KEY = ticks_part(DAY, "ES").key


@pytest.fixture(autouse=True)
def nobody_writes_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thor.lake.verify._SETTLE_SECONDS", 0.0)


@pytest.fixture
def lake(no_ticks: None, root: str) -> Iterator[LakeStore]:
    """This Thor's own, with a week for ticks."""
    del no_ticks
    make_week(DAY)
    with override_settings(THOR_DATA_DIR=root):
        yield open_store(root)


@pytest.fixture
def folder(no_ticks: None, tmp_path: Path) -> Iterator[LakeStore]:
    """The same in a folder."""
    del no_ticks
    make_week(DAY)
    with override_settings(THOR_DATA_DIR=str(tmp_path / "lake")):
        yield open_store(tmp_path / "lake")


def run(lake: LakeStore, *symbols: str, overwrite: bool = False) -> Exported:
    return export(lake, Wish(DAY, DAY, symbols or None, overwrite), Silent())


def rows_of(lake: LakeStore, key: str = KEY) -> list[dict[str, Any]]:
    return [row for batch in batches_of(lake, key) for row in batch.to_pylist()]


def wrong(lake: LakeStore) -> list[str]:
    found = verify(lake, None, None, rows=True, progress=Silent())
    return [*(each.said() for each in found.damaged), *found.unlisted, *found.lost]


# --- what is in a file ----------------------------------------------------------------------------------------------


def test_a_file_has_every_row_to_the_last_digit_and_says_so(lake: LakeStore) -> None:
    put_stored(count=1_000, every=timedelta(microseconds=0))
    put_stored(count=500, first=5_000, source="TOS")
    put_stored("NQ", count=10)
    done = run(lake)
    assert (done.parts, done.rows, done.skipped, done.empty) == (2, 1_510, 0, 0)
    assert rows_of(lake) == stored_rows()
    said = read_metadata(lake, KEY)
    assert (said[columns.ROWS], said[columns.SCHEMA]) == ("1500", "1")
    assert said[columns.SHA256] == lines.rows_sha256(batches_of(lake, KEY))
    with lake.open(KEY) as file:
        assert pq.ParquetFile(file).schema_arrow.equals(columns.TICKS)
    listed = LakeFile.objects.get(key=KEY)
    assert (listed.rows, listed.stored, listed.rows_sha256) == (1_500, 1_500, said[columns.SHA256])
    assert listed.file_sha256 == stored_sha256(lake, KEY)
    assert wrong(lake) == []


def test_sums_and_counts_are_those_of_sql_in_duckdb_and_polars(folder: LakeStore) -> None:
    for symbol in ("ES", "NQ", "ZB"):
        put_stored(symbol, count=777)
    run(folder)
    ask = "SELECT symbol, count(*), sum(last), sum(ask), max(seq), count(DISTINCT ts) FROM ticks GROUP BY 1 ORDER BY 1"
    with connect_database() as database:
        there = database.execute(ask).fetchall()
    with thor.lake.connect(folder.root) as lake:
        assert lake.sql(ask).fetchall() == there
    frame = thor.lake.scan_ticks(root=folder.root).collect()
    assert (frame.height, frame["last"].sum()) == (3 * 777, sum(row[2] for row in there))


def test_every_tick_is_in_one_partition(folder: LakeStore) -> None:
    """Also around the turn of a trade date, and on a date whose session spans the week's border."""
    days = [date(2026, 4, 2), date(2026, 4, 3), date(2026, 4, 6)]
    make_week(days[0])
    make_week(days[2])
    put_stored("CL", days[0], 50)
    put_stored("CL", days[2], 50, start=datetime(2026, 4, 2, 21, 59, 59, 990_000, tzinfo=UTC) + timedelta(minutes=1))
    put_stored("CL", days[2], 50, first=900, start=datetime(2026, 4, 6, 3, tzinfo=UTC))
    export(folder, Wish(days[0], days[2]), Silent())
    kept = {each.trade_date: each.rows for each in LakeFile.objects.all()}
    assert kept == {days[0]: 50, days[2]: 100}
    assert rows_of(folder, ticks_part(days[2], "CL").key) == stored_rows("CL", days[2])


# --- again, and while others do -------------------------------------------------------------------------------------


def test_what_is_up_to_date_is_left_alone_and_late_ticks_renew_their_part_only(lake: LakeStore) -> None:
    put_stored(count=100)
    put_stored("NQ", count=100)
    run(lake)
    before = {each.key: each for each in lake.list()}
    assert (again := run(lake)).parts == 0 and again.skipped == 2
    put_stored(count=7, first=50_000)
    assert [each.part.key for each in stale_parts(DAY, DAY)] == [KEY]
    done = run(lake)
    assert (done.parts, done.skipped, done.rows) == (1, 1, 107)
    assert rows_of(lake) == stored_rows()
    after = {each.key: each for each in lake.list()}
    assert [key for key in after if after[key] != before[key]] == [KEY]
    assert run(lake, overwrite=True).parts == 2
    assert wrong(lake) == []


def test_two_exporters_at_once_make_the_same_content(folder: LakeStore) -> None:
    symbols = ("ES", "NQ", "YM", "ZB")
    for symbol in symbols:
        put_stored(symbol, count=2_000)
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: run(folder), range(3)))
    assert sum(each.parts for each in done) == 4
    for symbol in symbols:
        assert rows_of(folder, ticks_part(DAY, symbol).key) == stored_rows(symbol)
    assert wrong(folder) == []


def test_a_file_that_was_published_and_not_listed_is_listed(lake: LakeStore) -> None:
    put_stored(count=300)
    run(lake)
    there = lake.find(KEY)
    LakeFile.objects.all().delete()
    run(lake)
    assert lake.find(KEY) == there
    assert LakeFile.objects.get().stored == 300 and wrong(lake) == []


def test_an_unlisted_file_that_is_none_of_ours_is_replaced_or_merged(folder: LakeStore) -> None:
    put_stored(count=300)
    path = Path(folder.root, KEY)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PAR1 is not all there is to it")
    run(folder)
    assert rows_of(folder) == stored_rows()
    put_stored(count=20, first=9_000)
    run(folder)
    before = stored_rows()
    with connect_database() as database:
        database.execute("DELETE FROM ticks WHERE seq >= 9000")
    LakeFile.objects.all().delete()
    run(folder)
    assert rows_of(folder) == before
    assert LakeFile.objects.get().state == FileState.ARCHIVED


class _Cancelling(Silent):
    def advance(self, by: int = 1, note: str = "") -> None:
        del note
        if by:
            raise CancelledError


def test_a_cancelled_export_leaves_whole_files_or_none(folder: LakeStore) -> None:
    for symbol in ("ES", "NQ", "YM"):
        put_stored(symbol, count=3_000)
    with pytest.raises(CancelledError):
        export(folder, Wish(DAY, DAY), _Cancelling())
    assert [rows_of(folder, each.key) for each in folder.list()] == [
        stored_rows(each.key.split("symbol=")[1].split("/")[0]) for each in folder.list()
    ]
    assert wrong(folder) == []
    run(folder)
    assert LakeFile.objects.count() == 3 and wrong(folder) == []


@pytest.mark.parametrize("place", ["export.write_ticks", "store.LocalStore.publish", "export.list_file"])
def test_the_run_after_a_crash_goes_on(folder: LakeStore, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    put_stored(count=200)
    module, _, name = place.partition(".")
    owner = stores.LocalStore if "." in name else __import__(f"thor.lake.{module}", fromlist=["x"])

    def crash(*_args: object, **_more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(owner, name.rpartition(".")[2], crash)
        with pytest.raises(KeyboardInterrupt):
            run(folder)
    assert LakeFile.objects.count() == 0
    run(folder)
    assert rows_of(folder) == stored_rows() and wrong(folder) == []


def test_a_file_that_was_replaced_and_not_listed_is_made_again(
    folder: LakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same size, it would pass for the one that is listed."""
    put_stored(count=200)
    run(folder)
    crash_at_the_list(folder, monkeypatch, overwrite=True)
    assert "who replaced it ended before" in wrong(folder)[0]
    assert run(folder).parts == 1 and wrong(folder) == []
    archive(folder, LONG_AGO, Silent(), dry_run=False)
    make_week(DAY)
    put_stored(count=30, first=500)
    crash_at_the_list(folder, monkeypatch)
    assert run(folder).rows == 230 and wrong(folder) == []


def crash_at_the_list(folder: LakeStore, monkeypatch: pytest.MonkeyPatch, *, overwrite: bool = False) -> None:
    def crash(*_args: object, **_more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("thor.lake.export.list_file", crash)
        with pytest.raises(KeyboardInterrupt):
            run(folder, overwrite=overwrite)


def test_another_lake_gets_the_files_and_no_list(folder: LakeStore, tmp_path: Path) -> None:
    put_stored(count=200)
    other = open_store(tmp_path / "other")
    assert run(other).parts == 1
    assert run(other).skipped == 1
    assert rows_of(other) == stored_rows() and LakeFile.objects.count() == 0
    put_stored(count=5, first=700)
    assert run(other).rows == 205


# --- refusals -------------------------------------------------------------------------------------------------------


def refused(*words: str) -> str:
    with pytest.raises(CommandError) as found:
        call_command(*words)
    assert found.value.returncode == 2
    line = str(found.value)
    assert "\n" not in line
    return line


def test_wrong_wishes_are_one_line_and_write_nothing(folder: LakeStore, tmp_path: Path) -> None:
    put_stored(count=10)
    date_ = ("export_to_parquet", f"--date={DAY}")
    assert "before" in refused("export_to_parquet", "--start=2025-10-10", "--end=2025-10-09")
    assert "--start and --end" in refused("export_to_parquet", "--start=2025-10-10")
    assert "from 1971-01-01 to 2199-12-31" in refused("export_to_parquet", "--date=0001-01-01")
    for symbol in ("../x", "/etc/passwd", "ES/../../x", "NOPE"):
        assert "no such instrument" in refused(*date_, f"--symbols=ES,{symbol}")
    assert "neither a folder nor" in refused(*date_, "--output-dir=ftp://x/y")
    (tmp_path / "file").write_text("")
    assert "cannot write" in refused(*date_, f"--output-dir={tmp_path / 'file' / 'lake'}")
    assert list(folder.list()) == []


def test_no_room_is_said_before_anything_is_written(folder: LakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put_stored(count=10)
    monkeypatch.setattr(stores.LocalStore, "free_bytes", lambda _self: 1 << 20)
    assert "no room in the lake" in refused("export_to_parquet", f"--date={DAY}")
    assert list(folder.list()) == []


def test_a_disk_that_fills_meanwhile_leaves_the_old_file(folder: LakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put_stored(count=100)
    run(folder)
    before = rows_of(folder)
    put_stored(count=5, first=700)

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("thor.lake.store._sync", full)
        assert "No space left on device" in refused("export_to_parquet", f"--date={DAY}")
    assert rows_of(folder) == before
    assert run(folder).rows == 105 and wrong(folder) == []


# --- the archive ----------------------------------------------------------------------------------------------------

LONG_AGO = 30


def test_a_week_leaves_only_when_every_row_is_in_the_lake(folder: LakeStore) -> None:
    put_stored(count=200)
    put_stored("NQ", count=50)
    assert "backfill_parquet" in archive(folder, LONG_AGO, Silent(), dry_run=False).kept[0]
    run(folder)
    put_stored(count=1, first=9_000)
    assert "has 200 of 201 rows" in archive(folder, LONG_AGO, Silent(), dry_run=False).kept[0]
    run(folder)
    want = stored_rows()
    assert archive(folder, LONG_AGO, Silent(), dry_run=True).weeks and stored_rows() == want
    done = archive(folder, LONG_AGO, Silent(), dry_run=False)
    assert (done.rows, done.files, done.kept) == (251, 2, ())
    assert stored_rows() == [] and rows_of(folder) == want
    assert {each.state for each in LakeFile.objects.all()} == {FileState.ARCHIVED}
    assert run(folder).parts == 0 and wrong(folder) == []


def test_ticks_of_an_archived_date_are_merged_into_its_file(lake: LakeStore) -> None:
    put_stored(count=200)
    run(lake)
    before = rows_of(lake)
    archive(lake, LONG_AGO, Silent(), dry_run=False)
    make_week(DAY)
    put_stored(count=30, first=190)  # 10 of these are in the file
    put_stored(count=5, first=7_000)
    late = [row for row in stored_rows() if (row["ts"], row["seq"]) not in {(r["ts"], r["seq"]) for r in before}]
    assert run(lake).rows == 200 + len(late)
    assert {row["seq"] for row in rows_of(lake)} == {row["seq"] for row in before + late}
    assert sorted(row["ts"] for row in before + late) == [row["ts"] for row in rows_of(lake)]
    assert run(lake).parts == 0 and wrong(lake) == []
    assert archive(lake, LONG_AGO, Silent(), dry_run=False).rows == 35
    assert wrong(lake) == [] and len(rows_of(lake)) == 200 + len(late)


def test_a_damaged_file_keeps_its_rows_in_the_database_and_is_never_written_over(folder: LakeStore) -> None:
    put_stored(count=200)
    run(folder)
    path = Path(folder.root, KEY)
    sound = path.read_bytes()
    flip(path, 300)
    assert "damaged" in archive(folder, LONG_AGO, Silent(), dry_run=False).kept[0]
    assert len(stored_rows()) == 200
    path.write_bytes(sound)
    archive(folder, LONG_AGO, Silent(), dry_run=False)
    flip(path, 300)
    make_week(DAY)
    put_stored(count=5, first=7_000)
    put_stored("NQ", count=5)
    with pytest.raises(RefusedError, match="Bring it back from a backup"):
        run(folder)
    assert path.stat().st_size == len(sound)
    assert lake_rows("NQ") == 5  # the others are exported all the same
    path.unlink()
    with pytest.raises(RefusedError):
        run(folder)
    path.write_bytes(sound)
    assert run(folder).rows == 205 and wrong(folder) == []


def lake_rows(symbol: str) -> int:
    return LakeFile.objects.get(symbol=symbol).rows


def test_a_tick_that_comes_while_the_week_is_dropped_stays(folder: LakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put_stored(count=200)
    run(folder)
    from thor.lake import archive as archiving

    prove = archiving._prove

    def prove_and_store(*args: Any) -> None:
        prove(*args)
        put_stored(count=1, first=7_000)

    monkeypatch.setattr(archiving, "_prove", prove_and_store)
    assert "meanwhile" in archive(folder, LONG_AGO, Silent(), dry_run=False).kept[0]
    assert len(stored_rows()) == 201
    assert LakeFile.objects.get().state == FileState.OK


def test_a_crash_before_the_commit_drops_nothing(folder: LakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put_stored(count=200)
    run(folder)

    def crash(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("thor.lake.archive._mark", crash)
        with pytest.raises(KeyboardInterrupt):
            archive(folder, LONG_AGO, Silent(), dry_run=False)
    assert len(stored_rows()) == 200
    with pytest.raises(Problem, match="stay"):
        archive(folder, 3, Silent(), dry_run=False)


# --- verify ---------------------------------------------------------------------------------------------------------


def flip(path: Path, place: int) -> None:
    found = bytearray(path.read_bytes())
    found[place] ^= 1
    path.write_bytes(found)


def test_a_flipped_byte_a_missing_and_an_unlisted_file_are_found(
    folder: LakeStore, capsys: pytest.CaptureFixture[str]
) -> None:
    for symbol in ("ES", "NQ", "YM"):
        put_stored(symbol, count=400)
    run(folder)
    call_command("lake", "verify", "--rows")
    assert "3 files, 1,200 rows" in capsys.readouterr().out
    flip(Path(folder.root, KEY), 500)
    Path(folder.root, ticks_part(DAY, "NQ").key).unlink()
    shutil.copytree(
        Path(folder.root, "ticks", f"date={DAY}", "symbol=YM"), Path(folder.root, "ticks/date=2025-10-10/symbol=YM")
    )
    with connect_database() as database:
        database.execute("DELETE FROM ticks WHERE symbol = 'YM' AND seq < 3")
    put_stored("ZB", count=10)
    with pytest.raises(SystemExit) as ended:
        call_command("lake", "verify")
    said = capsys.readouterr().out
    assert ended.value.code == 1
    assert f"{KEY}: damaged: its bytes are not those" in said
    assert "symbol=NQ/ticks.parquet: missing" in said
    assert "ticks/date=2025-10-10/symbol=YM/ticks.parquet: nobody listed it" in said
    assert "PostgreSQL has 397 of the 400 rows" in said
    assert "symbol=ZB/ticks.parquet: PostgreSQL has 10 rows, not all exported" in said
    assert [(each.state, each.behind) for each in lake_status()] == [(FileState.MISSING, 10)]
    run(folder, "ES", "NQ")
    assert wrong(folder)[1:] == [f"{ticks_part(DAY, 'YM').key}: PostgreSQL has 397 of the 400 rows that it had"]
    assert wrong(folder)[0] == "ticks/date=2025-10-10/symbol=YM/ticks.parquet"


def test_rows_that_are_not_those_of_their_hash_are_found(lake: LakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was written wrong and hashed wrong: its bytes are as listed."""
    put_stored(count=100)
    with monkeypatch.context() as patch:
        patch.setattr("thor.lake.tick_file.RowsHash.hexdigest", lambda _self: "0" * 64)
        run(lake)
    assert verify(lake, None, None, rows=False, progress=Silent()).is_good
    assert wrong(lake) == [f"{KEY}: damaged: its rows are not those of its hash"]
    assert LakeFile.objects.get().trouble
    assert run(lake).parts == 1 and wrong(lake) == []


def test_status_and_backfill_by_command(folder: LakeStore, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("backfill_parquet")
    assert "nothing to export" in capsys.readouterr().out
    put_stored(count=100)
    put_stored(day=date(2025, 10, 10), count=50)
    call_command("lake", "status")
    assert "150 ticks wait" in capsys.readouterr().out
    call_command("backfill_parquet")
    assert "2025-10-09 to 2025-10-10: 2 files, 150 rows" in capsys.readouterr().out
    call_command("export_to_parquet", "--start=2025-10-08", "--end=2025-10-10")
    assert "0 files, 0 rows, 0.0 MiB" in (said := capsys.readouterr().out) and "1 dates without ticks" in said
    call_command("lake", "status", "--json")
    assert '"rows": 100' in capsys.readouterr().out
    call_command("archive_ticks", "--older-than=30d")
    assert "Nothing was: give --yes" in capsys.readouterr().out
