"""Reading a lake: in SQL, in frames, by other programs; pruned; with nothing there; without Django."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import thor.lake
from tests.lake_support import bars_table, ticks_table
from tests.support import CHECKOUT
from thor.lake import columns
from thor.lake.files import write_table
from thor.lake.layout import Timeframe, bars_part, table_part, ticks_part
from thor.lake.store import LocalStore

DAYS = [date(2025, 10, 9), date(2025, 10, 10), date(2025, 10, 13)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> str:
    store = LocalStore(tmp_path_factory.mktemp("lake"))
    for number, day in enumerate(DAYS):
        contract = "ESZ25" if number < 2 else "ESH26"
        for symbol in ("ES", "NQ"):
            write_table(store, ticks_part(day, symbol), ticks_table(symbol, day), "test", {})
            for timeframe in (Timeframe.MINUTE, Timeframe.HOUR):
                table = bars_table(symbol, day, timeframe, contract=contract if symbol == "ES" else None)
                write_table(store, bars_part(day, symbol, timeframe), table, "test", {})
    differences = {
        "symbol": ["ES"], "trade_date": [DAYS[1]], "from_contract": ["ESZ25"], "to_contract": ["ESH26"],
        "difference": [Decimal("50.25")],
    }  # fmt: skip
    schema = pa.schema([("symbol", pa.string()), ("trade_date", pa.date32()), ("from_contract", pa.string()),
                        ("to_contract", pa.string()), ("difference", columns.PRICE)])  # fmt: skip
    write_table(store, table_part(DAYS[1], "rolls"), pa.table(differences, schema=schema), "test", {})
    return store.root


def test_views_have_the_files_columns_the_date_and_the_old_names(root: str) -> None:
    with thor.lake.connect(root) as lake:
        ticks = lake.sql("SELECT * FROM ticks ORDER BY symbol, ts, seq")
        assert ticks.columns == [*columns.TICKS.names, "date", "lastSize", "bidSize", "askSize"]
        assert len(ticks) == 3 * 2 * 5
        row = lake.sql(
            "SELECT ts, last, lastSize, date FROM ticks WHERE symbol = 'NQ' AND seq = 3 ORDER BY ts LIMIT 1"
        ).fetchall()
        assert row == [(datetime(2025, 10, 9, 12, 0, 2, tzinfo=UTC), Decimal("103.250000"), 3, DAYS[0])]
        assert lake.sql("SELECT * FROM bars").columns == [*columns.BARS.names, "date"]
        counted = lake.sql("SELECT timeframe, count(*) FROM bars GROUP BY ALL ORDER BY ALL").fetchall()
        assert counted == [("1h", 30), ("1m", 30)]


@pytest.mark.parametrize(
    ("where", "files"),
    [
        ("date = '2025-10-10' AND symbol = 'ES' AND timeframe = '1m'", 1),
        ("date >= DATE '2025-10-10' AND timeframe = '1h'", 4),
        ("symbol = 'NQ' AND timeframe = '1m'", 3),
        ("timeframe = '5m'", 0),
    ],
)
def test_sql_opens_only_files_that_its_filters_leave(root: str, where: str, files: int) -> None:
    with thor.lake.connect(root) as lake:
        plan = lake.sql(f"EXPLAIN ANALYZE SELECT sum(close) FROM bars WHERE {where}").fetchall()[0][1]
    read = [int(line.split(":")[1].strip(" │")) for line in plan.splitlines() if "Total Files Read" in line]
    assert sum(read) == files


def test_frames_open_only_files_that_their_arguments_leave(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []
    scan = pl.scan_parquet

    def noted(files: list[str], **options: Any) -> pl.LazyFrame:
        given.extend(files)
        return scan(files, **options)

    monkeypatch.setattr(pl, "scan_parquet", noted)
    found = thor.lake.scan_ticks("/ES", date(2025, 10, 10), date(2025, 10, 12), root=root).collect()
    assert (found.height, given) == (5, [f"{root}/ticks/date=2025-10-10/symbol=ES/ticks.parquet"])
    assert found.columns == [*columns.TICKS.names, "date"]


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        (None, None, 15),
        ("2025-10-10", None, 10),
        (None, "2025-10-09", 5),
        ("2025-10-09T12:02:00Z", "2025-10-10T14:01:00+02:00", 4),
        (datetime(2025, 10, 13, 12, 4, tzinfo=UTC), None, 1),
        ("2026-01-01", None, 0),
    ],
)
def test_a_date_is_a_trade_date_and_an_instant_an_instant(root: str, start: Any, end: Any, count: int) -> None:
    assert thor.lake.scan_bars("1m", ["ES"], start, end, root=root).collect().height == count


def test_what_is_none_is_said_plainly(root: str) -> None:
    for wrong in ({"start": "noon"}, {"end": datetime(2025, 10, 9)}, {"symbols": "../x"}):  # noqa: DTZ001
        with pytest.raises(ValueError, match=r"noon|no time zone|x"):
            thor.lake.scan_ticks(root=root, **wrong)
    with pytest.raises(ValueError, match="'2m' is no timeframe: give one of 1s, 5s, 1m"):
        thor.lake.scan_bars("2m", root=root)


def test_one_series_over_a_roll(root: str) -> None:
    raw = thor.lake.continuous("ES", "1m", root=root).sort("ts").collect()
    assert raw["close"].to_list() == [100.0, 101.0, 102.0, 103.0, 104.0] * 3
    moved = thor.lake.continuous("ES", "1m", adjust="difference", root=root).sort("ts").collect()
    by = [50.25] * 10 + [0.0] * 5
    for name in ("open", "high", "low", "close", "vwap"):
        assert moved[name].to_list() == [value + more for value, more in zip(raw[name], by, strict=True)]
    early = thor.lake.continuous("ES", "1m", None, "2025-10-10", "difference", root).sort("ts").collect()
    assert early["close"].to_list() == moved["close"].to_list()[:10]
    assert thor.lake.continuous("NQ", "1m", adjust="difference", root=root).collect().height == 15


def test_a_roll_that_was_not_measured_is_said(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    for day, contract in ((DAYS[0], "ESZ25"), (DAYS[1], "ESH26")):
        table = bars_table("ES", day, contract=contract)
        write_table(store, bars_part(day, "ES", Timeframe.MINUTE), table, "test", {})
    with pytest.raises(ValueError, match="the roll from ESZ25 to ESH26 after 2025-10-09 was not measured"):
        thor.lake.continuous("ES", "1m", adjust="difference", root=tmp_path)
    assert thor.lake.continuous("ES", "1m", "2025-10-10", adjust="difference", root=tmp_path).collect().height == 5


def test_bars_of_a_contract_that_is_not_in_front(tmp_path: Path) -> None:
    store, day = LocalStore(tmp_path), DAYS[0]
    both = []
    for contract, price in (("ESZ25", "6700.00"), ("ESH26", "6750.00")):
        table = ticks_table("ES", day, 90, price=price).drop_columns(["contract"])
        both.append(table.append_column("contract", pa.array([contract] * 90)).select(columns.TICKS.names))
    table = pa.concat_tables(both).sort_by([("ts", "ascending"), ("contract", "ascending")])
    write_table(store, ticks_part(day, "ES"), table, "test", {})
    found = thor.lake.contract_bars("ES", "/ESH26:XCME", "1m", root=tmp_path)
    assert found.select("contract", "open", "tick_count").rows() == [("ESH26", 6750.0, 61), ("ESH26", 6811.0, 29)]
    assert thor.lake.contract_bars("ES", "ESM26", "1m", root=tmp_path).height == 0
    with pytest.raises(ValueError, match="names no delivery month"):
        thor.lake.contract_bars("ES", "ES", "1m", root=tmp_path)


def test_an_empty_lake_has_empty_views_with_all_columns(tmp_path: Path) -> None:
    with thor.lake.connect(tmp_path / "none") as lake:
        for name in ("ticks", "bars", "baselines"):
            assert lake.sql(f"SELECT * FROM {name}").fetchall() == []
        kinds = {name: str(kind) for name, kind, *_ in lake.sql("DESCRIBE ticks").fetchall()}
        assert (kinds["last"], kinds["ts"], kinds["date"]) == ("DECIMAL(18,6)", "TIMESTAMP WITH TIME ZONE", "DATE")
        lake.sql(
            "SELECT symbol, max(close) FROM bars WHERE timeframe = '1m' AND date > '2025-01-01' GROUP BY ALL"
        ).fetchall()
    assert thor.lake.scan_bars("1m", root=tmp_path / "none").collect().columns == [*columns.BARS.names, "date"]
    assert thor.lake.scan_ticks(root=tmp_path / "none").collect().height == 0


def test_files_of_an_older_version_are_read_beside_newer_ones(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    write_table(
        store, ticks_part(DAYS[0], "ES"), ticks_table("ES", DAYS[0]).drop_columns(["contract", "venue"]), "test", {}
    )
    write_table(store, ticks_part(DAYS[1], "ES"), ticks_table("ES", DAYS[1]), "test", {})
    with thor.lake.connect(tmp_path, mixed=True) as lake:
        rows = lake.sql("SELECT date, count(*), count(contract) FROM ticks GROUP BY ALL ORDER BY ALL").fetchall()
    assert rows == [(DAYS[0], 5, 0), (DAYS[1], 5, 0)]
    assert thor.lake.scan_ticks(root=tmp_path).collect().height == 10


def test_other_programs_read_it_by_its_folders(root: str) -> None:
    hive = ds.partitioning(pa.schema([("date", pa.date32()), ("symbol", pa.string())]), flavor="hive")
    ticks = ds.dataset(f"{root}/ticks", partitioning=hive, format="parquet")
    found = ticks.to_table(filter=(ds.field("symbol") == "ES") & (ds.field("date") >= DAYS[1]))
    assert found.num_rows == 10
    whole = pq.read_table(f"{root}/bars/date=2025-10-09", partitioning=None, filters=[("timeframe", "=", "1m")])
    assert whole.num_rows == 10


def test_a_lake_is_read_without_django_and_by_its_setting(root: str) -> None:
    script = (
        "import sys, thor.lake\n"
        "assert not {'duckdb', 'polars', 'pyarrow', 'django'} & set(sys.modules), 'import is light'\n"
        "print(thor.lake.connect().sql('SELECT count(*) FROM ticks').fetchall()[0][0],"
        " thor.lake.scan_bars('1m', 'ES').collect().height)\n"
        "import django.conf\n"
        "assert not django.conf.settings.configured\n"
    )
    environ = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environ | {"THOR_DATA_DIR": root}, cwd=CHECKOUT, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert (done.stdout.strip(), done.returncode) == ("30 15", 0), done.stderr


def test_the_lake_is_what_it_was_when_it_was_opened(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    write_table(store, ticks_part(DAYS[0], "ES"), ticks_table("ES", DAYS[0]), "test", {})
    with thor.lake.connect(tmp_path) as lake:
        write_table(store, ticks_part(DAYS[0] + timedelta(days=1), "ES"), ticks_table("ES", DAYS[1]), "test", {})
        assert lake.sql("SELECT count(*) FROM ticks").fetchall() == [(5,)]
    with thor.lake.connect(tmp_path) as lake:
        assert lake.sql("SELECT count(*) FROM ticks").fetchall() == [(10,)]
        assert lake.cursor().sql("SELECT count(*) FROM ticks").fetchall() == [(10,)]
