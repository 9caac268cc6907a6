"""Sources through ``manage.py collect`` in a process of its own onto a real bus."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from tests.support import wait_until
from thor.instruments.instrument import BY_SYMBOL
from thor.quotes.bus import ValkeyQuoteBus
from thor.quotes.collector import Collector
from thor.quotes.health import SourceState
from thor.quotes.provider import ProviderSettings, make_provider
from thor.quotes.quote import accept
from thor.runtime.clock import SystemClock

CHECKOUT = Path(__file__).resolve().parents[3]
HEADER = [
    "Symbol", "Close", "Open", "NetChange", "World High", "24Low", "52WkHigh", "52WkLow", "Volume", "Bid", "Last",
    "Ask", "BidSize", "AskSize",
]  # fmt: skip
#: The layout of the specification: a renamed header, an error, a cell still loading, 32nds and blanks.
ROWS: list[list[Any]] = [
    HEADER,
    ["/YM:XCBT", 47000, 47010, 25, 47100, 46900, 48500, 36600, 90123, 47024, 47025, 47026, 3, 4],
    ["/ES:XCME", 6700.25, 6701.0, 19.25, 6725.5, 6690, 6900, 4800.75, 1234567, 6719.25, 6719.5, 6719.75, 12, 7],
    ["/RTY:XCME", 2450.1, None, "#N/A", 2460.3, 2440.2, 2500, 1800, 1000, "loading", 2455.3, 2455.4, None, 2],
    [None] * 14,
    ["30YrBond", "118'00", "118'02", "0'16", "118'20", "117'28", "125'00", "110'00", 5000, "118'15", "118'16",
     "118'165", 40, 50],
    ["AAPL", 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
]  # fmt: skip


@pytest.fixture
def bus(valkey_url: str, fresh_namespace: str, settings: Any) -> Iterator[ValkeyQuoteBus]:
    settings.REDIS_URL, settings.THOR_NAMESPACE = valkey_url, fresh_namespace
    found = ValkeyQuoteBus(valkey_url, fresh_namespace)
    found.set_instruments({symbol: {} for symbol in BY_SYMBOL}, {})
    yield found
    found._redis.delete(*found._redis.keys(f"{fresh_namespace}:*"))
    found.close()


def events(bus: ValkeyQuoteBus) -> list[dict[str, Any]]:
    return [json.loads(fields[b"e"], parse_float=str) for _, fields in bus._redis.xrange(bus.keys.unified)]


def save(path: Path, rows: list[list[Any]]) -> None:
    """As Excel does: a new file beside the old one, renamed over it."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "LiveData"
    for row in rows:
        sheet.append(row)
    book.save(path.with_name("~saving.xlsx"))
    path.with_name("~saving.xlsx").replace(path)


