"""A session graded anew from the stored ticks says what the desk said, and finds what was changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from tests.desk_support import BEGIN_US, BETA, MINUTE_US
from tests.integration.desk.conftest import DeskBench
from tests.integration.desk.test_desk_opens import SECOND, at, rising, say, won
from tests.integration.market_open.stored import forget, store
from thor.desk.models import FiredTimer
from thor.desk.regrade import regrade
from thor.market_open.models import AuditRecord, GlobalConfig, MarketSession
from thor.market_open.verify import verify
from thor.markets.now import MarketNow
from thor.runtime.problem import Problem

NAME, REASON = "alpha-2025-10-09", "the bid was misread"


@pytest.fixture
def graded(bench: DeskBench, settings: Any) -> Iterator[DeskBench]:
    """Alpha's open with every kind of end within a minute: worked, didn't work, expired, after a silence, no quote."""
    settings.THOR_NAMESPACE = bench.namespace
    GlobalConfig.objects.create(default_evaluation_window_sec=60)
    quotes = [
        *rising(BEGIN_US - SECOND), *won(),
        ("GC", BEGIN_US + SECOND, at(959.5, 1)),  # its stop is 961: no touch at 960.5
        ("ES", BEGIN_US + 2 * SECOND, at(1037)), ("ES", BEGIN_US + 2 * SECOND + 1, at(1041)),  # a crash, then up
        ("NQ", BEGIN_US + 20 * SECOND, at(1050)),  # a touch after a silence
        ("GC", BEGIN_US + 30 * SECOND, at(2000)),  # a spike, which the gate keeps out
        ("GC", BEGIN_US + 60 * SECOND, at(959.5, 1)),
        ("YM", BEGIN_US + 61 * SECOND, at(1100)),
    ]  # fmt: skip
    quotes.sort(key=lambda quote: quote[1])
    store(say(bench, BEGIN_US + 70 * SECOND, quotes), quotes)
    bench.client.xgroup_create(bench.keys.unified, bench.keys.group, id="$")
    bench.worker().drain()
    yield bench
    forget()


def said(*words: str) -> tuple[int, str]:
    """The exit code of ``regrade``, and what it said."""
    out = StringIO()
    try:
        call_command("regrade", *words, stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


def outcomes() -> list[dict[str, Any]]:
    return list(MarketSession.objects.order_by("id").values())


def test_the_ticks_say_what_the_desk_said(graded: DeskBench) -> None:
    ends = dict(MarketSession.objects.values_list("symbol", "wndw"))
    assert set(ends.values()) >= {"WORKED", "DIDNT_WORK", "EXPIRED", "ERROR"}, ends
    before, records = outcomes(), AuditRecord.objects.count()
    assert said("--session", NAME) == (0, f"{NAME}: 12 trades on 9 ticks, no difference\n")
    assert said("--market", "alpha", "--number", "1")[0] == 0
    assert said("--session", NAME, "--apply", "--reason", REASON)[0] == 0
    FiredTimer.objects.all().delete()  # ticks among which no desk told a timer are played by their own times
    assert said("--session", NAME)[0] == 0
    assert (outcomes(), AuditRecord.objects.count()) == (before, records)


def test_what_differs_is_shown_and_corrected_on_demand(graded: DeskBench) -> None:
    before = outcomes()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL thor.correction = 'on'")
        MarketSession.objects.filter(symbol="TOTAL").update(
            wndw="EXPIRED", pnl_usd=0, target_hit_type="", target_hit_price=None, target_hit_at=None, elapsed_sec=60
        )
    code, text = said("--session", NAME)
    assert code == 1 and "TOTAL  wndw                 EXPIRED                          WORKED\n" in text
    assert "TOTAL  pnl_usd              0                                100\n" in text
    assert text.endswith('1 differ. Nothing was written: --apply --reason "why" does it\n')
    assert len(verify().faults) == 1
    code, text = said("--session", NAME, "--apply", "--reason", REASON, "--user", "ann", "--json")
    found = json.loads(text)
    assert (code, found["is_applied"], [each["symbol"] for each in found["differences"]]) == (0, True, ["TOTAL"])
    assert {"column": "wndw", "old": "EXPIRED", "new": "WORKED"} in found["differences"][0]["columns"]
    assert outcomes() == before and verify().faults == []
    record = AuditRecord.objects.first()
    assert record is not None and (record.kind, record.symbol) == ("correction", "TOTAL")
    assert '"who":"ann"' in record.body


def test_what_cannot_be_graded_is_one_line(graded: DeskBench, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {
        (): "say which session", ("--market", "alpha"): "say which session", ("--session", "x"): "there is no open 'x'",
        ("--market", BETA, "--number", "7"): "Beta has no session 7", ("--session", NAME, "--apply"): "needs --reason",
        ("--session", NAME, "--apply", "--reason", "no"): "say why, in 5 to 200 characters",
    }  # fmt: skip
    for words, complaint in wrong.items():
        with pytest.raises(CommandError, match=complaint):
            said(*words)
    now = MarketNow(BEGIN_US + MINUTE_US, simulated=False, speed=1.0, namespace="")
    with monkeypatch.context() as patch, pytest.raises(Problem, match="is graded until 2025-10-09 00:01:00 UTC: wait"):
        patch.setattr("thor.desk.regrade.market_now", lambda: now)
        regrade(NAME)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM ticks WHERE symbol = 'ES' AND ts < '2025-10-09'")
    with pytest.raises(Problem, match="the ticks of ES of 2025-10-09 are no longer in the database"):
        regrade(NAME)
