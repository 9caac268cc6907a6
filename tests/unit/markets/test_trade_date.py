"""The trade date: known answers, and what must hold at every instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thor.markets.trade_date import GROUPS, trade_date, trade_date_span

ANSWERS = Path(__file__).resolve().parents[2] / "answers" / "trade_dates.csv"
ROWS = [
    line.split(",", 3) for line in ANSWERS.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")
]
instants = st.integers(1_167_609_600_000_000, 1_924_991_999_000_000)  # 2007 to 2030
groups = st.sampled_from(GROUPS)


@pytest.mark.parametrize(("at", "group", "wanted", "why"), ROWS, ids=[row[3] + " " + row[0] for row in ROWS])
def test_known_answers(at: str, group: str, wanted: str, why: str) -> None:
    instant = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("America/Chicago"))
    assert trade_date(instant, group) == date.fromisoformat(wanted), why


@given(instants, groups)
def test_the_answer_holds_over_its_whole_span_and_turns_at_its_end(at_us: int, group: str) -> None:
    span = trade_date_span(at_us, group)
    assert span.start_us <= at_us < span.end_us
    assert trade_date_span(span.start_us, group) == span == trade_date_span(span.end_us - 1, group)
    following = trade_date_span(span.end_us, group)
    assert following.start_us == span.end_us
    assert span.trade_date < following.trade_date <= span.trade_date + timedelta(days=5)
    assert span.trade_date.weekday() < 5


@given(instants, instants, groups)
def test_the_trade_date_never_falls(a: int, b: int, group: str) -> None:
    first, second = sorted((a, b))
    assert trade_date_span(first, group).trade_date <= trade_date_span(second, group).trade_date


def test_a_naive_time_and_an_unknown_group_are_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        trade_date(datetime(2025, 10, 9, 12))  # noqa: DTZ001
    with pytest.raises(ValueError, match="unknown product group"):
        trade_date(datetime(2025, 10, 9, 12, tzinfo=UTC), "wheat")