@pytest.fixture
def start(bus: ValkeyQuoteBus, valkey_url: str, fresh_namespace: str, tmp_path: Path) -> Iterator[Any]:
    """Start ``manage.py`` commands; stopped at the end, each must have ended by itself within 5 s."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(*words: str, **environ: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, str(CHECKOUT / "manage.py"), *words],
            env=os.environ | {"REDIS_URL": valkey_url, "THOR_NAMESPACE": fresh_namespace, **environ},
            cwd=tmp_path,
            stderr=subprocess.PIPE,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.communicate(timeout=5)
        finally:
            process.kill()
        assert process.returncode in (0, 2)


def test_a_workbook_that_changes_on_disk_arrives(bus: ValkeyQuoteBus, start: Any, tmp_path: Path) -> None:
    path = tmp_path / "tos.xlsx"
    save(path, ROWS)
    start("poll_tos_excel", DATA_PROVIDER="excel_file", EXCEL_DATA_FILE=str(path))
    wait_until(lambda: len(events(bus)) >= 4, 20)

    first = {event["symbol"]: event for event in events(bus)}
    assert list(first) == ["YM", "ES", "RTY", "ZB"]
    assert {event["source"] for event in first.values()} == {"TOS"}
    es, rty, zb = first["ES"], first["RTY"], first["ZB"]
    assert (es["last"], es["bid"], es["ask"], es["volume"]) == ("6719.5", "6719.25", "6719.75", 1_234_567)
    assert (es["close"], es["high"], es["low"], es["change"]) == ("6700.25", "6725.5", 6690, "19.25")
    assert (es["high52w"], es["low52w"], es["meta"]) == (6900, "4800.75", {"ts_kind": "received"})
    assert (rty["last"], rty["bid"], rty["bidSize"]) == ("2455.3", None, None)
    assert "open" not in rty and "change" not in rty
    assert (zb["last"], zb["bid"], zb["ask"], zb["change"]) == ("118.5", "118.46875", "118.515625", "0.5")

    moved = [list(row) for row in ROWS]
    moved[2][10] = 6720.0
    save(path, moved)
    wait_until(lambda: len(events(bus)) >= 5, 10)
    assert [(event["symbol"], event["last"]) for event in events(bus)[4:]] == [("ES", 6720)]

    path.write_bytes(path.read_bytes()[:700])
    wait_until(lambda: bus.health()[0].state is SourceState.DOWN, 10)
    assert "is no whole .xlsx or .xlsm workbook" in bus.health()[0].reason
    moved[1][10] = 47030
    save(path, moved)
    wait_until(lambda: len(events(bus)) >= 6, 10)
    assert (events(bus)[5]["symbol"], events(bus)[5]["last"]) == ("YM", 47030)
    wait_until(lambda: bus.health()[0].state is SourceState.CONNECTED, 5)

    (health,) = bus.health()
    assert (health.source, health.provider, health.null_cells) == ("TOS", "excel_file", 4)
    assert "unknown symbols AAPL" in health.reason
    assert bus._redis.xlen(bus.keys.dead) == 1
    numbers = [event["seq"] for event in events(bus) if event["symbol"] == "ES"]
    assert numbers == sorted(set(numbers))
    time.sleep(0.6)  # two polls of an unchanged file
    assert len(events(bus)) == 6


def test_two_sources_run_side_by_side(bus: ValkeyQuoteBus, start: Any, tmp_path: Path) -> None:
    path = tmp_path / "tos.xlsx"
    start("collect", DATA_PROVIDER="mock,excel_file", EXCEL_DATA_FILE=str(path), MOCK_RATE="50")
    wait_until(lambda: len(bus.health()) == 2, 20)
    wait_until(lambda: {health.state for health in bus.health()} == {SourceState.CONNECTED, SourceState.DOWN}, 10)
    down, up = sorted(bus.health(), key=lambda health: health.state, reverse=True)
    assert (down.source, up.source) == ("TOS", "MOCK")
    assert "does not exist" in down.reason
    save(path, ROWS)
    wait_until(lambda: {health.state for health in bus.health()} == {SourceState.CONNECTED}, 10)


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        ({"DATA_PROVIDER": "excel"}, "DATA_PROVIDER names 'excel' (did you mean excel_live?)"),
        ({"DATA_PROVIDER": "mock,json", "JSON_DATA_FILE": "x.json"}, "mock and json, which are both source MOCK"),
        ({"DATA_PROVIDER": "excel_live"}, "needs EXCEL_DATA_FILE"),
        ({"DATA_PROVIDER": "json"}, "needs JSON_DATA_FILE"),
        ({"DATA_PROVIDER": "replay"}, "manage.py replay --file FILE"),
        ({"MOCK_RATE": "fast"}, "MOCK_RATE is 'fast'"),
    ],
)
def test_wrong_settings_are_one_clear_line_and_exit_2(start: Any, environ: dict[str, str], line: str) -> None:
    process = start("collect", **environ)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 2
    assert line in said.decode()
    assert len(said.decode().strip().splitlines()) == 1


def test_the_simulator_reaches_the_board(bus: ValkeyQuoteBus) -> None:
    out = StringIO()
    call_command("mock_to_redis", "--rate", "5000", "--seed", "7", "--count", "2000", stdout=out)
    assert out.getvalue().startswith("2,000 events published, 0 late")
    entries = bus._redis.xrange(bus.keys.unified)
    now_us = SystemClock().now_us()
    quotes = [accept(fields[b"e"], now_us, frozenset(BY_SYMBOL)) for _, fields in entries]
    assert len(quotes) == 2000
    assert {quote.symbol for quote in quotes} == set(BY_SYMBOL)
    assert {quote.source for quote in quotes} == {"MOCK"}
    assert set(bus.latest(list(BY_SYMBOL))) == set(BY_SYMBOL)


def test_a_wrong_option_of_the_simulator_is_one_line(bus: ValkeyQuoteBus) -> None:
    for option in (["--rate", "1000000"], ["--symbols", "AAPL"], ["--count", "0"]):
        with pytest.raises(CommandError) as caught:
            call_command("mock_to_redis", *option)
        assert caught.value.returncode == 2
        assert "\n" not in str(caught.value)


def test_a_bus_that_forgot_everything_is_filled_again(
    bus: ValkeyQuoteBus, valkey_url: str, fresh_namespace: str
) -> None:
    """FLUSHALL while collecting: numbers go on, the instruments come back with their announcement."""
    clock = SystemClock()
    provider = make_provider("mock", ProviderSettings(mock_rate=100), clock)
    collector = Collector(provider, lambda: ValkeyQuoteBus(valkey_url, fresh_namespace), clock)
    collector.setup()
    wait_until(lambda: collector.step() is None or collector.events >= 20, 10)
    before = max(event["seq"] for event in events(bus))
    bus._redis.delete(*bus._redis.keys(f"{bus.keys.prefix}*"))
    bus.set_instruments({symbol: {} for symbol in BY_SYMBOL}, {})
    wait_until(lambda: collector.step() is None or collector.events >= 60, 10)
    after = events(bus)
    assert after and min(event["seq"] for event in after if event["symbol"] == after[0]["symbol"]) > 0
    assert max(event["seq"] for event in after) > before
    collector.teardown()
