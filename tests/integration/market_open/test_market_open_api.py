"""Market opens over HTTP and as files: every figure held against a count by hand over the same rows."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from urllib.parse import quote

import openpyxl
import polars as pl
import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.integration.web.conftest import Web
from tests.integration.web.test_web_api import assert_problem
from tests.made_opens import OPENS, made_opens, weekdays
from thor.indicators.models import IntradayMetric
from thor.instruments.services import seed_instruments
from thor.market_open import answers, export, figures, path, questions, schemas, selectors
from thor.market_open.analytics import DaySums, share_of
from thor.market_open.capture import CaptureKind
from thor.market_open.filters import Filters
from thor.market_open.models import MarketSession, MissedCapture, RegionConfig
from thor.market_open.workbook import Column
from thor.markets.live import MarketTable
from thor.markets.models import CalendarDay, CalendarEdition, Market, SessionInterval
from thor.markets.selectors import CalendarShelf
from thor.markets.services import seed_markets
from thor.markets.trade_date import epoch_us
from thor.signals.composite import TOTAL

pytestmark = pytest.mark.django_db

DAYS = weekdays(date(2025, 9, 29), 11)
COUNTRIES = ("Japan", "Germany", "United Kingdom", "USA")
#: The last day: Japan is pending, Germany was captured by hand, London opens at 8, New York was missed.
LAST = DAYS[-1]
DECIDED = ("WORKED", "DIDNT_WORK")
ENTRIES = (*DECIDED, "EXPIRED")
Rows = list[MarketSession]


def at(hour: float, day: date = LAST) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)


# --- the database ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def opened(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Two weeks of four markets' opens, and a third Monday that has just begun."""
    del django_db_setup
    with django_db_blocker.unblock():
        seed_instruments()
        seed_markets()
        _compile()
        made = [*made_opens(DAYS[:-1], COUNTRIES), *made_opens([LAST], ("Germany",), 7, CaptureKind.MANUAL)]
        (japan,) = made_opens([LAST], ("Japan",), 8)
        _store([row for each in made for row in each.rows] + [_pending(row) for row in japan.rows])
        IntradayMetric.objects.bulk_create([IntradayMetric(**row) for each in made for row in each.metrics])
        MissedCapture.objects.create(
            country="USA", trade_date=LAST, opened_at=at(13.5), noted_at=at(13.6), error="YM is stale"
        )
        RegionConfig.objects.create(market=Market.objects.get(country="India"), is_active=False)
        yield
        tables = ", ".join(_tables("markets", "instruments", "indicators", "market_open"))
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {tables} CASCADE")


def _tables(*rooms: str) -> list[str]:
    return [model._meta.db_table for room in rooms for model in apps.get_app_config(room).get_models()]


@pytest.fixture(autouse=True)
def _database(opened: None) -> None:
    del opened


def _store(rows: list[dict[str, Any]]) -> None:
    numbers = {day: number for number, day in enumerate(DAYS, 1)}
    for row in rows:
        row["session_number"] = numbers[row["trade_date"]]
    MarketSession.objects.bulk_create([MarketSession(**row) for row in rows])


def _pending(row: dict[str, Any]) -> dict[str, Any]:
    captured = {field.attname for field in MarketSession._meta.concrete_fields}
    outcome = {name for name in captured if name.startswith(("target_hit", "resol", "deciding", "mark", "obser"))}
    kept = {name: value for name, value in row.items() if name not in outcome | {"elapsed_sec"}}
    return kept | {"pnl_usd": None, "wndw": "PENDING"} if row["entry_side"] else kept


def _compile() -> None:
    """Every market's hours around the days, 8 h from its open; China has a holiday on the last one."""
    for market in Market.objects.filter(country__in=(*COUNTRIES, "China", "India", "CME_Futures")):
        CalendarEdition.objects.create(
            calendar=market.calendar, timezone_name=market.timezone_name, first_utc=at(0, DAYS[0]) - timedelta(days=3),
            end_utc=at(0) + timedelta(days=5), digest="made", library_version="", compiled_at=at(0),
        )  # fmt: skip
        for day in DAYS:
            if (market.country, day) == ("China", LAST):
                continue
            opens = at(OPENS[market.country], day)
            SessionInterval.objects.create(
                calendar=market.calendar, trade_date=day, phase="regular", open_utc=opens,
                close_utc=opens + timedelta(hours=8), source="made", library_version="",
            )  # fmt: skip
        if market.country == "China":
            CalendarDay.objects.create(
                calendar=market.calendar, date=LAST, name="A Chinese day", is_holiday=True, is_closed=True,
                is_early_close=False, source="made",
            )  # fmt: skip


