"""Daily closes of a file, as net changes from session to session. Polars comes with it: for commands only."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Final

import polars as pl

from thor.runtime.problem import Problem

WANTED: Final = ("symbol", "date", "close")
#: Where one of these columns is there, a change from one contract to another is none of the market's.
_CONTRACTS: Final = ("contract", "price_contract")


def read_net_changes(path: Path, sessions: int) -> dict[str, list[Decimal]]:
    """Symbol -> changes of its close over the last sessions, newest first, in points. Raises Problem in one line."""
    try:
        frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise Problem(f"--closes {path}: {str(error).splitlines()[0]}") from error
    if missing := [name for name in WANTED if name not in frame.columns]:
        raise Problem(f"--closes {path} has no column {', '.join(missing)}: wanted are {', '.join(WANTED)}.")
    contract = next((name for name in _CONTRACTS if name in frame.columns), None)
    columns = [*WANTED, *([contract] if contract else [])]
    rows = frame.select(pl.col(columns).cast(pl.String, strict=False)).drop_nulls().sort("symbol", "date").rows()
    return _changes(path, rows, sessions)


def _changes(path: Path, rows: list[tuple[str, ...]], sessions: int) -> dict[str, list[Decimal]]:
    found: dict[str, list[Decimal]] = {}
    for before, now in pairwise(rows):
        if before[0] != now[0] or before[3:] != now[3:]:
            continue
        if before[1] == now[1]:
            raise Problem(f"--closes {path} has two closes of {now[0]} on {now[1]}: one a session is wanted.")
        found.setdefault(now[0], []).append(_price(path, now) - _price(path, before))
    return {symbol: changes[: -sessions - 1 : -1] for symbol, changes in found.items()}


def _price(path: Path, row: tuple[str, ...]) -> Decimal:
    try:
        price = Decimal(row[2])
    except ArithmeticError:
        price = Decimal("nan")
    if not price.is_finite():
        raise Problem(f"--closes {path}: the close of {row[0]} on {row[1]} is {row[2]!r}: a number is wanted.")
    return price
