"""What many days come to, against what is held."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from thor.indicators.bars_file import read_days
from thor.indicators.daily import Stats, compute, correct, merged
from thor.indicators.extremes import Day, Known
from thor.markets.trade_date import is_business_day
from thor.runtime.problem import Problem

AS_OF = date(2026, 10, 8)
OLDEST = AS_OF - timedelta(days=364)
GROUP = "cme_equity"


def day(at: date, high: object, low: object) -> Day:
    return Day(at, Decimal(str(high)), Decimal(str(low)))


def known(price: object, at: date | None) -> Known:
    return Decimal(str(price)), at


def year(first: date = OLDEST) -> list[Day]:
    """Every trade date up to AS_OF, 90 to 110."""
    days = (first + timedelta(days=n) for n in range((AS_OF - first).days + 1))
    return [day(each, 110, 90) for each in days if is_business_day(each)]


def test_a_day_of_exactly_364_days_ago_counts_and_of_equals_the_oldest() -> None:
    found = compute([day(OLDEST - timedelta(days=1), 200, 1), *year()], AS_OF, GROUP)
    assert found is not None and (found.covers, found.missing) == (True, 0)
    assert found.stats == Stats(
        known(110, OLDEST), known(90, OLDEST), known(200, date(2025, 10, 8)), known(1, date(2025, 10, 8))
    )


def test_days_after_the_date_do_not_count_and_what_is_missing_is_said() -> None:
    found = compute([*year()[:-3], day(AS_OF + timedelta(days=1), 500, 5)], AS_OF, GROUP)
    assert found is not None and (found.missing, found.covers, str(found.stats.high[0])) == (3, True, "110")
    late = compute(year()[1:], AS_OF, GROUP)
    assert late is not None and not late.covers
    assert compute([day(date(2020, 1, 2), 1, 1)], AS_OF, GROUP) is None


HELD = Stats(known(150, date(2026, 1, 5)), known(80, None), known(300, date(2020, 1, 2)), known(20, None))


@pytest.mark.parametrize(("first", "high"), [(OLDEST, "110"), (date(2026, 3, 2), "150")])
def test_something_narrower_needs_a_date_and_days_that_cover(first: date, high: str) -> None:
    found = compute(year(first), AS_OF, GROUP)
    assert found is not None
    wanted = correct(HELD, found, AS_OF)
    assert str(wanted.high[0]) == high
    assert wanted.low == HELD.low and wanted.all_time_high == HELD.all_time_high


def test_an_extreme_of_the_date_itself_is_not_taken_back() -> None:
    found = compute(year(), AS_OF, GROUP)
    assert found is not None
    held = HELD._replace(high=known(150, AS_OF))
    assert correct(held, found, AS_OF).high == held.high


def test_something_wider_is_taken_and_a_date_for_one_without() -> None:
    found = compute([*year(), day(date(2026, 5, 5), 400, 80)], AS_OF, GROUP)
    assert found is not None
    wanted = correct(HELD, found, AS_OF)
    at = date(2026, 5, 5)
    assert wanted == Stats(known(400, at), known(80, at), known(400, at), known(20, None))
    assert correct(None, found, AS_OF) == found.stats


def test_a_day_of_several_sources_has_the_widest_range() -> None:
    one, other = {"ES": [day(AS_OF, 110, 95)]}, {"ES": [day(AS_OF, 105, 90), day(OLDEST, 1, 1)], "ZB": []}
    assert merged(one, other) == {"ES": [day(OLDEST, 1, 1), day(AS_OF, 110, 90)], "ZB": []}


def written(folder: Path, text: str) -> Path:
    path = folder / "bars.csv"
    path.write_text(text)
    return path


def test_a_file_of_bars_is_read_with_its_digits(tmp_path: Path) -> None:
    path = written(
        tmp_path, "symbol,date,high,low\nES,2026-01-06,6000.25,5990.5\nES,2026-01-05,6001,5991\nZB,2026-01-05,,\n"
    )
    assert read_days(path) == {"ES": [day(date(2026, 1, 5), 6001, 5991), day(date(2026, 1, 6), "6000.25", "5990.5")]}
    path = written(tmp_path, "symbol,date,close\nCL,2020-04-20,-37.63\n")
    assert read_days(path) == {"CL": [day(date(2020, 4, 20), "-37.63", "-37.63")]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("symbol,close\nES,1\n", "lacks date"),
        ("symbol,date,high\nES,2026-01-05,1\n", "lacks close"),
        ("symbol,date,close\nES,yesterday,1\n", "bars.csv: "),
        ("symbol,date,close\nES,2026-01-05,much\n", "bars.csv: "),
        ("symbol,date,close\nES,2026-01-05,\n", "no row has"),
        ("symbol,date,high,low\nES,2026-01-05,1,2\n", "a high of 1.0 and a low of 2.0"),
        ("symbol,date,close\nES,2026-01-05,inf\n", "a high of inf"),
        ("", "cannot be read"),
    ],
)
def test_a_file_that_is_none_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Problem) as caught:
        read_days(written(tmp_path, text))
    assert said in caught.value.detail and "\n" not in caught.value.detail
    with pytest.raises(Problem, match="is not there"):
        read_days(tmp_path / "none.csv")