@pytest.fixture
def table() -> MarketTable:
    return MarketTable(tuple(Market.objects.all()), CalendarShelf().look())


def rows_of(**asked: Any) -> Rows:
    return list(MarketSession.objects.filter(**{"symbol": TOTAL, **asked}))


def sampled(**asked: Any) -> Rows:
    return [row for row in rows_of(**asked) if row.capture_kind != "MANUAL"]


# --- queries ---------------------------------------------------------------------------------------------------------


def session_of_the_first_day() -> str:
    return f"usa-{DAYS[0].isoformat()}"


#: What is asked, and how many questions to the database it takes, however many rows there are.
ASKED: list[tuple[str, int, Callable[[MarketTable], Any]]] = [
    ("today", 7, lambda table: answers.today_of(table, LAST, epoch_us(at(9)))),
    ("history", 5, lambda table: answers.history_of(table, Filters(markets=("USA",)), "-opened_at", 1, 50)),
    ("every row", 6, lambda table: answers.history_of(table, Filters(symbol="all"), "-pnl_usd", 1, 500)),
    ("session", 4, lambda table: answers.session_of(table, session_of_the_first_day())),
    ("pending", 3, lambda _: selectors.pending_rows("all")),
    ("path", 2, lambda _: path.path_of(session_of_the_first_day(), TOTAL)),
    ("stats", 5, lambda table: figures.stats_of(table, Filters())),
    ("insights", 3, lambda _table: figures.insights_of(Filters())),
    ("answers", 8, lambda table: questions.answers_of(table, epoch_us(at(9)), "Japan", "Monday", ("ES", "NQ"))),
]


@pytest.mark.parametrize(("name", "count", "ask"), ASKED, ids=[name for name, *_ in ASKED])
def test_how_often_the_database_is_asked(
    table: MarketTable, name: str, count: int, ask: Callable[[MarketTable], Any]
) -> None:
    del name
    with CaptureQueriesContext(connection) as queries:
        ask(table)
    assert len(queries) == count, [each["sql"][:90] for each in queries]


# --- rows ------------------------------------------------------------------------------------------------------------


def matches(row: MarketSession, filters: Filters) -> bool:
    asked = [
        (filters.markets, row.country), (filters.days, row.day), (filters.outcomes, row.wndw),
        (filters.signals, row.bhs), (filters.kinds, row.capture_kind),
    ]  # fmt: skip
    return (
        all(not wanted or value in wanted for wanted, value in asked)
        and (filters.start is None or row.trade_date >= filters.start)
        and (filters.end is None or row.trade_date <= filters.end)
        and filters.symbol in ("all", row.symbol)
    )


FILTERS = [
    Filters(),
    Filters(markets=("USA", "Japan"), days=("Monday",)),
    Filters(start=DAYS[2], end=DAYS[5], outcomes=("WORKED", "NEUTRAL")),
    Filters(signals=("STRONG_BUY", "SELL"), symbol="ES"),
    Filters(kinds=("MANUAL",)),
    Filters(markets=("Germany",), symbol="all"),
    Filters(end=date(2020, 1, 1)),
]


@pytest.mark.parametrize("filters", FILTERS)
def test_history_is_what_matches_and_its_sums(table: MarketTable, filters: Filters) -> None:
    wanted = [row for row in MarketSession.objects.all() if matches(row, filters)]
    found = answers.history_of(table, filters, "-opened_at", 1, 500)
    assert {(row["session_id"], row["symbol"]) for row in found["rows"]} == {
        (row.session_id, row.symbol) for row in wanted
    }
    assert found["total"] == len(wanted)
    assert found["summary"]["sessions"] == len({row.session_id for row in wanted})
    summary = found["summary"]
    assert summary["worked"] == sum(row.wndw == "WORKED" for row in wanted)
    assert summary["entries"] == sum(row.wndw in ENTRIES for row in wanted)
    assert summary["total_pnl_usd"] == sum((row.pnl_usd or Decimal(0) for row in wanted), Decimal(0))
    stamps = [row["opened_at"] for row in found["rows"]]
    assert stamps == sorted(stamps, reverse=True)


