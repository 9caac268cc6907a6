"""One symbol table for every source."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thor.instruments.instrument import BY_SYMBOL, INSTRUMENTS
from thor.instruments.symbol import FUTURES_ROOTS, SymbolError, canonical


@pytest.mark.parametrize(
    ("raw", "symbol", "contract"),
    [
        ("ES", "ES", None), ("/ES", "ES", None), ("/ES:XCME", "ES", None), ("/YM:XCBT", "YM", None), ("es", "ES", None),
        (" /nq ", "NQ", None), ("/ESZ25", "ES", "ESZ25"), ("/ESZ25:XCME", "ES", "ESZ25"), ("ESH24", "ES", "ESH24"),
        ("GCZ3", "GC", "GCZ3"), ("RT", "RTY", None), ("/RTZ25", "RTY", "RTZ25"), ("RTYZ25", "RTY", "RTYZ25"),
        ("30YRBOND", "ZB", None), ("30YrBond", "ZB", None), ("30Yr T-BOND", "ZB", None), ("T-BOND", "ZB", None),
        ("$DXY", "DX", None), ("DXY", "DX", None), ("USDX", "DX", None), ("/VX:XCBF", "VX", None),
        ("HG", "HG", None), ("BAC", "BAC", None), ("AIG", "AIG", None), ("BRK.B", "BRK.B", None),
        ("EURUSD", "EURUSD", None),
        ("/6EH24", "6E", "6EH24"), ("MSFTH24", "MSFTH24", None), ("CLZ25", "CL", "CLZ25"),
    ],
)  # fmt: skip
def test_every_spelling_has_one_root(raw: str, symbol: str, contract: str | None) -> None:
    assert canonical(raw) == (symbol, contract)


@pytest.mark.parametrize("raw", ["", "/", " ", "/:XCME", "É", "../ES", "A" * 25, "E\nS", "$SPX"])
def test_what_names_no_symbol_is_refused_in_one_line(raw: str) -> None:
    with pytest.raises(SymbolError) as refused:
        canonical(raw)
    assert str(refused.value).isprintable()


@given(st.text(max_size=30))
def test_a_canonical_symbol_stays_as_it_is(raw: str) -> None:
    try:
        symbol, _ = canonical(raw)
    except SymbolError:
        return
    assert canonical(symbol).symbol == symbol


def test_the_roots_are_the_instruments() -> None:
    assert set(BY_SYMBOL) == FUTURES_ROOTS


def test_contract_facts_agree_with_another_programs_table(shared_data: Path) -> None:
    with (shared_data / "reference" / "symbol_properties_11.csv").open(encoding="utf-8") as file:
        others = {row["symbol"]: row for row in csv.DictReader(file)}
    assert set(others) == set(BY_SYMBOL)
    for facts in INSTRUMENTS:
        other = others[facts.symbol]
        assert facts.tick_size == Decimal(other["minimum_price_variation"]), facts.symbol
        assert facts.tick_value_usd == Decimal(other["tick_value"]), facts.symbol
        assert facts.point_value_usd == Decimal(other["contract_multiplier"]), facts.symbol
        assert facts.exchange.lower() == other["market"], facts.symbol
