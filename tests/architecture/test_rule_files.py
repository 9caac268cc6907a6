"""Rule files open no door: no Django, bus, database, network, file or clock.

Time, quotes and settings come in as arguments.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

THOR = Path(__file__).resolve().parents[2] / "thor"
#: Every rule file of the house, by its place. A new rule file is added here.
RULE_FILES = sorted(
    {
        "quotes/quote.py", "quotes/quick.py", "quotes/merge.py", "quotes/keys.py", "quotes/health.py",
        "quotes/replay_clock.py",
        "instruments/symbol.py", "instruments/instrument.py", "markets/trade_date.py",
        "markets/us_holidays.py", "markets/hours.py",
        "markets/calendar.py", "markets/market.py", "markets/transition.py", "markets/session.py",
        "markets/composite.py", "markets/feature.py", "desk/effects.py", "desk/desk.py",
        "quotes/reactor.py", "quotes/gate.py",
        "desk/health.py", "desk/sources.py",
        "vendors/excel/sheet.py", "history/tick.py", "history/week.py", "history/recording.py",
        "history/account.py", "history/letter.py", "history/lease.py", "history/watch.py",
        "lake/layout.py", "lake/quality.py", "lake/bars.py", "lake/back_adjustment.py", "lake/asked.py",
        "lake/catalog.py",
        "runtime/backoff.py", "runtime/spreadsheet.py",
        "market_open/audit.py", "market_open/config.py", "market_open/targets.py", "market_open/grading.py",
        "market_open/capture.py", "market_open/filters.py", "market_open/analytics.py",
        "signals/never_fire.py",
        "signals/suggestion.py",
        "signals/config.py",
        "signals/classification.py", "signals/composite.py", "signals/reactor.py",
        "desk/board.py", "desk/silence.py", "desk/snapshot.py",
        "indicators/vwap.py", "indicators/intraday.py", "indicators/extremes.py",
        "indicators/daily.py",
        "instruments/contract.py",
    }
)  # fmt: skip
#: The only outside modules a rule may know: values, text and arithmetic.
MAY_IMPORT = {
    "__future__", "array", "base64", "bisect", "collections", "dataclasses", "datetime", "decimal", "enum", "fractions",
    "functools", "hashlib", "heapq", "itertools", "json", "math", "msgspec", "operator", "re", "statistics",
    "types", "typing", "zoneinfo",
}  # fmt: skip
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter"}
DOORS = {"open", "print", "input", "exec", "eval", "__import__"}


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or ".")
    return names


def reads_a_clock(node: ast.AST) -> bool:
    """A call such as ``datetime.now()``; ``datetime.time(20)`` builds a time of day and takes an argument."""
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", None)
    return name in CLOCKS - {"time"} or (name == "time" and not node.args)


def doors_of(source: str) -> list[str]:
    """What a rule file's source does that a rule must not."""
    tree = ast.parse(source)
    modules = {name for name in imported(tree) if name.split(".")[0] not in MAY_IMPORT}
    rules = {"thor." + each.removesuffix(".py").replace("/", ".") for each in RULE_FILES}
    found = [f"imports {name}" for name in sorted(modules - rules)]
    for node in ast.walk(tree):
        if reads_a_clock(node):
            found.append(f"line {node.lineno}: reads a clock")  # type: ignore[attr-defined]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in DOORS:
            found.append(f"line {node.lineno}: calls {node.func.id}")
    return found


@pytest.mark.parametrize("name", RULE_FILES)
def test_a_rule_file_opens_no_door(name: str) -> None:
    assert doors_of((THOR / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import redis", "from django.db import models", "import time", "from thor.quotes.bus import QuoteBus",
        "from datetime import datetime\ndatetime.now()", "from datetime import date\ndate.today()", "open('x')",
        "import socket", "from pathlib import Path",
    ],
)  # fmt: skip
def test_the_test_itself_sees_a_door(source: str) -> None:
    assert doors_of(source)