@pytest.mark.parametrize("sort", ["pnl_usd", "-pnl_usd", "elapsed_sec", "-weight", "country", "-session_number"])
def test_pages_in_order_hold_every_row_once_and_unknown_values_last(table: MarketTable, sort: str) -> None:
    pages = [answers.history_of(table, Filters(), sort, page, 7)["rows"] for page in range(1, 8)]
    rows = [row for page in pages for row in page]
    assert len({row["session_id"] for row in rows}) == len(rows) == len(rows_of())
    values = [row[sort.removeprefix("-")] for row in rows]
    known = [value for value in values if value is not None]
    assert values == sorted(known, reverse=sort.startswith("-")) + [None] * (len(values) - len(known))


def test_a_row_says_all_and_what_stands_beside_it(table: MarketTable) -> None:
    found = answers.session_of(table, session_of_the_first_day())
    assert [row["symbol"] for row in found["rows"]][-1] == TOTAL
    assert len(found["rows"]) == 12
    own = MarketSession.objects.get(session_id=session_of_the_first_day(), symbol="ES")
    es = next(row for row in found["rows"] if row["symbol"] == "ES")
    assert (es["market_close"], es["session_volume"], es["display_name"]) == (own.market_open, 1234, "New York")
    levels = (own.target_high, own.target_low) if own.entry_side == "BUY" else (own.target_low, own.target_high)
    assert (es["target"], es["stop"]) == levels
    assert es["quote"]["stream_id"] == own.quote_stream_id
    assert (es["deciding"] is None) == (own.deciding_ts is None)
    assert "quote_ts" not in es and "deciding_ts" not in es


def test_total_says_who_does_not_count(table: MarketTable) -> None:
    short = MarketSession.objects.filter(symbol="DX", bhs=None).first()
    assert short is not None, "the made opens have one without DX"
    total = answers.session_of(table, short.session_id)["rows"][-1]
    assert total["missing"] == [{"symbol": "DX", "reason": "no quote"}]
    assert total["status"] == "PARTIAL 10/11"


# --- a day -----------------------------------------------------------------------------------------------------------


def test_the_cards_of_a_day_in_the_order_of_their_opens(table: MarketTable) -> None:
    found = answers.today_of(table, LAST, epoch_us(at(9)))
    cards = {card["country"]: card for card in found["markets"]}
    states = {country: card["state"] for country, card in cards.items()}
    assert states == {
        "Japan": "captured", "China": "holiday", "India": "off", "Germany": "captured", "Netherlands": "upcoming",
        "United Kingdom": "open", "Pre_USA": "upcoming", "USA": "missed",
    }  # fmt: skip
    known = [card["opens_at"] for card in found["markets"] if card["opens_at"]]
    assert known == sorted(known) and len(known) == 5
    assert cards["China"]["holiday_name"] == "A Chinese day"
    assert cards["USA"]["missed"]["error"] == "YM is stale"
    assert cards["Japan"]["session"]["session_id"] == f"japan-{LAST.isoformat()}"
    summary = found["summary"]
    assert (summary["sessions"], summary["missed"]) == (2, 1)
    assert summary["pending"] == len(rows_of(trade_date=LAST, wndw="PENDING"))


@pytest.mark.parametrize(("hour", "state"), [(7.9, "upcoming"), (8.0, "open"), (15.9, "open"), (16.0, "missed")])
def test_a_market_that_is_not_captured_yet(table: MarketTable, hour: float, state: str) -> None:
    found = answers.today_of(table, LAST, epoch_us(at(hour)))
    assert next(card["state"] for card in found["markets"] if card["country"] == "United Kingdom") == state


def test_a_saturday_has_no_sessions(table: MarketTable) -> None:
    found = answers.today_of(table, LAST - timedelta(days=2), epoch_us(at(9)))
    assert {card["state"] for card in found["markets"] if card["country"] in COUNTRIES} == {"holiday"}
    assert (found["summary"]["sessions"], found["summary"]["best_market"]) == (0, None)


# --- figures ---------------------------------------------------------------------------------------------------------


def by_day(rows: Rows, value: Callable[[MarketSession], float], counts: Sequence[str]) -> DaySums:
    days: dict[date, list[float]] = {}
    for row in rows:
        if row.wndw in counts:
            days.setdefault(row.trade_date, []).append(value(row))
    return DaySums.of((sum(day), len(day)) for day in days.values())


