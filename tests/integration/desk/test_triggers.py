"""What each step of an open and a close does, and the same set off by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
import redis
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from tests.desk_support import ALPHA, BEGIN, BEGIN_US, CYCLE_US, MINUTE_US, decoded, save_calendars
from thor.desk import tasks
from thor.desk.jobs import NotYetError
from thor.desk.latest import clear_previous_latest
from thor.desk.models import Alert, TransitionRecord
from thor.desk.triggers import Trigger, defer_first
from thor.history.store import TickStore
from thor.markets.calendar import TransitionKind
from thor.markets.models import Market, MarketDataSnapshot
from thor.markets.trade_date import epoch_us
from thor.quotes.bus import ValkeyQuoteBus
from thor.quotes.health import SourceHealth, SourceState
from thor.quotes.keys import Keys
from thor.quotes.quote import format_ts

CLOSE = BEGIN + timedelta(minutes=5)
CLOSED = {"market": ALPHA, "at_us": epoch_us(CLOSE), "trade_date": "2025-10-09"}


@pytest.fixture
def keys(transactional_db: None, settings: Any, fresh_namespace: str) -> Keys:
    settings.THOR_NAMESPACE = fresh_namespace
    settings.DATA_PROVIDER = ("mock",)
    with connection.cursor() as cursor:  # not Django's tables: its flush leaves them
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_events, procrastinate_workers CASCADE")
    save_calendars(50)
    return Keys(fresh_namespace)


@pytest.fixture
def bus(keys: Keys, valkey_url: str) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(valkey_url)
    yield client
    client.close()


def jobs() -> list[tuple[str, str]]:
    return list(ProcrastinateJob.objects.order_by("id").values_list("task_name", "status"))


# --- clear_previous_latest ------------------------------------------------------------------------------------------


def at(text: str) -> int:
    return epoch_us(datetime.fromisoformat(text))


def test_only_quotes_of_an_earlier_trade_date_are_no_longer_the_latest(keys: Keys, bus: redis.Redis) -> None:
    opens = at("2025-10-09T22:00:00+00:00")  # 17:00 Chicago: Friday's session opens
    stood = {
        "ES": opens - 1,  # the session before
        "YM": opens,  # this session's first instant
        "NQ": opens + MINUTE_US,
        "DX": at("2025-10-09T21:59:00+00:00"),  # its own date turns two hours later, 20:00 New York
        "CL": at("2025-10-08T20:00:00+00:00"),
    }
    groups = {"ES": "cme_equity", "YM": "cme_equity", "NQ": "cme_equity", "DX": "ice_dx", "CL": "cme_metals_energy"}
    for symbol, ts_us in stood.items():
        bus.hset(keys.latest(symbol), mapping={"symbol": symbol, "ts": format_ts(ts_us)})
    assert clear_previous_latest(bus, keys, groups | {"GC": "cme_metals_energy"}, opens) == ["CL", "ES"]
    assert [symbol for symbol in stood if bus.exists(keys.latest(symbol))] == ["YM", "NQ", "DX"]
    assert clear_previous_latest(bus, keys, groups, opens) == []


# --- drain and summarise --------------------------------------------------------------------------------------------


def test_the_drain_waits_for_what_came_before_the_close_and_for_nothing_else(keys: Keys, bus: redis.Redis) -> None:
    first, last, after = (bus.xadd(keys.unified, {"s": "ES", "e": "{}"}).decode() for _ in range(3))
    with pytest.raises(NotYetError, match=f"entries from {first} to {last}"):
        tasks.drain(**CLOSED, after_id=last)
    bus.xgroup_create(keys.unified, keys.group, "0")
    bus.xreadgroup(keys.group, "worker", {keys.unified: ">"}, count=2)
    bus.xack(keys.unified, keys.group, last)
    with pytest.raises(NotYetError):  # the first is still pending
        tasks.drain(**CLOSED, after_id=last)
    assert jobs() == []
    bus.xack(keys.unified, keys.group, first)
    assert after not in tasks.drain(**CLOSED, after_id=last)
    tasks.drain(**CLOSED, after_id=last)
    assert jobs() == [("summarise_session", "todo")]


def tick(symbol: str, seconds: float, seq: int) -> bytes:
    """A line of COPY text: the columns of ``thor.history.tick.COLUMNS``."""
    from thor.history.tick import COLUMNS

    ts = BEGIN + timedelta(seconds=seconds)
    values = {"symbol": symbol, "ts": ts.isoformat(), "last": "100.25", "source": "MOCK", "seq": str(seq)}
    values |= {"trade_date": "2025-10-09", "stream_id": f"{seq}-0"}
    return "\t".join(values.get(column, "\\N") for column in COLUMNS).encode() + b"\n"


def store(lines: list[bytes]) -> None:
    from thor.history.services import connect_database

    ticks = TickStore(connect_database)
    try:
        ticks.prepare(BEGIN_US)
        ticks.store(b"".join(lines), len(lines), BEGIN_US - MINUTE_US, BEGIN_US + CYCLE_US, redelivered=True)
    finally:
        ticks.close()


def snapshot(opened: datetime, **fields: Any) -> MarketDataSnapshot:
    market = Market.objects.get(country=ALPHA)
    return MarketDataSnapshot.objects.create(
        market=market, trade_date=date(2025, 10, 9), opened_at=opened, baseline={"ES": {"close": "1"}}, **fields
    )


def test_a_summary_counts_what_came_after_the_open_up_to_the_close(keys: Keys) -> None:
    store([
        tick("ES", 0, 1),  # at the very open: before it, by the order of quotes and timers
        tick("ES", 10, 2), tick("ES", 20.5, 3), tick("ES", 300, 4),  # the last one at the very close
        tick("YM", 100, 5), tick("YM", 301, 6),
        tick("NQ", 301, 7),
    ])  # fmt: skip
    taken = snapshot(BEGIN)
    for _ in range(2):  # twice is the same
        assert tasks.summarise_session(**CLOSED, after_id="1-1") == "4 ticks of 2 symbols"
        taken.refresh_from_db()
        assert (taken.tick_count, taken.symbols, taken.closed_at) == (4, ["ES", "YM"], CLOSE)
        assert taken.quality == {
            "ES": {
                "ticks": 3,
                "first": "2025-10-09T00:00:10.000000Z",
                "last": "2025-10-09T00:05:00.000000Z",
                "longest_silence_seconds": 279.5,
            },
            "YM": {
                "ticks": 1,
                "first": "2025-10-09T00:01:40.000000Z",
                "last": "2025-10-09T00:01:40.000000Z",
                "longest_silence_seconds": 200.0,
            },
        }
    assert taken.summarised_at is not None
    assert taken.baseline == {"ES": {"close": "1"}}


def test_a_session_whose_open_nobody_saw_has_no_summary(keys: Keys) -> None:
    halted = snapshot(BEGIN - timedelta(hours=5), closed_at=BEGIN - timedelta(hours=4), tick_count=7)
    later = snapshot(BEGIN + timedelta(minutes=6))
    assert "the desk was not there" in tasks.summarise_session(**CLOSED, after_id="1-1")
    for each, closed in ((halted, BEGIN - timedelta(hours=4)), (later, None)):
        each.refresh_from_db()
        assert each.closed_at == closed


# --- check_sources --------------------------------------------------------------------------------------------------


def report(bus: redis.Redis, keys: Keys, url: str, state: SourceState) -> None:
    quotes = ValkeyQuoteBus(url, keys.namespace)
    quotes.report_health(SourceHealth("MOCK", "mock", state, "", 0, None, 0, 0.0, 0, 0, "here", 1, 0))
    quotes.close()
    fields = dict.fromkeys(
        ("pid", "since_us", "at_us", "rate", "lag_ms", "read", "stored", "duplicates", "conflicts", "dead", "blocked",
         "lost", "batches", "last_tick_us"), "0",
    )  # fmt: skip
    bus.hset(keys.ingest("one"), mapping=fields | {"consumer": "one", "host": "here", "kernel": "slow"})


def test_a_missing_source_is_an_alert_until_it_reports(keys: Keys, bus: redis.Redis, valkey_url: str) -> None:
    for _ in range(2):
        with pytest.raises(NotYetError, match="source mock reports nothing; no ingestor reports"):
            tasks.check_sources(**CLOSED, after_id="0-0")
    [alert] = Alert.objects.all()
    assert (alert.alert, alert.severity, alert.ended_at) == ("sources", "critical", None)
    report(bus, keys, valkey_url, SourceState.CONNECTED)
    assert tasks.check_sources(**CLOSED, after_id="0-0") == "mock and an ingestor report"
    alert.refresh_from_db()
    assert alert.ended_at is not None
    told = [decoded(fields) for _, fields in bus.xrange(keys.events)]
    assert [(kind, said["alert"], said["ended"]) for kind, said in told] == [
        ("alert", "sources", False), ("alert", "sources", True),
    ]  # fmt: skip


def test_an_alert_that_cannot_be_told_is_not_kept(keys: Keys, bus: redis.Redis) -> None:
    bus.set(keys.events, "no stream")
    with pytest.raises(redis.ResponseError):
        tasks.check_sources(**CLOSED, after_id="0-0")
    assert not Alert.objects.exists()


def test_a_recording_needs_no_sources(keys: Keys, bus: redis.Redis) -> None:
    bus.hset(keys.replay, "state", "running")
    assert "recording" in tasks.check_sources(**CLOSED, after_id="0-0")


# --- by hand --------------------------------------------------------------------------------------------------------


def run(*words: str) -> list[str]:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue().splitlines()


def test_a_close_set_off_by_hand_says_what_it_does_and_does_it_once(keys: Keys, bus: redis.Redis) -> None:
    newest = bus.xadd(keys.unified, {"s": "ES", "e": "{}"}).decode()
    words = ("trigger_market_close", "--market", ALPHA, "--at", "2025-10-09T00:07Z")
    first = "Alpha closed 2025-10-09 00:05:00 UTC, trade date 2025-10-09"
    assert run(*words, "--dry-run") == [
        first, "drain: would be queued", "summarise_session: follows drain",
        "nothing was done: leave --dry-run out to do it",
    ]  # fmt: skip
    assert jobs() == []
    done = run(*words)
    [queued] = ProcrastinateJob.objects.all()
    assert done == [
        first, f"drain: queued as job {queued.id}", "summarise_session: follows drain",
        "no job worker is alive: the jobs wait for `thor up` or `thor jobs`",
    ]  # fmt: skip
    assert queued.args == {**CLOSED, "after_id": newest}
    again = [first, f"drain: already there, job {queued.id}: waits", "summarise_session: follows drain"]
    assert run(*words) == [*again, "nothing new to do"]
    # The desk tells the same transition later: there is still one job.
    with transaction.atomic():
        defer_first(TransitionKind.CLOSE, Trigger(ALPHA, epoch_us(CLOSE), date(2025, 10, 9), "9-9"))
    assert len(jobs()) == 1


def test_a_failed_step_is_queued_again_by_hand(keys: Keys) -> None:
    words = ("trigger_market_open", "--market", ALPHA, "--at", "2025-10-09T00:07Z")
    run(*words)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed', attempts = 3 RETURNING id")
        job_id = cursor.fetchone()[0]
    assert run(*words, "--dry-run")[1] == f"check_sources: job {job_id} failed and would be queued again"
    assert run(*words)[1] == f"check_sources: job {job_id} failed and is queued again"
    assert jobs() == [("check_sources", "todo")]


def test_a_transition_that_the_desk_told_keeps_its_place_in_the_stream(keys: Keys) -> None:
    TransitionRecord.objects.create(
        market=ALPHA, kind="OPEN", at=BEGIN, trade_date=date(2025, 10, 9), told_at=BEGIN, after_id="5-5"
    )
    run("trigger_market_open", "--market", ALPHA, "--at", "2025-10-09T00:00:00Z")
    [queued] = ProcrastinateJob.objects.all()
    assert queued.args["after_id"] == "5-5"
    assert queued.args["at_us"] == BEGIN_US


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("--market", "alfa"), r"no market is called 'alfa' \(did you mean Alpha\?\): one of Alpha, Beta\."),
        (("--market", "Mars"), "no market is called 'Mars': one of Alpha, Beta."),
        (
            ("--market", ALPHA, "--at", "2006-01-01T00:00Z"),
            "the calendar Alpha knows no open up to 2006-01-01 00:00 UTC",
        ),
        (("--market", ALPHA, "--at", "2031-01-01T00:00Z"), "it reaches from 2025-10-08 to 2026-11-13"),
        (("--market", ALPHA, "--at", "noon"), "'noon': wanted a time with its zone, such as 2025-10-09T13:30Z"),
        (("--market", "alpha", "--at", "2025-10-09T00:07"), "wanted a time with its zone"),
    ],
)
def test_what_the_clock_does_not_know_is_one_line(keys: Keys, words: tuple[str, ...], wanted: str) -> None:
    with pytest.raises(CommandError, match=wanted) as raised:
        run("trigger_market_open", *words)
    assert len(str(raised.value).splitlines()) == 1
    assert jobs() == []


def test_a_market_without_a_compiled_calendar_is_one_line(keys: Keys) -> None:
    Market.objects.filter(country=ALPHA).update(calendar="XNONE", weight=Decimal(0))
    with pytest.raises(CommandError, match=r"XNONE of Alpha is not compiled: run `thor sync_calendars`\.") as raised:
        run("trigger_market_open", "--market", ALPHA)
    assert raised.value.returncode == 2
