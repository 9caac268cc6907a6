"""Recordings in the database: each row once, refusals told, and the lake's own files back as they were."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from thor.history.services import connect_database
from thor.history.store import TickStore
from thor.history.tick import copy_line
from thor.instruments.selectors import load_catalogue
from thor.instruments.services import seed_instruments
from thor.lake import columns
from thor.lake.export import Wish as ExportWish
from thor.lake.export import export
from thor.lake.import_formats.opened import Wish
from thor.lake.importing import How, Imported, import_files
from thor.lake.layout import ticks_part
from thor.lake.models import LakeFile, QualityDay
from thor.lake.quality_report import report
from thor.lake.runs import Silent
from thor.lake.store import LocalStore
from thor.markets.trade_date import DEFAULT_GROUP, epoch_us
from thor.quotes.quote import Quote, judge

pytestmark = pytest.mark.django_db
#: An export lists its files through connections of its own.
committed = pytest.mark.django_db(transaction=True)

DAY = date(2013, 10, 7)
START = datetime(2013, 10, 7, 13, 30, tzinfo=UTC)
NOW_US = epoch_us(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    """Ticks are stored through connections of their own, which no test's transaction takes back."""
    seed_instruments()
    yield
    forget()


def forget() -> None:
    """Not by TRUNCATE: that would wait for this test's own transaction, which has read of the table."""
    sql("DELETE FROM ticks")
    sql("DELETE FROM tick_conflicts")


def sql(text: str) -> list[tuple[Any, ...]]:
    with connect_database() as connection:
        cursor = connection.execute(text)
        return list(cursor.fetchall()) if cursor.description else []


def imported(*paths: Path, wish: Wish | None = None, how: How | None = None) -> Imported:
    return import_files(paths, wish or Wish(), how or How(), load_catalogue(), connect_database, NOW_US, Silent())