def assert_rate(found: dict[str, Any], rows: Rows) -> None:
    """The figures of a group as a count over its rows has them."""
    decided = [row for row in rows if row.wndw in DECIDED]
    entries = [row for row in rows if row.wndw in ENTRIES]
    assert (found["sessions"], found["decided"], found["entries"]) == (len(rows), len(decided), len(entries))
    pnl = sum((row.pnl_usd or Decimal(0) for row in rows), Decimal(0))
    assert found["total_pnl_usd"] == pnl
    if entries:
        assert found["expected_value_per_contract"] == pytest.approx(float(pnl) / len(entries), abs=1e-5)
    share = share_of(by_day(rows, lambda row: row.wndw == "WORKED", DECIDED))
    if share is None:
        assert found["hit_rate"] is found["base_rate"] is found["median_resolution_sec"] is None
        return
    assert found["hit_rate_interval"] == pytest.approx(share.interval, abs=1e-5)
    assert (found["effective_n"], found["days"]) == (pytest.approx(share.effective_n, abs=1e-5), share.days)
    seconds = sorted(float(row.elapsed_sec or 0) for row in decided)
    middle = (seconds[(len(seconds) - 1) // 2] + seconds[len(seconds) // 2]) / 2
    assert found["median_resolution_sec"] == pytest.approx(middle, abs=1e-5)
    assert found["base_rate"] == pytest.approx(sum(map(chance, decided)) / len(decided), abs=1e-5)


def chance(row: MarketSession) -> float:
    stop = row.target_low if row.entry_side == "BUY" else row.target_high
    assert row.entry_price is not None and stop is not None
    assert row.target_high is not None and row.target_low is not None
    return float(abs(row.entry_price - stop) / (row.target_high - row.target_low))


@pytest.mark.parametrize("symbol", [TOTAL, "ES"])
def test_rates_of_every_group_are_those_of_its_rows(table: MarketTable, symbol: str) -> None:
    found = figures.stats_of(table, Filters(symbol=symbol))
    rows = sampled(symbol=symbol)
    assert_rate(found["overall"], rows)
    groups = {"by_market": ["country"], "by_day": ["day"], "by_market_day": ["country", "day"], "by_signal": ["bhs"]}
    for name, columns in groups.items():
        keys = {tuple(getattr(row, column) for column in columns) for row in rows}
        assert len(found[name]) == len(keys)
        for each in found[name]:
            key = tuple(each["signal" if column == "bhs" else column] for column in columns)
            assert_rate(each, [row for row in rows if tuple(getattr(row, column) for column in columns) == key])
    assert [each["month"] for each in found["by_month"]] == ["2025-09", "2025-10"]
    assert_rate(found["by_month"][0], [row for row in rows if row.month == 9])


def test_what_stands_beside_the_rates(table: MarketTable) -> None:
    found = figures.stats_of(table, Filters())
    manual = rows_of(capture_kind="MANUAL")
    assert (found["left_out"], found["missed"]) == ({"manual": len(manual)}, 1)
    assert found["filters"]["kind"] == ["OPEN", "LATE"]
    entries = [row for row in sampled() if row.wndw in ENTRIES]
    assert found["quality"]["n"] == len(entries)
    assert found["quality"]["exact"] == pytest.approx(
        sum(row.resolution_quality == "exact" for row in entries) / len(entries), abs=1e-5
    )
    curve = found["pnl_curve"]
    assert curve[-1]["cumulative_usd"] == found["overall"]["total_pnl_usd"]
    assert sum(each["entries"] for each in curve) == len(entries)
    only = figures.stats_of(table, Filters(kinds=("MANUAL",)))
    assert (only["overall"]["sessions"], only["left_out"]) == (len(manual), {"manual": 0})


def test_the_order_of_groups_is_that_of_people(table: MarketTable) -> None:
    found = figures.stats_of(table, Filters())
    assert [each["country"] for each in found["by_market"]] == list(COUNTRIES)
    assert [each["day"] for each in found["by_day"]] == ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]


def chance_of(row: MarketSession, *, agrees: bool) -> float:
    """How often noise tells the way of a trade, seen from where it could be closed at once."""
    stop, target = (row.target_low, row.target_high) if row.entry_side == "BUY" else (row.target_high, row.target_low)
    assert stop is not None and target is not None and row.exit_price_at_entry is not None
    wins = max(0.0, float((row.exit_price_at_entry - stop) / (target - stop)))
    return wins if agrees else 1 - wins


def test_insights_are_a_count_over_the_same_opens(table: MarketTable) -> None:
    found = figures.insights_of(Filters())
    decided = {row.session_id: row for row in sampled() if row.wndw in DECIDED}
    up = {key: (row.entry_side == "BUY") == (row.wndw == "WORKED") for key, row in decided.items()}
    own = [row for row in MarketSession.objects.filter(session_id__in=decided).exclude(symbol=TOTAL) if row.bhs]
    for each in found["by_signal"]:
        rows = [row for row in own if (row.symbol, row.bhs) == (each["symbol"], each["signal"])]
        assert each["n"] == len(rows)
        assert each["worked"] == sum(decided[row.session_id].wndw == "WORKED" for row in rows)
    right = {(row.session_id, row.symbol): (row.weight > 0) == up[row.session_id] for row in own if row.weight}
    for each in found["predictors"]:
        verdicts = [good for (_, symbol), good in right.items() if symbol == each["symbol"]]
        assert (each["n"], each["right"]) == (len(verdicts), sum(verdicts))
        chances = [
            chance_of(decided[row.session_id], agrees=(row.weight > 0) == (decided[row.session_id].entry_side == "BUY"))
            for row in own
            if row.weight and row.symbol == each["symbol"]
        ]
        assert each["base"] == pytest.approx(sum(chances) / len(chances), abs=1e-5)
    rates = [each["rate"] for each in found["predictors"]]
    assert rates == sorted(rates, reverse=True) and len(rates) == 11
    pair = next(each for each in found["comparisons"] if (each["a"], each["b"]) == ("ES", "NQ"))
    both = [key for key in decided if (key, "ES") in right and (key, "NQ") in right]
    assert pair["n"] == len(both)
    assert pair["rate_a"] == pytest.approx(sum(right[key, "ES"] for key in both) / len(both), abs=1e-5)
    assert pair["difference"] == pytest.approx(pair["rate_a"] - pair["rate_b"], abs=1e-5)


def test_six_questions_in_sentences_with_their_samples(table: MarketTable) -> None:
    found = questions.answers_of(table, epoch_us(at(9)), "Japan", "Monday", ("ES", "NQ"))["answers"]
    said = {each["id"]: each["answer"] for each in found}
    assert list(said) == ["hit_rate", "best_market", "strong_buy", "pnl_this_week", "composite", "better"]
    decided = [row for row in sampled(country="Japan", day="Monday") if row.wndw in DECIDED]
    assert f"of {len(decided)} decided" in said["hit_rate"] and "low sample" in said["hit_rate"]
    assert "after the spread" in said["hit_rate"]
    assert said["composite"] == f"London has no capture of {LAST.isoformat()} yet (n = 0)."
    assert f"since Monday {LAST.isoformat()}" in said["pnl_this_week"]
    earlier = questions.answers_of(table, epoch_us(at(9, DAYS[0])), "USA", "Sunday", ("GC", "ZB"))["answers"]
    assert "nothing was decided yet (n = 0)" in earlier[0]["answer"]
    assert "LIVE TOTAL" in earlier[4]["answer"] or "PARTIAL" in earlier[4]["answer"]
    assert "GC" in earlier[5]["answer"]


# --- the path --------------------------------------------------------------------------------------------------------


def add_ticks(around: MarketSession, count: int) -> None:
    """A tick every 100 ms from the capture on, the deciding one among them."""
    begin = around.captured_at
    start = begin - timedelta(days=1)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE ticks_made PARTITION OF ticks FOR VALUES FROM (%s) TO (%s)",
            [start, begin + timedelta(days=1)],
        )
        rows = [
            (begin + timedelta(milliseconds=100 * n + 1), 47_000 + n % 97, 47_004 + n % 97, 47_001 + n % 97, n)
            for n in range(count)
        ]
        cursor.executemany(
            "INSERT INTO ticks (symbol, ts, bid, ask, last, source, seq, trade_date, stream_id)"
            " VALUES ('YM', %s, %s, %s, %s, 'TOS', %s, '2025-10-09', '1-1')",
            rows,
        )
        cursor.execute(
            "INSERT INTO ticks (symbol, ts, bid, ask, last, source, seq, trade_date, stream_id)"
            " VALUES ('YM', %s, 47001, 47002, 47002, %s, %s, '2025-10-09', '1-2'),"
            "        ('YM', %s, 47003, 47002, 47002, 'TOS', 900001, '2025-10-09', '1-3'),"
            "        ('YM', %s, 46000, 46001, 46000, 'TOS', 900002, '2025-10-09', '1-4')",
            [around.deciding_ts, around.deciding_source, around.deciding_seq, begin, begin + timedelta(hours=3)],
        )


