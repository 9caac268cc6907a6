"""``thor backfill_vwap``: the rows that a desk left, made anew of the stored ticks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.replay_support import Site, made_site, make_recording
from tests.support import run_thor

DAY, NAME = "2025-10-10", "minutes"
ROWS = (
    "SELECT symbol, minute, delta_volume, vwap, is_restart FROM {n}.indicators_vwapminute"
    " WHERE trade_date = '2025-10-10'"
)


@pytest.fixture(scope="module")
def site(database_url: str, valkey_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A Thor in whose namespace a recording was played by the whole stack."""
    with made_site(database_url, valkey_url, tmp_path_factory.mktemp("home")) as found:
        folder: Path = tmp_path_factory.mktemp("recording")
        recording = make_recording(folder / "day.parquet")
        found.replay("--file", recording, "--as-recorded", "--speed", "max", "--into", NAME)
        yield found


def backfill(site: Site, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """In the namespace's schema."""
    url = site.environ["DATABASE_URL"].replace("search_path%3Dpublic", f"search_path%3D{NAME}")
    environ = site.environ | {"DATABASE_URL": url, "THOR_NAMESPACE": NAME}
    return run_thor(environ, "backfill_vwap", *words, check=check)


def test_the_ticks_give_the_rows_that_the_desk_left(site: Site) -> None:
    before = sorted(site.rows(NAME, ROWS))
    assert len(before) > 500
    assert any(restart for *_, restart in before)
    said = backfill(site, "--date", DAY, "--dry-run").stdout
    assert f"minutes: 0 new, 0 changed, {len(before):,} equal\n" in said
    assert "nothing was written" in said
    assert sorted(site.rows(NAME, ROWS)) == before


def test_rows_that_are_wrong_are_mended_and_a_second_time_changes_nothing(site: Site) -> None:
    before = sorted(site.rows(NAME, ROWS))
    one, other, third, *_ = [(symbol, minute) for symbol, minute, *_ in before if symbol == "CL"]
    where = " WHERE symbol = %s AND minute = %s"
    table = f"{NAME}.indicators_vwapminute"
    with site.database.transaction():
        site.database.execute(f"DELETE FROM {table}{where}", one)
        site.database.execute(f"UPDATE {table} SET vwap = 1{where}", other)
        site.database.execute(f"UPDATE {table} SET minute = minute + interval '1 second'{where}", third)
    said = backfill(site, "--date", DAY, "--symbols", "ES").stdout
    assert "minutes: 0 new, 0 changed, " in said and "do not give" not in said
    said = backfill(site, "--date", DAY, "--symbols", "CL,es").stdout
    assert "minutes: 2 new, 1 changed, " in said and said.endswith(", 1 that the ticks do not give\n")
    assert sorted(site.rows(NAME, ROWS)) == before
    assert f"minutes: 0 new, 0 changed, {len(before):,} equal\n" in backfill(site, "--date", DAY).stdout


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--date", "2025-10-11"], "2025-10-11 is no trade date: no session belongs to it."),
        (["--date", "2025-10-13"], "no tick of 2025-10-13 is stored as asked"),
        (["--date", "2199-12-30"], "2199-12-30 is not over: the desk still writes its rows."),
        (["--date", DAY, "--symbols", "ES,XX"], "no such instrument: XX. Choose others with --symbols."),
        (["--date", "10.10.2025"], "'10.10.2025': wanted a trade date such as 2025-10-09"),
        (["--date", DAY, "--symbols", ","], "',': wanted symbols such as ES,YM"),
        ([], "--date"),
    ],
)
def test_a_wrong_call_is_one_line(site: Site, words: list[str], complaint: str) -> None:
    done = backfill(site, *words, check=False)
    assert done.returncode == 2
    assert complaint in done.stderr.splitlines()[-1]
