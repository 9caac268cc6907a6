"""The seeds against SPEC 6's table and against the exchanges' facts as another program has them."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from thor.instruments.contract import ROLL_DAYS
from thor.instruments.instrument import BY_SYMBOL, INSTRUMENTS, target_ticks
from thor.signals.config import SEEDS

#: symbol, tick size, tick value USD, 100 USD in ticks, USD a point.
FACTS = [
    ("YM", "1", "5", 20, "5"),
    ("ES", "0.25", "12.5", 8, "50"),
    ("NQ", "0.25", "5", 20, "20"),
    ("RTY", "0.1", "5", 20, "50"),
    ("CL", "0.01", "10", 10, "1000"),
    ("SI", "0.005", "25", 4, "5000"),
    ("HG", "0.0005", "12.5", 8, "25000"),
    ("GC", "0.1", "10", 10, "100"),
    ("VX", "0.05", "50", 2, "1000"),
    ("DX", "0.005", "5", 20, "1000"),
    ("ZB", "0.03125", "31.25", 3, "1000"),
]


@pytest.mark.parametrize(("symbol", "tick_size", "tick_value", "target", "point_value"), FACTS)
def test_contract_facts(symbol: str, tick_size: str, tick_value: str, target: int, point_value: str) -> None:
    facts = BY_SYMBOL[symbol]
    assert (facts.tick_size, facts.tick_value_usd) == (Decimal(tick_size), Decimal(tick_value))
    assert facts.point_value_usd == Decimal(point_value)
    assert target_ticks(facts.tick_value_usd) == target


def test_the_board_is_in_this_order() -> None:
    assert [facts.symbol for facts in INSTRUMENTS] == [row[0] for row in FACTS] == [each.symbol for each in SEEDS]


@pytest.mark.parametrize(
    ("tick_value", "ticks"), [("40", 3), ("40.01", 2), ("200", 1), ("200.01", 1), ("1000", 1), ("0.5", 200)]
)
def test_target_ticks_are_rounded_half_up_and_at_least_one(tick_value: str, ticks: int) -> None:
    assert target_ticks(Decimal(tick_value)) == ticks


def test_limits_of_spikes_and_negative_prices() -> None:
    assert {facts.symbol: facts.spike_limit_pct for facts in INSTRUMENTS if facts.spike_limit_pct != 5} == {
        "VX": 30,
        "CL": 15,
    }
    assert [facts.symbol for facts in INSTRUMENTS if facts.may_be_negative] == ["CL"]


def test_the_chain_follows_months_that_are_listed() -> None:
    assert set(ROLL_DAYS) == set(BY_SYMBOL)
    assert all(set(ROLL_DAYS[symbol].months) <= set(BY_SYMBOL[symbol].months) for symbol in BY_SYMBOL)


def test_facts_agree_with_another_programs(shared_data: Path) -> None:
    with (shared_data / "reference" / "symbol_properties_11.csv").open(encoding="utf-8") as file:
        rows = {row["symbol"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(BY_SYMBOL)
    for symbol, row in rows.items():
        facts = BY_SYMBOL[symbol]
        assert facts.tick_size == Decimal(row["minimum_price_variation"])
        assert facts.tick_value_usd == Decimal(row["tick_value"])
        assert facts.point_value_usd == Decimal(row["contract_multiplier"])
        assert facts.exchange.lower() == row["market"]