def recording(folder: Path, *rows: str, head: str = "ts,symbol,last,last_size", name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


ROWS = ("2013-10-07T13:30:00Z,GC,1313.50,1", "2013-10-07T13:30:00Z,GC,1313.50,1", "2013-10-07T13:30:01Z,GC,oops,1")


def test_rows_without_numbers_are_stored_once_each_and_once_only(tmp_path: Path) -> None:
    path = recording(tmp_path, *ROWS)
    first, again = imported(path), imported(path)
    assert (first.rows, first.good, first.new, first.known, dict(first.refused)) == (3, 2, 2, 0, {"wrong_type": 1})
    assert (again.new, again.known, again.conflicts) == (0, 2, 0)
    assert sql("SELECT seq, last::text, source, trade_date, stream_id FROM ticks ORDER BY seq") == [
        (0, "1313.50", "REPLAY", DAY, None), (1, "1313.50", "REPLAY", DAY, None),
    ]  # fmt: skip


def test_of_equal_keys_the_first_wins_and_the_other_is_kept(tmp_path: Path) -> None:
    imported(recording(tmp_path, ROWS[0]))
    other = imported(recording(tmp_path, "2013-10-07T13:30:00Z,GC,1400,1", name="b.csv"))
    assert (other.new, other.known, other.conflicts) == (0, 1, 1)
    assert sql("SELECT last::text FROM ticks") == [("1313.50",)]
    assert sql("SELECT last::text FROM tick_conflicts") == [("1400",)]


def test_years_in_one_file_make_only_the_weeks_that_they_have(tmp_path: Path) -> None:
    before = len(sql("SELECT 1 FROM pg_inherits WHERE inhparent = 'ticks'::regclass"))
    imported(recording(tmp_path, "1998-10-07T13:30:00Z,GC,1,1", "2008-10-08T13:30:00Z,GC,1,1"))
    assert len(sql("SELECT 1 FROM pg_inherits WHERE inhparent = 'ticks'::regclass")) == before + 2


def test_a_dry_run_stores_nothing(tmp_path: Path) -> None:
    done = imported(recording(tmp_path, *ROWS), how=How(dry_run=True))
    assert (done.good, done.new, sum(done.refused.values())) == (2, 0, 1)
    assert sql("SELECT 1 FROM ticks") == []


@pytest.mark.parametrize(
    ("contracts", "kept"), [("all", "GCV13 GCZ13 GCG14"), ("front", "GCZ13"), ("GCG14,GCV13", "GCV13 GCG14")]
)
def test_contracts_that_are_wanted(tmp_path: Path, contracts: str, kept: str) -> None:
    rows = [f"2013-10-07T13:30:0{n}Z,{name},1313,1" for n, name in enumerate(("GCV13", "GCZ13", "/GCG14:XCEC"))]
    done = imported(recording(tmp_path, *rows), how=How(contracts=tuple(contracts.split(","))))
    found = sql("SELECT extra->'meta'->>'contract' FROM ticks ORDER BY ts")
    assert (" ".join(each for (each,) in found), done.left_out) == (kept, 3 - len(kept.split()))


# --- the lake's own files ---------------------------------------------------------------------------------------------


def store_heard(count: int = 40) -> None:
    """Quotes as the ingestor stores them: stream ids out of order of time, marks, levels, other digits."""
    lines = []
    for n in range(count):
        meta: dict[str, Any] = {"contract": "ESZ13"} if n % 3 else {}
        quote = Quote(
            "ES", epoch_us(START) + (n % 7) * 1000, "TOS", last=Decimal("1676.50"), bid=Decimal(1677 - n % 2),
            ask=Decimal("1676.25"), last_size=n, volume=10 * n, open=Decimal("1670.00"), seq=n, condition="a,\"b'",
            recv_us=epoch_us(START) + n, venue=None if n % 2 else "CME", meta=meta,
        )  # fmt: skip
        lines.append(copy_line(judge(quote, quote.ts_us, {"ES"}), f"{9 + n}-{n % 2}", DEFAULT_GROUP))
    ticks = TickStore(connect_database)
    try:
        ticks.store(b"".join(lines), count, epoch_us(START), epoch_us(START) + 10**6, redelivered=False)
    finally:
        ticks.close()


def exported(folder: Path, name: str) -> tuple[LocalStore, LakeFile]:
    store = LocalStore(folder / name)
    LakeFile.objects.all().delete()
    export(store, ExportWish(DAY, DAY), Silent())
    return store, LakeFile.objects.get(key=ticks_part(DAY, "ES").key)


@committed
def test_a_file_of_the_lake_goes_back_as_it_was(tmp_path: Path, settings: Any) -> None:
    settings.THOR_DATA_DIR = str(tmp_path / "one")
    store_heard()
    store, listed = exported(tmp_path, "one")
    sql("DELETE FROM ticks")
    done = imported(Path(store.uri(listed.key)))
    assert (done.new, done.known, dict(done.refused)) == (40, 0, {})
    assert imported(Path(store.uri(listed.key))).known == 40
    settings.THOR_DATA_DIR = str(tmp_path / "two")
    _, again = exported(tmp_path, "two")
    assert (again.rows, again.rows_sha256) == (listed.rows, listed.rows_sha256)


def test_a_file_of_the_lake_from_before_some_columns(tmp_path: Path) -> None:
    names = ["symbol", "ts", "last", "source", "seq"]
    schema = pa.schema([columns.TICKS.field(name) for name in names]).with_metadata({columns.SCHEMA: "0"})
    path = tmp_path / "ticks.parquet"
    rows = [{"symbol": "GC", "ts": START, "last": Decimal("1313.5"), "source": "TOS", "seq": 7}]
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    assert imported(path).new == 1
    assert sql("SELECT symbol, last::text, seq, created_at > '2025-12-31' FROM ticks") == [("GC", "1313.5", 7, True)]


# --- the command ------------------------------------------------------------------------------------------------------


def run(*words: str) -> str:
    out = StringIO()
    call_command("import_ticks", *words, stdout=out)
    return out.getvalue()


def test_the_refused_rows_in_a_file_that_no_spreadsheet_runs(tmp_path: Path) -> None:
    rows = (ROWS[0], "2013-10-07T13:30:00Z,=1+1,-37.63,1", "never,GC,1,1")
    path = recording(tmp_path, *rows, name="=a.csv")
    said = run(str(path), "--report", str(tmp_path / "r.csv"))
    assert "1 file, 3 rows: 1 stored, 0 already there, 2 refused" in said
    assert "1 bad_symbol" in said
    with (tmp_path / "r.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.reader(file))
    assert table[1][:3] == ["'=a.csv", "2", "bad_symbol"]
    assert "is neither an epoch number" in table[2][3]
    assert [cell for row in table for cell in row if cell.startswith(("=", "+", "-", "@"))] == []
    run(str(path), "--report", str(tmp_path / "r.json"))
    document = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert (document["counts"], document["refused"][0]["values"]["last"]) == (
        {"bad_symbol": 1, "bad_time": 1}, "-37.63",
    )  # fmt: skip


def test_symbols_that_thor_does_not_know_are_told_in_one_line(tmp_path: Path) -> None:
    rows = [f"2013-10-07T13:30:00Z,{symbol},1,1" for symbol in ("AIG", "SPY", "AIG", "GC")]
    said = run(str(recording(tmp_path, *rows)))
    assert "3 unknown_symbol: AIG, SPY: no instruments of this Thor. Add them in the admin" in said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["{none}"], 1, "nothing was accepted"),
        (["{none}", "--symbol", "GC", "--columns", "last=Price"], 2, "no column Price"),
        (["{folder}/absent.csv"], 2, "does not exist"),
        (["{folder}/a.xlsx"], 2, "give --format"),
        (["{naive}"], 2, "name no zone: give --tz"),
        (["{none}", "--tz", "Mars/Base"], 1, "wanted a time zone"),
    ],
)
def test_what_ends_with_which_code(tmp_path: Path, words: list[str], code: int, said: str) -> None:
    names = {
        "folder": str(tmp_path),
        "none": str(recording(tmp_path, "2013-10-07T13:30:00Z,AIG,1,1")),
        "naive": str(recording(tmp_path, "2013-10-07 13:30:00,GC,1,1", name="naive.csv")),
    }
    with pytest.raises(CommandError, match=said) as caught:
        run(*(word.format(**names) for word in words))
    assert caught.value.returncode == code


