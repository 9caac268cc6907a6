"""Real recordings come in as they are: every valid row, what else is refused, and the quality of a day that others
counted too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from thor.history.services import connect_database
from thor.instruments.instrument import BY_SYMBOL
from thor.instruments.selectors import load_catalogue
from thor.instruments.services import seed_instruments
from thor.lake.export import Wish as ExportWish
from thor.lake.export import export
from thor.lake.import_formats.opened import Wish
from thor.lake.importing import How, Imported, import_files
from thor.lake.layout import ticks_part
from thor.lake.quality import Piece
from thor.lake.quality_report import Context, measure
from thor.lake.runs import Silent
from thor.lake.store import LocalStore
from thor.markets.trade_date import epoch_us

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    seed_instruments()
    yield
    with connect_database() as connection:
        connection.execute("DELETE FROM ticks")  # TRUNCATE would wait for the test's own transaction


def imported(path: Path, *, dry_run: bool = False) -> Imported:
    now_us = epoch_us(datetime.now(UTC))
    how = How(dry_run=dry_run)
    return import_files([path], Wish(), how, load_catalogue(), connect_database, now_us, Silent())


@pytest.mark.parametrize(
    ("name", "rows", "good"),
    [
        ("esh24_l1_20231225", 28_412, 28_412),
        ("snapshots_20131007", 84_303, 2_802),
        ("es_trades_20130903", 444_201, 444_201),
        ("eurusd_fxcm_20140507", 89_504, 0),
    ],
)
def test_recordings_are_taken_as_they_are(shared_data: Path, name: str, rows: int, good: int) -> None:
    done = imported(shared_data / "ticks" / f"{name}.parquet", dry_run=True)
    assert (done.rows, done.good + sum(done.refused.values())) == (rows, rows)
    assert done.good == good
    assert set(done.refused) <= {"unknown_symbol"}


@pytest.mark.django_db(transaction=True)
def test_a_day_of_gold_from_file_to_quality(shared_data: Path, tmp_path: Path) -> None:
    """The file's readme counts 7,206 rows that are like another, and ten contracts; it begins two hours into the
    session of 2013-10-07, which was from 18:00 to 17:15 in New York."""
    path = shared_data / "ticks" / "gc_trades_20131007.parquet"
    first, again = imported(path), imported(path)
    assert (first.new, first.known, again.new, again.known) == (40_192, 0, 0, 40_192)
    store = LocalStore(tmp_path / "lake")
    days = date(2013, 10, 7), date(2013, 10, 8)
    export(store, ExportWish(*days), Silent())
    opened, closed = datetime(2013, 10, 6, 22, tzinfo=UTC), datetime(2013, 10, 7, 21, 15, tzinfo=UTC)
    context = Context(BY_SYMBOL["GC"], [Piece(epoch_us(opened), epoch_us(closed))], 60)
    monday, tuesday = (measure(store, ticks_part(day, "GC").key, context) for day in days)
    assert monday["ticks"] + tuesday["ticks"] == 40_192
    assert monday["duplicates"] + tuesday["duplicates"] == 7_206
    assert (monday["open_seconds"], monday["longest_gap_seconds"]) == (83_700, 7_200.276)
    assert (monday["crossed"], monday["zero"], monday["negative"], monday["spikes"]) == (0, 0, 0, 0)
    assert monday["sources"] == {"REPLAY": monday["ticks"]}
