"""Opens made by hand (``tests/answers/graded_opens.yaml``): what is captured, entered and decided. A desk that dies
after every quote, timer and edit comes to the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any, Final

import pytest
import yaml

from tests.open_support import HOURS, OPEN_US, SYMBOLS, OpenDesk, made_config, made_quote, made_settings, price, us
from tests.support import CHECKOUT
from thor.market_open.capture import (
    CaptureMissed,
    CaptureSkipped,
    OutcomeResolved,
    RequestAnswered,
    SessionCaptured,
    outcome_columns,
)
from thor.market_open.config import (
    CaptureRequest,
    CaptureRequests,
    GlobalSettings,
    GradingPrice,
    MarketOpenSettings,
    TargetMode,
    TargetRule,
)
from thor.markets.trade_date import epoch_us
from thor.quotes.reactor import AlertRaised

ANSWERS: Final = CHECKOUT / "tests" / "answers" / "graded_opens.yaml"
#: Everything of an open that a table or the audit chain keeps.
KEPT: Final = (SessionCaptured, OutcomeResolved, CaptureMissed, CaptureSkipped, RequestAnswered)
ROW: Final = re.compile(
    r"(?P<symbol>\w+)\s+(?:no entry: \"?(?P<why>[^\"]+)\"?|(?P<side>BUY|SELL) (?P<entry>\S+) to (?P<target>\S+)"
    r" or (?P<stop>\S+): (?P<outcome>[A-Z_]+)(?: (?P<usd>-?[\d.]+))?(?: at (?P<at>\S+))?"
    r"(?: seeing (?P<seen>[\d.]+)(?: \((?P<mark>-?[\d.]+)\))?, (?P<quality>\w+), (?P<quotes>\d+) quotes)?)"
)
Case = Mapping[str, Any]


@cache
def answers() -> Mapping[str, Any]:
    with ANSWERS.open(encoding="utf-8") as text:
        found: Mapping[str, Any] = yaml.load(text, yaml.CSafeLoader)
    return found


@dataclass(frozen=True)
class Step:
    """What happens at an arrival: a quote, or an edit (``words``: what and its values)."""

    arrival_us: int
    words: list[str]
    ts_us: int = 0
    settlement: Decimal | None = None


def lines(text: str | None) -> Iterator[list[str]]:
    for line in (text or "").splitlines():
        if words := line.partition("#")[0].split():
            yield words


def board(name: str, instead: str | None, at: str) -> Iterator[Step]:
    """What everybody says before the open, the oldest first."""
    if name == "none":
        return
    said = {words[0]: words[1:] for words in lines(answers()["boards"][name])}
    said |= {words[0]: words[1:] for words in lines(instead)}
    steps = []
    for symbol, words in said.items():
        if words != ["none"]:
            at_us = us(words[4].removeprefix("@")) if len(words) > 4 else us(at)
            steps.append(Step(at_us, [symbol, *words[1:4]], at_us, price(words[0])))
    yield from sorted(steps, key=lambda step: step.arrival_us)


def steps(case: Case) -> list[Step]:
    """Everything that happens, in the order of arrival; at one instant edits come first."""
    found = [*board(case["board"], case.get("instead"), "-1")]
    if "late_board" in case:
        found += board(case["late_board"], case.get("late_instead"), str(case["late_at"]))
    said = {step.words[0]: step.settlement for step in found}
    for words in lines(case.get("quotes")):
        ts = words[5].removeprefix("@") if len(words) > 5 else words[0]
        found.append(Step(us(words[0]), words[1:5], us(ts), said.get(words[1])))
    edits = [Step(us(words[0]), words[1:]) for words in lines(case.get("set"))]
    return sorted([*edits, *found], key=lambda step: step.arrival_us)


def settings_of(case: Case) -> MarketOpenSettings:
    general = GlobalSettings(**case.get("general", {}))
    general = replace(general, grading_price=GradingPrice(general.grading_price))
    targets = {symbol: _rule(*words) for symbol, words in case.get("targets", {}).items()}
    window_us = case.get("window", 60) * 1_000_000
    return made_settings(
        general, window_us=window_us, captures=case.get("captures", True), targets=tuple(targets.items())
    )


def _rule(mode: str, high: object, low: object) -> TargetRule:
    return TargetRule(TargetMode(mode), Decimal(str(high)), Decimal(str(low)))


class Edits:
    """What people set, and wish, in the course of a case."""

    def __init__(self, settings: MarketOpenSettings) -> None:
        self.settings = settings
        self.wishes: tuple[CaptureRequest, ...] = ()

    def take(self, what: str, *values: str) -> None:
        if what == "ask":
            self.wishes += (CaptureRequest(len(self.wishes) + 1, "USA"),)
        elif what == "grading":
            self._general(grading_enabled=values == ("on",))
        elif what == "price":
            self._general(grading_price=GradingPrice(values[0]))
        elif what == "targets":
            self.settings = replace(self.settings, targets=((values[0], _rule(*values[1:])),))
        else:
            assert what == "window"
            markets = tuple(replace(each, window_us=int(values[0]) * 1_000_000) for each in self.settings.markets)
            self.settings = replace(self.settings, markets=markets)

    def _general(self, **changes: Any) -> None:
        self.settings = replace(self.settings, general=replace(self.settings.general, **changes))


def play(case: Case, *, dies: bool) -> OpenDesk:
    """The case at a desk."""
    edits = Edits(settings_of(case))
    hours = tuple(tuple(each) for each in case.get("hours", HOURS))
    closed = tuple(tuple(each) for each in case.get("closed", ()))
    found = steps(case)
    begin_us = min([us("-15"), *(step.arrival_us for step in found)]) - 1_000_000
    desk = OpenDesk(made_config(edits.settings, hours, closed), begin_us, dies=dies)
    late_us = us(str(case.get("told_late", 0)))
    for seq, step in enumerate(found, start=1):
        if step.ts_us:
            quote = made_quote(step.words, step.ts_us, seq, step.settlement)
            desk.hear(quote, step.arrival_us, late_us)
        else:
            desk.run_to(step.arrival_us, late_us)
            edits.take(*step.words)
            desk.follow({MarketOpenSettings: edits.settings, CaptureRequests: CaptureRequests(edits.wishes)})
    end_us = max([OPEN_US, late_us, *(step.arrival_us for step in found)])
    desk.run_to(end_us + (case.get("window", 60) + 10) * 1_000_000, late_us)
    return desk


def cases() -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in answers()["cases"]]


@pytest.mark.parametrize("case", cases())
def test_an_open_made_by_hand(case: Case) -> None:
    desk = play(case, dies=False)
    check_told(desk, case)
    if desk.of(SessionCaptured):
        check_session(desk, case)
    kept = [(at_us, each) for at_us, each in desk.told if isinstance(each, KEPT)]
    mortal = play(case, dies=True)
    assert [(at_us, each) for at_us, each in mortal.told if isinstance(each, KEPT)] == kept


def check_told(desk: OpenDesk, case: Case) -> None:
    """What was captured, missed, skipped and answered, and nothing else."""
    missed = [each.error for each in desk.of(CaptureMissed)]
    wanted = [case["missed"]] if "missed" in case else []
    assert [error[: len(text)] for error, text in zip(missed, wanted, strict=True)] == wanted
    has_session = "session" in case or ("rows" in case and "missed" not in case)
    assert len(desk.of(SessionCaptured)) == has_session
    assert [each.reason for each in desk.of(CaptureSkipped)] == ([case["skipped"]] if "skipped" in case else [])
    said = [f"{each.session_id} {each.answer}".strip() for each in desk.of(RequestAnswered)]
    answered = case.get("answers", [])
    assert [text[: len(start)] for text, start in zip(said, answered, strict=True)] == answered
    if not has_session and "told" in case:
        (at_us,) = (at_us for at_us, each in desk.told if isinstance(each, CaptureMissed))
        assert at_us == us(str(case["told"]))


def check_session(desk: OpenDesk, case: Case) -> None:
    session, wanted = desk.session(), case.get("session", {})
    assert session.session_id == "usa-2025-10-09"
    assert [row.symbol for row in session.rows] == [*SYMBOLS, "TOTAL"]
    assert session.kind.value == wanted.get("kind", "OPEN")
    assert session.captured_us == us(str(wanted.get("at", 0)))
    ends = us(str(wanted.get("ends", case.get("window", 60))))
    assert {row.window_ends_at_us for row in session.rows} == {ends}
    assert {(row.opened_at_us, row.captured_at_us) for row in session.rows} == {(OPEN_US, session.captured_us)}
    if "total" in wanted:
        total = session.total
        assert f"{total.bhs} {total.weight} of {total.instrument_count}" == wanted["total"]
        assert (total.status, dict(session.missing)) == (wanted["status"], wanted.get("without", {}))
    if "told" in wanted:
        assert [at_us for at_us, each in desk.told if each is session] == [us(str(wanted["told"]))]
    warned = [each.text for each in desk.of(AlertRaised) if each.alert == "no_entry:USA"]
    assert [text for text in warned if wanted.get("warns", "") in text] == warned
    assert len(warned) == ("warns" in wanted)
    for row in session.rows:
        check_entry(row, desk.outcome(row.symbol))
    for line in (case.get("rows") or "").splitlines():
        check_row(desk, line)
    for symbol, columns in case.get("columns", {}).items():
        row = desk.row(symbol)
        found = {name: getattr(row, name) for name in columns}
        numbers = {name: Decimal(str(each)) if type(each) in (int, float) else each for name, each in columns.items()}
        assert found == numbers
    if "told_outcomes" in case:
        told = {at_us for at_us, each in desk.told if isinstance(each, OutcomeResolved) and each.symbol == "TOTAL"}
        assert told == {us(str(case["told_outcomes"]))}


def check_entry(row: Any, outcome: OutcomeResolved | None) -> None:
    """What holds for every row."""
    if row.entry_side:
        assert (row.wndw, row.pnl_usd, row.reason) == ("PENDING", None, "")
        assert row.entry_price == (row.ask_price if row.entry_side == "BUY" else row.bid_price) or row.symbol == "TOTAL"
    else:
        assert (row.wndw, row.pnl_usd, row.entry_price, outcome) == ("NEUTRAL", Decimal("0.00"), None, None)
        assert row.reason


def check_row(desk: OpenDesk, line: str) -> None:
    wanted = ROW.fullmatch(line.strip())
    assert wanted is not None, line
    row, outcome = desk.row(wanted["symbol"]), desk.outcome(wanted["symbol"])
    if wanted["why"]:
        assert (row.entry_side, row.reason) == ("", wanted["why"])
        return
    up, down = (wanted["target"], wanted["stop"]) if wanted["side"] == "BUY" else (wanted["stop"], wanted["target"])
    assert (row.entry_side, row.entry_price) == (wanted["side"], Decimal(wanted["entry"]))
    assert (row.target_high, row.target_low) == (Decimal(up), Decimal(down))
    if wanted["outcome"] == "PENDING":
        assert outcome is None
        return
    assert outcome is not None
    check_outcome(outcome_columns(outcome.resolution, outcome.captured_us), wanted)


def check_outcome(found: Mapping[str, Any], wanted: re.Match[str]) -> None:
    number = {name: price(text or "-") for name, text in wanted.groupdict().items() if name in ("usd", "seen", "mark")}
    assert (found["wndw"], found["pnl_usd"]) == (wanted["outcome"], number["usd"])
    assert epoch_us(found["resolved_at"]) == us(wanted["at"])
    assert (found["resolution_price"], found["mark_to_market_usd"]) == (number["seen"], number["mark"])
    assert found["resolution_quality"] == wanted["quality"]
    assert found["observations"] == int(wanted["quotes"] or 0)
    hit = {"WORKED": ("TARGET", price(wanted["target"])), "DIDNT_WORK": ("STOP", price(wanted["stop"]))}
    assert (found["target_hit_type"], found["target_hit_price"]) == hit.get(wanted["outcome"], ("", None))
    if found["target_hit_type"]:
        assert found["deciding_ts"] == found["target_hit_at"] == found["resolved_at"]