# --- quality ----------------------------------------------------------------------------------------------------------


@committed
def test_quality_is_made_once_and_again_when_ticks_changed(tmp_path: Path, settings: Any) -> None:
    settings.THOR_DATA_DIR = str(tmp_path / "lake")
    store_heard()
    store, listed = exported(tmp_path, "lake")
    done = report(store, DAY, DAY, None, Silent())
    row = QualityDay.objects.get(symbol="ES", trade_date=DAY)
    assert (done.days, row.ticks, row.crossed, row.sources, row.made_of) == (1, 40, 20, {"TOS": 40}, listed.rows_sha256)
    assert row.out_of_order == 29  # seven instants in turn: after the first round only the newest is not behind
    assert report(store, DAY, DAY, None, Silent()).days == 0
    imported(recording(tmp_path, f"{START + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ},ES,1676,1"))
    export(store, ExportWish(DAY, DAY), Silent())
    assert report(store, DAY, DAY, None, Silent()).days == 1
    assert QualityDay.objects.get(symbol="ES", trade_date=DAY).sources == {"REPLAY": 1, "TOS": 40}


@committed
def test_conflicts_are_followed_though_no_tick_changed(tmp_path: Path, settings: Any) -> None:
    settings.THOR_DATA_DIR = str(tmp_path / "lake")
    imported(recording(tmp_path, f"{START:%Y-%m-%dT%H:%M:%SZ},ES,1676,1"))
    store, _ = exported(tmp_path, "lake")
    report(store, DAY, DAY, None, Silent())
    imported(recording(tmp_path, f"{START:%Y-%m-%dT%H:%M:%SZ},ES,1677,1"))
    assert report(store, DAY, DAY, None, Silent()).days == 0
    assert QualityDay.objects.get(symbol="ES").conflicts == 1


@committed
def test_the_table_of_quality_and_a_file_that_is_broken(tmp_path: Path, settings: Any) -> None:
    settings.THOR_DATA_DIR = str(tmp_path / "lake")
    store_heard()
    store, listed = exported(tmp_path, "lake")
    out = StringIO()
    call_command("quality_report", "--date", DAY.isoformat(), "--symbols", "ES", stdout=out)
    assert "2013-10-07  ES         40" in out.getvalue()
    call_command("quality_report", "--date", DAY.isoformat(), "--json", stdout=(told := StringIO()))
    assert json.loads(told.getvalue())[0]["crossed"] == 20
    Path(store.uri(listed.key)).write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("quality_report", "--date", DAY.isoformat(), "--overwrite")


def test_parquet_of_others_as_polars_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"ts": [START], "symbol": ["/ESZ13"], "last": [1676.25], "cum_volume": [5]}).write_parquet(path)
    assert imported(path).new == 1
    assert sql("SELECT last::text, volume, extra->'meta'->>'contract' FROM ticks") == [("1676.25", 5, "ESZ13")]
