"""``thor check_thresholds`` and ``thor suggest_thresholds`` as a person runs them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from thor.instruments.services import seed_instruments
from thor.signals.config import SEEDS, Thresholds
from thor.signals.models import SignalDay, SignalStatValue
from thor.signals.selectors import load_thresholds, past_net_changes
from thor.signals.services import seed_signals

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def seeded() -> None:
    seed_instruments()
    seed_signals()


def sessions(symbol: str, changes: list[str | None]) -> None:
    """Days of the desk, the oldest first."""
    SignalDay.objects.bulk_create(
        SignalDay(
            symbol=symbol, trade_date=date(2026, 1, 1) + timedelta(days=day), updated_at=datetime.now(UTC),
            net_change=None if change is None else Decimal(change), signal="",
        )
        for day, change in enumerate(changes)
    )  # fmt: skip


def run(*words: str) -> tuple[str, str]:
    said, complained = StringIO(), StringIO()
    call_command(*words, stdout=said, stderr=complained)
    return said.getvalue(), complained.getvalue()


def test_the_newest_sessions_with_a_change_are_read_newest_first() -> None:
    sessions("ES", ["1", None, "2", "3"])
    sessions("DX", ["0.5"])
    assert past_net_changes(2) == {"DX": [Decimal("0.5")], "ES": [Decimal(3), Decimal(2)]}


def test_without_sessions_nothing_is_wrong() -> None:
    said, _ = run("check_thresholds")
    assert "ES   0 sessions, 20 are needed" in said
    assert len(said.splitlines()) == 11


def test_thresholds_that_never_fire_end_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    sessions("DX", ["0.3"] * 60)
    sessions("ES", ["7", "0.5"] * 30)
    with pytest.raises(SystemExit) as ended:
        call_command("check_thresholds")
    assert ended.value.code == 1
    said = capsys.readouterr().out
    assert "DX   HOLD in 100.0 % of 60 sessions: never fires" in said
    assert "ES   HOLD in 50.0 % of 60 sessions: fires" in said
    assert "never fire: DX; `thor suggest_thresholds` proposes others" in said


def test_an_edit_is_judged_by_the_same_sessions_at_once() -> None:
    sessions("DX", ["0.3"] * 60)
    SignalStatValue.objects.filter(instrument__symbol="DX").update(buy=Decimal("0.2"), sell=Decimal("-0.2"))
    assert "DX   HOLD in 0.0 % of 60 sessions: fires" in run("check_thresholds")[0]


def test_a_suggestion_stands_beside_what_is_set_and_sets_nothing() -> None:
    sessions("ES", [str(each) for each in range(-50, 51)])
    said, complained = run("suggest_thresholds")
    lines = [line.split() for line in said.splitlines()]
    assert lines[0] == ["ES,", "101", "sessions"]
    assert lines[2] == ["present", "6", "1", "-1", "-6", "43.6", "5.0", "3.0", "5.0", "43.6"]
    assert lines[3] == ["proposed", "30", "10", "-10", "-30", "19.8", "19.8", "20.8", "19.8", "19.8"]
    assert lines[-1][:3] == ["nothing", "was", "set:"]
    assert complained == ""
    assert load_thresholds() == {each.symbol: each.thresholds for each in SEEDS}


def test_what_is_applied_stands_in_the_history_with_its_reason() -> None:
    sessions("ES", [str(each) for each in range(-50, 51)])
    sessions("YM", ["1"] * 5)
    said, complained = run("suggest_thresholds", "--apply", "--reason", "the seeds fire every day")
    assert "1 instruments have new thresholds" in said
    assert "YM has 5 sessions with a net change: 20 are needed: left out" in complained
    es = SignalStatValue.objects.get(instrument__symbol="ES")
    assert es.thresholds() == Thresholds(Decimal(30), Decimal(10), Decimal(-10), Decimal(-30))
    assert es.history.first().history_change_reason == "suggest_thresholds: the seeds fire every day"
    assert es.history.first().prev_record.strong_buy == 6
    again = run("suggest_thresholds", "--apply", "--reason", "again", "--symbol", "es")[0]
    assert "0 instruments have new thresholds" in again
    assert es.history.count() == 2


def test_an_instrument_without_thresholds_gets_some() -> None:
    SignalStatValue.objects.filter(instrument__symbol="ES").delete()
    sessions("ES", [str(each) for each in range(-50, 51)])
    said, _ = run("suggest_thresholds", "--symbol", "ES", "--apply", "--reason", "none were set")
    assert "present" not in said
    assert load_thresholds()["ES"].buy == 10


def test_closes_of_a_file(tmp_path: Path) -> None:
    rows = "".join(f"ES,2026-01-{day + 1:02},{100 + (day % 2) * 8}\n" for day in range(30))
    path = tmp_path / "closes.csv"
    path.write_text(f"symbol,date,close\n{rows}BTC,2026-01-01,1\nBTC,2026-01-02,2\n", encoding="utf-8")
    said, _ = run("suggest_thresholds", "--closes", str(path), "--quantiles", "10,30,70,90", "--sessions", "21")
    assert [line.split(",")[0] for line in said.splitlines() if "sessions" in line] == ["ES"]
    assert "ES, 21 sessions" in said


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "no session has a net change yet. --closes reads others."),
        (("--symbol", "ES"), "ES has 0 sessions with a net change: 20 are needed. --closes reads others."),
        (("--symbol", "BTC"), "BTC is no instrument: CL, DX, ES"),
        (("--apply",), '--apply needs --reason "why"'),
        (("--apply", "--reason", " "), "wanted a reason of 1 to 80 characters"),
        (("--sessions", "19"), "'19': wanted a number of sessions, at least 20"),
        (("--quantiles", "20,40,80,60"), "wanted four rising per cents between 0 and 100, such as 20,40,60,80"),
        (("--quantiles", "a"), "wanted four rising per cents"),
        (("--quantiles", "NaN,1,2,3"), "wanted four rising per cents"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_in_one_line(words: tuple[str, ...], why: str) -> None:
    with pytest.raises(CommandError) as refused:
        run("suggest_thresholds", *words)
    assert why in str(refused.value)
