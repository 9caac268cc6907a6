"""The close of a session that the desk was not there to measure, from the stored ticks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.desk_support import ALPHA, BEGIN, BEGIN_US, BETA, MINUTE_US
from tests.integration.desk.conftest import DeskBench
from tests.integration.desk.test_desk_opens import SECOND, at, rising, say, won
from tests.integration.market_open.stored import forget, store
from thor.desk import tasks, triggers
from thor.desk.close_capture import Status, capture_close
from thor.desk.jobs import NotYetError
from thor.indicators.models import IntradayMetric
from thor.market_open.models import AuditRecord
from thor.market_open.verify import verify
from thor.markets.models import Market
from thor.markets.now import MarketNow
from thor.runtime.problem import Problem

CLOSED_US = BEGIN_US + 5 * MINUTE_US
#: What is of the close, as the desk leaves it before there is one.
NO_CLOSE = dict.fromkeys(
    (
        "closed", "market_close", "market_high_pct_close", "market_low_pct_close", "market_close_vs_open_pct",
        "market_range", "market_range_pct", "session_volume",
    )
)  # fmt: skip


@pytest.fixture
def measured(bench: DeskBench, settings: Any) -> Iterator[DeskBench]:
    """Alpha's whole session, captured, measured to its close and stored."""
    forget()  # of what other tests stored
    settings.THOR_NAMESPACE = bench.namespace
    quotes = [
        *rising(BEGIN_US - SECOND), *won(),
        ("ES", BEGIN_US + 60 * SECOND, {**at(1044), "volume": 10}),
        ("ES", BEGIN_US + 90 * SECOND, {**at(1033), "volume": 25}),
        ("ES", CLOSED_US - SECOND, {**at(1036), "volume": 31}),
        ("ES", CLOSED_US + 1, {**at(2), "volume": 99}),
    ]  # fmt: skip
    store(say(bench, CLOSED_US + SECOND, quotes), quotes)
    bench.client.xgroup_create(bench.keys.unified, bench.keys.group, id="$")
    bench.worker().drain()
    yield bench
    forget()


def rows() -> list[dict[str, Any]]:
    return list(IntradayMetric.objects.filter(market=ALPHA).order_by("symbol").values())


def said(*words: str) -> str:
    out = StringIO()
    call_command("capture_market_close", "--market", ALPHA, *words, stdout=out)
    return out.getvalue().strip()


def test_rows_without_a_close_get_the_one_that_the_desk_would_have_written(measured: DeskBench) -> None:
    before = rows()
    assert len(before) == 11 and before[2]["symbol"] == "ES"
    assert (before[2]["market_high_open"], before[2]["market_close"], before[2]["session_volume"]) == (1044, 1036, 21)
    records = AuditRecord.objects.count()
    assert said() == "alpha-2025-10-09 has its close: nothing is to be written"
    IntradayMetric.objects.filter(market=ALPHA, symbol__in=["ES", "YM"]).update(**NO_CLOSE)
    IntradayMetric.objects.filter(market=ALPHA, symbol="NQ").update(market_close=1)  # it has one, wrong as it is
    torn = rows()
    assert said("--dry-run").startswith("alpha-2025-10-09: 2 closes and 2 ranges would be written")
    assert rows() == torn and AuditRecord.objects.count() == records
    found = json.loads(said("--json", "--user", "ann"))
    assert found == {
        "status": "closed", "country": ALPHA, "session_id": "alpha-2025-10-09", "session_number": 1,
        "close_rows_updated": 2, "range_rows_updated": 2, "is_written": True,
    }  # fmt: skip
    assert [row for row in rows() if row["symbol"] != "NQ"] == [row for row in before if row["symbol"] != "NQ"]
    body = json.loads(AuditRecord.objects.get(number=records + 1).body)
    assert (body["who"], body["force"], sorted(body["rows"])) == ("ann", False, ["ES", "YM"])
    assert (body["rows"]["ES"]["old"]["market_close"], body["rows"]["ES"]["new"]["market_close"]) == (None, "1036")
    forced = capture_close(ALPHA, "bob", force=True)
    assert (forced.close_rows_updated, forced.range_rows_updated, rows()) == (1, 0, before)
    assert capture_close(ALPHA, "bob", force=True).status is Status.ALREADY_CLOSED
    assert AuditRecord.objects.count() == records + 2 and verify().faults == []


def test_what_cannot_be_closed_is_said(measured: DeskBench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert capture_close(BETA, "ann").status is Status.NO_SESSION
    with pytest.raises(CommandError, match="no market is called 'Alfa'"):
        call_command("capture_market_close", market="Alfa")
    IntradayMetric.objects.update(**NO_CLOSE)
    waiting = measured.client.xadd(measured.keys.unified, {"s": "ES", "e": b"{}"}, id=f"{CLOSED_US // 1000 + 5_000}-0")
    measured.client.xgroup_setid(measured.keys.unified, measured.keys.group, "0-0")
    with pytest.raises(Problem, match="not stored yet: try again"):
        capture_close(ALPHA, "ann")
    measured.client.xgroup_setid(measured.keys.unified, measured.keys.group, waiting)
    now = MarketNow(BEGIN_US + MINUTE_US, simulated=False, speed=1.0, namespace="")
    with monkeypatch.context() as patch:
        patch.setattr("thor.desk.close_capture.market_now", lambda: now)
        assert capture_close(ALPHA, "ann").status is Status.OPEN
    monkeypatch.setattr("thor.desk.close_capture.known_groups", dict)
    with pytest.raises(Problem, match="no tick of Alpha's session of 2025-10-09 is in the database"):
        capture_close(ALPHA, "ann")


def test_the_job_of_a_close_makes_what_is_missing_where_people_want_it(
    measured: DeskBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    deferred: list[str] = []
    monkeypatch.setattr(triggers, "defer", lambda task, _trigger: deferred.append(task))
    close = {"market": ALPHA, "at_us": CLOSED_US, "trade_date": "2025-10-09", "after_id": "1-1"}
    tasks.drain(**close)
    Market.objects.filter(country=ALPHA).update(enable_close_capture=True)
    tasks.drain(**close)
    assert deferred == ["summarise_session", "summarise_session", "capture_close"]
    assert tasks.capture_close(**close) == "already_closed: 0 closes, 0 ranges"
    IntradayMetric.objects.filter(symbol="ES").update(**NO_CLOSE)
    soon = MarketNow(CLOSED_US + SECOND, simulated=False, speed=1.0, namespace="")
    with monkeypatch.context() as patch:
        patch.setattr("thor.desk.tasks.market_now", lambda: soon)
        with pytest.raises(NotYetError):
            tasks.capture_close(**close)
    assert tasks.capture_close(**close) == "closed: 1 closes, 1 ranges"
    assert IntradayMetric.objects.get(market=ALPHA, symbol="ES").closed == BEGIN + timedelta(minutes=5)
