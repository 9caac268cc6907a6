"""Signals at a desk on real servers: rows, the board, edits that are followed, and what is suspect."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import Any

import pytest

from tests.desk_support import BEGIN_US, payload
from tests.integration.desk.conftest import DeskBench
from thor.desk.models import ConfigRecord
from thor.desk.worker import DeskWorker
from thor.instruments.services import seed_instruments
from thor.quotes.models import QuoteQuality
from thor.signals.models import ContractWeight, SessionBaseline, SignalChange, SignalDay, SignalStatValue
from thor.signals.services import seed_signals

SECOND = 1_000_000


@pytest.fixture
def bench(desk_bench: DeskBench) -> DeskBench:
    seed_instruments()
    seed_signals()
    desk_bench.record()
    return desk_bench


def say(bench: DeskBench, until_us: int, *quotes: tuple[str, int, dict[str, Any]]) -> None:
    """Quotes (symbol, ts, fields) on the stream, and simulated time up to ``until_us``."""
    last_id = b"0-0"
    for symbol, ts_us, fields in quotes:
        bench.seq += 1
        event = payload(symbol, ts_us, bench.seq, **fields)
        last_id = bench.client.xadd(bench.keys.unified, {"s": symbol, "e": event})  # type: ignore[assignment]
    bench.client.hset(bench.keys.replay, mapping={"watermark_us": until_us, "last_id": last_id})


def board(bench: DeskBench) -> dict[str, Any]:
    return {name.decode(): json.loads(text) for name, text in bench.client.hgetall(bench.keys.board_latest).items()}


def up(points: float) -> dict[str, Any]:
    return {"last": 100 + points, "bid": 100 + points - 0.25, "ask": 100 + points, "settlement": 100, "volume": 5}


def test_a_quote_leaves_its_baseline_its_change_and_its_day(bench: DeskBench) -> None:
    say(bench, BEGIN_US + SECOND, ("ES", BEGIN_US, up(2)), ("ES", BEGIN_US + 1, up(6.25)))
    bench.worker().drain()
    assert SessionBaseline.objects.get().settlement == 100
    changes = SignalChange.objects.filter(symbol="ES").values_list("signal_from", "signal_to", "net_change")
    assert list(changes.order_by("id")) == [("", "BUY", 2), ("BUY", "STRONG_BUY", Decimal("6.25"))]
    day = SignalDay.objects.get()
    assert (day.signal, day.net_change, day.quotes, day.baseline_from) == (
        "STRONG_BUY",
        Decimal("6.25"),
        2,
        "settlement",
    )
    told = [said for kind, said in bench.events() if kind == "signal" and said["symbol"] == "ES"]
    assert [each["to"] for each in told] == ["BUY", "STRONG_BUY"]


def test_the_board_says_what_the_desk_made_of_it(bench: DeskBench) -> None:
    say(bench, BEGIN_US + SECOND, ("ES", BEGIN_US, up(2)), ("GC", BEGIN_US, up(0.75)))
    bench.worker().drain()
    rows = board(bench)
    es, gold = rows["ES"], rows["GC"]
    assert (es["signal"], es["stat_value"], es["signal_weight"], es["change"], es["change_pct"]) == ("BUY", 1, 1, 2, 2)
    assert (es["high_52w"], es["session_high"], es["session_low"], es["suspect"]) == (102, 102, 102, [])
    assert (gold["signal"], gold["signal_weight"]) == ("BUY", -1)  # a bear's sign is turned
    total = rows["TOTAL"]
    assert (total["signal"], total["count"], total["signal_weight_sum"], total["status"]) == (
        "HOLD",
        2,
        0,
        "PARTIAL 2/11",
    )
    assert {"symbol": "YM", "reason": "no quote"} in total["missing"] and len(total["contributions"]) == 2
    (message,) = [json.loads(fields[b"b"]) for _, fields in bench.client.xrange(bench.keys.board)][-1:]
    assert message["rows"] and "total" in message


def test_a_session_of_which_the_desk_heard_the_end_only_has_the_range_that_the_source_says(bench: DeskBench) -> None:
    say(bench, BEGIN_US + SECOND, ("ES", BEGIN_US, up(2) | {"high": 103.5, "low": 101.75}), ("ES", BEGIN_US + 1, up(1)))
    bench.worker().drain()
    assert (board(bench)["ES"]["session_high"], board(bench)["ES"]["session_low"]) == (102, 101)  # of the newest quote
    say(bench, BEGIN_US + 2 * SECOND, ("ES", BEGIN_US + SECOND, up(2) | {"high": 103.5, "low": 99.5}))
    bench.worker().drain()
    es = board(bench)["ES"]
    assert (es["session_high"], es["session_low"], es["high_52w"], es["low_52w"]) == (103.5, 99.5, 103.5, 99.5)


def test_the_52_weeks_are_never_shown_narrower_than_the_day(bench: DeskBench) -> None:
    """No control market is open: the stats stand still after the first price."""
    say(bench, BEGIN_US + SECOND, *[("ES", BEGIN_US + n, up(points)) for n, points in enumerate((2, 3, 1))])
    bench.worker().drain()
    es = board(bench)["ES"]
    assert (es["high_52w"], es["low_52w"], es["dist_from_52w_high"], es["dist_from_52w_low"]) == (103, 101, 2, 0)
    assert es["high_52w_date"] == es["trade_date"]


def test_a_suspect_quote_is_counted_and_shown_and_moves_nothing(bench: DeskBench) -> None:
    say(bench, BEGIN_US + SECOND, ("ES", BEGIN_US, up(2)), ("ES", BEGIN_US + 1, up(30)))
    bench.worker().drain()
    es = board(bench)["ES"]
    assert (es["signal"], es["change"], es["session_high"], es["suspect"], es["suspects"]) == (
        "BUY",
        2,
        102,
        ["spike"],
        1,
    )
    quality = QuoteQuality.objects.get()
    assert (quality.good, quality.suspect, quality.spike, quality.last_reasons) == (1, 1, 1, "spike")


def wait_for(worker: DeskWorker, found: Any, seconds: float) -> float:
    """Steps until something is there. Returns after how many seconds it was."""
    begin = time.monotonic()
    while not found():
        assert time.monotonic() - begin < seconds
        worker.step()
    return time.monotonic() - begin


def test_an_edit_is_followed_within_a_second(bench: DeskBench) -> None:
    say(bench, BEGIN_US + SECOND, ("ES", BEGIN_US, up(2)))
    worker = bench.worker()
    worker.setup()
    wait_for(worker, lambda: board(bench).get("ES", {}).get("signal") == "BUY", 10)
    SignalStatValue.objects.filter(instrument__symbol="ES").update(strong_buy="1.5", buy="0.5")
    assert wait_for(worker, lambda: board(bench)["ES"]["signal"] == "STRONG_BUY", 10) < 1.0
    ContractWeight.objects.filter(instrument__symbol="ES").update(is_bear=True)
    assert wait_for(worker, lambda: board(bench)["ES"]["signal_weight"] == -2, 10) < 1.0
    worker.teardown()
    assert [record.kinds for record in ConfigRecord.objects.order_by("id")[1:]] == [["SignalSettings"]] * 2


def test_rows_follow_within_the_second_also_when_nothing_else_happens(bench: DeskBench) -> None:
    """In simulated time every commit writes them; the last state is always written."""
    worker = bench.worker()
    worker.setup()
    for number in range(1, 4):
        say(bench, BEGIN_US + number * 1000, ("ES", BEGIN_US + number * 1000 - 1, up(number / 4)))
        wait_for(worker, lambda n=number: SignalDay.objects.filter(quotes=n).exists(), 10)
    worker.teardown()
