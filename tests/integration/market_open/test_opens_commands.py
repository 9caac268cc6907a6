"""Desks that say what becomes of opens, one look at today, and the seeds of the settings."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.desk_support import ALPHA, BEGIN_US, BETA
from tests.integration.desk.conftest import DeskBench
from tests.integration.desk.test_desk_opens import SECOND, rising, say, won
from thor.desk.management.opens_desk import OPENS, OUTCOMES, OpensDesk, said_pending
from thor.market_open.config import SETTINGS
from thor.market_open.configured import load_market_open_settings
from thor.market_open.models import GlobalConfig, MarketSession, RegionConfig
from thor.markets.now import MarketNow

CAPTURED = (
    "2025-10-09T00:00:00.000000Z alpha-2025-10-09 captured, LIVE TOTAL, STRONG_BUY: BUY YM at 1041, target 1061,"
    " stop 1021, until 2025-10-09T00:30:00.000000Z"
)
WORKED = "2025-10-09T00:00:02.000000Z alpha-2025-10-09 TOTAL Worked, 100 USD after 2 s, exact"


@pytest.fixture
def due(bench: DeskBench, settings: Any) -> DeskBench:
    """An open that no desk has heard yet."""
    settings.THOR_NAMESPACE = bench.namespace
    settings.REDIS_URL = bench.redis_url
    say(bench, BEGIN_US + 3 * SECOND, [*rising(BEGIN_US - SECOND), *won()])
    return bench


def test_a_desk_says_what_becomes_of_opens_and_trades(due: DeskBench) -> None:
    lines: list[str] = []
    OpensDesk(OPENS | OUTCOMES, lines.append, 1e-9).drain()
    assert lines[0] == CAPTURED and WORKED in lines
    assert lines[-1].endswith("Z pending: 10 rows of 1 open, until 00:30:00 UTC")


def test_one_look_grades_and_lists_what_became_of_today(due: DeskBench, monkeypatch: pytest.MonkeyPatch) -> None:
    now = MarketNow(BEGIN_US + 3 * SECOND, simulated=True, speed=1.0, namespace="")
    monkeypatch.setattr("thor.desk.management.commands.grade_market_opens.market_now", lambda: now)
    leader = due.worker()
    leader.setup()
    assert leader._leads()
    out = StringIO()
    call_command("grade_market_opens", stdout=out)
    assert "another desk leads" in out.getvalue() and "no open was captured on 2025-10-09" in out.getvalue()
    leader.teardown()
    out = StringIO()
    call_command("grade_market_opens", stdout=out)
    line = "alpha-2025-10-09             BUY YM 1041          Worked 100 USD               "
    assert out.getvalue().splitlines()[-2:] == [f"{line}the others: 10 Pending, 1 Worked", said_pending()]
    with pytest.raises(CommandError, match="is no number of seconds"):
        call_command("start_market_grader", "--interval", "-1")


def test_settings_are_seeded_once_and_stay_as_people_left_them(due: DeskBench) -> None:
    before = load_market_open_settings()
    out = StringIO()
    call_command("seed_global_config", stdout=out)
    assert out.getvalue() == "market opens: 3 settings created, 0 already there\n"
    assert load_market_open_settings() == before and before.general == SETTINGS.general
    GlobalConfig.objects.update(grading_enabled=False)
    RegionConfig.objects.get(market__country=BETA).delete()
    RegionConfig.objects.filter(market__country=ALPHA).update(evaluation_window_sec=60)
    call_command("seed_global_config", stdout=out)
    assert out.getvalue().endswith("market opens: 0 settings created, 3 already there\n")
    assert not GlobalConfig.objects.get().grading_enabled and RegionConfig.objects.get().evaluation_window_sec == 60
    assert not MarketSession.objects.exists()
