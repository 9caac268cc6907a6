"""Recordings through the whole collector onto a real bus: every row exactly once, equal to the file field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.core.management import CommandError, call_command

from thor.quotes.bus import ValkeyQuoteBus
from thor.quotes.health import SourceState

SIZES = ("lastSize", "bidSize", "askSize")


@pytest.fixture
def bus(valkey_url: str, fresh_namespace: str, settings: Any) -> Iterator[ValkeyQuoteBus]:
    """A bus that knows ES and GC, which is also the bus of the commands."""
    settings.REDIS_URL, settings.THOR_NAMESPACE = valkey_url, fresh_namespace
    found = ValkeyQuoteBus(valkey_url, fresh_namespace)
    found.set_instruments({"ES": {}, "GC": {}}, {})
    yield found
    # Half a million entries: the session's server must not carry them to its end.
    found._redis.delete(*found._redis.keys(f"{fresh_namespace}:*"))
    found.close()


def replay(*args: object) -> str:
    out = StringIO()
    call_command("replay", *map(str, args), "--speed", "max", stdout=out, stderr=out)
    return out.getvalue()


def stream(bus: ValkeyQuoteBus, key: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    after = "-"
    while True:
        entries = bus._redis.xrange(key, after, count=20_000)
        if not entries:
            return events
        events += (json.loads(fields[b"e"], parse_float=Decimal) for _, fields in entries)
        after = f"({entries[-1][0].decode()}"


def expected(path: Path) -> pl.DataFrame:
    """What the bus must show, by other means than the code under test: event rows filled forward."""
    table = pl.read_parquet(path)
    carried = ["last", "last_size", "bid", "bid_size", "ask", "ask_size"]
    return table.with_columns(pl.col(carried).forward_fill()).select(
        *carried,
        recorded=pl.col("ts").dt.truncate("1us").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
        event="event",
        venue="venue",
        condition="cond",
    )


@pytest.mark.parametrize(
    ("name", "rows"), [("esh24_l1_20231225.parquet", 28_412), ("es_trades_20130903.parquet", 444_201)]
)
def test_every_row_of_a_real_recording_is_published_once_and_unchanged(
    bus: ValkeyQuoteBus, shared_data: Path, name: str, rows: int
) -> None:
    path = shared_data / "ticks" / name
    said = replay("--file", path)
    assert f"{rows:,} of {rows:,} rows read, {rows:,} published, 0 late, 0 refused" in said

    events = stream(bus, bus.keys.unified)
    assert len(events) == rows == bus._redis.xlen(bus.keys.source_stream("REPLAY"))
    numbers = [event["seq"] for event in events]
    assert numbers == list(range(numbers[0], numbers[0] + rows))
    times = [event["ts"] for event in events]
    assert times == sorted(times)
    assert {(event["symbol"], event["source"]) for event in events} == {("ES", "REPLAY")}

    got = pl.DataFrame(
        [
            [None if event[name] is None else float(event[name]) for event in events]
            for name in ("last", "lastSize", "bid", "bidSize", "ask", "askSize")
        ]
        + [
            [event["meta"]["recorded_ts"] for event in events],
            [event["meta"]["event"] for event in events],
            [event.get("venue") for event in events],
            [event.get("condition") for event in events],
        ],
        schema=expected(path).schema,
    )
    assert got.equals(expected(path), null_equal=True)
    assert all(event[name] is None or isinstance(event[name], int) for event in events for name in SIZES)

    latest = bus.latest(["ES"])["ES"]
    assert latest["active_source"] == "REPLAY"
    assert latest["seq"] == str(numbers[-1])
    (health,) = bus.health()
    assert (health.source, health.events, health.state) == ("REPLAY", rows, SourceState.DOWN)


def test_the_most_traded_of_ten_contracts_is_played_and_said(bus: ValkeyQuoteBus, shared_data: Path) -> None:
    path = shared_data / "ticks" / "gc_trades_20131007.parquet"
    said = replay("--file", path)
    assert "GC: GCZ13 is replayed; 490 rows of 9 other contracts are left out" in said
    front = pl.read_parquet(path).filter(contract="GCZ13")
    events = stream(bus, bus.keys.unified)
    assert len(events) == front.height == 39_702
    assert sum(event["lastSize"] for event in events) == int(front["last_size"].sum())
    assert {event["meta"]["contract"] for event in events} == {"GCZ13"}


def test_snapshots_of_chosen_symbols_keep_their_nulls_and_volume(bus: ValkeyQuoteBus, shared_data: Path) -> None:
    path = shared_data / "ticks" / "snapshots_20131008.parquet"
    with pytest.raises(
        CommandError, match=r"No instrument of this Thor: AIG, BAC, IBM, SPY\. Add what is missing"
    ) as caught:
        replay("--file", path)
    assert caught.value.returncode == 2
    replay("--file", path, "--symbols", "ES,GC")
    table = pl.read_parquet(path).filter(pl.col("symbol").is_in(["ES", "GC"]))
    events = stream(bus, bus.keys.unified)
    assert len(events) == table.height
    for name, column in {"last": "last", "bid": "bid", "askSize": "ask_size", "volume": "cum_volume"}.items():
        got = [None if event[name] is None else float(event[name]) for event in events]
        assert got == table[column].to_list()


def test_two_replays_number_on(bus: ValkeyQuoteBus, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("symbol,ts,last\n" + "".join(f"ES,2025-10-09T13:30:0{n}Z,{n}.50\n" for n in range(10)))
    replay("--file", path)
    replay("--file", path)
    events = stream(bus, bus.keys.unified)
    assert [str(event["last"]) for event in events] == [f"{n}.50" for n in range(10)] * 2
    assert len({event["seq"] for event in events}) == 20


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--file", "/no/such.parquet"], "does not exist"),
        (["--file", "{csv}", "--symbols", "NQ"], "no rows to replay"),
        (["--file", "{csv}", "--contract", "ESX9"], "contract ESX9 is not in the file"),
    ],
)
def test_what_cannot_be_replayed_is_one_line_and_exit_2(
    bus: ValkeyQuoteBus, tmp_path: Path, args: list[str], words: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("symbol,ts,last\nES,2025-10-09T13:30:00Z,1\n")
    with pytest.raises(CommandError, match=words) as caught:
        replay(*(arg.replace("{csv}", str(path)) for arg in args))
    assert caught.value.returncode == 2
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan"])
def test_a_wrong_speed_is_said(speed: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="give a number above 0, such as 60, or max"):
        call_command("replay", "--file", "x.csv", "--speed", speed)


def test_a_bus_that_is_away_is_one_line(settings: Any, tmp_path: Path) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    path = tmp_path / "a.csv"
    path.write_text("symbol,ts,last\nES,2025-10-09T13:30:00Z,1\n")
    with pytest.raises(CommandError, match=r"bus at 127\.0\.0\.1:9 is not reachable"):
        replay("--file", path)
