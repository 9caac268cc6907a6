"""What the database refuses of an import stands alone, and the rest of its slice is stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from thor.history.store import RowRefusedError, Stored
from thor.instruments.instrument import BY_SYMBOL
from thor.instruments.selectors import Catalogue, Listed
from thor.lake import importing
from thor.lake.import_formats.opened import Wish
from thor.lake.importing import How, import_files
from thor.lake.runs import Silent


class Picky:
    """A store that refuses every batch with the price 13.5 in it."""

    def __init__(self, *_args: object, **_more: object) -> None:
        self.rows = 0

    def store(self, data: bytes, rows: int, _first_us: int, _last_us: int, *, redelivered: bool) -> Stored:
        assert not redelivered
        if b"\t13.5\t" in data:
            raise RowRefusedError("22003 thirteen")
        return Stored(new=rows)

    def close(self) -> None:
        return


def test_a_row_that_the_database_refuses_is_told_and_the_others_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "TickStore", Picky)
    path = tmp_path / "a.csv"
    path.write_text("ts,symbol,last\n" + "".join(f"{n},GC,{n}.5\n" for n in range(1, 41)), encoding="utf-8")
    catalogue = Catalogue((Listed(BY_SYMBOL["GC"], "USD", "", None, None, None, ()),))
    done = import_files([path], Wish(), How(), catalogue, lambda: pytest.fail("no database"), 10**15, Silent())
    assert (done.rows, done.good, done.new) == (40, 39, 39)
    assert [(each.row, str(each.reason), each.detail) for each in done.told] == [
        (13, "refused_by_database", "22003 thirteen")
    ]