def graded_session() -> MarketSession:
    found = next(row for row in sampled(wndw="WORKED") if row.elapsed_sec and row.elapsed_sec > 120)
    return found


def test_the_path_is_thinned_and_keeps_what_decided() -> None:
    row = graded_session()
    seconds = float(row.elapsed_sec or 0)
    add_ticks(row, int(seconds * 10) + 400)
    found = path.path_of(row.session_id, TOTAL)
    schemas.PathAnswer.model_validate(found)
    assert found["ticks"] > 1_000 and len(found["points"]) <= 1_500
    graded = [point["graded"] for point in found["points"]]
    side = "bid" if row.entry_side == "BUY" else "ask"
    assert graded == [point[side] for point in found["points"]]
    assert (min(graded), max(graded)) == ((47_000, 47_096) if side == "bid" else (47_002, 47_100))
    stamps = [point["ts"] for point in found["points"]]
    assert stamps == sorted(stamps)
    deciding = [each for each in found["quotes"] if each["is_deciding"]]
    assert len(deciding) == 1 and len(found["quotes"]) == 11
    assert (deciding[0]["ts"], deciding[0]["seq"]) == (found["resolved_at"], row.deciding_seq)
    assert found["quotes"].index(deciding[0]) == 5
    assert deciding[0]["ts"] in stamps


