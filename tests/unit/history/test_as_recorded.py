"""Recordings as recorded: rows at their own times, numbered by their place, none lost, of equal keys the first."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from thor.history.recording import Merger, Row, source_of
from thor.history.recording_file import open_recording
from thor.history.tape import Cue, FileTape
from thor.quotes.quote import QuoteRefusedError, Reason

T0 = datetime(2025, 10, 9, 13, 30, tzinfo=UTC)
T0_US = int(T0.timestamp()) * 1_000_000
KNOWN = frozenset({"ES", "CL"})
FOREVER = (0, 2**62)


def row(**given: Any) -> Row:
    return Row(**{**dict.fromkeys(Row._fields), "symbol": "ES", "ts_us": T0_US, "place": 0, **given})


def write(path: Path, **columns: list[Any]) -> Path:
    pl.DataFrame(columns).write_parquet(path)
    return path


def played(*paths: Path, symbols: tuple[str, ...] = (), span: tuple[int, int] = FOREVER) -> tuple[FileTape, list[Cue]]:
    tape = FileTape(open_recording(paths, symbols, ()), KNOWN, *span)
    return tape, list(tape.cues())


def keys(cues: list[Cue]) -> list[tuple[str, str, int, int]]:
    """(symbol, source, seconds after T0, seq)."""
    events = [json.loads(cue.event.payload) for cue in cues]
    return [
        (event["symbol"], event["source"], (cue.event.ts_us - T0_US) // 1_000_000, event["seq"])
        for cue, event in zip(cues, events, strict=True)
    ]


def at(*seconds: float) -> list[datetime]:
    return [T0 + timedelta(seconds=each) for each in seconds]


def test_a_row_keeps_its_time_source_and_number() -> None:
    quote = Merger().as_recorded(row(last=5342.25, source="TOS", seq=7, contract="ESZ25"), 100)
    assert (quote.ts_us, quote.source, quote.seq, quote.last) == (T0_US, "TOS", 7, Decimal("5342.25"))
    assert quote.meta == {"contract": "ESZ25"}


def test_a_row_without_them_is_replays_and_numbered_by_its_place() -> None:
    quote = Merger().as_recorded(row(last=1.0, place=5), 100)
    assert (quote.source, quote.seq) == ("REPLAY", 105)


def test_sources() -> None:
    assert [source_of(raw) for raw in (None, "", "EXCEL", "SCHWAB")] == ["REPLAY", "REPLAY", "TOS", "SCHWAB"]
    with pytest.raises(QuoteRefusedError) as caught:
        source_of("Bloomberg")
    assert caught.value.reason is Reason.UNKNOWN_SOURCE


def test_rows_are_sorted_by_time_stably_and_numbered_before(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", symbol=["ES", "CL", "ES", "ES"], ts=at(2, 1, 1, 2), last=[1.0, 2.0, 3.0, 4.0])
    tape, cues = played(path)
    assert keys(cues) == [
        ("CL", "REPLAY", 1, 1),
        ("ES", "REPLAY", 1, 2),
        ("ES", "REPLAY", 2, 0),
        ("ES", "REPLAY", 2, 3),
    ]
    assert (tape.rows, tape.rows_read, tape.repeated) == (4, 4, 0)
    assert [cue.due_us for cue in cues] == [cue.floor_us for cue in cues] == sorted(cue.event.ts_us for cue in cues)


def test_several_files_are_numbered_as_one(tmp_path: Path) -> None:
    paths = [
        write(tmp_path / name, symbol=["ES"] * 2, ts=at(1, 2), last=[1.0, 2.0]) for name in ("a.parquet", "b.parquet")
    ]
    _, cues = played(*paths)
    assert [seq for *_, seq in keys(cues)] == [0, 2, 1, 3]


def test_of_equal_keys_the_first_wins_and_the_others_are_counted(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.parquet", symbol=["ES", "ES", "CL", "ES", "ES"], ts=at(1, 1, 1, 1, 2), seq=[7, 7, 7, None, 7],
        last=[1.0, 2.0, 3.0, 4.0, 5.0],
    )  # fmt: skip
    tape, cues = played(path)
    # A row without a number gets one above all others, so that it is nobody's double.
    assert keys(cues) == [
        ("ES", "REPLAY", 1, 7),
        ("CL", "REPLAY", 1, 7),
        ("ES", "REPLAY", 1, 11),
        ("ES", "REPLAY", 2, 7),
    ]
    assert [json.loads(cue.event.payload)["last"] for cue in cues] == [1, 3, 4, 5]
    assert tape.repeated == 1


def test_a_symbol_left_out_changes_no_number(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", symbol=["CL", "ES", "CL", "ES"], ts=at(1, 2, 3, 4), last=[1.0, 2.0, 3.0, 4.0])
    assert [seq for *_, seq in keys(played(path, symbols=("ES",))[1])] == [1, 3]


def test_between_two_times_with_what_event_rows_said_before(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.parquet", symbol=["ES"] * 4, ts=at(1, 2, 3, 4), event=["quote", "trade", "trade", "trade"],
        bid=[10.0, None, None, None], last=[None, 11.0, 12.0, 13.0],
    )  # fmt: skip
    tape, cues = played(path, span=(T0_US + 2_000_000, T0_US + 3_000_000))
    assert [(event["last"], event["bid"]) for event in (json.loads(cue.event.payload) for cue in cues)] == [
        (11, 10),
        (12, 10),
    ]
    assert tape.rows_read == 4


def test_what_is_no_quote_is_counted_and_odd_ones_are_flagged(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.parquet", symbol=["ES", "ES", "ES", "ES"], ts=[*at(1, 2, 3), None], last=[1.0, None, None, 1.0],
        bid=[None, None, 6.0, None], ask=[None, None, 5.0, None], source=["XYZ", None, None, None],
    )  # fmt: skip
    tape, cues = played(path)
    assert tape.refused == {Reason.UNKNOWN_SOURCE: 1, Reason.NO_PRICE: 1, Reason.BAD_TIME: 1}
    assert [json.loads(cue.event.payload)["meta"] for cue in cues] == [{"crossed": True}]
