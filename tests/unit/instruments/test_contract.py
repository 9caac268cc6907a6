"""Dated contracts against the exchanges' published days, and what follows from them for every day."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thor.instruments.contract import (
    ROLL_DAYS,
    Anchor,
    Contract,
    ContractError,
    RollDays,
    chain,
    first_notice_day,
    front,
    last_trading_day,
    parse_contract,
    roll_date,
    rolls,
)
from thor.instruments.instrument import BY_SYMBOL, EVERY_MONTH
from thor.markets.trade_date import is_business_day

ANSWERS = Path(__file__).resolve().parents[2] / "answers" / "contracts.csv"
ROOTS = sorted(ROLL_DAYS)
DAYS = st.dates(date(2008, 1, 1), date(2035, 12, 31))


def published() -> list[dict[str, str]]:
    lines = ANSWERS.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


@pytest.mark.parametrize("row", published(), ids=lambda row: row["contract"])
def test_the_last_day_is_the_published_one(row: dict[str, str]) -> None:
    contract = parse_contract(row["contract"])
    assert last_trading_day(contract) == date.fromisoformat(row["last_trading_day"])
    notice = first_notice_day(contract)
    assert (notice.isoformat() if notice else "") == row["first_notice_day"]


def test_the_answers_know_every_instrument() -> None:
    assert {parse_contract(row["contract"]).root for row in published()} == set(BY_SYMBOL)


@pytest.mark.parametrize(
    ("spelling", "on", "name"),
    [
        ("ESZ25", None, "ESZ25"),
        ("/ESZ25:XCME", None, "ESZ25"),
        (" /esz25 ", None, "ESZ25"),
        ("RTZ25", None, "RTYZ25"),
        ("ZBH98", None, "ZBH98"),
        ("ESZ5", date(2025, 12, 19), "ESZ25"),
        ("ESZ5", date(2025, 12, 20), "ESZ35"),
        ("ESH6", date(2025, 12, 20), "ESH26"),
        ("ESZ9", date(2021, 1, 1), "ESZ29"),
        ("CLF6", date(2025, 12, 19), "CLF26"),
        ("CLF6", date(2025, 12, 20), "CLF36"),
    ],
)
def test_a_spelling_names_one_contract(spelling: str, on: date | None, name: str) -> None:
    assert parse_contract(spelling, on).name == name


def test_a_century_turns() -> None:
    assert (parse_contract("ZBH98").year, parse_contract("ESZ25").year) == (1998, 2025)


@pytest.mark.parametrize(
    ("spelling", "why"),
    [
        ("ES", "names no delivery month"),
        ("BAC25", "names no delivery month"),
        ("ESZ5", "has one digit of its year: give two, such as ESZ25"),
        ("!", "is no symbol"),
    ],
)
def test_what_names_no_contract_says_why(spelling: str, why: str) -> None:
    with pytest.raises(ContractError, match=why):
        parse_contract(spelling)


def test_a_root_without_a_rule_says_which_are_known() -> None:
    with pytest.raises(ContractError, match="when BTC's contracts end is not known: YM, ES"):
        last_trading_day(Contract("BTC", 2025, 12))


@given(st.sampled_from(ROOTS), st.integers(2008, 2069), st.integers(1, 12))
def test_a_name_is_read_back(root: str, year: int, month: int) -> None:
    assert parse_contract(Contract(root, year, month).name) == Contract(root, year, month)


@given(st.sampled_from(ROOTS), st.integers(2008, 2036), st.integers(1, 12))
def test_a_contract_ends_on_a_trade_date_and_after_the_one_before(root: str, year: int, month: int) -> None:
    contract = Contract(root, year, month)
    last, group = last_trading_day(contract), BY_SYMBOL[root].group
    assert is_business_day(last, group)
    assert last_trading_day(Contract(root, year + month // 12, month % 12 + 1)) > last
    if (notice := first_notice_day(contract)) is not None:
        assert notice < last
        assert is_business_day(notice, group)


@given(st.sampled_from(ROOTS), DAYS)
def test_a_chain_holds_what_still_trades(root: str, on: date) -> None:
    months = BY_SYMBOL[root].months
    found = chain(root, on, 5, months)
    lasts = [last_trading_day(each) for each in found]
    assert len(found) == 5
    assert lasts == sorted(lasts)
    assert lasts[0] >= on
    assert all(EVERY_MONTH[each.month - 1] in months for each in found)
    before = chain(root, on - timedelta(days=200), 12, months)
    gone = [each for each in before if last_trading_day(each) < on]
    assert found[: len(before) - len(gone)] == before[len(gone) :][:5]


@given(st.sampled_from(ROOTS), DAYS)
def test_the_front_contract_changes_on_the_rolls_only(root: str, on: date) -> None:
    rule = ROLL_DAYS[root]
    now, before = front(root, on, rule), front(root, on - timedelta(days=1), rule)
    steps = rolls(root, on, on, rule)
    assert ([(each.old, each.new) for each in steps] == [(before, now)]) if now != before else (steps == [])
    assert all(is_business_day(each.effective, BY_SYMBOL[root].group) for each in steps)


def test_a_year_of_rolls_of_es() -> None:
    steps = rolls("ES", date(2025, 1, 1), date(2025, 12, 31), ROLL_DAYS["ES"])
    assert [(each.old.name, each.new.name, each.effective.isoformat()) for each in steps] == [
        ("ESH25", "ESM25", "2025-03-17"),
        ("ESM25", "ESU25", "2025-06-13"),  # Juneteenth is in the week
        ("ESU25", "ESZ25", "2025-09-15"),
        ("ESZ25", "ESH26", "2025-12-15"),
    ]


def test_gold_passes_over_october() -> None:
    steps = rolls("GC", date(2025, 7, 1), date(2025, 8, 31), ROLL_DAYS["GC"])
    assert [(each.old.name, each.new.name) for each in steps] == [("GCQ25", "GCZ25")]
    assert "GCV25" in [each.name for each in chain("GC", date(2025, 7, 1), 4, BY_SYMBOL["GC"].months)]


def test_gold_is_left_before_the_first_notice() -> None:
    contract = parse_contract("GCZ25")
    assert roll_date(contract, ROLL_DAYS["GC"]) == date(2025, 11, 25)
    assert roll_date(contract, RollDays(0, Anchor.FIRST_NOTICE_DAY, "GJMQZ")) == date(2025, 11, 28)
    assert roll_date(contract, RollDays(0, Anchor.LAST_TRADING_DAY, "GJMQZ")) == date(2025, 12, 29)


def test_no_held_close_is_younger_than_its_contract(shared_data: Path) -> None:
    import polars as pl

    held = pl.read_parquet(shared_data / "bars" / "futures_daily_to_2012.parquet").drop_nulls(["price_contract"])
    newest = held.filter(pl.col("date").dt.year() >= 2007).group_by("symbol", "price_contract").agg(pl.max("date"))
    assert newest.height > 150
    for symbol, contract, day in newest.iter_rows():
        assert day <= last_trading_day(Contract(symbol, contract // 100, contract % 100)), (symbol, contract)
