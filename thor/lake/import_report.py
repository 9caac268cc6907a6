"""The refused rows of an import as a file for a person: what stands where, why it was refused, what it says."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, Final

from thor.lake.importing import Imported, Told
from thor.runtime.problem import Problem
from thor.runtime.spreadsheet import inert

COLUMNS: Final = ("file", "row", "reason", "detail", "values")


def write_report(path: Path, done: Imported) -> None:
    """Write a .csv or .json file, complete or not at all. Raises Problem."""
    makers: Mapping[str, Callable[[Imported], str]] = {".csv": as_csv, ".json": as_json}
    aside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        aside.write_text(makers[path.suffix.lower()](done), encoding="utf-8", newline="")
        aside.replace(path)
    except OSError as error:
        raise Problem(f"{path} cannot be written ({error.strerror}); the import itself is done.") from error
    finally:
        aside.unlink(missing_ok=True)


def as_csv(done: Imported) -> str:
    """One line a refused row; its values as JSON in one cell. No cell is a formula."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(_cells(each) for each in done.told)
    return text.getvalue()


def _cells(each: Told) -> Iterator[str | int]:
    for value in (each.file, each.row, each.reason.value, each.detail, _json(each.values)):
        yield inert(value) if isinstance(value, str) else value


def as_json(done: Imported) -> str:
    """Counts by reason, and the refused rows."""
    refused = [
        {"file": each.file, "row": each.row, "reason": each.reason.value, "detail": each.detail,
         "values": dict(each.values)}
        for each in done.told
    ]  # fmt: skip
    counts = {reason.value: count for reason, count in done.refused.most_common()}
    sums = {"rows": done.rows, "good": done.good, "stored": done.new, "already_there": done.known}
    more = {"conflicts": done.conflicts, "left_out": done.left_out, "counts": counts, "refused": refused}
    return _json(sums | more) + "\n"


def _json(value: Any) -> str:
    return json.dumps(value, default=str)
