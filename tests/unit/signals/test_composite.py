"""TOTAL against boards made by hand, and against a second program: SQL."""

from __future__ import annotations

import csv
import sqlite3
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thor.signals.classification import stat_value
from thor.signals.composite import Composite, Missing, Standing, average, composite
from thor.signals.config import SEEDS, SETTINGS, InstrumentSignals, Signal

ANSWERS = Path(__file__).resolve().parents[2] / "answers" / "composite_boards.csv"
SHORT = {
    "SB": Signal.STRONG_BUY, "B": Signal.BUY, "H": Signal.HOLD, "S": Signal.SELL, "SS": Signal.STRONG_SELL,
}  # fmt: skip


def boards() -> list[dict[str, str]]:
    with ANSWERS.open(encoding="utf-8") as lines:
        return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def standing(seed: InstrumentSignals, word: str, ts_us: int = 1) -> Standing:
    signal = SHORT.get(word)
    value = stat_value(signal, seed.thresholds) if signal and seed.thresholds else None
    missing = None if signal else Missing(word)
    return Standing(seed.symbol, signal, missing, value, seed.contract_weight, seed.is_bear, ts_us)


def board(words: dict[str, str]) -> Composite:
    return composite([standing(seed, words[seed.symbol]) for seed in SEEDS], SETTINGS)


@pytest.mark.parametrize("row", boards(), ids=lambda row: row["board"])
def test_a_board_made_by_hand(row: dict[str, str]) -> None:
    found = board(row)
    assert (found.signal, found.composite_signal_weight) == (row["signal"], int(row["weight"]))
    assert (found.signal_weight_sum, found.count, found.status) == (int(row["sum"]), int(row["count"]), row["status"])
    assert found.sum_weighted == Decimal(row["sum_weighted"])
    assert (None if found.avg_weighted is None else str(found.avg_weighted)) == (row["avg_weighted"] or None)
    assert [(symbol, reason.value) for symbol, reason in found.missing] == [
        (seed.symbol, row[seed.symbol]) for seed in SEEDS if row[seed.symbol] not in SHORT
    ]


def test_an_instrument_with_a_signal_that_is_too_old_does_not_count() -> None:
    rows = [standing(seed, "B") for seed in SEEDS]
    rows[0] = replace(rows[0], missing=Missing.STALE)
    found = composite(rows, SETTINGS)
    assert (found.count, found.status, found.missing) == (10, "PARTIAL 10/11", (("YM", Missing.STALE),))


def test_as_of_is_the_newest_quote_that_was_used() -> None:
    rows = [standing(seed, "H", ts_us) for ts_us, seed in enumerate(SEEDS, start=100)]
    rows[-1] = replace(rows[-1], missing=Missing.CLOSED)
    assert composite(rows, SETTINGS).as_of_us == 109
    assert composite([], SETTINGS).as_of_us is None


def test_an_average_is_rounded_half_up_on_both_sides_and_weighed_by_size() -> None:
    ones = [Decimal(1)] * 4
    assert average(Decimal("0.002"), ones) == Decimal("0.001")  # 0.0005
    assert average(Decimal("-0.002"), ones) == Decimal("-0.001")
    assert average(Decimal("0.0019"), ones) == Decimal("0.000")
    assert average(Decimal(6), [Decimal(2), Decimal(-1)]) == Decimal(2)
    assert average(Decimal(6), [Decimal(0)]) is None


SQL = """
SELECT count(*), coalesce(sum(CASE WHEN bear THEN -w ELSE w END), 0),
       CASE WHEN count(*) < 8 THEN 'HOLD'
            WHEN sum(CASE WHEN bear THEN -w ELSE w END) > 9 THEN 'STRONG_BUY'
            WHEN sum(CASE WHEN bear THEN -w ELSE w END) > 3 THEN 'BUY'
            WHEN sum(CASE WHEN bear THEN -w ELSE w END) >= -3 THEN 'HOLD'
            WHEN sum(CASE WHEN bear THEN -w ELSE w END) >= -9 THEN 'SELL'
            ELSE 'STRONG_SELL' END,
       coalesce(sum(CASE w WHEN 2 THEN strong WHEN 1 THEN weak WHEN 0 THEN 0 WHEN -1 THEN -weak ELSE -strong END), 0)
FROM board WHERE w IS NOT NULL
"""
#: Thresholds in millionths, so that SQL adds whole numbers.
MILLION = 1_000_000


@given(st.lists(st.sampled_from([*SHORT, "stale"]), min_size=11, max_size=11))
def test_any_board_comes_to_what_sql_makes_of_it(words: list[str]) -> None:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE board (w INT, bear INT, strong INT, weak INT)")
    for seed, word in zip(SEEDS, words, strict=True):
        assert seed.thresholds is not None
        weight = {"SB": 2, "B": 1, "H": 0, "S": -1, "SS": -2}.get(word)
        strong, weak = (int(each * MILLION) for each in (seed.thresholds.strong_buy, seed.thresholds.buy))
        database.execute("INSERT INTO board VALUES (?, ?, ?, ?)", (weight, seed.is_bear, strong, weak))
    count, weight_sum, signal, sum_weighted = database.execute(SQL).fetchone()
    found = board(dict(zip((seed.symbol for seed in SEEDS), words, strict=True)))
    assert (found.count, found.signal_weight_sum, found.signal.value) == (count, weight_sum, signal)
    assert found.sum_weighted == Decimal(sum_weighted) / MILLION