def test_few_ticks_are_all_there_and_a_row_without_entry_has_a_path() -> None:
    row = graded_session()
    add_ticks(row, 50)
    assert len(path.path_of(row.session_id, TOTAL)["points"]) == 51
    neutral = next(each for each in sampled(wndw="NEUTRAL"))
    found = path.path_of(neutral.session_id, TOTAL)
    assert (found["entry_side"], found["target"], found["quotes"], found["ticks"]) == (None, None, [], 0)


# --- files -----------------------------------------------------------------------------------------------------------


def exported(filters: Filters, form: export.Format) -> bytes:
    out = io.BytesIO()
    export.write(out, filters, form)
    return out.getvalue()


def test_a_csv_has_every_column_of_a_row() -> None:
    rows = list(csv.DictReader(io.StringIO(exported(Filters(symbol="all"), export.Format.CSV).decode())))
    assert len(rows) == MarketSession.objects.count()
    flat = {"quote", "deciding", "future"}
    assert set(schemas.Row.model_fields) - flat <= set(rows[0])
    assert {"quote_stream_id", "deciding_stream_id", "deciding_bid"} <= set(rows[0])
    stamps = [row["opened_at"] for row in rows]
    assert stamps == sorted(stamps) and stamps[0].endswith(".000000Z")
    total = next(row for row in rows if row["symbol"] == TOTAL and row["wndw"] == "DIDNT_WORK")
    assert (total["outcome"], total["pnl_usd"]) == ("Didn't Work", "-100")


#: What a person, or a source, may have written.
ATTACKS = [
    '=HYPERLINK("http://x")',
    "+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1",
    "harmless = 1",
    'a,"b"',
]


def attacked() -> None:
    total = graded_session()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL thor.correction = 'on'")
    for row, text in zip(MarketSession.objects.filter(session_id=total.session_id), ATTACKS, strict=False):
        row.reason = text
        row.last_price = Decimal("-37.63")
        row.save()


def test_text_is_never_a_formula_and_numbers_stay_numbers() -> None:
    attacked()
    rows = list(csv.DictReader(io.StringIO(exported(Filters(symbol="all"), export.Format.CSV).decode(), newline="")))
    said = {row["reason"] for row in rows if row["last_price"] == "-37.63"}
    assert said == {f"'{text}" for text in ATTACKS[:8]} | set(ATTACKS[8:])
    sheet = cast(Any, openpyxl.load_workbook(io.BytesIO(exported(Filters(symbol="all"), export.Format.XLSX))).active)
    head = [cell.value for cell in sheet[1]]
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    place = head.index("last_price")
    assert -37.63 in {row[place].value for row in sheet.iter_rows(min_row=2)}
    reasons = {row[head.index("reason")].value for row in sheet.iter_rows(min_row=2)}
    # XML knows one kind of line's end.
    assert {f"'{text}".replace("\r", "\n") for text in ATTACKS[:8]} <= {str(each) for each in reasons}
    frame = pl.read_parquet(io.BytesIO(exported(Filters(symbol="all"), export.Format.PARQUET)))
    assert set(ATTACKS) - {"\r=1"} <= set(frame["reason"].drop_nulls())


