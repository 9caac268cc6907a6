"""What there is of each trade date: every state, and nothing where nobody knows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from tests.lake_support import put_bars, put_ticks
from thor.instruments.selectors import load_catalogue
from thor.instruments.services import seed_instruments
from thor.lake import coverage
from thor.lake.models import FileState, LakeFile, QualityDay
from thor.lake.store import LocalStore
from thor.markets.calendar import Calendar, DayNote, Interval, IntervalPhase
from thor.markets.live import MarketTable
from thor.markets.trade_date import epoch_us, spans_of

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 11, 16)
TODAY = MONDAY + timedelta(days=4)


def week_of(group: str) -> Calendar:
    """Monday to Friday, but that Wednesday is a holiday."""
    days = [MONDAY + timedelta(days=n) for n in range(-7, 12)]
    intervals = [
        Interval(day, IntervalPhase.REGULAR, span.start_us, span.end_us - 3_600_000_000)
        for day in days
        if day.weekday() < 5 and day != MONDAY + timedelta(days=2)
        for span in spans_of(day, [group])
    ]
    first, end = epoch_us(datetime(2026, 11, 1, tzinfo=UTC)), epoch_us(datetime(2026, 12, 1, tzinfo=UTC))
    notes = {MONDAY + timedelta(days=2): DayNote("Day of the test", True, True, False)}
    return Calendar(group, "America/Chicago", intervals, notes, first, end)


def store_ticks(symbol: str, day: date, count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS ticks_made PARTITION OF ticks"
            " FOR VALUES FROM ('2026-11-14 00:00Z') TO ('2026-11-21 00:00Z')"
        )
        cursor.execute(
            "INSERT INTO ticks (symbol, ts, last, source, seq, trade_date)"
            " SELECT %s, %s::date + interval '15 hours' + n * interval '1 s', 1, 'MOCK', n, %s"
            " FROM generate_series(1, %s) AS n",
            [symbol, day, day, count],
        )


def cells(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, int], dict[str, Any]]:
    """(symbol, day of the week) -> cell."""
    coverage._counts.clear()
    now_us = spans_of(TODAY, ["cme_equity"])[0].start_us + 3_600_000_000
    monkeypatch.setattr(coverage, "market_now", lambda: type("Now", (), {"now_us": now_us}))
    table = MarketTable((), {name: week_of(name) for name in ("cme_equity", "cbot_rates")})
    found = coverage._coverage(MONDAY - timedelta(days=7), TODAY, TODAY, load_catalogue().listed, table)
    return {
        (cell["symbol"], (date.fromisoformat(day["trade_date"]) - MONDAY).days): cell
        for day in found["days"]
        for cell in day["cells"]
    }


def test_every_state(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seed_instruments()
    store = LocalStore(tmp_path)
    for n in (0, 1):
        file = put_ticks(store, "ES", MONDAY + timedelta(days=n))
        LakeFile.objects.filter(pk=file.pk).update(stored=5)
    put_bars(store, "ES", MONDAY)
    store_ticks("ES", MONDAY, 5)
    store_ticks("ES", MONDAY + timedelta(days=1), 6)
    store_ticks("ES", TODAY, 3)
    store_ticks("CL", MONDAY, 1)
    monkeypatch.setattr(coverage, "FRESH_DATES", 4)
    for symbol, state in (("YM", FileState.ARCHIVED), ("NQ", FileState.DAMAGED), ("RTY", FileState.MISSING)):
        LakeFile.objects.filter(pk=put_ticks(store, symbol, MONDAY).pk).update(state=state.value)
    found = cells(monkeypatch)
    assert {key: cell["state"] for key, cell in found.items() if key[0] == "ES"} == {
        ("ES", 0): "exported",
        ("ES", 1): "stale",
        ("ES", 2): "closed",
        ("ES", 3): "empty",
        ("ES", 4): "stored",
    }
    assert (found["CL", 0]["state"], found["CL", 0]["stored"]) == ("stored", None)
    assert [found[symbol, 0]["state"] for symbol in ("YM", "NQ", "RTY")] == ["archived", "damaged", "missing"]
    assert (found["ES", 0]["ticks"], found["ES", 0]["stored"], found["ES", 0]["bars"]) == (5, None, ["1m"])
    assert (found["ES", 1]["ticks"], found["ES", 1]["stored"]) == (5, 6)
    assert not any(symbol == "ZB" for symbol, _ in found)  # nothing was ever there: nobody says it is missing


def test_quality_and_sums(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seed_instruments()
    file = put_ticks(LocalStore(tmp_path), "ES", MONDAY)
    QualityDay.objects.create(
        symbol="ES", trade_date=MONDAY, ticks=5, open_seconds=100.0, covered_seconds=75.0, gaps=1, crossed=2,
        longest_gap_seconds=25.0, made_of="x", made_at=datetime(2026, 11, 17, tzinfo=UTC),
    )  # fmt: skip
    assert cells(monkeypatch)["ES", 0]["quality"] == {
        "coverage": 0.75, "gaps": 1, "longest_gap_seconds": 25.0, "crossed": 2, "spikes": 0, "duplicates": 0,
        "out_of_order": 0,
    }  # fmt: skip
    summary = coverage._summary()
    assert (summary["ticks"], summary["bytes"], summary["files"], summary["verified_at"]) == (5, file.size, 1, None)
    LakeFile.objects.update(verified_at=datetime(2026, 11, 18, 12, tzinfo=UTC))
    assert coverage._summary()["verified_at"] == "2026-11-18T12:00:00.000000Z"
    rows = coverage._quality_rows(MONDAY, "ES")
    assert [(row["symbol"], row["trade_date"], row["open_seconds"]) for row in rows] == [("ES", "2026-11-16", 100.0)]
