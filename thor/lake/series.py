"""One series of an instrument over its contracts, and bars of one contract. Needs no Django."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from thor.instruments.contract import ContractError, parse_contract
from thor.instruments.instrument import BY_SYMBOL
from thor.lake.back_adjustment import Offset, RollPoint, offsets
from thor.lake.bar_table import What, batches_of_contract, contracts_of, make_bars, needed
from thor.lake.bars import session_of
from thor.lake.copies import parts_there
from thor.lake.layout import Kind, Timeframe
from thor.lake.reader import lake_at
from thor.lake.scan import When, conditions, scan_bars, span_of, symbols_of, timeframe_of
from thor.lake.store import LakeStore, as_any
from thor.markets.trade_date import DEFAULT_GROUP

Adjust = Literal["difference"] | None
_PRICES: Final = ("open", "high", "low", "close", "vwap", "bid_close", "ask_close")


def continuous(
    symbol: str, timeframe: str, start: When | None = None, end: When | None = None, adjust: Adjust = None,
    root: str | Path | None = None,
) -> pl.LazyFrame:  # fmt: skip
    """Bars of an instrument through its contracts, of each trade date those of the contract that was in front.

    Columns and arguments as :func:`thor.lake.scan_bars` has them. ``adjust``: None, prices as they were traded, which
    jump at a roll; ``"difference"``: those of earlier contracts moved by the difference between both contracts at each
    roll, so that the newest contract's prices stand and a tick stays a tick. Raises ValueError where a roll within the
    series was not measured.
    """
    found = scan_bars(timeframe, symbol, start, end, root)
    if adjust is None:
        return found
    if adjust != "difference":
        raise ValueError(f"adjust: {adjust!r} is neither None nor 'difference'")
    since = span_of(start, None)
    fronts = scan_bars(timeframe, symbol, since.first or since.start, None, root).select("date", "contract").unique()
    rows = fronts.sort("date").collect().rows()
    moved = _moved_by(offsets(_rolls(rows, _differences(lake_at(root), symbol))))
    return found.with_columns((pl.col(name) + moved).alias(name) for name in _PRICES)


def _rolls(fronts: list[tuple[date, str | None]], known: dict[tuple[str, str], Decimal]) -> Iterator[RollPoint]:
    """Where the contract changes from one date to the next."""
    named = [(day, contract) for day, contract in fronts if contract is not None]
    for (before, old), (_after, new) in pairwise(named):
        if old != new:
            if (old, new) not in known:
                raise ValueError(
                    f"the roll from {old} to {new} after {before} was not measured: take a later start, or adjust=None"
                )
            yield RollPoint(before, old, new, known[old, new])


def _differences(store: LakeStore, symbol: str) -> dict[tuple[str, str], Decimal]:
    """(old, new) -> price of the new contract less that of the old one, as the lake's rolls have it."""
    wanted = symbols_of(symbol) or []
    found: dict[tuple[str, str], Decimal] = {}
    for each in store.list("rolls/"):
        with store.open(each.key) as file:
            rows = pq.ParquetFile(as_any(file)).read().to_pylist()
        found |= {
            (row["from_contract"], row["to_contract"]): row["difference"] for row in rows if row["symbol"] in wanted
        }
    return found


def _moved_by(found: list[Offset]) -> pl.Expr:
    """What is added to the prices of a row's trade date."""
    moved = pl.lit(0.0)
    for each in reversed(found[:-1]):
        moved = pl.when(pl.col("date") <= each.until).then(pl.lit(float(each.points or 0))).otherwise(moved)
    return moved


def contract_bars(
    symbol: str, contract: str, timeframe: str, start: When | None = None, end: When | None = None,
    root: str | Path | None = None,
) -> pl.DataFrame:  # fmt: skip
    """Bars of one contract, in front or not, made of its ticks: columns as :func:`thor.lake.scan_bars` has them.

    ``contract``: such as ESZ25, with two digits of its year. A day's bar begins where its trade date does; suspect
    ticks are left out by the instrument's limits as they are seeded. The other arguments are those of ``scan_bars``.
    Raises ValueError.
    """
    try:
        named = parse_contract(contract).name
    except ContractError as error:
        raise ValueError(str(error)) from None
    store, span, width = lake_at(root), span_of(start, end), timeframe_of(timeframe)
    names = symbols_of(symbol) or []
    parts = sorted(parts_there(store, Kind.TICKS, span.first, span.last, names))
    made = partial(_made, store, names[0], named, width)
    tables = [made(part.key, part.trade_date) for part in parts]
    empty = scan_bars(timeframe, [], root=root).collect()
    frames: list[Any] = [pl.from_arrow(each) for each in tables if each is not None]
    whole: pl.DataFrame = pl.concat([empty, *(each.with_columns(date=pl.col("trade_date")) for each in frames)])
    return whole.filter(*conditions(span, names))


def _made(store: LakeStore, symbol: str, contract: str, timeframe: Timeframe, key: str, day: date) -> pa.Table | None:
    facts = BY_SYMBOL.get(symbol)
    with store.open(key) as opened:
        file = pq.ParquetFile(as_any(opened))
        contracts = contracts_of(file)
        if contract not in contracts:
            return None
        is_mixed = len(contracts) > 1
        batches = batches_of_contract(file, needed(file, is_mixed=is_mixed), contract, is_mixed=is_mixed)
        session = session_of(symbol, facts.group if facts else DEFAULT_GROUP, day, None)
        return make_bars(batches, What(symbol, session, facts, contract), [timeframe]).bars[timeframe]
