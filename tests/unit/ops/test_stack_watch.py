"""The stack's line, and when a source that lives but does not work is started anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from thor.desk.health import DeskHealth
from thor.ops import stack_watch
from thor.ops.consoles import Picture, PlainConsole
from thor.ops.life import Life, Phase
from thor.ops.pulse import Pulse, stack_line
from thor.ops.source_watch import SourceWatch
from thor.ops.stack import console_format
from thor.ops.stack_watch import StackWatch
from thor.quotes.health import SourceHealth, SourceState
from thor.runtime.environment import parse_environment

NOW = datetime(2025, 10, 9, 17, 46, 30, tzinfo=UTC)
FIELDS = {
    "owner": "here:1:ab", "standby": "0", "position": "2025-10-09T17:46:30.000000Z", "lag_ms": "2",
    "next_market": "USA", "next_kind": "CLOSE", "next_at": "2025-10-09T20:00:00.000000Z", "transitions": "4",
    "open": "CME_Futures,USA", "updated_at": "2025-10-09T17:46:30.000000Z",
}  # fmt: skip
LIVES = {"web": Life(Phase.RUNNING), "desk": Life(Phase.RUNNING), "source": Life(Phase.BACKOFF)}


def desk(**changes: str) -> DeskHealth:
    found = DeskHealth.from_fields(FIELDS | changes)
    assert found is not None
    return found


def source(state: SourceState = SourceState.CONNECTED) -> SourceHealth:
    return SourceHealth("MOCK", "mock", state, "", 0, None, 0, 0.0, 0, 0, "here", 1, 0)


@pytest.mark.parametrize(
    ("pulse", "wanted"),
    [
        (Pulse(desk(), (), 3), "clock: USA closes in 2 h 13 min · lag 3 ms"),
        (Pulse(desk(next_kind="OPEN", next_at="2025-10-09T17:47:00.000000Z"), (), 0), "clock: USA opens in 30 s"),
        (Pulse(desk(next_at="", next_market="", next_kind=""), (), 3), "clock: no calendar reaches further"),
        (Pulse(None, (), None), "clock: no desk leads · no ingestor reports"),
        (None, "the bus does not answer"),
    ],
)
def test_the_stack_says_in_one_line_how_it_stands(pulse: Pulse | None, wanted: str) -> None:
    line = stack_line(LIVES, pulse, NOW)
    assert line.startswith("stack: 2 running, 1 restarting · ")
    assert wanted in line


@pytest.mark.parametrize("fields", [{}, {**FIELDS, "lag_ms": "soon"}, {"owner": "x"}])
def test_a_report_that_no_desk_wrote_is_none(fields: Mapping[str, str]) -> None:
    assert DeskHealth.from_fields(fields) is None


def test_a_desk_s_report_is_read() -> None:
    assert desk().open == ("CME_Futures", "USA")
    assert desk(open="").open == ()


# --- the source -----------------------------------------------------------------------------------------------------


def renewals(trouble_at: Mapping[int, str] | None, seconds: int, step: int = 10) -> list[int]:
    """When a source is started anew whose trouble is ``trouble_at`` (None: all the time)."""
    watch = SourceWatch()
    return [
        now
        for now in range(0, seconds, step)
        if watch.look("down" if trouble_at is None else trouble_at.get(now, ""), float(now))
    ]


def test_a_source_is_started_anew_after_half_a_minute_and_then_ever_more_seldom() -> None:
    found = renewals(None, 4000)
    assert found[0] == 30
    waits = [later - sooner for sooner, later in pairwise(found)]
    assert waits[:5] == [70, 130, 250, 490, 610]
    assert waits == sorted(waits)
    assert set(waits[5:]) <= {610}


def test_a_source_that_recovers_in_time_is_left_alone() -> None:
    assert renewals({0: "down", 10: "down", 30: "down", 40: "down", 60: "down"}, 200) == []


def test_a_source_that_works_for_a_minute_has_its_patience_back() -> None:
    watch = SourceWatch()
    assert [watch.look("down", t) for t in (0.0, 30.0)] == [False, True]
    for t in (40.0, 70.0, 100.0):
        assert not watch.look("", t)
    assert [watch.look("down", t) for t in (110.0, 140.0)] == [False, True]
    watch.rest()
    assert [watch.look("down", t) for t in (150.0, 205.0, 210.0)] == [False, False, True]


class FakeSupervisor:
    """Remembers what was renewed."""

    def __init__(self, phase: Phase) -> None:
        self.renewed: list[str] = []
        self.phase = phase

    def lives(self) -> dict[str, Life]:
        return {"source": Life(self.phase)}

    def renew(self, name: str) -> None:
        self.renewed.append(name)


def watched(pulse: Pulse | None, phase: Phase = Phase.RUNNING, providers: tuple[str, ...] = ("mock",)) -> list[str]:
    """What two minutes with this pulse say."""
    supervisor, said = FakeSupervisor(phase), list[str]()
    watch = StackWatch(supervisor, "redis://", "", providers, said.append, 0.0)  # type: ignore[arg-type]
    watch._read = lambda: pulse  # type: ignore[method-assign]
    assert watch.line({}) == ""
    for now in range(120):
        watch.step(float(now))
    assert watch.line({}) != ""
    assert len(supervisor.renewed) == len(said)
    return said


@pytest.mark.parametrize(
    ("pulse", "wanted"),
    [
        (Pulse(desk(), (), 0), "source is started anew: source mock reports nothing"),
        (Pulse(desk(), (source(SourceState.DOWN),), 0), "source is started anew: source mock is down: no reason given"),
    ],
)
def test_a_source_that_does_not_work_while_the_futures_trade_is_started_anew(pulse: Pulse, wanted: str) -> None:
    assert watched(pulse) == [wanted, wanted]


@pytest.mark.parametrize(
    "pulse",
    [
        None,
        Pulse(None, (), 0),
        Pulse(desk(open="USA"), (), 0),
        Pulse(desk(), (source(),), 0),
        Pulse(desk(), (source(SourceState.WAITING),), 0),
    ],
)
def test_else_it_is_left_alone(pulse: Pulse | None) -> None:
    assert watched(pulse) == []


def test_what_the_supervisor_starts_anyhow_and_what_is_left_out_is_not_watched() -> None:
    ill = Pulse(desk(), (), 0)
    assert watched(ill, Phase.BACKOFF) == []
    assert watched(ill, providers=()) == []
    assert stack_watch.LOOK_SECONDS == 10.0


# --- the consoles and the switches ----------------------------------------------------------------------------------


def test_plain_lines_say_it_once_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    console = PlainConsole()
    for now in range(0, 200, 5):
        console.show(Picture(float(now), {}, "headline", {}, status="" if now < 30 else "stack: well"))
    assert capsys.readouterr().out.splitlines() == ["thor      | stack: well"] * 3


@pytest.mark.parametrize("name", ["THOR_DISABLE_DESK", "DISABLE_GLOBAL_MARKETS_MONITOR"])
def test_two_switches_turn_the_desk_off(name: str) -> None:
    assert parse_environment({name: "1"})[0].disabled_services == {"desk"}
    assert parse_environment({name: "0"})[0].disabled_services == set()


def test_a_switch_turns_the_jobs_off() -> None:
    assert parse_environment({"THOR_DISABLE_JOBS": "1"})[0].disabled_services == {"jobs"}


@pytest.mark.parametrize(
    ("log_format", "embedded", "on_terminal", "wanted"),
    [
        ("auto", False, False, "json"),
        ("auto", False, True, "auto"),
        ("auto", True, False, "auto"),
        ("console", False, False, "console"),
        ("json", True, True, "json"),
    ],
)
def test_a_stack_under_a_service_manager_speaks_json(
    monkeypatch: pytest.MonkeyPatch, log_format: str, embedded: bool, on_terminal: bool, wanted: str
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: on_terminal)
    assert console_format(log_format, embedded=embedded) == wanted
