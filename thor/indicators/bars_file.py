"""Daily bars of a file, as days: CSV or Parquet with the columns symbol, date, and high and low, or close."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from thor.indicators.extremes import Day
from thor.runtime.problem import Problem

_PLACES = 6
_MOST = 10**12


def read_days(path: Path) -> dict[str, list[Day]]:
    """Symbol -> its days, oldest first; rows without a price are left out. Raises Problem, one line."""
    frame = _columns(_read(path), path)
    found: dict[str, list[Day]] = {}
    for symbol, day, high, low in frame.sort("symbol", "date").iter_rows():
        if low > high or not abs(low) + abs(high) < _MOST:
            raise Problem(f"{path.name}: {symbol} {day} has a high of {high} and a low of {low}.")
        found.setdefault(symbol, []).append(Day(day, _price(high), _price(low)))
    if not found:
        raise Problem(f"{path.name}: no row has a symbol, a date and a price.")
    return found


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, try_parse_dates=True)
    except FileNotFoundError:
        raise Problem(f"{path} is not there.") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        said = (str(error).splitlines() or ["no reason"])[0]
        raise Problem(f"{path.name} cannot be read as CSV or Parquet: {said}") from error


def _columns(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    """symbol, date, high, low, without empty rows."""
    prices = ("high", "low") if {"high", "low"} <= set(frame.columns) else ("close", "close")
    if missing := [name for name in ("symbol", "date", prices[0]) if name not in frame.columns]:
        raise Problem(f"{path.name} lacks {', '.join(missing)}: wanted symbol, date, and high and low, or close.")
    try:
        cast = frame.select(
            pl.col("symbol").cast(pl.String),
            pl.col("date").cast(pl.Date),
            *_cast(prices),
        )
    except pl.exceptions.PolarsError as error:
        raise Problem(f"{path.name}: {str(error).splitlines()[0]}") from error
    return cast.drop_nulls()


def _cast(prices: tuple[str, str]) -> Iterator[pl.Expr]:
    for name, source in zip(("high", "low"), prices, strict=True):
        yield pl.col(source).cast(pl.Float64).fill_nan(None).alias(name)


def _price(value: Any) -> Decimal:
    """The shortest decimal that is this number."""
    return round(Decimal(str(value)), _PLACES)
