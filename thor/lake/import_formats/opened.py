"""A recording, opened: its rows as typed columns, and the way back to what its file says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from thor.history.recording_file import RecordingError
from thor.lake.import_formats.times import TimeRule, utc_us
from thor.quotes.quote import QuoteRefusedError

#: A row as its file has it -> why its time is none.
Why = Callable[[Mapping[str, Any]], str]


class Wish(NamedTuple):
    """How a file is read. ``symbol``: of all its rows; ``columns``: our name -> the file's, two of them joined with a
    plus sign; ``bars_as_ticks``: take bars for what they are not."""

    symbol: str | None = None
    columns: Mapping[str, str] = {}
    times: TimeRule = TimeRule()
    bars_as_ticks: bool = False


class FilePart(NamedTuple):
    """A file, or a member of one. ``raw``: its rows with all their columns; ``times``: those that make the time."""

    name: str
    raw: pl.LazyFrame
    times: tuple[str, ...] = ()

    def rows(self, numbers: list[int]) -> dict[int, dict[str, Any]]:
        """Rows as the file has them, by their numbers from 1."""
        found = self.raw.with_row_index("__row", offset=1).filter(pl.col("__row").is_in(numbers)).collect()
        return {each.pop("__row"): each for each in found.iter_rows(named=True)}


class Opened(NamedTuple):
    """``frame``: columns as ``tick_lines.COLUMNS``, in the file's order; of a file of the lake its own and ``part`` and
    ``row`` (``is_stored``)."""

    name: str
    frame: pl.LazyFrame
    parts: tuple[FilePart, ...]
    is_stored: bool = False


def why_no_time(raw: Mapping[str, Any], names: tuple[str, ...], rule: TimeRule) -> str:
    """In words, why a row's time is none."""
    texts = [str(raw[name]) for name in names if raw.get(name) is not None]
    if len(texts) < len(names) or not names:
        return "the row has no time"
    try:
        utc_us(" ".join(texts), rule)
    except QuoteRefusedError as error:
        return error.detail
    return "the row has no time in UTC"


def must_be_file(path: Path) -> None:
    """Raises RecordingError."""
    if not path.is_file():
        raise RecordingError(f"{path} does not exist: check the path")
    if path.stat().st_size == 0:
        raise RecordingError(f"{path} is empty")