def test_excel_and_parquet_have_types_and_the_same_values() -> None:
    filters = Filters(markets=("USA",))
    rows = list(csv.DictReader(io.StringIO(exported(filters, export.Format.CSV).decode())))
    sheet = cast(Any, openpyxl.load_workbook(io.BytesIO(exported(filters, export.Format.XLSX))).active)
    head, *body = sheet.iter_rows(values_only=True)
    assert (list(head), len(body)) == (list(rows[0]), len(rows))
    place = {name: number for number, name in enumerate(head)}
    first = body[0]
    assert first[place["opened_at"]] == datetime.fromisoformat(rows[0]["opened_at"]).replace(tzinfo=None)
    assert first[place["trade_date"]].date() == DAYS[0]
    assert [row[place["entry_price"]] for row in body] == [
        float(row["entry_price"]) if row["entry_price"] else None for row in rows
    ]
    frame = pl.read_parquet(io.BytesIO(exported(filters, export.Format.PARQUET)))
    assert frame.schema["entry_price"] == pl.Decimal(18, 6)
    assert frame.schema["opened_at"] == pl.Datetime("us", "UTC")
    assert [frame.schema[name] for name in ("trade_date", "session_number")] == [pl.Date, pl.Int64]
    assert frame["entry_price"].to_list() == [
        Decimal(row["entry_price"]) if row["entry_price"] else None for row in rows
    ]
    assert frame.columns == list(head)


def test_nothing_that_matches_is_a_file_with_a_head() -> None:
    nothing = Filters(end=date(2020, 1, 1))
    assert exported(nothing, export.Format.CSV).count(b"\n") == 1
    assert pl.read_parquet(io.BytesIO(exported(nothing, export.Format.PARQUET))).height == 0
    sheet = cast(Any, openpyxl.load_workbook(io.BytesIO(exported(nothing, export.Format.XLSX))).active)
    assert sheet.max_row == 1


def test_every_column_has_its_kind() -> None:
    kinds = {cell.name: cell.kind for cell in export.cells()}
    assert len(kinds) == len(export.cells())
    assert (kinds["opened_at"], kinds["trade_date"], kinds["pnl_usd"], kinds["reason"]) == (
        Column.TIME, Column.DATE, Column.NUMBER, Column.TEXT,
    )  # fmt: skip
    assert kinds["signal_counts"] is Column.TEXT


# --- over HTTP -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def api(opened: None, django_db_blocker: Any, valkey_url: str) -> Iterator[Web]:
    del opened
    with django_db_blocker.unblock():
        told = connection.get_connection_params()
    folder = str(told.get("host") or "")
    host = f"host={quote(folder, safe='')}" if folder.startswith("/") else ""
    place = "" if host else f"{told['host']}:{told['port']}"
    url = f"postgresql://{told['user']}:{told.get('password', '')}@{place}/{told['dbname']}"
    options = f"?options=-c%20search_path%3Dpublic{f'&{host}' if host else ''}"
    environ = {**os.environ, "DATABASE_URL": url + options, "REDIS_URL": valkey_url, "THOR_NAMESPACE": "opens_api"}
    web = Web(environ, "opens_api", valkey_url).start()
    yield web
    assert web.stop() == 0


SCHEMAS = [
    ("today?date=2025-10-13", schemas.TodayAnswer),
    ("today?date=0001-01-01", schemas.TodayAnswer),
    ("today?date=9999-12-31", schemas.TodayAnswer),
    ("history?page=1000000", schemas.HistoryAnswer),
    (
        "history?market=USA&market=Japan&day_of_week=1,Fri&outcome=Worked&page_size=5&sort=-pnl_usd",
        schemas.HistoryAnswer,
    ),
    ("history?symbol=all&page_size=500", schemas.HistoryAnswer),
    ("session/usa-2025-09-29/symbols", schemas.SessionAnswer),
    ("session/usa-2025-09-29/path?symbol=ES", schemas.PathAnswer),
    ("pending?symbol=all", schemas.PendingAnswer),
    ("stats", schemas.StatsAnswer),
    ("stats?end_date=2020-01-01", schemas.StatsAnswer),
    ("insights", schemas.InsightsAnswer),
    ("answers?market=USA&day=5&a=GC&b=ZB", schemas.AnswersAnswer),
]


@pytest.mark.parametrize(("question", "schema"), SCHEMAS, ids=[question for question, _ in SCHEMAS])
def test_answers_are_as_their_schemas_say(api: Web, question: str, schema: Any) -> None:
    reply = api.get(f"/api/market-open/{question}")
    assert reply.status_code == 200, reply.text
    schema.model_validate_json(reply.content)
    assert set(reply.json()) == set(schema.model_fields)
    assert reply.headers["cache-control"] == "no-store"
    for row in reply.json().get("rows", []):
        assert set(row) == set(schemas.Row.model_fields)


ALIASES = {
    "/api/futures/market-opens": "history", "/api/futures/market-opens/stats": "stats",
    "/api/futures/market-opens/pending": "pending", "/api/futures/market-opens/today": "today",
    "/api/futures/market-opens/usa-2025-09-29": "session/usa-2025-09-29/symbols",
    "/api/futuretrading/market-open/history": "history", "/api/futuretrading/market-open/stats": "stats",
    "/api/futuretrading/market-open/session/usa-2025-09-29/symbols": "session/usa-2025-09-29/symbols",
}  # fmt: skip


@pytest.mark.parametrize("alias", ALIASES)
def test_old_names_with_and_without_a_slash(api: Web, alias: str) -> None:
    wanted = api.get(f"/api/market-open/{ALIASES[alias]}").json()
    for path_of in (alias, f"{alias}/"):
        found = api.get(path_of).json()
        wanted.pop("as_of", None), found.pop("as_of", None)
        assert found == wanted


@pytest.mark.parametrize(
    ("question", "status", "says"),
    [
        ("history?market=Atlantis", 422, "/api/markets lists them"),
        ("history?day_of_week=8", 422, "give Monday to Sunday"),
        ("history?outcome=maybe", 422, "give one of PENDING"),
        ("history?signal=LOUD", 422, "give one of STRONG_BUY"),
        ("history?symbol=XX", 422, "/api/instruments lists them"),
        ("history?kind=%00", 422, "give one of OPEN"),
        ("history?start_date=2025-13-01", 422, "start_date"),
        ("history?start_date=2025-10-02&end_date=2025-10-01", 422, "lies before"),
        ("history?sort=hash", 422, "give one of opened_at"),
        ("history?page=0", 422, "page"),
        ("history?page=999999999999999999999", 422, "page"),
        ("history?page_size=501", 422, "page_size"),
        ("today?date=tomorrow", 422, "2025-10-09"),
        ("stats?symbol=all", 422, "figures are of one trade"),
        ("answers?a=ES&b=ES", 422, "two instruments"),
        ("answers?day=Someday", 422, "day:"),
        ("session/usa-1999-01-01/symbols", 404, "no such open"),
        ("session/usa-2025-09-29/path?symbol=XX", 422, "/api/instruments lists them"),
        ("session/usa-1999-01-01/path", 404, "no such open"),
        ("session/%00/symbols", 404, "no such open"),
        ("session/x%27y/path", 404, "no such open"),
        ("download?format=doc", 422, "format"),
    ],
)
def test_a_wrong_question_is_one_line(api: Web, question: str, status: int, says: str) -> None:
    detail = assert_problem(api.get(f"/api/market-open/{question}"), status)["detail"]
    assert says in detail and "\n" not in detail


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
def test_a_download_is_a_file_with_a_name(api: Web, form: str) -> None:
    reply = api.get(f"/api/market-open/download?format={form}&market=USA&symbol=all")
    assert reply.status_code == 200
    name = f'attachment; filename="market-opens-{DAYS[0].isoformat()}-{DAYS[-2].isoformat()}.{form}"'
    assert reply.headers["content-disposition"] == name
    begins = {"csv": b"session_id,", "xlsx": b"PK", "parquet": b"PAR1"}[form]
    assert reply.content.startswith(begins)
    if form == "csv":
        assert len(list(csv.reader(io.StringIO(reply.text)))) == 1 + 12 * 10
